"""Showing a built site: a web server that only this machine can reach."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from embench.errors import OutputError

LOOPBACK = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without a line on the terminal for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve_folder(folder: Path, *, port: int, announce: Callable[[str], None]) -> None:
    """Serve `folder` on the loopback address until interrupted or told to end; port 0 takes a free one.

    `announce` is called with the address once it answers. Raises :class:`~embench.errors.OutputError` for a folder
    without a page, and for a port that cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise OutputError(f"{folder} holds no site: there is no index.html; make one with embench leaderboard build")
    try:
        server = ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise OutputError(f"the port {port} {reason}; choose another one with --port, or 0 for a free one") from error
    with server:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)
        announce(f"http://{LOOPBACK}:{server.server_address[1]}/")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

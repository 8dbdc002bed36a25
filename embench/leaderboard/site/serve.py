"""Showing a built site: a web server for this machine, which gives out the files of a site and nothing else."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import IO, Any, cast
from urllib.parse import unquote, urlsplit

from embench.errors import InvalidValueError, OutputError

LOOPBACK = "127.0.0.1"
LOCAL_NAMES = frozenset({"localhost", LOOPBACK, "::1"})
CONNECTIONS = 32
"""How many connections are served at once: a browser opens about six."""
PATIENCE = 10.0
"""Seconds that a client may take to send its request, and to take in a piece of the answer."""


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files below one folder, and tells the terminal nothing."""

    def __init__(self, *arguments: Any, directory: str, known: Callable[[str], bool]) -> None:
        self._known = known
        self._root = Path(directory).resolve()
        # The constructor serves the request, so it comes last.
        super().__init__(*arguments, directory=directory)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def version_string(self) -> str:
        """Return the name of the server, without versions."""
        return "embench"

    def end_headers(self) -> None:
        """Let a browser guess no types, and let no page elsewhere frame the site."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "SAMEORIGIN")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        super().end_headers()

    def send_head(self) -> IO[bytes] | None:  # type: ignore[override]  # the class promises less than it gives
        """Answer only who asks this host by a name of its own, for a plain file inside the folder."""
        cast("_Server", self.server).asked(self.connection)
        if not self._asked_by_name():
            # A page that resolves its own name to this machine (DNS rebinding) must not read the site.
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, "Unknown host")
            return None
        if not self._is_site_file():
            self.send_error(HTTPStatus.NOT_FOUND, "File not found")
            return None
        return cast("IO[bytes] | None", super().send_head())

    def list_directory(self, path: Any) -> None:  # noqa: ARG002
        """List no folder."""
        self.send_error(HTTPStatus.NOT_FOUND, "File not found")

    def _asked_by_name(self) -> bool:
        hosts = self.headers.get_all("Host") or []
        return len(hosts) == 1 and self._known(host_name(hosts[0]))

    def _is_site_file(self) -> bool:
        """Whether the path names a file, or a folder with a page, without a dot file or link on the way."""
        with suppress(ValueError, OSError, RuntimeError):  # NUL bytes, names that are too long, links in a circle
            parts = PurePosixPath(unquote(urlsplit(self.path).path)).parts
            path = Path(self.translate_path(self.path))
            inside = path.relative_to(self.directory)
            if any(part.startswith(".") for part in (*parts, *inside.parts)):
                return False
            # A link anywhere below the folder makes these differ.
            if path.resolve() != self._root / inside:
                return False
            return path.is_file() or (path.is_dir() and _is_plain(path / "index.html"))
        return False


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def host_name(host: str) -> str:
    """Return the name in a ``Host`` header, without its port: lower case, IPv6 without brackets; "" for nonsense."""
    try:
        parts = urlsplit(f"//{host.strip()}")
        parts.port  # noqa: B018  (raises where it is no number)
        if parts.netloc != host.strip() or "@" in host:
            return ""
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""


class _Server(ThreadingHTTPServer):
    """Serves a limited number of connections at once, and none that does not get round to asking for something."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        self._lock = threading.Lock()
        # Connections in the order in which they came, with the time; and those whose request is complete.
        self._waiting: dict[socket.socket, float] = {}
        self._asked: set[socket.socket] = set()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread; where all are taken, in place of the one that has been silent for longest."""
        request.settimeout(PATIENCE)
        with self._lock:
            if len(self._waiting) + len(self._asked) >= CONNECTIONS:
                oldest = next(iter(self._waiting), None)
                if oldest is None:
                    self.shutdown_request(request)
                    return
                self._cut(oldest)
            self._waiting[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._forget(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve the connection, and make room for another one."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._forget(request)

    def asked(self, request: Any) -> None:
        """Note that the request of a connection is complete: from now on it is the server that is slow."""
        with self._lock:
            if self._waiting.pop(request, None) is not None:
                self._asked.add(request)

    def service_actions(self) -> None:
        """Cut connections that have not made a request in time, though they may send a byte now and then."""
        limit = time.monotonic() - PATIENCE
        with self._lock:
            for request in [request for request, since in self._waiting.items() if since < limit]:
                self._cut(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that is gone is no failure of the server."""

    def _cut(self, request: socket.socket) -> None:
        # Its thread reads the end of the stream, and closes it.
        self._waiting.pop(request, None)
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)

    def _forget(self, request: Any) -> None:
        with self._lock:
            self._waiting.pop(request, None)
            self._asked.discard(request)


def serve_folder(folder: Path, *, port: int, announce: Callable[[str], None], host: str = LOOPBACK) -> None:
    """Serve `folder` until interrupted or told to end; port 0 takes a free one.

    Only files inside the folder are given out, without following links, without dot files and without listings, and
    only to who asks for this machine by name: ``localhost``, ``127.0.0.1`` or ``[::1]``, and `host` where that is
    another one.

    Parameters
    ----------
    host
        The address to listen at; anything but the loopback address lets other machines see the site.
    announce
        Called with the address once it answers.

    Raises
    ------
    InvalidValueError
        `host` is neither a name nor an address.
    OutputError
        The folder has no page, or address or port cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise OutputError(f"{folder} holds no site: there is no index.html; make one with embench leaderboard build")
    handler = partial(_Handler, directory=os.path.realpath(folder), known=_names_of(host))
    try:
        server = _Server((host, port), handler)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise OutputError(f"this machine has no address {host!r}; give --host one that it has") from error
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise OutputError(f"the port {port} {reason}; choose another one with --port, or 0 for a free one") from error
    with server:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _interrupt)
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{server.server_address[1]}/")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def _names_of(host: str) -> Callable[[str], bool]:
    """Return what tells the names under which a server at `host` may be asked.

    Where it listens at all addresses, any address will do: only a name can be made to lead elsewhere.
    """
    if not host or host != host.strip() or "/" in host:
        raise InvalidValueError(f"--host must be a name or an address such as {LOOPBACK}, not {host!r}")
    names = LOCAL_NAMES | {host.lower()}
    address = _address(host)
    if address is None or not address.is_unspecified:
        return names.__contains__
    names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return lambda name: name in names or _address(name) is not None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

"""What surrounds a command: the encoding of the terminal, streams that are closed or full, and interrupts."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import signal
import sys
import unicodedata
from collections.abc import Iterator
from types import FrameType
from typing import TextIO

from embench.common.text import visible

INTERRUPTED = 130
READER_GONE = 141
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
_DASHES = str.maketrans("‐‑‒–—−", "------")
_ASCII = "embench-ascii"


def prepare_streams() -> None:
    """Make standard output take any text, whatever its encoding: what it cannot show is replaced.

    Ends the process where there is no standard output: what is printed would be lost without a word.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        print("error: standard output is closed; send it to /dev/null if it is not wanted", file=sys.stderr)
        sys.exit(1)
    codecs.register_error("embench.similar", _similar)
    reconfigure = getattr(sys.stdout, "reconfigure", None)  # not where a test or notebook stands in
    if reconfigure is None:
        return
    if codecs.lookup(sys.stdout.encoding).name == "ascii":
        # Click writes UTF-8 where it meets ASCII: it takes the name for a mistake. By another name it is believed.
        codecs.register(_find_ascii)
        reconfigure(encoding=_ASCII, errors="embench.similar")
    else:
        reconfigure(errors="embench.similar")


def _similar(error: UnicodeError) -> tuple[str, int]:
    """Return similar characters for those that an encoding lacks: 2 for ², A for Å, - for –, and ? for others."""
    assert isinstance(error, UnicodeEncodeError)
    shown = []
    for character in error.object[error.start : error.end]:
        plain = character.translate(_DASHES)
        if plain == character:
            plain = unicodedata.normalize("NFKD", character)[:1]
        # One for one, or columns would not be aligned.
        shown.append(plain if plain.isascii() and plain.isprintable() else "?")
    return "".join(shown), error.end


def _find_ascii(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != _ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        streamreader=known.streamreader,
        streamwriter=known.streamwriter,
        incrementalencoder=known.incrementalencoder,
        incrementaldecoder=known.incrementaldecoder,
        name=_ASCII,
    )


class Interrupts:
    """Whether the process was interrupted: libraries turn an interrupt of their import into other errors."""

    def __init__(self) -> None:
        self.seen = False

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Note interrupts; they raise KeyboardInterrupt as always."""
        try:
            found = signal.getsignal(signal.SIGINT)
            if found is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._note)
        except ValueError:  # not the main thread
            found = None
        try:
            yield
        finally:
            if found is signal.default_int_handler:
                signal.signal(signal.SIGINT, found)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.seen = True
        signal.default_int_handler(signum, frame)


def flush_output() -> None:
    """Write what is still held back of the output; raises OSError where that cannot be written."""
    if sys.stdout is not None:
        sys.stdout.flush()


def drop_output(*streams: TextIO) -> None:
    """Send the rest of the output nowhere: at its end Python would try to write it once more, and complain."""
    for stream in streams or (sys.stdout,):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell(message: str) -> None:
    """Print an error, if there is anything to print it on."""
    with contextlib.suppress(OSError, ValueError):
        print(f"error: {visible(message)}", file=sys.stderr, flush=True)


def os_error_message(error: OSError) -> str:
    """Return what an error of the system says, with the file that it is about."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        name = str(error.filename)
        return f"cannot read or write {name if len(name) <= 200 else name[:196] + '...'!r}: {reason}"
    if error.errno in _NO_ROOM:
        return f"cannot write the output: {reason}"
    return reason

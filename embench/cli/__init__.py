"""The command line: one module per command group, heavy imports inside the commands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embench.cli._process import Interrupts
    from embench.errors import EmbenchError, MissingDependencyError


def main() -> None:
    """Run ``embench``: what goes wrong becomes a message and an exit code, not a traceback.

    The exit code is that of the :class:`~embench.errors.EmbenchError`, 1 for what the system refuses (a full disk, a
    folder that may not be read), 130 after an interrupt, and 141 where the reader of the output has gone.
    """
    from embench.cli import _process

    _process.prepare_streams()
    interrupts = _process.Interrupts()
    with interrupts.watched():
        code = _run(interrupts)
    sys.exit(code)


def _run(interrupts: Interrupts) -> int | str | None:
    from embench.cli import _process
    from embench.errors import EmbenchError

    try:
        code = _call()
        _process.flush_output()
        return code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        _process.drop_output(sys.stdout, sys.stderr)
        return _process.READER_GONE
    except EmbenchError as error:
        if interrupts.seen:
            return _interrupted()
        told = _told(error) if isinstance(error, ImportError) else None
        return _fail(told or error)
    except ImportError as error:
        if interrupts.seen:
            return _interrupted()
        told = _told(error)
        if told is None:
            raise
        return _fail(told)
    except OSError as error:
        _process.tell(_process.os_error_message(error))
        _process.drop_output()
        return 1
    except MemoryError:
        _process.tell("there is not enough memory")
        return 1
    except Exception:
        if interrupts.seen:
            return _interrupted()
        raise


def _call() -> int | str | None:
    """Run the command and return its exit code."""
    import warnings

    from embench.cli.app import app

    # What the training loop tells its developers; behind what the user asks for by -W.
    warnings.filterwarnings("ignore", module=r"lightning\.", append=True)
    try:
        app()
    except SystemExit as end:
        return end.code
    return 0


def _told(error: ImportError) -> MissingDependencyError | None:
    """Return what to install where a library is missing; None where embench itself is broken."""
    from embench.cli._extras import missing_library

    return missing_library(error, sys.argv[1:])


def _fail(error: EmbenchError) -> int:
    from embench.cli import _process

    _process.tell(str(error))
    return error.exit_code


def _interrupted() -> int:
    from embench.cli import _process

    _process.tell("interrupted")
    return _process.INTERRUPTED

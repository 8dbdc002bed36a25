"""The command line: one module per command group, heavy imports inside the commands."""

from __future__ import annotations

import sys
import warnings


def main() -> None:
    """Run ``embench``; an :class:`~embench.errors.EmbenchError` becomes a message and an exit code, not a traceback."""
    from embench.cli.app import app
    from embench.errors import EmbenchError

    # What the training loop tells its developers; behind what the user asks for by -W.
    warnings.filterwarnings("ignore", module=r"lightning\.", append=True)
    try:
        app()
    except ImportError as error:
        from embench.cli._extras import missing_library

        told = missing_library(error, sys.argv[1:])
        if told is None:
            raise
        print(f"error: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
    except EmbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: no reason for a traceback.
        sys.stderr.close()
        sys.exit(141)

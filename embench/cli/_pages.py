"""Print, write or compare a generated page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from embench.errors import StaleFileError


def deliver(make: Callable[[], str], out: Path | None, *, check: bool) -> None:
    """Print the text that `make` returns, or write it to `out`, or with `check` compare it with the file there.

    Raises :class:`~embench.errors.StaleFileError` where `check` finds another text.
    """
    if check and out is None:
        raise typer.BadParameter("names no file to compare with; add --out FILE", param_hint="--check")
    text = make()
    if out is None:
        typer.echo(text, nl=False)
    elif not check:
        from embench.files import write_text

        write_text(out, text)
        typer.echo(f"wrote {out}")
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        raise StaleFileError(f"{out} is not what this command writes now; run it without --check to renew the file")
    else:
        typer.echo(f"{out} is up to date")

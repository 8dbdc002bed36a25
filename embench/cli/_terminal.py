"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from embench.errors import StaleFileError

if TYPE_CHECKING:
    from rich.table import Table


DATASET_VERSION = typer.Option(
    None,
    "--dataset-version",
    metavar="VERSION",
    help="Version of the dataset, such as 1.0.0. Default: the one that the leaderboard scores on.",
    show_default=False,
)


def plain_table(*columns: str, right: Collection[str] = ()) -> Table:
    """Return an empty table with these columns; those in `right` are aligned to the right."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        # Only what reads as text may be folded: a number in two lines is misread.
        table.add_column(
            name, justify="right" if name in right else "left", no_wrap=name in right or name == columns[0]
        )
    return table


def print_table(table: Table) -> None:
    """Print `table` without guessing emphasis from brackets or digits in names."""
    from rich.console import Console

    Console(highlight=False, markup=False, emoji=False).print(table)


def deliver(make: Callable[[], str], out: Path | None, *, check: bool) -> None:
    """Print the text that `make` returns, or write it to `out`, or with `check` compare it with the file there.

    Raises :class:`~embench.errors.StaleFileError` where `check` finds another text.
    """
    if check and out is None:
        raise typer.BadParameter("names no file to compare with; add --out FILE", param_hint="--check")
    if out is not None:
        from embench.common.files import check_output

        check_output(out)
    text = make()
    if out is None:
        typer.echo(text, nl=False)
    elif not check:
        from embench.common.files import write_text

        write_text(out, text)
        typer.echo(f"wrote {out}")
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        raise StaleFileError(f"{out} is not what this command writes now; run it without --check to renew the file")
    else:
        typer.echo(f"{out} is up to date")


@contextmanager
def progress_bars(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function (stage, done, total) that draws one bar for each stage, if there is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def update(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{title}: {stage}", total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield update

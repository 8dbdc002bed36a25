"""``embench data``: look at the dataset, and write it for other tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from embench.dataset import Dataset

app = typer.Typer(help="Look at the dataset, and write it for other tools.", no_args_is_help=True)


class Side(StrEnum):
    """A side of the published split."""

    train = "train"
    test = "test"


class Format(StrEnum):
    """A format of :func:`embench.export.export`."""

    extxyz = "extxyz"
    csv = "csv"
    jsonl = "jsonl"


_AS_JSON = typer.Option(False, "--json", help="Print JSON, for a program.")
_SPLIT = typer.Option(None, "--split", help="Only this side of the published split.", show_default=False)
_EXCLUDE = typer.Option(
    [], "--exclude-flag", help="Leave out entries with this flag; can be repeated.", show_default=False, metavar="FLAG"
)


@app.command()
def show(
    entry: str = typer.Argument(..., help="Id of the entry, such as LiRuO2_1.", show_default=False),
    as_json: bool = _AS_JSON,
) -> None:
    """Print all that the dataset says of one entry."""
    from embench.cli import _data_show
    from embench.dataset import load

    data = load()
    if as_json:
        _print_json(_data_show.describe(data, data[entry]))
    else:
        _print(_data_show.render(data, data[entry]))


@app.command()
def stats(
    split: Side | None = _SPLIT,
    exclude_flag: list[str] = _EXCLUDE,
    as_json: bool = _AS_JSON,
) -> None:
    """Print how barriers, ions, classes and flags are distributed."""
    from embench.cli import _data_stats

    data = _choose(split, exclude_flag)
    statistics = _data_stats.compute(data)
    if as_json:
        _print_json(statistics)
    else:
        _print(_data_stats.render(statistics))


@app.command()
def export(
    folder: Path = typer.Argument(..., metavar="DIR", help="Folder for the files.", show_default=False),
    format: Format = typer.Option(..., "--format", "-f", help="Format of the files.", show_default=False),
    split: Side | None = _SPLIT,
    exclude_flag: list[str] = _EXCLUDE,
    images: int | None = typer.Option(
        None,
        "--images",
        min=2,
        help="extxyz: a band of so many images along the straight hop for each entry, not its initial structure.",
        show_default=False,
    ),
    force: bool = typer.Option(False, "--force", help="Replace files that exist."),
) -> None:
    """Write train.FORMAT and test.FORMAT: structures (extxyz), scalar columns (csv) or everything (jsonl)."""
    if images is not None and format is not Format.extxyz:
        raise typer.BadParameter(f"a band can be written as extxyz only, not as {format}", param_hint="--images")
    from embench.export import export as write

    data = _choose(split, exclude_flag)
    with _progress(f"writing {format}", len(data)) as advance:
        paths = write(data, folder, format=format, images=images, force=force, advance=advance)
    for path in paths:
        typer.echo(f"wrote {path}")


def _choose(split: Side | None, exclude_flags: list[str]) -> Dataset:
    from embench.dataset import load

    data = load().filter(exclude_flags=exclude_flags)
    return data.filter(published_split=str(split)) if split else data


def _print(renderable: Any) -> None:
    from rich.console import Console

    # Names of entries and groups must come out as they are, without emphasis guessed from brackets or digits.
    Console(highlight=False, markup=False, emoji=False).print(renderable)


def _print_json(document: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def _progress(task: str, total: int, *, patience: float = 1.0) -> Iterator[Callable[[], None]]:
    """Give a function to call after each step; a bar appears on standard error after `patience` seconds."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task_id = bar.add_task(task, total=total)
    started = time.monotonic()

    def advance() -> None:
        bar.advance(task_id)
        if not bar.live.is_started and time.monotonic() - started > patience:
            bar.start()

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()

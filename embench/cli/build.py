"""``embench build`` and ``embench build-transfer``: raw releases to the datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer


def build(
    upstream: Path = typer.Argument(..., help="Folder with the files of the raw release.", show_default=False),
    out: Path = typer.Option(Path("dataset_card/data"), "--out", help="Folder for the Parquet files."),
    complete: Path | None = typer.Option(
        None,
        "--complete",
        help="The authors' EM-COMPLETE-DATASET.json: fills final structures and citations.",
        show_default=False,
    ),
) -> None:
    """Curate the raw release into the dataset: Parquet files and their checksums.

    The files in --out are replaced only when everything went well.
    """
    from embench.curation.build import build_dataset

    with _steps() as show:
        result = build_dataset(upstream, out, complete=complete, progress=show)
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(
        f"dataset {result.version}: {result.n_entries} entries, {result.n_test} of them in the published test part"
    )
    for name, checksum in sorted(result.checksums.items()):
        typer.echo(f"{checksum}  {out / name}")
    flags = ", ".join(f"{name} {count}" for name, count in result.flag_counts.items())
    typer.echo(f"flags: {flags}")


def build_transfer(
    source: Path = typer.Argument(
        ..., metavar="SOURCE", help="File oxygen_vacancy_neb.parquet, or the folder that holds it.", show_default=False
    ),
    out: Path = typer.Option(Path("dataset_card/oxygen-vacancies"), "--out", help="Folder for the files."),
) -> None:
    """Curate the DFT-NEB hops of oxygen vacancies into the dataset oxygen-vacancies, with a ledger of corrections.

    The files in --out are replaced only when everything went well.
    """
    from embench.curation.oxygen import build_oxygen

    with _steps() as show:
        result = build_oxygen(source, out, progress=show)
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    ledger = f"{result.n_corrections} corrections in {out / 'ledger.csv'}"
    typer.echo(f"oxygen-vacancies: {result.n_entries} entries, {ledger}")
    for name, checksum in sorted(result.checksums.items()):
        typer.echo(f"{checksum}  {out / name}")
    flags = ", ".join(f"{name} {count}" for name, count in result.flag_counts.items())
    typer.echo(f"flags: {flags}")


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function (step, done, total) that shows the step under way on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total or None)

        yield show

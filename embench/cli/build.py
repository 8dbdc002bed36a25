"""``embench build``: the raw release to the dataset."""

from __future__ import annotations

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
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from embench.curation.build import build_dataset

    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total or None)

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

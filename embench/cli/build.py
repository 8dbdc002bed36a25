"""``embench build``, ``build-transfer`` and ``build-version``: raw releases to the datasets and their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import typer


def build(
    upstream: Path = typer.Argument(..., help="Folder with the files of the raw release.", show_default=False),
    out: Path = typer.Option(Path("dataset_versions/first"), "--out", help="Folder for the Parquet files."),
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


def build_version(
    out: Path = typer.Option(Path("dataset_versions/later"), "--out", help="Folder for the file of the version."),
    data: Path = typer.Option(Path("dataset_card/data"), "--data", help="Folder for all of the version, for the hub."),
    splits: Path = typer.Option(Path("splits"), "--splits", help="Folder for the manifest of its protocols."),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where the files are not those of now."),
) -> None:
    """Make version 1.1.0 of the dataset from 1.0.0: what differs, all rows, and the protocols without what it drops."""
    from embench import schema
    from embench.common.files import write_text, write_together
    from embench.curation.revise import flag_changes, is_dataset, is_written, revise, write_overlay
    from embench.curation.write import write_dataset
    from embench.dataset import load
    from embench.dataset.overlay import Overlay
    from embench.errors import StaleFileError
    from embench.splits.load import made_manifest
    from embench.splits.revision import manifest_name

    layout, base = schema.DEFAULT, load(version=schema.FIRST.version)
    table, text = revise(base.table), made_manifest(base, layout)
    overlay, manifest = out / layout.overlay, splits / manifest_name(layout.version)
    every = Overlay(table, layout, "").lay_over(base.table, [spec.name for spec in layout.columns])
    if check:
        current = {
            overlay: is_written(table, overlay),
            data: is_dataset(every, data),
            manifest: manifest.is_file() and manifest.read_text(encoding="utf-8") == text,
        }
        if stale := [str(path) for path, same in current.items() if not same]:
            raise StaleFileError(f"not what this command writes now: {', '.join(stale)}; run it without --check")
        typer.echo(f"{overlay}, {data} and {manifest} are up to date")
        return
    for folder in (out, splits):
        folder.mkdir(parents=True, exist_ok=True)
    write_together({overlay: partial(write_overlay, table), manifest: partial(write_text, text=text)})
    write_dataset(every.to_pylist(), data, version=layout.version, layout=layout)
    typer.echo(
        f"{layout.name} {layout.version}: {table.num_rows} entries in {data}, what differs in {overlay}, "
        f"its protocols in {manifest}"
    )
    for name, (added, removed) in flag_changes(table).items():
        typer.echo(f"flag {name}: {added} more, {removed} fewer")
    typer.echo("renew what follows from it: embench hub digests, embench data describe")


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

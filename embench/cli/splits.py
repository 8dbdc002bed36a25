"""``embench splits``: what the protocols are, how their folds are made, and what leaks through them."""

from __future__ import annotations

from pathlib import Path

import typer

from embench.cli._terminal import DATASET_VERSION

app = typer.Typer(help="Look at the protocols, make their folds, and audit them.", no_args_is_help=True)


@app.command("list")
def list_protocols(dataset_version: str | None = DATASET_VERSION) -> None:
    """List the protocols and what each measures, the main one first."""
    from embench.cli._terminal import plain_table, print_table
    from embench.splits import protocol
    from embench.splits.registry import MAIN_PROTOCOL, all_protocols

    table = plain_table("protocol", "scored", "folds", "grouped by", "what it measures", right=("scored", "folds"))
    for spec in sorted(all_protocols(), key=lambda spec: spec.name != MAIN_PROTOCOL):
        found = protocol(spec.name, dataset_version)
        table.add_row(
            spec.name,
            str(len(found.scored_ids)),
            str(len(found)),
            spec.column or "nothing",
            spec.measures,
            end_section=True,
        )
    print_table(table)


@app.command()
def table(
    page: Path = typer.Option(Path("README.md"), "--page", help="Page with the marks of the table.", metavar="FILE"),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where the table is not that of now."),
) -> None:
    """Renew the table of the protocols between the marks in a page."""
    from embench.cli._terminal import deliver
    from embench.pages.protocols import renewed

    deliver(lambda: renewed(page), page, check=check)


@app.command()
def show(
    name: str = typer.Argument(..., metavar="PROTOCOL", help="Such as host-10fold.", show_default=False),
    dataset_version: str | None = DATASET_VERSION,
) -> None:
    """Print what the folds of a protocol contain."""
    from embench.cli._terminal import plain_table, print_table
    from embench.dataset import load
    from embench.splits import protocol
    from embench.splits.load import QUANTILES, describe_folds

    found = protocol(name, dataset_version)
    levels = "/".join(f"{level:.0%}".rstrip("%") for level in QUANTILES)
    numbers = ("train", "scored", f"E_m {levels} %", "hosts")
    table = plain_table("fold", *numbers, "ions", right=numbers)
    for fold in describe_folds(found, load(found.dataset)):
        quantiles = " ".join(f"{value:.2f}" for value in fold.quantiles)
        # Without a space between them an ion and its number stay on one line.
        ions = " ".join(f"{ion}:{count}" for ion, count in fold.ions.items())
        table.add_row(fold.fold, str(fold.n_train), str(fold.n_test), quantiles, str(fold.n_hosts), ions)
    typer.echo(f"{name}: {found.spec.measures}")
    typer.echo("Of the scored entries: quantiles of the barrier in eV, number of host frameworks, migrating ions.\n")
    print_table(table)
    if found.dropped:
        typer.echo(f"\nDataset {found.dataset_version} no longer scores {', '.join(found.dropped)}.")


@app.command()
def make(
    out: Path = typer.Option(Path("splits"), "--out", help="Folder of the files.", metavar="DIR"),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where DIR holds other files."),
) -> None:
    """Make the folds of all protocols from version 1.0.0 of the dataset: one CSV file each, and the manifest.

    A later version has the same folds without what it no longer scores: embench build-version.
    """
    from embench.dataset import load
    from embench.errors import StaleFileError
    from embench.schema import FIRST
    from embench.splits.make import differing_files, make_splits, write_splits

    files = make_splits(load(version=FIRST.version))
    if not check:
        for path in write_splits(files, out):
            typer.echo(f"wrote {path}")
    elif different := differing_files(files, out):
        raise StaleFileError(
            f"not what this command writes now: {', '.join(different)} in {out}; if dataset or rules were meant "
            "to change, run it without --check"
        )
    else:
        typer.echo(f"{out}: all {len(files)} files are what embench splits make writes")


@app.command()
def audit(
    out: Path | None = typer.Option(
        None, "--out", help="Write the page to this file instead of printing it.", metavar="FILE", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the page of now."),
) -> None:
    """Measure what the training side of every protocol knows of the entries that are scored."""
    from embench.cli._terminal import deliver
    from embench.pages.leakage import leakage_page

    deliver(leakage_page, out, check=check)

"""``embench data``: look at the dataset, and write it for other tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from embench.cli._terminal import DATASET_VERSION

if TYPE_CHECKING:
    from embench.dataset import Dataset

app = typer.Typer(help="Look at the dataset, and write it for other tools.", no_args_is_help=True)


class Side(StrEnum):
    """A side of the published split."""

    train = "train"
    test = "test"


_AS_JSON = typer.Option(False, "--json", help="Print JSON, for a program.")

_SPLIT = typer.Option(None, "--split", help="Only this side of the published split.", show_default=False)

_EXCLUDE = typer.Option(
    [], "--exclude-flag", help="Leave out entries with this flag; can be repeated.", show_default=False, metavar="FLAG"
)


@app.command()
def show(
    entry: str = typer.Argument(..., help="Id of the entry, such as LiRuO2_1.", show_default=False),
    dataset_version: str | None = DATASET_VERSION,
    as_json: bool = _AS_JSON,
) -> None:
    """Print all that the dataset says of one entry."""
    from embench.cli import _data_show
    from embench.dataset import load

    data = load(version=dataset_version)
    if as_json:
        _print_json(_data_show.describe(data, data[entry]))
    else:
        _print(_data_show.render(data, data[entry]))


@app.command("list")
def list_entries(
    text: str = typer.Argument(
        "", metavar="[TEXT]", help="Part of an id, formula, composition or class, in any case.", show_default=False
    ),
    ion: str | None = typer.Option(None, "--ion", help="Migrating ion, such as Na.", show_default=False),
    host: str | None = typer.Option(
        None, "--host", help="Host framework, as embench data show prints its key.", show_default=False
    ),
    functional: str | None = typer.Option(None, "--functional", help="GGA, GGA+U, SCAN or LDA.", show_default=False),
    flag: list[str] = typer.Option([], "--flag", help="Only entries with this flag; can be repeated.", metavar="FLAG"),
    split: Side | None = _SPLIT,
    exclude_flag: list[str] = _EXCLUDE,
    dataset_version: str | None = DATASET_VERSION,
    as_json: bool = _AS_JSON,
) -> None:
    """List entries with ion, formula and barrier, lowest barrier first."""
    from embench.cli import _data_list

    wanted = {"mobile_ion": ion, "group_host": host, "functional": functional}
    conditions = {column: value for column, value in wanted.items() if value is not None}
    data = _choose(split, exclude_flag, version=dataset_version).filter(include_flags=flag, **conditions)
    found = _data_list.search(data, text)
    if as_json:
        _print_json({"dataset_version": found.version, "entries": _data_list.describe(found)})
    else:
        _print(_data_list.render(found))


@app.command()
def stats(
    split: Side | None = _SPLIT,
    exclude_flag: list[str] = _EXCLUDE,
    dataset_version: str | None = DATASET_VERSION,
    as_json: bool = _AS_JSON,
) -> None:
    """Print how barriers, ions, classes and flags are distributed."""
    from embench.cli import _data_stats

    data = _choose(split, exclude_flag, version=dataset_version)
    statistics = _data_stats.compute(data)
    if as_json:
        _print_json(statistics)
    else:
        _print(_data_stats.render(statistics))


@app.command()
def export(
    folder: Path = typer.Argument(..., metavar="DIR", help="Folder for the files.", show_default=False),
    format: str = typer.Option(
        ...,
        "--format",
        "-f",
        metavar="FORMAT",
        help="extxyz (ASE, MACE, SevenNet, NequIP), csv, jsonl, poscar, cif, vasp-neb (folders 00 to NN), alignn "
        "(id_prop.csv), matgl or pyg.",
        show_default=False,
    ),
    split: Side | None = _SPLIT,
    exclude_flag: list[str] = _EXCLUDE,
    images: int | None = typer.Option(
        None,
        "--images",
        min=2,
        help="extxyz and pyg: a band of so many images along the hop for each entry, not its initial structure. "
        "vasp-neb: the number of images, 5 by default; both ends count.",
        show_default=False,
    ),
    path: str = typer.Option("straight", "--path", metavar="PATH", help="Of the band: straight, relaxed or idpp."),
    dataset: str = typer.Option("default", "--dataset", metavar="NAME", help="default or oxygen-vacancies."),
    dataset_version: str | None = DATASET_VERSION,
    entry: list[str] = typer.Option(
        [], "--entry", metavar="ID", help="Only this entry; can be repeated.", show_default=False
    ),
    force: bool = typer.Option(False, "--force", help="Replace files that exist."),
) -> None:
    """Write train and test, each a file (extxyz, csv, jsonl, pyg) or a folder of structures (the other formats)."""
    from embench.dataset.export import export as write

    data = _choose(split, exclude_flag, dataset, version=dataset_version)
    if entry:
        data = data.select(entry)
    with _progress(f"writing {format}", len(data)) as advance:
        paths = write(data, folder, format=format, images=images, path=path, force=force, advance=advance)
    for written in paths:
        typer.echo(f"wrote {written}")


def _choose(
    split: Side | None, exclude_flags: list[str], dataset: str = "default", *, version: str | None = None
) -> Dataset:
    from embench.dataset import load

    data = load(dataset, version=version).filter(exclude_flags=exclude_flags)
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


@app.command()
def audit(
    entry: str | None = typer.Argument(
        None, metavar="[ENTRY]", help="Print what is known of this entry's label only.", show_default=False
    ),
    barriers: Path | None = typer.Option(
        None, "--barriers", help="Table of barriers. Default: the one of embench.", metavar="FILE", show_default=False
    ),
    out: Path | None = typer.Option(
        None, "--out", help="Write the page to this file instead of printing it.", metavar="FILE", show_default=False
    ),
    write_table: bool = typer.Option(
        False,
        "--write-table",
        help="Also write the table that the curation sets the flag label_suspect from. With --dataset-version, that of "
        "a later version, by all evidence there is now: once, before the version is released.",
    ),
    dataset_version: str | None = DATASET_VERSION,
    check: bool = typer.Option(
        False, "--check", help="Write nothing; fail where FILE or the table is not that of now."
    ),
    as_json: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Of ENTRY: write the document; - prints it.", show_default=False
    ),
    hops: bool = typer.Option(
        False,
        "--hops",
        help="Of ENTRY: predict all direct hops of its structure, by a model that has not seen its host. Common errors "
        "have them without asking.",
    ),
) -> None:
    """Compare the labels with barriers from interatomic potentials and with their duplicates."""
    if entry is not None:
        others = barriers is not None or out is not None or write_table or check
        _audit_entry(entry, as_json, hops=hops, others=others)
        return
    if as_json is not None:
        raise typer.BadParameter("is for one entry: embench data audit ENTRY --json FILE", param_hint="--json")
    if hops:
        raise typer.BadParameter("is for one entry: embench data audit ENTRY --hops", param_hint="--hops")
    from embench.audit import find_suspects, read_potentials
    from embench.audit.evidence import evidence_of_the_flag, read_evidence
    from embench.audit.suspects import suspect_table, table_path
    from embench.cli._terminal import deliver
    from embench.dataset import load
    from embench.pages.labels import label_page
    from embench.schema import FIRST
    from embench.schema import layout as versioned

    # The page is of the version of now, the table by default that which embench build reads.
    data, layout = load(), versioned("default", dataset_version or FIRST.version)
    potentials = read_potentials(data.entry_ids, barriers)
    evidence = read_evidence(data.entry_ids) if barriers is None else potentials

    def table() -> str:
        labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
        parts = dict(zip(data.entry_ids, data.column("published_split").tolist(), strict=True))
        frozen = barriers is None and layout.base is None
        return suspect_table(find_suspects(labels, evidence_of_the_flag(parts) if frozen else evidence))

    deliver(lambda: label_page(data, potentials, evidence), out, check=check)
    if write_table or check:
        deliver(table, table_path(layout), check=check)


def _audit_entry(entry_id: str, as_json: Path | None, *, hops: bool, others: bool) -> None:
    """Print or write what the audit of the labels knows of one entry."""
    from embench.audit.case import label_document, read_sources
    from embench.cli import _data_audit
    from embench.dataset import load

    if others:
        raise typer.BadParameter(
            "is printed alone: leave out the options of the page, --json goes with it", param_hint="ENTRY"
        )
    data = load()
    data[entry_id]  # An unknown entry is told before anything is read.
    sources = read_sources(data)
    if hops:
        from dataclasses import replace

        from embench.prediction.distinct_hops import distinct_hops

        typer.echo(f"predicting the hops in the structure of {entry_id} …", err=True)
        sources = replace(sources, hops={**sources.hops, entry_id: distinct_hops(data[entry_id])})
    found = label_document(entry_id, sources)
    if as_json is None:
        _print(_data_audit.render(found))
    elif str(as_json) == "-":
        _print_json(dict(found))
    else:
        import json

        from embench.common.files import check_output, write_text

        check_output(as_json)
        write_text(as_json, json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        typer.echo(f"wrote {as_json}")


@app.command()
def hops() -> None:
    """Predict all direct hops in the structures of common errors, and write the table that the label audit reads.

    The table is written after each structure. Those in it are predicted again only where the model has changed.
    """
    from embench.audit.common_errors import common_errors
    from embench.audit.distinct_hops import TABLE, DistinctHop, hops_text, read_hops
    from embench.audit.evidence import read_evidence
    from embench.common.files import check_output, write_text
    from embench.dataset import load
    from embench.prediction.distinct_hops import find_distinct_hops

    check_output(TABLE)
    data = load()
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    wanted = [found.entry_id for found in common_errors(labels, read_evidence(data.entry_ids))]
    known = dict(read_hops(TABLE)) if TABLE.is_file() else {}
    kept = {entry_id: hops for entry_id, hops in known.items() if entry_id in wanted}

    def progress(name: str, found: tuple[DistinctHop, ...] | None, said: str) -> None:
        typer.echo(f"{name}: {said}", err=True)
        kept.pop(name, None)
        if found is not None:
            kept[name] = found
        write_text(TABLE, hops_text(kept))

    find_distinct_hops([data[entry_id] for entry_id in wanted], known=known, progress=progress)
    typer.echo(f"wrote {TABLE}: {len(kept)} of {len(wanted)} entries")


@app.command()
def check(
    file: Path = typer.Argument(
        ..., metavar="FILE", help="JSON Lines or Parquet, one entry a row.", show_default=False
    ),
    as_json: bool = _AS_JSON,
) -> None:
    """Check barriers that you offer for the dataset: fields, units, structures, paths; exit code 2 with problems."""
    from dataclasses import asdict

    from embench.audit.contribution import check_contribution
    from embench.common.text import plural, visible

    found = check_contribution(file)
    if as_json:
        _print_json({"entries": found.n, "findings": [asdict(finding) for finding in found.findings]})
    else:
        for finding in found.findings:
            kind = "problem" if finding.problem else "note"
            typer.echo(visible(f"{finding.where}, {finding.entry_id or 'no entry_id'}: {kind}: {finding.text}"))
        bad = len({finding.where for finding in found.problems})
        state = f"{bad} of them with problems" if bad else "ready to be offered"
        typer.echo(f"{plural(found.n, 'entry')}, {state}")
    if found.problems:
        raise typer.Exit(2)


@app.command()
def fields(
    page: Path = typer.Option(
        Path("docs/new-data.md"), "--page", help="Page with the marks of the table.", metavar="FILE"
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where the table is not that of now."),
) -> None:
    """Renew the table of what a contribution must come with between the marks in a page."""
    from embench.cli._terminal import deliver
    from embench.pages.contribution import renewed

    deliver(lambda: renewed(page), page, check=check)


@app.command()
def potentials(
    shared: Path = typer.Argument(..., help="Folder that holds upstream/ and umlip_neb/.", show_default=False),
    out: Path = typer.Option(
        Path("baselines/potentials/barriers.csv"), "--out", help="File for the table.", metavar="FILE"
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the table of now."),
) -> None:
    """Make the table of the potentials' barriers from the files that their authors released."""
    from embench.audit.potentials import potentials_table
    from embench.cli._terminal import deliver
    from embench.dataset import load

    deliver(lambda: potentials_table(shared, load().entry_ids), out, check=check)


@app.command()
def consensus(
    out: Path = typer.Option(
        Path("dataset_card/consensus/potential_consensus.parquet"), "--out", help="File for the table.", metavar="FILE"
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the table of now."),
) -> None:
    """Make the table of what independent potentials agree on, from the barriers and submissions that are there."""
    from embench.audit.consensus import consensus_table, find_consensus
    from embench.audit.evidence import read_evidence
    from embench.common.files import atomic_path
    from embench.dataset import load
    from embench.errors import StaleFileError
    from embench.release.export import parquet

    data = load()
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    rows = find_consensus(labels, read_evidence(data.entry_ids))
    content = parquet(consensus_table(rows))
    if check:
        if not out.is_file() or out.read_bytes() != content:
            raise StaleFileError(f"{out} is not what this command writes now; run it without --check to renew the file")
        typer.echo(f"{out} is up to date")
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(out) as temporary:
        temporary.write_bytes(content)
    contradicted = sum(row.label_contradicted for row in rows)
    typer.echo(f"wrote {out}: {sum(row.n_families > 0 for row in rows)} entries, {contradicted} labels contradicted")
    typer.echo("renew what follows from it: embench hub digests, embench hub export dataset_card")


@app.command()
def describe(
    out: Path | None = typer.Option(None, "--out", help="Write the page to this file.", show_default="standard output"),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
) -> None:
    """Describe every column with its unit, every flag with its rule, and the corrections of the ledger."""
    from embench.cli._terminal import deliver
    from embench.pages.dataset import describe_dataset

    deliver(describe_dataset, out, check=check)


@app.command()
def paths(
    out: Path | None = typer.Option(None, "--out", help="Write the page to this file.", show_default="standard output"),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
) -> None:
    """Relax the paths of all entries and describe which of them other atoms block; takes a minute or two."""
    from embench.cli._terminal import deliver, progress_bars
    from embench.dataset import load
    from embench.pages.paths import paths_page, relax_all

    def page() -> str:
        data = load()
        with progress_bars("paths") as update:
            found = relax_all(data, progress=lambda done, total: update("relaxing", done, total))
        return paths_page(data, found)

    deliver(page, out, check=check)

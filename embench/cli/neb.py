"""``embench neb``: barriers from interatomic potentials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.dataset import Entry

app = typer.Typer(help="Barriers from interatomic potentials: any ASE calculator.", no_args_is_help=True)

_POTENTIAL = typer.Argument(
    ...,
    metavar="POTENTIAL",
    help="Name of a potential, or module:function that returns a calculator.",
    show_default=False,
)
_OPTION = typer.Option(
    [], "--option", metavar="KEY=VALUE", help="Option of the potential; repeat for several.", show_default=False
)
_ENTRIES = typer.Option(
    [],
    "--entries",
    "--protocol",
    "-p",
    metavar="WHICH",
    help="A benchmark protocol, an entry_id, or a file with one entry_id a line; all scored entries by default.",
    show_default=False,
)
_ENTRIES_COLLECTED = typer.Option(
    [],
    "--entries",
    "--protocol",
    "-p",
    metavar="WHICH",
    help="As for run: only these entries, all of which must have results. Default: whatever there is.",
    show_default=False,
)
_SETTINGS = typer.Option("embench-neb-1", "--settings", metavar="NAME", help="Protocol of the calculation.")
_RUN = typer.Argument(..., metavar="RUN", help="Folder of a run.", show_default=False)


@app.command()
def run(
    potential: str = _POTENTIAL,
    entries: list[str] = _ENTRIES,
    out: Path = typer.Option(..., "--out", metavar="RUN", help="Folder of the run; results in it are kept."),
    settings: str = _SETTINGS,
    option: list[str] = _OPTION,
    workers: int = typer.Option(1, "--workers", "-j", min=1, help="Processes on this machine, one thread each."),
    scheduler: str = typer.Option(None, "--scheduler", metavar="ADDRESS", help="Dask scheduler to run on."),
    cheapest_first: bool = typer.Option(False, "--cheapest-first", help="Small cells first."),
    limit_cost: str = typer.Option(None, "--limit-cost", metavar="TIME", help="Leave out what goes beyond, as 20h."),
    retry: bool = typer.Option(False, "--retry", help="Compute again what has failed."),
) -> None:
    """Compute barriers; the same command goes on where it was interrupted."""
    from embench.cli._neb_report import reported
    from embench.common.executor import open_executor
    from embench.neb.batch import run_hops
    from embench.neb.protocol import settings_named
    from embench.neb.select import chosen_entries, dataset_of_run, parse_duration, parse_options

    protocol, options = settings_named(settings), parse_options(option)
    chosen = chosen_entries(entries, cheapest_first=cheapest_first)
    data = dataset_of_run(entry.entry_id for entry in chosen)
    if limit_cost is not None:
        chosen = _within(chosen, parse_duration(limit_cost), potential, option, settings, out)
    with reported(out) as report, open_executor(workers=workers, scheduler=scheduler) as executor:
        run_hops(
            chosen,
            potential,
            out=out,
            settings=protocol,
            options=options,
            dataset=data.structures_digest,  # a run goes on where a version changes flags and folds only
            executor=executor,
            progress=report,
            retry=retry,
        )


@app.command()
def hop(
    potential: str = _POTENTIAL,
    start: Path = typer.Argument(..., metavar="START", help="Structure before the hop (CIF, POSCAR, …)."),
    end: Path = typer.Argument(..., metavar="END", help="Structure after it.", show_default=False),
    ion: str = typer.Option(None, "--ion", metavar="ELEMENT", help="The migrating element; found by default."),
    out: Path = typer.Option(Path("neb-run"), "--out", metavar="RUN", help="Folder of the run."),
    settings: str = _SETTINGS,
    option: list[str] = _OPTION,
) -> None:
    """Compute the barrier of a hop of your own, between two structures."""
    from embench.migration import hop_between
    from embench.neb.batch import run_hops
    from embench.neb.protocol import settings_named
    from embench.neb.select import parse_options
    from embench.neb.static import read_images

    ends = read_images(start)[-1], read_images(end)[-1]
    found = hop_between(*ends, ion, entry_id=f"{start.stem}-{end.stem}")
    protocol, options = settings_named(settings), parse_options(option)
    run_hops([found], potential, out=out, settings=protocol, options=options)
    show(out, found.entry_id, html=None)


@app.command()
def estimate(
    potential: str = _POTENTIAL,
    entries: list[str] = _ENTRIES,
    settings: str = _SETTINGS,
    option: list[str] = _OPTION,
) -> None:
    """Time a few calls at three sizes and tell what a run would cost."""
    from embench.cli._terminal import plain_table, print_table
    from embench.neb.calculators import potential_spec
    from embench.neb.estimate import measured_cost
    from embench.neb.protocol import settings_named
    from embench.neb.select import chosen_entries, in_words, parse_options

    chosen = chosen_entries(entries)
    loaded = potential_spec(potential).create(parse_options(option))
    cost = measured_cost(loaded, chosen, settings_named(settings))
    table = plain_table("atoms", "s a call", "s an entry", right=("atoms", "s a call", "s an entry"))
    for sites, seconds in cost.timed:
        table.add_row(str(sites), f"{seconds:.3g}", f"{cost.seconds(sites):.0f}")
    print_table(table)
    typer.echo(
        f"{len(chosen)} entries, about {cost.calls:.0f} calls each: {in_words(cost.total(chosen))} of processor time"
    )


@app.command()
def check(
    folder: Path = _RUN,
    names: bool = typer.Option(True, "--names/--counts", help="List the entries of each kind, or count them."),
    again: bool = typer.Option(False, "--again", help="First judge all results anew by the rules of now."),
) -> None:
    """Show the failures of a run by kind, and what it has cost."""
    from embench.cli._terminal import plain_table, print_table
    from embench.neb.check import summarise
    from embench.neb.failures import FAILURES
    from embench.neb.store import RunStore

    store = RunStore(folder)
    if again:
        from embench.neb.again import judge_again
        from embench.neb.select import dataset_of_run

        for entry_id, (before, after) in judge_again(store, dataset_of_run(store.results())).items():
            typer.echo(f"{entry_id}: {', '.join(before) or 'no failure'} -> {', '.join(after) or 'no failure'}")
    about, summary = store.about, summarise(list(store.results().values()))
    key = about["key"]
    typer.echo(f"{key['potential']} {key['version']}, {key['settings']['name']}: {summary.n} entries")
    typer.echo(f"{summary.valued} barriers, {summary.converged} converged ({summary.share_converged:.0%})")
    table = plain_table("failure", "entries", "what it says", right=("entries",))
    for failure in FAILURES:
        table.add_row(failure.name, str(len(summary.failures[failure.name])), failure.description)
    print_table(table)
    for name, ids in summary.failures.items():
        if names and ids:
            typer.echo(f"\n{name}: {', '.join(ids)}")
    typer.echo(f"\n{sum(summary.calls.values())} calls, {summary.cpu_hours:.2f} h of processor time")


@app.command()
def show(
    folder: Path = _RUN,
    entry_id: str = typer.Argument(..., metavar="ENTRY", help="Its entry_id.", show_default=False),
    html: Path | None = typer.Option(None, "--html", metavar="FILE", help="Write a page with the band in 3D."),
) -> None:
    """Show the energy profile of one entry."""
    from embench.common.files import write_text
    from embench.errors import NebError, UnknownEntryError
    from embench.neb.shown import band_page, facts, profile_text, read_band
    from embench.neb.store import RunStore

    store = RunStore(folder)
    results = store.results()
    if entry_id not in results:
        raise UnknownEntryError(entry_id, results)
    result = results[entry_id]
    typer.echo(f"{result.entry_id}: {result.potential}, {result.protocol}, {result.n_sites} atoms\n")
    typer.echo(profile_text(result) + "\n")
    for name, value in facts(result):
        typer.echo(f"{name:26s} {value}")
    if html is not None:
        if store.bands_of:
            raise NebError(f"{folder} has single points on bands of {store.bands_of}: show the bands of that run")
        write_text(html, band_page(result, read_band(store.band_path(entry_id))))
        typer.echo(f"wrote {html}")


@app.command()
def collect(
    folder: Path = _RUN,
    out: Path = typer.Option(..., "--out", "-o", metavar="FILE", help="File for the predictions.", show_default=False),
    entries: list[str] = _ENTRIES_COLLECTED,
    barrier: str = typer.Option(
        "max-minus-min", "--barrier", metavar="WHICH", help="max-minus-min or max-minus-start."
    ),
    template: Path = typer.Option(
        None, "--template", metavar="FILE", help="Write what the run knows of a submission.yaml, for embench submit."
    ),
) -> None:
    """Write the barriers of a run as a predictions file, failures included."""
    import yaml

    from embench.common.files import write_text
    from embench.errors import UnknownNameError
    from embench.neb.calculators import potential_spec
    from embench.neb.collect import DEFINITIONS, chosen_results, description, predictions_csv
    from embench.neb.select import dataset_of_run
    from embench.neb.store import RunStore

    if barrier not in DEFINITIONS:
        raise UnknownNameError("definition of a barrier", barrier, DEFINITIONS)
    store = RunStore(folder)
    results = chosen_results(store.results(), entries)
    text = predictions_csv(results, dataset_of_run(results).entry_ids, definition=barrier)
    write_text(out, text)
    troubled = sum(bool(result.flags) and result.has_value for result in results.values())
    missing = sum(not result.has_value for result in results.values())
    typer.echo(f"wrote {out}: {text.count(chr(10)) - 1} barriers, {troubled} with failures; {missing} without a value")
    if template is not None:
        spec = potential_spec(store.key["potential"])
        fields = description(store.about, spec, list(results.values()), definition=barrier)
        write_text(template, yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=110))
        typer.echo(f"wrote {template}: fill in the rest, then embench submit {out} --from-template {template}")


@app.command()
def table(
    runs: Path = typer.Option(
        Path("baselines/neb"), "--runs", metavar="DIR", help="Folder with the folders of the runs."
    ),
    out: Path = typer.Option(None, "--out", metavar="FILE", help="Write the page to this file.", show_default=False),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the page of now."),
) -> None:
    """Describe the runs that embench made itself, and how they agree with the literature's, in one page."""
    from embench.cli._terminal import deliver
    from embench.pages.neb import neb_page

    deliver(lambda: neb_page(runs), out, check=check)


@app.command()
def protocol(
    name: str = typer.Argument("embench-neb-1", metavar="[NAME]", help="Name of a protocol."),
    as_json: bool = typer.Option(False, "--json", help="Print the settings as JSON only."),
) -> None:
    """Print the settings of a protocol, in words and as JSON."""
    import json

    from embench.neb.protocol import settings_named

    settings = settings_named(name)
    if not as_json:
        typer.echo(f"{settings.name}\n\n{settings.in_words()}\n")
    typer.echo(json.dumps(settings.to_dict(), indent=2))


@app.command()
def static(
    potential: str = _POTENTIAL,
    images: Path | None = typer.Option(
        None, "--images", metavar="FILE", help="Bands, in any format of ASE.", show_default=False
    ),
    bands: Path | None = typer.Option(
        None, "--bands", metavar="RUN", help="Or the bands of a run with another potential.", show_default=False
    ),
    out: Path | None = typer.Option(
        None, "--out", metavar="RUN", help="With --bands: folder of the new run.", show_default=False
    ),
    entries: list[str] = _ENTRIES,
    option: list[str] = _OPTION,
    workers: int = typer.Option(1, "--workers", "-j", min=1, help="With --bands: processes, one thread each."),
    retry: bool = typer.Option(False, "--retry", help="With --bands: compute again what has failed."),
) -> None:
    """Compute energies and move nothing: on the images of a file, or on ends and saddle of each band of a run."""
    from embench.cli._neb_static import bands_of_run, images_of_file

    if images is not None and bands is None and out is None:
        images_of_file(potential, images, option)
    elif images is None and bands is not None and out is not None:
        bands_of_run(potential, bands, out, entries, option, workers=workers, retry=retry)
    else:
        raise typer.BadParameter("give a file with --images, or a run with --bands and a folder with --out")


def _within(
    chosen: Sequence[Entry], seconds: float, potential: str, option: Sequence[str], settings: str, out: Path
) -> list[Entry]:
    """Return the first entries that cost no more than `seconds` of processor time together."""
    from embench.neb.calculators import potential_spec
    from embench.neb.estimate import cost_of_results, measured_cost
    from embench.neb.protocol import settings_named
    from embench.neb.select import in_words, parse_options
    from embench.neb.store import RunStore

    done = RunStore(out).results()
    cost = cost_of_results(done.values())
    if cost is None:
        loaded = potential_spec(potential).create(parse_options(option))
        cost = measured_cost(loaded, chosen, settings_named(settings))
    kept = cost.within(chosen, seconds, done)
    typer.echo(f"{len(kept)} of {len(chosen)} entries within {in_words(seconds)} of processor time", err=True)
    return kept


@app.command()
def worth(
    n: int = typer.Option(30, "--number", "-n", min=1, metavar="N", help="How many hops."),
    export: Path | None = typer.Option(
        None, "--export", metavar="DIR", help="Write the bands as folders of POSCARs.", show_default=False
    ),
    images: int = typer.Option(7, "--images", metavar="N", help="Images of a band, both ends included."),
    path: str = typer.Option("idpp", "--path", metavar="PATH", help="How bands are laid: idpp, relaxed or straight."),
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="Write the page to this file.", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
) -> None:
    """Show the hops whose barriers would tell most: missing, in crystals that systems disagree about."""
    from embench.cli._terminal import deliver, progress_bars
    from embench.pages.worth import worth_page

    with progress_bars("hops") as update:
        if export is not None:
            from embench.neb.worth import export_hops, hops_worth_computing

            found = hops_worth_computing(n, progress=lambda done, total: update("found", done, total))
            for folder in export_hops(found, export, images=images, path=path):
                typer.echo(f"wrote {folder}")
            return
        deliver(lambda: worth_page(n, progress=lambda done, total: update("found", done, total)), out, check=check)


@app.command()
def inputs(
    folder: Path = _RUN,
    out: Path = typer.Option(
        ..., "--out", "-o", metavar="FILE", help="File for the table (Parquet).", show_default=False
    ),
) -> None:
    """Write what the bands of a run say of their hops as a table: the inputs of the baseline pathway-neb."""
    from embench.common.files import atomic_path, check_output
    from embench.neb.inputs import table_bytes
    from embench.neb.saddle import table_of_run
    from embench.neb.select import dataset_of_run
    from embench.neb.store import RunStore

    check_output(out, inputs=[folder])
    store = RunStore(folder)
    found = table_of_run(store, dataset_of_run(store.results()).entry_ids)
    with atomic_path(out) as temporary:
        temporary.write_bytes(table_bytes(found))
    typer.echo(f"wrote {out}: {len(found.rows)} entries of {found.potential} {found.version}, {found.protocol}")

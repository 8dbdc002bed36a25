"""``embench baseline``: the reference baselines, run, reproduced and shown."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from embench.cli._baseline_runs import protocols_of, reproduce_one, run_folds, spec_of, specs_of
from embench.cli._terminal import DATASET_VERSION

if TYPE_CHECKING:
    from embench.baselines.registry import BaselineSpec

app = typer.Typer(help="The reference baselines: run, reproduce and compare them.", no_args_is_help=True)

_NAME = typer.Argument(..., metavar="NAME", help="Name of a baseline.", show_default=False)
_NAMES = typer.Argument(None, metavar="[NAME]...", help="Names of baselines; all by default.", show_default=False)
_PROTOCOL = typer.Option(
    [],
    "--protocol",
    "-p",
    metavar="P",
    help="A protocol; may be given several times. All by default.",
    show_default=False,
)
_SEED = typer.Option(0, "--seed", min=0, help="Seed of everything random.")
_WORKERS = typer.Option(1, "--workers", "-j", min=1, help="Processes on this machine, one thread each.")
_SCHEDULER = typer.Option(
    None, "--scheduler", metavar="ADDRESS", help="Compute on the Dask cluster with this scheduler.", show_default=False
)
_WORK = typer.Option(
    None, "--work", metavar="DIR", help="Folder for finished folds; in the cache by default.", show_default=False
)
_FRESH = typer.Option(False, "--fresh", help="Compute again what is finished already.")
_RESULTS = typer.Option(
    Path("baselines"), "--results", metavar="DIR", help="Folder that holds a folder of each baseline, for its records."
)
_SUBMISSIONS = typer.Option(
    Path("leaderboard/submissions"), "--submissions", metavar="DIR", help="Folder of the submissions: predictions."
)


@app.command("list")
def list_baselines(
    long: bool = typer.Option(False, "--long", help="Say what each of them is, in a few lines."),
) -> None:
    """List the baselines, one a line, with the MAE of their committed predictions on the main protocol."""
    from embench.baselines.registry import BASELINES
    from embench.cli._terminal import plain_table, print_table
    from embench.splits.registry import MAIN_PROTOCOL

    score = "MAE, eV"
    if long:
        table = plain_table("baseline", "kind", "uncertainty", "what it is")
        for spec in BASELINES:
            table.add_row(spec.name, spec.kind, "yes" if spec.uncertainty else "no", spec.description, end_section=True)
    else:
        table = plain_table("baseline", "what it is", score, right=(score,))
        for spec, mae in sorted(((spec, _committed_mae(spec)) for spec in BASELINES), key=lambda item: item[1]):
            reached = f"{mae:.3f}" if math.isfinite(mae) else "not run" if MAIN_PROTOCOL in spec.protocols else "–"
            table.add_row(spec.name, spec.title, reached)
    print_table(table)
    if not long:
        print(f"The MAE is that of the committed predictions on the protocol {MAIN_PROTOCOL}.")


def _committed_mae(spec: BaselineSpec) -> float:
    """Return the MAE (eV) of the committed predictions on the main protocol; infinite where there are none."""
    from embench.errors import EmbenchError
    from embench.evaluation.scored import match, scored_set
    from embench.evaluation.sources import read_source
    from embench.splits.registry import MAIN_PROTOCOL

    scored = scored_set(MAIN_PROTOCOL)
    try:
        predictions = read_source(spec.name, MAIN_PROTOCOL, known=scored.known_ids)
        return float(match(predictions, scored, threshold=0.65, fill_missing=False).sample.absolute_error.mean())
    except EmbenchError:
        return math.inf


@app.command()
def run(
    name: str = _NAME,
    protocol: list[str] = _PROTOCOL,
    out: Path = typer.Option(
        None,
        "--out",
        metavar="DIR",
        help="Folder of predictions and records; runs/NAME by default.",
        show_default=False,
    ),
    seed: int = _SEED,
    workers: int = _WORKERS,
    scheduler: str = _SCHEDULER,
    work: Path = _WORK,
    fresh: bool = _FRESH,
    factory: str = typer.Option(
        None, "--factory", metavar="MODULE:CLASS", help="Run this class, under the name NAME.", show_default=False
    ),
    dataset_version: str | None = DATASET_VERSION,
) -> None:
    """Train a baseline on every fold and write complete out-of-fold predictions, with a record of the run.

    Interrupted or killed, the same command goes on where it was: finished folds are kept.
    """
    from embench.baselines.reproduce import check_folder
    from embench.common.executor import open_executor
    from embench.schema import DEFAULT, layout

    spec = spec_of(name, factory)
    names = protocols_of(spec, protocol)
    target = out or Path("runs") / name
    check_folder(target, layout(DEFAULT.name, dataset_version).version)
    with open_executor(workers=workers, scheduler=scheduler) as executor:
        for each in names:
            finished = run_folds(spec, each, executor, seed=seed, work=work, fresh=fresh, version=dataset_version)
            path = finished.write(target)
            typer.echo(f"wrote {path}: {finished.record['n_predictions']} predictions")


@app.command("run-all")
def run_all(
    names: list[str] = _NAMES,
    results: Path = _RESULTS,
    submissions: Path = _SUBMISSIONS,
    seed: int = _SEED,
    workers: int = _WORKERS,
    scheduler: str = _SCHEDULER,
    work: Path = _WORK,
    fresh: bool = _FRESH,
    dataset_version: str | None = DATASET_VERSION,
) -> None:
    """Run baselines on all their protocols, and write their records and submissions, which hold the predictions."""
    from embench.common.executor import open_executor
    from embench.leaderboard.entrants.baseline import write_submission

    specs = specs_of(names)
    with open_executor(workers=workers, scheduler=scheduler) as executor:
        for spec in specs:
            for each in spec.finished or spec.protocols:
                finished = run_folds(spec, each, executor, seed=seed, work=work, fresh=fresh, version=dataset_version)
                path = finished.write(results / spec.name, predictions=submissions / spec.name)
                typer.echo(f"wrote {path}")
            write_submission(spec, results / spec.name, submissions / spec.name, submissions / spec.name)
            typer.echo(f"wrote {submissions / spec.name}")


@app.command()
def blend(
    first: str = typer.Argument(..., metavar="FIRST", help="Predictions file, or slug of a submission."),
    second: str = typer.Argument(..., metavar="SECOND", help="The same of the system that may add to it."),
    protocol: str = typer.Option("host-10fold", "--protocol", "-p", metavar="P", help="Name of the protocol."),
    out: Path = typer.Option(..., "--out", metavar="FILE", help="File for the predictions.", show_default=False),
) -> None:
    """Average two systems, with the weight for a fold taken from the other folds.

    Whether the second adds anything is what ``embench evaluate FILE --protocol P --against FIRST`` then says.
    """
    from embench.baselines.blend import blend as average
    from embench.common.files import check_output, write_text
    from embench.evaluation.predictions import canonical_csv

    check_output(out, inputs=[first, second])
    found = average(first, second, protocol)
    write_text(out, canonical_csv(found.entry_ids, (round(value, 6) for value in found.values.tolist())))
    weights = sorted(found.weights.values())
    typer.echo(f"wrote {out}: weight of {second} {weights[0]:.2f} to {weights[-1]:.2f}")


@app.command()
def confirm(
    first: str = typer.Argument(..., metavar="FIRST", help="Name of a baseline.", show_default=False),
    second: str = typer.Argument(..., metavar="SECOND", help="Name of the one to compare with.", show_default=False),
    protocol: str = typer.Option("host-10fold", "--protocol", "-p", metavar="P", help="Whose rules the folds follow."),
    assignments: int = typer.Option(3, "--assignments", "-n", min=1, help="Number of fresh assignments to folds."),
    with_band: str = typer.Option(
        None,
        "--with-band",
        metavar="POTENTIAL",
        help="Score only entries with a band of this potential, as pathway-neb reads them.",
        show_default=False,
    ),
    page: Path = typer.Option(
        None, "--page", metavar="FILE", help="Renew the table in this page, between its marks.", show_default=False
    ),
    workers: int = _WORKERS,
    work: Path = _WORK,
) -> None:
    """Compare two baselines on fresh folds of the published training entries, before anything is claimed.

    Interrupted or killed, the same command goes on where it was: finished folds are kept.
    """
    from embench.baselines.confirm import confirm as compare
    from embench.baselines.confirm import confirmation_table, page_with
    from embench.baselines.registry import baseline_spec
    from embench.cli._terminal import progress_bars
    from embench.common.cache import cache_folder
    from embench.common.executor import open_executor
    from embench.common.files import write_text

    specs, names = (baseline_spec(first), baseline_spec(second)), (first, second)
    if page is not None:
        page_with(page, names, protocol, "", with_band)  # a page without the marks is told before hours of work
    folder = (work or cache_folder("baselines")) / "confirm"
    with open_executor(workers=workers) as executor, progress_bars("confirm") as update:
        rows = compare(
            specs,
            protocol,
            assignments=range(assignments),
            work=folder,
            with_band=with_band,
            executor=executor,
            progress=lambda name, number, done, total: update(f"{name}, assignment {number}", done, total),
        )
    table = confirmation_table(names, protocol, rows, with_band)
    typer.echo(table)
    if page is not None:
        write_text(page, page_with(page, names, protocol, table, with_band))
        typer.echo(f"wrote {page}")


@app.command()
def reproduce(
    name: str = _NAME,
    protocol: list[str] = _PROTOCOL,
    results: Path = _RESULTS,
    submissions: Path = _SUBMISSIONS,
    workers: int = _WORKERS,
    scheduler: str = _SCHEDULER,
    work: Path = _WORK,
    folds: int = typer.Option(
        None, "--folds", min=1, metavar="N", help="Only the first N folds of each protocol.", show_default=False
    ),
    renew: bool = typer.Option(
        False, "--renew", help="Write into the records of what is reproduced that the code of now gives it."
    ),
) -> None:
    """Run a baseline again and compare with its committed predictions; exit code 1 where they differ."""
    from embench.baselines.registry import baseline_spec
    from embench.common.executor import open_executor

    if renew and folds is not None:
        raise typer.BadParameter("--renew and --folds exclude each other: a record is of all folds")
    spec = baseline_spec(name)
    names = protocols_of(spec, protocol)
    with open_executor(workers=workers, scheduler=scheduler) as executor:
        agree = [
            reproduce_one(spec, each, results / name, submissions / name, executor, work, folds=folds, renew=renew)
            for each in names
        ]
    if not all(agree):
        raise typer.Exit(1)


@app.command()
def submit(name: str = _NAME, results: Path = _RESULTS, submissions: Path = _SUBMISSIONS) -> None:
    """Write the description of a baseline's submission from its predictions, which lie there, and their records."""
    from embench.baselines.registry import baseline_spec
    from embench.leaderboard.entrants.baseline import write_submission

    folder = submissions / name
    protocols = write_submission(baseline_spec(name), results / name, folder, folder)
    typer.echo(f"wrote {submissions / name}: {', '.join(protocols)}")


@app.command()
def transfer(
    out: Path = typer.Option(None, "--out", metavar="FILE", help="Write the page to this file.", show_default=False),
    check: bool = typer.Option(False, "--check", help="Compare with the file at --out instead of writing it."),
    model: str = typer.Option(
        None,
        "--helps",
        metavar="MODEL",
        help="Say only whether they help this model with cations: trees, stack (minutes), network, network-profiles.",
        show_default=False,
    ),
    results: Path = _RESULTS,
) -> None:
    """Show what is reached on oxygen vacancies, and whether they help with cations; takes a minute or two."""
    from embench.cli._terminal import deliver, progress_bars
    from embench.pages.transfer import helps, transfer_page

    with progress_bars("transfer") as update:
        deliver(
            lambda: (
                transfer_page(results=results, progress=update)
                if model is None
                else f"{helps(model, results=results, progress=update)}\n"
            ),
            out,
            check=check,
        )


@app.command()
def table(
    names: list[str] = _NAMES,
    results: Path = _RESULTS,
    submissions: Path = _SUBMISSIONS,
    out: Path = typer.Option(None, "--out", metavar="FILE", help="Write the page to this file.", show_default=False),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the page of now."),
) -> None:
    """Score the predictions of all baselines on all protocols and show them in one page."""
    from embench.cli._terminal import deliver, progress_bars
    from embench.pages.baselines import results_page

    def page() -> str:
        with progress_bars("baselines") as update:
            return results_page(specs_of(names), results, submissions, progress=update)

    deliver(page, out, check=check)

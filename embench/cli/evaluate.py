"""``embench evaluate``: score predictions on a protocol."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from embench.cli._terminal import DATASET_VERSION
from embench.common.threads import one_thread_from_the_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from embench.evaluation import Evaluation

_PREDICTIONS = typer.Argument(
    ...,
    metavar="PREDICTIONS...",
    help="CSV with the columns entry_id,prediction (eV) and optionally uncertainty (1σ, eV), or the name of a folder "
    "in leaderboard/submissions. JSON, JSON Lines and Parquet are read too, and each of them in gzip or zip. Several "
    "are ranked.",
    show_default=False,
)
_PROTOCOL = typer.Option(
    None,
    "--protocol",
    "-p",
    metavar="NAME",
    help="Which entries are scored: see embench splits list. Default: follows from the name of the file "
    "(host-10fold.csv) or from the entries in it.",
    show_default=False,
)
_UNIT = typer.Option(
    None,
    "--unit",
    metavar="UNIT",
    help="Unit of the predictions, converted to eV: eV, meV, kJ/mol or kcal/mol. Default: eV, and an error for numbers "
    "that cannot be.",
    show_default=False,
)
_THRESHOLD = typer.Option(
    0.65, "--threshold", metavar="EV", help="Barrier (eV) below which an entry is a good conductor."
)
_AGAINST = typer.Option(
    None, "--against", metavar="PREDICTIONS", help="Compare pair by pair with these predictions.", show_default=False
)
_FILL = typer.Option(
    False,
    "--fill-missing",
    help="Score entries without a prediction with the worst of the reference predictions, and count them.",
)
_FULL = typer.Option(False, "--full", help="Print every metric, the parts of the entries and the breakdown.")
_JSON = typer.Option(
    None,
    "--json",
    metavar="FILE",
    help="Write everything as JSON; - prints it in place of the table.",
    show_default=False,
)
_REPORT = typer.Option(None, "--report", metavar="FILE", help="Write a page that opens offline.", show_default=False)
_SEED = typer.Option(0, "--seed", min=0, metavar="N", help="Seed of the bootstrap.")
_RESAMPLES = typer.Option(10_000, "--resamples", metavar="N", help="Number of bootstrap resamples.")


_RUNS = typer.Option(
    False, "--runs", help="The predictions are runs of one system with different seeds: score their mean and spread."
)
_PROFILES = typer.Option(
    False, "--profiles", help="Score the energies of all images, the column energies of the files: both barriers."
)
_POWER = typer.Option(
    False, "--power", help="Of two systems: how many more entries, and of which hosts, would show the difference."
)


def evaluate(
    predictions: list[str] = _PREDICTIONS,
    protocol: str | None = _PROTOCOL,
    threshold: float = _THRESHOLD,
    against: str | None = _AGAINST,
    fill_missing: bool = _FILL,
    full: bool = _FULL,
    json: str | None = _JSON,
    report: Path | None = _REPORT,
    seed: int = _SEED,
    resamples: int = _RESAMPLES,
    unit: str | None = _UNIT,
    runs: bool = _RUNS,
    power: bool = _POWER,
    profiles: bool = _PROFILES,
    dataset_version: str | None = DATASET_VERSION,
) -> None:
    """Score predictions of migration barriers, with 95 % intervals."""
    if profiles:
        _profiles(predictions, protocol, seed=seed, resamples=resamples, version=dataset_version)
        return
    if power and (len(predictions) != 2 or runs or against is not None or report is not None):
        raise typer.BadParameter("--power takes two systems, and neither --runs, --against nor --report")
    if len(predictions) > 1 and not runs and (against is not None or report is not None):
        raise typer.BadParameter("--against and --report take a single predictions file")
    _check_outputs(json, report, inputs=[*predictions, *([against] if against else [])])
    one_thread_from_the_start()
    from embench.evaluation import evaluate as score

    sources: list[Any] = list(predictions)
    told_by = None
    if protocol is None:
        protocol, told_by, sources, against = _infer(predictions, against, unit, dataset_version)
    if runs:
        sources = [sources]
    evaluations = [
        score(
            source,
            protocol,
            threshold=threshold,
            seed=seed,
            resamples=resamples,
            fill_missing=fill_missing,
            against=against,
            unit=unit,
            dataset_version=dataset_version,
        )
        for source in sources
    ]
    if power:
        _write_power(evaluations, json=json)
    else:
        _write(evaluations, json=json, full=full)
    if told_by is not None:
        note = f"The protocol {protocol} follows from {told_by}; --protocol names another."
        if json == "-":
            print(note, file=sys.stderr)
        else:
            _print(note)
    if report is not None:
        from embench.report.page import write_html

        write_html(evaluations[0], report)
    # After the result, which would otherwise push them out of sight.
    for evaluation in evaluations:
        _warn(evaluation.name, evaluation.warnings)
        if evaluation.comparison is not None:
            _warn(evaluation.comparison.other, evaluation.comparison.other_warnings)


def _profiles(predictions: list[str], protocol: str | None, *, seed: int, resamples: int, version: str | None) -> None:
    """Print what energy profiles are worth, one line a file and error."""
    if protocol is None:
        raise typer.BadParameter("--profiles needs the protocol: name it with --protocol")
    from embench.cli._terminal import plain_table
    from embench.common.text import visible
    from embench.neb.profiles import score_profiles

    numbers = ("mean, eV", "95 % interval", "entries", "hosts")
    table = plain_table("error", *numbers, "system", right=numbers)
    notes = []
    for source in predictions:
        found = score_profiles(source, protocol, seed=seed, resamples=resamples, dataset_version=version)
        for name in ("forward", "backward", "ends", "profile"):
            error = getattr(found, name)
            if error is not None:
                interval = f"{error.mean.low:.3f} to {error.mean.high:.3f}"
                cells = (f"{error.mean.value:.3f}", interval, str(error.n), str(error.n_hosts))
                table.add_row(name, *cells, visible(found.name))
        notes.append(
            visible(
                f"{found.name}: {found.n} of {found.n_scored} entries have a profile, "
                f"{len(found.without_saddle)} of them no saddle between the ends."
            )
        )
    _print(table)
    for note in notes:
        _print(note)


def _check_outputs(json: str | None, report: Path | None, *, inputs: list[str]) -> None:
    """Refuse places where nothing can or must be written, before anything is computed."""
    outputs = [] if json is None or json == "-" else [Path(json)]
    if report is not None:
        outputs.append(report)
    if not outputs:
        return
    from embench.common.files import check_output

    for path in outputs:
        check_output(path, inputs=inputs)
    if len(outputs) == 2 and outputs[0].resolve() == outputs[1].resolve():
        raise typer.BadParameter("--json and --report name the same file")


def _infer(
    predictions: list[str], against: str | None, unit: str | None, version: str | None
) -> tuple[str, str, list[Any], Any]:
    """Return the protocol that the predictions are for, what told it, and the predictions, read where need be."""
    from embench.evaluation.sources import infer_protocol

    given = [*predictions, *([against] if against else [])]
    inferred, sources = infer_protocol(given, unit=unit, version=version)
    return inferred.protocol, inferred.told_by, list(sources[: len(predictions)]), sources[-1] if against else None


def _warn(name: str, warnings: tuple[str, ...]) -> None:
    """Print warnings on standard error, wrapped where that is a terminal."""
    if not warnings:
        return
    from embench.common.text import visible

    sys.stdout.flush()
    for warning in warnings:
        text = visible(f"warning: {name}: {warning}")
        if sys.stderr.isatty():
            from rich.console import Console

            console = Console(stderr=True, highlight=False, markup=False, emoji=False)
            console.print(text, style="yellow", width=min(console.width, 80))
        else:
            print(text, file=sys.stderr)


def _write(evaluations: list[Evaluation], *, json: str | None, full: bool) -> None:
    """Write the JSON file, and print the result unless the JSON is printed."""
    if len(evaluations) > 1:
        _write_ranking(evaluations, json=json, full=full)
        return
    evaluation, console = evaluations[0], _console()
    overview = None
    if json is not None or (console.is_terminal and not full):
        from embench.evaluation.overview import overview as look

        overview = look(evaluation)
    if json is not None and overview is not None:
        from embench.evaluation.document import document, overview_document

        _write_json({**document(evaluation), "overview": overview_document(overview, evaluation.protocol)}, json)
        if json == "-":
            return
    if full or overview is None or not console.is_terminal:
        from embench.report.terminal import render

        console.print(render(evaluation, full=full))
    else:
        from embench.report.charts import glyphs_for
        from embench.report.screen import render as screen

        console.print(screen(evaluation, overview, glyphs_for(sys.stdout.encoding), console.width))


def _write_ranking(evaluations: list[Evaluation], *, json: str | None, full: bool) -> None:
    """Write and print several systems, ranked; with `full` each of them too."""
    from embench.evaluation.ranking import rank_evaluations

    ranking = rank_evaluations(evaluations)
    if json is not None:
        from embench.evaluation.document import ranking_document

        _write_json(ranking_document(ranking), json)
        if json == "-":
            return
    from embench.report.terminal import render, render_ranking

    _print(render_ranking(ranking))
    for evaluation in evaluations if full else ():
        _print(render(evaluation, full=True))


def _write_json(content: Mapping[str, object], json: str) -> None:
    from embench.evaluation.document import dumps, write_json

    if json == "-":
        print(dumps(content), end="")
    else:
        write_json(content, Path(json))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _write_power(evaluations: list[Evaluation], *, json: str | None) -> None:
    """Write what it takes to tell two systems apart, as JSON or for the terminal."""
    from embench.evaluation.power import power_analysis

    found = power_analysis(*evaluations)
    if json is not None:
        from embench.evaluation.document import dumps, power_document, write_json

        content = power_document(found)
        if json == "-":
            print(dumps(content), end="")
            return
        write_json(content, Path(json))
    from embench.report.power import render_power

    _print(render_power(found))


def _print(content: Any) -> None:
    _console().print(content)

"""An evaluation for a person at a terminal: one screen, or everything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from embench.common.text import plural, visible
from embench.evaluation.coverage import COVERAGE_RULE, FILLED
from embench.metrics import FAMILIES, metric
from embench.statistics.intervals import Estimate

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.evaluation import Evaluation
    from embench.evaluation.breakdown import Breakdown, GroupScores, SubsetScores
    from embench.evaluation.comparison import Comparison
    from embench.evaluation.coverage import Coverage
    from embench.evaluation.ranking import Ranking

UNDEFINED = "undefined"


def value_text(name: str, value: float, *, unit: bool = True, signed: bool = False) -> str:
    """Return a score with three decimals (decades with one), and its unit."""
    if not math.isfinite(value):
        return UNDEFINED
    spec = metric(name)
    decimals = 1 if spec.unit == "decades" else 3
    sign = "+" if signed or spec.direction == "zero" else ""
    # No "-0.000": rounding leaves a sign that means nothing.
    text = f"{round(value, decimals) + 0.0:{sign}.{decimals}f}"
    return f"{text} {spec.unit}" if unit and spec.unit else text


def interval_text(name: str, estimate: Estimate, *, signed: bool = False) -> str:
    """Return the 95 % interval of a score, or a dash where there is none."""
    if not math.isfinite(estimate.low):
        return "–"
    low, high = (value_text(name, value, unit=False, signed=signed) for value in (estimate.low, estimate.high))
    return f"{low} to {high}"


def title_lines(evaluation: Evaluation) -> tuple[str, str, str]:
    """Return what was scored: the name of the predictions, on what, and what counts as a good conductor."""
    return (
        visible(evaluation.name),
        f"Protocol {evaluation.protocol}: {plural(evaluation.n, 'entry')} from "
        f"{plural(evaluation.n_hosts, 'host framework')}, {coverage_text(evaluation.coverage)}.",
        f"Good conductor: E_m < {evaluation.threshold:g} eV.",
    )


def coverage_text(coverage: Coverage) -> str:
    """Return how many of the scored entries were predicted, and what became of the others."""
    if not coverage.filled:
        return "all predicted"
    return f"{coverage.predicted} predicted, {len(coverage.filled)} filled with {FILLED}"


def note(evaluation: Evaluation, name: str) -> str:
    """Return what a score means here; empty where its name says it."""
    counts, support = evaluation.confusion, evaluation.support[name]
    claimed = counts.true_positive + counts.false_positive
    good = counts.true_positive + counts.false_negative
    notes = {
        "mae": f"training median: {value_text('mae', evaluation.reference['mae'], unit=False)}",
        "r2_without_metal_site": f"{plural(evaluation.n - support.n, 'path')} left out",
        "bias": "prediction − target",
        "rate_error_decades": "hopping rate at 300 K, median",
        "accuracy": f"{counts.true_positive + counts.true_negative} of {evaluation.n} in the right class",
        "precision": f"{counts.true_positive} of {claimed} called good are",
        "recall": f"{counts.true_positive} of {good} good ones found",
        "pathway_ranking": f"{plural(support.n, 'pair')} of pathways",
        "lowest_barrier_found": f"{plural(support.n, 'structure')} with a choice",
        "coverage_95": "targets inside ± 1.96 σ",
        "coverage_68": "targets inside ± 0.99 σ",
        "error_uncertainty_spearman": "does σ tell large errors",
    }
    return notes.get(name, "")


def summary(evaluation: Evaluation) -> Iterator[str]:
    """Yield what the figures mean, in sentences."""
    other = evaluation.comparison.other_coverage.filled if evaluation.comparison is not None else ()
    if evaluation.coverage.filled or other:
        yield COVERAGE_RULE
    if not evaluation.coverage.enough:
        yield "These predictions are too few for a rank."
    if evaluation.comparison is not None:
        yield visible(evaluation.comparison.sentence)
        return
    if math.isfinite(evaluation.detectable):
        yield (
            f"Intervals come from resampling the {plural(evaluation.n_hosts, 'host framework')}. A rival with "
            "unrelated errors of this size is told apart only if its MAE differs by "
            f"{evaluation.detectable:.2f} eV or more (80 % power); --against compares two systems pair by pair."
        )


FIRST_SCREEN = (
    "mae",
    "r2",
    "r2_without_metal_site",
    "spearman",
    "rate_error_decades",
    "accuracy",
    "precision",
    "recall",
    "pathway_ranking",
    "coverage_95",
    "error_uncertainty_spearman",
)

COMPARED = ("mae", "r2", "accuracy", "precision", "recall", "pathway_ranking")


def render(evaluation: Evaluation, *, full: bool = False) -> RenderableType:
    """Return an evaluation for printing: the main figures and what they mean, or with `full` all of them."""
    return Group(*(_full(evaluation) if full else _screen(evaluation)))


def render_ranking(ranking: Ranking) -> RenderableType:
    """Return several systems, best first, with their ranks."""
    partly = any(system.evaluation.coverage.share < 1.0 for system in ranking.systems)
    headings = ["system", "MAE, eV", "95 % interval", "rank", "95 %", "p (Holm)"]
    table = _table(*headings, *["predicted", "MAE there"] * partly, right=(1, 3, 5, 6, 7))
    for system in ranking.systems:
        evaluation, rank = system.evaluation, system.rank
        mae, own = evaluation.metrics["mae"], evaluation.mae_predicted
        coverage = evaluation.coverage
        there = "" if own is None else value_text("mae", own.value, unit=False)
        table.add_row(
            Text(visible(system.name), style="bold" if rank and rank.best_set else ""),
            value_text("mae", mae.value, unit=False),
            interval_text("mae", mae),
            f"{rank.rank:g}" if rank else "–",
            f"{rank.low:g} to {rank.high:g}" if rank else "",
            "" if rank is None or system is ranking.systems[0] else _p(rank.p_adjusted),
            *[f"{coverage.predicted}/{coverage.scored}", there] * partly,
        )
    first = ranking.systems[0].evaluation
    return Group(
        Text(f"{len(ranking.systems)} systems on the protocol {first.protocol}, by MAE", style="bold"),
        "",
        table,
        "",
        Text(visible(ranking.sentence)),
        *[Text(COVERAGE_RULE)] * partly,
    )


def _screen(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield from _header(evaluation)
    rows = [name for name in FIRST_SCREEN if name in evaluation.metrics and not _repeats(evaluation, name)]
    table = _table("", "score", "95 % interval", "", right=(1,))
    for name in rows:
        _add(table, evaluation, name, "  no metal sites" if name == "r2_without_metal_site" else "")
        if name == "mae":
            _add_predicted(table, evaluation)
            _add_without_suspects(table, evaluation)
    yield table
    if evaluation.comparison is not None:
        yield ""
        yield _comparison(evaluation.comparison, COMPARED)
    yield ""
    for sentence in summary(evaluation):
        yield Text(sentence)


def _full(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield from _header(evaluation)
    for family, heading in FAMILIES.items():
        names = [name for name in evaluation.metrics if metric(name).family == family]
        if not names:
            continue
        table = _table(heading, "score", "95 % interval", "", right=(1,))
        for name in names:
            _add(table, evaluation, name)
        yield table
        yield ""
    yield _confusion(evaluation)
    yield ""
    yield _subsets(evaluation.subsets)
    for part in evaluation.breakdown:
        yield ""
        yield _breakdown(part)
    yield Text("* fewer than 10 entries; no interval from fewer than 5 host frameworks", style="dim")
    if evaluation.comparison is not None:
        yield ""
        yield _comparison(evaluation.comparison, tuple(evaluation.comparison.metrics))
    yield ""
    for sentence in summary(evaluation):
        yield Text(sentence)
    yield ""
    yield _provenance(evaluation)


def _header(evaluation: Evaluation) -> Iterator[RenderableType]:
    name, *scored = title_lines(evaluation)
    yield Text(name, style="bold")
    for line in scored:
        yield Text(line)
    yield ""


def _repeats(evaluation: Evaluation, name: str) -> bool:
    """Return whether a score of the first screen would only repeat another: nothing was left out for it."""
    return name == "r2_without_metal_site" and evaluation.support[name].n == evaluation.n


def _add(table: Table, evaluation: Evaluation, name: str, label: str = "") -> None:
    estimate = evaluation.metrics[name]
    table.add_row(
        label or metric(name).symbol,
        Text(value_text(name, estimate.value), style="bold"),
        interval_text(name, estimate),
        Text(note(evaluation, name), style="dim"),
    )


def _add_predicted(table: Table, evaluation: Evaluation) -> None:
    """Add the MAE on the entries that have a prediction, where some lack one."""
    if evaluation.mae_predicted is not None:
        table.add_row(
            "  where predicted",
            value_text("mae", evaluation.mae_predicted.value),
            interval_text("mae", evaluation.mae_predicted),
            Text(f"{plural(len(evaluation.coverage.filled), 'entry')} left out", style="dim"),
        )


def _add_without_suspects(table: Table, evaluation: Evaluation) -> None:
    subset = next(subset for subset in evaluation.subsets if subset.name == "without_label_suspect")
    if subset.n < evaluation.n:
        mae = subset.metrics["mae"]
        left_out = evaluation.n - subset.n
        table.add_row(
            "  sound labels",
            value_text("mae", mae.value),
            interval_text("mae", mae),
            Text(f"{left_out} in doubt left out", style="dim"),
        )


def _confusion(evaluation: Evaluation) -> Table:
    counts = evaluation.confusion
    below, above = f"E_m < {evaluation.threshold:g} eV", f"E_m ≥ {evaluation.threshold:g} eV"
    table = _table("Confusion", f"predicted {below}", f"predicted {above}", right=(1, 2))
    table.add_row(below, str(counts.true_positive), str(counts.false_negative))
    table.add_row(above, str(counts.false_positive), str(counts.true_negative))
    return table


def _subsets(subsets: tuple[SubsetScores, ...]) -> Table:
    table = _table("Parts of the entries", "n", "MAE, eV", "95 % interval", "R²", "accuracy", right=(1, 2, 4, 5))
    for subset in subsets:
        mae = subset.metrics["mae"]
        table.add_row(
            subset.title,
            str(subset.n),
            value_text("mae", mae.value, unit=False),
            interval_text("mae", mae),
            value_text("r2", subset.metrics["r2"].value),
            value_text("accuracy", subset.metrics["accuracy"].value),
        )
    return table


def _breakdown(part: Breakdown) -> Table:
    table = _table(part.title, "n", "MAE, eV", "95 % interval", "bias, eV", "95 % interval", right=(1, 2, 4))
    for group in part.groups:
        table.add_row(*_group_row(group), style="dim" if group.small else "")
    return table


def _group_row(group: GroupScores) -> tuple[str, ...]:
    return (
        f"{group.group}{' *' if group.small else ''}",
        str(group.n),
        value_text("mae", group.mae.value, unit=False),
        interval_text("mae", group.mae),
        value_text("bias", group.bias.value, unit=False),
        interval_text("bias", group.bias),
    )


def _comparison(comparison: Comparison, names: tuple[str, ...]) -> RenderableType:
    table = _table("", "this", "other", "difference", "95 % interval", right=(1, 2, 3))
    for name in names:
        if name not in comparison.metrics:
            continue
        found = comparison.metrics[name]
        table.add_row(
            metric(name).symbol,
            value_text(name, found.value),
            value_text(name, found.other),
            value_text(name, found.difference.value, signed=True, unit=False),
            interval_text(name, found.difference, signed=True),
        )
    heading = Text(visible(f"Against {comparison.other}"), style="bold")
    if comparison.other_coverage.filled:
        heading.append(f", {coverage_text(comparison.other_coverage)}", style="not bold")
    return Group(heading, table)


def _provenance(evaluation: Evaluation) -> RenderableType:
    lines = [
        f"dataset {evaluation.dataset_version}, seed {evaluation.seed}, {evaluation.resamples} resamples of the host "
        f"frameworks; intervals: {_methods(evaluation.metrics)}",
        *(f"{digest}  {name}" for name, digest in evaluation.checksums.items()),
    ]
    return Group(*(Text(line, style="dim") for line in lines))


def _methods(metrics: dict[str, Estimate]) -> str:
    by_method: dict[str, list[str]] = {}
    for name, estimate in metrics.items():
        by_method.setdefault(estimate.method, []).append(metric(name).symbol)
    words = {"bca": "BCa", "percentile": "percentile", "none": "no interval"}
    most = max(by_method, key=lambda method: len(by_method[method]))
    rest = [f"{words[method]} for {', '.join(names)}" for method, names in by_method.items() if method != most]
    return "; ".join([words[most], *rest])


def _table(*headings: str, right: tuple[int, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position in right else "left", overflow="fold")
    return table


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

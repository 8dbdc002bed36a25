"""The tables of an evaluation, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from embench.common.text import plural, visible
from embench.metrics import FAMILIES, metric
from embench.report.words import coverage_text, interval_text, note, value_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.evaluation import Evaluation
    from embench.evaluation.breakdown import Breakdown, GroupScores, SubsetScores
    from embench.evaluation.comparison import Comparison
    from embench.statistics.intervals import Estimate

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


def empty(*headings: str, right: tuple[int, ...] = ()) -> Table:
    """Return a table without rows; the columns at the positions in `right` are aligned to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position in right else "left", overflow="fold")
    return table


def first_screen(evaluation: Evaluation) -> Table:
    """Return the main scores."""
    table = empty("", "score", "95 % interval", "", right=(1,))
    for name in FIRST_SCREEN:
        if name not in evaluation.metrics or _repeats(evaluation, name):
            continue
        _add(table, evaluation, name, "  no metal sites" if name == "r2_without_metal_site" else "")
        if name == "mae":
            _add_predicted(table, evaluation)
            _add_without_suspects(table, evaluation)
    return table


def by_family(evaluation: Evaluation) -> Iterator[Table]:
    """Yield all scores, one table a family."""
    for family, heading in FAMILIES.items():
        names = [name for name in evaluation.metrics if metric(name).family == family]
        if names:
            table = empty(heading, "score", "95 % interval", "", right=(1,))
            for name in names:
                _add(table, evaluation, name)
            yield table


def _repeats(evaluation: Evaluation, name: str) -> bool:
    """Return whether a score of the first screen would only repeat another: nothing was left out for it."""
    return name == "r2_without_metal_site" and evaluation.support[name].n == evaluation.n


def _add(table: Table, evaluation: Evaluation, name: str, label: str = "") -> None:
    estimate = evaluation.metrics[name]
    table.add_row(
        label or metric(name).symbol,
        Text(value_text(name, estimate.value) + _spread_text(evaluation, name), style="bold"),
        interval_text(name, estimate),
        Text(note(evaluation, name), style="dim"),
    )


def _spread_text(evaluation: Evaluation, name: str) -> str:
    """Return how far the runs spread, empty for a single one."""
    spread = math.nan if evaluation.runs is None else evaluation.runs.spread[name]
    return f" ± {value_text(name, spread, unit=False).lstrip('+')}" if math.isfinite(spread) else ""


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


def confusion(evaluation: Evaluation) -> Table:
    """Return how many good conductors were found and missed, and how many others were taken for them."""
    counts = evaluation.confusion
    below, above = f"E_m < {evaluation.threshold:g} eV", f"E_m ≥ {evaluation.threshold:g} eV"
    table = empty("Confusion", f"predicted {below}", f"predicted {above}", right=(1, 2))
    table.add_row(below, str(counts.true_positive), str(counts.false_negative))
    table.add_row(above, str(counts.false_positive), str(counts.true_negative))
    return table


def subsets(found: tuple[SubsetScores, ...]) -> Table:
    """Return the scores without the entries that are in doubt."""
    table = empty("Subsets of the entries", "n", "MAE, eV", "95 % interval", "R²", "accuracy", right=(1, 2, 4, 5))
    for subset in found:
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


def breakdown(part: Breakdown) -> Table:
    """Return the scores of the groups of one dimension."""
    table = empty(part.title, "n", "MAE, eV", "95 % interval", "bias, eV", "95 % interval", right=(1, 2, 4))
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


def comparison(found: Comparison, names: tuple[str, ...] = COMPARED) -> RenderableType:
    """Return the scores of two systems side by side."""
    table = empty("", "this", "other", "difference", "95 % interval", right=(1, 2, 3))
    for name in names:
        if name not in found.metrics:
            continue
        each = found.metrics[name]
        table.add_row(
            metric(name).symbol,
            value_text(name, each.value),
            value_text(name, each.other),
            value_text(name, each.difference.value, signed=True, unit=False),
            interval_text(name, each.difference, signed=True),
        )
    heading = Text(visible(f"Against {found.other}"), style="bold")
    if found.other_coverage.filled:
        heading.append(f", {coverage_text(found.other_coverage)}", style="not bold")
    return Group(heading, table)


def provenance(evaluation: Evaluation) -> RenderableType:
    """Return versions, seed and checksums."""
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

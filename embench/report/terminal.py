"""An evaluation as text for a terminal, a file or another program: the main figures, or everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from embench.common.text import visible
from embench.evaluation.coverage import COVERAGE_RULE
from embench.report import tables
from embench.report.words import interval_text, summary, title_lines, value_text
from embench.splits.registry import host_called

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.evaluation import Evaluation
    from embench.evaluation.ranking import Ranking


def render(evaluation: Evaluation, *, full: bool = False) -> RenderableType:
    """Return an evaluation for printing: the main figures and what they mean, or with `full` all of them."""
    return Group(*(_full(evaluation) if full else _screen(evaluation)))


def render_ranking(ranking: Ranking) -> RenderableType:
    """Return several systems, best first, with their ranks."""
    partly = any(system.evaluation.coverage.share < 1.0 for system in ranking.systems)
    headings = ["system", "MAE, eV", "95 % interval", "rank", "95 %", "p (Holm)"]
    table = tables.empty(*headings, *["predicted", "MAE there"] * partly, right=(1, 3, 5, 6, 7))
    for system in ranking.systems:
        evaluation, rank = system.evaluation, system.rank
        mae, own = evaluation.metrics["mae"], evaluation.mae_predicted
        there = "" if own is None else value_text("mae", own.value, unit=False)
        coverage = evaluation.coverage
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


def header(evaluation: Evaluation) -> Iterator[RenderableType]:
    """Yield what was scored, and a blank line."""
    name, *scored = title_lines(evaluation)
    yield Text(name, style="bold")
    for line in scored:
        yield Text(line)
    if evaluation.runs is not None:
        yield Text(
            f"Scores are means of {len(evaluation.runs)} runs; ± is the standard deviation between the runs, and the "
            "intervals come from the entries."
        )
    yield ""


def _screen(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield from header(evaluation)
    yield tables.first_screen(evaluation)
    if evaluation.comparison is not None:
        yield ""
        yield tables.comparison(evaluation.comparison)
    yield ""
    for sentence in summary(evaluation):
        yield Text(sentence)


def _full(evaluation: Evaluation) -> Iterator[RenderableType]:
    yield from header(evaluation)
    for table in tables.by_family(evaluation):
        yield table
        yield ""
    yield tables.confusion(evaluation)
    yield ""
    yield tables.subsets(evaluation.subsets)
    for part in evaluation.breakdown:
        yield ""
        yield tables.breakdown(part)
    hosts = f"{host_called(evaluation.protocol)}s"
    yield Text(f"* fewer than 10 entries; no interval from fewer than 5 {hosts}", style="dim")
    if evaluation.comparison is not None:
        yield ""
        yield tables.comparison(evaluation.comparison, tuple(evaluation.comparison.metrics))
    yield ""
    for sentence in summary(evaluation):
        yield Text(sentence)
    yield ""
    yield tables.provenance(evaluation)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

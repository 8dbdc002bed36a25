"""An evaluation for a person who looks at a terminal: where the score lies, how errors are spread, what is worst."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from embench.common.text import visible
from embench.evaluation.standing import standing_sentence
from embench.report import tables
from embench.report.charts import Glyphs, Mark, bar, scale
from embench.report.terminal import header
from embench.report.words import summary, value_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.evaluation import Evaluation
    from embench.evaluation.evaluator import ScoredEntry
    from embench.evaluation.overview import Bin, IonError, Overview
    from embench.evaluation.standing import Standing

WIDEST = 80
_BAR = 16
# Of the name of a rival, so that the legend of the scale stays in one line.
_LONGEST_NAME = 28
# Below this width the two charts stand one above the other.
_SIDE_BY_SIDE = 74


def render(evaluation: Evaluation, overview: Overview, glyphs: Glyphs, width: int) -> RenderableType:
    """Return the screen, as wide as the terminal (`width` characters) but at most 80, drawn with `glyphs`."""
    width = min(width, WIDEST)
    return Constrain(Group(*_parts(evaluation, overview, glyphs, width)), width)


def _parts(evaluation: Evaluation, overview: Overview, glyphs: Glyphs, width: int) -> Iterator[RenderableType]:
    yield from header(evaluation)
    yield from _score(evaluation, overview.standing, glyphs, width)
    yield ""
    yield tables.first_screen(evaluation)
    yield ""
    charts = _histogram(overview.histogram, glyphs), _ions(overview.by_ion, glyphs)
    if width >= _SIDE_BY_SIDE:
        beside = Table.grid(padding=(0, 4, 0, 0))
        beside.add_row(*charts)
        yield beside
    else:
        yield charts[0]
        yield ""
        yield charts[1]
    yield ""
    yield _worst(overview.worst)
    if evaluation.comparison is not None:
        yield ""
        yield tables.comparison(evaluation.comparison)
    yield ""
    for sentence in summary(evaluation):
        yield Text(sentence)


def _score(evaluation: Evaluation, found: Standing | None, glyphs: Glyphs, width: int) -> Iterator[RenderableType]:
    """Yield the MAE with its interval on a scale from the best system to the training median, and the standing."""
    mae = evaluation.metrics["mae"]
    marks = []
    median = evaluation.reference["mae"]
    if math.isfinite(median):
        marks.append(Mark(median, "median:", glyphs.median, "yellow"))
    if found is not None:
        marks.append(Mark(found.best.mae, f"best other, {found.best.name[:_LONGEST_NAME]}:", glyphs.best, "green"))
    marks.append(Mark(mae.value, "this MAE:", glyphs.value, "bold cyan"))
    yield from scale(marks, (mae.low, mae.high), width, glyphs)
    if found is not None:
        yield ""
        yield Text(visible(standing_sentence(found, evaluation.protocol)), style="bold")


def _histogram(bins: tuple[Bin, ...], glyphs: Glyphs) -> Table:
    table = tables.empty("error, eV", "", "n", right=(0, 2))
    most = max(each.n for each in bins) or 1
    for each in bins:
        style = "yellow" if min(abs(each.low), abs(each.high)) >= 0.2 else "cyan"
        table.add_row(_range(each), Text(bar(each.n / most, _BAR, glyphs), style=style, no_wrap=True), str(each.n))
    return table


def _range(each: Bin) -> str:
    if math.isinf(each.low):
        return f"below {each.high:+.1f}"
    if math.isinf(each.high):
        return f"{each.low:+.1f} and more"
    return " to ".join(f"{edge:+.1f}" if edge else "0" for edge in (each.low, each.high))


def _ions(ions: tuple[IonError, ...], glyphs: Glyphs) -> Table:
    table = tables.empty("ion", "MAE, eV", "", "n", right=(1, 3))
    most = max(each.mae for each in ions) or 1.0
    for each in ions:
        length = Text(bar(each.mae / most, _BAR - 2, glyphs), style="" if each.small else "cyan")
        row = (each.ion, value_text("mae", each.mae, unit=False), length, str(each.n))
        table.add_row(*row, style="dim" if each.small else "")
    return table


def _worst(entries: tuple[ScoredEntry, ...]) -> Table:
    table = tables.empty("worst entries", "E_m", "predicted", "error", "flags", right=(1, 2, 3))
    for entry in entries:
        table.add_row(
            entry.entry_id,
            f"{entry.target:.2f}",
            f"{entry.prediction:.2f}",
            f"{entry.error:+.2f}",
            Text(", ".join(entry.flags) or "none", style="yellow" if entry.flags else "dim"),
        )
    return table

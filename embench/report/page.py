"""The page from the document of an evaluation: nothing else is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from embench.common.files import write_text
from embench.evaluation.coverage import COVERAGE_RULE, enough_for_a_rank
from embench.evaluation.document import document
from embench.splits.registry import host_called, protocol_spec
from embench.web import tables, wording
from embench.web.figures import beyond_limit, figures
from embench.web.libraries import environment, plotly_js
from embench.web.palette import DARK, LIGHT, css_variables
from embench.web.parity import below_range

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.schema.documents import ComparisonDocument, EntryDocument, EvaluationDocument, Interval, MetricDocument
    from embench.web.theme import Figure


class Tile(TypedDict):
    """A figure that a reader should take away, with its interval; `power` is the exponent of one that is a power."""

    value: str
    power: NotRequired[str]
    label: str
    note: str
    range: str


class ReportContext(TypedDict):
    """What ``report.html.j2`` is given."""

    content: EvaluationDocument
    name: str
    other: str | None
    coverage_rule: str
    too_few: bool
    measures: str
    host: str
    tiles: list[Tile]
    metric_tables: list[tables.MetricTable]
    verdict: str
    comparison_rows: list[tables.ComparisonRow]
    confusion: list[tables.ConfusionCell]
    subsets: list[tables.SubsetRow]
    subset_metrics: list[MetricDocument]
    breakdown: list[tables.GroupTable]
    worst: list[EntryDocument]
    rest: list[EntryDocument]
    many_folds: bool
    flags: list[tables.FlagText]
    below_range: str
    beyond_limit: str
    command: str
    figures: dict[str, Figure]
    light: str
    dark: str
    plotly_js: str


def write_html(evaluation: Evaluation, path: Path) -> None:
    """Write the page of `evaluation` to `path`, all or nothing.

    The page shows nothing but :func:`embench.evaluation.document.document`, and carries it.

    Raises
    ------
    MissingDependencyError
        jinja2 or plotly is not installed.
    OutputError
        `path` cannot be written.
    """
    write_text(path, render(document(evaluation)))


_WORST_SHOWN = 12


def render(content: EvaluationDocument) -> str:
    """Return the page of the document `content`, as :func:`embench.evaluation.document.document` makes it.

    Raises :class:`~embench.errors.MissingDependencyError` where jinja2 or plotly is not installed.
    """
    template = environment("embench.report").get_template("report.html.j2")
    entries = tables.worst_first(content)
    context = ReportContext(
        content=content,
        name=wording.short_name(content["predictions"]),
        other=wording.short_name(content["comparison"]["other"]) if content["comparison"] else None,
        coverage_rule=COVERAGE_RULE,
        too_few=not enough_for_a_rank(content["coverage"]["predicted"], content["coverage"]["scored"]),
        measures=protocol_spec(content["protocol"]).measures,
        host=host_called(content["protocol"]),
        tiles=headline(content),
        metric_tables=tables.metric_tables(content),
        verdict=verdict(content["comparison"]),
        comparison_rows=tables.comparison_rows(content),
        confusion=tables.confusion_cells(content),
        subsets=tables.subset_rows(content),
        subset_metrics=[content["metrics"][name] for name in tables.SUBSET_METRICS],
        breakdown=tables.breakdown_tables(content),
        worst=entries[:_WORST_SHOWN],
        rest=entries[_WORST_SHOWN:],
        many_folds=len({entry["fold"] for entry in entries}) > 1,
        flags=tables.flags_explained(entries),
        below_range=below_range(content["entries"]),
        beyond_limit=beyond_limit(content["entries"]),
        command=wording.command(content),
        figures=figures(content),
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        plotly_js=plotly_js(),
    )
    return template.render(context)


def verdict(comparison: ComparisonDocument | None) -> str:
    """Return whether the system is ``better`` or ``worse`` than the other, or ``open`` where that is not resolved."""
    difference = comparison["metrics"]["mae"]["difference"]["value"] if comparison else None
    if comparison is None or difference is None or not comparison["resolved"]:
        return "open"
    return "better" if difference < 0.0 else "worse"


def headline(content: EvaluationDocument) -> list[Tile]:
    """Return the figures that a reader should take away, each with what it says."""
    metrics = content["metrics"]
    decades = metrics["rate_error_decades"]
    right = content["confusion"]["true_positive"] + content["confusion"]["true_negative"]
    bias = metrics["bias"]
    lean = "too high" if (bias["value"] or 0.0) > 0.0 else "too low"
    return [
        {
            "value": wording.quantity(metrics["mae"]["value"], "eV"),
            "label": "mean absolute error",
            "note": "95\u00a0% interval",
            "range": wording.interval(metrics["mae"]),
        },
        {
            "value": wording.number(metrics["r2"]["value"]),
            "label": "R²; 0 is no better than the mean barrier",
            "note": "95\u00a0% interval",
            "range": wording.interval(metrics["r2"]),
        },
        {
            "value": f"{right} of {content['n']}",
            "label": f"on the right side of {content['threshold']:g} eV",
            "note": "95\u00a0% interval",
            "range": _percent_interval(metrics["accuracy"]),
        },
        {
            "value": "10",
            "power": wording.number(decades["value"], decimals=1),
            "label": "times too fast or too slow: median error of the hopping rate at 300 K",
            "note": "exponent: 95\u00a0% interval",
            "range": wording.interval(decades),
        },
        {
            "value": wording.quantity(bias["value"], "eV", sign=True),
            "label": f"mean error: barriers come out {lean}",
            "note": "95\u00a0% interval",
            "range": wording.interval(bias, sign=True),
        },
    ]


def _percent_interval(estimate: Interval) -> str:
    if estimate["low"] is None or estimate["high"] is None:
        return wording.UNDEFINED
    return f"{wording.percent(estimate['low'])} to {wording.percent(estimate['high'])}"

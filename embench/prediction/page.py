"""The page of a prediction: the network in 3D, hops with their intervals, relatives and warnings, in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from embench.prediction.figures import HOP_COLOURS, figures
from embench.web.bars import Bar, Scale, bar
from embench.web.libraries import environment, plotly_js
from embench.web.palette import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from embench.prediction.documents import HopDocument, PredictionDocument
    from embench.web.theme import Figure


class HopRow(TypedDict):
    """One hop, the bar of its interval, and the colour of its lines."""

    hop: HopDocument
    bar: Bar | None
    colour: str


class PageContext(TypedDict):
    """What ``prediction.html.j2`` is given."""

    content: PredictionDocument
    rows: list[HopRow]
    sentences: list[str]
    remarks: list[str]
    figures: dict[str, Figure]
    light: str
    dark: str
    plotly_js: str


def page(content: PredictionDocument) -> str:
    """Return the page of a document; it shows nothing else, and carries it.

    Raises :class:`~embench.errors.MissingDependencyError` where jinja2 or plotly is not installed.
    """
    template = environment("embench.prediction", "embench.report").get_template("prediction.html.j2")
    context = page_context(content)
    return template.render(context)


def page_context(content: PredictionDocument) -> PageContext:
    """Return what the template is given."""
    highest = max([content["threshold"], *(hop["high"] for hop in content["hops"])])
    scale = Scale(0.0, highest)
    return PageContext(
        content=content,
        rows=[
            HopRow(
                hop=hop,
                bar=bar(
                    {"value": hop["barrier"], "low": hop["low"], "high": hop["high"]}, scale, mark=content["threshold"]
                ),
                colour=HOP_COLOURS[hop["number"] % len(HOP_COLOURS)],
            )
            for hop in content["hops"]
        ],
        sentences=list(dict.fromkeys(hop["kin"]["sentence"] for hop in content["hops"])),
        remarks=list(dict.fromkeys(text for hop in content["hops"] for text in (*hop["warnings"], *hop["notes"]))),
        figures=figures(content),
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        plotly_js=plotly_js(),
    )

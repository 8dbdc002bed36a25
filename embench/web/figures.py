"""The plots of the page, as plain data for plotly.js."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from embench.web.parity import Entries, Hover, parity
from embench.web.theme import Figure, axis, hover_text, layout, note
from embench.web.wording import count

if TYPE_CHECKING:
    from embench.common.json_types import Json, JsonObject
    from embench.schema.documents import CalibrationPoint, EvaluationDocument

_ERROR = "Error: prediction − target (eV)"
# Errors beyond this many times the 95th percentile of |error| are drawn at the edge: a few would flatten the rest.
_EDGE = 2.5
# Boxes over fewer points than this would be drawn from nothing but those points.
_FEWEST_FOR_BOX = 5
_ROW_HEIGHT = 34  # px


def figures(content: EvaluationDocument, *, hover: Hover = hover_text) -> dict[str, Figure]:
    """Return all plots of a document by name; `hover` is what their points carry as ``hovertext``."""
    entries, threshold, mae = content["entries"], content["threshold"], content["metrics"]["mae"]["value"]
    found = {
        "parity-log": parity(entries, threshold=threshold, scale="log", hover=hover),
        "parity-linear": parity(entries, threshold=threshold, scale="linear", hover=hover),
        "errors-by-ion": errors_by(entries, "mobile_ion", mae, hover=hover),
        "errors-by-class": errors_by(entries, "structure_class", mae, hover=hover),
    }
    if content["calibration"]:
        found |= {"calibration": calibration(content["calibration"]), "sigma": error_and_sigma(entries, hover=hover)}
    return found


def error_limit(entries: Entries) -> float:
    """Return the largest absolute error (eV) that the plots of errors show in its place."""
    ordered = sorted(abs(entry["error"]) for entry in entries)
    return float(min(ordered[-1], _EDGE * ordered[int(0.95 * (len(ordered) - 1))])) or 1.0


def errors_by(
    entries: Entries, column: Literal["mobile_ion", "structure_class"], mae: float | None, *, hover: Hover = hover_text
) -> Figure:
    """Return the errors, one row for each value of `column`: every entry as a point, a box over them."""
    limit = error_limit(entries)
    sizes = Counter(entry[column] for entry in entries)
    rows = sorted(sizes, key=lambda value: (-sizes[value], value))
    traces: list[JsonObject] = []
    for value in reversed(rows):  # plotly fills an axis from below
        members = [entry for entry in entries if entry[column] == value]
        traces.append(
            {
                "type": "box",
                "orientation": "h",
                "name": f"{value} ({sizes[value]})",
                "x": [max(-limit, min(limit, entry["error"])) for entry in members],
                "hovertext": [hover(entry) for entry in members],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "hoveron": "points",
                "boxpoints": "all",
                "jitter": 0.6,
                "pointpos": 0,
                "marker": {"color": "--blue", "size": 6, "opacity": 0.65},
                "line": {"color": "--muted", "width": 1.2 if len(members) >= _FEWEST_FOR_BOX else 0},
                "fillcolor": "rgba(0,0,0,0)",
                "showlegend": False,
            }
        )
    band: JsonObject = {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": -(mae or 0.0),
        "x1": mae or 0.0,
        "y0": 0,
        "y1": 1,
        "fillcolor": "--right",
        "line": {"width": 0},
    }
    return {
        "data": traces,
        "layout": layout(
            xaxis=axis(_ERROR, zeroline=True, zerolinewidth=2, range=[-1.06 * limit, 1.06 * limit]),
            yaxis=axis("", ticks="", tickfont={"size": 12}, showgrid=False),
            height=_ROW_HEIGHT * len(rows) + 80,
            shapes=[band],
        ),
    }


def calibration(points: Sequence[CalibrationPoint]) -> Figure:
    """Return the observed coverage of the central intervals over the expected one."""
    ideal: JsonObject = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "--axis", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    curve: JsonObject = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [0, *(point["expected"] for point in points)],
        "y": [0, *(point["observed"] for point in points)],
        "line": {"color": "--blue", "width": 2},
        "marker": {"color": "--blue", "size": 7},
        "hovertemplate": "expected %{x:.0%}, observed %{y:.0%}<extra></extra>",
        "showlegend": False,
    }
    share: dict[str, Json] = {"range": [-0.02, 1.02], "tickformat": ".0%", "constrain": "domain", "zeroline": False}
    notes = [note(0.04, 0.96, "intervals too wide", "left"), note(0.96, 0.04, "intervals too narrow", "right")]
    return {
        "data": [ideal, curve],
        "layout": layout(
            xaxis=axis("Probability of the central interval", **share),
            yaxis=axis("Share of targets inside", scaleanchor="x", **share),
            annotations=notes,
        ),
    }


def error_and_sigma(entries: Entries, *, hover: Hover = hover_text) -> Figure:
    """Return |error| over the predicted standard deviation, with the lines of one and two of them."""
    known = [(entry, sigma) for entry in entries if (sigma := entry["uncertainty"]) is not None]
    top = max(sigma for _, sigma in known) * 1.05
    lines: list[JsonObject] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [0, top],
            "y": [0, factor * top],
            "line": {"color": "--axis", "width": 1.5, "dash": dash},
            "name": name,
            "hoverinfo": "skip",
        }
        for factor, dash, name in ((1.0, "dash", "|error| = σ"), (2.0, "dot", "|error| = 2σ"))
    ]
    points: JsonObject = {
        "type": "scatter",
        "mode": "markers",
        "x": [sigma for _, sigma in known],
        "y": [abs(entry["error"]) for entry, _ in known],
        "hovertext": [hover(entry) for entry, _ in known],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"color": "--blue", "size": 7, "opacity": 0.7},
        "showlegend": False,
    }
    return {
        "data": [*lines, points],
        "layout": layout(
            xaxis=axis("Predicted σ (eV)", rangemode="tozero"), yaxis=axis("|Error| (eV)", rangemode="tozero")
        ),
    }


def beyond_limit(entries: Entries) -> str:
    """Return how many errors the plots of errors draw at their edges, in words; nothing where there are none."""
    limit = error_limit(entries)
    hidden = sum(abs(entry["error"]) > limit for entry in entries)
    return f"{count(hidden, 'error')} beyond ±{limit:.2f} eV: drawn at the edge." if hidden else ""

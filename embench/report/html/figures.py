"""The plots of the page, as plain data for plotly.js."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

from embench.report.html.theme import axis, hover_text, ion_marker, layout
from embench.report.html.wording import count

Entries = Sequence[Mapping[str, Any]]
Figure = dict[str, Any]

_TARGET = "Target E<sub>m</sub> from DFT-NEB (eV)"
_PREDICTION = "Predicted E<sub>m</sub> (eV)"
_ERROR = "Error: prediction − target (eV)"
# Boxes over fewer points than this would be drawn from nothing but those points.
_FEWEST_FOR_BOX = 5
_ROW_HEIGHT = 34  # px


def figures(content: Mapping[str, Any]) -> dict[str, Figure]:
    """Return all plots of a document by name."""
    entries = content["entries"]
    found = {
        "parity-log": parity(entries, threshold=content["threshold"], scale="log"),
        "parity-linear": parity(entries, threshold=content["threshold"], scale="linear"),
        "errors-by-ion": errors_by(entries, "mobile_ion", content["metrics"]["mae"]["value"]),
        "errors-by-class": errors_by(entries, "structure_class", content["metrics"]["mae"]["value"]),
    }
    if content["calibration"]:
        found |= {"calibration": calibration(content["calibration"]), "sigma": error_and_sigma(entries)}
    return found


def axis_range(entries: Entries, *, scale: str) -> tuple[float, float]:
    """Return the lowest and highest barrier (eV) that both axes of the parity plot show.

    Logarithmic axes are set by the targets: a prediction near zero would stretch them without end, and one below
    cannot be shown.
    """
    targets = [entry["target"] for entry in entries]
    predictions = [entry["prediction"] for entry in entries]
    highest = max(*targets, *predictions)
    if scale == "log":
        return 0.7 * min(value for value in targets if value > 0.0), 1.3 * highest
    lowest = min(0.0, *targets, *predictions)
    margin = 0.04 * (highest - lowest)
    return lowest - margin, highest + margin


def parity(entries: Entries, *, threshold: float, scale: str) -> Figure:
    """Return predictions over targets, one trace for each migrating ion; `scale` is ``log`` or ``linear``."""
    low, high = axis_range(entries, scale=scale)
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "x": [low, high],
        "y": [low, high],
        "line": {"color": "--axis", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    ions = Counter(entry["mobile_ion"] for entry in entries)
    traces = [_ion_trace([e for e in entries if e["mobile_ion"] == ion], low) for ion, _ in ions.most_common()]
    return {
        "data": [diagonal, *traces],
        "layout": layout(
            xaxis=_barrier_axis(_TARGET, scale, low, high, constrain="domain"),
            yaxis=_barrier_axis(_PREDICTION, scale, low, high, constrain="domain", scaleanchor="x"),
            shapes=_quadrants(threshold, low, high),
            annotations=_quadrant_labels(entries, threshold),
        ),
    }


def errors_by(entries: Entries, column: str, mae: float | None) -> Figure:
    """Return the errors, one row for each value of `column`: every entry as a point, a box over them."""
    sizes = Counter(entry[column] for entry in entries)
    rows = sorted(sizes, key=lambda value: (-sizes[value], value))
    traces = []
    for value in reversed(rows):  # plotly fills an axis from below
        members = [entry for entry in entries if entry[column] == value]
        traces.append(
            {
                "type": "box",
                "orientation": "h",
                "name": f"{value} ({sizes[value]})",
                "x": [entry["error"] for entry in members],
                "hovertext": [hover_text(entry) for entry in members],
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
    band = {
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
            xaxis=axis(_ERROR, zeroline=True, zerolinewidth=2),
            yaxis=axis("", ticks="", tickfont={"size": 12}, showgrid=False),
            height=_ROW_HEIGHT * len(rows) + 80,
            shapes=[band],
        ),
    }


def calibration(points: Sequence[Mapping[str, float]]) -> Figure:
    """Return the observed coverage of the central intervals over the expected one."""
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "--axis", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    curve = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [0, *(point["expected"] for point in points)],
        "y": [0, *(point["observed"] for point in points)],
        "line": {"color": "--blue", "width": 2},
        "marker": {"color": "--blue", "size": 7},
        "hovertemplate": "expected %{x:.0%}, observed %{y:.0%}<extra></extra>",
        "showlegend": False,
    }
    share = {"range": [-0.02, 1.02], "tickformat": ".0%", "constrain": "domain", "zeroline": False}
    notes = [_note(0.04, 0.96, "intervals too wide", "left"), _note(0.96, 0.04, "intervals too narrow", "right")]
    return {
        "data": [ideal, curve],
        "layout": layout(
            xaxis=axis("Probability of the central interval", **share),
            yaxis=axis("Share of targets inside", scaleanchor="x", **share),
            annotations=notes,
        ),
    }


def error_and_sigma(entries: Entries) -> Figure:
    """Return |error| over the predicted standard deviation, with the lines of one and two of them."""
    top = max(entry["uncertainty"] for entry in entries) * 1.05
    lines = [
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
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [entry["uncertainty"] for entry in entries],
        "y": [abs(entry["error"]) for entry in entries],
        "hovertext": [hover_text(entry) for entry in entries],
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


def _ion_trace(entries: Entries, low: float) -> dict[str, Any]:
    colour, symbol = ion_marker(entries[0]["mobile_ion"])
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{entries[0]['mobile_ion']} ({len(entries)})",
        "x": [entry["target"] for entry in entries],
        # Drawn at the lower edge where they are below it; the text tells the true value.
        "y": [max(entry["prediction"], low) for entry in entries],
        "hovertext": [hover_text(entry) for entry in entries],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
        "marker": {
            "color": colour,
            "symbol": [_symbol(symbol, entry, low) for entry in entries],
            "size": 9 if len(entries) < 100 else 7,
            "opacity": 0.85,
            "line": {"width": 0.8, "color": "--surface"},
        },
    }


def _symbol(symbol: str, entry: Mapping[str, Any], low: float) -> str:
    if entry["prediction"] < low:
        return "triangle-down"
    return f"{symbol}-open" if entry["filled"] else symbol


def _barrier_axis(title: str, scale: str, low: float, high: float, **settings: Any) -> dict[str, Any]:
    if scale == "log":
        ticks = [value for value in (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if low <= value <= high]
        settings |= {
            "type": "log",
            "range": [log10(low), log10(high)],
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
        }
    else:
        settings |= {"range": [low, high], "zeroline": low < 0.0}
    return axis(title, **settings)


def _quadrants(threshold: float, low: float, high: float) -> list[dict[str, Any]]:
    """Return the areas on the right and on the wrong side of the threshold, and its two lines."""
    below, above = (low, threshold), (threshold, high)
    areas = [
        (below, below, "--right"),
        (above, above, "--right"),
        (below, above, "--wrong"),
        (above, below, "--wrong"),
    ]
    line = {"color": "--axis", "width": 1, "dash": "dot"}
    return [
        *(
            _shape("rect", x0=x[0], x1=x[1], y0=y[0], y1=y[1], fillcolor=fill, line={"width": 0})
            for x, y, fill in areas
        ),
        _shape("line", x0=threshold, x1=threshold, y0=low, y1=high, line=line),
        _shape("line", x0=low, x1=high, y0=threshold, y1=threshold, line=line),
    ]


def _shape(kind: str, **settings: Any) -> dict[str, Any]:
    return {"type": kind, "layer": "below", "xref": "x", "yref": "y", **settings}


def _quadrant_labels(entries: Entries, threshold: float) -> list[dict[str, Any]]:
    sides = Counter((entry["target"] < threshold, entry["prediction"] < threshold) for entry in entries)
    return [
        _note(0.02, 0.02, f"rightly low: {sides[True, True]}", "left"),
        _note(0.02, 0.98, f"wrongly high: {sides[True, False]}", "left"),
        _note(0.98, 0.02, f"wrongly low: {sides[False, True]}", "right"),
        _note(0.98, 0.98, f"rightly high: {sides[False, False]}", "right"),
    ]


def _note(x: float, y: float, text: str, side: str) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "xref": "x domain",
        "yref": "y domain",
        "xanchor": side,
        "yanchor": "bottom" if y < 0.5 else "top",
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": "--muted"},
    }


def below_range(entries: Entries) -> str:
    """Return how many predictions the logarithmic axes cannot show, in words; nothing where there are none."""
    low, _ = axis_range(entries, scale="log")
    hidden = sum(entry["prediction"] < low for entry in entries)
    if not hidden:
        return ""
    return f"{count(hidden, 'prediction')} below {low:.2g} eV drawn as triangles at the lower edge of the logarithmic plot."

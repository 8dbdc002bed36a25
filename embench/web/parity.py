"""The plot of predictions over targets, as plain data for plotly.js."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import log10
from typing import TYPE_CHECKING, Literal, TypeAlias

from embench.web.theme import Figure, axis, hover_text, ion_marker, layout, note
from embench.web.wording import count

if TYPE_CHECKING:
    from embench.common.json_types import Json, JsonObject
    from embench.schema.documents import EntryDocument

Entries: TypeAlias = "Sequence[EntryDocument]"
Hover: TypeAlias = "Callable[[EntryDocument], Json]"
AxisScale = Literal["log", "linear"]

_TARGET = "Target E<sub>m</sub> from DFT-NEB (eV)"
_PREDICTION = "Predicted E<sub>m</sub> (eV)"


def axis_range(entries: Entries, *, scale: AxisScale) -> tuple[float, float]:
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


def parity(entries: Entries, *, threshold: float, scale: AxisScale, hover: Hover = hover_text) -> Figure:
    """Return predictions over targets, one trace for each migrating ion; `scale` is ``log`` or ``linear``.

    `hover` is what a point carries as ``hovertext``.
    """
    low, high = axis_range(entries, scale=scale)
    diagonal: JsonObject = {
        "type": "scatter",
        "mode": "lines",
        "x": [low, high],
        "y": [low, high],
        "line": {"color": "--axis", "width": 1.5},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    ions = Counter(entry["mobile_ion"] for entry in entries)
    traces = [_ion_trace([e for e in entries if e["mobile_ion"] == ion], low, hover) for ion, _ in ions.most_common()]
    return {
        "data": [diagonal, *traces],
        "layout": layout(
            xaxis=_barrier_axis(_TARGET, scale, low, high, constrain="domain"),
            yaxis=_barrier_axis(_PREDICTION, scale, low, high, constrain="domain", scaleanchor="x"),
            shapes=_quadrants(threshold, low, high),
            annotations=_quadrant_labels(entries, threshold),
        ),
    }


def _ion_trace(entries: Entries, low: float, hover: Hover) -> JsonObject:
    colour, symbol = ion_marker(entries[0]["mobile_ion"])
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{entries[0]['mobile_ion']} ({len(entries)})",
        "x": [entry["target"] for entry in entries],
        # Drawn at the lower edge where they are below it; the text tells the true value.
        "y": [max(entry["prediction"], low) for entry in entries],
        "hovertext": [hover(entry) for entry in entries],
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


def _symbol(symbol: str, entry: EntryDocument, low: float) -> str:
    if entry["prediction"] < low:
        return "triangle-down"
    return f"{symbol}-open" if entry["filled"] else symbol


def _barrier_axis(title: str, scale: AxisScale, low: float, high: float, **settings: Json) -> JsonObject:
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


def _quadrants(threshold: float, low: float, high: float) -> list[JsonObject]:
    """Return the areas on the right and on the wrong side of the threshold, and its two lines."""
    below, above = (low, threshold), (threshold, high)
    areas = [
        (below, below, "--right"),
        (above, above, "--right"),
        (below, above, "--wrong"),
        (above, below, "--wrong"),
    ]
    line: JsonObject = {"color": "--axis", "width": 1, "dash": "dot"}
    return [
        *(
            _shape("rect", x0=x[0], x1=x[1], y0=y[0], y1=y[1], fillcolor=fill, line={"width": 0})
            for x, y, fill in areas
        ),
        _shape("line", x0=threshold, x1=threshold, y0=low, y1=high, line=line),
        _shape("line", x0=low, x1=high, y0=threshold, y1=threshold, line=line),
    ]


def _shape(kind: str, **settings: Json) -> JsonObject:
    return {"type": kind, "layer": "below", "xref": "x", "yref": "y", **settings}


def _quadrant_labels(entries: Entries, threshold: float) -> list[JsonObject]:
    sides = Counter((entry["target"] < threshold, entry["prediction"] < threshold) for entry in entries)
    return [
        note(0.02, 0.02, f"rightly low: {sides[True, True]}", "left"),
        note(0.02, 0.98, f"wrongly high: {sides[True, False]}", "left"),
        note(0.98, 0.02, f"wrongly low: {sides[False, True]}", "right"),
        note(0.98, 0.98, f"rightly high: {sides[False, False]}", "right"),
    ]


def below_range(entries: Entries) -> str:
    """Return how many predictions the logarithmic axes cannot show, in words; nothing where there are none."""
    low, _ = axis_range(entries, scale="log")
    hidden = sum(entry["prediction"] < low for entry in entries)
    if not hidden:
        return ""
    return f"{count(hidden, 'prediction')} too low for the logarithmic plot: triangles at its lower edge."

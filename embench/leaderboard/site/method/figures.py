"""The plots of the method page, as plain data for plotly.js."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from embench.leaderboard.site.scores import KINDS
from embench.web.theme import Figure, axis, layout
from embench.web.wording import number

if TYPE_CHECKING:
    from embench.common.json_types import JsonObject
    from embench.dataset import Dataset
    from embench.leaderboard.board.documents import BoardDocument, BoardRow, ProtocolSection

STEPS = ("random-10fold", "host-10fold", "prototype-10fold")
"""The protocols of the plot of leakage, from the easiest to the hardest."""

_ROW = 26  # px
# The plot of leakage ends at this multiple of the error of the training median.
_HIGHEST = 1.6
_BINS = 28
# In which names that overlap are moved apart.
_ROUNDS = 200
# Symbols for the systems of the plot of leakage, each with a colour.
_MARKS = (
    ("--blue", "circle"),
    ("--vermilion", "square"),
    ("--green", "diamond"),
    ("--purple", "triangle-up"),
    ("--orange", "triangle-down"),
    ("--sky", "pentagon"),
    ("--text", "star"),
)


def distribution(data: Dataset, threshold: float) -> Figure:
    """Return how many entries have which barrier, on a logarithmic axis, divided at `threshold` (eV)."""
    barriers = data.column("migration_barrier")
    lowest, highest = np.log10(barriers.min()), np.log10(barriers.max())
    width = (highest - lowest) / _BINS
    # An edge at the threshold, so that no bar belongs to both sides.
    first = np.log10(threshold) - width * np.ceil((np.log10(threshold) - lowest) / width)
    edges = first + width * np.arange(_BINS + 3)
    counts, _ = np.histogram(np.log10(barriers), bins=edges)
    bars = [
        (10 ** ((low + high) / 2), 10**high - 10**low, int(count), 10**low, 10**high)
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]
    traces: list[JsonObject] = []
    for name, colour, chosen in (
        (f"below {threshold:g} eV", "--blue", [bar for bar in bars if bar[0] < threshold]),
        (f"{threshold:g} eV and above", "--orange", [bar for bar in bars if bar[0] >= threshold]),
    ):
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": [round(bar[0], 5) for bar in chosen],
                "width": [round(0.92 * bar[1], 5) for bar in chosen],
                "y": [bar[2] for bar in chosen],
                "hovertext": [f"{bar[2]} entries from {bar[3]:.2g} to {bar[4]:.2g} eV" for bar in chosen],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "marker": {"color": colour},
            }
        )
    ticks = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]
    return {
        "data": traces,
        "layout": layout(
            xaxis=axis(
                "Migration barrier E<sub>m</sub> (eV), logarithmic",
                type="log",
                tickvals=ticks,
                ticktext=[f"{tick:g}" for tick in ticks],
                showgrid=False,
            ),
            yaxis=axis("Entries"),
            bargap=0,
            height=300,
        ),
    }


def error_growth(content: BoardDocument) -> tuple[Figure | None, list[str]]:
    """Return the MAE of every system over the protocols of STEPS, and the names of those beyond the plot.

    There is no figure where the board has fewer than two of these protocols.
    """
    sections = {section["name"]: section for section in content["protocols"]}
    steps = [name for name in STEPS if name in sections]
    if len(steps) < 2:
        return None, []
    errors = {
        name: {row["slug"]: mae for row in sections[name]["rows"] if (mae := _mae(row)) is not None} for name in steps
    }
    medians = [found for name in steps if (found := sections[name]["reference"]["mae"]) is not None]
    top = _HIGHEST * max(medians)
    everywhere = [slug for slug in errors[steps[0]] if all(slug in errors[name] for name in steps)]
    shown = [slug for slug in everywhere if min(errors[name][slug].value for name in steps) <= top]
    traces: list[JsonObject] = []
    ends: list[tuple[float, str]] = []
    marks = iter(_MARKS)
    for position, slug in enumerate(shown):
        submission = content["submissions"][slug]
        trained = submission["kind"] in ("property-model", "hybrid")
        colour, symbol = next(marks, ("--grey", "cross")) if trained else ("--grey", KINDS[submission["kind"]].symbol)
        estimates = [errors[name][slug] for name in steps]
        traces.append(
            {
                **_line(submission["name"], steps, estimates, colour, symbol, dashed=not trained),
                "x": [round(step + 0.025 * (position - len(shown) / 2), 3) for step in range(len(steps))],
            }
        )
        ends.append((estimates[-1].value, _short(submission["name"], 22)))
    titles = [escape(sections[name]["title"]).replace(" ", "<br>", 1) for name in steps]
    figure: Figure = {
        "data": traces,
        "layout": layout(
            xaxis=axis(
                "",
                tickvals=list(range(len(steps))),
                ticktext=titles,
                tickangle=0,
                showgrid=False,
                zeroline=False,
                range=[-0.3, len(steps) + 0.3],
            ),
            yaxis=axis("Mean absolute error (eV)", range=[0, round(top, 2)]),
            height=480,
            showlegend=False,
            annotations=_names(ends, x=len(steps) - 0.87, top=top),
        ),
    }
    beyond = [content["submissions"][slug]["name"] for slug in everywhere if slug not in shown]
    return figure, beyond


class _Mae(NamedTuple):
    """A mean absolute error with its interval, eV; one without an interval has its value for both ends."""

    value: float
    low: float
    high: float


def _mae(row: BoardRow) -> _Mae | None:
    found = row["metrics"]["mae"]
    if found is None or found["value"] is None:
        return None
    value, low, high = found["value"], found["low"], found["high"]
    return _Mae(value, value if low is None else low, value if high is None else high)


def _names(ends: Sequence[tuple[float, str]], *, x: float, top: float) -> list[JsonObject]:
    """Return the names of the lines beside their last points, moved apart where they would overlap."""
    gap = 0.045 * top
    ordered = sorted(ends)
    places = [value for value, _ in ordered]
    for _ in range(_ROUNDS):
        for below in range(len(places) - 1):
            overlap = gap - (places[below + 1] - places[below])
            if overlap > 0.0:
                places[below] -= overlap / 2
                places[below + 1] += overlap / 2
    return [
        {
            "x": x,
            "y": round(place, 4),
            "xref": "x",
            "yref": "y",
            "xanchor": "left",
            "yanchor": "middle",
            "text": text,
            "showarrow": False,
            "font": {"size": 12, "color": "--text"},
        }
        for place, (_, text) in zip(places, ordered, strict=True)
    ]


def _line(
    name: str, steps: Sequence[str], estimates: Sequence[_Mae], colour: str, symbol: str, *, dashed: bool
) -> JsonObject:
    values = [estimate.value for estimate in estimates]
    lows = [estimate.low for estimate in estimates]
    highs = [estimate.high for estimate in estimates]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": escape(name),
        "y": values,
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(high - value, 6) for high, value in zip(highs, values, strict=True)],
            "arrayminus": [round(value - low, 6) for low, value in zip(lows, values, strict=True)],
            "thickness": 1,
            "width": 3,
            "color": colour,
        },
        "hovertext": [
            f"<b>{escape(name)}</b><br>{step}<br>MAE {number(value)} eV, {number(low)} to {number(high)}"
            for step, value, low, high in zip(steps, values, lows, highs, strict=True)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "line": {"color": colour, "width": 1.5 if dashed else 2.2, "dash": "dot" if dashed else "solid"},
        "marker": {"color": colour, "symbol": symbol, "size": 9},
    }


def _known(rank: float | None) -> float:
    assert rank is not None, "a row with a rank has its interval too"
    return rank


def rank_intervals(section: ProtocolSection, names: Mapping[str, str]) -> Figure:
    """Return the rank intervals of the systems of one protocol, the best on top; filled: tied with the best.

    Systems without a rank are left out.
    """
    rows = [row for row in reversed(section["rows"]) if row["rank"] is not None]
    labels = [_short(names[row["slug"]]) for row in rows]
    best = [row["best_set"] for row in rows]
    ranks = [_known(row["rank"]) for row in rows]
    ends = [(_known(row["rank_low"]), _known(row["rank_high"])) for row in rows]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": ranks,
                "y": list(range(len(rows))),
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [high - rank for rank, (_, high) in zip(ranks, ends, strict=True)],
                    "arrayminus": [rank - low for rank, (low, _) in zip(ranks, ends, strict=True)],
                    "thickness": 5,
                    "width": 0,
                    "color": "--axis",
                },
                "hovertext": [
                    f"<b>{escape(names[row['slug']])}</b><br>rank {rank:g}, 95 % interval "
                    f"{low:g} to {high:g}<br>MAE {number(mae and mae.value)} eV"
                    for row, rank, (low, high), mae in zip(rows, ranks, ends, map(_mae, rows), strict=True)
                ],
                "hovertemplate": "%{hovertext}<extra></extra>",
                "marker": {
                    "size": 11,
                    "color": ["--blue" if each else "--surface" for each in best],
                    "line": {"color": "--blue", "width": 2},
                },
                "showlegend": False,
            }
        ],
        "layout": layout(
            xaxis=axis("Rank", dtick=1 if len(rows) < 10 else 2, range=[0.4, len(rows) + 0.6], zeroline=False),
            yaxis=axis("", tickvals=list(range(len(rows))), ticktext=labels, ticks="", showgrid=False, zeroline=False),
            height=_ROW * len(rows) + 80,
        ),
    }


def _short(name: str, most: int = 26) -> str:
    return escape(name if len(name) <= most else f"{name[: most - 1]}…")

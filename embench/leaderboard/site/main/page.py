"""The main page: what the barrier is, and a table of all systems for each protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.common.files import write_text
from embench.leaderboard.site.assets import environment, write_data
from embench.leaderboard.site.main import rows as main_rows
from embench.leaderboard.site.scores import KINDS, Axis, Score, first_order
from embench.metrics.regression import EV_PER_DECADE
from embench.web.tables import FAMILIES, explanation
from embench.web.theme import axis, layout

if TYPE_CHECKING:
    from embench.leaderboard.board import Board


def write_main(board: Board, folder: Path) -> None:
    """Write ``index.html`` and the scores that its script shows when another metric is chosen.

    Raises
    ------
    MissingDependencyError
        jinja2 is not installed.
    OutputError
        `folder` cannot be written.
    """
    content = board.content
    protocols = [
        {
            "about": protocol,
            "axes": (axes := main_rows.axes(content, protocol)),
            "rows": main_rows.rows(content, protocol, axes),
        }
        for protocol in content["protocols"]
    ]
    known = main_rows.metrics(content)
    page = (
        environment()
        .get_template("main.html.j2")
        .render(
            root="",
            page="leaderboard",
            content=content,
            protocols=protocols,
            kinds={name: kind for name, kind in KINDS.items() if name in _kinds_of(content)},
            metrics={
                name: {**metric, "explanation": explanation(metric), "first": first_order(metric)}
                for name, metric in known.items()
            },
            families=_families(known, protocols),
            chosen=main_rows.DEFAULT_METRIC,
            columns=main_rows.COLUMNS,
            resolution=main_rows.resolution,
            decade=f"{EV_PER_DECADE:.2f}",
        )
    )
    write_text(folder / "index.html", page)
    write_data(folder / "assets" / "board.js", "board", _data(known, protocols))


def _kinds_of(content: Mapping[str, Any]) -> set[str]:
    return {submission["kind"] for submission in content["submissions"].values()}


def _families(known: Mapping[str, Mapping[str, Any]], protocols: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the metrics that can be chosen, by family."""
    used = {name for protocol in protocols for name in protocol["axes"]}
    order = list(FAMILIES)
    found = sorted((m for m in known.values() if m["name"] in used), key=lambda metric: order.index(metric["family"]))
    return [
        {"title": FAMILIES[family], "metrics": list(members)}
        for family, members in groupby(found, key=lambda metric: metric["family"])
    ]


def _data(known: Mapping[str, Mapping[str, Any]], protocols: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the script of the page needs, for each protocol and metric."""
    return {
        "metrics": {
            name: {
                "title": metric["title"],
                "symbol": metric["symbol"],
                "unit": metric["unit"],
                "explanation": explanation(metric),
                "better": metric["direction"],
                "first": first_order(metric),
            }
            for name, metric in known.items()
        },
        "kinds": {name: {"title": k.title, "colour": k.colour, "symbol": k.symbol} for name, k in KINDS.items()},
        "layout": {"frame": layout(), "axis": axis("")},
        "protocols": {
            protocol["about"]["name"]: {
                "axes": {name: _axis(found) for name, found in protocol["axes"].items()},
                "references": {name: protocol["about"]["reference"].get(name) for name in protocol["axes"]},
                "rows": {row["slug"]: _row(row, protocol["about"]) for row in protocol["rows"]},
            }
            for protocol in protocols
        },
    }


def _axis(found: Axis) -> dict[str, Any]:
    return {"ticks": found.ticks, "reference": found.reference, "text": found.reference_text}


def _row(row: Mapping[str, Any], protocol: Mapping[str, Any]) -> dict[str, Any]:
    estimates = next(found for found in protocol["rows"] if found["slug"] == row["slug"])["metrics"]
    return {
        "name": row["name"],
        "kind": row["kind"],
        "hours": row["hours"],
        "cost": row["cost"],
        "scores": {name: _score(score, estimates.get(name)) for name, score in row["scores"].items()},
    }


def _score(score: Score, estimate: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if score.bar is None or estimate is None:
        return None
    return {
        "value": score.value,
        "low": estimate["low"],
        "high": estimate["high"],
        "order": score.order,
        "text": score.text,
        "interval": score.interval,
        "place": score.bar.value,
        "range": score.bar.interval,
        "cut": [score.bar.cut_low, score.bar.cut_high],
        "off": score.off,
    }

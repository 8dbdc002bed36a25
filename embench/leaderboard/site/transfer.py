"""The second dataset on the site: a table for each of its protocols, and what a submission scores there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from urllib.parse import quote

from embench.hub.about import CODE_URL
from embench.leaderboard.board.transfer import TRANSFER_TEXT, TRANSFER_TITLE
from embench.leaderboard.site.main import rows as main_rows
from embench.leaderboard.site.scores import KINDS, Axis, Score, axis_of, score_of
from embench.web import svg
from embench.web.svg import element
from embench.web.tables import explanation
from embench.web.wording import count, number, percent

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import (
        BoardDocument,
        BoardMetric,
        CostDocument,
        TransferRow,
        TransferSection,
    )
    from embench.leaderboard.submission.model import Kind
    from embench.leaderboard.submission.origin import Origin
    from embench.schema.documents import EntryDocument, Interval

_CHOSEN = "mae"
_DECIMALS = 2
_SIZE, _LEFT, _BOTTOM, _MARGIN = 300, 42.0, 44.0, 10.0
_GRID = 3


class TransferColumn(NamedTuple):
    """A metric of the tables: how it is called, and what it means."""

    name: str
    symbol: str
    explanation: str


class TransferLine(TypedDict):
    """A line of a table: what identifies the system, its rank, its error as a bar, and the other scores as text."""

    slug: str
    name: str
    kind: Kind
    kind_title: str
    origin: Origin
    rank: str
    rank_interval: str
    mark: main_rows.Mark
    score: Score
    cells: list[str]
    predicted: str
    mae_predicted: str
    cost: str
    signs: list[str]


class TransferTable(TypedDict):
    """One protocol of the second dataset: what the board says of it, the axis of its bars, and its lines."""

    about: TransferSection
    axis: Axis
    rows: list[TransferLine]


class TransferPart(TypedDict):
    """What the second dataset is in words, its columns, and its tables; without tables there is nothing to show."""

    title: str
    text: str
    columns: list[TransferColumn]
    tables: list[TransferTable]


class TransferPlace(TypedDict):
    """What one system scores on one protocol of the second dataset: its line, and its predictions over the targets."""

    about: TransferSection
    axis: Axis
    line: TransferLine
    ranked: int
    cost: CostDocument
    file: str
    plot: Markup


def transfer_part(content: BoardDocument) -> TransferPart:
    """Return what the main page shows of the second dataset."""
    return {
        "title": TRANSFER_TITLE,
        "text": TRANSFER_TEXT,
        "columns": transfer_columns(content),
        "tables": [_table(content, section) for section in content["transfer"]],
    }


def transfer_places(board: Board, slug: str) -> list[TransferPlace]:
    """Return what the submission `slug` scores on each protocol of the second dataset that it has predictions for."""
    found: list[TransferPlace] = []
    files = board.content["submissions"][slug]["predictions"]
    folder = f"{CODE_URL}/blob/main/leaderboard/submissions/{quote(slug)}"
    for table in transfer_part(board.content)["tables"]:
        for line in table["rows"]:
            if line["slug"] == slug:
                entries = board.transfer[slug, table["about"]["name"]]["entries"]
                found.append(
                    {
                        "about": table["about"],
                        "axis": table["axis"],
                        "line": line,
                        "ranked": sum(row["rank"] is not None for row in table["about"]["rows"]),
                        "cost": next(row["cost"] for row in table["about"]["rows"] if row["slug"] == slug),
                        "file": f"{folder}/{files[table['about']['name']]}",
                        "plot": parity_plot(
                            entries, label=f"Predicted over target barriers, {table['about']['title']}"
                        ),
                    }
                )
    return found


def transfer_columns(content: BoardDocument) -> list[TransferColumn]:
    """Return the metrics of the tables, the one that is drawn first."""
    known = main_rows.metrics(content)
    return [
        TransferColumn(name, known[name]["symbol"], f"{known[name]['title']}. {explanation(known[name])}")
        for name in content["transfer_columns"]
    ]


def _table(content: BoardDocument, section: TransferSection) -> TransferTable:
    known = main_rows.metrics(content)
    estimates = [row["metrics"][_CHOSEN] for row in section["rows"]]
    axis = axis_of(known[_CHOSEN], estimates, section["reference"].get(_CHOSEN))
    lines = [_line(content, section, row, known, axis) for row in section["rows"]]
    return {"about": section, "axis": axis, "rows": lines}


def _line(
    content: BoardDocument, section: TransferSection, row: TransferRow, known: Mapping[str, BoardMetric], axis: Axis
) -> TransferLine:
    card, share = content["submissions"][row["slug"]], row["coverage"]["share"]
    own = row["mae_predicted"]
    best = row["rank"] is not None and row["slug"] == section["rows"][0]["slug"]
    return {
        "slug": row["slug"],
        "name": card["name"],
        "kind": card["kind"],
        "kind_title": KINDS[card["kind"]].title,
        "origin": card["origin"],
        "rank": main_rows.rank_text(row),
        "rank_interval": main_rows.rank_interval(row),
        "mark": "best" if best else "tied" if row["best_set"] else "",
        "score": score_of(known[_CHOSEN], row["metrics"][_CHOSEN], axis),
        "cells": [_text(row["metrics"][name]) for name in content["transfer_columns"] if name != _CHOSEN],
        "predicted": percent(share),
        "mae_predicted": "" if own is None else f"{number(own['value'], decimals=_DECIMALS)} eV on these",
        "cost": main_rows.short_cost(row["cost"]),
        "signs": row["signs"],
    }


def _text(estimate: Interval | None) -> str:
    return number(None if estimate is None else estimate["value"], decimals=_DECIMALS)


def parity_plot(entries: Sequence[EntryDocument], *, label: str) -> Markup:
    """Return predictions over targets (eV) as a drawing of some kilobytes that needs no script.

    Both axes have one scale. What was not predicted is left out, as its stand-in is no prediction.
    """
    given = [(entry["target"], entry["prediction"]) for entry in entries if not entry["filled"]]
    high = max((max(pair) for pair in given), default=1.0)
    low = min(0.0, min((min(pair) for pair in given), default=0.0))
    x = svg.Axis(low, high, _LEFT, _SIZE - _MARGIN)
    y = svg.Axis(low, high, _SIZE - _BOTTOM, _MARGIN)
    # Dots on a coarse grid, each a line of no length with round ends and moved to from the one before: that is short.
    spots = {(round(x.place(target) / _GRID), round(y.place(prediction) / _GRID)) for target, prediction in given}
    before, moves = (0, 0), []
    for spot in sorted(spots):
        moves.append(f"m{spot[0] - before[0]} {spot[1] - before[1]}h0")
        before = spot
    parts = [*_frame(x, y), element("path", d="".join(moves), class_="cloud", transform=f"scale({_GRID})")]
    told = f"{label}: {count(len(given), 'prediction')}"
    return element("svg", *parts, viewBox=f"0 0 {_SIZE} {_SIZE}", role="img", aria_label=told, class_="chart")


def _frame(x: svg.Axis, y: svg.Axis) -> Iterator[Markup]:
    bottom = _SIZE - _BOTTOM
    for value in svg.ticks(x.low, x.high):
        across, up = x.place(value), y.place(value)
        yield element("line", x1=_LEFT, x2=_SIZE - _MARGIN, y1=up, y2=up, class_="grid")
        yield element("text", f"{value:g}", x=_LEFT - 6, y=up + 4, text_anchor="end", class_="tick")
        yield element("text", f"{value:g}", x=across, y=bottom + 16, text_anchor="middle", class_="tick")
    yield element("line", x1=_LEFT, x2=_SIZE - _MARGIN, y1=bottom, y2=bottom, class_="axis-line")
    yield element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.end, class_="median")
    middle = math.floor((_LEFT + _SIZE - _MARGIN) / 2)
    yield element("text", "target (eV)", x=middle, y=bottom + 36, text_anchor="middle")
    yield element("text", "predicted (eV)", x=0, y=0, transform=f"translate(12 {middle - 30}) rotate(-90)",
                  text_anchor="middle")  # fmt: skip

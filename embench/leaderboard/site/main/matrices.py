"""The tables of the main page that are read as pictures: ranks by protocol, and errors by ion and class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.site.main import rows as main_rows
from embench.web.wording import number

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument, BoardRow

# A group that is smaller is left out of the heat map: one entry can change its figure.
_FEWEST = 10
_DIMENSIONS: tuple[Literal["mobile_ion", "structure_class"], ...] = ("mobile_ion", "structure_class")


class RankCell(TypedDict):
    """The place of a system on a protocol; `share` is how deep it is shaded, in percent, and None where it has none."""

    rank: str
    interval: str
    mae: str
    share: int | None
    best: bool


class RankRow(TypedDict):
    """A system and its places on all protocols."""

    slug: str
    name: str
    cells: list[RankCell]


class HeatCell(TypedDict):
    """The MAE (eV) of a system on a group of entries; `share` is how deep it is shaded, in percent."""

    text: str
    share: int


class HeatColumn(TypedDict):
    """A group of entries: `title`, and how many of them there are; `first` of its dimension."""

    title: str
    n: int
    first: bool


class HeatRow(TypedDict):
    """A system and its errors on all groups."""

    slug: str
    name: str
    cells: list[HeatCell]


class HeatMap(TypedDict):
    """Errors by ion and class; `limit` (eV) is the error from which on a cell has the deepest shade."""

    columns: list[HeatColumn]
    rows: list[HeatRow]
    limit: float
    small: int


def rank_matrix(content: BoardDocument) -> list[RankRow]:
    """Return all systems, by their mean standing among those of their protocols, with their place on each."""
    placed = {section["name"]: {row["slug"]: row for row in section["rows"]} for section in content["protocols"]}

    def standing(slug: str) -> tuple[bool, float, str]:
        main = placed[content["protocols"][0]["name"]]
        # Whoever has the main protocol stands by it; the others follow by their first one.
        if slug in main:
            return False, _rank_of(main[slug]), slug
        first = next(_rank_of(rows[slug]) for rows in placed.values() if slug in rows)
        return True, first, slug

    return [
        {
            "slug": slug,
            "name": content["submissions"][slug]["name"],
            "cells": [_rank_cell(rows, slug) for rows in placed.values()],
        }
        for slug in sorted((s for s, card in content["submissions"].items() if card["protocols"]), key=standing)
    ]


def _rank_of(row: BoardRow) -> float:
    """Return the rank; infinity where a system predicts too few entries for one."""
    return math.inf if row["rank"] is None else row["rank"]


def _rank_cell(rows: Mapping[str, BoardRow], slug: str) -> RankCell:
    row = rows.get(slug)
    if row is None:
        return {"rank": "–", "interval": "", "mae": "", "share": None, "best": False}
    rank, mae = row["rank"], row["metrics"]["mae"]
    ranked = sum(each["rank"] is not None for each in rows.values())
    return {
        "rank": main_rows.rank_text(row),
        "interval": main_rows.rank_interval(row),
        "mae": number(mae and mae["value"]),
        "share": None if rank is None else round(100 * (1 - (rank - 1) / max(1, ranked - 1))),
        "best": row["best_set"],
    }


def heat_map(board: Board) -> HeatMap:
    """Return the MAE of every system of the main protocol on each ion and each class of at least ten entries."""
    section = board.content["protocols"][0]
    details = [board.details[row["slug"], section["name"]] for row in section["rows"]]
    columns: list[HeatColumn] = []
    chosen: list[tuple[str, str]] = []
    small = 0
    for dimension in _DIMENSIONS:
        groups = sorted(details[0]["breakdown"][dimension]["groups"], key=lambda group: (-group["n"], group["group"]))
        kept = [group for group in groups if group["n"] >= _FEWEST]
        small += len(groups) - len(kept)
        columns += [{"title": g["group"], "n": g["n"], "first": place == 0} for place, g in enumerate(kept)]
        chosen += [(dimension, group["group"]) for group in kept]
    limit = round(1.3 * (section["reference"].get("mae") or 0.5), 2)
    rows: list[HeatRow] = []
    for detail in details:
        errors: dict[tuple[str, str], float | None] = {
            (dimension, group["group"]): group["mae"]["value"]
            for dimension in _DIMENSIONS
            for group in detail["breakdown"][dimension]["groups"]
        }
        slug = detail["predictions"]
        cells = [_heat_cell(errors.get(key), limit) for key in chosen]
        rows.append({"slug": slug, "name": board.content["submissions"][slug]["name"], "cells": cells})
    return {"columns": columns, "rows": rows, "limit": limit, "small": small}


def _heat_cell(value: float | None, limit: float) -> HeatCell:
    share = 0 if value is None else round(100 * min(1.0, value / limit))
    return {"text": number(value, decimals=2), "share": share}

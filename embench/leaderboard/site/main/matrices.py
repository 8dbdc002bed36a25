"""The tables of the main page that are read as pictures: ranks by protocol, and errors by ion and class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.site.main import rows as main_rows
from embench.web.wording import number

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument, BoardRow, Detail, ProtocolSection

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


def heat_map(board: Board, section: ProtocolSection, *, clean: bool = False) -> HeatMap:
    """Return the MAE of every system of a protocol on each ion and each class of at least ten entries.

    With `clean`, on the entries whose labels are not contradicted; `section` has the order of the systems and how deep
    the shades are.
    """
    details = [board.details[row["slug"], section["name"]] for row in section["rows"]]
    groups = [_group_errors(detail, clean=clean) for detail in details]
    columns: list[HeatColumn] = []
    chosen: list[tuple[str, str]] = []
    small = 0
    for dimension in _DIMENSIONS:
        sizes = {name: len(errors) for (kind, name), errors in groups[0].items() if kind == dimension}
        kept = [name for name in sorted(sizes, key=lambda name: (-sizes[name], name)) if sizes[name] >= _FEWEST]
        small += len(sizes) - len(kept)
        columns += [{"title": name, "n": sizes[name], "first": place == 0} for place, name in enumerate(kept)]
        chosen += [(dimension, name) for name in kept]
    limit = round(1.3 * (section["reference"].get("mae") or 0.5), 2)
    rows: list[HeatRow] = []
    for detail, errors in zip(details, groups, strict=True):
        slug = detail["predictions"]
        cells = [_heat_cell(fmean(errors[key]), limit) for key in chosen]
        rows.append({"slug": slug, "name": board.content["submissions"][slug]["name"], "cells": cells})
    return {"columns": columns, "rows": rows, "limit": limit, "small": small}


def _group_errors(detail: Detail, *, clean: bool) -> dict[tuple[str, str], list[float]]:
    """Return the absolute errors (eV) of a system by dimension and group."""
    members = detail["not_contradicted"]["members"] if clean else [True] * len(detail["entries"])
    found: dict[tuple[str, str], list[float]] = {}
    for entry, member in zip(detail["entries"], members, strict=True):
        for dimension in _DIMENSIONS if member else ():
            found.setdefault((dimension, entry[dimension]), []).append(abs(entry["error"]))
    return found


def _heat_cell(value: float, limit: float) -> HeatCell:
    return {"text": number(value, decimals=2), "share": round(100 * min(1.0, value / limit))}

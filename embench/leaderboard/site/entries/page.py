"""Write the list of entries; their pages are made by :mod:`embench.leaderboard.site.entries.single`."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict
from urllib.parse import quote, urlencode

from embench.leaderboard.site.assets import environment, write_packed, write_page
from embench.leaderboard.site.entries.formulas import marked
from embench.leaderboard.site.entries.predictions import best_errors
from embench.schema import FLAGS
from embench.web.wording import flag_name

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.dataset.entry import Entry
    from embench.leaderboard.board import Board

Choice: TypeAlias = tuple[str, str, int]
"""A value of a filter, its text, and how many entries have it."""


class IndexPayload(TypedDict):
    """Lists over all entries, which the list is made from: barrier and error in eV, hop in Å.

    `flags` holds the numbers of those in `flag_names`; `words` is what else the search looks in.
    """

    id: list[str]
    composition: list[str]
    formula: list[str]
    ion: list[str]
    structure_class: list[str]
    functional: list[str]
    split: list[str]
    barrier: list[float]
    hop: list[float]
    error: list[float | None]
    flags: list[list[int]]
    flag_names: list[str]
    words: list[str]


class ListRow(TypedDict):
    """An entry as the list shows it: barrier and error in eV, hop in Å."""

    id: str
    compound: Markup
    ion: str
    structure_class: str
    functional: str
    barrier: float
    hop: float
    error: float | None
    flags: list[str]


class EntriesContext(TypedDict):
    """What ``entries.html.j2`` is given; `leader` leads the main protocol, and the errors of the rows are its.

    `rows` is the first page of the list, as the script would write it; `others` are named for readers without scripts.
    """

    root: str
    page: str
    n: int
    leader: str
    filters: dict[str, list[Choice]]
    main_title: str
    rows: list[ListRow]
    n_pages: int
    others: list[tuple[str, str]]


PAGE = 50
"""Entries on a page of the list; ``entries.js`` has the same number."""

_PART = re.compile(r"([A-Za-z]+)([\d.]*)")


def entry_address(entry_id: str) -> str:
    """Return the address of an entry from the top of the site, safe in a link whatever the characters of its name."""
    return f"entries/{quote(entry_id, safe='')}/index.html"


def filter_address(**conditions: str) -> str:
    """Return the address of the list with filters set: ``filter_address(flag="duplicate", ion="Li")``."""
    return f"entries.html?{urlencode(conditions)}"


def write_entries(board: Board, folder: Path, *, progress: Callable[[str, int, int], None] | None = None) -> None:
    """Write the list of entries and a page for each to `folder`; the same board gives the same bytes.

    `progress` is called with the stage, the number done and that of all.

    Raises
    ------
    MissingDependencyError
        jinja2, pymatgen, scipy, ASE or Pillow is not installed.
    OutputError
        `folder` cannot be written.
    """
    from embench.dataset import load
    from embench.leaderboard.site.entries.single import write_pages

    entries = list(load())
    leader, errors = best_errors(board)
    write_packed(folder / "entries" / "index.js", "entries", _index(entries, errors))
    write_pages(board, entries, folder, progress=progress)
    context = EntriesContext(
        root="",
        page="entries",
        n=len(entries),
        leader=leader,
        filters=_filters(entries),
        main_title=board.content["protocols"][0]["title"],
        rows=[_row(entry, errors) for entry in entries[:PAGE]],
        n_pages=math.ceil(len(entries) / PAGE),
        others=[(entry.entry_id, f"{entry.mobile_ion} in {entry.composition}") for entry in entries[PAGE:]],
    )
    write_page(folder / "entries.html", environment().get_template("entries.html.j2"), context)


def _index(entries: Sequence[Entry], errors: Mapping[str, float]) -> IndexPayload:
    flags = [flag.name for flag in FLAGS]
    return {
        "id": [entry.entry_id for entry in entries],
        "composition": [entry.composition for entry in entries],
        "formula": [_plain(entry.formula) for entry in entries],
        "ion": [entry.mobile_ion for entry in entries],
        "structure_class": [entry.structure_class for entry in entries],
        "functional": [entry.functional for entry in entries],
        "split": [entry.published_split for entry in entries],
        "barrier": [round(entry.migration_barrier, 4) for entry in entries],
        "hop": [round(entry.hop_distance, 2) for entry in entries],
        "error": [_rounded(errors.get(entry.entry_id)) for entry in entries],
        "flags": [[flags.index(flag) for flag in entry.flags if flag in flags] for entry in entries],
        "flag_names": flags,
        "words": [_words(entry) for entry in entries],
    }


def _row(entry: Entry, errors: Mapping[str, float]) -> ListRow:
    return {
        "id": entry.entry_id,
        "compound": marked(entry.composition),
        "ion": entry.mobile_ion,
        "structure_class": entry.structure_class,
        "functional": entry.functional,
        "barrier": round(entry.migration_barrier, 4),
        "hop": round(entry.hop_distance, 2),
        "error": _rounded(errors.get(entry.entry_id)),
        "flags": [flag.name for flag in FLAGS if flag.name in entry.flags],
    }


def _words(entry: Entry) -> str:
    """Return what else the search looks in: symmetry, subtype, pathway."""
    words = (entry.class_subtype or "", entry.crystal_system, entry.space_group, entry.pathway)
    return " ".join(word for word in words if word)


def _rounded(error: float | None) -> float | None:
    return None if error is None else round(error, 4)


def _plain(formula: str) -> str:
    """Return a formula as people type it: ``Li1 Fe4 O8`` is ``LiFe4O8``."""
    return "".join(element + ("" if amount == "1" else amount) for element, amount in _PART.findall(formula))


def _filters(entries: Sequence[Entry]) -> dict[str, list[Choice]]:
    """Return for each filter its values, their texts and how many entries have them."""

    def by_count(values: Sequence[str]) -> list[Choice]:
        return [(value, value, n) for value, n in sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))]

    flags = Counter(flag for entry in entries for flag in entry.flags)
    sound = sum(not entry.flags for entry in entries)
    return {
        "ion": by_count([entry.mobile_ion for entry in entries]),
        "structure_class": sorted(by_count([entry.structure_class for entry in entries])),
        "functional": by_count([entry.functional for entry in entries]),
        "flag": [("none", "no flag", sound)]
        + [(flag.name, flag_name(flag.name), flags[flag.name]) for flag in FLAGS if flags[flag.name]],
        "split": by_count([entry.published_split for entry in entries]),
    }

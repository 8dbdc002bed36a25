"""Write the entry explorer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict
from urllib.parse import quote, urlencode

from embench.common.files import write_text
from embench.leaderboard.site.assets import environment, write_data
from embench.leaderboard.site.entries.paths import paths_of
from embench.leaderboard.site.entries.predictions import ProtocolSystems, best_errors, predictions, protocols
from embench.leaderboard.site.entries.records import index, record
from embench.leaderboard.site.entries.surroundings import REACH
from embench.leaderboard.site.scores import KINDS, Kind
from embench.metrics.regression import BOLTZMANN_EV, ROOM_TEMPERATURE
from embench.schema import FLAGS
from embench.web.wording import flag_name

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.dataset.entry import Entry
    from embench.leaderboard.board import Board

Choice: TypeAlias = tuple[str, str, int]
"""A value of a filter, its text, and how many entries have it."""


class EntryRow(TypedDict):
    """A line of the table: barrier and error in eV, hop in Å; `search` is what the search looks in."""

    id: str
    address: str
    formula: str
    ion: str
    structure_class: str
    functional: str
    split: str
    barrier: float
    hop: float
    error: float | None
    flags: Sequence[str]
    search: str


class ScriptSettings(TypedDict):
    """What the scripts of the page need: the Boltzmann constant is in eV/K, the temperature in K."""

    chunk: int
    protocols: list[ProtocolSystems]
    kinds: dict[str, str]
    boltzmann: float
    temperature: float


class EntriesContext(TypedDict):
    """What ``entries.html.j2`` is given; `leader` leads the main protocol, and the errors of the rows are its."""

    root: str
    page: str
    rows: list[EntryRow]
    leader: str
    filters: dict[str, list[Choice]]
    protocols: list[ProtocolSystems]
    reaches: list[str]
    kinds: Mapping[str, Kind]
    settings: ScriptSettings


CHUNK = 20
"""Entries in one data file."""

_PART = re.compile(r"([A-Za-z]+)([\d.]*)")


def entry_address(entry_id: str) -> str:
    """Return the address of an entry from the top of the site, safe in a link whatever the characters of its name."""
    return f"entries.html#{quote(entry_id, safe='')}"


def filter_address(**conditions: str) -> str:
    """Return the address of the table with filters set: ``filter_address(flag="duplicate", ion="Li")``."""
    return f"entries.html#?{urlencode(conditions)}"


def write_entries(board: Board, folder: Path, *, progress: Callable[[str, int, int], None] | None = None) -> None:
    """Write ``entries.html`` and the data that it loads to `folder`; the same board gives the same bytes.

    `progress` is called with the stage, the number done and that of all.

    Raises
    ------
    MissingDependencyError
        jinja2, pymatgen, scipy or ASE is not installed.
    OutputError
        `folder` cannot be written.
    """
    from embench.dataset import load

    entries = list(load())
    leader, errors = best_errors(board)
    write_data(folder / "entries" / "index.js", "entries", index(entries, errors))
    _write_records(board, entries, folder / "entries", progress)
    rows = [_row(entry, errors.get(entry.entry_id)) for entry in entries]
    template = environment()
    template.filters["subscripts"] = subscripts
    context = EntriesContext(
        root="",
        page="entries",
        rows=rows,
        leader=leader,
        filters=_filters(entries),
        protocols=protocols(board),
        reaches=[f"{reach:g}" for reach in (3, 3.5, 4, 4.5, REACH)],
        kinds=KINDS,
        settings={
            "chunk": CHUNK,
            "protocols": protocols(board),
            "kinds": {key: kind.title for key, kind in KINDS.items()},
            "boltzmann": BOLTZMANN_EV,
            "temperature": ROOM_TEMPERATURE,
        },
    )
    write_text(folder / "entries.html", template.get_template("entries.html.j2").render(context))


def _write_records(
    board: Board, entries: Sequence[Entry], folder: Path, progress: Callable[[str, int, int], None] | None
) -> None:
    """Write the records of all entries, CHUNK of them to a file."""
    paths = paths_of(entries)
    predicted = predictions(board)
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        name = f"entries/part-{start // CHUNK:02d}"
        records = [record(entry, paths[entry.entry_id], predicted.get(entry.entry_id, {})) for entry in chunk]
        write_data(folder / f"part-{start // CHUNK:02d}.js", name, records)
        if progress is not None:
            progress("entries", start + len(chunk), len(entries))


def _row(entry: Entry, error: float | None) -> EntryRow:
    words = (entry.entry_id, entry.formula.replace(" ", ""), _plain(entry.formula), entry.composition, entry.pathway)
    kind = (entry.mobile_ion, entry.structure_class, entry.class_subtype or "", entry.functional)
    symmetry = (entry.crystal_system, entry.space_group, str(entry.space_group_number))
    return {
        "id": entry.entry_id,
        "address": quote(entry.entry_id, safe=""),
        "formula": entry.formula,
        "ion": entry.mobile_ion,
        "structure_class": entry.structure_class,
        "functional": entry.functional,
        "split": entry.published_split,
        "barrier": round(entry.migration_barrier, 4),
        "hop": round(entry.hop_distance, 2),
        "error": None if error is None else round(error, 4),
        "flags": entry.flags,
        "search": " ".join((*words, *kind, *symmetry)),
    }


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


def subscripts(formula: str) -> Markup:
    """Return a formula with its amounts as subscripts, escaped: ``Ca7 Mn1 F48`` is Ca₇MnF₄₈."""
    from markupsafe import Markup

    parts = []
    for part in formula.split():
        found = _PART.fullmatch(part)
        element, amount = found.groups() if found else (part, "")
        parts.append(
            Markup("{}<sub>{}</sub>").format(element, amount)
            if amount not in ("", "1")
            else Markup("{}").format(element)
        )
    return Markup("").join(parts)

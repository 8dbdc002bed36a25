"""A page for each entry, with its card for social networks, and what the pages share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.site.assets import Packing, environment, write_data, write_page, write_quickly
from embench.leaderboard.site.entries.formulas import marked, subscripted
from embench.leaderboard.site.entries.paths import DrawnPath, paths_of
from embench.leaderboard.site.entries.predictions import (
    EntryPredictions,
    ProtocolSystems,
    predictions,
    profiles,
    protocols,
)
from embench.leaderboard.site.entries.records import (
    MOST_RELATIVES,
    RELATION_TITLES,
    ROLES,
    SHOWN_COLUMNS,
    Relative,
    elements,
    record,
    relatives,
)
from embench.leaderboard.site.entries.trust import Trust, potential_barriers, trust
from embench.leaderboard.site.pictures import card
from embench.leaderboard.site.scores import KINDS
from embench.metrics.regression import BOLTZMANN_EV, ROOM_TEMPERATURE
from embench.schema import FLAGS
from embench.web.wording import number

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.dataset.entry import Entry
    from embench.leaderboard.board import Board
    from embench.schema.spec import Flag

_SUPERSCRIPTS = ("", "⁺", "²⁺", "³⁺", "⁴⁺")
_BEST = 5  # systems that a reader without scripts sees: there are hundreds of pages
_EXAMPLES = 4  # records that the packing of all begins with
_REACHES = ("3", "3.5", "4", "4.5", "5")  # Å
# Attempts a second, a usual value for hops in solids; and where a waiting time stops to mean anything, s.
_ATTEMPTS = 1e13
_AGE_OF_THE_UNIVERSE = 4.35e17
_UNITS = (
    (1e-9, "ps", 1e-12),
    (1e-6, "ns", 1e-9),
    (1e-3, "µs", 1e-6),
    (1.0, "ms", 1e-3),
    (100.0, "s", 1.0),
    (1e4, "minutes", 60.0),
    (2e5, "hours", 3600.0),
    (3e7, "days", 86400.0),
    (math.inf, "years", 3.156e7),
)


class SharedPayload(TypedDict):
    """What the pages of all entries need once: systems by protocol, columns, elements with colour and radius (Å).

    `frame` is the markup that is the same on all of them, by the place where it goes; `start` is that of their records,
    see :class:`~embench.leaderboard.site.assets.Packing`.
    """

    protocols: list[ProtocolSystems]
    kinds: dict[str, str]
    roles: dict[str, str]
    columns: list[tuple[str, str, str | None, str]]
    elements: dict[str, tuple[str, float]]
    frame: dict[str, str]
    start: str


class EntryContext(TypedDict):
    """What ``entry.html.j2`` is given; `waiting` is the mean time between two hops in words, `record` is packed.

    `kin` holds the relatives that are shown, by their relation; `predicted` what the best systems of the main
    protocol predict (eV), the best rank first.
    """

    root: str
    page: str
    entry: Entry
    title: str
    ion: str
    formula: Markup
    published: str
    waiting: str
    temperature: float
    trust: Trust
    flags: list[Flag]
    path: DrawnPath
    kin: list[tuple[str, list[Relative]]]
    shown_relatives: int
    n_relatives: int
    main_title: str
    predicted: list[tuple[str, str]]
    record: str
    before: str
    after: str


def write_pages(
    board: Board, entries: Sequence[Entry], folder: Path, *, progress: Callable[[str, int, int], None] | None = None
) -> None:
    """Write ``entries/<id>/index.html`` and its card for every entry, and the data that the pages share.

    Raises as :func:`embench.leaderboard.site.entries.write_entries`.
    """
    paths, predicted, related = paths_of(entries), predictions(board), relatives(entries)
    barriers, ran = potential_barriers(board), profiles(board)
    records = [record(e, paths[e.entry_id], predicted.get(e.entry_id, {}), ran.get(e.entry_id, ())) for e in entries]
    packing = Packing(records[:: math.ceil(len(records) / _EXAMPLES)])
    shared: SharedPayload = {
        "protocols": protocols(board),
        "kinds": {key: kind.title for key, kind in KINDS.items()},
        "roles": ROLES,
        "columns": [(spec.name, spec.section, spec.unit, spec.description) for spec in SHOWN_COLUMNS],
        "elements": elements(entries),
        "frame": _frame(),
        "start": packing.start,
    }
    write_data(folder / "assets" / "entry-data.js", "entry-data", shared)
    template = environment().get_template("entry.html.j2")
    ids = [entry.entry_id for entry in entries]
    for place, entry in enumerate(entries):
        name = entry.entry_id
        context = _context(entry, paths[name], related[name], trust(entry, barriers.get(name, {})))
        context["record"] = packing.packed(records[place])
        context["main_title"] = shared["protocols"][0]["title"]
        context["predicted"] = _predicted(shared["protocols"][0], predicted.get(name, {}))
        context["before"], context["after"] = ids[place - 1], ids[(place + 1) % len(ids)]
        write_page(folder / "entries" / name / "index.html", template, context)
        write_quickly(folder / "entries" / name / "card.png", _card(entry, paths[name].energy))
        if progress is not None:
            progress("entries", place + 1, len(entries))


def _frame() -> dict[str, str]:
    """Return the markup that the pages share, without indentation."""
    text = environment().get_template("entry_frame.html.j2").render(root="../../", kinds=KINDS, reaches=_REACHES)
    parts = re.findall(r'<template-part id="part-(\w+)">(.*?)</template-part>', text, flags=re.DOTALL)
    return {name: re.sub(r"\n\s*", "\n", part).strip() for name, part in parts}


def _predicted(protocol: ProtocolSystems, found: Mapping[str, EntryPredictions]) -> list[tuple[str, str]]:
    """Return name and prediction (eV) of the best systems of a protocol that predict an entry."""
    rows = []
    values = found[protocol["name"]]["systems"] if protocol["name"] in found else []
    for system, value in zip(protocol["systems"], values, strict=False):
        predicted, _, filled = value if isinstance(value, tuple) else (value, None, 0)
        if system["rank"] is not None and predicted is not None and not filled:
            rows.append((system["name"], number(predicted / 1000)))
    return rows[:_BEST]


def _context(entry: Entry, path: DrawnPath, related: Sequence[Relative], level: Trust) -> EntryContext:
    shown = related[:MOST_RELATIVES]
    ion = f"{entry.mobile_ion}{_SUPERSCRIPTS[entry.mobile_ion_charge]}"
    return EntryContext(
        root="../../",
        page="entry",
        entry=entry,
        title=f"{ion} in {subscripted(entry.composition)}",
        ion=ion,
        formula=marked(entry.composition),
        published=f"E_m = {number(entry.migration_barrier)} eV ({entry.functional}, NEB)",
        waiting=waiting_time(entry.migration_barrier),
        temperature=ROOM_TEMPERATURE,
        trust=level,
        flags=[flag for flag in FLAGS if flag.name in entry.flags],
        path=path,
        kin=[
            (RELATION_TITLES[relation], list(members))
            for relation, members in groupby(shown, key=lambda other: other["relation"])
        ],
        shown_relatives=len(shown),
        n_relatives=len(related),
        main_title="",
        predicted=[],
        record="",
        before="",
        after="",
    )


def waiting_time(barrier: float) -> str:
    """Return the mean time between two hops over `barrier` (eV) at room temperature in words; Arrhenius, 10^13/s."""
    seconds = math.exp(barrier / (BOLTZMANN_EV * ROOM_TEMPERATURE)) / _ATTEMPTS
    if seconds > _AGE_OF_THE_UNIVERSE:
        return "longer than the age of the universe"
    unit, size = next((unit, size) for limit, unit, size in _UNITS if seconds < limit)
    value = seconds / size
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.2g} {unit}"


def _card(entry: Entry, profile: Sequence[float]) -> bytes:
    lines = [
        f"barrier {number(entry.migration_barrier)} eV",
        f"{entry.functional}, hop {entry.hop_distance:.2f} angstrom",
    ]
    # The font of the cards has neither superscripts nor an Å.
    title = f"{entry.mobile_ion} in {entry.composition}"
    return card(title, lines, profile=profile)

"""Which entries a run computes, in which order, and what its options say."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from embench.dataset import Dataset, Entry, load
from embench.errors import InvalidValueError
from embench.schema import LAYOUTS
from embench.splits import all_protocol_names, protocol
from embench.splits.registry import MAIN_PROTOCOL

DEFAULT = MAIN_PROTOCOL
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def chosen_entries(which: Sequence[str], *, cheapest_first: bool = False) -> list[Entry]:
    """Return entries in the order of the dataset, or with the smallest cells first.

    Each of `which` is a benchmark protocol, of which all scored entries are taken, an entry_id, or a file with one
    entry_id a line; for nothing it is all that `DEFAULT` scores, which leaves out the corrupt structures. All of them
    are of one dataset.

    Raises :class:`~embench.errors.UnknownEntryError` for an entry that no dataset has, and
    :class:`~embench.errors.InvalidValueError` for entries of several datasets.
    """
    wanted = set[str]()
    names = all_protocol_names()
    for each in which or (DEFAULT,):
        if each in names:
            wanted |= {entry_id for fold in protocol(each) for entry_id in fold.test_ids}
        elif not any(each in load(layout.name) for layout in LAYOUTS) and Path(each).is_file():
            lines = Path(each).read_text(encoding="utf-8").splitlines()
            wanted |= {line.strip() for line in lines if line.strip()}
        else:
            wanted.add(each)
    data = dataset_of(wanted)
    chosen = [entry for entry in data if entry.entry_id in wanted]
    return sorted(chosen, key=lambda entry: entry.n_sites) if cheapest_first else chosen


def dataset_of(entry_ids: Collection[str]) -> Dataset:
    """Return the dataset that has all these entries, that of the cations for none.

    Raises :class:`~embench.errors.UnknownEntryError` for an entry that no dataset has, and
    :class:`~embench.errors.InvalidValueError` where they are of several: a run is on one.
    """
    found: dict[str, str] = {}
    for entry_id in sorted(entry_ids):
        where = next((layout.name for layout in LAYOUTS if entry_id in load(layout.name)), None)
        if where is None:
            load(next(iter(found), LAYOUTS[0].name))[entry_id]  # names it, and what is like it
            continue
        found.setdefault(where, entry_id)
    if len(found) > 1:
        told = ", ".join(f"{entry_id} of {name}" for name, entry_id in found.items())
        raise InvalidValueError(f"the entries are of several datasets ({told}); give each a run of its own")
    return load(next(iter(found), LAYOUTS[0].name))


def dataset_of_run(entry_ids: Iterable[str]) -> Dataset:
    """Return the dataset that the results of a run are of; that of the cations for hops of one's own."""
    first = next(iter(entry_ids), None)
    return next((data for layout in LAYOUTS if first in (data := load(layout.name))), load(LAYOUTS[0].name))


def parse_options(pairs: Sequence[str]) -> dict[str, Any]:
    """Return ``key=value`` options; a value that is JSON is taken as such, anything else as text.

    Raises :class:`~embench.errors.InvalidValueError` for what is not written so.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise InvalidValueError(f"an option is written KEY=VALUE, not {pair!r}")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options


def parse_duration(text: str) -> float:
    """Return seconds of ``90s``, ``30m``, ``20h`` or ``2d``; raises InvalidValueError for anything else."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text)
    if found is None:
        raise InvalidValueError(f"a time is written 90s, 30m, 20h or 2d, not {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


def in_words(seconds: float) -> str:
    """Return a time for people to read."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

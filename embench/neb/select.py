"""Which entries a run computes, in which order, and what its options say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embench.dataset import Entry, load
from embench.errors import InvalidValueError
from embench.splits import PROTOCOLS, protocol
from embench.splits.registry import MAIN_PROTOCOL

DEFAULT = MAIN_PROTOCOL
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def chosen_entries(which: Sequence[str], *, cheapest_first: bool = False) -> list[Entry]:
    """Return entries in the order of the dataset, or with the smallest cells first.

    Each of `which` is a benchmark protocol, of which all scored entries are taken, an entry_id, or a file with one
    entry_id a line; for nothing it is all that `DEFAULT` scores, which leaves out the corrupt structures.

    Raises :class:`~embench.errors.UnknownEntryError` for an entry that the dataset does not have.
    """
    data, wanted = load(), set[str]()
    names = {spec.name for spec in PROTOCOLS}
    for each in which or (DEFAULT,):
        if each in names:
            wanted |= {entry_id for fold in protocol(each) for entry_id in fold.test_ids}
        elif each not in data and Path(each).is_file():
            lines = Path(each).read_text(encoding="utf-8").splitlines()
            wanted |= {line.strip() for line in lines if line.strip()}
        else:
            wanted.add(each)
    for entry_id in sorted(wanted):
        data[entry_id]  # names an unknown one
    chosen = [entry for entry in data if entry.entry_id in wanted]
    return sorted(chosen, key=lambda entry: entry.n_sites) if cheapest_first else chosen


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

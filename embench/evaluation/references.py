"""What stands in for a prediction that a system does not give: the worst of the reference predictions for that entry.

The references are the training median and the systems that this repository brings along: its baselines, and what the
literature has published. What they predict was worked out once, by ``embench leaderboard references``, and ships with
the code: no submission decides what others are scored with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
import numpy.typing as npt

from embench.errors import DatasetError

Floats = npt.NDArray[np.float64]

FILE = Path(__file__).parent / "references.json"


class References(TypedDict):
    """What ``references.json`` holds.

    `sha256` are the checksums of the predictions by reference and protocol, `worst` the reference prediction that is
    farthest from the target by protocol and entry, eV.
    """

    sha256: dict[str, dict[str, str]]
    worst: dict[str, dict[str, float]]


def worst_predictions(protocol: str, entry_ids: Sequence[str], *, target: Floats, median: Floats) -> Floats:
    """Return for each entry the reference prediction that is farthest from its target (n), eV.

    A protocol that is newer than the file takes the worst of what it has for the others, and of the median of its own.

    Parameters
    ----------
    protocol, entry_ids, target
        What is scored: the name of the protocol, the n entries, and their barriers (n), eV.
    median
        The median of the training targets of the fold of each entry (n), eV.

    Raises
    ------
    DatasetError
        The file of the references is missing or damaged.
    """
    known = _read()["worst"]
    given = [known[protocol]] if protocol in known else list(known.values())
    return farthest(target, [median, *(on_entries(values, entry_ids) for values in given)])


def farthest(target: Floats, predictions: Sequence[Floats]) -> Floats:
    """Return of several predictions for n entries those that are farthest from the target (n), eV; nan is none."""
    stacked = np.stack(predictions)
    worst = np.nan_to_num(np.abs(stacked - target), nan=-1.0).argmax(axis=0)
    return np.asarray(stacked[worst, np.arange(len(target))], dtype=np.float64)


def on_entries(values: Mapping[str, float], entry_ids: Sequence[str]) -> Floats:
    """Return the values of the entries (n); nan where there is none."""
    return np.array([values.get(entry_id, np.nan) for entry_id in entry_ids], dtype=np.float64)


def references_digest() -> str:
    """Return the sha256 of the file of the references, on which every score with missing entries rests."""
    return hashlib.sha256(_content()).hexdigest()


@lru_cache(maxsize=1)
def _content() -> bytes:
    try:
        return FILE.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read {FILE}: {error.strerror}; reinstall embench-barriers") from None


@lru_cache(maxsize=1)
def _read() -> References:
    try:
        found = json.loads(_content())
        worst = {
            str(protocol): {str(entry_id): float(value) for entry_id, value in values.items()}
            for protocol, values in found["worst"].items()
        }
        sha256 = cast(dict[str, dict[str, str]], found["sha256"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DatasetError(f"{FILE} is damaged; reinstall embench-barriers") from None
    return {"sha256": sha256, "worst": worst}

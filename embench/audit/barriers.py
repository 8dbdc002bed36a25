"""Read the barriers that interatomic potentials gave, as they ship with embench."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embench.common.shipped import check_shipped, resource_folder
from embench.errors import PredictionsError, UnknownEntryError

BARRIERS = "barriers.csv"
"""The table in the shipped folder ``potentials``: a row an entry, a column a potential, eV."""

UNRELAXED = frozenset({"mace-no-relax"})
"""Potentials with unrelaxed endpoints: compared with the labels, but no evidence against them."""


@dataclass(frozen=True)
class Potential:
    """The barriers (eV) that one potential gave, for the entries that were computed with it."""

    slug: str
    barriers: Mapping[str, float]

    @property
    def family(self) -> str:
        """The architecture, which is the slug up to its first hyphen; potentials of one family are not independent."""
        return self.slug.partition("-")[0]

    @property
    def is_evidence(self) -> bool:
        """Whether its barriers may speak against a label."""
        return self.slug not in UNRELAXED


def read_potentials(known_ids: Collection[str], path: Path | None = None) -> list[Potential]:
    """Return the potentials in a table of barriers, by default the one that embench ships, in the order of the columns.

    The column ``entry_id`` is followed by one for each potential (eV), which is empty where nothing was computed.

    Raises
    ------
    PredictionsError
        The table is missing, or has no potentials, a value that is no finite number or an entry twice.
    UnknownEntryError
        For an entry that is not among `known_ids`.
    DatasetError
        Nothing ships with this embench, or the table is not the one that it was released with.
    """
    shipped = path is None
    path = path or resource_folder("potentials") / BARRIERS
    known = set(known_ids)
    try:
        content = path.read_bytes()
        if shipped:
            check_shipped("potentials", path, hashlib.sha256(content).hexdigest(), content=content)
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        key, *slugs = reader.fieldnames or [""]
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionsError(f"cannot read the barriers of potentials in {path}: {error}") from None
    if key != "entry_id" or not slugs:
        raise PredictionsError(f"{path} is no table of barriers: the first line must name entry_id and the potentials")
    barriers: dict[str, dict[str, float]] = {slug: {} for slug in slugs}
    seen: set[str] = set()
    for line, row in rows:
        entry_id, where = row["entry_id"], f"{path}, line {line}"
        if entry_id not in known:
            raise UnknownEntryError(entry_id, known)
        if entry_id in seen:
            raise PredictionsError(f"{where}: {entry_id} occurs twice")
        seen.add(entry_id)
        for slug in slugs:
            if row[slug] != "":
                barriers[slug][entry_id] = _number(row[slug], f"{where}, column {slug}")
    return [Potential(slug, found) for slug, found in barriers.items()]


def _number(text: str | None, where: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PredictionsError(f"{where}: {text!r} is no finite number; leave the cell empty for what was not computed")
    return value


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How far the barriers of a potential are from the labels (eV) of `n` entries; `bias` is the median difference."""

    n: int
    median: float
    mean: float
    bias: float


def compare(potential: Potential, labels: Mapping[str, float], *, without: Collection[str] = ()) -> Comparison:
    """Return the differences between a potential and the labels (eV), leaving out the entries in `without`."""
    ids = [entry_id for entry_id in potential.barriers if entry_id not in without]
    difference = np.array([potential.barriers[entry_id] - labels[entry_id] for entry_id in ids])
    size = np.abs(difference)
    return Comparison(
        n=len(ids), median=float(np.median(size)), mean=float(size.mean()), bias=float(np.median(difference))
    )

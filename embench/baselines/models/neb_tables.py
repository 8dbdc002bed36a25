"""Features of NEB bands that embench computed itself: barriers, ends, failures, and what the saddle looks like."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.baselines.scale import to_log
from embench.common.shipped import check_shipped, resource_folder
from embench.errors import BaselineError
from embench.neb.inputs import NebInputs, parse_table

if TYPE_CHECKING:
    from embench.crystal import Pathway

Floats = NDArray[np.float64]
Tables = Mapping[str, Mapping[str, NebInputs]]
"""For each potential what is known of its bands, by entry id."""

POTENTIALS = ("chgnet", "sevennet-0")
"""The potentials that may be known, by their names in :mod:`embench.neb`."""

LEAST_BARRIERS = 100
"""A potential with fewer barriers on a training side takes no part: too few to learn from."""

# Failures that more than a few bands have.
_FAILURES = ("image_below_ends", "end_is_maximum", "ends_apart", "ion_left_site", "not_converged")
HEIGHTS = ("highest", "lower", "higher")
"""Logarithms of the barrier, and of the lower and the higher one of both directions."""
SIGNS = ("apart", *_FAILURES)
"""By how much the ends differ (eV), and which failures the band has."""
SHAPE = (
    "clearance",
    "path_log",
    "detour",
    "framework_most",
    "framework_least",
    "ion_moved",
    "hop_ratio",
    "saddle_anion",
    "saddle_anions",
    "squeeze",
    "squeeze_three",
    "saddle_cation",
    "ends_cation",
    "saddle_displacement",
    "saddle_displacement_most",
    "ends_displacement",
    "saddle_place",
    "saddle_aside",
    "curvature",
)
"""Lengths along the band, in Å or as ratios, and the environment of the ion at the saddle."""
NAMES = (*HEIGHTS, *SIGNS, *SHAPE)

# Å: lengths in a denominator or a logarithm are at least this.
_SHORTEST = 0.1


def features_of(rows: Iterable[NebInputs | None]) -> Floats:
    """Return the features (n, len(NAMES)) of bands; NaN where there is no band, or where it does not tell."""
    return np.array([[np.nan] * len(NAMES) if row is None else _features(row) for row in rows], np.float64).reshape(
        -1, len(NAMES)
    )


def _features(row: NebInputs) -> list[float]:
    heights = np.clip([row.barrier, min(row.forward, row.backward), max(row.forward, row.backward)], 0.0, None)
    failures = row.failures.split()
    return [
        *to_log(heights).tolist(),
        abs(row.forward - row.backward),
        *(float(name in failures) for name in _FAILURES),
        _plain(row.clearance),
        float(np.log(max(_plain(row.path_length), _SHORTEST))),
        _ratio(row.path_length, row.hop_length),
        float(np.maximum(_plain(row.start_framework), _plain(row.end_framework))),
        float(np.minimum(_plain(row.start_framework), _plain(row.end_framework))),
        float(np.maximum(_plain(row.start_ion), _plain(row.end_ion))),
        _ratio(row.hop_length, row.hop_guess),
        _plain(row.saddle_anion),
        _plain(row.saddle_anions),
        _ratio(row.saddle_anion, row.ends_anion),
        _ratio(row.saddle_anions, row.ends_anions),
        _plain(row.saddle_cation),
        _plain(row.ends_cation),
        _plain(row.saddle_displacement),
        _plain(row.saddle_displacement_most),
        _plain(row.ends_displacement),
        _plain(row.saddle_place),
        _plain(row.saddle_aside),
        _plain(row.curvature),
    ]


def _plain(value: float | None) -> float:
    return np.nan if value is None else value


def _ratio(above: float | None, below: float | None) -> float:
    return _plain(above) / max(_plain(below), _SHORTEST)


def of_entries(tables: Tables, entries: Iterable[Pathway]) -> Floats:
    """Return the features of `entries`, (n, n_potentials · len(NAMES)), one potential of POTENTIALS after another."""
    ids = [entry.entry_id for entry in entries]
    return np.column_stack([features_of(tables[name].get(i) for i in ids) for name in POTENTIALS])


def shipped_tables() -> dict[str, Mapping[str, NebInputs]]:
    """Return the tables that ship with embench, by potential and entry id.

    Raises :class:`~embench.errors.BaselineError` where one is missing or not the one of the release, or is of another
    potential.
    """
    return {name: shipped_table(name) for name in POTENTIALS}


def shipped_table(name: str) -> Mapping[str, NebInputs]:
    """Return the table of one of POTENTIALS that ships with embench, by entry id; raises as :func:`shipped_tables`."""
    path = resource_folder("neb-inputs") / f"{name}.parquet"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BaselineError(
            f"cannot read {path}: {error.strerror}; give PathwayNeb the keyword tables (PathwayDistilled: "
            "barriers), or make the file again with embench neb inputs"
        ) from None
    check_shipped("neb-inputs", path, hashlib.sha256(content).hexdigest(), content=content, error=BaselineError)
    found = parse_table(content, str(path))
    if found.potential != name:
        raise BaselineError(f"{path} holds bands of {found.potential}, not of {name}: make it again")
    return found.rows

"""How large errors are on crystals that the model has not seen, measured on predictions that are committed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.common.shipped import resource_folder
from embench.errors import BaselineError
from embench.evaluation.predictions import read_predictions
from embench.splits import protocol

if TYPE_CHECKING:
    from pathlib import Path

    from embench.dataset import Dataset

Floats = NDArray[np.float64]

# New hosts in a known prototype, and new prototypes.
REGIMES = ("host-10fold", "prototype-10fold")
LEVEL = 0.95
CENTRAL_95 = 1.959964
# Errors beyond this many standard deviations count as this many where errors are compared with each other: two labels
# that belong to another path would decide it otherwise.
_CLIP = 3.0


# Shares of the entries, by rising distance to the nearest one of the training side, whose errors are told apart.
BANDS = (0.0, 25.0, 50.0, 75.0, 95.0, 100.0)


@dataclass(frozen=True, kw_only=True)
class Band:
    """The errors of the entries whose distance to the training side is between two percentiles.

    `n` counts them, `median_error` is that of the absolute error, eV.
    """

    low: float
    high: float
    n: int
    median_error: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Errors of out-of-fold predictions on one protocol.

    Attributes
    ----------
    protocol : name.
    n, n_hosts : entries, and host frameworks that they are of.
    median_error, mean_error : of the absolute error, eV.
    coverage : share of the entries within 1.96 of the standard deviations that the baseline gives.
    factor : what these are multiplied by, so that LEVEL of the entries lie within 1.96 of them, with the correction
        of split conformal prediction for a finite sample.
    shared : share of the variance of the errors that the entries of one host have in common, 0 to 1.
    bands : the errors by distance to the training side; empty where distances are not known.
    """

    protocol: str
    n: int
    n_hosts: int
    median_error: float
    mean_error: float
    coverage: float
    factor: float
    shared: float
    bands: tuple[Band, ...] = ()

    def expected_error(self, percentile: float) -> float:
        """Return the median error, eV, of the entries that are as far from the training side as `percentile` says."""
        found = [band.median_error for band in self.bands if band.low <= percentile <= band.high]
        return found[-1] if found else self.median_error


def calibrate(baseline: str, name: str, data: Dataset, folder: Path | None = None) -> Calibration:
    """Return the calibration of a baseline on the protocol `name`.

    `folder` holds the predictions, ``<protocol>.csv`` with uncertainties; by default it is the submission that ships.
    Raises :class:`~embench.errors.BaselineError` where there are none.
    """
    scored, errors, sigma = out_of_fold(baseline, name, data, folder)
    return measured(name, errors, sigma, list(map(str, scored.column("group_host"))))


def out_of_fold(baseline: str, name: str, data: Dataset, folder: Path | None = None) -> tuple[Dataset, Floats, Floats]:
    """Return the scored entries, the errors of their predictions (n,) and the standard deviations (n,), eV.

    Raises as :func:`calibrate` does.
    """
    path = (folder or resource_folder("submissions") / baseline) / f"{name}.csv"
    if not path.is_file():
        raise BaselineError(
            f"there are no out-of-fold predictions at {path}, which the interval is measured on: embench baseline run "
            f"{baseline} --protocol {name} --out DIR makes them"
        )
    found = read_predictions(path, known=data.entry_ids)
    if found.uncertainties is None:
        raise BaselineError(f"{path} has no column uncertainty, which the interval is made of")
    values = dict(zip(found.entry_ids, zip(found.values, found.uncertainties, strict=True), strict=True))
    scored = data.select(protocol(name, data.layout.version).scored_ids)
    missing = [entry_id for entry_id in scored.entry_ids if entry_id not in values]
    if missing:
        raise BaselineError(f"{path} lacks {len(missing)} entries of {name}, {missing[0]} among them")
    mean, sigma = np.array([values[entry_id] for entry_id in scored.entry_ids]).T
    return scored, np.asarray(scored.column("migration_barrier") - mean, np.float64), sigma


def banded(distances: Floats, errors: Floats) -> tuple[Band, ...]:
    """Return the errors (n,), eV, by distance (n,) to the training side."""
    edges = np.quantile(distances, np.array(BANDS) / 100)
    found = []
    for low, high, start, end in zip(BANDS, BANDS[1:], edges, edges[1:], strict=False):
        inside = (distances >= start) & (distances <= end)
        median = float(np.median(np.abs(errors[inside])))
        found.append(Band(low=low, high=high, n=int(inside.sum()), median_error=median))
    return tuple(found)


def measured(name: str, errors: Floats, sigma: Floats, hosts: list[str]) -> Calibration:
    """Return the calibration for errors (n,), standard deviations (n,), eV, and the host framework of each."""
    ratio = np.abs(errors) / sigma
    rank = min(int(np.ceil(LEVEL * (len(ratio) + 1))), len(ratio))
    return Calibration(
        protocol=name,
        n=len(errors),
        n_hosts=len(set(hosts)),
        median_error=float(np.median(np.abs(errors))),
        mean_error=float(np.abs(errors).mean()),
        coverage=float((ratio <= CENTRAL_95).mean()),
        factor=float(np.sort(ratio)[rank - 1] / CENTRAL_95),
        shared=shared_variance(errors / sigma, hosts),
    )


def shared_variance(errors: Floats, groups: list[str]) -> float:
    """Return the share of the variance of `errors` (n,) that the members of a group have in common, 0 to 1.

    The mean product of two errors of one group over the mean square: the intraclass correlation about zero. Each group
    counts as often as it has members. Source: R. A. Fisher, Statistical Methods for Research Workers (1925), § 38.
    """
    clipped = np.clip(errors, -_CLIP, _CLIP)
    members: dict[str, list[float]] = defaultdict(list)
    for group, error in zip(groups, clipped.tolist(), strict=True):
        members[group].append(error)
    together, weight = 0.0, 0
    for values in members.values():
        n = len(values)
        if n > 1:
            pairs = (sum(values) ** 2 - sum(value**2 for value in values)) / (n * (n - 1))
            together, weight = together + n * pairs, weight + n
    if not weight:
        return 0.0
    return float(np.clip(together / weight / float((clipped**2).mean()), 0.0, 1.0))

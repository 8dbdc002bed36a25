"""The resolution meter: what it would take to tell two systems apart that these entries do not."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from embench.common.text import plural
from embench.errors import InvalidValueError
from embench.evaluation.evaluator import Evaluation
from embench.splits.registry import host_called
from embench.statistics.intervals import CONFIDENCE
from embench.statistics.paired import POWER

Floats = npt.NDArray[np.float64]

# Kinds of hosts that are told apart, and how many hosts a kind must have for its spread to say something.
KINDS = ("mobile_ion", "structure_class", "functional")
FEWEST_HOSTS = 8
MOST_TELLING = 15
# Beyond this many times the hosts there are, more data are no way out.
_HOPELESS = 1000.0


@dataclass(frozen=True)
class Kind:
    """One kind of host frameworks: what further ones of it would tell of two systems.

    `difference` is the mean difference of absolute errors (eV) of its `n` entries in `n_hosts` hosts, `hosts_needed`
    how many hosts like these would resolve it by themselves; infinite where they show no difference.
    """

    dimension: str
    value: str
    n: int
    n_hosts: int
    difference: float
    hosts_needed: float


@dataclass(frozen=True)
class Telling:
    """One existing entry: by how much (eV) the error of the one system exceeds that of the other, and its weight.

    `share` is the part that its host framework has in the variance of the difference.
    """

    entry_id: str
    difference: float
    host: str
    share: float


@dataclass(frozen=True)
class PowerAnalysis:
    """How far two systems are from being told apart on a protocol.

    `difference` is the difference of their MAE (eV, first minus second) with its `standard_error`; `power` the chance
    that as many new hosts would find such a difference at 5 %. `hosts_needed` and `entries_needed` are in addition to
    those there are, for 80 %; zero where they suffice, infinite where there is no difference to find.
    """

    first: str
    second: str
    protocol: str
    n: int
    n_hosts: int
    difference: float
    standard_error: float
    power: float
    hosts_needed: float
    entries_needed: float
    kinds: tuple[Kind, ...]
    telling: tuple[Telling, ...]
    sentence: str


def power_analysis(first: Evaluation, second: Evaluation) -> PowerAnalysis:
    """Return how many more host frameworks would tell two systems apart, of which kind, and what tells them apart now.

    The difference of absolute errors is summed over each host framework, as in the sign-flip test; new hosts are taken
    to be like those there are, so that the standard error falls with the square root of their number (ratio estimator:
    Cochran, Sampling Techniques, 3rd ed., 1977, eq. 6.13).

    Raises :class:`~embench.errors.InvalidValueError` for evaluations of different entries.
    """
    if (first.protocol, first.dataset_version, first.scored.entry_ids) != (
        second.protocol,
        second.dataset_version,
        second.scored.entry_ids,
    ):
        raise InvalidValueError("two systems are compared on the same protocol and dataset")
    gaps = first.sample.absolute_error - second.sample.absolute_error
    hosts = first.sample.codes
    difference, error = float(gaps.mean()), _standard_error(gaps, hosts)
    factor = _factor(difference, error)
    n, n_hosts = len(gaps), first.n_hosts
    found = PowerAnalysis(
        first=first.name,
        second=second.name,
        protocol=first.protocol,
        n=n,
        n_hosts=n_hosts,
        difference=difference,
        standard_error=error,
        power=_power(difference, error),
        hosts_needed=_more(n_hosts, factor),
        entries_needed=_more(n, factor),
        kinds=_kinds(first, gaps, hosts),
        telling=_telling(first, gaps, hosts),
        sentence="",
    )
    return PowerAnalysis(**{**vars(found), "sentence": _sentence(found)})


def _standard_error(gaps: Floats, hosts: npt.NDArray[np.intp]) -> float:
    """Return the standard error of the mean of `gaps` (n) that come in clusters `hosts` (n)."""
    _, codes = np.unique(hosts, return_inverse=True)
    n_hosts = int(codes.max()) + 1
    if n_hosts < 2:
        return math.nan
    residuals = np.bincount(codes, weights=gaps - gaps.mean())
    return float(np.sqrt(n_hosts / (n_hosts - 1) * (residuals**2).sum()) / len(gaps))


def _quantiles() -> tuple[float, float]:
    normal = NormalDist()
    return normal.inv_cdf((1.0 + CONFIDENCE) / 2.0), normal.inv_cdf(POWER)


def _factor(difference: float, error: float) -> float:
    """Return how many times as many hosts it takes for 80 % power."""
    if difference == 0.0 or not math.isfinite(error):
        return math.inf
    return (sum(_quantiles()) * error / abs(difference)) ** 2


def _power(difference: float, error: float) -> float:
    """Return the chance to find the difference at 5 %, two-sided, under a normal approximation."""
    if not error > 0.0:
        return math.nan if math.isnan(error) else float(difference != 0.0)
    normal, critical, shift = NormalDist(), _quantiles()[0], abs(difference) / error
    return normal.cdf(shift - critical) + normal.cdf(-shift - critical)


def _more(present: int, factor: float) -> float:
    """Return how many are needed besides those that are present; infinite where that is beyond reach."""
    return math.inf if factor > _HOPELESS else float(math.ceil(max(factor - 1.0, 0.0) * present))


def _kinds(first: Evaluation, gaps: Floats, hosts: npt.NDArray[np.intp]) -> tuple[Kind, ...]:
    """Return the kinds of hosts, those first of which the fewest would tell the systems apart."""
    found = []
    for dimension in KINDS:
        labels = first.scored.labels[dimension]
        for value in sorted(Counter(labels.tolist())):
            rows = labels == value
            n_hosts = len(np.unique(hosts[rows]))
            if n_hosts < FEWEST_HOSTS:
                continue
            difference = float(gaps[rows].mean())
            factor = _factor(difference, _standard_error(gaps[rows], hosts[rows]))
            needed = math.inf if factor > _HOPELESS else float(math.ceil(factor * n_hosts))
            found.append(Kind(dimension, str(value), int(rows.sum()), n_hosts, difference, needed))
    return tuple(sorted(found, key=lambda kind: (kind.hosts_needed, -kind.n_hosts, kind.value)))


def _telling(first: Evaluation, gaps: Floats, hosts: npt.NDArray[np.intp]) -> tuple[Telling, ...]:
    """Return the entries on which the errors of the systems differ most."""
    residuals = np.bincount(hosts, weights=gaps - gaps.mean()) ** 2
    shares = residuals / max(residuals.sum(), np.finfo(float).tiny)
    names = first.scored.labels["group_host"]
    order = np.argsort(-np.abs(gaps), kind="stable")[:MOST_TELLING]
    return tuple(
        Telling(first.scored.entry_ids[i], float(gaps[i]), str(names[i]), float(shares[hosts[i]]))
        for i in order.tolist()
        if gaps[i] != 0.0
    )


def _sentence(found: PowerAnalysis) -> str:
    size = f"{plural(found.n, 'entry')} from {plural(found.n_hosts, host_called(found.protocol))}"
    if found.difference == 0.0:
        return f"{found.first} and {found.second} have the same MAE on {size}: there is no difference to show."
    lower = found.first if found.difference < 0.0 else found.second
    start = f"{lower} has an MAE that is {abs(found.difference):.3f} eV lower, on {size}"
    if found.hosts_needed == 0.0:
        return f"{start}: such a difference is found with {found.power:.0%} power, and no more entries are needed."
    if math.isinf(found.hosts_needed):
        return f"{start}: too small a difference to be found with any number of hosts that one could compute."
    more = f"{found.hosts_needed:,.0f} more {host_called(found.protocol)}s ({found.entries_needed:,.0f} entries)"
    return (
        f"{start}: such a difference is found with {found.power:.0%} power only. For 80 % it takes about {more} like "
        "these."
    )

"""The easiest way of an ion through a crystal, in one, two and three dimensions, with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.errors import InvalidValueError
from embench.migration.connections import Connection
from embench.migration.hops import Hops
from embench.migration.periodic_union import PeriodicUnion

Floats = NDArray[np.float64]

# Attempt frequency, 1/s: the usual order of magnitude of an optical phonon.
PREFACTOR = 1e13
# Boltzmann constant, eV/K (CODATA 2018, exact in the SI).
BOLTZMANN = 8.617333262e-5
# A lower barrier counts as good, eV: the threshold of the dataset's classification.
GOOD_CONDUCTOR = 0.65
N_SAMPLES = 2000
LEVEL = 0.95
# Saddle points within this of the limiting one limit as well, eV.
_EQUAL = 1e-6


@dataclass(frozen=True, kw_only=True)
class HopBarrier:
    """The barrier of one hop, eV.

    Attributes
    ----------
    forward : from its start to its end.
    backward : the other way; None for the same, as if both ends had the same energy.
    interval : lower and upper end of the interval of `forward`; None for a value without uncertainty.
    """

    forward: float
    backward: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """The easiest way through the crystal in at least `dimension` dimensions.

    Attributes
    ----------
    barrier : highest saddle point of the way above the lowest site on it, eV.
    interval : of the barrier, eV, at the level of the network.
    limiting : numbers of the hops whose saddle point that is.
    limiting_shares : for each hop that ever limits the way, the share of the samples in which it does.
    rate : hopping rate at the temperature of the network, 1/s, from PREFACTOR and the barrier.
    rate_interval : of the rate, 1/s.
    probability_good : that the barrier is below GOOD_CONDUCTOR.
    """

    dimension: int
    barrier: float
    interval: tuple[float, float]
    limiting: tuple[int, ...]
    limiting_shares: Mapping[int, float]
    rate: float
    rate_interval: tuple[float, float]
    probability_good: float


@dataclass(frozen=True, kw_only=True)
class NetworkBarriers:
    """The ways through a crystal.

    Attributes
    ----------
    ways : by dimension; one that no known hop completes is left out.
    site_energies : (n,) eV, from the forward and backward barriers; 0 for the lowest site of each part.
    mismatch : largest difference between a hop's forward minus backward barrier and those energies, eV.
    level : of the intervals.
    temperature : of the rates, K.
    notes : what was assumed, in words.
    """

    ways: Mapping[int, Way]
    site_energies: Floats
    mismatch: float
    level: float
    temperature: float
    notes: tuple[str, ...]


def network_barriers(
    hops: Hops,
    barriers: Sequence[HopBarrier | float | None],
    *,
    level: float = LEVEL,
    shared: float = 0.0,
    temperature: float = 300.0,
    n_samples: int = N_SAMPLES,
    seed: int = 0,
) -> NetworkBarriers:
    """Return the easiest ways through the crystal for given barriers of its hops.

    Hops are opened from the lowest saddle point up, until the opened ones connect the crystal in one, two and three
    dimensions; the last one limits. Barriers become saddle points by the site energies, which follow from forward
    minus backward barriers (least squares where hops contradict each other). Intervals are carried through by sampling:
    each hop's error is drawn from a normal distribution with one width on either side, and shifts the saddle point.

    Parameters
    ----------
    hops : of :func:`~embench.migration.find_hops`.
    barriers : one for each hop; None where it is not known: the hop then counts as closed.
    level : of the intervals, those that go in and those that come out.
    shared : share of the variance that all hops of the crystal have in common, 0 to 1: errors of one model in one host
        resemble each other.
    temperature : of the rates, K.
    n_samples, seed : of the sampling.

    Raises
    ------
    InvalidValueError
        A number does not fit.
    """
    known = _checked(barriers, len(hops), level, shared, temperature, n_samples)
    numbers = [number for number, barrier in enumerate(known) if barrier is not None]
    links = [link for link in hops.connections if known[link.hop] is not None]
    n_sites = len(hops.network.sites)
    energies, mismatch = _site_energies(n_sites, links, known)
    forward = np.array([np.nan if barrier is None else barrier.forward for barrier in known])
    start = np.array([energies[hops[number].start_site] if known[number] else np.nan for number in range(len(hops))])
    order = _Order(n_sites, links, energies)
    ways = order.ways(start + forward)
    draws = _draws(known, level, shared, n_samples, np.random.default_rng(seed))
    sampled = [order.ways(start + np.maximum(forward + draw, 0.0)) for draw in draws]
    notes = _notes(hops, known, len(numbers), mismatch)
    return NetworkBarriers(
        ways={
            dimension: _way(dimension, barrier, limiting, [sample[dimension] for sample in sampled], level, temperature)
            for dimension, (barrier, limiting) in ways.items()
        },
        site_energies=energies,
        mismatch=mismatch,
        level=level,
        temperature=temperature,
        notes=notes,
    )


def hopping_rate(barrier: float, temperature: float = 300.0) -> float:
    """Return the hopping rate, 1/s, over a barrier (eV) at a temperature (K): PREFACTOR exp(-E / k T).

    Source: G. H. Vineyard, J. Phys. Chem. Solids 3, 121 (1957), with one common prefactor.
    """
    return float(PREFACTOR * np.exp(-barrier / (BOLTZMANN * temperature)))


def _checked(
    barriers: Sequence[HopBarrier | float | None],
    n_hops: int,
    level: float,
    shared: float,
    temperature: float,
    n_samples: int,
) -> list[HopBarrier | None]:
    if len(barriers) != n_hops:
        raise InvalidValueError(f"{len(barriers)} barriers for {n_hops} hops: give one for each, None where unknown")
    for name, value, most in (("level", level, 1.0), ("temperature", temperature, np.inf)):
        if not 0 < value < most:
            raise InvalidValueError(f"{name} {value} is not between 0 and {most}")
    if not 0 <= shared <= 1 or n_samples < 1:
        raise InvalidValueError(f"shared {shared} is not between 0 and 1, or n_samples {n_samples} is below 1")
    known = [
        HopBarrier(forward=float(barrier)) if isinstance(barrier, int | float) else barrier for barrier in barriers
    ]
    for number, barrier in enumerate(known):
        if barrier is None:
            continue
        low, high = barrier.interval or (barrier.forward, barrier.forward)
        backward = barrier.forward if barrier.backward is None else barrier.backward
        if not (np.isfinite([low, high]).all() and 0 <= barrier.forward < np.inf and 0 <= backward < np.inf):
            raise InvalidValueError(f"the barrier of hop {number} is no finite number of at least 0 eV: {barrier}")
        if not low <= barrier.forward <= high:
            raise InvalidValueError(f"the barrier of hop {number} is not within its interval: {barrier}")
    return known


def _site_energies(n_sites: int, links: list[Connection], known: list[HopBarrier | None]) -> tuple[Floats, float]:
    """Return the energies of the sites (n,), eV, and the largest contradiction between hops, eV."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, differences = np.zeros((len(links), n_sites)), np.zeros(len(links))
    for row, link in enumerate(links):
        barrier = known[link.hop]
        assert barrier is not None
        rows[row, link.end] += 1
        rows[row, link.start] -= 1
        differences[row] = 0.0 if barrier.backward is None else barrier.forward - barrier.backward
    energies = np.zeros(n_sites)
    if links:
        energies += np.linalg.lstsq(rows, differences, rcond=None)[0]
    mismatch = float(np.abs(rows @ energies - differences).max(initial=0.0))
    pairs = np.array([(link.start, link.end) for link in links]).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links)), (pairs[0], pairs[1])), shape=(n_sites, n_sites))
    _, parts = connected_components(graph, directed=False)
    for part in np.unique(parts):
        energies[parts == part] -= energies[parts == part].min()
    return energies, mismatch


class _Order:
    """The ways for saddle points of the hops; they depend on their order only, so each order is worked out once."""

    def __init__(self, n_sites: int, links: list[Connection], energies: Floats) -> None:
        self._n_sites, self._energies = n_sites, energies
        self._links: dict[int, list[Connection]] = {}
        for link in links:
            self._links.setdefault(link.hop, []).append(link)
        self._known: dict[tuple[int, ...], dict[int, tuple[int, float]]] = {}

    def ways(self, saddles: Floats) -> dict[int, tuple[float, tuple[int, ...]]]:
        """Return by dimension the barrier, eV, and the limiting hops, for saddle points (n_hops,), eV."""
        order = tuple(sorted(self._links, key=lambda hop: (saddles[hop], hop)))
        if order not in self._known:
            self._known[order] = self._completed(order)
        found = {}
        for dimension, (hop, lowest) in self._known[order].items():
            limiting = tuple(other for other in order if abs(saddles[other] - saddles[hop]) <= _EQUAL)
            found[dimension] = (float(saddles[hop] - lowest), limiting)
        return found

    def _completed(self, order: tuple[int, ...]) -> dict[int, tuple[int, float]]:
        """Return by dimension the hop that completes it, and the energy of the lowest site of that part, eV."""
        union = PeriodicUnion(self._n_sites)
        found: dict[int, tuple[int, float]] = {}
        for hop in order:
            for link in self._links[hop]:
                union.join(link.start, link.end, link.image)
            for link in self._links[hop]:
                missing = [n for n in range(1, union.dimension(link.start) + 1) if n not in found]
                if missing:
                    root = union.find(link.start)[0]
                    part = [site for site in range(self._n_sites) if union.find(site)[0] == root]
                    found |= {n: (hop, float(self._energies[part].min())) for n in missing}
            if 3 in found:
                break
        return found


def _draws(
    known: list[HopBarrier | None], level: float, shared: float, n_samples: int, rng: np.random.Generator
) -> Floats:
    """Return errors of the barriers, (n_samples, n_hops), eV; NaN for hops that are not known."""
    from scipy.stats import norm

    width = float(norm.ppf((1 + level) / 2))
    down, up = np.full((2, len(known)), np.nan)
    for number, barrier in enumerate(known):
        if barrier is not None:
            low, high = barrier.interval or (barrier.forward, barrier.forward)
            down[number], up[number] = (barrier.forward - low) / width, (high - barrier.forward) / width
    common, own = rng.standard_normal((n_samples, 1)), rng.standard_normal((n_samples, len(known)))
    z = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
    return np.asarray(z * np.where(z < 0, down, up), np.float64)


def _way(
    dimension: int,
    barrier: float,
    limiting: tuple[int, ...],
    sampled: list[tuple[float, tuple[int, ...]]],
    level: float,
    temperature: float,
) -> Way:
    values = np.array([value for value, _ in sampled])
    low, high = (float(x) for x in np.quantile(values, [(1 - level) / 2, (1 + level) / 2]))
    counts: dict[int, int] = {}
    for _, hops in sampled:
        for hop in hops:
            counts[hop] = counts.get(hop, 0) + 1
    return Way(
        dimension=dimension,
        barrier=barrier,
        interval=(low, high),
        limiting=limiting,
        limiting_shares={hop: counts[hop] / len(sampled) for hop in sorted(counts)},
        rate=hopping_rate(barrier, temperature),
        rate_interval=(hopping_rate(high, temperature), hopping_rate(low, temperature)),
        probability_good=float((values < GOOD_CONDUCTOR).mean()),
    )


def _notes(hops: Hops, known: list[HopBarrier | None], n_known: int, mismatch: float) -> tuple[str, ...]:
    notes = [f"hopping rates with a prefactor of {PREFACTOR:g} 1/s"]
    if n_known < len(known):
        notes.append(f"{len(known) - n_known} of {len(known)} hops have no barrier and count as closed")
    one_way = [
        str(number)
        for number, barrier in enumerate(known)
        if barrier is not None and barrier.backward is None and not hops[number].ends_equivalent
    ]
    if one_way:
        notes.append(f"hops {', '.join(one_way)} have one barrier for both ways: their ends count as equally deep")
    if mismatch > 0.01:
        notes.append(f"forward and backward barriers of the hops contradict each other by up to {mismatch:.2f} eV")
    return tuple(notes)

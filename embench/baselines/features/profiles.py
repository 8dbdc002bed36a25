"""Energy profiles along the hop from cheap pair potentials, and what they say of the barrier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features.bond_valence import (
    bond_valence,
    born_mayer,
    coulomb_parameters,
    morse,
    pair,
    screened_coulomb,
)
from embench.baselines.features.hop import Hop
from embench.baselines.features.response import about_equilibrium, along_line

Floats = NDArray[np.float64]

# Neighbours within this distance of the line may give way, Å; those beyond hardly feel the ion.
RESPONDING = 5.0
# Distances below this are raised to it: pair potentials mean nothing there, Å.
SHORTEST = 0.3


class SiteEnergy:
    """Bond-valence site energy of the migrating ion: Morse with anions, screened repulsion from cations.

    Called with distances (..., M) to the M neighbours that were given, Å, it returns the pair energies, eV.
    """

    def __init__(self, hop: Hop, chosen: NDArray[np.intp]) -> None:
        charge = hop.ions.charges[hop.mobile]
        self.is_anion = hop.is_anion[chosen]
        elements = hop.elements[chosen].tolist()
        pairs = {e: pair(hop.mobile, charge, e, hop.ions.charges[e]) for e in set(elements) & hop.ions.anions}
        others = {
            e: coulomb_parameters(hop.mobile, charge, e, hop.ions.charges[e])
            for e in set(elements) - hop.ions.anions
        }
        self.r0, self.r_min, self.alpha, self.d0 = (
            np.array([getattr(pairs[e], name) for e in elements if e in pairs])
            for name in ("r0", "r_min", "alpha", "d0")
        )
        self.coulomb = np.array([others[e] for e in elements if e in others]).reshape(-1, 2)

    def __call__(self, distances: Floats) -> Floats:
        distances = np.maximum(distances, SHORTEST)
        energy = np.empty_like(distances)
        anions = self.is_anion
        energy[..., anions] = morse(distances[..., anions], self.r_min, self.alpha, self.d0)
        energy[..., ~anions] = screened_coulomb(distances[..., ~anions], self.coulomb[:, 0], self.coulomb[:, 1])
        return energy

    def valences(self, distances: Floats) -> Floats:
        """Return the valences of the bonds to the anions among the neighbours, (..., n_anions)."""
        return bond_valence(np.maximum(distances[..., self.is_anion], SHORTEST), self.r0, self.alpha)


class Repulsion:
    """Born-Mayer repulsion between the migrating ion and its neighbours; called like :class:`SiteEnergy`."""

    def __init__(self, hop: Hop, chosen: NDArray[np.intp]) -> None:
        self.contact = hop.contact_distances[chosen]

    def __call__(self, distances: Floats) -> Floats:
        return born_mayer(np.maximum(distances, SHORTEST), self.contact)


Potential = type[SiteEnergy] | type[Repulsion]


def profile(hop: Hop, potential: Potential, *, mode: str = "rigid", stiffness: float = 4.0) -> Floats:
    """Return the energy (n,), eV, at each point of the line.

    `mode` says what the neighbours nearer than RESPONDING do: ``rigid``; ``yielding``, each moves along the line
    to the ion; ``relaxing``, each starts from equilibrium with the ion at the start of the hop.
    """
    closest = hop.distances.min(axis=0)
    near, far = np.flatnonzero(closest <= RESPONDING), np.flatnonzero(closest > RESPONDING)
    energy = potential(hop, far)(hop.distances[:, far]).sum(axis=1)
    pairs = potential(hop, near)
    if mode == "rigid":
        return np.asarray(energy + pairs(hop.distances[:, near]).sum(axis=1), np.float64)
    if mode == "yielding":
        responding = along_line(pairs, hop.distances[:, near], stiffness=stiffness)
    else:
        vectors = hop.neighbours[near][None] - hop.points[:, None]
        responding = about_equilibrium(pairs, vectors, stiffness=stiffness)
    return np.asarray(energy + responding.sum(axis=1), np.float64)


def valence_sums(hop: Hop) -> Floats:
    """Return the bond-valence sum of the ion at each point of the line, (n,), valence units."""
    everything = np.arange(len(hop.elements))
    return np.asarray(SiteEnergy(hop, everything).valences(hop.distances).sum(axis=-1), np.float64)


def profile_features(energy: Floats) -> dict[str, float]:
    """Return what a profile (n,), eV, says of the barrier, energies compressed by logarithm and by root."""
    start, end, top = float(energy[0]), float(energy[-1]), float(energy.max())
    forward, reverse, change = top - start, top - end, end - start
    middle = float(energy[len(energy) // 2])
    height = (energy - energy.min()) / max(top - float(energy.min()), 1e-9)
    low, high = sorted((forward, reverse))
    found: dict[str, float] = {}
    for name, value in {
        "forward": forward,
        "reverse": reverse,
        "mean": (forward + reverse) / 2,
        "low": low,
        "high": high,
        "range": top - float(energy.min()),
        "middle": middle - (start + end) / 2,
        "depth": top - middle,
        "start_depth": start - float(energy.min()),
    }.items():
        found[f"log_{name}"] = float(np.sign(value) * np.log1p(abs(value) / 0.1))
        found[f"root_{name}"] = float(np.sign(value) * np.sqrt(min(abs(value), 100.0)))
    found["log_change"] = float(np.log1p(abs(change) / 0.1))
    found["signed_change"] = float(np.sign(change) * np.log1p(abs(change) / 0.1))
    found["width"] = float((height > 0.5).mean())
    found["filling"] = float(height.mean())
    found["off_centre"] = float(abs(np.argmax(energy) / (len(energy) - 1) - 0.5))
    return found


PROFILES: dict[str, Callable[[Hop], Floats]] = {
    "site": lambda hop: profile(hop, SiteEnergy),
    "site_yielding": lambda hop: profile(hop, SiteEnergy, mode="yielding"),
    "site_relaxing": lambda hop: profile(hop, SiteEnergy, mode="relaxing"),
    "site_relaxing_soft": lambda hop: profile(hop, SiteEnergy, mode="relaxing", stiffness=2.0),
    "site_relaxing_hard": lambda hop: profile(hop, SiteEnergy, mode="relaxing", stiffness=10.0),
    "repulsion": lambda hop: profile(hop, Repulsion),
    "repulsion_yielding": lambda hop: profile(hop, Repulsion, mode="yielding"),
    "repulsion_relaxing": lambda hop: profile(hop, Repulsion, mode="relaxing"),
}


def barrier_features(hop: Hop) -> dict[str, float]:
    """Return the features of all PROFILES and of the bond-valence sum along the hop."""
    found = {
        f"{name}_{feature}": value
        for name, make in PROFILES.items()
        for feature, value in profile_features(make(hop)).items()
    }
    return found | _valence_features(hop)


def _valence_features(hop: Hop) -> dict[str, float]:
    excess = valence_sums(hop) / hop.ions.charges[hop.mobile] - 1.0
    ends = sorted((float(excess[0]), float(excess[-1])))
    return {
        "valence_start": float(excess[0]),
        "valence_ends": float(np.mean(ends)),
        "valence_change": ends[1] - ends[0],
        "valence_middle": float(np.clip(excess[len(excess) // 2], -1.0, 3.0)),
        "valence_least": float(excess.min()),
        "valence_most": float(np.clip(excess.max(), -1.0, 3.0)),
        "valence_mismatch": float(np.sqrt(np.clip(np.mean(excess**2), 0.0, 9.0))),
    }

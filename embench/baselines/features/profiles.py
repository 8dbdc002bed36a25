"""Energy profiles along the hop from cheap pair potentials, and what they say of the barrier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features.response import Relaxed, along_line, relax
from embench.crystal import Hop
from embench.crystal.periodic import faded
from embench.crystal.potentials import Repulsion, SiteEnergy

Floats = NDArray[np.float64]

# Neighbours within this distance of the line may give way, Å; those beyond hardly feel the ion. Over the last of it
# they become stiffer and stiffer.
RESPONDING, STIFFENING = 5.0, 0.5
# No neighbour is stiffer than this times what it would be near the line.
_STIFFEST = 1e6
# Energies closer to the highest one than this count as highest as well, in part, eV; a root is nearly linear below.
SAME_HEIGHT, ROOT = 0.02, 0.01


@dataclass(frozen=True, kw_only=True)
class ProfileSpec:
    """One kind of profile: the potential, and what the neighbours nearer than RESPONDING do.

    `mode` is ``rigid``; ``yielding``, each neighbour moves along the line to the ion; ``relaxing``, each starts from
    equilibrium with the ion at the start of the hop; ``bending``, the same, and the path leaves the straight line.
    `stiffness` (eV/Å^2) is that of the neighbours.
    """

    potential: type[SiteEnergy] | type[Repulsion]
    mode: str = "rigid"
    stiffness: float = 4.0


PROFILES: dict[str, ProfileSpec] = {
    "site": ProfileSpec(potential=SiteEnergy),
    "site_yielding": ProfileSpec(potential=SiteEnergy, mode="yielding"),
    "site_relaxing": ProfileSpec(potential=SiteEnergy, mode="relaxing"),
    "site_relaxing_hard": ProfileSpec(potential=SiteEnergy, mode="relaxing", stiffness=10.0),
    "site_bending_soft": ProfileSpec(potential=SiteEnergy, mode="bending", stiffness=3.0),
    "site_bending": ProfileSpec(potential=SiteEnergy, mode="bending", stiffness=8.0),
    "site_bending_hard": ProfileSpec(potential=SiteEnergy, mode="bending", stiffness=25.0),
    "repulsion": ProfileSpec(potential=Repulsion),
    "repulsion_yielding": ProfileSpec(potential=Repulsion, mode="yielding"),
    "repulsion_relaxing": ProfileSpec(potential=Repulsion, mode="relaxing"),
}


def profile(hop: Hop, spec: ProfileSpec) -> Relaxed:
    """Return the energies (n,), eV, at the points of the path, and how far it has left the straight line."""
    closest = hop.distances.min(axis=0)
    near, far = np.flatnonzero(closest <= RESPONDING), np.flatnonzero(closest > RESPONDING)
    outer = spec.potential(hop, far)(hop.distances[:, far])[0] @ hop.weights[far]
    pairs = spec.potential(hop, near)
    straight = np.zeros(len(hop.points))
    if spec.mode == "rigid":
        return Relaxed(outer + pairs(hop.distances[:, near])[0].sum(axis=1), straight)
    stiffness = spec.stiffness / np.maximum(faded(closest[near], cutoff=RESPONDING, width=STIFFENING), 1 / _STIFFEST)
    if spec.mode == "yielding":
        inner = along_line(pairs, hop.distances[:, near], stiffness=stiffness)
        return Relaxed(outer + inner.sum(axis=1), straight)
    aside = hop.axes[1:] if spec.mode == "bending" else None
    found = relax(pairs, hop.points, hop.neighbours[near], stiffness=stiffness, aside=aside)
    return Relaxed(outer + found.energy, found.displacement)


def valence_sums(hop: Hop) -> Floats:
    """Return the bond-valence sum of the ion at each point of the line, (n,), valence units."""
    everything = np.arange(len(hop.elements))
    return np.asarray(SiteEnergy(hop, everything).valences(hop.distances) @ hop.weights[hop.is_anion], np.float64)


def profile_features(energy: Floats) -> dict[str, float]:
    """Return what a profile (n,), eV, says of the barrier, energies compressed by logarithm and by root."""
    start, end, top = float(energy[0]), float(energy[-1]), float(energy.max())
    forward, reverse, change = top - start, top - end, end - start
    middle = float(energy[len(energy) // 2])
    height = (energy - energy.min()) / max(top - float(energy.min()), 1e-9)
    highest = np.exp((energy - top) / SAME_HEIGHT)
    off_centre = np.abs(np.linspace(0.0, 1.0, len(energy)) - 0.5)
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
        # Neighbours respond from the start: the first half of the path is the better known one.
        "first_half": float(energy[: len(energy) // 2 + 1].max()) - start,
        "rise": middle - start,
    }.items():
        found[f"log_{name}"] = float(np.sign(value) * np.log1p(abs(value) / 0.1))
        found[f"root_{name}"] = float(np.sign(value) * (np.sqrt(min(abs(value), 100.0) + ROOT) - np.sqrt(ROOT)))
    found["log_change"] = float(np.log1p(abs(change) / 0.1))
    found["signed_change"] = float(np.sign(change) * np.log1p(abs(change) / 0.1))
    found["width"] = _share_above_half(height)
    found["filling"] = float(height.mean())
    found["off_centre"] = float(highest @ off_centre / highest.sum())
    return found


def _share_above_half(height: Floats) -> float:
    """Return the share of the path on which the polyline through `height` (n,) is above a half."""
    low, high = np.minimum(height[:-1], height[1:]), np.maximum(height[:-1], height[1:])
    rise = np.maximum(high - low, np.finfo(float).tiny)
    return float(np.where(low > 0.5, 1.0, np.clip((high - 0.5) / rise, 0.0, 1.0)).mean())


def barrier_features(hop: Hop) -> dict[str, float]:
    """Return the features of all PROFILES and of the bond-valence sum along the hop."""
    found: dict[str, float] = {}
    for name, spec in PROFILES.items():
        made = profile(hop, spec)
        found |= {f"{name}_{feature}": value for feature, value in profile_features(made.energy).items()}
        if spec.mode == "bending":
            found |= {f"{name}_bend": float(made.displacement.max()), f"{name}_bow": float(made.displacement.mean())}
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

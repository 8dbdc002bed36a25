"""Geometry of the hop: how near the ion comes to anions, cations and other mobile ions, and how much room there is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embench.crystal.hop import Hop, Mask

Floats = NDArray[np.float64]

# Nearest anions whose distances are features.
SHELL = 8
# Decay of the smooth coordination number with the distance beyond contact, Å.
CONTACT_DECAY = 0.37
# Centres (in units of the contact distance) and width of the radial functions.
RADIAL_CENTRES = (0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0, 2.4)
# Distances beyond this count as this: such an atom is no longer felt, Å.
FARTHEST = 8.0
# The same in units of the contact distance, for the nearest atoms and for those of the shells.
FARTHEST_REDUCED, FARTHEST_SHELL = 4.0, 3.0
# Where several places on the line are as tight to within about this, all of them count, Å.
TIGHT = 0.05


def geometry_features(hop: Hop) -> dict[str, float]:
    """Return distances (Å, and in units of the contact distance), coordination, bottlenecks and packing."""
    found = {"length": hop.length}
    for name, mask in {"anion": hop.is_anion, "cation": hop.is_cation, "mobile": hop.is_mobile}.items():
        found |= {f"{name}_{feature}": value for feature, value in _approach(hop, mask).items()}
    found |= _shells(hop)
    found |= _bottleneck(hop)
    found |= _packing(hop)
    return found


def radial_features(hop: Hop) -> dict[str, float]:
    """Return smooth counts of anions, cations and mobile ions by distance: at the ends, half way, and at most."""
    found = {}
    reduced = hop.distances / hop.contact_distances
    for name, mask in {"anion": hop.is_anion, "cation": hop.is_cation, "mobile": hop.is_mobile}.items():
        for i, centre in enumerate(RADIAL_CENTRES):
            width = 0.5 * (RADIAL_CENTRES[min(i + 1, len(RADIAL_CENTRES) - 1)] - RADIAL_CENTRES[max(i - 1, 0)])
            width /= 1 if 0 < i < len(RADIAL_CENTRES) - 1 else 0.5
            count = np.exp(-0.5 * ((reduced[:, mask] - centre) / (0.6 * width)) ** 2) @ hop.weights[mask]
            found[f"{name}_ends_{centre:g}"] = float(count[0] + count[-1]) / 2
            found[f"{name}_unlike_{centre:g}"] = float(abs(count[0] - count[-1]))
            found[f"{name}_middle_{centre:g}"] = float(count[len(count) // 2])
            found[f"{name}_mean_{centre:g}"] = float(count.mean())
    return found


def _approach(hop: Hop, mask: Mask) -> dict[str, float]:
    """Return the nearest distances to one kind of neighbour at the ends, half way and on the whole line."""
    if not mask.any():
        nearest, reduced = np.full(len(hop.points), FARTHEST), np.full(len(hop.points), FARTHEST_REDUCED)
        count = np.zeros(len(hop.points))
    else:
        contact, weights = hop.contact_distances[mask], hop.weights[mask]
        nearest = _receding(hop.distances[:, mask], weights, FARTHEST).min(axis=1)
        reduced = _receding(hop.distances[:, mask] / contact, weights, FARTHEST_REDUCED).min(axis=1)
        count = np.exp(np.minimum((contact - hop.distances[:, mask]) / CONTACT_DECAY, 3.0)) @ weights
    found = {}
    for name, values in {"nearest": nearest, "reduced": reduced, "coordination": count}.items():
        ends = (values[0] + values[-1]) / 2
        found[f"{name}_ends"] = float(ends)
        found[f"{name}_unlike"] = float(abs(values[0] - values[-1]))
        found[f"{name}_middle"] = float(values[len(values) // 2])
        found[f"{name}_gain"] = float(values[len(values) // 2] - ends)
        extreme = values.max() if name == "coordination" else values.min()
        found[f"{name}_extreme"] = float(extreme)
        found[f"{name}_extreme_gain"] = float(extreme - ends)
        found[f"{name}_mean"] = float(values.mean())
    return found


def _receding(distances: Floats, weights: Floats, farthest: float) -> Floats:
    """Return distances (n, M) that approach `farthest` as the weights (M,) of the neighbours fade, and never exceed it.

    So the list of the nearest ones does not jump where a neighbour crosses the cutoff.
    """
    receding: Floats = farthest - weights * np.maximum(farthest - distances, 0.0)
    return receding


def _shells(hop: Hop) -> dict[str, float]:
    """Return the sorted distances of the nearest anions at the ends, half way, and at the quarters."""
    mask = hop.is_anion
    reduced = hop.distances[:, mask] / hop.contact_distances[mask]
    reduced = np.sort(_receding(reduced, hop.weights[mask], FARTHEST_SHELL), axis=1)
    reduced = np.pad(reduced, ((0, 0), (0, SHELL)), constant_values=FARTHEST_SHELL)[:, :SHELL]
    n = len(reduced)
    quarters = (reduced[n // 4] + reduced[-1 - n // 4]) / 2
    ends = (reduced[0] + reduced[-1]) / 2
    found = {}
    for i in range(SHELL):
        found[f"shell_ends_{i + 1}"] = float(ends[i])
        found[f"shell_middle_{i + 1}"] = float(reduced[n // 2, i])
        found[f"shell_quarters_{i + 1}"] = float(quarters[i])
    found["shell_distortion_start"] = float(reduced[0, :6].std())
    found["shell_distortion_end"] = float(reduced[-1, :6].std())
    return found


def _bottleneck(hop: Hop) -> dict[str, float]:
    """Return the window of the three, four and six nearest anions where the line is tightest."""
    mask = hop.is_anion
    free = hop.distances[:, mask] - hop.contact_distances[mask]
    free = np.sort(_receding(free, hop.weights[mask], FARTHEST), axis=1)
    free = np.pad(free, ((0, 0), (0, 6)), constant_values=FARTHEST)
    triangles = free[:, :3].mean(axis=1)
    tight = np.exp((triangles.min() - triangles) / TIGHT)
    off_centre = np.abs(np.linspace(0.0, 1.0, len(free)) - 0.5)
    found = {f"window_{size}": float(free[:, :size].mean(axis=1).min()) for size in (1, 2, 3, 4, 6)}
    found["window_position"] = float(tight @ off_centre / tight.sum())
    repulsion = np.exp(np.minimum(-free / 0.3, 5.0)).sum(axis=1)
    found["squeeze"] = float(np.log1p(max(float(repulsion.max() - (repulsion[0] + repulsion[-1]) / 2), 0.0)))
    return found


def _packing(hop: Hop) -> dict[str, float]:
    """Return densities of the structure and the share of mobile ions."""
    n = len(hop.symbols)
    n_anions = sum(symbol in hop.ions.anions for symbol in hop.symbols)
    n_mobile = sum(symbol == hop.mobile for symbol in hop.symbols)
    filled = sum(4 / 3 * np.pi * hop.ions.radii[symbol] ** 3 for symbol in hop.symbols)
    return {
        "volume_per_atom": hop.volume / n,
        "volume_per_anion": hop.volume / n_anions,
        "packing": float(filled) / hop.volume,
        "mobile_per_anion": n_mobile / n_anions,
        "alone": float(n_mobile == 1),
        "log_sites": float(np.log(n)),
        "mobile_density": 1000 * n_mobile / hop.volume,
    }

"""The features of the pathway baselines for a migrating anion: those of the crystal with all charges reversed.

The ionic model takes the migrating element for a cation. Pair energies of ions do not change when every charge
changes its sign: an oxygen ion among metal ions and other oxygen ions is then a cation of charge 2 among the anions
that surround it. So each feature keeps its meaning, the distance to the ions of opposite charge for one, and a model
that was trained on cations can be asked about anions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.baselines.features import FEATURE_SETS, FUNCTIONALS
from embench.baselines.features.cache import cached
from embench.baselines.features.composition import composition_features
from embench.baselines.features.geometry import geometry_features, radial_features
from embench.baselines.features.profiles import PROFILES, ProfileSpec, profile, profile_features
from embench.baselines.features.soap import soap_features
from embench.crystal.bond_valence import coulomb_parameters, pair
from embench.crystal.hop import CUTOFF, FADING, N_POINTS, Hop, end_of_hop, structure_digest
from embench.crystal.ions import Ions, assign_ions, is_nonmetal
from embench.crystal.periodic import faded, near_line
from embench.crystal.potentials import SiteEnergy
from embench.errors import FeatureError, UnknownNameError

if TYPE_CHECKING:
    from embench.crystal import Pathway

Floats = NDArray[np.float64]

VERSION = "1"


class MirroredSiteEnergy(SiteEnergy):
    """Bond-valence site energy of an anion in a mirrored hop: Morse with cations, screened repulsion from anions.

    The Morse parameters are those of the real pair, a cation and the migrating anion.
    """

    def __init__(self, hop: Hop, chosen: NDArray[np.intp]) -> None:
        charges, charge = hop.ions.charges, hop.ions.charges[hop.mobile]
        self.is_anion = hop.is_anion[chosen]
        elements = hop.elements[chosen].tolist()
        pairs = {e: pair(e, -charges[e], hop.mobile, -charge) for e in set(elements) & hop.ions.anions}
        others = {e: coulomb_parameters(hop.mobile, charge, e, charges[e]) for e in set(elements) - hop.ions.anions}
        self.r0, self.r_min, self.alpha, self.d0 = (
            np.array([getattr(pairs[e], name) for e in elements if e in pairs])
            for name in ("r0", "r_min", "alpha", "d0")
        )
        self.coulomb = np.array([others[e] for e in elements if e in others]).reshape(-1, 2)


def mirrored_hop(entry: Pathway) -> Hop:
    """Return the hop of an anion with all charges reversed: its `ions.anions` are the cations of the crystal.

    Raises :class:`~embench.errors.FeatureError` where the migrating element is no anion, and as
    :func:`~embench.crystal.hop.hop_of` does.
    """
    from pymatgen.core import Element

    lattice, coords = np.asarray(entry.lattice, np.float64), np.asarray(entry.frac_coords, np.float64)
    symbols = tuple(Element.from_Z(int(number)).symbol for number in entry.atomic_numbers)
    end = end_of_hop(entry)
    points = np.linspace(coords[0], end, N_POINTS) @ lattice
    near = near_line(lattice, coords[0], end, coords[1:], reach=CUTOFF)
    return Hop(
        symbols=symbols,
        lattice=lattice,
        points=points,
        neighbours=near.coords,
        elements=np.array(symbols[1:])[near.sites],
        distances=np.linalg.norm(points[:, None] - near.coords[None], axis=-1),
        weights=faded(near.distances, cutoff=CUTOFF, width=FADING),
        ions=_mirrored_ions(entry.entry_id, lattice, symbols, coords),
    )


def _mirrored_ions(entry_id: str, lattice: Floats, symbols: tuple[str, ...], coords: Floats) -> Ions:
    from pymatgen.core import Element

    # The element of the first site is none of the anions: the least electronegative one is no anion anyway.
    first = min(range(len(symbols)), key=lambda i: (float(Element(symbols[i]).X), i))
    order = [first, *(i for i in range(len(symbols)) if i != first)]
    try:
        ions = assign_ions(lattice, tuple(symbols[i] for i in order), coords[order])
    except FeatureError as error:
        raise FeatureError(f"{entry_id}: {error}") from None
    if symbols[0] not in ions.anions:
        found = ", ".join(sorted(ions.anions))
        reason = "a cation there" if is_nonmetal(symbols[0]) else "a metal"
        raise FeatureError(
            f"{entry_id}: {symbols[0]} migrates and is {reason}, where the anions are {found}; hops of cations have "
            "the features of feature_table"
        )
    charges = {symbol: -charge for symbol, charge in ions.charges.items()}
    return Ions(charges, ions.radii, frozenset(charges) - ions.anions, ions.metal_charge)


def _composition(hop: Hop) -> dict[str, float]:
    # What is tabulated for a cation of this element, if anything is, is no radius of the anion.
    radius = hop.ions.radii[hop.mobile]
    own = {"ion_radius": radius, "ion_potential": hop.ions.charges[hop.mobile] / radius}
    return composition_features(hop) | own


def _barriers(hop: Hop) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, spec in PROFILES.items():
        made = profile(hop, _mirrored(spec))
        found |= {f"{name}_{feature}": value for feature, value in profile_features(made.energy).items()}
        if spec.mode == "bending":
            found |= {f"{name}_bend": float(made.displacement.max()), f"{name}_bow": float(made.displacement.mean())}
    return found | _valence(hop)


def _mirrored(spec: ProfileSpec) -> ProfileSpec:
    return replace(spec, potential=MirroredSiteEnergy) if spec.potential is SiteEnergy else spec


def _valence(hop: Hop) -> dict[str, float]:
    """Return how far the bond-valence sum of the ion is from its charge, as for cations."""
    valences = MirroredSiteEnergy(hop, np.arange(len(hop.elements))).valences(hop.distances)
    excess = valences @ hop.weights[hop.is_anion] / hop.ions.charges[hop.mobile] - 1.0
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


_SETS: Mapping[str, Callable[[Hop], dict[str, float]]] = {
    "composition": _composition,
    "geometry": geometry_features,
    "radial": radial_features,
    "barriers": _barriers,
    "soap": soap_features,
}


def mirrored_table(entries: Iterable[Pathway], sets: Sequence[str]) -> tuple[Floats, list[str]]:
    """Return the mirrored features of anions, (n_entries, n_features), and their names, sorted; those of cations.

    For `sets` and what is raised see :func:`~embench.baselines.features.feature_table`. Values are kept in the cache.
    """
    for name in sets:
        if name not in FEATURE_SETS:
            raise UnknownNameError("feature set", name, FEATURE_SETS)
    rows = [_row(entry, sets) for entry in entries]
    if not rows:
        raise FeatureError("there is no entry to compute features of; give at least one")
    # Statistics of nothing come in another order than those of something.
    names = sorted(rows[0])
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64), names


def _row(entry: Pathway, sets: Sequence[str]) -> dict[str, float]:
    hops: list[Hop] = []

    def hop(pathway: Pathway) -> Hop:
        if not hops:
            hops.append(mirrored_hop(pathway))
        return hops[0]

    digest = structure_digest(entry)
    row: dict[str, float] = {}
    for name in sets:
        if name == "functional":
            found = {known: float(entry.functional == known) for known in FUNCTIONALS}
        else:
            compute = lambda pathway, name=name: _SETS[name](hop(pathway))  # noqa: E731
            version = f"{VERSION}.{FEATURE_SETS[name].version}"
            found = cached(entry, name=f"mirrored-{name}", version=version, compute=compute, digest=digest)
        row |= {f"{name}:{feature}": value for feature, value in found.items()}
    return row

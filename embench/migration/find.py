"""All hops of an ion in a crystal.

Sites and their direct neighbours are searched here rather than with the ``MigrationGraph`` of
pymatgen-analysis-diffusion (BSD, maintained): its vacancy mode is not implemented, it keeps hops that run through
another site, has no interstitial sites without computed energies, and would add seaborn; its symmetry-distinct hops
of ideal crystals are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.errors import InvalidValueError, StructureError
from embench.migration.between import element_of
from embench.migration.cells import Network, hop_cell
from embench.migration.charges import Charges, formal_charges
from embench.migration.connections import (
    SAME_LENGTH,
    Connection,
    Operations,
    Orbit,
    connecting_lengths,
    direct_orbits,
    operations_of,
    site_symmetry,
)
from embench.migration.hop import MigrationHop, check_functional
from embench.migration.hops import Hops
from embench.migration.read import Crystal, need, read_crystal, wrapped
from embench.migration.supercell import LARGEST_DISTANCE, smallest_supercell

if TYPE_CHECKING:
    from embench.migration.read import AnyStructure

Floats = NDArray[np.float64]

# Images of the ion are at least this far apart, Å.
LEAST_DISTANCE = 8.0
# Longer hops are not looked for unless asked for, Å: no released hop is longer than 8.95 Å.
REACH = 9.0
# Symmetry is that within this, Å: the tolerance of the Materials Project.
SYMPREC = 0.1
# A larger structure is an error, unless its primitive cell is smaller.
MOST_SITES = 1000
_LIMITS = (None, "vacancy", "dilute")


def find_hops(
    structure: AnyStructure,
    ion: str = "Li",
    interstitials: bool = False,
    longest: float | None = None,
    least_distance: float = LEAST_DISTANCE,
    *,
    limit: str | None = None,
    order: bool = False,
    symprec: float = SYMPREC,
    functional: str = "GGA",
) -> Hops:
    """Return all symmetry-distinct hops of an ion in a crystal.

    Only direct hops count: one past a third site is two hops, and those are found as well.

    Parameters
    ----------
    structure : pymatgen ``Structure`` or ASE ``Atoms``.
    ion : element of the migrating ion.
    interstitials : also take the minima of the bond-valence landscape as sites.
    longest : length of the longest hop, Å. None takes the shortest length that connects the crystal in as many
        dimensions as hops up to REACH can.
    least_distance : images of the ion are at least this far apart in the cells of the hops, Å.
    limit : ``vacancy`` keeps all other ions and empties the end of the hop, ``dilute`` takes the others out. None is
        ``vacancy`` where the structure holds the ion, and ``dilute`` where it is an empty host.
    order : order a disordered structure by electrostatics, see :func:`embench.migration.order.ordered`.
    symprec : tolerance of the symmetry search, Å.
    functional : of the barriers that are meant: GGA, GGA+U, LDA or SCAN.

    Raises
    ------
    StructureError
        In words: what is no ordered crystal, no such ion, no second site within reach, too many atoms.
    InvalidValueError
        A distance that is none, an unknown `limit` or `functional`.
    FeatureError, MissingDependencyError
        An ion without a model; pymatgen, spglib or scipy is missing.
    """
    ion = element_of(ion)
    _check_settings(longest, limit, functional)
    need("scipy")
    crystal, empty, notes = _crystal(structure, ion, order)
    _check_ion(crystal, ion, interstitials)
    dilute = limit == "dilute" or (limit is None and not len(crystal.sites_of(ion)))
    ops = operations_of(crystal, symprec)
    network = _network(crystal, ion, empty, ops, interstitials=interstitials)
    reach = REACH if longest is None else longest
    symmetry = site_symmetry(crystal.lattice, network.sites, list(network.kinds), ops, max(2 * symprec, 0.3))
    orbits = [_downhill(orbit, network) for orbit in direct_orbits(crystal.lattice, network.sites, symmetry, reach)]
    if not orbits:
        raise StructureError(
            f"no two sites of {ion} in {crystal.formula} are within {reach:g} Å of each other: give a greater longest="
            + ("" if interstitials else ", or look for interstitial sites as well (interstitials=True)")
        )
    lengths = connecting_lengths(len(network.sites), orbits)
    if longest is None:
        longest = max(lengths.values(), default=reach)
    chosen = [orbit for orbit in orbits if orbit.length <= longest + SAME_LENGTH]
    cells = smallest_supercell(crystal.lattice, least_distance)
    charges = formal_charges(crystal, ion)
    notes += [*_said(network, lengths, reach, cells, dilute=dilute), *charges.notes]
    hops = [
        _hop(crystal, ion, network, orbit, number, cells, charges, dilute=dilute, functional=functional)
        for number, orbit in enumerate(chosen)
    ]
    return Hops(
        formula=crystal.formula,
        ion=ion,
        space_group=ops.space_group,
        hops=tuple(hops),
        lattice=crystal.lattice,
        network=network,
        connections=tuple(
            Connection(start, end, image, number)
            for number, orbit in enumerate(chosen)
            for start, end, image in orbit.members
        ),
        connecting_lengths=lengths,
        supercell=cells,
        notes=tuple(notes),
    )


def _check_settings(longest: float | None, limit: str | None, functional: str) -> None:
    if longest is not None and not 0 < longest <= LARGEST_DISTANCE:
        raise InvalidValueError(f"longest {longest} is not between 0 and {LARGEST_DISTANCE:g} Å")
    if limit not in _LIMITS:
        raise InvalidValueError(f"limit {limit!r} is neither 'vacancy' nor 'dilute'")
    check_functional(functional)


def _crystal(structure: AnyStructure, ion: str, order: bool) -> tuple[Crystal, Floats, list[str]]:
    """Return the ordered crystal, known sites of the ion that are empty (m, 3), and notes."""
    need("pymatgen")
    need("spglib")
    from pymatgen.core import IStructure

    notes, empty = [], np.empty((0, 3))
    if order and isinstance(structure, IStructure) and not structure.is_ordered:
        from embench.migration.order import ordered

        structure, empty, note = ordered(structure, ion)
        notes.append(note)
    crystal = read_crystal(structure)
    if len(crystal.symbols) > MOST_SITES:
        crystal = _primitive(crystal)
        notes.append(f"the primitive cell of {len(crystal.symbols)} atoms stands for the structure")
    return crystal, empty, [*notes, *crystal.notes]


def _primitive(crystal: Crystal) -> Crystal:
    from pymatgen.core import Element
    from spglib import find_primitive

    numbers = [Element(symbol).Z for symbol in crystal.symbols]
    found = find_primitive((crystal.lattice.tolist(), crystal.frac_coords.tolist(), numbers), symprec=SYMPREC)
    if found is None or len(found[2]) > MOST_SITES:
        raise StructureError(
            f"the structure holds {len(crystal.symbols)} atoms, and {'' if found is None else 'its primitive cell '}"
            f"more than the {MOST_SITES} that all hops are looked for in: give the cell of the perfect crystal, or one "
            "hop by its two end structures (hop_between)"
        )
    symbols = tuple(str(Element.from_Z(int(number)).symbol) for number in found[2])
    return Crystal(np.array(found[0]), symbols, np.array(found[1]), crystal.charges, crystal.notes)


def _check_ion(crystal: Crystal, ion: str, interstitials: bool) -> None:
    elements = ", ".join(sorted(set(crystal.symbols)))
    if len(crystal.sites_of(ion)) == len(crystal.symbols):
        raise StructureError(f"the structure holds {ion} only: a hop needs a framework that the ion hops in")
    if not len(crystal.sites_of(ion)) and not interstitials:
        raise StructureError(
            f"there is no {ion} in {crystal.formula} ({elements}): name an ion of it (ion=), or take it as an empty "
            "host and look for interstitial sites (interstitials=True)"
        )


def _network(crystal: Crystal, ion: str, empty: Floats, ops: Operations, *, interstitials: bool) -> Network:
    occupied = crystal.frac_coords[crystal.sites_of(ion)]
    sites = wrapped(np.vstack([occupied, empty]))
    kinds = ["occupied"] * len(occupied) + ["empty"] * len(empty)
    energies = np.full(len(sites), np.nan)
    if interstitials:
        from embench.migration.interstitials import interstitial_sites

        found = interstitial_sites(crystal, ion, sites, ops)
        sites, energies = np.vstack([sites, found.sites]), np.concatenate([energies, found.energies])
        kinds += ["interstitial"] * len(found.sites)
    if not len(sites):
        raise StructureError(f"no interstitial site of {ion} was found in {crystal.formula}")
    return Network(sites, tuple(kinds), energies)


def _downhill(orbit: Orbit, network: Network) -> Orbit:
    """Return the orbit in the direction that starts from an occupied site, where only one end is occupied."""
    start, end, _ = orbit.members[0]
    if network.is_occupied[start] or not network.is_occupied[end]:
        return orbit
    return Orbit(tuple((b, a, (-x, -y, -z)) for a, b, (x, y, z) in orbit.members), orbit.length, orbit.turns)


def _said(
    network: Network, lengths: dict[int, float], reach: float, cells: NDArray[np.int64], *, dilute: bool
) -> list[str]:
    counts = {kind: network.kinds.count(kind) for kind in ("occupied", "empty", "interstitial")}
    sites = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    connected = ", ".join(f"{n}D by hops up to {length:.2f} Å" for n, length in lengths.items())
    return [
        f"sites of the ion in the cell: {sites}",
        f"connected in {connected}" if connected else f"hops up to {reach:g} Å do not connect the crystal",
        f"supercell of {round(np.linalg.det(cells))} cells; "
        + ("the ion is alone in it (dilute limit)" if dilute else "the end of the hop is emptied (vacancy limit)"),
    ]


def _hop(
    crystal: Crystal,
    ion: str,
    network: Network,
    orbit: Orbit,
    number: int,
    cells: NDArray[np.int64],
    charges: Charges,
    *,
    dilute: bool,
    functional: str,
) -> MigrationHop:
    from pymatgen.core import Element

    start, end, image = orbit.members[0]
    cell = hop_cell(crystal, ion, network, orbit.members[0], cells, dilute=dilute)
    notes = []
    if cell.n_emptied > 1:
        notes.append(f"{cell.n_emptied} sites of {ion} are emptied: they are too close to an end of the hop")
    elif cell.n_emptied < 0 and not dilute:
        notes.append(f"one {ion} more than the structure holds")
    return MigrationHop(
        entry_id=f"{crystal.formula}_{ion}_{number + 1}",
        lattice=cell.lattice,
        atomic_numbers=np.array([Element(symbol).Z for symbol in cell.symbols], np.int16),
        frac_coords=cell.frac_coords,
        path_end=cell.path_end,
        functional=functional,
        charges=charges.values,
        charges_given=charges.given,
        cell_charge=charges.of_cell(cell.symbols),
        start_site=start,
        end_site=end,
        image=image,
        multiplicity=len(orbit.members),
        ends_equivalent=orbit.turns,
        notes=tuple(notes),
    )

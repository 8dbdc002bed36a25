"""Other people's structures as plain arrays: pymatgen ``Structure`` or ASE ``Atoms`` in, one checked crystal out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.crystal.periodic import pairs_within
from embench.errors import MissingDependencyError, StructureError

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core import Structure

    AnyStructure = Structure | Atoms

Floats = NDArray[np.float64]

# Two atoms that are nearer than this are an error of the file, Å; the same limit as the flag `structure_corrupt`.
OVERLAP = 0.5
# Below this a cell has no volume, Å^3.
LEAST_VOLUME = 1.0
_ROUNDING = 1e-9
# How many sites a message names at most.
_NAMED = 6


@dataclass(frozen=True, eq=False)
class Crystal:
    """A checked crystal.

    Attributes
    ----------
    lattice : (3, 3) rows, Å, right-handed.
    symbols : N elements; isotopes and oxidation states are taken off.
    frac_coords : (N, 3) fractional, wrapped or not, as given.
    charges : oxidation state of each element where the structure has them (the mean over its sites), else None.
    notes : what was changed or assumed, in words.
    """

    lattice: Floats
    symbols: tuple[str, ...]
    frac_coords: Floats
    charges: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()

    def sites_of(self, symbol: str) -> NDArray[np.intp]:
        """Return the positions of the sites of an element, (M,)."""
        return np.flatnonzero(np.array(self.symbols) == symbol)

    @property
    def formula(self) -> str:
        """Reduced formula, as pymatgen writes it."""
        from pymatgen.core import Composition

        return str(Composition("".join(self.symbols)).reduced_formula)


def read_crystal(structure: AnyStructure, *, name: str = "the structure", overlap: bool = False) -> Crystal:
    """Return a structure as a checked :class:`Crystal`.

    A left-handed cell is replaced by the right-handed one of the same lattice (all three vectors reversed), deuterium
    and tritium count as hydrogen, and oxidation states are split off the elements. Each of them is noted.

    Parameters
    ----------
    structure : pymatgen ``Structure`` or ASE ``Atoms``, periodic in three directions.
    name : what messages call it.
    overlap : accept atoms that overlap.

    Raises
    ------
    StructureError
        Naming the sites and the way out: no crystal, a molecule without a cell, partial occupancy, a dummy species,
        numbers that are not finite, a cell without volume, overlapping atoms.
    MissingDependencyError
        Without pymatgen.
    """
    need("pymatgen")
    from pymatgen.core import IStructure

    if isinstance(structure, IStructure):
        crystal = _from_pymatgen(structure, name)
    elif hasattr(structure, "get_scaled_positions") and hasattr(structure, "pbc"):
        crystal = _from_ase(structure, name)
    elif hasattr(structure, "sites") and not hasattr(structure, "lattice"):
        raise StructureError(
            f"{name} is a molecule without a cell; a hop needs a crystal: pymatgen.core.Structure or ASE Atoms"
        )
    else:
        raise StructureError(
            f"{name} is of the type {type(structure).__name__}; give a pymatgen Structure or ASE Atoms, "
            "which pymatgen.core.Structure.from_file and ase.io.read make of a file"
        )
    _check_numbers(crystal, name)
    crystal = _right_handed(crystal)
    if not overlap:
        _check_overlap(crystal, name)
    return crystal


def wrapped(coords: Floats) -> Floats:
    """Return fractional coordinates moved into the cell; rounding below 0 counts as 0."""
    inside: Floats = coords - np.floor(coords + _ROUNDING)
    return inside


def need(library: str) -> None:
    """Raise :class:`~embench.errors.MissingDependencyError` where a library is not installed."""
    from importlib import import_module

    try:
        import_module(library)
    except ImportError:
        # pymatgen brings the other ones along.
        raise MissingDependencyError(library, "structures", "reading a hop from a structure") from None


def _from_pymatgen(structure: Any, name: str) -> Crystal:
    from pymatgen.core import Element

    check_ordered(structure, name)
    symbols, isotopes = [], set()
    states: dict[str, list[float]] = defaultdict(list)
    for position, site in enumerate(structure):
        symbol = _symbol(site.specie, position, name)
        # An element shows its isotope by its name only, an ion by its text.
        label = site.specie.name if isinstance(site.specie, Element) else str(site.specie)
        if not label.startswith(symbol):
            isotopes.add(label.rstrip("+-0123456789"))
        symbols.append(symbol)
        if getattr(site.specie, "oxi_state", None) is not None:
            states[symbol].append(float(site.specie.oxi_state))
    notes = [f"{isotope} counts as hydrogen" for isotope in sorted(isotopes)]
    charges = None
    # Some programs write 0 for every oxidation state that they do not know.
    if not any(value for values in states.values() for value in values):
        states = defaultdict(list)
    if sum(map(len, states.values())) == len(symbols):
        charges = {symbol: float(np.mean(values)) for symbol, values in states.items()}
    elif states:
        notes.append(f"{name} has oxidation states for {', '.join(sorted(states))} only: none is used")
    lattice = np.array(structure.lattice.matrix, np.float64)
    coords = np.array(structure.frac_coords, np.float64).reshape(-1, 3)
    return Crystal(lattice, tuple(symbols), coords, charges, tuple(notes))


def _symbol(specie: Any, position: int, name: str) -> str:
    from pymatgen.core import DummySpecies, Element

    if isinstance(specie, DummySpecies) or not 1 <= specie.Z <= 118:
        raise StructureError(f"{name}: site {position} holds {specie}, which is no element: remove or replace it")
    return str(Element.from_Z(specie.Z).symbol)


def check_ordered(structure: Any, name: str) -> None:
    """Raise :class:`~embench.errors.StructureError` that names the partially occupied sites of a pymatgen structure."""
    partial = [position for position, site in enumerate(structure) if not site.is_ordered]
    if partial:
        shown = ", ".join(f"site {position} ({structure[position].species})" for position in partial[:_NAMED])
        more = f" and {len(partial) - _NAMED} more" if len(partial) > _NAMED else ""
        raise StructureError(
            f"{name} is disordered: {shown}{more} are partially occupied, and "
            "an ordered structure is needed; find_hops orders a small cell if asked (order=True)"
        )


def _from_ase(atoms: Any, name: str) -> Crystal:
    from pymatgen.core import Element

    if not atoms.cell.rank:
        raise StructureError(f"{name} is a molecule without a cell; a hop needs a crystal that is periodic")
    if atoms.cell.rank < 3 or not all(atoms.pbc):
        raise StructureError(
            f"{name} is not periodic in three directions (pbc {atoms.pbc.tolist()}): set atoms.pbc = True and a full "
            "cell if it is a crystal"
        )
    # The CIF reader of ASE keeps the first species of a site and notes the others here.
    occupancy = atoms.info.get("occupancy") or {}
    partial = {
        site: kinds for site, kinds in occupancy.items() if len(kinds) > 1 or abs(sum(kinds.values()) - 1) > 1e-3
    }
    if partial:
        shown = ", ".join(f"site kind {site} ({_shares(kinds)})" for site, kinds in list(partial.items())[:_NAMED])
        raise StructureError(
            f"{name} is disordered: {shown}. Read it with pymatgen.core.Structure.from_file; find_hops then "
            "orders a small cell if asked (order=True)"
        )
    numbers = atoms.get_atomic_numbers()
    if len(numbers) and not 1 <= numbers.min() <= numbers.max() <= 118:
        position = int(np.flatnonzero((numbers < 1) | (numbers > 118))[0])
        raise StructureError(f"{name}: site {position} holds {atoms.symbols[position]}, which is no element: remove it")
    symbols = tuple(str(Element.from_Z(int(number)).symbol) for number in numbers)
    # A cell that is flat or not finite cannot be inverted: the message for it comes with the other checks.
    cell = np.array(atoms.cell, np.float64)
    sound = np.isfinite(cell).all() and abs(np.linalg.det(cell)) >= LEAST_VOLUME
    coords = atoms.get_scaled_positions(wrap=False) if sound else np.full((len(symbols), 3), np.nan)
    return Crystal(cell, symbols, np.array(coords, np.float64).reshape(-1, 3))


def _shares(kinds: Mapping[str, float]) -> str:
    return ", ".join(f"{symbol} {share:g}" for symbol, share in kinds.items())


def _check_numbers(crystal: Crystal, name: str) -> None:
    if not crystal.symbols:
        raise StructureError(f"{name} holds no atoms")
    if not np.isfinite(crystal.lattice).all():
        raise StructureError(f"{name}: the cell holds a number that is not finite: {crystal.lattice.tolist()}")
    volume = abs(float(np.linalg.det(crystal.lattice)))
    if volume < LEAST_VOLUME:
        raise StructureError(f"{name}: the cell has a volume of {volume:g} Å^3, so it holds no crystal")
    odd = np.flatnonzero(~np.isfinite(crystal.frac_coords).all(axis=1))
    if len(odd):
        shown = ", ".join(f"site {site} ({crystal.symbols[site]})" for site in odd[:_NAMED])
        raise StructureError(f"{name}: {shown} has coordinates that are not finite numbers")


def _right_handed(crystal: Crystal) -> Crystal:
    if np.linalg.det(crystal.lattice) > 0:
        return crystal
    note = "the cell was left-handed: its three vectors are reversed, and the atoms stay where they are"
    return Crystal(-crystal.lattice, crystal.symbols, -crystal.frac_coords, crystal.charges, (*crystal.notes, note))


def _check_overlap(crystal: Crystal, name: str) -> None:
    cart = crystal.frac_coords @ crystal.lattice
    found = pairs_within(crystal.lattice, cart, cart, reach=OVERLAP)
    pairs = np.flatnonzero(found.first < found.second)
    if len(pairs):
        worst = pairs[found.distances[pairs].argmin()]
        a, b = int(found.first[worst]), int(found.second[worst])
        raise StructureError(
            f"{name}: site {a} ({crystal.symbols[a]}) and site {b} ({crystal.symbols[b]}) overlap, "
            f"{found.distances[worst]:.3f} Å apart: remove the copy, or check the file"
        )

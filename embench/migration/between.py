"""A hop from the two structures at its ends."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.errors import InvalidValueError, StructureError
from embench.migration.charges import formal_charges
from embench.migration.hop import MigrationHop, check_functional
from embench.migration.match import HOPPED, Match, match_sites
from embench.migration.read import Crystal, need, read_crystal

if TYPE_CHECKING:
    from embench.migration.read import AnyStructure

Floats = NDArray[np.float64]

# Cells whose lengths differ by more than this share, or angles by more than this (degrees), are other cells; in the
# released test entries the lengths change by up to 5 %.
CELL_LENGTHS, CELL_ANGLES = 0.10, 5.0
# A hop between neighbouring split sites is short: it counts where it is this long (Å) and every other atom moves less
# than half as far.
LEAST_HOP = 0.5
# A given end is taken as it is where it is further than the nearest image of the end by no more than this, Å: nine of
# the released bands are longer by 0.02 to 1.7 Å. Beyond, the two files were wrapped each in its own way.
LONGER_IMAGE = 2.0
_IMAGES = ("auto", "given", "shortest")
# Rounding of coordinates in files, fractional and Å.
_ROUNDING = 1e-6
_SAME_LENGTH = 1e-3


def hop_between(
    start: AnyStructure,
    end: AnyStructure,
    ion: str | None = None,
    *,
    image: str = "auto",
    entry_id: str | None = None,
    functional: str = "GGA",
) -> MigrationHop:
    """Return the hop between two structures of one crystal.

    Atoms of one element may be listed in another order, the structures may be shifted or rotated against each other,
    and wrapped into the cell or not.

    Parameters
    ----------
    start, end : pymatgen ``Structure`` or ASE ``Atoms``, before and after the hop.
    ion : element of the migrating ion; None finds it.
    image : which periodic image of the end is meant. ``given`` is that of the coordinates as they are, ``shortest``
        the nearest one. ``auto`` takes the given one where the ion leaves the cell (coordinates outside of 0 to 1)
        and it is at most LONGER_IMAGE further, or a whole lattice vector away: a hop to the ion's own image.
    entry_id : name of the hop; None makes one of formula and ion.
    functional : of the barrier that is meant: GGA, GGA+U, LDA or SCAN.

    Returns
    -------
    The hop with site 0 migrating, the other sites in the order of `start`, and the final state in the same order.

    Raises
    ------
    StructureError
        In words: what is no ordered crystal, other cells, other compositions, no ion that moves, more than one, or
        another one than `ion`.
    InvalidValueError
        An unknown `image` or `functional`.
    MissingDependencyError
        Without pymatgen or scipy.
    """
    if image not in _IMAGES:
        raise InvalidValueError(f"image {image!r} is none of {', '.join(_IMAGES)}")
    check_functional(functional)
    need("scipy")
    a, b = read_crystal(start, name="the start structure"), read_crystal(end, name="the end structure")
    wanted = None if ion is None else element_of(ion)
    _check_composition(a, b, wanted)
    _check_cells(a, b)
    match = match_sites(a.lattice, a.symbols, a.frac_coords, b.symbols, b.frac_coords)
    site = _migrating(a, match, wanted)
    given = b.frac_coords[match.order] - a.frac_coords - match.shift
    notes = [*a.notes, *(note for note in b.notes if note not in a.notes)]
    if site is None:
        site = _own_image(a, match, given, wanted)
        step = given[site]
        notes.append("the ion hops to its own periodic image")
    else:
        step, note = _image(a, b, match, site, given[site], image)
        notes += note
    return _result(a, b, match, site, step, notes, entry_id, functional)


def element_of(ion: object) -> str:
    """Return the element of an ion as people write it: ``Li``, ``Li+``, ``Mg2+``, ``D``, or an element of pymatgen.

    Raises :class:`~embench.errors.StructureError` for what is no element.
    """
    from pymatgen.core import Element

    text = str(ion).strip().rstrip("+-0123456789")
    try:
        return str(Element.from_Z(Element(text).Z).symbol)
    except ValueError:
        raise StructureError(f"the ion {str(ion)!r} is no element: give a symbol such as Li, Na or Mg") from None


def _check_composition(a: Crystal, b: Crystal, ion: str | None) -> None:
    counts_a, counts_b = Counter(a.symbols), Counter(b.symbols)
    if counts_a != counts_b:
        other = ", ".join(
            f"{symbol} {counts_a[symbol]} and {counts_b[symbol]}"
            for symbol in sorted({*counts_a, *counts_b})
            if counts_a[symbol] != counts_b[symbol]
        )
        raise StructureError(
            f"the start and the end structure hold other atoms ({other}): both ends of a hop have the same composition"
        )
    if ion is not None and ion not in counts_a:
        raise StructureError(f"there is no {ion} in the structures; they hold {', '.join(sorted(counts_a))}")
    if len(a.symbols) < 2:
        raise StructureError("the structures hold one atom: a hop needs a framework that the ion hops in")


def _check_cells(a: Crystal, b: Crystal) -> None:
    from pymatgen.core import Lattice

    cells = Lattice(a.lattice), Lattice(b.lattice)
    lengths, angles = np.array([cell.abc for cell in cells]), np.array([cell.angles for cell in cells])
    if np.abs(lengths[1] / lengths[0] - 1).max() > CELL_LENGTHS or np.abs(angles[1] - angles[0]).max() > CELL_ANGLES:
        shown = [
            ", ".join(f"{length:.3f}" for length in cell.abc)
            + " Å, "
            + ", ".join(f"{x:.1f}" for x in cell.angles)
            + "°"
            for cell in cells
        ]
        raise StructureError(
            f"the start and the end structure have other cells ({shown[0]} and {shown[1]}): give both in the same "
            "cell, with the same lattice vectors"
        )


def _name(crystal: Crystal, site: int, length: float) -> str:
    return f"site {site} ({crystal.symbols[site]}) by {length:.2f} Å"


def _migrating(a: Crystal, match: Match, ion: str | None) -> int | None:
    """Return the site that hops; None where each atom is where one was before."""
    order = np.argsort(-match.lengths, kind="stable")
    hopped = [int(site) for site in order if match.lengths[site] > HOPPED]
    if len(hopped) > 1:
        names = ", ".join(_name(a, site, match.lengths[site]) for site in hopped[:8])
        more = f" and {len(hopped) - 8} more" if len(hopped) > 8 else ""
        raise StructureError(
            f"more than one ion moves: {names}{more}. A hop has one: split a concerted move into its hops, or check "
            "that both structures are of the same framework"
        )
    longest, second = int(order[0]), float(match.lengths[order[1]])
    if not hopped:
        if match.lengths[longest] < LEAST_HOP or match.lengths[longest] < 2 * second:
            return None
        hopped = [longest]
    if ion is not None and a.symbols[hopped[0]] != ion:
        raise StructureError(f"the ion that moves is no {ion}: {_name(a, hopped[0], match.lengths[hopped[0]])}")
    return hopped[0]


def _own_image(a: Crystal, match: Match, given: Floats, ion: str | None) -> int:
    """Return the site whose given end is a lattice vector away from its start."""
    vectors = np.rint(given - match.displacements)
    sites = [int(site) for site in np.flatnonzero(vectors.any(axis=1)) if ion in (None, a.symbols[site])]
    if len(sites) == 1:
        return sites[0]
    if not sites:
        longest = int(match.lengths.argmax())
        raise StructureError(
            f"no ion moves: the longest displacement is that of {_name(a, longest, match.lengths[longest])}. For a hop "
            "to the ion's own periodic image, give its end unwrapped (1.0 instead of 0.0)"
        )
    names = ", ".join(_name(a, site, float(np.linalg.norm(given[site] @ a.lattice))) for site in sites[:8])
    raise StructureError(
        f"no ion changes its place, and several could have hopped to their own image: {names}. Give the ion's "
        "element (ion=), and all other atoms with the same coordinates in both structures"
    )


def _image(a: Crystal, b: Crystal, match: Match, site: int, given: Floats, image: str) -> tuple[Floats, list[str]]:
    """Return the hop, fractional (3,), and notes."""
    shortest = match.displacements[site]
    lengths = [float(np.linalg.norm(step @ a.lattice)) for step in (given, shortest)]
    if image == "shortest":
        return shortest, []
    if lengths[0] <= lengths[1] + _ROUNDING:
        # Of images that are equally near, the given one.
        return given, []
    ends = np.array([a.frac_coords[site], b.frac_coords[match.order[site]]])
    unwrapped = bool(((ends < -_ROUNDING) | (ends > 1 + _ROUNDING)).any())
    if image == "given" or (unwrapped and lengths[0] <= lengths[1] + LONGER_IMAGE):
        note = f"the end as given is {lengths[0]:.2f} Å away, and an image of it {lengths[1]:.2f} Å: image='shortest'"
        return given, [note + " takes that"]
    return shortest, []


def _result(
    a: Crystal,
    b: Crystal,
    match: Match,
    site: int,
    step: Floats,
    notes: list[str],
    entry_id: str | None,
    functional: str,
) -> MigrationHop:
    from pymatgen.core import Element

    others = np.delete(np.arange(len(a.symbols)), site)
    order = np.r_[site, others]
    symbols = tuple(a.symbols[i] for i in order)
    final = a.frac_coords + match.displacements
    final[site] = a.frac_coords[site] + step
    shift = float(np.linalg.norm(match.shift @ a.lattice))
    if shift > _SAME_LENGTH:
        notes.append(f"the end structure is shifted by {shift:.3f} Å as a whole: taken out")
    moved = int(others[match.lengths[others].argmax()])
    if match.lengths[moved] > _SAME_LENGTH:
        notes.append(f"the framework relaxes: {_name(a, moved, match.lengths[moved])} at most")
    charges = formal_charges(a, symbols[0])
    return MigrationHop(
        entry_id=entry_id or f"{a.formula}_{symbols[0]}",
        lattice=a.lattice,
        atomic_numbers=np.array([Element(symbol).Z for symbol in symbols], np.int16),
        frac_coords=a.frac_coords[order],
        path_end=final[site],
        functional=functional,
        final_lattice=_turned_back(a.lattice, b.lattice),
        final_frac_coords=final[order],
        framework_displacement=float(match.lengths[moved]),
        charges=charges.values,
        charges_given=charges.given,
        cell_charge=charges.of_cell(symbols),
        notes=(*notes, *charges.notes),
    )


def _turned_back(a: Floats, b: Floats) -> Floats:
    """Return the cell `b` in the orientation of `a`; as it is where it is not turned."""
    from scipy.linalg import polar

    rotation, _ = polar(np.linalg.solve(a, b))
    return b if np.allclose(rotation, np.eye(3), atol=0.05) else b @ rotation.T

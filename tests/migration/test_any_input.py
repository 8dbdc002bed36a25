"""Whatever the structure: hops, or an error in words."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from ase import Atoms
from pymatgen.core import Element, Lattice, Structure

from embench.errors import EmbenchError
from embench.migration import find_hops, hop_between

ELEMENTS = [1, 2, 3, 3, 3, 6, 8, 8, 8, 9, 11, 12, 14, 15, 16, 22, 25, 26, 57, 92, 103, 110]


def _structure(rng):
    """A random cell of random atoms, now and then without volume or with a number that is none."""
    n = int(rng.integers(1, 12))
    symbols = [Element.from_Z(int(z)).symbol for z in rng.choice(ELEMENTS, n)]
    lattice = rng.normal(0, 1, (3, 3)) * rng.choice([0.5, 3, 6]) + np.eye(3) * rng.choice([0, 4, 8])
    coords = rng.normal(0, 1, (n, 3))
    match rng.integers(10):
        case 0:
            coords[0, 0] = np.nan
        case 1:
            lattice[1] = lattice[0]
        case 2:
            lattice[2, 2] = np.inf
    if rng.random() < 0.5:
        return Atoms(symbols, positions=coords @ np.nan_to_num(lattice, posinf=9), cell=lattice, pbc=True)
    with contextlib.suppress(ValueError, np.linalg.LinAlgError):
        return Structure(Lattice(lattice), symbols, coords)
    return Atoms(symbols, positions=coords, cell=np.eye(3) * 9, pbc=True)


def _moved(structure, rng):
    step = rng.normal(0, 0.3, 3)
    if isinstance(structure, Atoms):
        end = structure.copy()
        end.positions[0] += 8 * step
        return end
    coords = structure.frac_coords.copy()
    coords[0] += step
    return Structure(structure.lattice, structure.species, coords)


def _message(call):
    """The words of the error that a call ends with; empty for one that does not."""
    try:
        call()
    except EmbenchError as error:
        return str(error)
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(24))
def test_hops_or_an_error_in_words(seed):
    rng = np.random.default_rng(seed)
    structure = _structure(rng)
    end = _moved(structure, rng)
    for call in (
        lambda: find_hops(structure, "Li", interstitials=bool(seed % 2)),
        lambda: hop_between(structure, end),
    ):
        said = _message(call)
        assert not said or len(said) > 20

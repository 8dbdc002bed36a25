"""Supercells whose size can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from embench.crystal.periodic import shortest_translation
from embench.errors import InvalidValueError
from embench.migration.supercell import smallest_supercell


@pytest.mark.parametrize(
    ("least", "size"),
    [
        (1.0, 1),
        # Face-centred: every second point, sqrt(2) apart. Body-centred: every fourth, sqrt(3) apart.
        (np.sqrt(2), 2),
        (np.sqrt(3), 4),
    ],
)
def test_superlattices_of_the_simple_cubic_lattice(least, size):
    cell = smallest_supercell(np.eye(3), least)
    assert round(np.linalg.det(cell)) == size
    assert shortest_translation(cell @ np.eye(3)) == pytest.approx(least)


def test_a_large_cell_stays_and_a_thin_one_is_repeated_along_its_thin_side():
    assert smallest_supercell(np.diag([9.0, 10.0, 11.0]), 8.0).tolist() == np.eye(3).tolist()
    assert smallest_supercell(np.diag([12.0, 4.5, 12.0]), 8.0).tolist() == np.diag([1, 2, 1]).tolist()


def test_a_skewed_cell_is_measured_by_its_lattice_not_its_vectors():
    """All three vectors are longer than 8 Å, but a + b is only 2 Å long."""
    lattice = np.array([[9.0, 0, 0], [-9.0, 2.0, 0], [0, 0, 9.0]])
    cell = smallest_supercell(lattice, 8.0)
    assert shortest_translation(lattice) == pytest.approx(2.0)
    assert shortest_translation(cell @ lattice) >= 8.0
    assert round(np.linalg.det(cell)) == 4


def test_many_cells_are_diagonal():
    cell = smallest_supercell(np.diag([1.0, 1.1, 1.2]), 8.0)
    assert np.count_nonzero(cell) == 3
    assert shortest_translation(cell @ np.diag([1.0, 1.1, 1.2])) >= 8.0
    assert np.linalg.det(cell) <= 8 * 8 * 7


@pytest.mark.parametrize("least", [0.0, -1.0, 1e3, float("nan"), float("inf")])
def test_no_distance(least):
    with pytest.raises(InvalidValueError, match="is not between 0 and 40 Å"):
        smallest_supercell(np.eye(3), least)

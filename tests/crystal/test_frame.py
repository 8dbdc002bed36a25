"""Axes of a hop that turn with the crystal, and come out the same however the cell is written."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from embench.crystal.frame import hop_axes

LATTICE = np.array([[4.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 5.0]])
START, END = np.zeros(3), np.array([0.0, 0.0, 2.0])
# One atom, away from all planes of symmetry of the lattice.
ATOM, CONTACT = np.array([[0.9, 1.4, 0.6]]), np.array([2.0])


def test_the_second_axis_is_the_shortest_lattice_vector_across_the_hop() -> None:
    axes = hop_axes(LATTICE, START, END, ATOM, CONTACT)
    np.testing.assert_allclose(axes[0], [0.0, 0.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(np.abs(axes[1]), [0.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    # A hop along the shortest vector itself: that says nothing of the directions across.
    along = hop_axes(LATTICE, START, np.array([0.0, 1.5, 0.0]), ATOM, CONTACT)
    np.testing.assert_allclose(np.abs(along[1]), [1.0, 0.0, 0.0], atol=1e-12)


def test_there_is_more_room_on_the_positive_side() -> None:
    axes = hop_axes(LATTICE, START, END, ATOM, CONTACT)
    assert (axes[1:] @ ATOM[0] < 0).all()
    other = hop_axes(LATTICE, START, END, -ATOM, CONTACT)
    np.testing.assert_allclose(other[1:], -axes[1:], atol=1e-12)


def test_the_axes_turn_and_mirror_with_the_crystal() -> None:
    axes = hop_axes(LATTICE, START, END, ATOM, CONTACT)
    for seed in range(4):
        turn = Rotation.random(random_state=seed).as_matrix() * (-1) ** seed
        turned = hop_axes(LATTICE @ turn, START @ turn, END @ turn, ATOM @ turn, CONTACT)
        np.testing.assert_allclose(turned, axes @ turn, atol=1e-9)


@pytest.mark.parametrize("cells", [[[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[1, 2, 0], [0, 1, 0], [0, -3, -1]]])
def test_other_lattice_vectors_give_the_same_axes(cells: list[list[int]]) -> None:
    axes = hop_axes(LATTICE, START, END, ATOM, CONTACT)
    np.testing.assert_allclose(hop_axes(np.array(cells) @ LATTICE, START, END, ATOM, CONTACT), axes, atol=1e-9)
    # A square lattice: the two vectors are as long, the atom says which one is taken.
    square = np.diag([3.0, 3.0, 5.0])
    first = hop_axes(square, START, END, ATOM, CONTACT)
    np.testing.assert_allclose(hop_axes(np.array(cells) @ square, START, END, ATOM, CONTACT), first, atol=1e-9)


def test_noise_changes_no_choice() -> None:
    """Four atoms at the corners of a square make four axes as good: the first in the order of the lattice is taken."""
    square, corners = (
        np.diag([3.0, 3.0, 5.0]),
        np.array([[1.5, 1.5, 1.0], [1.5, -1.5, 1.0], [-1.5, 1.5, 1.0], [-1.5, -1.5, 1.0]]),
    )
    axes, rng = hop_axes(square, START, END, corners, np.full(4, 2.0)), np.random.default_rng(0)
    np.testing.assert_allclose(axes[1], [1.0, 0.0, 0.0], atol=1e-12)
    for _ in range(20):
        moved = corners + rng.normal(scale=1e-4, size=corners.shape)
        np.testing.assert_allclose(hop_axes(square, START, END, moved, np.full(4, 2.0)), axes, atol=1e-9)


def test_a_hop_far_from_all_atoms_has_axes_too() -> None:
    axes = hop_axes(LATTICE, START, END, np.empty((0, 3)), np.empty(0))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)

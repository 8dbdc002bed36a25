"""Distances in periodic structures, against hand calculation, brute force and scipy's own search."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embench.crystal.periodic import (
    approach,
    closest_approach,
    distance_matrix,
    has_overlap,
    largest_displacement,
    near_line,
    pairs_within,
    shortest_image,
    shortest_translation,
    surroundings,
)

SKEW = np.array([[4.0, 0.0, 0.0], [3.1, 3.9, 0.0], [-2.5, 1.7, 5.2]])
SHIFTS = np.array(list(product(range(-6, 7), repeat=3)))
seeds = st.integers(0, 2**32 - 1)


def some_points(seed, count):
    return np.random.default_rng(seed).uniform(-1, 2, (count, 3))


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_distances_in_a_skew_cell_are_those_of_brute_force(seed):
    a, b = some_points(seed, 3), some_points(seed + 1, 4)
    apart = b[None, :, None] - a[:, None, None] + SHIFTS
    apart -= np.rint(b - 0.5)[None, :, None] - np.rint(a - 0.5)[:, None, None]
    expected = np.linalg.norm(apart @ SKEW, axis=-1).min(axis=-1)
    assert distance_matrix(SKEW, a, b) == pytest.approx(expected, abs=1e-10)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_closest_approach_is_that_of_a_finely_sampled_line(seed):
    start, end, *sites = some_points(seed, 6)
    line = closest_approach(SKEW, start, end, np.array(sites))
    steps = np.linspace(0, 1, 2001)[:, None]
    sampled = distance_matrix(SKEW, start + steps * (end - start), np.array(sites)).min()
    half_step = np.linalg.norm((end - start) @ SKEW) / 4000
    assert line.shortest <= sampled + 1e-10
    assert sampled**2 <= line.shortest**2 + half_step**2 + 1e-9


def test_a_line_that_ends_before_the_site_is_nearest_at_its_end():
    cube = np.eye(3) * 20
    line = closest_approach(cube, np.zeros(3), np.array([0.1, 0, 0]), np.array([[0.25, 0.2, 0]]))
    # From (2, 0, 0) to (5, 4, 0).
    assert line.shortest == pytest.approx(5)
    assert line.where == 1


def test_of_two_equally_near_sites_the_first_along_the_line_counts():
    cube = np.eye(3) * 20
    # 4.0 and 3.9999999 Å from the line: the same but for rounding.
    sites = np.array([[0.1, 0.2, 0], [0.3, 0.2 - 5e-9, 0]])
    for order in (sites, sites[::-1]):
        line = closest_approach(cube, np.zeros(3), np.array([0.4, 0, 0]), order)
        assert line.where == pytest.approx(0.25)


def test_a_site_beside_the_start_of_a_line_far_from_the_origin():
    # From 12 to 18 Å along x; the site at 10 Å is 2 Å before the start.
    cube = np.eye(3) * 20
    line = closest_approach(cube, np.array([0.6, 0, 0]), np.array([0.9, 0, 0]), np.array([[0.5, 0, 0]]))
    assert line.shortest == pytest.approx(2)
    assert line.where == 0


def test_a_farther_site_before_the_nearest_one_does_not_count():
    cube = np.eye(3) * 20
    # 4.0 Å beside the first quarter of the line, 3.9 Å beside the third.
    sites = np.array([[0.1, 0.2, 0], [0.3, 0.195, 0]])
    line = closest_approach(cube, np.zeros(3), np.array([0.4, 0, 0]), sites, margin=1.0)
    assert sorted(line.distances) == pytest.approx([3.9, 4.0])
    assert line.where == pytest.approx(0.75)


def test_the_margin_brings_in_farther_sites():
    cube = np.eye(3) * 20
    sites = np.array([[0.1, 0.1, 0], [0.1, -0.2, 0]])
    ends = np.zeros(3), np.array([0.2, 0, 0])
    assert sorted(closest_approach(cube, *ends, sites, margin=2.5).distances) == pytest.approx([2, 4])


def test_a_polyline_is_as_near_as_its_nearest_segment():
    bent = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    found = approach(bent, np.array([[0.5, 0.0, 2.0], [2.0, 0.5, 0.0], [-3.0, 4.0, 0.0], [1.0, 1.0, 0.0]]))
    assert found.distances.tolist() == [2.0, 1.0, 5.0, 0.0]
    assert found.positions.tolist() == [0.5, 1.5, 0.0, 2.0]


def test_a_path_that_stands_still_is_a_point():
    found = approach(np.zeros((2, 3)), np.array([[3.0, 4.0, 0.0]]))
    assert (found.shortest, found.where) == (5.0, 0.0)
    assert len(approach(np.eye(3), np.zeros((0, 3))).distances) == 0


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(1.0, 7.0))
def test_what_is_near_a_line_is_what_brute_force_finds(seed, reach):
    start, end, *sites = some_points(seed, 5)
    found = near_line(SKEW, start, end, np.array(sites), reach=reach)
    # Line and sites lie up to three cells apart, and 7 Å are up to three more of this skew cell.
    shifts = np.array(list(product(range(-7, 8), repeat=3)))
    images = np.array([site + shift for site in sites for shift in shifts]) @ SKEW
    number = np.repeat(np.arange(len(sites)), len(shifts))
    # From the area of the triangle with the line, or the distance to the nearer end where the foot is beyond it.
    a, b = start @ SKEW, end @ SKEW
    height = np.linalg.norm(np.cross(images - a, images - b), axis=1) / np.linalg.norm(b - a)
    beyond = ((images - a) @ (b - a) < 0) | ((images - b) @ (a - b) < 0)
    ends = np.minimum(np.linalg.norm(images - a, axis=1), np.linalg.norm(images - b, axis=1))
    expected = np.where(beyond, ends, height)
    near = expected <= reach
    assert np.bincount(found.sites, minlength=3).tolist() == np.bincount(number[near], minlength=3).tolist()
    assert np.sort(found.distances) == pytest.approx(np.sort(expected[near]), abs=1e-9)
    assert found.coords[np.lexsort(found.coords.round(6).T)] == pytest.approx(
        images[near][np.lexsort(images[near].round(6).T)], abs=1e-9
    )


def test_the_shortest_image_of_a_step():
    cube = np.eye(3) * 4
    assert shortest_image(cube, np.array([0.75, 0.0, -1.0])) == pytest.approx([-0.25, 0, 0])
    half = np.array([0.5, -0.5, 0.0])
    assert shortest_image(cube, half).tolist() == half.tolist()  # another image is as short
    # 2.01 Å against 1.99 Å the other way round.
    step = np.array([0.5025, 0.0, 0.0])
    assert shortest_image(cube, step, tolerance=0.03).tolist() == step.tolist()
    assert shortest_image(cube, step, tolerance=0.01) == pytest.approx([-0.4975, 0, 0])
    assert shortest_image(cube, step) == pytest.approx([-0.4975, 0, 0])


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0.5, 6.0))
def test_pairs_within_reach_are_those_of_brute_force(seed, reach):
    a, b = some_points(seed, 2) @ SKEW, some_points(seed + 1, 3) @ SKEW
    found = pairs_within(SKEW, a, b, reach=reach)
    apart = np.linalg.norm(b[found.second] + found.images @ SKEW - a[found.first], axis=1)
    assert found.distances == pytest.approx(apart, abs=1e-9)
    everywhere = np.linalg.norm(b[None, :, None] + SHIFTS @ SKEW - a[:, None, None], axis=-1)
    assert len(found.distances) == (everywhere <= reach).sum()
    assert len(np.unique(np.column_stack([found.first, found.second, found.images]), axis=0)) == len(apart)


def test_surroundings_hold_several_images_of_one_site():
    cube = np.eye(3) * 3
    around = surroundings(cube, np.array([0.5, 0.5, 0.5]), np.array([[0.0, 0, 0]]), radius=2.7)
    # The eight corners of the cube are half a space diagonal away.
    assert around.distances == pytest.approx([1.5 * np.sqrt(3)] * 8)
    assert set(around.sites) == {0}
    assert len(np.unique(around.coords.round(6), axis=0)) == 8


def test_the_shortest_translation_need_not_be_a_lattice_vector_given():
    assert shortest_translation(np.eye(3) * 4) == pytest.approx(4)
    # Rows a and a + b of a square lattice: b is shorter than either in the second cell.
    assert shortest_translation(np.array([[5.0, 0, 0], [5.0, 3.0, 0], [0, 0, 9.0]])) == pytest.approx(3)


@pytest.mark.parametrize(("apart", "overlaps"), [(0.49, True), (0.51, False)])
def test_overlaps_are_found_across_the_cell_boundary(apart, overlaps):
    sites = np.array([[0.001, 0.5, 0.5], [1.001 - apart / 7, 0.5, 0.5]])
    assert has_overlap(np.eye(3) * 7, sites, within=0.5) is overlaps


def test_neither_a_common_shift_nor_an_exchange_is_a_displacement():
    cube = np.eye(3) * 8
    a = some_points(7, 12)
    elements = ["O"] * 8 + ["Ti"] * 4
    assert largest_displacement(cube, elements, a, a + np.array([0.4, 1.3, -0.2])) == pytest.approx(0, abs=1e-9)
    assert largest_displacement(cube, elements, a, a[[1, 0, *range(2, 12)]]) == pytest.approx(0, abs=1e-9)


def test_a_common_shift_is_found_although_some_sites_cross_the_boundary():
    """Twelve of sixteen sites move by 0.4 of the cell, four by 0.52, which is 0.48 backwards: on average by 0.43."""
    cube = np.eye(3) * 8
    a = some_points(11, 16) % 1.0
    b = a + np.array([0.4, 0.0, 0.0])
    b[:4, 0] += 0.12
    assert largest_displacement(cube, ["O"] * 16, a, b) == pytest.approx(8 * 0.12 * 12 / 16)


def test_the_shortest_translation_may_be_a_difference_of_reduced_vectors():
    # c - b = (0, -1.2, 2.1); a, b and c are 3.00, 2.83 and 2.85 Å long.
    lattice = np.array([[3.0, 0.0, 0.0], [1.5, 2.4, 0.0], [1.5, 1.2, 2.1]])
    assert shortest_translation(lattice) == pytest.approx(np.sqrt(1.2**2 + 2.1**2))


def test_one_displaced_site_counts_with_the_shift_of_the_mean_taken_out():
    cube = np.eye(3) * 8
    a = some_points(7, 12)
    b = a.copy()
    b[3, 1] += 0.6 / 8
    assert largest_displacement(cube, ["O"] * 12, a, b) == pytest.approx(0.6 * 11 / 12)

"""The graph around a hop: who hears of whom, and that nothing that reaches an image is left out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import embench
from embench.baselines.alignn.local.graph import ANGLE_CUTOFF, NEIGHBOURS, LocalGraph, crystal_graph, hop_graph
from embench.errors import FeatureError
from tests.crystal.made import rocksalt

MADE = rocksalt(cation=3, anion=8, length=4.2)


def images_of(entry, n: int = 5):
    start = np.asarray(entry.frac_coords[0])
    return start + np.linspace(0, 1, n)[:, None] * (np.asarray(entry.path_end) - start)


def around(entry, *, layers: int = 2, angles: int = 0) -> LocalGraph:
    return hop_graph(
        entry.lattice, entry.frac_coords, entry.atomic_numbers, images_of(entry), layers=layers, angles=angles
    )


def bonds(graph: LocalGraph, node: int) -> list[float]:
    return sorted(graph.distance[graph.target == node].tolist())


def test_distances_are_those_of_pymatgen() -> None:
    entry = embench.load()["O-LiFePO4"]
    graph = around(entry)
    host = entry.structure()
    host.remove_sites([0])
    for image, coords in enumerate(images_of(entry)):
        node = int(np.flatnonzero(graph.image == image)[0])
        found = host.get_sites_in_sphere(coords @ entry.lattice, 8.0)
        nearest = sorted(site.nn_distance for site in found)[:NEIGHBOURS]
        assert bonds(graph, node)[:NEIGHBOURS] == pytest.approx(nearest, abs=1e-4)


def test_images_hear_of_the_host_and_nobody_hears_of_them() -> None:
    graph = around(embench.load()["O-LiFePO4"])
    assert (graph.image[graph.source] == -1).all()
    assert sorted(graph.image[graph.image >= 0].tolist()) == [0, 1, 2, 3, 4]
    assert {graph.numbers[graph.image >= 0].tolist()[i] for i in range(5)} == {3}


def test_the_shell_of_the_twelfth_neighbour_is_whole() -> None:
    # In rock salt an atom has 6 neighbours of the other and 12 of its own kind: the twelfth lies in the second shell.
    crystal = crystal_graph(
        np.eye(3) * 4.2,
        np.array(
            [
                [0, 0, 0],
                [0, 0.5, 0.5],
                [0.5, 0, 0.5],
                [0.5, 0.5, 0],
                [0.5, 0.5, 0.5],
                [0.5, 0, 0],
                [0, 0.5, 0],
                [0, 0, 0.5],
            ]
        ),
        [11] * 4 + [17] * 4,
    )
    assert [len(bonds(crystal, node)) for node in range(8)] == [18] * 8
    assert bonds(crystal, 0) == pytest.approx([2.1] * 6 + [2.1 * np.sqrt(2)] * 12, abs=1e-5)


def test_angles_of_rock_salt() -> None:
    crystal = crystal_graph(np.eye(3) * 4.2, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), [3, 8])
    # Two atoms a cell of 4.2 Å is caesium chloride: 8 bonds of 3.637 Å, then 6 of 4.2 Å that are too long for angles.
    assert 3.637 < ANGLE_CUTOFF < 4.2
    first, second = crystal.first, crystal.second
    assert (crystal.target[first] == crystal.source[second]).all()
    assert len(first) == 2 * 8 * 8
    # Between the directions to the corners of a cube: back, along an edge, a face and through the body.
    values, counts = np.unique(crystal.cosine.round(4), return_counts=True)
    assert values.tolist() == pytest.approx([-1, -1 / 3, 1 / 3, 1], abs=1e-3)
    assert counts.tolist() == [16, 48, 48, 16]


def test_levels_count_the_hops_to_an_image() -> None:
    graph = around(embench.load()["O-LiFePO4"], layers=3)
    reached = {*np.flatnonzero(graph.level == 0)}
    for level in (1, 2, 3):
        new = {int(s) for s, t in zip(graph.source, graph.target, strict=True) if int(t) in reached} - reached
        assert new == {*np.flatnonzero(graph.level == level).tolist()}
        reached |= new
    for values in (graph.level, graph.level[graph.target], graph.level[graph.target[graph.second]]):
        assert all(a <= b for a, b in pairwise(values.tolist()))


def test_a_moved_and_turned_structure_has_the_same_graph() -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    shift = np.array([0.13, 0.41, 0.77])
    other = rocksalt(cation=3, anion=8, length=4.2)
    other.lattice = other.lattice @ turn
    other.frac_coords, other.path_end = other.frac_coords + shift, other.path_end + shift
    one, two = around(MADE), around(other)
    assert len(one) == len(two)
    for node in range(5):
        assert bonds(one, node) == pytest.approx(bonds(two, node), abs=1e-5)


def test_an_atom_without_neighbours_is_an_error() -> None:
    with pytest.raises(FeatureError, match="no other atom within 8"):
        crystal_graph(np.eye(3) * 30.0, np.zeros((1, 3)), [2])


@pytest.mark.parametrize(
    ("lattice", "number", "says"),
    [
        (np.diag([np.inf, 4.0, 4.0]), 3, "not finite"),
        (np.diag([0.0, 4.0, 4.0]), 3, "flat"),
        (np.eye(3) * 4.0, 300, "no element has the atomic number 300"),
        (np.eye(3) * 4.0, -1, "no element has the atomic number -1"),
    ],
)
def test_what_is_no_crystal_is_named(lattice, number, says):
    with pytest.raises(FeatureError, match=says):
        crystal_graph(lattice, np.zeros((1, 3)), [number])
    with pytest.raises(FeatureError, match=says):
        hop_graph(lattice, np.zeros((1, 3)), np.array([number]), np.zeros((5, 3)), layers=1, angles=1)

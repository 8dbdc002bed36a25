"""Dimensions of periodic networks, against the cycles that networkx finds."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embench.migration.periodic_union import PeriodicUnion


@pytest.mark.parametrize(
    ("links", "dimensions"),
    [
        ([(0, 1, (0, 0, 0))], [0, 0]),
        # A zigzag chain; the second link closes it in the next cell.
        ([(0, 1, (0, 0, 0)), (1, 0, (0, 1, 0))], [1, 1]),
        # The same link twice closes no loop.
        ([(0, 1, (0, 1, 0)), (1, 0, (0, -1, 0))], [0, 0]),
        # Two parts: a chain, and a plane.
        ([(0, 0, (1, 0, 0)), (1, 1, (1, 0, 0)), (1, 1, (1, 1, 0))], [1, 2]),
        # Twice the same direction.
        ([(0, 0, (1, 0, 0)), (0, 0, (2, 0, 0)), (0, 1, (0, 0, 1))], [1, 1]),
        ([(0, 1, (0, 0, 0)), (1, 0, (1, 0, 0)), (1, 0, (0, 1, 0)), (0, 1, (0, 0, 1))], [3, 3]),
    ],
)
def test_small_networks(links, dimensions):
    union = PeriodicUnion(2)
    for start, end, image in links:
        union.join(start, end, image)
    assert [union.dimension(site) for site in range(2)] == dimensions


images = st.tuples(*[st.integers(-2, 2)] * 3)
networks = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), images), max_size=12)


@given(networks)
def test_any_network(links):
    """The rank of the sums of images over the fundamental cycles of a spanning tree of each part."""
    union = PeriodicUnion(5)
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(5))
    for start, end, image in links:
        union.join(start, end, image)
        graph.add_edge(start, end)
    for part in nx.connected_components(graph):
        root = min(part)
        cell = {root: np.zeros(3, int)}
        waiting = [root]
        while waiting:
            at = waiting.pop()
            for start, end, image in links:
                for a, b, step in ((start, end, np.array(image)), (end, start, -np.array(image))):
                    if a == at and b not in cell:
                        cell[b] = cell[a] + step
                        waiting.append(b)
        loops = [cell[a] + np.array(image) - cell[b] for a, b, image in links if a in part]
        rank = np.linalg.matrix_rank(np.array(loops)) if loops else 0
        assert {union.dimension(site) for site in part} == {rank}

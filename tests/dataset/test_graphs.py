"""Graphs for PyTorch Geometric: distances from an independent neighbour search, nothing hidden leaks."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.errors import InvalidValueError

pytest.importorskip("torch_geometric")


@pytest.fixture(scope="module")
def entry():
    return embench.load()["AlSc2S4"]


def test_edges_are_those_of_ase(entry):
    from ase.neighborlist import neighbor_list

    (graph,) = embench.to_pyg([entry], cutoff=4.0)
    i, distances = neighbor_list("id", entry.atoms(), 4.0)
    assert graph.edge_index.shape[1] == len(i)
    np.testing.assert_allclose(np.sort(graph.edge_weight.numpy()), np.sort(distances), atol=1e-4)
    np.testing.assert_array_equal(
        np.bincount(graph.edge_index[0].numpy(), minlength=entry.n_sites), np.bincount(i, minlength=entry.n_sites)
    )
    # The vectors lead where the lengths say.
    vector = graph.pos[graph.edge_index[1]] + graph.edge_shift - graph.pos[graph.edge_index[0]]
    np.testing.assert_allclose(vector.norm(dim=1).numpy(), graph.edge_weight.numpy(), atol=1e-4)
    assert graph.y.tolist() == pytest.approx([entry.migration_barrier])


def test_images_of_the_ion_share_no_edge(entry):
    (graph,) = embench.to_pyg([entry], images=5)
    assert graph.num_nodes == entry.n_sites + 4
    assert graph.is_mobile.tolist() == [True] * 5 + [False] * (entry.n_sites - 1)
    first, second = graph.edge_index[:, (graph.edge_index < 5).all(dim=0)]
    assert (first == second).all()
    ends = graph.pos[[0, 4]].numpy()
    np.testing.assert_allclose(np.linalg.norm(ends[1] - ends[0]), entry.hop_distance, atol=1e-3)


def test_batches_and_hidden_targets():
    from torch_geometric.loader import DataLoader

    (fold,) = embench.protocol("published")
    graphs = embench.to_pyg(fold.test.select(fold.test_ids[:4]))
    assert all("y" not in graph for graph in graphs)
    (batch,) = DataLoader(graphs, batch_size=4)
    assert batch.num_graphs == 4
    assert batch.path_end.shape == (4, 3)
    assert list(batch.entry_id) == list(fold.test_ids[:4])


@pytest.mark.parametrize(("settings", "message"), [({"cutoff": 0.0}, "cutoff must be"), ({"images": 0}, "not 0")])
def test_settings_out_of_range(entry, settings, message):
    with pytest.raises(InvalidValueError, match=message):
        embench.to_pyg([entry], **settings)

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import embench
from embench.baselines.alignn.graphs.bands import band
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import build
from embench.baselines.alignn.graphs.crystal import Graph
from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig, Backbone, PropertyHeads, mean_pool
from embench.errors import InvalidValueError
from tests.baselines.alignn.graph_checks import SYMMETRIC, settled

pytestmark = pytest.mark.xdist_group("alignn-network")

SMALL = AlignnConfig(hidden=16, embedding=8, alignn_layers=2, gcn_layers=1, distance_bins=10, angle_bins=6)


@pytest.fixture(autouse=True)
def one_thread_and_seed():
    torch.set_num_threads(1)
    torch.manual_seed(3)


@pytest.fixture(scope="module")
def graphs() -> list[Graph]:
    smallest = min(embench.load(), key=lambda entry: entry.n_sites)
    return [build(SYMMETRIC["perovskite"]), build(band(smallest)), build(SYMMETRIC["rock salt"])]


def test_sizes_are_the_published_ones():
    model = Alignn()
    # The count of the ALIGNN of alignn with its default settings.
    assert sum(value.numel() for value in model.parameters()) == 4_026_753
    assert not any(isinstance(module, nn.LayerNorm) for module in model.modules())
    # Five in the embeddings, four in an ALIGNN layer, two in a gated layer.
    assert sum(isinstance(module, nn.BatchNorm1d) for module in model.modules()) == 5 + 4 * 4 + 4 * 2


def test_a_graph_gives_the_same_alone_and_in_a_batch(graphs):
    model = settled(Alignn(SMALL), GraphBatch.of(graphs))
    together = model(GraphBatch.of(graphs))
    alone = torch.cat([model(GraphBatch.of([graph])) for graph in graphs])
    assert together.shape == (3, 1)
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-6)
    assert together.std() > 1e-2


def test_the_order_of_atoms_and_edges_does_not_matter(graphs):
    model = settled(Alignn(SMALL), GraphBatch.of(graphs))
    graph, rng = graphs[1], np.random.default_rng(1)
    place, order = rng.permutation(graph.n_nodes), rng.permutation(graph.n_edges)
    numbers = np.empty_like(graph.atomic_numbers)
    numbers[place] = graph.atomic_numbers
    edges = (place[graph.src].astype(np.int32)[order], place[graph.dst].astype(np.int32)[order], graph.vectors[order])
    shuffled = Graph(numbers, *edges, graph.image)
    pair = [GraphBatch.of([graph]), GraphBatch.of([shuffled])]
    torch.testing.assert_close(model(pair[0]), model(pair[1]), rtol=1e-5, atol=1e-6)
    x, y = (model.backbone(batch) for batch in pair)
    torch.testing.assert_close(x, y[place], rtol=1e-4, atol=1e-5)


def test_bonds_angles_and_elements_all_matter(graphs):
    batch = GraphBatch.of(graphs)
    model = settled(Alignn(SMALL), batch)
    before = model(batch)
    for name in ("vectors", "cosines", "atomic_numbers"):
        changed = {**vars(batch), name: (getattr(batch, name) * 0.5).to(getattr(batch, name).dtype)}
        assert (model(GraphBatch(**changed)) - before).abs().max() > 1e-3


def test_every_parameter_learns_but_those_behind_the_last_layer(graphs):
    model = Alignn(SMALL)
    model(GraphBatch.of(graphs)).square().sum().backward()
    silent = {name for name, value in model.named_parameters() if value.grad is None}
    # The bonds of the last layer and the angles of the last ALIGNN layer lead nowhere.
    assert silent == {
        f"backbone.{layer}.bn_edges.{kind}"
        for layer in ("gcn_layers.0", "alignn_layers.1.edge_update")
        for kind in ("weight", "bias")
    }


def test_layers_can_be_left_out(graphs):
    batch = GraphBatch.of(graphs)
    for layers in ((0, 2), (2, 0), (0, 0)):
        config = AlignnConfig(hidden=8, embedding=4, alignn_layers=layers[0], gcn_layers=layers[1])
        assert Backbone(config)(batch).shape == (len(batch.atomic_numbers), 8)


def test_half_precision(graphs):
    batch = GraphBatch.of(graphs)
    model = settled(Alignn(SMALL), batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = model(batch)
    assert torch.isfinite(half).all()
    torch.testing.assert_close(half.float(), model(batch), atol=0.05, rtol=0.05)


def test_mean_over_atoms(graphs):
    batch = GraphBatch.of(graphs)
    x = torch.randn(len(batch.graph), 4)
    expected = torch.stack([part.mean(0) for part in x.split(batch.n_nodes.tolist())])
    torch.testing.assert_close(mean_pool(x, batch), expected)


def test_a_head_for_each_property():
    heads = PropertyHeads(6, outputs=3, width=4, layers=2)
    pooled = torch.randn(5, 6)
    columns = []
    for number in range(3):
        weights = [value for name, value in heads.state_dict().items() if name.startswith(f"heads.{number}.")]
        assert [tuple(value.shape) for value in weights] == [(4, 6), (4,), (4, 4), (4,), (1, 4), (1,)]
        hidden = pooled
        for weight, bias in zip(weights[::2], weights[1::2], strict=True):
            hidden = functional.linear(functional.silu(hidden), weight, bias)
        columns.append(hidden)
    torch.testing.assert_close(heads(pooled), torch.cat(columns, dim=1))


def test_several_properties(graphs):
    config = AlignnConfig(hidden=16, embedding=8, alignn_layers=1, gcn_layers=1, outputs=7, head_width=128)
    assert Alignn(config)(GraphBatch.of(graphs)).shape == (3, 7)


def test_sizes_that_make_no_network_are_named():
    with pytest.raises(InvalidValueError, match="hidden = 0 is too small: a network needs at least 1"):
        AlignnConfig(hidden=0)
    with pytest.raises(InvalidValueError, match="angle_bins = 1"):
        AlignnConfig(angle_bins=1)

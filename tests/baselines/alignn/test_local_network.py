"""The small network: alignn's layers, computed only where it matters."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import embench
from embench.baselines.alignn.local.batch import Batch
from embench.baselines.alignn.local.network import LocalAlignn, NetworkConfig, gated_update
from tests.baselines.alignn.test_local_graph import MADE, around
from tests.crystal.made import rocksalt

CONFIG = NetworkConfig(hidden=8, embedding=4, head=6)


def network(config: NetworkConfig = CONFIG, *, outputs: int = 1) -> LocalAlignn:
    torch.manual_seed(0)
    made = LocalAlignn(config, outputs=outputs).double().eval()
    torch.nn.init.normal_(made.mark.weight)
    return made


def output(model: LocalAlignn, *graphs) -> np.ndarray:
    batch = Batch(graphs)
    for name in ("distance", "cosine", "counts", "inputs"):
        setattr(batch, name, getattr(batch, name).double())
    with torch.no_grad():
        return model(batch).numpy()


def test_a_layer_is_that_of_alignn() -> None:
    from alignn.models.alignn_atomwise_pure import EdgeGatedGraphConvPure

    torch.manual_seed(1)
    layer = EdgeGatedGraphConvPure(8, 8).double()
    source, target = torch.randint(0, 6, (20,)), torch.randint(0, 6, (20,))
    x, y = torch.randn(6, 8).double(), torch.randn(20, 8).double()
    for ours, theirs in zip(
        gated_update(layer, source, target, 6, x, y), layer.forward_tensors(source, target, 6, x, y), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("layers", ["ag", "gag", "aag"])
def test_what_is_left_out_does_not_reach_an_image(layers: str) -> None:
    config = dataclasses.replace(CONFIG, layers=layers)
    model = network(config)
    entry = embench.load()["O-LiFePO4"]
    pruned = around(entry, layers=len(layers), angles=config.angles)
    whole = around(entry, layers=len(layers) + 3, angles=9)
    assert len(whole.first) > len(pruned.first)
    np.testing.assert_allclose(output(model, pruned), output(model, whole), rtol=1e-9)


def test_every_atom_in_reach_matters() -> None:
    model = network()
    graph = around(embench.load()["O-LiFePO4"])
    reference = output(model, graph)
    for node in range(len(graph)):
        numbers = graph.numbers.copy()
        numbers[node] = 92
        assert abs(output(model, dataclasses.replace(graph, numbers=numbers)) - reference).max() > 1e-12


def test_a_batch_does_not_mix_its_graphs() -> None:
    model = network(outputs=3)
    entries = [embench.load()[name] for name in ("O-LiFePO4", "LiCoBO3_c2c_1", "Mn2F7_Ca_2")]
    graphs = [around(entry) for entry in entries]
    together = output(model, *graphs)
    assert together.shape == (3, 3)
    for graph, row in zip(graphs, together, strict=True):
        np.testing.assert_allclose(output(model, graph)[0], row, rtol=1e-9)


def test_a_hop_and_its_reverse_are_equal() -> None:
    reverse = rocksalt(cation=3, anion=8, length=4.2)
    reverse.frac_coords[0], reverse.path_end = MADE.path_end, MADE.frac_coords[0]
    model = network()
    np.testing.assert_allclose(output(model, around(MADE)), output(model, around(reverse)), rtol=1e-9)


def test_the_order_of_the_images_matters() -> None:
    model, graph = network(), around(embench.load()["O-LiFePO4"])
    # The middle becomes an end; the marks and the readout tell them apart.
    swapped = dataclasses.replace(graph, image=np.where(graph.image >= 0, (graph.image + 2) % 5, -1).astype(np.int8))
    assert abs(output(model, graph) - output(model, swapped)).max() > 1e-9


def test_mean_readout_is_the_mean_of_the_nodes() -> None:
    from embench.baselines.alignn.local.graph import crystal_graph

    model = network(dataclasses.replace(CONFIG, readout="mean"))
    cell = np.eye(3) * 4.1
    one = crystal_graph(cell, np.array([[0, 0, 0], [0.5, 0.5, 0.5]]), [55, 17])
    two = crystal_graph(
        cell * [[1], [1], [2]], np.array([[0, 0, 0], [0.5, 0.5, 0.25], [0, 0, 0.5], [0.5, 0.5, 0.75]]), [55, 17, 55, 17]
    )
    np.testing.assert_allclose(output(model, one), output(model, two), rtol=1e-6)


def test_further_inputs_reach_the_head() -> None:
    torch.manual_seed(0)
    model = LocalAlignn(dataclasses.replace(CONFIG, inputs=2)).eval()
    graphs = [around(MADE)] * 2
    with torch.no_grad():
        a, b = model(Batch(graphs, np.array([[0.0, 0.0], [1.0, -1.0]])))
    assert a.item() != b.item()

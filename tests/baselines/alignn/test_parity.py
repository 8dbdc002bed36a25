"""The same weights give what the classic ALIGNN of alignn gives on DGL."""

from __future__ import annotations

import dgl
import pytest
import torch

import embench
from embench.baselines.alignn.graphs.bands import Crystal, band
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import build
from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig
from embench.baselines.alignn.model.dgl_classic import classic, classic_input
from embench.errors import InvalidValueError
from tests.baselines.alignn.graph_checks import SYMMETRIC, jarvis_atoms, settled

pytestmark = pytest.mark.xdist_group("alignn-network")

TOLERANCE = 1e-5


@pytest.fixture(autouse=True)
def one_thread_and_seed():
    torch.set_num_threads(1)
    torch.manual_seed(7)


@pytest.fixture(scope="module")
def crystals() -> list[Crystal]:
    smallest = min(embench.load(), key=lambda entry: entry.n_sites)
    return [band(smallest), SYMMETRIC["perovskite"], SYMMETRIC["rock salt"]]


def graphs_of_alignn(crystals: list[Crystal]):
    """Make the graphs with alignn alone: neighbours, line graph, angles, features of the elements; float64."""
    from alignn.graphs import Graph

    pairs = [
        Graph.atom_dgl_multigraph(jarvis_atoms(atoms), neighbor_strategy="k-nearest", cutoff=8.0, max_neighbors=12)
        for atoms in crystals
    ]
    graphs, lines = dgl.batch([graph for graph, _ in pairs]), dgl.batch([line for _, line in pairs])
    for data in (graphs.ndata, graphs.edata, lines.edata):
        data.update({key: value.double() for key, value in data.items() if value.is_floating_point()})
    return graphs, lines, None


def gradients(model: Alignn, theirs: torch.nn.Module):
    """Return (name, our gradient, their gradient) of every parameter."""
    ours = {name.removeprefix("backbone.").replace("head.", "fc."): p.grad for name, p in model.named_parameters()}
    found = {name: value.grad for name, value in theirs.named_parameters()}
    assert found.keys() == ours.keys()
    return [(name, ours[name], found[name]) for name in found]


def compare(model: Alignn, theirs: torch.nn.Module, batch: GraphBatch, inputs) -> None:
    mine, classics = model(batch).squeeze(), theirs(inputs)
    assert classics.std() > 1e-2
    torch.testing.assert_close(mine, classics, rtol=TOLERANCE, atol=TOLERANCE)
    weights = torch.linspace(-1, 1, len(batch), dtype=mine.dtype)
    (mine * weights).sum().backward()
    (classics * weights).sum().backward()
    for name, ours, expected in gradients(model, theirs):
        assert (ours is None) == (expected is None), name
        if expected is not None:
            scale = max(0.1, float(expected.abs().max()))
            torch.testing.assert_close(ours, expected, rtol=0, atol=TOLERANCE * scale, msg=name)


@pytest.mark.parametrize("training", [True, False])
def test_published_sizes_on_the_same_graphs(training):
    batch = GraphBatch.of([build(SYMMETRIC[name]) for name in ("perovskite", "rock salt", "bcc")])
    model = settled(Alignn(), batch)
    theirs = classic(model)
    model.train(training)
    theirs.train(training)
    compare(model, theirs, batch, classic_input(batch))


@pytest.mark.parametrize("training", [True, False])
def test_graphs_of_each_its_own(crystals, training):
    batch = GraphBatch.of([build(atoms) for atoms in crystals])
    # The edges are in another order here: in float32 the sums over them differ by more than the networks might.
    batch = GraphBatch(**{key: x.double() if x.is_floating_point() else x for key, x in vars(batch).items()})
    model = Alignn(AlignnConfig(hidden=64, embedding=32, alignn_layers=2, gcn_layers=2))
    settled(model.double(), batch)
    theirs = classic(model).double()
    model.train(training)
    theirs.train(training)
    compare(model, theirs, batch, graphs_of_alignn(crystals))


def test_running_statistics_are_the_same(crystals):
    model = Alignn(AlignnConfig(hidden=32, embedding=16, alignn_layers=1, gcn_layers=1))
    theirs = classic(model)
    batch = GraphBatch.of([build(atoms) for atoms in crystals])
    for _ in range(2):
        model(batch)
        theirs(classic_input(batch))
    ours = model.backbone.state_dict()
    statistics = [name for name in ours if "running" in name]
    assert len(statistics) == 2 * (5 + 4 + 2)
    for name in statistics:
        torch.testing.assert_close(ours[name], theirs.state_dict()[name], rtol=TOLERANCE, atol=TOLERANCE)
    model.eval()
    theirs.eval()
    torch.testing.assert_close(model(batch).squeeze(), theirs(classic_input(batch)), rtol=TOLERANCE, atol=TOLERANCE)


def test_heads_of_each_property_have_no_counterpart():
    with pytest.raises(InvalidValueError, match="one linear layer"):
        classic(Alignn(AlignnConfig(hidden=8, embedding=4, head_width=8)))

"""The fused networks are those of the package alignn's layers: same parameters, same numbers, same gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.network import FULL, Alignn, Attention, HopBatch, pathway_model
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import GraphSettings
from embench.baselines.alignn.hops import samples
from embench.baselines.alignn.model import backbone, pathways
from embench.baselines.alignn.training.run import seeded
from embench.errors import UnknownNameError
from tests.baselines.alignn.device_checks import TINY, config, elements, small_entries, unsettled

pytestmark = pytest.mark.xdist_group("alignn-training")

CANONISED = replace(configuration("paper"), graphs=GraphSettings())


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def entries():
    return small_entries(3)


def both(model: int, kind: str):
    """The existing network and the fused one, from one seed."""
    with seeded(4):
        theirs = pathways.pathway_model(model, config(TINY))
    with seeded(4):
        ours = pathway_model(model, TINY, Kernels.of(kind), elements())
    return theirs, ours


def gradients(network, batch) -> dict[str, np.ndarray]:
    network.zero_grad()
    weight = torch.linspace(-1, 2, len(batch.graphs[0]))[:, None]
    (network(batch) * weight).sum().backward()
    return {name: value.grad.numpy().copy() for name, value in network.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("kind", ["eager", "plain"])
@pytest.mark.parametrize("model", [1, 2, 3, 4])
def test_the_same_parameters_numbers_and_gradients(model, kind, entries):
    theirs, ours = both(model, kind)
    expected = theirs.state_dict()
    found = ours.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    hops = samples(entries, model, CANONISED)
    reference, batch = pathways.PathwayBatch.of(hops), HopBatch.of(hops)
    # Dropout draws other numbers where it sees all graphs at once.
    for network in (theirs, ours):
        unsettled(network)
        for part in network.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
    for training in (False, True):
        theirs.train(training)
        ours.train(training)
        torch.testing.assert_close(ours(batch), theirs(reference), rtol=1e-5, atol=1e-5)
        expected_gradients, found_gradients = gradients(theirs, reference), gradients(ours, batch)
        largest = max(np.abs(value).max() for value in expected_gradients.values())
        for name, value in expected_gradients.items():
            if name in found_gradients:
                np.testing.assert_allclose(found_gradients[name], value, rtol=1e-3, atol=1e-5 * largest, err_msg=name)
            else:
                assert not value.any(), name
    # What batch normalisation has seen in training, twice; that of torch on a CPU adds thousands of rows up one by one.
    expected, found = theirs.state_dict(), ours.state_dict()
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-3, atol=1e-4)


def test_the_network_of_many_properties(entries):
    sizes = replace(TINY, outputs=3, head_width=128)
    with seeded(1):
        theirs = unsettled(backbone.Alignn(config(sizes))).eval()
    ours = Alignn(sizes, Kernels.of("eager"), elements()).eval()
    ours.load_state_dict(theirs.state_dict())
    hops = samples(entries, 3, CANONISED)
    batch = HopBatch.of(hops)
    torch.testing.assert_close(ours(batch), theirs(batch.graphs[0]), rtol=1e-5, atol=1e-5)
    assert ours(batch).shape == (len(entries), 3)


def test_the_full_sizes_are_the_published_ones():
    # docs/benchmarks.md, counted on the existing networks.
    published = {1: 4_207_361, 2: 5_197_313, 3: 4_076_033, 4: 4_603_137}
    for model, count in published.items():
        with torch.device("meta"):
            network = pathway_model(model, FULL, Kernels.of("eager"), torch.zeros(119, 92))
        assert sum(value.numel() for value in network.parameters()) == count


def test_attention_of_all_graphs_is_that_of_each():
    theirs, ours = backbone.AttentionPool(5).eval(), Attention(5).eval()
    ours.load_state_dict(theirs.state_dict())
    counts = torch.tensor([3, 1, 7])
    x = torch.randn(11, 5, generator=torch.Generator().manual_seed(0))
    empty = torch.zeros(0)
    batch = GraphBatch(*[empty] * 8, graph=torch.repeat_interleave(torch.arange(3), counts), n_nodes=counts)
    torch.testing.assert_close(ours(x, batch), theirs(x, batch), rtol=1e-5, atol=1e-6)


def test_an_unknown_model_is_named():
    with pytest.raises(UnknownNameError, match="unknown model '5'"):
        pathway_model(5, TINY, Kernels.of("eager"), elements())

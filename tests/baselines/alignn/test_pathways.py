"""MODEL-1 to MODEL-4: what they read, and how they put it together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import embench
from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.graphs.bands import band, initial_state
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import build
from embench.baselines.alignn.graphs.crystal import HOST
from embench.baselines.alignn.hops import cut, near_path, samples
from embench.baselines.alignn.model.backbone import AlignnConfig, AttentionPool, Backbone
from embench.baselines.alignn.model.pathways import Model1, Model2, PathwayBatch, pathway_model
from embench.errors import InvalidValueError, UnknownNameError

pytestmark = pytest.mark.xdist_group("alignn-training")

TINY = AlignnConfig(alignn_layers=1, gcn_layers=1, distance_bins=8, angle_bins=4, embedding=4, hidden=8)
CPU = replace(configuration("cpu"), network=TINY)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def entries():
    data = embench.load()
    small = sorted((entry.n_sites, entry.entry_id) for entry in data)[:6]
    return data.select([entry_id for _, entry_id in small])


def network(model: int, **options: object):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        made = pathway_model(model, TINY, **options)
    # Batch normalisation as after training: not the identity.
    with torch.random.fork_rng():
        torch.manual_seed(2)
        for module in made.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 1.5)
    return made.eval()


@pytest.mark.parametrize(("model", "graphs"), [(1, 2), (2, 2), (3, 1), (4, 2)])
def test_shapes_and_independence_of_the_batch(model, graphs, entries):
    hops = samples(entries, model, CPU)
    assert {len(hop) for hop in hops} == {graphs}
    made = network(model, marks=True)
    with torch.no_grad():
        assert made(PathwayBatch.of(hops)).shape == (len(entries), 1)
        together = made.features(PathwayBatch.of(hops))
        alone = torch.cat([made.features(PathwayBatch.of([hop])) for hop in hops])
    assert together.shape == (len(entries), 8)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert together.std(dim=0).max() > 2e-4
    made.train()(PathwayBatch.of(hops)).sum().backward()
    # Whatever the last layers do to bonds and angles, nobody reads.
    unread = ("bn_edges", "edge_update", "angle_embedding", "mark")
    idle = [name for name, value in made.named_parameters() if value.grad is None]
    assert not [name for name in idle if not any(part in name for part in unread)]


def exchanged(batch: PathwayBatch) -> PathwayBatch:
    return PathwayBatch(batch.graphs[::-1])


def test_exchange_of_the_ends(entries):
    batch = PathwayBatch.of(samples(entries, 1, CPU))
    with torch.no_grad():
        add, sub, cc = (network(1, join=join) for join in ("add", "sub", "cc"))
        torch.testing.assert_close(add(batch), add(exchanged(batch)))
        assert sub.features(batch).abs().max() > 1e-4
        torch.testing.assert_close(sub.features(batch), -sub.features(exchanged(batch)))
        assert (cc(batch) - cc(exchanged(batch))).abs().max() > 1e-6
        second = network(2)
        torch.testing.assert_close(second.difference(batch), -second.difference(exchanged(batch)))


def test_joints_by_hand(entries):
    batch = PathwayBatch.of(samples(entries, 1, CPU))
    with torch.no_grad():
        made = network(1, join="cc")
        assert isinstance(made, Model1)
        means = []
        for graph in batch.graphs:
            x = made.backbone(graph)
            means.append(torch.stack([x[graph.graph == i].mean(dim=0) for i in range(len(graph))]))
        expected = torch.cat(means, dim=1) @ made.joint.weight.T + made.joint.bias
        torch.testing.assert_close(made.features(batch), expected)
        made = network(2)
        assert isinstance(made, Model2)
        assert len(made.second_alignn_layers) == len(made.second_gcn_layers) == 1
        # Without a difference between the ends, the initial structure and the bias alone are left.
        same = PathwayBatch((batch.graphs[0], batch.graphs[0]))
        x = made.backbone(batch.graphs[0])
        mean = torch.stack([x[batch.graphs[0].graph == i].mean(dim=0) for i in range(len(entries))])
        torch.testing.assert_close(made.features(same), mean @ made.joint.weight[:, :8].T + made.joint.bias)


def test_attention_by_hand(entries):
    """One loop over the atoms, in place of matrices."""
    batch = GraphBatch.of([build(initial_state(entry)) for entry in list(entries)[:2]])
    torch.manual_seed(0)
    pool, x = AttentionPool(4).eval(), torch.randn(len(batch.atomic_numbers), 4)
    found = pool(x, batch).detach().numpy()
    start = 0
    for row, count in zip(found, batch.n_nodes.tolist(), strict=True):
        atoms = x[start : start + count].numpy().astype(float)
        start += count
        q, k, v = (
            np.maximum(atoms @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(), 0.0)
            for layer in (pool.query, pool.key, pool.value)
        )
        scores = np.array([sum(np.tanh(float(k[i] @ q[j])) for j in range(count)) for i in range(count)])
        weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        vector = atoms.mean(axis=0) + sum(weights[i] * v[i] for i in range(count))
        np.testing.assert_allclose(row, (vector - vector.mean()) / np.sqrt(vector.var() + 1e-5), rtol=2e-4, atol=1e-5)


def test_marks_tell_images_from_other_atoms(entries):
    batch = PathwayBatch.of(samples(entries, 3, CPU))
    made = network(3, marks=True)
    plain = Backbone(TINY).eval()
    state = made.backbone.state_dict()
    plain.load_state_dict({name: value for name, value in state.items() if not name.startswith("mark.")})
    with torch.no_grad():
        torch.testing.assert_close(made.backbone(batch.graphs[0]), plain(batch.graphs[0]))
        made.backbone.mark.weight[1] = 1.0  # the ends of a path
        x, without = made.backbone.embed(batch.graphs[0])[0], plain.embed(batch.graphs[0])[0]
    changed = (x - without).abs().sum(dim=1) > 0.5
    assert changed.tolist() == [image in (0, 4) for image in batch.graphs[0].image.tolist()]


def test_unknown_models():
    with pytest.raises(UnknownNameError, match="known: 1, 2, 3, 4"):
        pathway_model(7, TINY)
    with pytest.raises(UnknownNameError, match="add, cc, sub"):
        pathway_model(1, TINY, join="multiply")  # type: ignore[arg-type]


@pytest.mark.parametrize("radius", [2.5, 4.0])
def test_surroundings_of_the_path(radius, entries):
    """Distances by pymatgen, image by image."""
    for entry in list(entries)[:3]:
        structure = entry.structure()
        path = np.linspace(entry.frac_coords[0], entry.path_end, 5)
        distances = structure.lattice.get_all_distances(path, structure.frac_coords[1:])
        near = near_path(entry, radius)
        np.testing.assert_array_equal(near, distances.min(axis=0) <= radius)
        whole = build(band(entry))
        part = cut(whole, near)
        assert part.n_nodes == 5 + near.sum()
        assert (part.image != HOST).sum() == 5
        kept = np.concatenate([np.ones(5, bool), near])
        assert part.n_edges == (kept[whole.src] & kept[whole.dst]).sum()
        numbers = np.flatnonzero(kept)
        edges = {(int(numbers[u]), int(numbers[v])) for u, v in zip(part.src, part.dst, strict=True)}
        assert edges == {(int(u), int(v)) for u, v in zip(whole.src, whole.dst, strict=True) if kept[u] and kept[v]}


def test_surroundings_refuse_nonsense(entries):
    with pytest.raises(InvalidValueError, match="must be positive"):
        near_path(next(iter(entries)), 0.0)
    with pytest.raises(InvalidValueError, match="the mask"):
        cut(build(band(next(iter(entries)))), np.ones(1, bool))


def test_only_short_bonds_make_angles(entries):
    graph = build(band(next(iter(entries))))
    whole, short = GraphBatch.of([graph]), GraphBatch.of([graph], angle_cutoff=2.5)
    length = torch.linalg.vector_norm(whole.vectors, dim=1)
    both = (length[whole.first] <= 2.5) & (length[whole.second] <= 2.5)

    def angles(batch: GraphBatch, chosen: torch.Tensor) -> set[tuple[int, int, float]]:
        parts = (batch.first[chosen].tolist(), batch.second[chosen].tolist(), batch.cosines[chosen].tolist())
        return set(zip(*parts, strict=True))

    every = torch.ones(len(short.first), dtype=torch.bool)
    assert 0 < len(short.first) < len(whole.first)
    assert angles(short, every) == angles(whole, both)


def test_the_published_recipe():
    paper = configuration("paper")
    sizes = (paper.network.alignn_layers, paper.network.gcn_layers, paper.network.hidden)
    assert sizes == (4, 4, 256)
    assert paper.graphs.neighbours == 12
    assert paper.radius is None
    assert {model: paper.settings(model, seed=0).batch_size for model in (1, 2, 3, 4)} == {1: 16, 2: 16, 3: 128, 4: 64}
    settings = paper.settings(3, seed=5)
    assert (settings.epochs, settings.learning_rate, settings.shuffle, settings.seed) == (500, 1e-3, False, 5)
    # The classic ALIGNN has 4,026,753 parameters; in place of its linear layer the head has three.
    count = sum(value.numel() for value in pathway_model(3, paper.network).parameters())
    assert count == 4_026_753 - (256 + 1) + (256 + 1) * 128 + (128 + 1) * 128 + (128 + 1)
    with pytest.raises(UnknownNameError, match="known: cpu, paper"):
        configuration("gpu-cluster")

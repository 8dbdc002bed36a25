"""Graphs as arrays: what is read again are the graphs that were packed, on the host and on the device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.corpus import Corpus
from embench.baselines.alignn.device import prepare, resident
from embench.baselines.alignn.device.arrays import Source, pack, read, select, write
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.network import HopBatch, pathway_model
from embench.baselines.alignn.device.resident import Resident
from embench.baselines.alignn.graphs.bands import Crystal, initial_state
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import GraphSettings, build
from embench.baselines.alignn.hops import hop_graphs
from embench.cli.app import app
from embench.errors import CorpusError, InvalidValueError
from embench.splits import Fold, Protocol
from tests.baselines.alignn.device_checks import TINY, elements, small_entries

pytestmark = pytest.mark.xdist_group("alignn-training")

# One atom in a small cell has edges to its own images, and a far one lies outside of its cell.
CUBE = Crystal(3.0 * np.eye(3), np.zeros((1, 3)), np.array([3]))
PAIR = Crystal(np.diag([3.0, 4.0, 5.5]), np.array([[0.1, 0.2, 0.3], [2.4, 0.5, -1.1]]), np.array([3, 8]))


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def entries():
    return small_entries(4)


def source(crystal: Crystal, graphs: GraphSettings) -> Source:
    return Source(build(crystal, graphs), np.around(crystal.lattice, 5), crystal.frac_coords)


def edges(graph) -> np.ndarray:
    """The edges of a graph as sorted rows: both atoms and the vector, to 1e-4 Å."""
    rows = np.column_stack([graph.src, graph.dst, np.round(np.asarray(graph.vectors, float), 4) + 0.0])
    return rows[np.lexsort(rows.T[::-1])]


def angles(batch: GraphBatch) -> np.ndarray:
    """The angles of a batch as sorted rows: three atoms, both lengths, the cosine."""
    src, dst, vectors = (np.asarray(x) for x in (batch.src, batch.dst, batch.vectors))
    first, second = np.asarray(batch.first), np.asarray(batch.second)
    assert np.array_equal(dst[first], src[second])
    lengths = np.linalg.norm(vectors, axis=1)
    columns = [src[first], dst[first], dst[second], lengths[first], lengths[second], np.asarray(batch.cosines)]
    rows = np.round(np.column_stack(columns), 3) + 0.0
    return rows[np.lexsort(rows.T[::-1])]


@pytest.mark.parametrize("canonise", [True, False])
@pytest.mark.parametrize("model", [1, 3, 4])
def test_hops_are_those_that_the_models_read(model, canonise, entries):
    graphs = GraphSettings(canonise=canonise)
    config = replace(configuration("paper"), graphs=graphs)
    sets = prepare.hop_sets(entries, graphs)
    names = {1: ("initial", "final"), 3: ("band",), 4: ("band", "around")}[model]
    for row, entry in enumerate(entries):
        for name, expected in zip(names, hop_graphs(entry, model, config), strict=True):
            found = sets[name].graphs()[row]
            assert np.array_equal(found.atomic_numbers, expected.atomic_numbers)
            assert np.array_equal(found.image, expected.image)
            assert np.array_equal(found.src, expected.src)
            assert np.array_equal(found.dst, expected.dst)
            np.testing.assert_allclose(found.vectors, expected.vectors, atol=2e-5)


@pytest.mark.parametrize("at_a_time", [1, 400, 10**7])
@pytest.mark.parametrize("canonise", [True, False])
def test_batches_on_the_device_are_those_of_the_host(canonise, at_a_time, entries, monkeypatch):
    monkeypatch.setattr(resident, "_AT_A_TIME", at_a_time)
    graphs = GraphSettings(canonise=canonise)
    crystals = [CUBE, PAIR, initial_state(next(iter(entries)))]
    packed = pack(source(crystal, graphs) for crystal in crystals)
    there = Resident(packed, "cpu")
    originals = [build(crystal, graphs) for crystal in crystals]
    assert there.n_angles.tolist() == [graph.n_triplets for graph in originals]
    assert there.n_edges.tolist() == [graph.n_edges for graph in originals]
    for rows in ([0], [2, 0], [1, 1, 2, 0]):
        found, expected = there.batch(rows), GraphBatch.of([originals[row] for row in rows])
        assert torch.equal(found.atomic_numbers, expected.atomic_numbers)
        assert torch.equal(found.image, expected.image)
        assert torch.equal(found.graph, expected.graph)
        assert torch.equal(found.n_nodes, expected.n_nodes)
        assert np.array_equal(edges(found), edges(expected))
        assert np.allclose(angles(found), angles(expected), atol=2e-3)
        # What is summed lies together.
        assert torch.equal(found.dst, found.dst.sort().values)
        assert torch.equal(found.second, found.second.sort().values)


def test_a_network_sees_no_difference(entries):
    sets = prepare.hop_sets(entries, GraphSettings())
    there = [Resident(sets[name], "cpu") for name in ("band", "around")]
    network = pathway_model(4, TINY, Kernels.of("eager"), elements()).eval()
    config = replace(configuration("paper"), graphs=GraphSettings())
    expected = network(HopBatch.of([hop_graphs(entry, 4, config) for entry in entries]))
    rows = range(len(entries))
    found = network(HopBatch(tuple(each.batch(rows) for each in there)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_part_and_a_file(tmp_path):
    packed = pack(source(crystal, GraphSettings()) for crystal in (CUBE, PAIR, CUBE))
    part = select(packed, [1, 0])
    assert [graph.n_nodes for graph in part.graphs()] == [2, 1]
    assert np.array_equal(edges(part.graphs()[0]), edges(packed.graphs()[1]))
    write(tmp_path / "a.zip", {"crystal": packed}, {"targets": np.arange(3.0)}, {"what": "some"})
    sets, arrays, about = read(tmp_path / "a.zip")
    assert arrays["targets"].tolist() == [0, 1, 2]
    assert about["what"] == "some"
    for found, expected in zip(sets["crystal"].graphs(), packed.graphs(), strict=True):
        assert np.array_equal(found.vectors, expected.vectors)
    write(tmp_path / "b.zip", {"crystal": packed}, {"targets": np.arange(3.0)}, {"what": "some"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK no")
    with pytest.raises(CorpusError, match=r"x\.zip holds no arrays for a device"):
        read(path)
    with pytest.raises(CorpusError, match="embench alignn carry"):
        read(tmp_path / "missing.zip")


def test_a_graph_that_is_not_of_the_crystal_is_refused():
    with pytest.raises(InvalidValueError, match="do not lead from atom to atom"):
        pack([replace(source(PAIR, GraphSettings()), frac_coords=np.add(PAIR.frac_coords, [[0, 0, 0], [0.1, 0, 0]]))])
    graph = build(PAIR)
    turned = replace(graph, src=graph.src[::-1].copy())
    with pytest.raises(InvalidValueError, match="first half reversed"):
        pack([Source(turned, PAIR.lattice, PAIR.frac_coords)])
    with pytest.raises(InvalidValueError, match="no graphs"):
        pack([])


def test_what_is_carried_of_the_hops(tmp_path, entries):
    ids = entries.entry_ids
    folds = (Fold("a", ids[1:], ids[:1]), Fold("b", ids[:2], ids[3:]))
    made = prepare.carry_hops(tmp_path / "hops.zip", entries, [Protocol("small", folds, "5ma11")], GraphSettings())
    assert (made.n, made.n_all) == (4, 4)
    sets, arrays, about = read(made.path)
    assert set(sets) == {"initial", "final", "band", "around"}
    assert np.array_equal(arrays["barriers"], entries.column("migration_barrier"))
    assert about["entry_ids"] == list(entries.entry_ids)
    assert about["canonise"] is True
    assert about["protocols"] == {"small": {"folds": ["a", "b"], "sha256": "5ma11"}}
    assert arrays["small.train"].tolist() == [[False, True, True, True], [True, True, False, False]]
    assert arrays["small.test"].tolist() == [[True, False, False, False], [False, False, False, True]]


def test_a_budget_leaves_out_the_largest_crystals(tmp_path):
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 12, 40)
    crystals = tuple(
        Crystal(np.diag([3.0, 3.0, 3.0 * n]) + 0.1 * rng.random((3, 3)), rng.random((n, 3)), np.full(n, 8))
        for n in sizes
    )
    targets = np.column_stack([rng.normal(size=40), np.where(sizes < 3, np.nan, 1.0 * sizes)])
    corpus = Corpus(("a", "b"), tuple(map(str, range(40))), crystals, targets, rng.random(40) < 0.2)
    file = tmp_path / "corpus.parquet"
    file.write_bytes(b"the corpus")
    whole = prepare.carry_corpus(tmp_path / "all.zip", corpus, file, GraphSettings())
    assert (whole.n, whole.most_atoms) == (40, sizes.max())
    some = prepare.carry_corpus(tmp_path / "some.zip", corpus, file, GraphSettings(), budget_mib=0.7 * whole.mib)
    assert 0 < some.n < 40
    assert some.mib <= 0.7 * whole.mib
    sets, arrays, about = read(some.path)
    kept = np.sort(np.argsort(sizes, kind="stable")[: some.n])
    assert sets["crystal"].n_nodes.tolist() == sizes[kept].tolist()
    assert np.array_equal(arrays["held_out"], corpus.held_out[kept])
    assert np.array_equal(np.isnan(arrays["targets"]), np.isnan(targets[kept]))
    # Normal scores: their order is that of the values.
    assert np.array_equal(np.argsort(arrays["targets"][:, 0]), np.argsort(targets[kept, 0]))
    # What is held out is never drawn.
    assert not arrays["sampling"][arrays["held_out"]].any()
    assert (arrays["sampling"][~arrays["held_out"]] > 0).all()
    assert about["properties"] == ["a", "b"]
    with pytest.raises(InvalidValueError, match="leaves no crystal"):
        prepare.carry_corpus(tmp_path / "none.zip", corpus, file, GraphSettings(), budget_mib=1e-4)


def test_the_command(tmp_path, entries, monkeypatch):
    ids = entries.entry_ids
    monkeypatch.setattr("embench.dataset.load", lambda: entries)
    monkeypatch.setattr("embench.splits.protocol", lambda name: Protocol(name, (Fold("a", ids[1:], ids[:1]),), "1"))
    table = {
        "property": ["a", "b"], "target_scaled": [0.1, 0.2], "held_out": [False, True],
        "structure_sha1": ["x", "y"], "lattice": [PAIR.lattice.ravel().tolist()] * 2,
        "atomic_numbers": [[3, 8], [11, 17]], "frac_coords": [PAIR.frac_coords.ravel().tolist()] * 2,
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "corpus.parquet")
    done = CliRunner().invoke(
        app, ["alignn", "carry", str(tmp_path / "corpus.parquet"), "--out", str(tmp_path / "gpu")]
    )
    assert done.exit_code == 0, done.output or done.exception
    assert f"wrote {tmp_path / 'gpu' / 'hops.zip'}: 4 structures, 0.0 MiB" in done.output
    assert f"wrote {tmp_path / 'gpu' / 'corpus.zip'}: 2 structures, 0.0 MiB" in done.output
    _, arrays, about = read(tmp_path / "gpu" / "hops.zip")
    assert set(about["protocols"]) == {"published", "host-10fold"}
    assert arrays["published.test"].tolist() == [[True, False, False, False]]
    _, arrays, about = read(tmp_path / "gpu" / "corpus.zip")
    assert about["properties"] == ["a", "b"]
    assert arrays["held_out"].tolist() == [False, True]
    assert about["n_corpus"] == 2

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

import embench
from embench.baselines.alignn.graphs import cache
from embench.baselines.alignn.graphs.bands import around_images, band, final_state, initial_state
from embench.baselines.alignn.graphs.batch import GraphBatch, atom_features, line_graph
from embench.baselines.alignn.graphs.cache import GraphSettings, build, cached
from embench.baselines.alignn.graphs.crystal import Graph, neighbour_graph
from embench.errors import InvalidValueError
from tests.baselines.alignn.graph_checks import (
    SYMMETRIC,
    angles,
    crystal,
    edge_names,
    edges_of_alignn,
    jarvis_atoms,
)

pytestmark = pytest.mark.xdist_group("alignn-graphs")

ENTRIES = embench.load()


def small_bands() -> list[str]:
    """Return the ids of some small entries, spread over the dataset."""
    small = sorted((entry for entry in ENTRIES if entry.n_sites <= 60), key=lambda entry: entry.entry_id)
    outside = [entry for entry in small if entry.path_end.max() > 1 or entry.path_end.min() < 0]
    return [entry.entry_id for entry in (*small[::25], *outside[:2])]


def edges(of, graph: Graph) -> Counter:
    return Counter(edge_names(of, graph.src, graph.dst, graph.vectors))


@pytest.mark.parametrize("canonise", [True, False])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_edges_of_symmetric_crystals_are_those_of_alignn(name, canonise):
    settings = GraphSettings(canonise=canonise)
    assert edges(SYMMETRIC[name], build(SYMMETRIC[name], settings)) == edges_of_alignn(
        SYMMETRIC[name], canonise=canonise
    )


@pytest.mark.parametrize("canonise", [True, False])
def test_edges_of_bands_are_those_of_alignn(canonise):
    ids = small_bands()
    assert len(ids) >= 8
    for entry_id in ids:
        atoms = band(ENTRIES[entry_id])
        ours = edges(atoms, build(atoms, GraphSettings(canonise=canonise)))
        assert ours == edges_of_alignn(atoms, canonise=canonise), entry_id


def test_atoms_on_top_of_each_other_are_no_neighbours_as_in_alignn():
    # Overlapping phosphorus, 0.014 Å apart.
    atoms = band(ENTRIES["Na4MnAlP3O12_1"])
    graph = build(atoms)
    assert np.linalg.norm(graph.vectors, axis=1).min() > 0.15
    assert edges(atoms, graph) == edges_of_alignn(atoms, canonise=True)


def test_fewer_neighbours_and_a_sparse_crystal():
    # 12 Å: beyond the first sphere of 8 Å that alignn searches.
    sparse = crystal(12.0 * np.eye(3), [[0, 0, 0], [0.1, 0, 0]], [3, 8])
    assert edges(sparse, build(sparse)) == edges_of_alignn(sparse, canonise=True)
    salt = SYMMETRIC["rock salt"]
    ours = edges(salt, build(salt, GraphSettings(neighbours=6, canonise=False)))
    assert ours == edges_of_alignn(salt, canonise=False, neighbours=6)


@pytest.mark.parametrize(
    ("name", "seen"),
    # The shells up to the 12th neighbour: 6 + 12, 8 + 6, 12, and 6 + 12.
    [("simple cubic", 18), ("bcc", 14), ("fcc", 12), ("rock salt", 18)],
)
def test_whole_shells_wherever_the_crystal_lies(name, seen):
    rng = np.random.default_rng(5)
    found = SYMMETRIC[name]
    for _ in range(5):
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        turned = replace(found, lattice=found.lattice @ rotation, frac_coords=found.frac_coords + rng.normal(size=3))
        graph = build(turned, GraphSettings(shell_tolerance=1e-4))
        outgoing = Counter(edge[0] for edge in edges(turned, graph))
        assert set(outgoing.values()) == {seen}


def test_every_edge_has_its_reverse():
    atoms = band(ENTRIES[small_bands()[0]])
    for canonise in (True, False):
        found = edges(atoms, build(atoms, GraphSettings(canonise=canonise)))
        assert found == Counter({(v, u, -a, -b, -c): count for (u, v, a, b, c), count in found.items()})


def test_vectors_point_from_source_to_destination():
    atoms = crystal(np.diag([4.0, 9.0, 9.0]), [[0.0, 0, 0], [0.25, 0, 0]], [3, 8])
    graph = build(atoms, GraphSettings(neighbours=1))
    assert sorted(zip(graph.src.tolist(), graph.dst.tolist(), graph.vectors.tolist(), strict=True)) == [
        (0, 1, [1.0, 0.0, 0.0]),
        (1, 0, [-1.0, 0.0, 0.0]),
    ]
    assert graph.vectors.dtype == np.float32


@pytest.mark.dgl
@pytest.mark.parametrize("canonise", [True, False])
def test_angles_are_those_of_alignn_and_dgl(canonise):
    from alignn.graphs import Graph as AlignnGraph

    for atoms in (*SYMMETRIC.values(), band(ENTRIES[small_bands()[0]])):
        graph = build(atoms, GraphSettings(canonise=canonise))
        theirs, line = AlignnGraph.atom_dgl_multigraph(
            jarvis_atoms(atoms), neighbor_strategy="k-nearest", cutoff=8.0, max_neighbors=12, use_canonize=canonise
        )
        expected = angles(
            edge_names(atoms, *theirs.edges(), theirs.edata["r"]), *map(np.asarray, line.edges()), line.edata["h"]
        )
        names = edge_names(atoms, graph.src, graph.dst, graph.vectors)
        found = angles(names, *line_graph(graph.src, graph.dst, graph.vectors))
        assert found.keys() == expected.keys()
        assert all(len(found[pair]) == len(expected[pair]) for pair in expected)
        error = max(np.abs(np.subtract(found[pair], expected[pair])).max() for pair in expected)
        assert error < 2e-6
        assert graph.n_triplets == line.num_edges()


def test_line_graph_by_hand():
    # 0 → 1 along x, 1 → 2 along y, 1 → 0 back.
    first, second, cosines = line_graph([0, 1, 1], [1, 2, 0], [[1.0, 0, 0], [0, 2.0, 0], [-1.0, 0, 0]])
    triplets = list(zip(first.tolist(), second.tolist(), cosines.tolist(), strict=True))
    # A right angle at 1; the way back is no turn at all; and 1 → 0 → 1 is the way back too.
    assert triplets == [(0, 1, 0.0), (0, 2, 1.0), (2, 0, 1.0)]
    # An atom and two of its images: the edge to one is followed by that to the other and not by itself.
    first, second, cosines = line_graph([0, 0], [0, 0], [[1.0, 0, 0], [-1.0, 0, 0]])
    assert list(zip(first.tolist(), second.tolist(), cosines.tolist(), strict=True)) == [(0, 1, 1.0), (1, 0, 1.0)]
    assert [len(part) for part in line_graph([], [], np.empty((0, 3)))] == [0, 0, 0]


def test_bands_are_the_released_structures(upstream):
    released = {}
    for name in ("TRAIN", "TEST"):
        content = json.loads((upstream / f"RAW-Em-5-images-{name}.json").read_text())
        released |= {row["sys_name"]: row["atoms"] for row in content}
    sites = 0
    for entry in ENTRIES:
        ours, theirs = band(entry), released[entry.entry_id]
        np.testing.assert_allclose(ours.frac_coords, theirs["coords"], atol=1e-9)
        np.testing.assert_allclose(ours.lattice, theirs["lattice_mat"], atol=1e-12)
        assert ours.image is not None
        assert ours.image[:6].tolist() == [0, 1, 2, 3, 4, -1]
        sites += len(ours.atomic_numbers)
    assert (len(released), sites) == (619, 79_800)


def test_band_of_another_length():
    entry = ENTRIES[small_bands()[0]]
    three, five = band(entry, images=3), band(entry)
    np.testing.assert_allclose(three.frac_coords[:3], five.frac_coords[[0, 2, 4]])
    with pytest.raises(InvalidValueError, match="1 images are too few"):
        band(entry, images=1)


def test_states_at_both_ends():
    train = next(entry for entry in ENTRIES if not entry.has_final_structure)
    start, end = initial_state(train), final_state(train)
    np.testing.assert_array_equal(start.frac_coords, train.frac_coords)
    np.testing.assert_array_equal(end.frac_coords[0], train.path_end)
    np.testing.assert_array_equal(end.frac_coords[1:], train.frac_coords[1:])
    test = next(entry for entry in ENTRIES if entry.has_final_structure)
    np.testing.assert_array_equal(final_state(test).frac_coords, test.final_frac_coords)
    np.testing.assert_array_equal(final_state(test, released=False).frac_coords[0], test.path_end)


def test_surroundings_of_the_images():
    atoms = band(ENTRIES[small_bands()[0]])
    whole = build(atoms, GraphSettings(neighbours=6, canonise=False))
    part = around_images(whole)
    expected = Counter(name for name in edge_names(atoms, whole.src, whole.dst, whole.vectors) if min(name[:2]) < 5)
    assert part.n_edges == sum(expected.values())
    touched = sorted({atom for name in expected for atom in name[:2]})
    assert part.atomic_numbers.tolist() == atoms.atomic_numbers[touched].tolist()
    assert (np.minimum(part.src, part.dst) < 5).all()
    renamed = [(touched[u], touched[v]) for u, v in zip(part.src, part.dst, strict=True)]
    assert Counter(renamed) == Counter(name[:2] for name in expected.elements())
    with pytest.raises(InvalidValueError, match="no images"):
        around_images(build(SYMMETRIC["fcc"]))


def test_features_of_elements_are_those_of_jarvis():
    from jarvis.core.specie import get_node_attributes

    table = atom_features()
    for number, symbol in ((1, "H"), (3, "Li"), (26, "Fe"), (92, "U"), (100, "Fm")):
        np.testing.assert_array_equal(table[number], get_node_attributes(symbol, atom_features="cgcnn"))
    assert table.shape == (119, 92)
    assert not table[0].any()
    np.testing.assert_array_equal(table[103], table[100])


def test_batch_numbers_through():
    graphs = [build(SYMMETRIC["rock salt"]), build(band(ENTRIES[small_bands()[0]])), build(SYMMETRIC["fcc"])]
    batch = GraphBatch.of(graphs)
    assert len(batch) == 3
    assert batch.n_nodes.tolist() == [graph.n_nodes for graph in graphs]
    assert batch.graph.bincount().tolist() == [graph.n_nodes for graph in graphs]
    assert len(batch.cosines) == sum(graph.n_triplets for graph in graphs)
    # Bonds stay within a graph, and so do angles.
    assert (batch.graph[batch.src] == batch.graph[batch.dst]).all()
    assert (batch.dst[batch.first] == batch.src[batch.second]).all()
    start, stop = graphs[0].n_edges, graphs[0].n_edges + graphs[1].n_edges
    np.testing.assert_array_equal(batch.src[start:stop] - graphs[0].n_nodes, graphs[1].src)
    np.testing.assert_array_equal(batch.vectors[start:stop], graphs[1].vectors)
    assert batch.image.tolist() == [-1, -1, 0, 1, 2, 3, 4] + [-1] * (len(batch.image) - 7)
    moved = batch.to("meta")
    assert {value.device.type for value in vars(moved).values()} == {"meta"}
    assert batch.src.dtype == torch.int64
    with pytest.raises(InvalidValueError, match="at least one graph"):
        GraphBatch.of([])


def test_graphs_are_kept_on_disk(tmp_path, monkeypatch):
    atoms = band(ENTRIES[small_bands()[0]])
    made = cached(atoms, folder=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(cache, "neighbour_graph", lambda *_, **__: pytest.fail("made again"))
        read = cached(atoms, folder=tmp_path)
    for name, value in vars(made).items():
        np.testing.assert_array_equal(getattr(read, name), value)
        assert getattr(read, name).dtype == value.dtype
    # Another crystal, other marks and another way to make the graph have their own files.
    others = [
        (replace(atoms, lattice=atoms.lattice * 1.01), GraphSettings()),
        (replace(atoms, image=None), GraphSettings()),
        (atoms, GraphSettings(canonise=False)),
    ]
    for other, settings in others:
        cached(other, settings, folder=tmp_path)
    files = list(tmp_path.rglob("*.graph"))
    assert len(files) == 4
    for damage in (lambda content: content[:100], lambda content: content[:-1] + bytes([content[-1] ^ 1])):
        for file in files:
            file.write_bytes(damage(file.read_bytes()))
        np.testing.assert_array_equal(cached(atoms, folder=tmp_path).vectors, made.vectors)


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert cached(SYMMETRIC["fcc"], folder=blocked).n_edges == 24


def test_what_is_no_crystal_is_named():
    with pytest.raises(InvalidValueError, match="without atoms"):
        neighbour_graph(np.eye(3), np.empty((0, 3)), [])
    with pytest.raises(InvalidValueError, match="neighbours = 0"):
        neighbour_graph(np.eye(3), [[0, 0, 0]], [3], neighbours=0)
    with pytest.raises(InvalidValueError, match=r"\(2, 3\)"):
        neighbour_graph(np.eye(3), [[0, 0, 0], [0, 0, 0.5]], [3])
    with pytest.raises(InvalidValueError, match="without volume"):
        neighbour_graph(np.zeros((3, 3)), [[0, 0, 0]], [3])
    with pytest.raises(InvalidValueError, match="not finite"):
        neighbour_graph(np.diag([np.inf, 4.0, 4.0]), [[0, 0, 0]], [3])
    with pytest.raises(InvalidValueError, match="coordinates that are no numbers"):
        neighbour_graph(np.eye(3) * 4, [[0, np.nan, 0]], [3])
    with pytest.raises(InvalidValueError, match="could not convert string to float: 'x'"):
        neighbour_graph(np.eye(3) * 4, [["x", 0, 0]], [3])
    with pytest.raises(InvalidValueError, match="as many marks"):
        build(SYMMETRIC["fcc"]).with_images([0, 1])


@pytest.mark.parametrize("number", [0, -1, 119, 300, 3.5, float("nan")])
def test_atomic_numbers_that_no_element_has_are_named(number):
    with pytest.raises(InvalidValueError, match=rf"no element has the atomic number {number:g}"):
        neighbour_graph(np.eye(3) * 4.0, [[0.0, 0.0, 0.0]], [number])


def test_the_heaviest_element_has_a_graph():
    assert neighbour_graph(np.eye(3) * 4.0, [[0.0, 0.0, 0.0]], [118]).atomic_numbers.tolist() == [118]

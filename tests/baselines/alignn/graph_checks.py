"""What several tests of graphs need: crystals to make graphs of, and graphs in a form that can be compared."""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch

from embench.baselines.alignn.graphs.bands import Crystal


def crystal(lattice, frac_coords, numbers) -> Crystal:
    return Crystal(np.array(lattice, dtype=float), np.array(frac_coords, dtype=float), np.array(numbers))


# Crystals in which many neighbours are equally far.
SYMMETRIC = {
    "simple cubic": crystal(3.35 * np.eye(3), [[0.1, 0.2, 0.3]], [84]),
    "bcc": crystal(2.87 * np.eye(3), [[0, 0, 0], [0.5, 0.5, 0.5]], [26, 26]),
    "fcc": crystal(3.61 / 2 * (1 - np.eye(3)), [[0, 0, 0]], [29]),
    "rock salt": crystal(5.64 / 2 * (1 - np.eye(3)), [[0, 0, 0], [0.5, 0.5, 0.5]], [11, 17]),
    "perovskite": crystal(
        3.905 * np.eye(3),
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]],
        [38, 22, 8, 8, 8],
    ),
}


def edge_names(crystal: Crystal, src, dst, vectors) -> list[tuple[int, ...]]:
    """Return for each edge both atoms and the cell of the second one, which tells edges apart without rounding."""
    src, dst = np.asarray(src), np.asarray(dst)
    cells = np.asarray(vectors, dtype=float) @ np.linalg.inv(crystal.lattice)
    cells -= crystal.frac_coords[dst] - crystal.frac_coords[src]
    assert np.abs(cells - np.round(cells)).max() < 1e-4
    return [(int(u), int(v), *map(int, cell)) for u, v, cell in zip(src, dst, np.round(cells), strict=True)]


def angles(names, first, second, cosines) -> dict[tuple, list[float]]:
    """Return the cosines by the pair of edges that they belong to."""
    found: dict[tuple, list[float]] = {}
    for a, b, cosine in zip(first, second, cosines, strict=True):
        found.setdefault((names[a], names[b]), []).append(float(cosine))
    return {pair: sorted(values) for pair, values in found.items()}


def settled(model, batch):
    """Let the batch normalisation of a network take the statistics of a batch; return it in evaluation mode.

    A fresh network in evaluation mode hardly depends on its input.
    """
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(batch)
    for norm in norms:
        norm.momentum = 0.1
    return model.eval()


def jarvis_atoms(crystal: Crystal):
    from jarvis.core.atoms import Atoms
    from pymatgen.core.periodic_table import Element

    elements = [Element.from_Z(int(number)).symbol for number in crystal.atomic_numbers]
    return Atoms(lattice_mat=crystal.lattice, coords=crystal.frac_coords, elements=elements, cartesian=False)


def edges_of_alignn(crystal: Crystal, *, canonise: bool, neighbours: int = 12) -> Counter:
    """Return the edges that alignn makes for the crystal, and how many of each."""
    from alignn.graphs import build_undirected_edgedata, nearest_neighbor_edges

    atoms = jarvis_atoms(crystal)
    edges, _ = nearest_neighbor_edges(atoms=atoms, cutoff=8.0, max_neighbors=neighbours, use_canonize=canonise)
    src, dst, vectors, _ = build_undirected_edgedata(atoms, edges)
    return Counter(edge_names(crystal, src, dst, vectors))

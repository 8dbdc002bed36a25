"""Graphs on disk: one file for each crystal and each way to make a graph of it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import astuple, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.graphs.crystal import NEIGHBOURS, Graph, neighbour_graph
from embench.common.cache import cache_folder, read_checked, write_checked
from embench.errors import OutputError

# To be raised whenever the graph of a crystal changes.
VERSION = 1
_ARRAYS = ("atomic_numbers", "src", "dst", "vectors", "image")


@dataclass(frozen=True, kw_only=True)
class GraphSettings:
    """How to make a graph of a crystal; see :func:`~embench.baselines.alignn.graphs.crystal.neighbour_graph`."""

    neighbours: int = NEIGHBOURS
    canonise: bool = True
    shell_tolerance: float = 0.0


CLASSIC = GraphSettings()
"""What alignn makes by default."""

PUBLISHED = GraphSettings(canonise=False)
"""What the scripts of the published multi-property and barrier models make: they do not set ``use_canonize``."""


def build(crystal: Crystal, settings: GraphSettings = CLASSIC) -> Graph:
    """Return the graph of a crystal, with the marks of its images."""
    graph = neighbour_graph(
        crystal.lattice,
        crystal.frac_coords,
        crystal.atomic_numbers,
        neighbours=settings.neighbours,
        canonise=settings.canonise,
        shell_tolerance=settings.shell_tolerance,
    )
    return graph if crystal.image is None else graph.with_images(crystal.image)


def cached(crystal: Crystal, settings: GraphSettings = CLASSIC, *, folder: Path | None = None) -> Graph:
    """Return the graph of a crystal from `folder`, by default the cache of embench, or make it and keep it there.

    It pays for bands of hundreds of atoms. Graphs of small crystals are made about as fast as they are read.
    A file that is not what was written is made again; a folder that cannot be written to is no error.
    """
    key = checksum(crystal, settings)
    # Subfolders: a corpus has tens of thousands of crystals.
    path = (folder or cache_folder("graphs")) / key[:2] / f"{key[2:]}.graph"
    kept = read_checked(path, key)
    if kept is not None:
        with np.load(BytesIO(kept), allow_pickle=False) as stored:
            return Graph(*(stored[name] for name in _ARRAYS))
    graph = build(crystal, settings)
    file = BytesIO()
    np.savez(file, allow_pickle=False, **{name: getattr(graph, name) for name in _ARRAYS})
    # Read-only home folders are common on clusters: slower, but the same result.
    with suppress(OutputError):
        write_checked(path, key, file.getvalue())
    return graph


def checksum(crystal: Crystal, settings: GraphSettings = CLASSIC) -> str:
    """Return a checksum of all that a graph depends on."""
    digest = hashlib.sha256(repr((VERSION, astuple(settings))).encode())
    for array in (crystal.lattice, crystal.frac_coords):
        values = np.ascontiguousarray(array, dtype="<f8")
        digest.update(repr(values.shape).encode() + values.tobytes())
    marks = np.full(len(crystal.atomic_numbers), -1) if crystal.image is None else crystal.image
    for numbers in (crystal.atomic_numbers, marks):
        digest.update(np.ascontiguousarray(numbers, dtype="<i2").tobytes())
    return digest.hexdigest()[:32]

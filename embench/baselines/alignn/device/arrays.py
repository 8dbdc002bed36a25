"""Many graphs as a few compact arrays, to be carried to a machine where no graph can be made.

Of every pair of opposite edges one is kept: the atoms at its ends and the cell that it leads to. Lengths follow from
the coordinates, angles from the edges; both are made on the device.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from embench.baselines.alignn.graphs.crystal import Graph
from embench.common.files import atomic_path
from embench.errors import CorpusError, InvalidValueError

Ints = npt.NDArray[np.int64]

FORMAT = "embench-device-1"
# What the vectors of a packed graph may differ by from those of the graph itself, Å.
_TOLERANCE = 1e-4
_ABOUT = "about.json"


@dataclass(frozen=True, eq=False)
class Source:
    """A graph, and where its atoms are: what is packed.

    Attributes
    ----------
    graph : its second half of the edges is the first half reversed.
    lattice : (3, 3) row vectors of the graph's vectors, Å.
    frac_coords : (n, 3) of the atoms of the graph.
    """

    graph: Graph
    lattice: npt.NDArray[np.float64]
    frac_coords: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Crystals:
    """Graphs side by side, for c crystals with n atoms and p pairs of edges in all.

    Attributes
    ----------
    n_nodes, n_pairs : (c,) int32
        Atoms, and pairs of opposite edges, of each crystal.
    atomic_numbers : (n,) uint8
    image : (n,) int8
        Number of the image for the migrating ion, -1 for other atoms.
    frac_coords : (n, 3) float32
    lattice : (c, 3, 3) float32
    src, dst : (p,) uint16
        Atoms at both ends, numbered within the crystal.
    cell : (3, p) int8
        The cell that the pair leads to, from `src` to `dst`.
    """

    n_nodes: npt.NDArray[np.int32]
    n_pairs: npt.NDArray[np.int32]
    atomic_numbers: npt.NDArray[np.uint8]
    image: npt.NDArray[np.int8]
    frac_coords: npt.NDArray[np.float32]
    lattice: npt.NDArray[np.float32]
    src: npt.NDArray[np.uint16]
    dst: npt.NDArray[np.uint16]
    cell: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.n_nodes)

    @property
    def first_node(self) -> Ints:
        """The number of the first atom of each crystal, (c,)."""
        return starts(self.n_nodes)

    def pairs(self) -> tuple[Ints, Ints, npt.NDArray[np.float32]]:
        """Return both atoms of every pair, numbered through (p,), and the vector between them (p, 3), Å."""
        crystal = np.repeat(np.arange(len(self)), self.n_pairs)
        before = self.first_node[crystal]
        src, dst = self.src + before, self.dst + before
        frac = self.frac_coords.astype(np.float64)
        between = frac[dst] + self.cell.T - frac[src]
        vectors = np.einsum("pi,pij->pj", between, self.lattice.astype(np.float64)[crystal])
        return src, dst, vectors.astype(np.float32)

    def graphs(self) -> list[Graph]:
        """Return the graphs one by one."""
        src, dst, vectors = self.pairs()
        nodes, pairs = starts(self.n_nodes), starts(self.n_pairs)
        found = []
        for i in range(len(self)):
            atoms = slice(nodes[i], nodes[i] + self.n_nodes[i])
            edges = slice(pairs[i], pairs[i] + self.n_pairs[i])
            s, d, v = src[edges] - nodes[i], dst[edges] - nodes[i], vectors[edges]
            found.append(
                Graph(
                    atomic_numbers=self.atomic_numbers[atoms],
                    src=np.concatenate([s, d]).astype(np.int32),
                    dst=np.concatenate([d, s]).astype(np.int32),
                    vectors=np.concatenate([v, -v]),
                    image=self.image[atoms],
                )
            )
        return found


def starts(lengths: npt.NDArray[Any]) -> Ints:
    """Return where each of several stretches of these lengths begins, (c,)."""
    lengths = np.asarray(lengths, np.int64)
    begins: Ints = np.cumsum(lengths) - lengths
    return begins


def pack(sources: Iterable[Source]) -> Crystals:
    """Return the arrays of several graphs.

    Raises :class:`~embench.errors.InvalidValueError` for a graph whose edges are no pairs, or lead farther than 127
    cells, or whose atoms are not at the coordinates.
    """
    parts: dict[str, list[Any]] = {field.name: [] for field in fields(Crystals)}
    for number, source in enumerate(sources):
        for name, value in _packed(source, number).items():
            parts[name].append(value)
    if not parts["n_nodes"]:
        raise InvalidValueError("there are no graphs to pack")
    joined = {name: np.concatenate(values) for name, values in parts.items() if name not in ("lattice", "cell")}
    return Crystals(**joined, lattice=np.stack(parts["lattice"]), cell=np.concatenate(parts["cell"], axis=1))


def _packed(source: Source, number: int) -> dict[str, npt.NDArray[Any]]:
    graph, frac = source.graph, source.frac_coords.astype(np.float32)
    half = graph.n_edges // 2
    src, dst, vectors = graph.src[:half], graph.dst[:half], graph.vectors[:half].astype(np.float64)
    if not (np.array_equal(graph.src[half:], dst) and np.array_equal(graph.dst[half:], src)):
        raise InvalidValueError(f"graph {number}: the second half of its edges is not the first half reversed")
    lattice = source.lattice.astype(np.float32)
    between = frac[dst].astype(np.float64) - frac[src]
    cell = np.rint(vectors @ np.linalg.inv(lattice.astype(np.float64)) - between)
    found = (between + cell) @ lattice.astype(np.float64)
    if np.abs(found - vectors).max(initial=0) > _TOLERANCE or np.abs(cell).max(initial=0) > 127:
        raise InvalidValueError(f"graph {number}: its edges do not lead from atom to atom of the crystal")
    if graph.n_nodes > np.iinfo(np.uint16).max:
        raise InvalidValueError(f"graph {number} has {graph.n_nodes} atoms, more than the arrays can number")
    return {
        "n_nodes": np.array([graph.n_nodes], np.int32),
        "n_pairs": np.array([half], np.int32),
        "atomic_numbers": graph.atomic_numbers.astype(np.uint8),
        "image": graph.image.astype(np.int8),
        "frac_coords": frac,
        "lattice": lattice,
        "src": src.astype(np.uint16),
        "dst": dst.astype(np.uint16),
        "cell": cell.T.astype(np.int8),
    }


def write(path: Path, sets: Mapping[str, Crystals], arrays: Mapping[str, npt.NDArray[Any]], about: Any) -> None:
    """Write sets of graphs by name, further arrays, and what they are (plain values), into one compressed file.

    Raises :class:`~embench.errors.OutputError` where `path` cannot be written.
    """
    everything = dict(arrays)
    for name, crystals in sets.items():
        everything |= {f"{name}.{field.name}": getattr(crystals, field.name) for field in fields(Crystals)}
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in everything.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            _add(archive, f"{name}.npy", buffer.getvalue())
        text = json.dumps({"format": FORMAT, "sets": list(sets), **about}, ensure_ascii=False)
        _add(archive, _ABOUT, text.encode())


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # Without the time of now: the same arrays give the same bytes.
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_LZMA
    archive.writestr(entry, content)


def read(path: Path) -> tuple[dict[str, Crystals], dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return what :func:`write` wrote: sets of graphs, further arrays, and what they are.

    Raises :class:`~embench.errors.CorpusError` for any other file.
    """
    way_out = "make it with embench alignn carry"
    try:
        with zipfile.ZipFile(path) as archive:
            about: dict[str, Any] = json.loads(archive.read(_ABOUT))
            if about.get("format") != FORMAT:
                raise CorpusError(f"{path} has the format {about.get('format')!r}, not {FORMAT!r}: {way_out}")
            names = [name for name in archive.namelist() if name != _ABOUT]
            arrays = {
                name.removesuffix(".npy"): np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in names
            }
        sets = {name: _take(arrays, name) for name in about["sets"]}
    except (OSError, KeyError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
        raise CorpusError(f"{path} holds no arrays for a device ({error}): {way_out}") from error
    return sets, arrays, about


def needed(path: Path, found: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Raise :class:`~embench.errors.CorpusError` where `path` lacks something that is read of `what`."""
    missing = [name for name in names if name not in found]
    if missing:
        raise CorpusError(
            f"{path} holds no {what} as this version carries it: it lacks {', '.join(missing)}; make it with embench "
            "alignn carry"
        )


def _take(arrays: dict[str, npt.NDArray[Any]], name: str) -> Crystals:
    return Crystals(**{field.name: arrays.pop(f"{name}.{field.name}") for field in fields(Crystals)})


def select(crystals: Crystals, rows: Sequence[int] | Ints) -> Crystals:
    """Return some of the crystals, in the order of `rows`."""
    rows = np.asarray(rows, np.int64)
    nodes = spans(starts(crystals.n_nodes)[rows], crystals.n_nodes[rows])
    pairs = spans(starts(crystals.n_pairs)[rows], crystals.n_pairs[rows])
    return Crystals(
        n_nodes=crystals.n_nodes[rows],
        n_pairs=crystals.n_pairs[rows],
        atomic_numbers=crystals.atomic_numbers[nodes],
        image=crystals.image[nodes],
        frac_coords=crystals.frac_coords[nodes],
        lattice=crystals.lattice[rows],
        src=crystals.src[pairs],
        dst=crystals.dst[pairs],
        cell=crystals.cell[:, pairs],
    )


def spans(begin: Ints, lengths: npt.NDArray[Any]) -> Ints:
    """Return the numbers of all stretches that begin at `begin` (c,) and have `lengths` (c,), one after the other."""
    lengths = np.asarray(lengths, np.int64)
    return np.repeat(begin - starts(lengths), lengths) + np.arange(int(lengths.sum()))

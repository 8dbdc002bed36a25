"""The arrays that are carried to the device: graphs of all hops and of the corpus, made here, where everything is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embench.baselines.alignn.corpus import Corpus, rank_gauss
from embench.baselines.alignn.device.arrays import Crystals, Source, pack, select, write
from embench.baselines.alignn.graphs.bands import Crystal, around_images, band, final_state, initial_state
from embench.baselines.alignn.graphs.batch import atom_features
from embench.baselines.alignn.graphs.cache import GraphSettings, build, cached
from embench.baselines.alignn.graphs.crystal import HOST, Graph
from embench.baselines.alignn.hops import SURROUNDINGS
from embench.errors import InvalidValueError

if TYPE_CHECKING:
    from embench.dataset import Dataset
    from embench.dataset.entry import Entry
    from embench.splits import Protocol

HOPS, CORPUS = "hops.zip", "corpus.zip"
# As jarvis-tools rounds the lattice where a graph follows its rounding.
_LATTICE_DECIMALS = 5
# What is carried to the device, graphs and what is gone on from: 64 MiB; the state of a run takes up to 50.
BUDGET_MIB = {HOPS: 8.0, CORPUS: 40.0}

Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What was written: how many graphs of how many, and the size of the file."""

    path: Path
    n: int
    n_all: int
    mib: float
    most_atoms: int


def hop_sets(
    entries: Iterable[Entry], graphs: GraphSettings, *, progress: Progress | None = None
) -> dict[str, Crystals]:
    """Return the graphs of hops as arrays, by what they show: both ends, the band, what is around its images.

    They are those of :func:`~embench.baselines.alignn.hops.hop_graphs` without a radius.
    """
    found: dict[str, list[Source]] = {"initial": [], "final": [], "band": [], "around": []}
    for done, entry in enumerate(entries, start=1):
        ends = {"initial": initial_state(entry), "final": final_state(entry, released=False), "band": band(entry)}
        for name, crystal in ends.items():
            found[name].append(_source(crystal, cached(crystal, graphs), graphs))
        found["around"].append(_around(ends["band"]))
        if progress is not None:
            progress(done)
    return {name: pack(sources) for name, sources in found.items()}


def _source(crystal: Crystal, graph: Graph, graphs: GraphSettings) -> Source:
    lattice = np.asarray(crystal.lattice, np.float64)
    own = lattice if graphs.shell_tolerance else np.around(lattice, _LATTICE_DECIMALS)
    return Source(graph, own, np.asarray(crystal.frac_coords, np.float64))


def _around(crystal: Crystal) -> Source:
    """Return what touches the images of a band; its atoms are a part of those of the band."""
    whole = cached(crystal, SURROUNDINGS)
    marked = whole.image != HOST
    edges = marked[whole.src] | marked[whole.dst]
    nodes = np.unique(np.concatenate([whole.src[edges], whole.dst[edges]]))
    source = _source(crystal, around_images(whole), SURROUNDINGS)
    return Source(source.graph, source.lattice, source.frac_coords[nodes])


def carry_hops(
    path: Path,
    data: Dataset,
    protocols: Iterable[Protocol],
    graphs: GraphSettings,
    *,
    progress: Progress | None = None,
) -> Carried:
    """Write the graphs of all entries, their barriers and the folds of protocols to `path`.

    Raises :class:`~embench.errors.InvalidValueError` where the file is larger than :data:`BUDGET_MIB` says.
    """
    place = {entry_id: row for row, entry_id in enumerate(data.entry_ids)}
    arrays: dict[str, npt.NDArray[Any]] = {
        "barriers": data.column("migration_barrier").astype(np.float64),
        "elements": np.array(atom_features()),
    }
    described = {}
    for protocol in protocols:
        sides = np.zeros((2, len(protocol), len(data)), bool)
        for number, fold in enumerate(protocol):
            for side, ids in enumerate((fold.train_ids, fold.test_ids)):
                sides[side, number, [place[entry_id] for entry_id in ids]] = True
        arrays[f"{protocol.name}.train"], arrays[f"{protocol.name}.test"] = sides
        described[protocol.name] = {"folds": [fold.name for fold in protocol], "sha256": protocol.sha256}
    sets = hop_sets(data, graphs, progress=progress)
    about = {
        "entry_ids": list(data.entry_ids),
        "protocols": described,
        "dataset": data.digest,
        "canonise": graphs.canonise,
    }
    write(path, sets, arrays, about)
    size = _mib(path)
    if size > BUDGET_MIB[HOPS]:
        raise InvalidValueError(f"{path} has {size:.1f} MiB, more than the {BUDGET_MIB[HOPS]:g} that may be carried")
    return Carried(
        path=path, n=len(data), n_all=len(data), mib=size, most_atoms=max(int(x.n_nodes.max()) for x in sets.values())
    )


def carry_corpus(
    path: Path,
    corpus: Corpus,
    source: Path,
    graphs: GraphSettings,
    *,
    budget_mib: float = BUDGET_MIB[CORPUS],
    progress: Progress | None = None,
) -> Carried:
    """Write the graphs of a corpus and its targets to `path`, within `budget_mib`.

    The targets are the normal scores of the properties, as for the shipped weights of the small network. Crystals are
    drawn so that every property is seen as often as any other. Where they do not fit, the crystals with the most atoms
    are left out: they cost most of the time too.
    """
    from embench.baselines.alignn.pretrain import balance

    crystals = pack(_built(corpus, graphs, progress))
    about = {
        "properties": list(corpus.properties),
        "corpus_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "n_corpus": len(corpus),
        "canonise": graphs.canonise,
    }
    scores = rank_gauss(corpus.targets)
    order = np.argsort(crystals.n_nodes, kind="stable")
    kept = len(order)
    while True:
        rows = np.sort(order[:kept])
        arrays: dict[str, npt.NDArray[Any]] = {
            "targets": scores[rows].astype(np.float32),
            "sampling": balance(corpus.targets[rows] * np.where(corpus.held_out[rows], np.nan, 1.0)[:, None]),
            "held_out": corpus.held_out[rows],
            "elements": np.array(atom_features()),
        }
        part = crystals if kept == len(order) else select(crystals, rows)
        write(path, {"crystal": part}, arrays, about)
        size = _mib(path)
        if size <= budget_mib:
            break
        pairs = np.cumsum(crystals.n_pairs[order].astype(np.int64))
        # A little less than the size tells, as small crystals compress worse.
        fits = int(np.searchsorted(pairs, pairs[kept - 1] * budget_mib / size * 0.97))
        kept = min(fits, kept - 1)
        if kept < 1:
            raise InvalidValueError(f"a budget of {budget_mib:g} MiB leaves no crystal of the corpus")
    return Carried(path=path, n=kept, n_all=len(order), mib=size, most_atoms=int(part.n_nodes.max()))


def _built(corpus: Corpus, graphs: GraphSettings, progress: Progress | None) -> Iterator[Source]:
    for done, crystal in enumerate(corpus.crystals, start=1):
        yield _source(crystal, build(crystal, graphs), graphs)
        if progress is not None:
            progress(done)


def _mib(path: Path) -> float:
    return path.stat().st_size / 2**20

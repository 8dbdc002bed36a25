"""How fast the graphs of ALIGNN are made, beside the builders of alignn and jarvis-tools.

Run ``python benchmarks/graphs.py --out docs/benchmarks.md`` on a quiet machine; it renews its section of the page.
It needs the extra ``dgl``: both other builders make graphs of DGL.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import typer
from sections import OUT, machine, show

import embench
from embench.baselines.alignn.graphs.bands import Crystal, band
from embench.baselines.alignn.graphs.batch import line_graph
from embench.baselines.alignn.graphs.cache import GraphSettings, build
from embench.common.markdown import markdown_table

# What the target was set to: how many times faster than jarvis-tools.
LEAST_RATIO = 10.0
SEED = 0


@dataclass(frozen=True)
class Builder:
    """A way to make graphs: from what is prepared of a crystal to the numbers of edges and of triplets."""

    name: str
    prepare: Callable[[Crystal], Any]
    make: Callable[[Any, bool], tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """What one builder did: CPU seconds for all bands, and their edges and triplets."""

    name: str
    canonise: bool
    seconds: float
    counts: tuple[tuple[int, int], ...]


def ours(crystal: Crystal, canonise: bool) -> tuple[int, int]:
    """Make the graph and the line graph with its cosines."""
    graph = build(crystal, GraphSettings(canonise=canonise))
    first, _, _ = line_graph(graph.src, graph.dst, graph.vectors)
    return graph.n_edges, len(first)


def jarvis_atoms(crystal: Crystal) -> Any:
    """Return the crystal as the other builders take it."""
    from jarvis.core.atoms import Atoms
    from pymatgen.core.periodic_table import Element

    elements = [Element.from_Z(int(number)).symbol for number in crystal.atomic_numbers]
    return Atoms(lattice_mat=crystal.lattice, coords=crystal.frac_coords, elements=elements, cartesian=False)


def theirs(graph_class: Any) -> Callable[[Any, bool], tuple[int, int]]:
    """Return what makes graph, line graph and cosines with a ``Graph`` of alignn or jarvis-tools."""

    def make(atoms: Any, canonise: bool) -> tuple[int, int]:
        graph, line = graph_class.atom_dgl_multigraph(
            atoms,
            neighbor_strategy="k-nearest",
            cutoff=8.0,
            max_neighbors=12,
            atom_features="atomic_number",
            use_canonize=canonise,
        )
        return graph.num_edges(), line.num_edges()

    return make


def builders() -> list[Builder]:
    """Return all builders, ours first."""
    import alignn.graphs
    import jarvis.core.graphs

    return [
        Builder(f"embench {embench.__version__}", lambda crystal: crystal, ours),
        Builder(f"jarvis-tools {version('jarvis-tools')}", jarvis_atoms, theirs(jarvis.core.graphs.Graph)),
        Builder(f"alignn {version('alignn')}", jarvis_atoms, theirs(alignn.graphs.Graph)),
    ]


def measure(builder: Builder, crystals: Sequence[Crystal], *, canonise: bool, runs: int) -> Result:
    """Make all graphs `runs` times after a first one that loads what has to be loaded; return the median."""
    prepared = [builder.prepare(crystal) for crystal in crystals]
    builder.make(prepared[0], canonise)
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        counts = [builder.make(one, canonise) for one in prepared]
        seconds.append(time.process_time() - start)
    return Result(builder.name, canonise, statistics.median(seconds), tuple(counts))


def row(result: Result, base: Result) -> tuple[str, ...]:
    """Return one row of the table; `base` is what embench needs for the same bands."""
    bands, triplets = len(result.counts), sum(count for _, count in result.counts)
    same = sum(one == two for one, two in zip(result.counts, base.counts, strict=True))
    return (
        result.name,
        "once" if result.canonise else "twice",
        str(bands),
        f"{bands / result.seconds:.0f}",
        f"{triplets / result.seconds / 1e6:.2f}",
        f"{result.seconds / base.seconds:.1f}",
        "" if result is base else f"{same} of {bands}",
    )


def section(everything: Sequence[Result], samples: Sequence[Result], *, load: float) -> str:
    """Return the section of the documentation; `load` is how many processes ran or waited meanwhile."""
    base = {result.canonise: result for result in samples if result.name.startswith("embench")}
    header = (
        "builder",
        "mutual edges",
        "bands",
        "bands per CPU second",
        "million triplets per CPU second",
        "time, embench = 1",
        "same number of edges and triplets",
    )
    rows = [row(result, result) for result in everything]
    rows += [row(result, base[result.canonise]) for result in samples]
    table = markdown_table(header, rows, left=("builder", "mutual edges"))
    peers = [r.seconds / base[r.canonise].seconds for r in samples if r.name.startswith("jarvis")]
    sizes = [count for _, count in everything[0].counts]
    return f"""## What a graph costs

*embench {embench.__version__}, dataset {embench.DATASET_VERSION}. Written by `python benchmarks/graphs.py`; not
edited by hand.*

The graph of the five-image band, its line graph and the cosines of all angles, by one thread. The first rows are of
all {len(sizes)} bands, the others of the same {len(samples[0].counts)} bands drawn at random (seed {SEED}), as the
other builders take long. "Mutual edges" says how often an edge counts whose atoms are both among the other's nearest:
`use_canonize` of alignn. A band has {np.median(sizes):,.0f} triplets in the median and {max(sizes):,} at most.
Machine: {machine()}; load average meanwhile {load:.1f}.

{table.rstrip()}

The target is to be {LEAST_RATIO:g} times faster than jarvis-tools: it is {min(peers):.0f} to {max(peers):.0f} times.
"""


def main(
    out: Path | None = OUT,
    sample: int = typer.Option(100, "--sample", min=2, help="Bands that all builders make."),
    runs: int = typer.Option(3, "--runs", min=1, help="Runs of each builder."),
) -> None:
    """Measure how fast graphs are made."""
    crystals = [band(entry) for entry in embench.load()]
    chosen = np.random.default_rng(SEED).choice(len(crystals), size=min(sample, len(crystals)), replace=False)
    drawn = [crystals[number] for number in sorted(chosen)]
    own, *others = builders()
    everything = [measure(own, crystals, canonise=canonise, runs=runs) for canonise in (True, False)]
    samples = [
        measure(builder, drawn, canonise=canonise, runs=runs)
        for canonise in (True, False)
        for builder in (own, *others)
    ]
    show(section(everything, samples, load=os.getloadavg()[1]), out)


if __name__ == "__main__":
    typer.run(main)

"""Entries of the dataset as what MODEL-1 to MODEL-4 read: one or two graphs of each hop."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from embench.baselines.alignn.environment import cut, near_path
from embench.baselines.alignn.graphs.bands import Crystal, around_images, band, final_state, initial_state
from embench.baselines.alignn.graphs.cache import GraphSettings, cached
from embench.baselines.alignn.graphs.crystal import Graph
from embench.errors import UnknownNameError

if TYPE_CHECKING:
    from embench.baselines.alignn.configs import PathwayConfig
    from embench.entry import Entry

# The second graph of MODEL-4.
SURROUNDINGS = GraphSettings(neighbours=6, canonise=False)


def hop_graphs(entry: Entry, model: int, config: PathwayConfig, *, folder: Path | None = None) -> tuple[Graph, ...]:
    """Return the graphs that MODEL-`model` reads of a hop, from the cache in `folder` or made and kept there.

    MODEL-1 and MODEL-2 read the initial and the final structure, MODEL-3 the band of five images, MODEL-4 the band and
    the surroundings of its images. The final structure is the initial one with the ion at the end of its path, for
    all entries alike: the release holds relaxed final structures of its test entries only, and a network must not see
    another kind of structure there than where it was trained.

    Raises
    ------
    UnknownNameError
        For another model than 1 to 4.
    MissingDependencyError
        Without pymatgen.
    """

    def graph(crystal: Crystal) -> Graph:
        made = cached(crystal, config.graphs, folder=folder)
        return made if config.radius is None else cut(made, near_path(entry, config.radius))

    if model in (1, 2):
        return graph(initial_state(entry)), graph(final_state(entry, released=False))
    if model == 3:
        return (graph(band(entry)),)
    if model == 4:
        return graph(band(entry)), around_images(cached(band(entry), SURROUNDINGS, folder=folder))
    raise UnknownNameError("model", str(model), tuple("1234"))


def samples(
    entries: Iterable[Entry], model: int, config: PathwayConfig, *, folder: Path | None = None
) -> list[tuple[Graph, ...]]:
    """Return the graphs of several hops, in their order; raises as :func:`hop_graphs`."""
    return [hop_graphs(entry, model, config, folder=folder) for entry in entries]

"""Entries as graphs for PyTorch Geometric: :func:`embench.to_pyg`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.errors import InvalidValueError, MissingDependencyError
from embench.schema.spec import TARGET

if TYPE_CHECKING:
    from embench.dataset.entry import Entry

CUTOFF = 5.0


def to_pyg(entries: Iterable[Entry], *, cutoff: float = CUTOFF, images: int = 1, path: str = "straight") -> list[Any]:
    """Return one ``torch_geometric.data.Data`` an entry.

    Atoms are nodes; every pair within `cutoff` is an edge in both directions, periodic images of one pair apart.

    Parameters
    ----------
    cutoff
        Longest edge, Å.
    images
        1 for the initial structure, or the number of images of a band: the migrating ion is then there once an image,
        as the first `images` nodes, and images of it share no edge.
    path
        How the band is laid, see :meth:`embench.Entry.images`; only the migrating ion is taken from it.

    Returns
    -------
    list of Data
        ``z`` (N) atomic numbers, ``pos`` (N, 3) Å, ``cell`` (1, 3, 3) Å, ``edge_index`` (2, E), ``edge_shift`` (E, 3)
        Å: the edge leads from ``pos[i]`` to ``pos[j] + edge_shift``; ``edge_weight`` (E) Å; ``is_mobile`` (N);
        ``path_end`` (1, 3) Å; ``entry_id``; and, unless targets are hidden, ``y`` (1) in eV. Floats are single.

    Raises
    ------
    InvalidValueError
        For a cutoff that is not positive and an impossible number of images.
    MissingDependencyError
        Without torch and torch_geometric, or pymatgen.

    Examples
    --------
    >>> import embench
    >>> from torch_geometric.loader import DataLoader  # doctest: +SKIP
    >>> fold = next(iter(embench.protocol("host-10fold")))
    >>> batches = DataLoader(embench.to_pyg(fold.train), batch_size=32)  # doctest: +SKIP
    """
    if not 0.0 < cutoff < 50.0:
        raise InvalidValueError(f"the cutoff must be above 0 and below 50 Å, and is {cutoff}")
    if images < 1:
        raise InvalidValueError(f"a graph holds one image or more, not {images}")
    try:
        import torch
        from torch_geometric.data import Data
    except ImportError as error:
        raise MissingDependencyError(error.name or "torch_geometric", "pyg", "embench.to_pyg") from None

    def tensor(values: Any) -> Any:
        return torch.tensor(np.asarray(values), dtype=torch.float32)

    return [_graph(entry, cutoff, images, path, Data, tensor) for entry in entries]


def _graph(entry: Entry, cutoff: float, images: int, path: str, data: Any, tensor: Any) -> Any:
    import torch

    from embench.crystal.periodic import pairs_within
    from embench.pathways.bands import band

    lattice = np.asarray(entry.lattice, dtype=np.float64)
    ion = entry.frac_coords[:1] if images == 1 else band(entry, images, path=path)[:, 0]
    positions = np.concatenate([ion, entry.frac_coords[1:]]) @ lattice
    numbers = np.concatenate([np.repeat(entry.atomic_numbers[:1], images), entry.atomic_numbers[1:]])
    found = pairs_within(lattice, positions, positions, reach=cutoff)
    self_pair = (found.first == found.second) & (found.distances < 1e-8)
    between_images = (found.first < images) & (found.second < images) & (found.first != found.second)
    keep = ~self_pair & ~between_images
    target = {"y": tensor([entry.migration_barrier])} if TARGET in entry.columns else {}
    return data(
        z=torch.tensor(numbers.astype(np.int64)),
        pos=tensor(positions),
        cell=tensor(lattice[None]),
        edge_index=torch.tensor(np.stack([found.first[keep], found.second[keep]]).astype(np.int64)),
        edge_shift=tensor(found.images[keep] @ lattice),
        edge_weight=tensor(found.distances[keep]),
        is_mobile=torch.tensor(np.arange(len(numbers)) < images),
        path_end=tensor((entry.path_end @ lattice)[None]),
        entry_id=entry.entry_id,
        num_nodes=len(numbers),
        **target,
    )

"""The pre-training corpus: crystals and their bulk properties, read from a Parquet file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.graphs.crystal import HEAVIEST
from embench.common.foreign import lfs_hint_of
from embench.errors import CorpusError

COLUMNS = ("property", "target_scaled", "held_out", "structure_sha1", "lattice", "atomic_numbers", "frac_coords")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Crystals and what is known of them.

    Attributes
    ----------
    properties : (p,) names, sorted.
    checksums : (n,) ``structure_sha1`` of the crystals, sorted.
    crystals : (n,)
    targets : (n, p), NaN where a property of a crystal is not known.
    held_out : (n,) crystals with a row that the source keeps for testing.
    """

    properties: tuple[str, ...]
    checksums: tuple[str, ...]
    crystals: tuple[Crystal, ...]
    targets: NDArray[np.float64]
    held_out: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.crystals)

    def counts(self) -> dict[str, int]:
        """Return how many crystals have each property."""
        known = np.isfinite(self.targets).sum(axis=0)
        return {name: int(count) for name, count in zip(self.properties, known, strict=True)}


def read_corpus(path: Path, *, most_atoms: int | None = None) -> Corpus:
    """Return the corpus in a Parquet file, without crystals of more than `most_atoms` atoms.

    Several values of one property for one crystal are averaged.

    Raises
    ------
    CorpusError
        The file cannot be read, lacks a column, or holds a row that is no crystal.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise CorpusError(f"{path} {lfs_hint_of(path) or f'cannot be read as Parquet: {error}'}") from None
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise CorpusError(f"{path} lacks the columns {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    rows = {name: table.column(name).to_pylist() for name in COLUMNS}
    sizes = np.array([len(numbers) for numbers in rows["atomic_numbers"]])
    kept = np.flatnonzero(sizes <= (most_atoms or sizes.max(initial=0)))
    if not len(kept):
        raise CorpusError(f"{path} holds no crystal with at most {most_atoms} atoms")
    keys = [rows["structure_sha1"][i] for i in kept]
    names = tuple(sorted({rows["property"][i] for i in kept}))
    first = dict(zip(reversed(keys), reversed(kept.tolist()), strict=True))
    place = {key: position for position, key in enumerate(sorted(first))}
    total, count = np.zeros((len(place), len(names))), np.zeros((len(place), len(names)))
    held_out = np.zeros(len(place), bool)
    for i, key in zip(kept, keys, strict=True):
        at = place[key], names.index(rows["property"][i])
        total[at] += rows["target_scaled"][i]
        count[at] += 1
        held_out[at[0]] |= rows["held_out"][i]
    targets = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    crystals = tuple(_crystal(rows, first[key], path) for key in sorted(first))
    return Corpus(names, tuple(sorted(first)), crystals, targets, held_out)


def _crystal(rows: dict[str, list[object]], row: int, path: Path) -> Crystal:
    try:
        lattice = np.asarray(rows["lattice"][row], float).reshape(3, 3)
        numbers = np.asarray(rows["atomic_numbers"][row], np.uint8)
        coords = np.asarray(rows["frac_coords"][row], float).reshape(len(numbers), 3)
    except (ValueError, TypeError, OverflowError) as error:
        raise CorpusError(f"{path}, row {row}: not a crystal ({error}); see the documentation of the format") from None
    if not ((numbers >= 1) & (numbers <= HEAVIEST)).all():
        raise CorpusError(f"{path}, row {row}: atomic numbers are from 1 to {HEAVIEST}, not {numbers.tolist()}")
    if not (np.isfinite(lattice).all() and np.isfinite(coords).all() and abs(np.linalg.det(lattice)) > 1e-3):
        raise CorpusError(f"{path}, row {row}: the lattice or a coordinate is not finite, or the cell has no volume")
    return Crystal(lattice, coords, numbers)


def rank_gauss(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each column as the normal scores of its ranks (Blom, 1958), NaN where it is NaN.

    The properties are skewed in different ways (most band gaps are zero); their ranks are not.
    """
    from scipy.stats import norm, rankdata

    scores = np.full_like(targets, np.nan)
    for column in range(targets.shape[1]):
        known = np.isfinite(targets[:, column])
        ranks = rankdata(targets[known, column])
        scores[known, column] = norm.ppf((ranks - 0.375) / (known.sum() + 0.25))
    return scores

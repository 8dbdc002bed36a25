"""Make the files of all protocols from the dataset.

Nothing here runs when a protocol is used: the files are part of a release, and a test makes them again and
compares.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embench.common.files import write_text, write_together
from embench.errors import MissingDependencyError, SplitsError
from embench.schema import OXYGEN
from embench.splits import registry
from embench.splits.load import MANIFEST
from embench.splits.registry import REST, ProtocolSpec

if TYPE_CHECKING:
    from embench.dataset import Dataset

IntArray = npt.NDArray[np.intp]

UNSCORED_FLAG = "structure_corrupt"


@dataclass(frozen=True)
class Assignment:
    """The fold (or, in the published protocol, the role) of each entry, and the order of the folds."""

    spec: ProtocolSpec
    fold_of: Mapping[str, str]
    folds: tuple[str, ...]
    seed: int | None = None

    @property
    def column(self) -> str:
        """The name of the second column of the file."""
        return "role" if self.spec.kind in ("published", "transfer") else "fold"

    def csv(self) -> str:
        """Return the file of the protocol: one row an entry, in the order of the dataset."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["entry_id", self.column])
        writer.writerows(self.fold_of.items())
        return text.getvalue()

    def description(self) -> dict[str, Any]:
        """Return what the manifest says of the protocol."""
        sizes = Counter(self.fold_of.values())
        published = self.column == "role"
        return {
            "measures": self.spec.measures,
            "made_by": self.spec.kind,
            "column": self.spec.column,
            "seed": self.seed,
            "n_scored": sizes["test"] if published else len(self.fold_of),
            "n_folds": len(self.folds),
            "folds": {
                fold: {"train": sizes["train"] if published else len(self.fold_of) - sizes[fold], "test": sizes[fold]}
                for fold in self.folds
            },
            "sha256": hashlib.sha256(self.csv().encode()).hexdigest(),
        }


def make_splits(data: Dataset, *, transfer: Dataset | None = None) -> dict[str, str]:
    """Return the files of all protocols, by name: the CSV files and the manifest.

    `data` are the barriers of cations in version 1.0.0, which the folds of later versions are made from (see
    :mod:`embench.splits.revision`), `transfer` those of oxygen vacancies; without it the second set of embench.

    Raises :class:`~embench.errors.SplitsError` where a protocol would break one of its rules.
    """
    if transfer is None:
        from embench.dataset import load

        transfer = load(OXYGEN.name)
    assignments = [assign(spec, data) for spec in registry.PROTOCOLS]
    assignments += [assign(spec, transfer, train=data) for spec in registry.TRANSFER_PROTOCOLS]
    manifest = {
        "version": data.layout.version,
        "dataset_version": data.version,
        "oxygen_version": transfer.version,
        "protocols": {made.spec.name: made.description() for made in assignments},
    }
    files = {f"{made.spec.name}.csv": made.csv() for made in assignments}
    return files | {MANIFEST: json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"}


def write_splits(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files of :func:`make_splits` into `folder`, all or none, and return their paths."""
    texts = {folder / name: text for name, text in files.items()}
    write_together({path: partial(write_text, text=text) for path, text in texts.items()})
    return list(texts)


def differing_files(files: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of the files in `folder` that are missing or differ from those of :func:`make_splits`."""

    def same(name: str) -> bool:
        path = folder / name
        return path.is_file() and path.read_bytes() == files[name].encode()

    return [name for name in files if not same(name)]


def assign(spec: ProtocolSpec, data: Dataset, *, train: Dataset | None = None) -> Assignment:
    """Return the fold of each entry that the protocol uses; `train` is another dataset to train on, where there is one.

    Raises :class:`~embench.errors.SplitsError` where a rule is broken: a corrupt structure would be scored, a
    fold would be empty, or a duplicate would be separated from its twin.
    """
    if spec.kind == "published":
        made = Assignment(spec, dict(zip(data.entry_ids, data.column("published_split"), strict=True)), ("test",))
    elif spec.kind == "transfer":
        return _transfer(spec, data, train)
    else:
        sound = _sound(data)
        made = _k_fold(spec, sound) if spec.kind == "k-fold" else _leave_one_out(spec, sound)
    check(made, data)
    return made


def check(made: Assignment, data: Dataset) -> None:
    """Raise :class:`~embench.errors.SplitsError` where `made` breaks a rule that all protocols share."""
    name = made.spec.name
    for entry_id in set(data.entry_ids).difference(_sound(data).entry_ids):
        if made.fold_of.get(entry_id) in made.folds:
            raise SplitsError(f"{name} would score {entry_id}, whose structure is corrupt")
    if empty := set(made.folds).difference(made.fold_of.values()):
        raise SplitsError(f"{name} would have no entry in the fold {min(empty)}")
    whole = ["group_duplicate"] if made.spec.kind == "leave-one-out" else []
    if made.spec.kind == "k-fold" and made.spec.column:
        whole = ["group_duplicate", made.spec.column]
    used = data.select(made.fold_of)
    for column in whole:
        fold_of_group: dict[str, str] = {}
        for group, fold in zip(used.column(column).tolist(), made.fold_of.values(), strict=True):
            if fold_of_group.setdefault(group, fold) != fold:
                raise SplitsError(
                    f"{name} would divide the {column} {group!r} between the folds {fold_of_group[group]} and {fold}"
                )


def _sound(data: Dataset) -> Dataset:
    """Return the entries whose structure is not damaged."""
    if UNSCORED_FLAG not in {flag.name for flag in data.layout.flags}:
        return data
    return data.filter(exclude_flags=[UNSCORED_FLAG])


def _transfer(spec: ProtocolSpec, data: Dataset, train: Dataset | None) -> Assignment:
    if train is None:
        raise SplitsError(f"{spec.name} trains on another dataset, which was not given")
    role = dict.fromkeys(_sound(train).entry_ids, "train")
    if shared := role.keys() & set(data.entry_ids):
        raise SplitsError(f"{spec.name} would train on {min(shared)}, which it scores")
    return Assignment(spec, role | dict.fromkeys(_sound(data).entry_ids, "test"), ("test",))


def _leave_one_out(spec: ProtocolSpec, data: Dataset) -> Assignment:
    assert spec.column is not None
    values = data.column(spec.column).tolist()
    sizes = Counter(values)
    by_size = sorted(sizes, key=lambda value: (-sizes[value], value))
    own = spec.values or tuple(value for value in by_size if sizes[value] >= spec.minimum_size)
    folds = [value if value in own else REST for value in values]
    return Assignment(spec, dict(zip(data.entry_ids, folds, strict=True)), (*own, REST))


def _k_fold(spec: ProtocolSpec, data: Dataset) -> Assignment:
    """Stratify by the target; of all seeds take the one with the most even folds, the lowest where they tie."""
    bins = _quantile_bins(data.column("migration_barrier"), spec.n_bins)
    groups = connected_groups(data, spec.column) if spec.column else None
    seeds = range(spec.first_seed, spec.first_seed + spec.n_seeds)
    tried = {seed: _stratified(bins, groups, n_folds=spec.n_folds, seed=seed) for seed in seeds}
    seed = min(tried, key=lambda seed: imbalance(tried[seed], bins))
    names = [str(fold) for fold in tried[seed]]
    return Assignment(
        spec, dict(zip(data.entry_ids, names, strict=True)), tuple(str(fold) for fold in range(spec.n_folds)), seed
    )


def connected_groups(data: Dataset, column: str) -> IntArray:
    """Return the number of the group (n_entries,) that each entry must share a fold with.

    Two entries are together where a chain of the same `column` or the same ``group_duplicate`` joins them.
    Groups are numbered by their first entry, so that their names do not matter.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = [np.unique(data.column(name), return_inverse=True)[1] for name in (column, "group_duplicate")]
    width = joined[0].max() + 1
    # A graph whose nodes are the groups of both kinds, and whose edges are the entries.
    n_nodes = width + joined[1].max() + 1
    edges = coo_array((np.ones(len(data)), (joined[0], width + joined[1])), shape=(n_nodes, n_nodes))
    component = connected_components(edges, directed=False)[1][joined[0]]
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(int(node), len(numbers)) for node in component], dtype=np.intp)


def imbalance(folds: IntArray, bins: IntArray) -> float:
    """Return how uneven folds are: the chi-square statistic of folds against bins of the target.

    The expected count is a bin's total divided by the number of folds, so that it grows both with unequal sizes
    and with unequal distributions of the target. `folds` and `bins` are (n_entries,), counted from 0.
    """
    counts = np.zeros((folds.max() + 1, bins.max() + 1))
    np.add.at(counts, (folds, bins), 1)
    expected = counts.mean(axis=0)
    # Rounded, so that seeds that tie also tie where sums are rounded differently.
    return round(float(((counts - expected) ** 2 / expected).sum()), 9)


def _quantile_bins(values: npt.NDArray[np.float64], n_bins: int) -> IntArray:
    """Return the quantile (n_entries,) of each value; by rank, as interpolated edges could round differently."""
    ranks = np.empty(len(values), dtype=np.intp)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks * n_bins // len(values)


def _stratified(bins: IntArray, groups: IntArray | None, *, n_folds: int, seed: int) -> IntArray:
    try:
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
    except ImportError:
        raise MissingDependencyError("scikit-learn", "splits", "embench splits make") from None
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(n_splits=n_folds, shuffle=True, random_state=seed)
    folds = np.full(len(bins), -1, dtype=np.intp)
    for number, (_, test) in enumerate(splitter.split(bins, bins, groups)):
        folds[test] = number
    return folds

"""Read the protocols from their files."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench._version import DATASET_VERSION
from embench.common.foreign import lfs_hint
from embench.common.shipped import check_shipped, resource_folder
from embench.errors import SplitsError
from embench.schema import DEFAULT, Layout, layout
from embench.splits.registry import ProtocolSpec, all_protocol_names, protocol_spec
from embench.splits.revision import make_manifest, manifest_name, uses, without

if TYPE_CHECKING:
    from embench.dataset import Dataset

MANIFEST = "manifest.json"
VALIDATION_SHARE = 0.1
"""Of the entries on the training side of a fold, what is set aside for validation."""


@dataclass(frozen=True)
class Fold:
    """One fold of a protocol: train on `train`, predict `test`.

    `train_dataset` and `test_dataset` are the names of the datasets that the entries are of, with the version where it
    is not the one that is loaded by default (:attr:`embench.schema.Layout.key`).
    """

    name: str
    train_ids: tuple[str, ...]
    test_ids: tuple[str, ...]
    train_dataset: str = DEFAULT.name
    test_dataset: str = DEFAULT.name

    @cached_property
    def train(self) -> Dataset:
        """The entries to train on, with their targets."""
        from embench.dataset import load

        return load(self.train_dataset).select(self.train_ids)

    @cached_property
    def test(self) -> Dataset:
        """The entries to predict; asking for a target raises :class:`~embench.errors.HiddenTargetError`."""
        from embench.dataset import load

        return load(self.test_dataset).select(self.test_ids).without_targets()

    @cached_property
    def validation_ids(self) -> tuple[str, ...]:
        """The entries of `train` that are set aside for choosing: whole host frameworks, about a tenth of the entries.

        Hosts are taken in the order of the sha256 of their names, so that they are the same everywhere, and those that
        two folds train on are set aside in both.
        """
        host = dict(zip(self.train_ids, self.train.column("group_host").tolist(), strict=True))
        sizes = Counter(host.values())
        chosen: set[str] = set()
        for name in sorted(sizes, key=lambda name: hashlib.sha256(str(name).encode()).hexdigest()):
            if sum(sizes[taken] for taken in chosen) >= VALIDATION_SHARE * len(host):
                break
            chosen.add(name)
        return tuple(entry_id for entry_id in self.train_ids if host[entry_id] in chosen)

    @property
    def validation(self) -> Dataset:
        """The entries of :attr:`validation_ids` with their targets; never entries that the fold scores."""
        return self.train.select(self.validation_ids)

    @property
    def fitting(self) -> Dataset:
        """The entries of `train` that are not in `validation`, with their targets."""
        aside = frozenset(self.validation_ids)
        return self.train.select(entry_id for entry_id in self.train_ids if entry_id not in aside)


@dataclass(frozen=True)
class Protocol:
    """A fixed set of folds. Iterating gives the folds; `scored_ids` are all entries that are predicted.

    `sha256` is the checksum of the file that the folds were read from, `dataset_version` the version of the barriers of
    cations that it belongs to. `dropped` are the entries that the version before it scored and this one does not.
    """

    name: str
    folds: tuple[Fold, ...]
    sha256: str = ""
    dataset_version: str = DATASET_VERSION
    dropped: tuple[str, ...] = ()

    @cached_property
    def scored_ids(self) -> tuple[str, ...]:
        """Every entry that is scored, once."""
        return tuple(entry_id for fold in self.folds for entry_id in fold.test_ids)

    @property
    def dataset(self) -> str:
        """The name of the dataset whose entries are scored, with its version where that is not the default one."""
        return self.folds[0].test_dataset

    @property
    def datasets(self) -> tuple[str, ...]:
        """The names of the datasets that the folds are of: the one that is scored, and the one that is trained on."""
        return tuple(dict.fromkeys(name for fold in self.folds for name in (fold.test_dataset, fold.train_dataset)))

    @cached_property
    def dataset_digest(self) -> str:
        """The sha256 of what the folds are taken from, see :func:`digest_of_datasets`."""
        return digest_of_datasets(self.datasets)

    def first(self, n: int) -> Protocol:
        """Return the protocol with its first `n` folds only, or all of them where it has fewer."""
        return replace(self, folds=self.folds[:n])

    @property
    def spec(self) -> ProtocolSpec:
        """How the folds are made and what they measure."""
        return protocol_spec(self.name)

    def __iter__(self) -> Iterator[Fold]:
        return iter(self.folds)

    def __len__(self) -> int:
        return len(self.folds)


def digest_of_datasets(names: Sequence[str]) -> str:
    """Return the sha256 of a dataset, or over those of several."""
    from embench.dataset import load

    digests = [load(name).digest for name in names]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def protocol(name: str, version: str | None = None) -> Protocol:
    """Return the protocol called `name`, after comparing its file with the checksum in the manifest.

    `version` is that of the barriers of cations, by default the one that the leaderboard scores on. A later version has
    the same folds, without the entries that it no longer scores.

    Raises :class:`~embench.errors.UnknownNameError` for a name that no protocol has and for an unknown version, and
    :class:`~embench.errors.SplitsError` for files that are missing, altered or of another version.
    """
    protocol_spec(name)
    return _shipped_protocol(resource_folder("splits"), name, layout(DEFAULT.name, version).version)


@lru_cache
def _shipped_protocol(folder: Path, name: str, version: str) -> Protocol:
    """Return a protocol that is read once, whether its version was named or is the default."""
    of = layout(DEFAULT.name, version)
    return read_protocol(folder, name, manifest=_shipped_manifest(folder, version), of=of)


@lru_cache
def _shipped_manifest(folder: Path, version: str) -> dict[str, Any]:
    return read_manifest(folder, of=layout(DEFAULT.name, version))


def read_protocol(folder: Path, name: str, *, manifest: dict[str, Any] | None = None, of: Layout = DEFAULT) -> Protocol:
    """Return the protocol called `name` from the files in `folder`; see :func:`protocol`.

    `manifest` is what :func:`read_manifest` returns for the folder, where that was called already, and `of` the version
    of the barriers of cations.
    """
    spec = protocol_spec(name)
    manifest = manifest or read_manifest(folder, of=of)
    described, dropped = manifest["protocols"], tuple(manifest.get("dropped", ())) if uses(spec) else ()
    if name not in described:
        raise SplitsError(f"{folder / _manifest(of)} does not describe the protocol {name}; {_WAY_OUT}")
    content = _read(folder / f"{name}.csv")
    content = without(content, dropped) if dropped else content
    found, expected = hashlib.sha256(content).hexdigest(), described[name]["sha256"]
    if found != expected:
        raise SplitsError(
            f"{folder / name}.csv has been altered: its sha256 is {found}, the manifest says {expected}; {_WAY_OUT}"
        )
    rows = list(csv.DictReader(content.decode("utf-8").splitlines()))
    trained, scored = (of.key if each == of.name else each for each in (spec.train_dataset, spec.dataset))
    if "role" in rows[0]:
        sides = {side: tuple(row["entry_id"] for row in rows if row["role"] == side) for side in ("train", "test")}
        folds: tuple[Fold, ...] = (Fold("test", sides["train"], sides["test"], trained, scored),)
    else:
        folds = tuple(_fold(rows, fold, scored) for fold in described[name]["folds"])
    dropped = tuple(entry_id for entry_id in dropped if spec.dataset == of.name)
    return Protocol(name, folds, found, of.version, dropped)


def _manifest(of: Layout) -> str:
    return MANIFEST if of.base is None else manifest_name(of.version)


def made_manifest(base: Dataset, of: Layout) -> str:
    """Return the manifest of a later version from `base`, the version before it, and the shipped files of that."""
    folder = resource_folder("splits")
    files = {f"{name}.csv": _read(folder / f"{name}.csv") for name in all_protocol_names()}
    return make_manifest(base, of, read_manifest(folder, of=base.layout), files)


def read_manifest(folder: Path, *, of: Layout = DEFAULT) -> dict[str, Any]:
    """Return the manifest in `folder` for a version of the barriers of cations.

    Raises :class:`~embench.errors.SplitsError` where it is missing, is no manifest, belongs to another version of
    the splits or of the dataset, or is not the manifest of this version: a version never changes.
    """
    path = folder / _manifest(of)
    content = _read(path)
    try:
        manifest: dict[str, Any] = json.loads(content)
        found = manifest["version"], manifest["dataset_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SplitsError(f"{path} is no manifest of splits ({error!r}); {_WAY_OUT}") from None
    wanted = (of.version, of.version)  # the splits have the number of the dataset
    if found != wanted:
        raise SplitsError(
            f"{path} describes splits {found[0]} of dataset {found[1]}, but this embench has splits {wanted[0]} "
            f"of dataset {wanted[1]}; {_WAY_OUT}"
        )
    check_shipped("splits", path, hashlib.sha256(content).hexdigest(), error=SplitsError)
    return manifest


_WAY_OUT = "restore the files of the release or reinstall embench-barriers"


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SplitsError(f"cannot read {path}: {error.strerror}; {_WAY_OUT}") from None
    pointer = lfs_hint(content)
    if pointer:
        raise SplitsError(f"{path} {pointer}")
    return content


def _fold(rows: list[dict[str, str]], name: str, dataset: str) -> Fold:
    train = tuple(row["entry_id"] for row in rows if row["fold"] != name)
    test = tuple(row["entry_id"] for row in rows if row["fold"] == name)
    return Fold(name, train, test, dataset, dataset)


QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, kw_only=True)
class FoldDescription:
    """Sizes of one fold, and for its scored side the quantiles of the target (eV), ions and hosts."""

    fold: str
    n_train: int
    n_test: int
    quantiles: tuple[float, ...]
    ions: dict[str, int]
    n_hosts: int


def describe_folds(protocol: Protocol, data: Dataset) -> list[FoldDescription]:
    """Return a description of each fold; ``quantiles`` are those of :data:`QUANTILES`, ions the most frequent first."""
    return [_describe(fold, data.select(fold.test_ids)) for fold in protocol]


def _describe(fold: Fold, scored: Dataset) -> FoldDescription:
    import numpy as np

    return FoldDescription(
        fold=fold.name,
        n_train=len(fold.train_ids),
        n_test=len(scored),
        quantiles=tuple(np.quantile(scored.column("migration_barrier"), QUANTILES).tolist()),
        ions=dict(Counter(scored.column("mobile_ion").tolist()).most_common()),
        n_hosts=len(set(scored.column("group_host").tolist())),
    )

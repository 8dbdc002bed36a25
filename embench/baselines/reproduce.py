"""Comparison of a new run with the committed predictions of a baseline."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.baselines.runner import Run
from embench.common.files import write_text
from embench.errors import BaselineError, StaleFileError

if TYPE_CHECKING:
    from embench.splits import Protocol


@dataclass(frozen=True)
class Difference:
    """A number (eV) that was not reproduced, of the column ``prediction`` or ``uncertainty``; None where absent."""

    entry_id: str
    column: str
    committed: float | None
    reproduced: float | None


@dataclass(frozen=True)
class Reproduction:
    """How a run compares with committed predictions; `largest` is the largest absolute difference (eV)."""

    protocol: str
    n: int
    largest: float
    tolerance: float
    differences: tuple[Difference, ...]

    @property
    def reproduced(self) -> bool:
        """Whether every number was reproduced within the tolerance."""
        return not self.differences


def read_record(folder: Path, protocol: str) -> dict[str, Any]:
    """Return the record in `folder` of the predictions for `protocol`.

    Raises :class:`~embench.errors.BaselineError` where it is missing or cannot be read.
    """
    path = folder / f"{protocol}.record.json"
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        record["checksums"], record["seed"], record["versions"]["dataset"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BaselineError(
            f"{folder} holds no record of predictions for the protocol {protocol} ({error}); make both with embench "
            "baseline run"
        ) from None
    return record


def folds_of(record: dict[str, Any], where: Path) -> Protocol:
    """Return the folds that a record in the folder `where` is of, in the version of the dataset that it names.

    Raises :class:`~embench.errors.StaleFileError` where it is of another build of that version, or of other folds, and
    :class:`~embench.errors.UnknownNameError` for a version that there is none of.
    """
    from embench.splits import protocol

    folds = protocol(record["protocol"], record["versions"]["dataset"])
    for name, now in (("dataset", folds.dataset_digest), ("protocol", folds.sha256)):
        if record["checksums"].get(name) != now:
            raise StaleFileError(
                f"the predictions for {record['protocol']} in {where} belong to another {name} (sha256 "
                f"{str(record['checksums'].get(name))[:12]}…, here {now[:12]}…): make them again with "
                "embench baseline run"
            )
    return folds


def one_version(records: Sequence[dict[str, Any]], where: Path) -> str:
    """Return the version of the dataset that all these records in the folder `where` are of.

    Raises :class:`~embench.errors.StaleFileError` where they are of several: what is written together is of one.
    """
    versions = {record["protocol"]: str(record["versions"]["dataset"]) for record in records}
    if len(set(versions.values())) > 1:
        listed = ", ".join(f"{name} with {version}" for name, version in versions.items())
        raise StaleFileError(
            f"the predictions in {where} were made with several versions of the dataset ({listed}): make those of one "
            "version again with embench baseline run --dataset-version, or write into another folder"
        )
    return next(iter(versions.values()))


def check_folder(folder: Path, version: str) -> None:
    """Raise :class:`~embench.errors.StaleFileError` where `folder` has predictions of another dataset version."""
    suffix = ".record.json"
    for path in sorted(folder.glob(f"*{suffix}")):
        name = path.name.removesuffix(suffix)
        found = read_record(folder, name)["versions"]["dataset"]
        if found != version:
            raise StaleFileError(
                f"{folder} holds predictions for {name} made with dataset {found}, and this run is with {version}: "
                f"go on with --dataset-version {found}, or name another folder with --out"
            )


def compare_with(committed: Path, run: Run, *, tolerance: float, among: Collection[str] | None = None) -> Reproduction:
    """Return how `run` compares with the predictions file `committed`, entry by entry; `tolerance` in eV.

    A run of some folds only is compared `among` the entries that these predict. Raises
    :class:`~embench.errors.BaselineError` where there is no such file.
    """
    try:
        before, now = _values(committed.read_text(encoding="utf-8")), _values(run.predictions)
    except OSError as error:
        raise BaselineError(f"cannot read the predictions {committed}: {error.strerror}") from None
    if among is not None:
        chosen = frozenset(among)
        before = {key: value for key, value in before.items() if key[0] in chosen}
    differences, largest = [], 0.0
    for key in sorted(before.keys() | now.keys()):
        old, new = before.get(key), now.get(key)
        gap = abs(old - new) if old is not None and new is not None else float("inf")
        largest = max(largest, gap)
        if gap > tolerance:
            differences.append(Difference(*key, old, new))
    n = len({entry_id for entry_id, _ in before})
    return Reproduction(run.key.protocol, n, largest, tolerance, tuple(differences))


def renewed(record: dict[str, Any], run: Run, found: Reproduction) -> dict[str, Any]:
    """Return `record` with the code of `run`, which has reproduced its predictions, and where and when it did.

    Times, versions and hardware stay those of the run that made the predictions. Raises
    :class:`~embench.errors.BaselineError` where they were not reproduced.
    """
    if not found.reproduced:
        raise BaselineError(
            f"the predictions of {run.key.baseline} for {found.protocol} were not reproduced: their record stays"
        )
    return {
        **record,
        "checksums": {**record["checksums"], "code": run.key.code},
        "reproduced": {
            "date": run.record["date"],
            "largest_difference_ev": found.largest,
            "versions": run.record["versions"],
            "hardware": run.record["hardware"],
        },
    }


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Write the record of the predictions for its protocol into `folder`."""
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    write_text(folder / f"{record['protocol']}.record.json", text)


def _values(text: str) -> dict[tuple[str, str], float]:
    return {
        (row["entry_id"], column): float(row[column])
        for row in csv.DictReader(StringIO(text))
        for column in ("prediction", "uncertainty")
        if row.get(column)
    }

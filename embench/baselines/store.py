"""Results of finished folds on disk: what an interrupted run resumes from.

Each result is one file, written to a temporary file and renamed, with the checksum of its content; a file that is
cut short or altered counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from embench.common.files import write_text

_STALE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """All that the predictions of a run depend on; results are shared only between runs with equal keys.

    `code` is the digest of :func:`embench.baselines.record.code_digest`, `libraries` holds ``name==version``, and
    `protocol_sha256` and `dataset` are the checksums of the folds and of the dataset.
    """

    baseline: str
    factory: str
    code: str
    libraries: tuple[str, ...]
    protocol: str
    protocol_sha256: str
    dataset: str
    seed: int

    @property
    def digest(self) -> str:
        """The sha256 of the key."""
        return _sha256(json.dumps(asdict(self), sort_keys=True))


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """The predictions of one fold (eV, in the order of `entry_ids`), what they took, and the choices of the model."""

    fold: str
    entry_ids: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...] | None
    seconds: dict[str, float]
    peak_memory_mib: float
    hardware: dict[str, Any]
    choices: dict[str, Any]


class FoldStore:
    """The results of one run, in a folder that belongs to its key."""

    def __init__(self, work: Path, key: RunKey) -> None:
        self.folder = work / key.baseline / key.protocol / key.digest[:16]
        self._key = key.digest

    def read(self, fold: str) -> FoldResult | None:
        """Return the result of `fold`, or None where it is missing, cut short, altered, or of another run."""
        try:
            wrapped = json.loads(self._path(fold).read_text(encoding="utf-8"))
            payload = wrapped["result"]
            if wrapped["key"] != self._key or wrapped["sha256"] != _checksum(payload) or payload["fold"] != fold:
                return None
            return FoldResult(
                fold=payload["fold"],
                entry_ids=tuple(payload["entry_ids"]),
                mean=tuple(payload["mean"]),
                std=None if payload["std"] is None else tuple(payload["std"]),
                seconds=payload["seconds"],
                peak_memory_mib=payload["peak_memory_mib"],
                hardware=payload["hardware"],
                choices=payload["choices"],
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, result: FoldResult) -> None:
        """Keep the result of a fold; raises :class:`~embench.errors.OutputError` where that is impossible."""
        payload = json.loads(json.dumps(asdict(result)))
        wrapped = {"key": self._key, "sha256": _checksum(payload), "result": payload}
        write_text(self._path(result.fold), json.dumps(wrapped) + "\n")

    def remove_stale(self) -> None:
        """Remove the temporary files of killed runs; younger ones may belong to a run that is under way."""
        oldest = time.time() - _STALE_SECONDS
        for path in self.folder.glob(".*.json.*"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all results of this run."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def _path(self, fold: str) -> Path:
        return self.folder / f"{quote(fold, safe='')}.json"


def _checksum(payload: dict[str, Any]) -> str:
    return _sha256(json.dumps(payload, sort_keys=True))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

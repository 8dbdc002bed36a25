"""Results of finished folds on disk: what an interrupted run resumes from.

Each result is one file with the checksum of its content (:func:`embench.common.cache.write_checked`); a file that is
cut short or altered counts as missing.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from embench.common.cache import digest_of, read_checked, write_checked

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
        return digest_of(asdict(self))


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
        payload = read_checked(self._path(fold), self._key_of(fold))
        if payload is None:
            return None
        try:
            found: dict[str, Any] = json.loads(payload)
            # JSON knows no tuples.
            values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in found.items()}
            return FoldResult(**values)
        except (ValueError, TypeError, AttributeError):
            return None

    def write(self, result: FoldResult) -> None:
        """Keep the result of a fold; raises :class:`~embench.errors.OutputError` where that is impossible."""
        payload = json.dumps(asdict(result)).encode()
        write_checked(self._path(result.fold), self._key_of(result.fold), payload)

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

    def _key_of(self, fold: str) -> str:
        return f"{self._key}/{fold}"

"""A folder with the results of a run: what an interrupted run goes on from.

``run.json`` says what the results depend on, ``results.jsonl`` gets a line for each entry as it is finished,
``bands/`` a file for each band, and ``results.parquet`` is written from the lines when a run ends. A process that is
killed loses at most the entry under way.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from embench.common.files import atomic_path, write_text
from embench.errors import NebError, OutputError
from embench.neb.failures import without_exploded
from embench.neb.results import NebResult

RUN, LINES, TABLE, BANDS, UNDER_WAY = "run.json", "results.jsonl", "results.parquet", "bands", "under-way"


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """All that the results of a run depend on; a folder holds results of one key only.

    `settings` are those of :meth:`embench.neb.Settings.to_dict`, `dataset` is the checksum of the structures.
    """

    potential: str
    factory: str
    options: dict[str, Any]
    version: str
    settings: dict[str, Any]
    dataset: str


class RunStore:
    """The results in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, key: RunKey, about: dict[str, Any]) -> None:
        """Make the folder, or go on with the one that is there; `about` is kept beside the key when it is made.

        Raises :class:`~embench.errors.NebError` where the folder holds the results of another run.
        """
        path = self.folder / RUN
        wanted = json.loads(json.dumps(asdict(key)))
        if not path.exists():
            if (self.folder / LINES).exists():
                raise NebError(f"{self.folder} has {LINES} but no {RUN}: give another folder with --out")
            write_text(path, json.dumps({"key": wanted, **about}, indent=2, ensure_ascii=False) + "\n")
        found = self.key
        different = [name for name in wanted if found.get(name) != wanted[name]]
        if different:
            name = different[0]
            raise NebError(
                f"{self.folder} holds results of another run: its {name} is {_short(found.get(name))}, not "
                f"{_short(wanted[name])}; give another folder with --out"
            )
        self._mend()

    @property
    def about(self) -> dict[str, Any]:
        """What ``run.json`` says; raises :class:`~embench.errors.NebError` where there is none."""
        path = self.folder / RUN
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError:
            raise NebError(f"{self.folder} is no folder of a NEB run: it has no {RUN}") from None
        except ValueError as error:
            raise NebError(f"{path} is damaged: {error}") from None
        if not isinstance(content, dict) or not isinstance(content.get("key"), dict):
            raise NebError(f"{path} is damaged: it has no key")
        return content

    @property
    def key(self) -> dict[str, Any]:
        """What the results depend on, see :class:`RunKey`."""
        key: dict[str, Any] = self.about["key"]
        return key

    @property
    def bands_of(self) -> str | None:
        """Whose bands the results are single points on; None where the run has bands of its own."""
        found: str | None = self.key["settings"].get("bands")
        return found

    def results(self) -> dict[str, NebResult]:
        """Return the results by entry_id; of several for one entry the last counts.

        What has exploded has no barrier, whatever was known when it was stored. A last line that was cut short is no
        result. Raises :class:`~embench.errors.NebError` for another bad line.
        """
        path = self.folder / LINES
        if not path.exists():
            return {}
        found: dict[str, NebResult] = {}
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines[:-1], start=1):
            try:
                result = NebResult.from_dict(json.loads(line))
            except (ValueError, NebError) as error:
                raise NebError(
                    f"{path}, line {number}: {error}; remove the line, its entry is computed again"
                ) from None
            found[result.entry_id] = without_exploded(result)
        return found

    def add(self, result: NebResult, band: bytes | None) -> None:
        """Keep a result and the compressed text of its band.

        Raises :class:`~embench.errors.OutputError` where that is impossible.
        """
        if band is not None:
            with atomic_path(self.band_path(result.entry_id)) as temporary:
                temporary.write_bytes(band)
        try:
            with (self.folder / LINES).open("a", encoding="utf-8") as file:
                file.write(json.dumps(result.to_dict(), ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self.folder / LINES}: {error.strerror or error}") from error
        self.under_way(result.entry_id).unlink(missing_ok=True)

    def band_path(self, entry_id: str) -> Path:
        """Return the file of a band."""
        return self.folder / BANDS / f"{quote(entry_id, safe='')}.extxyz.gz"

    def under_way(self, entry_id: str) -> Path:
        """Return the file that grows by a byte each time the entry is begun, and is removed when it is finished."""
        return self.folder / UNDER_WAY / quote(entry_id, safe="")

    def deaths(self, entry_id: str) -> int:
        """Return how often the process has died while it computed an entry."""
        path = self.under_way(entry_id)
        return path.stat().st_size if path.exists() else 0

    def forgive(self, entry_ids: Iterable[str]) -> None:
        """Forget that entries were under way: they were interrupted on purpose."""
        for entry_id in entry_ids:
            self.under_way(entry_id).unlink(missing_ok=True)

    def write_table(self, order: Sequence[str] = ()) -> Path:
        """Write all results as Parquet, in the order of `order`, and return the path."""
        from embench.neb.table import write_parquet

        results = self.results()
        places = {entry_id: place for place, entry_id in enumerate(order)}
        rows = sorted(results.values(), key=lambda row: (places.get(row.entry_id, len(places)), row.entry_id))
        path = self.folder / TABLE
        with atomic_path(path) as temporary:
            write_parquet(rows, temporary)
        return path

    def _mend(self) -> None:
        """Cut off the last line where a killed process has left half of it."""
        path = self.folder / LINES
        if not path.exists():
            return
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)


def compressed(text: str) -> bytes:
    """Return text as gzip that is the same for the same text."""
    return gzip.compress(text.encode(), mtime=0)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict) and "name" in value and "digest" in value:
        return f"{value['name']} ({value['digest'][:8]})"
    return text if len(text) <= 60 else text[:57] + "..."

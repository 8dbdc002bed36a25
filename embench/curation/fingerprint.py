"""Whether the files are byte for byte the released ones, and if not, which entries were changed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from embench.curation.sheet import TABLE_FILE
from embench.curation.tables import read_table
from embench.errors import UpstreamError

Fingerprints = dict[tuple[str, str], str]


def digest(value: object) -> str:
    """Return a short checksum of one record of the release."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprints(records: dict[str, list[dict[str, Any]]], sheet: dict[str, dict[str, Any]]) -> Fingerprints:
    """Return the checksum of every record by (file, entry_id)."""
    found = {(file, record["sys_name"]): digest(record) for file, rows in records.items() for record in rows}
    return found | {(TABLE_FILE, entry_id): digest(row["cells"]) for entry_id, row in sheet.items()}


def check_released(contents: dict[str, bytes], found: Fingerprints) -> None:
    """Raise UpstreamError naming the first file that is not the released one, and the entries that differ in it."""
    expected = {row["file"]: row["sha256"] for row in read_table("upstream_files", ("file", "sha256"))}
    for file, data in contents.items():
        if hashlib.sha256(data).hexdigest() != expected[file]:
            changed = _changed_entries(file, found)
            what = f"entries that differ: {', '.join(changed[:10])}" if changed else "no entry differs, only the form"
            raise UpstreamError(f"{file} is not the released file (its sha256 differs); {what}")


def _changed_entries(file: str, found: Fingerprints) -> list[str]:
    rows = read_table("upstream_entries", ("file", "entry_id", "digest"))
    released = {(row["file"], row["entry_id"]): row["digest"] for row in rows}
    keys = {key for key in found.keys() | released.keys() if key[0] == file}
    return sorted(entry_id for _, entry_id in keys if found.get((file, entry_id)) != released.get((file, entry_id)))

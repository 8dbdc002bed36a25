"""The raw release, read once, and copies of it that a test may damage."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embench.curation.annotate import annotate
from embench.curation.entry import RawEntry
from embench.curation.read import read_release


@pytest.fixture(scope="session")
def raw_entries(upstream: Path) -> list[RawEntry]:
    return read_release(upstream)


@pytest.fixture(scope="session")
def audit_groups(shared: Path) -> dict[str, dict[str, str]]:
    """The groups that the independent audit found, by entry_id."""
    with open(shared / "audit" / "groups.csv", encoding="utf-8", newline="") as file:
        return {row["sys_name"]: row for row in csv.DictReader(file)}


@pytest.fixture
def release(upstream: Path, tmp_path: Path) -> Path:
    """A writable copy of the raw release."""
    folder = tmp_path / "release"
    folder.mkdir()
    for file in upstream.iterdir():
        shutil.copyfile(file, folder / file.name)
    return folder


@pytest.fixture
def edit(release: Path) -> Callable[[str, str, Callable[[dict[str, Any]], None]], Path]:
    """Change one record of one JSON file of the copy; gives the folder."""

    def change(file: str, entry_id: str, how: Callable[[dict[str, Any]], None]) -> Path:
        records = json.loads((release / file).read_text())
        how(next(record for record in records if record["sys_name"] == entry_id))
        (release / file).write_text(json.dumps(records))
        return release

    return change


@pytest.fixture(scope="session")
def annotations(raw_entries: list[RawEntry]) -> dict[str, dict[str, Any]]:
    """The pathway annotations of the whole release, by entry_id."""
    return {entry.entry_id: annotate(entry) for entry in raw_entries}

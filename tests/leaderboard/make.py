"""Submissions made for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

FIELDS: dict[str, Any] = {
    "name": "A system",
    "version": "1.0",
    "kind": "property-model",
    "authors": ["A. Author", "B. Author"],
    "date": "2026-11-22",
    "description": "What it does.",
    "licence": "MIT",
    "training_data": {"description": "the training side of each fold", "overlaps_scored_entries": "none"},
}


def fields(**changes: Any) -> dict[str, Any]:
    """The fields of a sound submission, with changes; None takes a field away."""
    return {name: value for name, value in (FIELDS | changes).items() if value is not None}


def write_csv(path: Path, rows: Mapping[str, float] | Iterable[tuple[str, float]]) -> Path:
    pairs = rows.items() if isinstance(rows, Mapping) else rows
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("entry_id,prediction\n" + "".join(f"{key},{value:.6f}\n" for key, value in pairs))
    return path


def write_submission(folder: Path, files: Mapping[str, Mapping[str, float]], **changes: Any) -> Path:
    """A submission with one predictions file a protocol and nothing else, as it should be but for `changes`."""
    for path in folder.glob("*.csv"):
        path.unlink()
    for protocol, rows in files.items():
        write_csv(folder / f"{protocol}.csv", rows)
    described = fields(
        predictions={protocol: f"{protocol}.csv" for protocol in files},
        n_predicted=len({entry_id for rows in files.values() for entry_id in rows}),
    )
    write_description(folder, {k: v for k, v in (described | changes).items() if v is not None})
    return folder


def write_description(folder: Path, content: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.yaml").write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True))

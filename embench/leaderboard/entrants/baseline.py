"""The predictions of a baseline as a submission to the leaderboard."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from embench.baselines.registry import BaselineSpec
from embench.baselines.reproduce import folds_of, one_version, read_record
from embench.errors import BaselineError, StaleFileError
from embench.leaderboard.submission.origin import OURS
from embench.leaderboard.submission.write import make_submission
from embench.leaderboard.submission.write import write_submission as write

_FOLDS_ONLY = "the training side of each fold"
_OUT_OF_FOLD = "all predictions are out of fold"


def write_submission(spec: BaselineSpec, records: Path, predictions: Path, target: Path) -> tuple[str, ...]:
    """Write the submission of a baseline into the folder `target`; return the protocols it has predictions for.

    `predictions` is the folder with its predictions, which may be `target`, and `records` that with their records.

    Raises
    ------
    BaselineError
        There are no predictions, or no record of them.
    StaleFileError
        Predictions are not those of their record, or of another dataset or other folds.
    """
    names = [name for name in spec.protocols if (predictions / f"{name}.csv").is_file()]
    if not names:
        raise BaselineError(f"{predictions} holds no predictions; make them with embench baseline run {spec.name}")
    found = [read_record(records, name) for name in names]
    one_version(found, records)
    files = {}
    for name, record in zip(names, found, strict=True):
        folds_of(record, records)
        files[f"{name}.csv"] = _checked_content(predictions / f"{name}.csv", record)
    content = _description(spec, found, n_predicted=_count_entries(files.values()))
    write(make_submission(target, content, files), replace=True)
    return tuple(names)


def _checked_content(path: Path, record: dict[str, Any]) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != record["checksums"]["predictions"]:
        raise StaleFileError(f"{path} is not the file that its record describes; make both with embench baseline run")
    return content


def _count_entries(files: Iterable[bytes]) -> int:
    return len({row["entry_id"] for content in files for row in csv.DictReader(StringIO(content.decode()))})


def _description(spec: BaselineSpec, records: list[dict[str, Any]], *, n_predicted: int) -> dict[str, Any]:
    latest = records[-1]
    return {
        # A run that is not of the length that the registry knows says its own title.
        "name": latest.get("title", spec.title),
        "version": latest["versions"]["embench"],
        "kind": spec.kind,
        "authors": [OURS],
        "date": max(record["date"] for record in records),
        "description": spec.description,
        "paper": None,
        "code": f"{spec.factory} in embench {latest['versions']['embench']}",
        "licence": "MIT",
        "parameters": _parameters(records),
        "barrier": None,
        "training_data": _training_data(spec),
        "uncertainty": spec.uncertainty or None,
        "hardware": _hardware_text(records),
        "cost_device_hours": round(sum(map(_device_hours, records)), 4),
        "cost_by_protocol": {record["protocol"]: round(_device_hours(record), 6) for record in records},
        "upstream": spec.upstream and {"description": spec.upstream, "device_hours": _upstream_hours(spec, latest)},
        "seeds": [latest["seed"]],
        "versions": latest["versions"],
        "reproduce": f"embench baseline reproduce {spec.name}",
        "predictions": {record["protocol"]: f"{record['protocol']}.csv" for record in records},
        "n_predicted": n_predicted,
    }


def _parameters(records: list[dict[str, Any]]) -> int | None:
    """Return the number of fitted parameters where the runs tell it: most baselines keep training entries instead."""
    told = [choices.get("parameters") for record in records for choices in record.get("choices", {}).values()]
    return max((count for count in told if count is not None), default=None)


def _training_data(spec: BaselineSpec) -> dict[str, str]:
    if not spec.training_data:
        return {
            "description": f"{_FOLDS_ONLY}, nothing else",
            "overlaps_scored_entries": "none",
            "overlap_details": _OUT_OF_FOLD,
        }
    return {
        "description": f"{_FOLDS_ONLY}; {spec.training_data}",
        "overlaps_scored_entries": "structures",
        "overlap_details": f"no barriers: {_OUT_OF_FOLD}; structures of the same compounds may be in the other data",
    }


def _hardware_text(records: list[dict[str, Any]]) -> str:
    devices = sorted({str(item.get("accelerator", item["cpu"])) for record in records for item in record["hardware"]})
    return ", ".join(devices)


def _upstream_hours(spec: BaselineSpec, record: dict[str, Any]) -> float | None:
    """Return what came before the run: measured with it, where its record says so."""
    hours: float | None = record.get("upstream_hours", spec.upstream_hours)
    return hours


def _device_hours(record: dict[str, Any]) -> float:
    """Return the hours that all folds of a protocol took: wall time on an accelerator, else time of one core."""
    with_accelerator = any("accelerator" in item for item in record["hardware"])
    stages = ("prepare", "load", "fit", "predict") if with_accelerator else ("prepare", "cpu")
    return sum(float(record["seconds"].get(stage, 0.0)) for stage in stages) / 3600.0

"""The predictions of a baseline as a submission to the leaderboard."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from embench.baselines.registry import BaselineSpec
from embench.baselines.reproduce import check_current, read_record
from embench.common.files import write_together
from embench.dataset import load
from embench.errors import BaselineError, StaleFileError
from embench.splits import protocol

_FOLDS_ONLY = "the training side of each fold"
_OUT_OF_FOLD = "all predictions are out of fold"


def write_submission(spec: BaselineSpec, results: Path, target: Path) -> tuple[str, ...]:
    """Write the submission of a baseline into the folder `target`; return the protocols it has predictions for.

    `results` is the folder with its predictions and records.

    Raises
    ------
    BaselineError
        There are no predictions in `results`, or no record of them.
    StaleFileError
        Predictions are not those of their record, or of another dataset or other folds.
    """
    names = [name for name in spec.protocols if (results / f"{name}.csv").is_file()]
    if not names:
        raise BaselineError(f"{results} holds no predictions; make them with embench baseline run {spec.name}")
    texts: dict[str, str] = {}
    records = []
    for name in names:
        record = read_record(results, name)
        check_current(record, dataset=load().digest, protocol_sha256=protocol(name).sha256, where=results)
        texts[f"{name}.csv"] = _checked_text(results / f"{name}.csv", record)
        records.append(record)
    target.mkdir(parents=True, exist_ok=True)
    texts["submission.yaml"] = _yaml_text(spec, records, n_predicted=_count_entries(texts.values()))
    writers: dict[Path, Callable[[Path], None]] = {target / n: partial(_write, text) for n, text in texts.items()}
    write_together(writers)
    for file in target.glob("*.csv"):
        if file.name not in texts:
            file.unlink()
    return tuple(names)


def _checked_text(path: Path, record: dict[str, Any]) -> str:
    text = path.read_text(encoding="utf-8")
    if hashlib.sha256(text.encode()).hexdigest() != record["checksums"]["predictions"]:
        raise StaleFileError(f"{path} is not the file that its record describes; make both with embench baseline run")
    return text


def _count_entries(texts: Any) -> int:
    return len({row["entry_id"] for text in texts for row in csv.DictReader(StringIO(text))})


def _yaml_text(spec: BaselineSpec, records: list[dict[str, Any]], *, n_predicted: int) -> str:
    import yaml

    latest = records[-1]
    content: dict[str, Any] = {
        "name": spec.title,
        "version": latest["versions"]["embench"],
        "kind": spec.kind,
        "authors": ["The embench developers"],
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
        "cost_device_hours": _device_hours(records),
        "seeds": [latest["seed"]],
        "versions": latest["versions"],
        "reproduce": f"embench baseline reproduce {spec.name}",
        "predictions": {record["protocol"]: f"{record['protocol']}.csv" for record in records},
        "n_predicted": n_predicted,
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


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


def _device_hours(records: list[dict[str, Any]]) -> float:
    """Return the hours that all folds of all protocols took: wall time on an accelerator, else time of one core."""
    seconds = 0.0
    for record in records:
        with_accelerator = any("accelerator" in item for item in record["hardware"])
        stages = ("prepare", "load", "fit", "predict") if with_accelerator else ("prepare", "cpu")
        seconds += sum(float(record["seconds"].get(stage, 0.0)) for stage in stages)
    return round(seconds / 3600.0, 4)


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="")

"""What a session on the device gives: a description, predictions, weights, and what is needed to go on."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from embench._version import __version__
from embench.baselines.alignn.device.state import forget_state, write_state
from embench.baselines.alignn.device.tasks import FineTuning, Job
from embench.common.files import write_text
from embench.errors import CheckpointError

SESSION, PREDICTIONS, WEIGHTS, MODEL = "session.json", "predictions.csv", "weights.safetensors", "model-3.safetensors"
FORMAT = "embench-device-session-1"
_COLUMNS = ("model", "start", "protocol", "fold", "entry_id", "prediction")
_DECIMALS = 6
_JOB = ("model", "start", "protocol", "fold")


@dataclass(eq=False)
class Results:
    """What has been done so far; every change is written to `folder` at once, so that a run may end at any time.

    `content` is the description as plain values, and `rows` are the predictions of the finished jobs.
    """

    folder: Path
    content: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, brought: Path | None) -> Results:
        """Return the results of a session that begins, or that goes on where the one in `brought` stopped."""
        found = cls(folder)
        if brought is not None and (brought / SESSION).is_file():
            found.content, found.rows = read_session(brought)
        found.content.setdefault("format", FORMAT)
        found.content.setdefault("jobs", [])
        found.content.setdefault("sessions", [])
        return found

    def begin(self, device: torch.device, options: Mapping[str, Any]) -> None:
        """Note a session: when, on what, and how it was started."""
        self.content["sessions"].append(
            {
                "date": datetime.now(UTC).date().isoformat(),
                "hardware": hardware(device),
                "versions": {
                    "embench": __version__,
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "torch": torch.__version__,
                },
                "options": dict(options),
            }
        )
        self.write()

    @property
    def session(self) -> dict[str, Any]:
        """The session that is under way."""
        current: dict[str, Any] = self.content["sessions"][-1]
        return current

    def done(self) -> set[Job]:
        """Return the jobs that are finished."""
        return {Job(**{name: each[name] for name in _JOB}) for each in self.content["jobs"]}

    def add(self, found: FineTuning, entry_ids: Sequence[str], seconds: float) -> None:
        """Keep a finished job: its curves, and the predictions of the scored side."""
        training, job = found.training, found.job
        values = found.barriers(found.test)
        self.content["jobs"].append(
            {
                **asdict(job),
                "epochs": training.epoch,
                "parameters": sum(value.numel() for value in found.network.parameters()),
                "recipe": asdict(training.recipe),
                "scale": [found.mean, found.deviation],
                "train": len(training.samples.train),
                "validation": len(training.samples.validation),
                "seconds": round(seconds, 2),
                "session": len(self.content["sessions"]) - 1,
                "log": training.log,
            }
        )
        plain = {name: str(getattr(job, name)) for name in _JOB}
        for row, value in zip(found.test, values, strict=True):
            self.rows.append(plain | {"entry_id": entry_ids[row], "prediction": f"{value:.{_DECIMALS}f}"})
        self.content.pop("unfinished", None)
        forget_state(self.folder)
        self.write()

    def pause(self, what: Mapping[str, Any], tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Keep what is needed to go on with what was not finished."""
        write_state(self.folder, tensors, plain)
        self.content["unfinished"] = dict(what)
        self.write()

    def write(self) -> None:
        """Write description and predictions."""
        write_text(self.folder / SESSION, json.dumps(self.content, indent=1, ensure_ascii=False) + "\n")
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fieldnames=_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.folder / PREDICTIONS, buffer.getvalue())


def read_session(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the description and the predictions that a session has left in `folder`.

    Raises :class:`~embench.errors.CheckpointError` where there are none, or of another kind.
    """
    try:
        content: dict[str, Any] = json.loads((folder / SESSION).read_text(encoding="utf-8"))
        with open(folder / PREDICTIONS, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if content.get("format") != FORMAT:
            raise ValueError(f"its format is {content.get('format')!r}, not {FORMAT!r}")
        if rows and set(rows[0]) != set(_COLUMNS):
            raise ValueError(f"{PREDICTIONS} has other columns than {', '.join(_COLUMNS)}")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{folder} does not hold what benchmarks/gpu/run.sh brings back: {error}") from error
    return content, rows


def hardware(device: torch.device) -> dict[str, Any]:
    """Return what computes here."""
    import os

    cpu = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass  # not told by every system
    described: dict[str, Any] = {"cpu": cpu, "cores": os.cpu_count(), "system": platform.system()}
    if device.type == "cuda":
        described["accelerator"] = torch.cuda.get_device_name(device)
    return described

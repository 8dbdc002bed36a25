"""Learning curves, from the logs of training runs."""

from __future__ import annotations

import csv
from pathlib import Path

from embench.errors import InvalidValueError, MissingDependencyError
from embench.files import atomic_path

Curve = dict[int, float]
_LABELS = {"train": "training", "validation": "validation"}
_COLOURS = ("#3366cc", "#dd7711", "#228855", "#aa3377", "#777777", "#885522")


def read_curves(folder: Path) -> dict[str, dict[str, Curve]]:
    """Return the losses of every run below `folder`: by run, by kind (``train``, ``validation``), by epoch.

    A run is a folder with ``metrics.csv``; the logs of interruptions beside it belong to it.

    Raises :class:`~embench.errors.InvalidValueError` where there is no log, or one that is not of a training run.
    """
    runs: dict[str, dict[str, Curve]] = {}
    for log in sorted(folder.rglob("metrics.csv")):
        # The oldest first: epochs that were begun twice count as the second time.
        parts = [*sorted(log.parent.glob("metrics-*.csv"), key=_number), log]
        curves: dict[str, Curve] = {kind: {} for kind in _LABELS}
        for part in parts:
            _read(part, curves)
        name = str(log.parent.relative_to(folder))
        runs[folder.resolve().name if name == "." else name] = {kind: curve for kind, curve in curves.items() if curve}
    if not runs:
        raise InvalidValueError(f"{folder} holds no metrics.csv, nor do the folders in it: no training has run there")
    return runs


def _number(path: Path) -> int:
    digits = path.stem.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def _read(path: Path, curves: dict[str, Curve]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if "epoch" not in (rows.fieldnames or ()):
            raise InvalidValueError(f"{path} has no column 'epoch'; it is no log of a training run")
        for row in rows:
            for kind, curve in curves.items():
                if row.get(kind):
                    curve[int(row["epoch"])] = float(row[kind])


def write_curves(folder: Path, out: Path) -> int:
    """Draw the losses of all runs below `folder` into `out` and return how many runs there are.

    ``.html`` gives one page that needs nothing else; ``.png`` and ``.svg`` need kaleido.

    Raises
    ------
    InvalidValueError
        There are no logs in `folder`, or `out` has another suffix.
    MissingDependencyError
        Without plotly, or for pictures without kaleido.
    """
    if out.suffix not in (".html", ".png", ".svg"):
        raise InvalidValueError(f"{out} must end in .html, .png or .svg")
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise MissingDependencyError("plotly", "report", "drawing learning curves") from None
    runs = read_curves(folder)
    figure = go.Figure()
    for place, (name, curves) in enumerate(runs.items()):
        for kind, curve in curves.items():
            line = {"color": _COLOURS[place % len(_COLOURS)], "dash": "dot" if kind == "train" else "solid"}
            epochs = sorted(curve)
            losses = [curve[epoch] for epoch in epochs]
            label = f"{name}, {_LABELS[kind]}"
            figure.add_scatter(x=[epoch + 1 for epoch in epochs], y=losses, name=label, mode="lines", line=line)
    figure.update_layout(template="plotly_white", title="Learning curves", hovermode="x unified")
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title="mean absolute error of the standardised target", rangemode="tozero")
    with atomic_path(out) as temporary:
        if out.suffix == ".html":
            figure.write_html(temporary, include_plotlyjs=True, full_html=True)
        else:
            try:
                figure.write_image(temporary, format=out.suffix[1:], width=900, height=560)
            except (ImportError, ValueError) as error:
                if "kaleido" not in str(error).lower():
                    raise
                raise MissingDependencyError("kaleido", "report", "pictures of curves; .html needs nothing") from None
    return len(runs)

"""Learning curves, from the logs of training runs."""

from __future__ import annotations

import csv
from pathlib import Path

from embench.common.files import atomic_path
from embench.errors import InvalidValueError, MissingDependencyError

Curve = dict[int, float]
_LABELS = {"train": "training", "validation": "validation"}
_COLUMNS = ("run", "epoch", *_LABELS)
_LOSS = "mean absolute error of the standardised target"
# A run has a colour of its own, and where there are more runs than colours a marker as well (matplotlib, plotly).
_COLOURS = (
    "#3366cc",
    "#dd7711",
    "#228855",
    "#aa3377",
    "#777777",
    "#885522",
    "#111111",
    "#11aacc",
    "#ddaa00",
    "#cc2222",
)
_MARKERS = (("", ""), ("o", "circle"), ("s", "square"), ("^", "triangle-up"))


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


def read_table(path: Path) -> dict[str, dict[str, Curve]]:
    """Return the losses of a table that :func:`write_curves` has made, as :func:`read_curves` does.

    Raises :class:`~embench.errors.InvalidValueError` where it is no such table.
    """
    runs: dict[str, dict[str, Curve]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != _COLUMNS:
                raise InvalidValueError(f"{path} has not the columns {', '.join(_COLUMNS)}")
            for row in rows:
                curves = runs.setdefault(row["run"], {})
                for kind in _LABELS:
                    if row[kind]:
                        curves.setdefault(kind, {})[int(row["epoch"]) - 1] = float(row[kind])
    except OSError as error:
        raise InvalidValueError(f"{path} cannot be read: {error.strerror or error}") from error
    if not runs:
        raise InvalidValueError(f"{path} holds no losses")
    return runs


def write_curves(source: Path, out: Path) -> int:
    """Draw the losses of training runs into `out` and return how many runs there are.

    Parameters
    ----------
    source : a folder, of which all runs below are taken, or a table of this function.
    out : ``.html`` gives one page that needs nothing else, ``.svg`` and ``.png`` pictures, ``.csv`` the table.

    Raises
    ------
    InvalidValueError
        There are no losses in `source`, or `out` has another suffix.
    MissingDependencyError
        Without plotly for a page, or matplotlib for a picture.
    """
    writers = {".html": _write_page, ".svg": _write_picture, ".png": _write_picture, ".csv": _write_table}
    if out.suffix not in writers:
        raise InvalidValueError(f"{out} must end in one of {', '.join(writers)}")
    runs = read_table(source) if source.suffix == ".csv" else read_curves(source)
    with atomic_path(out) as temporary:
        writers[out.suffix](runs, temporary, out.suffix)
    return len(runs)


def _write_table(runs: dict[str, dict[str, Curve]], path: Path, _: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for name, curves in runs.items():
            for epoch in sorted({epoch for curve in curves.values() for epoch in curve}):
                losses = (curves.get(kind, {}).get(epoch) for kind in _LABELS)
                writer.writerow([name, epoch + 1, *("" if loss is None else f"{loss:.4f}" for loss in losses)])


def _style(place: int) -> tuple[str, tuple[str, str]]:
    """Return colour and marker of the run at `place`; they repeat where there are more runs than styles."""
    return _COLOURS[place % len(_COLOURS)], _MARKERS[place // len(_COLOURS) % len(_MARKERS)]


def _write_page(runs: dict[str, dict[str, Curve]], path: Path, _: str) -> None:
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise MissingDependencyError("plotly", "report", "drawing learning curves") from None
    figure = go.Figure()
    for place, (name, curves) in enumerate(runs.items()):
        for kind, curve in curves.items():
            colour, (_, marker) = _style(place)
            line = {"color": colour, "dash": "dot" if kind == "train" else "solid"}
            epochs = sorted(curve)
            losses = [curve[epoch] for epoch in epochs]
            label = f"{name}, {_LABELS[kind]}"
            figure.add_scatter(
                x=[epoch + 1 for epoch in epochs],
                y=losses,
                name=label,
                mode="lines+markers" if marker else "lines",
                line=line,
                marker={"symbol": marker} if marker else None,
            )
    figure.update_layout(template="plotly_white", title="Learning curves", hovermode="x unified")
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title=_LOSS, rangemode="tozero")
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _write_picture(runs: dict[str, dict[str, Curve]], path: Path, suffix: str) -> None:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("matplotlib", "alignn", "pictures of curves; .html needs plotly only") from None
    # The same numbers give the same file: names within an SVG come from a salt, and there is no date.
    with mpl.rc_context({"svg.hashsalt": "embench", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        figure.patch.set_facecolor("white")
        axes = figure.subplots()
        for place, (name, curves) in enumerate(runs.items()):
            for kind, curve in curves.items():
                epochs = sorted(curve)
                colour, (marker, _) = _style(place)
                axes.plot(
                    [epoch + 1 for epoch in epochs],
                    [curve[epoch] for epoch in epochs],
                    color=colour,
                    marker=marker,
                    markersize=3,
                    linestyle=":" if kind == "train" else "-",
                    label=f"{name}, {_LABELS[kind]}",
                )
        axes.set_xlabel("epoch")
        axes.set_ylabel(_LOSS)
        axes.set_ylim(bottom=0)
        axes.grid(color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside right upper", fontsize="small", frameon=False)
        figure.savefig(path, format=suffix[1:], dpi=150, metadata={"Date": None} if suffix == ".svg" else None)

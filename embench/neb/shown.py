"""A result for people to look at: the energy profile in the terminal, and the band in 3D as a page."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

from embench.errors import MissingDependencyError, NebError
from embench.neb.results import NebResult

_HEIGHT, _GAP = 11, 8
# Marker size, px, of an atom with a covalent radius of 1 Å.
_MARKER = 9.0
_FRAME_MS = 400


def profile_text(result: NebResult) -> str:
    """Return the energies along the band as lines of text, eV above the start."""
    if not result.energies:
        return f"{result.entry_id}: no energies ({result.reason or result.status})"
    heights = [energy - result.energies[0] for energy in result.energies]
    low, high = min(heights), max(heights)
    rows = [[" "] * (_GAP * len(heights)) for _ in range(_HEIGHT)]
    for place, height in enumerate(heights):
        row = _HEIGHT - 1 - round((height - low) / ((high - low) or 1.0) * (_HEIGHT - 1))
        for offset, sign in enumerate("━━●━━"):
            rows[row][place * _GAP + 1 + offset] = sign
    lines = []
    for number, signs in enumerate(rows):
        label = {0: f"{high:8.3f}", _HEIGHT - 1: f"{low:8.3f}"}.get(number, " " * 8)
        lines.append(f"{label} │{''.join(signs).rstrip()}")
    lines.append(" " * 9 + "└" + "─" * (_GAP * len(heights)))
    lines.append(" " * 10 + "".join(f"{height:+.3f}".center(_GAP - 1) + " " for height in heights).rstrip())
    return "\n".join(lines)


def facts(result: NebResult) -> list[tuple[str, str]]:
    """Return what else there is to say of a result, as names and values."""

    def pair(first: float | None, second: float | None, unit: str) -> str:
        return f"{_number(first)} / {_number(second)} {unit}"

    calls = ", ".join(f"{stage} {number}" for stage, number in result.calls.items())
    return [
        ("barrier, max − min", f"{_number(result.barrier_max_minus_min)} eV"),
        ("barrier, max − start", f"{_number(result.barrier_max_minus_start)} eV"),
        ("barrier backward", f"{_number(result.barrier_backward)} eV"),
        ("status", result.status + (f" ({result.reason})" if result.reason else "")),
        ("failures", ", ".join(result.flags) or "none"),
        ("ion moved, start / end", pair(result.start_ion, result.end_ion, "Å")),
        ("framework moved, at most", pair(result.start_framework, result.end_framework, "Å")),
        ("hop before / after", pair(result.hop_guess, result.hop_length, "Å")),
        ("path", f"{_number(result.path_length)} Å, first band: {result.path}"),
        ("shortest distance", f"{_number(result.clearance)} Å"),
        ("largest force at the end", f"{_number(result.fmax)} eV/Å"),
        ("climbed alone", ", ".join(map(str, result.climbed_images)) or "none"),
        ("whole band climbed", result.fallback or "no"),
        ("calls", f"{result.n_calls} ({calls})"),
        ("cost", f"{result.cpu:.1f} s of processor time, {result.seconds:.1f} s in all"),
    ]


def read_band(path: Path) -> list[Any]:
    """Return the images of a band as ASE Atoms; raises :class:`~embench.errors.NebError` where there is no band."""
    from ase.io import read

    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            frames: Any = read(io.StringIO(file.read()), index=":", format="extxyz")
    except FileNotFoundError:
        raise NebError(
            f"there is no band at {path}: the calculation failed, or the file was not copied along"
        ) from None
    except (OSError, EOFError, ValueError) as error:
        raise NebError(f"{path} is damaged: {error}") from None
    return list(frames)


def band_page(result: NebResult, frames: list[Any]) -> str:
    """Return a page of its own with the profile of a result and its band in 3D, image by image."""
    try:
        import plotly.graph_objects as graphs
        from plotly.subplots import make_subplots
    except ImportError:
        raise MissingDependencyError("plotly", "report", "the page of a band") from None
    figure = make_subplots(rows=1, cols=2, specs=[[{"type": "xy"}, {"type": "scene"}]], column_widths=[0.4, 0.6])
    heights = [energy - result.energies[0] for energy in result.energies]
    profile = graphs.Scatter(x=list(range(len(heights))), y=heights, mode="lines+markers", showlegend=False)
    figure.add_trace(profile, row=1, col=1)
    figure.add_trace(_path(graphs, frames), row=1, col=2)
    figure.add_trace(_atoms(graphs, frames[0]), row=1, col=2)
    figure.add_trace(graphs.Scatter(_here(0, heights)), row=1, col=1)
    figure.frames = [
        graphs.Frame(name=str(i), data=[_atoms(graphs, frame), graphs.Scatter(_here(i, heights))], traces=[2, 3])
        for i, frame in enumerate(frames)
    ]
    figure.update_layout(
        title=f"{result.entry_id}: {_number(result.barrier_max_minus_min)} eV, {result.potential}, {result.protocol}",
        sliders=[
            {"steps": [_step(i) for i in range(len(frames))], "currentvalue": {"prefix": "image "}, "pad": {"t": 40}}
        ],
        scene={"aspectmode": "data", **{f"{axis}axis": {"title": f"{axis} (Å)"} for axis in "xyz"}},
        xaxis={"title": "image", "dtick": 1},
        yaxis={"title": "energy above the start (eV)"},
        template="plotly_white",
    )
    return str(figure.to_html(include_plotlyjs=True, full_html=True, auto_play=False))


def _here(place: int, heights: list[float]) -> dict[str, Any]:
    return {"x": [place], "y": [heights[place]], "mode": "markers", "marker": {"size": 14}, "showlegend": False}


def _step(place: int) -> dict[str, Any]:
    how = {"mode": "immediate", "frame": {"duration": _FRAME_MS, "redraw": True}}
    return {"method": "animate", "label": str(place), "args": [[str(place)], how]}


def _path(graphs: Any, frames: list[Any]) -> Any:
    x, y, z = zip(*(frame.positions[0] for frame in frames), strict=True)
    return graphs.Scatter3d(x=x, y=y, z=z, mode="lines+markers", marker={"size": 3}, showlegend=False, hoverinfo="skip")


def _atoms(graphs: Any, frame: Any) -> Any:
    from ase.data import covalent_radii
    from ase.data.colors import jmol_colors

    x, y, z = frame.positions.T
    colours = [f"rgb({','.join(str(round(255 * part)) for part in jmol_colors[n])})" for n in frame.numbers]
    sizes = [_MARKER * float(covalent_radii[n]) * (1.6 if i == 0 else 1.0) for i, n in enumerate(frame.numbers)]
    return graphs.Scatter3d(
        x=x,
        y=y,
        z=z,
        mode="markers",
        marker={"size": sizes, "color": colours, "line": {"width": 1, "color": "#555"}},
        text=frame.get_chemical_symbols(),
        hoverinfo="text",
        showlegend=False,
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

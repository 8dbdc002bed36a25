"""The figures of the documentation, drawn when it is built: SVG in the colours of the page, light or dark."""

from __future__ import annotations

import html
import json
import math
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent

_TEXT = "var(--color-foreground-primary)"
_MUTED = "var(--color-foreground-muted)"
_ACCENT = "var(--color-brand-primary)"
_RULE = "var(--color-background-border)"
# Of the systems on the main protocol the first ones are drawn, and the line that everybody has to beat.
_MOST_SYSTEMS = 8
_REFERENCE = "median"


def _svg(width: int, height: int, title: str, *parts: str) -> str:
    """Return a drawing as a block that Sphinx passes on unread."""
    body = "".join(parts)
    return (
        f'```{{raw}} html\n<figure class="embench-figure"><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{html.escape(title)}">{body}</svg></figure>\n```'
    )


def _label(x: float, y: float, text: str, *, anchor: str = "start", colour: str = _TEXT, size: int = 13) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" style="fill:{colour}">'
        f"{html.escape(text)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, *, colour: str = _MUTED, width: float = 1.0) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" style="stroke:{colour};stroke-width:{width}"/>'
    )


def hop() -> str:
    """Return the sketch of a hop: the energy of the crystal while one ion moves from site to site."""
    width, height = 640, 190
    left, right, top, bottom = 70.0, 570.0, 40.0, 140.0
    points = []
    for step in range(101):
        # Two equal sites and a saddle point half way, drawn as a squared sine: a sketch, no calculation.
        x = left + (right - left) * step / 100
        points.append(f"{x:.1f},{bottom - (bottom - top) * math.sin(math.pi * step / 100) ** 2:.1f}")
    images = [
        (left + (right - left) * i / 4, bottom - (bottom - top) * math.sin(math.pi * i / 4) ** 2) for i in range(5)
    ]
    middle = (left + right) / 2
    return _svg(
        width,
        height,
        "Energy along a hop: from the initial site over the saddle point to the final site. The height is E_m.",
        f'<polyline points="{" ".join(points)}" style="fill:none;stroke:{_ACCENT};stroke-width:2.5"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" style="fill:{_ACCENT}"/>' for x, y in images),
        _line(left, bottom, right, bottom, colour=_RULE),
        _line(middle, top + 10, middle, bottom - 4, colour=_TEXT, width=1.5),
        _label(middle + 10, bottom - 16, "migration barrier E_m"),
        _label(middle, top - 14, "saddle point", anchor="middle", colour=_MUTED),
        _label(left, bottom + 24, "initial site", anchor="middle", colour=_MUTED),
        _label(right, bottom + 24, "final site", anchor="middle", colour=_MUTED),
        _label(middle, bottom + 42, "one hop, seen in five images", anchor="middle", colour=_MUTED),
    )


def best_systems() -> str:
    """Return the mean absolute errors of the first systems on the main protocol, with 95 % intervals."""
    board = json.loads((REPOSITORY / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
    section = board["protocols"][0]
    rows = section["rows"][:_MOST_SYSTEMS]
    rows += [row for row in section["rows"][_MOST_SYSTEMS:] if row["slug"] == _REFERENCE]
    most = max(row["metrics"]["mae"]["high"] for row in rows)
    left, right, step = 230.0, 585.0, 25
    width, height = 640, 34 + step * len(rows)

    def x(value: float) -> float:
        return left + (right - left) * value / most

    parts = []
    for position, row in enumerate(rows):
        y = 8 + step * position
        mae = row["metrics"]["mae"]
        parts += [
            _label(left - 10, y + 13, board["submissions"][row["slug"]]["name"], anchor="end"),
            f'<rect x="{left}" y="{y}" width="{x(mae["value"]) - left:.1f}" height="16" rx="2" '
            f'style="fill:{_ACCENT};opacity:0.35"/>',
            _line(x(mae["low"]), y + 8, x(mae["high"]), y + 8, colour=_TEXT, width=2),
            _label(x(mae["high"]) + 8, y + 13, f"{mae['value']:.3f}", colour=_MUTED),
        ]
    caption = f"Mean absolute error on {section['name']}, eV; lines: 95 % intervals"
    return _svg(width, height, caption, *parts, _label(left, height - 6, caption, colour=_MUTED, size=12))

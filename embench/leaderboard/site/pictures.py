"""Pictures of the site that browsers and social networks want as PNG: icons, and a card for each page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.common.files import write_bytes
from embench.errors import MissingDependencyError
from embench.web.palette import LIGHT

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

CARD_SIZE = (600, 314)
"""Pixels; the ratio 1.91 that social networks show uncropped."""

# The hop of the wordmark, in parts of the picture.
_CURVE = ((2, 19), (7, 19), (9, 5), (16, 5)), ((16, 5), (23, 5), (25, 19), (30, 19))
_LINE_HEIGHT = 1.35


def write_icons(folder: Path) -> None:
    """Write the icon in the sizes that browsers ask for, and the card of pages without their own.

    Raises :class:`~embench.errors.MissingDependencyError` where Pillow is not installed.
    """
    for size in (32, 180):
        write_bytes(folder / f"icon-{size}.png", _icon(size))
    write_bytes(folder / "card.png", card("embench", ["Ionic migration barriers:", "a leaderboard with error bars"]))


def card(title: str, lines: Sequence[str], *, small: str = "", profile: Sequence[float] = ()) -> bytes:
    """Return a card as PNG: a title, lines below it, and an energy profile (eV) or the wordmark's hop at the right."""
    image = _new(CARD_SIZE, LIGHT["--surface"])
    draw = _draw(image)
    width, height = CARD_SIZE
    draw.rectangle((0, 0, 10, height), fill=LIGHT["--accent"])
    size = 46 if len(title) < 16 else 34 if len(title) < 24 else 26
    draw.text((40, 44), title, font=_font(size), fill=LIGHT["--text"])
    top = 44 + size * _LINE_HEIGHT + 12
    for line in lines:
        draw.text((40, top), line, font=_font(24), fill=LIGHT["--muted"])
        top += 24 * _LINE_HEIGHT
    if small:
        draw.text((40, height - 84), small, font=_font(18), fill=LIGHT["--muted"])
    draw.text((40, height - 52), "embench", font=_font(22), fill=LIGHT["--accent"])
    _draw_profile(draw, profile, (330, 150, width - 40, height - 40))
    # Smaller, and in six colours: there are hundreds of cards.
    return _png(image.resize((CARD_SIZE[0] * 2 // 3, CARD_SIZE[1] * 2 // 3)).quantize(6))


def _draw_profile(draw: ImageDraw, profile: Sequence[float], box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    if len(profile) > 1:
        low, high = min(profile), max(profile)
        steps = len(profile) - 1
        points = [
            (left + (right - left) * i / steps, bottom - (bottom - top) * (value - low) / ((high - low) or 1.0))
            for i, value in enumerate(profile)
        ]
    else:
        points = [(left + x * (right - left) / 32, bottom - (19 - y) * (bottom - top) / 19) for x, y in _hop()]
    draw.line(points, fill=LIGHT["--accent"], width=5, joint="curve")
    x, y = min(points, key=lambda point: point[1])
    draw.ellipse((x - 10, y - 10, x + 10, y + 10), fill=LIGHT["--vermilion"])


def _icon(size: int) -> bytes:
    """Return the hop of the wordmark on a rounded square."""
    scale = 4  # drawn larger and scaled down, because Pillow draws without anti-aliasing
    image = _new((size * scale, size * scale), LIGHT["--accent"])
    draw = _draw(image)
    unit = size * scale / 32
    draw.line([(x * unit, (y + 4) * unit) for x, y in _hop()], fill="#ffffff", width=round(2.6 * unit), joint="curve")
    x, y, r = 16 * unit, 9 * unit, 3.6 * unit
    draw.ellipse((x - r, y - r, x + r, y + r), fill=LIGHT["--orange"])
    return _png(image.resize((size, size)))


def _hop(steps: int = 16) -> list[tuple[float, float]]:
    """Return points on the two Bézier curves of the wordmark."""
    found = []
    for a, b, c, d in _CURVE:
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            found.append(tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)))
    return [(x, y) for x, y in found]


def _new(size: tuple[int, int], colour: str) -> Any:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise MissingDependencyError("pillow", "leaderboard", "the pictures of the site") from error
    return Image.new("RGB", size, colour)


def _draw(image: Any) -> ImageDraw:
    from PIL import ImageDraw as drawing

    return drawing.Draw(image)


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()

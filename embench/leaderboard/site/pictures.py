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

CARD_SIZE = (400, 210)
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


def card(title: str, lines: Sequence[str], *, profile: Sequence[float] = ()) -> bytes:
    """Return a card as PNG: a title, lines below it, and an energy profile (eV) or the wordmark's hop at the right."""
    image = _new(CARD_SIZE, LIGHT["--surface"])
    draw = _draw(image)
    width, height = CARD_SIZE
    draw.rectangle((0, 0, 7, height), fill=LIGHT["--accent"])
    size = 30 if len(title) < 16 else 23 if len(title) < 24 else 17
    draw.text((27, 28), title, font=_font(size), fill=LIGHT["--text"])
    top = 28 + size * _LINE_HEIGHT + 8
    for line in lines:
        draw.text((27, top), line, font=_font(16), fill=LIGHT["--muted"])
        top += 16 * _LINE_HEIGHT
    draw.text((27, height - 36), "embench", font=_font(15), fill=LIGHT["--accent"])
    _draw_profile(draw, profile, (220, 105, width - 27, height - 30))
    # In few colours: there are hundreds of cards.
    return _png(image.quantize(palette=_palette(), dither=0))


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
    draw.line(points, fill=LIGHT["--accent"], width=4, joint="curve")
    x, y = min(points, key=lambda point: point[1])
    draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=LIGHT["--vermilion"])


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


def _palette() -> Any:
    """Return an image with the four colours of the cards, which two bits a pixel can tell apart."""
    colours = [LIGHT[name] for name in ("--surface", "--text", "--accent", "--vermilion")]
    found = _new((1, 1), colours[0]).convert("P")
    found.putpalette([int(colour[i : i + 2], 16) for colour in colours for i in (1, 3, 5)])
    return found


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

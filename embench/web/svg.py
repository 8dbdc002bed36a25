"""Charts that are drawn when a page is made: SVG that needs no script and takes its colours from the page.

A colour is the name of a CSS variable, so that a chart follows light and dark pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markupsafe import Markup

# Mean width of a character in a sans-serif font, in multiples of its size; wide enough for the fonts that people have.
_WIDTH, _WIDE, _NARROW = 0.6, frozenset("MWmw@%"), frozenset("iljtfr.,:;' ()|-")
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# How far names are looked for a free place around their point, in steps of this many pixels.
_RING, _RINGS, _DIRECTIONS = 7.0, 40, 24


class Box(NamedTuple):
    """A rectangle in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether the two share any area."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def inside(self, other: Box) -> bool:
        """Tell whether this one lies within the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels; `log` is base 10."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where `value` is, in pixels."""
        low, high, at = (math.log10(x) if self.log else x for x in (self.low, self.high, value))
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values from `low` to `high`, at most `most` of them."""
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is drawn, in pixels."""
    return size * sum(0.9 if c in _WIDE else 0.36 if c in _NARROW else 0.7 if c.isupper() else _WIDTH for c in text)


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return an element of SVG, its texts and attributes escaped; ``class_`` is class, an underscore a hyphen.

    Raises :class:`ModuleNotFoundError` where markupsafe, which comes with jinja2, is not installed.
    """
    from markupsafe import Markup, escape

    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_rounded(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(str(escape(child)) for child in children)
    return Markup(f"<{tag}{named}>{inner}</{tag}>" if inner else f"<{tag}{named}/>")


def _rounded(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def free_places(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    taken: Iterable[Box],
    within: Box,
) -> list[Box]:
    """Return for each point a box of its size near it that overlaps no other one, nothing in `taken`, and no edge.

    Places are searched on rings around a point, the nearest first; a name that finds none within reach gets a line of
    its own at the lower edge, so that none is ever drawn over another.
    """
    occupied = list(taken)
    found: list[Box] = []
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        free = (
            box
            for box in _around(x, y, width, height)
            if box.inside(within) and not any(box.meets(other) for other in occupied)
        )
        box = next(free, None)
        if box is None:
            bottom = max([within.bottom, *(other.bottom for other in found)]) + height
            box = Box(within.left, bottom - height, within.left + width, bottom)
        occupied.append(box)
        found.append(box)
    return found


def _around(x: float, y: float, width: float, height: float) -> Iterator[Box]:
    for ring in range(1, _RINGS):
        reach = 3.0 + _RING * ring
        for direction in range(_DIRECTIONS):
            # To the right first, then left, above, below.
            angle = math.tau * (direction // 2) / _DIRECTIONS * (1 if direction % 2 else -1)
            dx, dy = math.cos(angle), math.sin(angle)
            left = x + reach * dx - (0.0 if dx > 0.3 else width if dx < -0.3 else width / 2)
            top = y + reach * dy - height / 2
            yield Box(left, top, left + width, top + height)


def marker(symbol: str, x: float, y: float, size: float, **attributes: object) -> Markup:
    """Return a mark of `size` pixels across; `symbol` is circle, triangle-up, diamond or square."""
    half = size / 2
    shapes = {
        "triangle-up": ((0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
        "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    }
    if symbol not in shapes:
        return element("circle", cx=x, cy=y, r=half, **attributes)
    corners = " ".join(f"{x + half * dx:.1f},{y + half * dy:.1f}" for dx, dy in shapes[symbol])
    return element("polygon", points=corners, **attributes)

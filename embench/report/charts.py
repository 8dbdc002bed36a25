"""Small charts made of characters: bars, and a scale with an interval on it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from embench.common.text import visible

_EIGHTHS = "▏▎▍▌▋▊▉"


@dataclass(frozen=True)
class Glyphs:
    """The characters that charts are drawn with."""

    bar: str
    parts: str
    track: str
    interval: str
    value: str
    best: str
    median: str


UNICODE = Glyphs(bar="█", parts=_EIGHTHS, track="─", interval="━", value="●", best="◆", median="◇")
ASCII = Glyphs(bar="#", parts="", track="-", interval="=", value="O", best="b", median="m")


def glyphs_for(encoding: str | None) -> Glyphs:
    """Return the characters that an output can show: those of ASCII where its encoding lacks one of the others."""
    wanted = "".join((UNICODE.bar, UNICODE.parts, UNICODE.track, UNICODE.interval, UNICODE.value, UNICODE.best, "◇"))
    try:
        wanted.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def bar(share: float, width: int, glyphs: Glyphs) -> str:
    """Return a bar of `share` of `width` characters, as finely as the characters allow; never nothing for something."""
    steps = len(glyphs.parts) + 1
    length = round(share * width * steps)
    if share > 0.0:
        length = max(length, 1 if glyphs.parts else steps)
    whole, part = divmod(length, steps)
    return glyphs.bar * whole + (glyphs.parts[part - 1] if part else "")


@dataclass(frozen=True)
class Mark:
    """A value on a scale: what it is called, and the character and the style that stand for it."""

    value: float
    label: str
    glyph: str
    style: str


def scale(marks: list[Mark], interval: tuple[float, float], width: int, glyphs: Glyphs) -> list[Text]:
    """Return a scale with `marks` and an interval on it, and the labels of the marks, as lines of at most `width`.

    The scale ends at the outermost values. Of marks in one place the last one is seen.
    """
    values = [mark.value for mark in marks] + [value for value in interval if value == value]
    low, high = min(values), max(values)
    span = (high - low) or 1.0

    def place(value: float) -> int:
        return round((value - low) / span * (width - 1))

    line = Text(glyphs.track * width, style="dim")
    if interval[0] == interval[0]:
        first, last = place(interval[0]), place(interval[1])
        line = Text.assemble(
            (glyphs.track * first, "dim"),
            (glyphs.interval * (last - first + 1), "cyan"),
            (glyphs.track * (width - last - 1), "dim"),
        )
    for mark in marks:
        at = place(mark.value)
        line = Text.assemble(line[:at], (mark.glyph, mark.style), line[at + 1 :])
    legend = Text("   ").join(
        Text.assemble((mark.glyph, mark.style), f" {visible(mark.label)} {mark.value:.3f}")
        for mark in sorted(marks, key=lambda mark: mark.value)
    )
    return [line, legend]

"""Small things about words."""

from __future__ import annotations

from collections.abc import Sequence


def plural(number: int, noun: str) -> str:
    """Return ``1 pair``, ``2 pairs``, ``3 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


SHOWN = 10


def listing(heading: str, problems: Sequence[str]) -> str:
    """Return a message with the first ten problems, one a line, and how many more there are."""
    lines = [f"{heading}:", *(f"  {text}" for text in problems[:SHOWN])]
    if len(problems) > SHOWN:
        lines.append(f"  ... and {len(problems) - SHOWN} more")
    return "\n".join(lines)


def _shorten(raw: object, most: int = 60) -> str:
    text = repr(raw)
    return text if len(text) <= most else f"{text[: most - 4]}...{text[0]}"

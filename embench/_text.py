"""Small things about words."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """Return ``1 pair``, ``2 pairs``, ``3 entries``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"

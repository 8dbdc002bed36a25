"""Small things about words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# What turns the direction of the text that follows.
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def plural(number: int, noun: str, *, thousands: bool = False) -> str:
    """Return ``1 pair``, ``2 entries``, ``3 days``, ``4 classes``; with `thousands`, ``1,000 pairs``."""
    amount = f"{number:,}" if thousands else str(number)
    return f"{amount} {noun if number == 1 else plural_of(noun)}"


def plural_of(noun: str) -> str:
    """Return the regular plural of a noun: days, entries, classes, branches, pairs."""
    if noun.endswith("y") and noun[-2:-1] not in ("a", "e", "i", "o", "u"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


SHOWN = 10


def listing(heading: str, problems: Sequence[str]) -> str:
    """Return a message with the first ten problems, one a line, and how many more there are."""
    lines = [f"{heading}:", *(f"  {text}" for text in problems[:SHOWN])]
    if len(problems) > SHOWN:
        lines.append(f"  ... and {len(problems) - SHOWN} more")
    return "\n".join(lines)


def visible(text: str) -> str:
    """Return `text` with an escape in place of each character that would steer a terminal; line ends and tabs stay."""
    steers = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(
        ascii(c)[1:-1] if c not in "\n\t" and (unicodedata.category(c) in steers or c in _BIDIRECTIONAL) else c
        for c in text
    )


def _shorten(raw: object, most: int = 60) -> str:
    text = repr(raw)
    return text if len(text) <= most else f"{text[: most - 4]}...{text[0]}"

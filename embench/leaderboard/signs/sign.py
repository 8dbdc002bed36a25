"""What a sign of trouble is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """One thing to look at: of which `kind`, on which `protocol` (None where it concerns none), and in words."""

    kind: str
    protocol: str | None
    text: str


def sign_lines(signs: Iterable[Sign]) -> list[str]:
    """Return the signs in words, one line for those that say the same of several protocols."""
    protocols: dict[str, list[str]] = {}
    for sign in signs:
        protocols.setdefault(sign.text, []).extend([sign.protocol] if sign.protocol else [])
    return [f"{', '.join(names)}: {text}" if names else text for text, names in protocols.items()]

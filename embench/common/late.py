"""What a lower part offers and a higher one does: the door of the package joins them, no import leads upward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_JOINED: dict[str, Callable[..., Any]] = {}


def join(name: str, function: Callable[..., Any]) -> None:
    """Have `name` done by `function`, which imports what it needs when it is called."""
    _JOINED[name] = function


def features(entries: Any, name: str) -> Any:
    """Return the named features of entries; see :meth:`embench.Dataset.features`."""
    return _JOINED["features"](entries, name)

"""NEB."""

from __future__ import annotations

from typing import Any


def with_potential(result: Any, potential: str, **settings: Any) -> Any:
    """Return the result."""
    raise NotImplementedError

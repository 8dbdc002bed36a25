"""The kinds of systems on the board: what they are called, and how tables and plots mark them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of system. `colour` is the name of a CSS variable and `symbol` one of plotly's markers: each kind has its
    own of both, so that no two are told apart by colour alone.
    """

    title: str
    description: str
    colour: str
    symbol: str


KINDS: Mapping[str, Kind] = {
    "property-model": Kind("Property model", "from the structure straight to the barrier", "--blue", "circle"),
    "potential-neb": Kind("Potential with NEB", "an interatomic potential and a NEB run", "--vermilion", "triangle-up"),
    "hybrid": Kind("Hybrid", "a property model that needs a calculation with a potential first", "--green", "diamond"),
    "literature": Kind("Published numbers", "barriers taken from a publication", "--purple", "square"),
}
"""By the name that submissions use."""

"""The hops of a crystal, and the network that they form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from embench.migration.cells import Network
from embench.migration.connections import SAME_LENGTH, Connection
from embench.migration.hop import MigrationHop

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hops(Sequence[MigrationHop]):
    """The symmetry-distinct hops of an ion in a crystal, shortest first, and the network that they form.

    Attributes
    ----------
    formula, ion, space_group : of the crystal.
    hops : each in a supercell of its own.
    lattice : (3, 3) rows, Å, of the cell that the network is given in.
    network : the sites of the ion in it.
    connections : every hop of that cell, in the direction of the one in `hops` that it is.
    connecting_lengths : the length of the longest hop, Å, that is needed to get through the crystal in one, two and
        three dimensions; a dimension that hops up to the reach do not connect is left out.
    supercell : (3, 3) integers, the cell of the hops in units of `lattice`.
    notes : what was changed or assumed, in words.
    """

    formula: str
    ion: str
    space_group: str
    hops: tuple[MigrationHop, ...]
    lattice: Floats
    network: Network
    connections: tuple[Connection, ...]
    connecting_lengths: dict[int, float]
    supercell: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def dimension(self) -> int:
        """In how many dimensions these hops connect the crystal, 0 to 3."""
        longest = max(hop.hop_distance for hop in self.hops)
        return max((n for n, length in self.connecting_lengths.items() if length <= longest + SAME_LENGTH), default=0)

    @overload
    def __getitem__(self, index: int) -> MigrationHop: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[MigrationHop, ...]: ...
    def __getitem__(self, index: int | slice) -> MigrationHop | tuple[MigrationHop, ...]:
        return self.hops[index]

    def __len__(self) -> int:
        return len(self.hops)

    def __iter__(self) -> Iterator[MigrationHop]:
        return iter(self.hops)

    def __repr__(self) -> str:
        lengths = ", ".join(f"{hop.hop_distance:.2f}" for hop in self.hops[:6])
        more = ", …" if len(self) > 6 else ""
        return f"<Hops: {len(self)} of {self.ion} in {self.formula}, {lengths}{more} Å, {self.dimension}D>"

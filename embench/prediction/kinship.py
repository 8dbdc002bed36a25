"""Whether a crystal is like one of the training data: its prototype and host framework, found as the dataset's are."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.curation.entry import RawEntry
from embench.curation.framework import Framework, framework
from embench.curation.group import SEPARATOR
from embench.curation.prototypes import CLOSE, SAME, Matcher
from embench.errors import EmbenchError, UpstreamError

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from embench.crystal import Pathway
    from embench.dataset import Dataset

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Kin:
    """What of the training data a crystal is like.

    Attributes
    ----------
    formula, anonymous_formula : of the host framework; empty where it has none.
    prototype, host : names of the groups of the dataset; None where the training data have no such one.
    n_prototype, n_host : how many training entries are of that prototype and that host.
    """

    formula: str = ""
    anonymous_formula: str = ""
    prototype: str | None = None
    host: str | None = None
    n_prototype: int = 0
    n_host: int = 0

    @property
    def regime(self) -> str:
        """The protocol that measures errors on such crystals: new hosts, or new prototypes."""
        return "prototype-10fold" if self.prototype is None else "host-10fold"


@dataclass(frozen=True, eq=False)
class Relative:
    """A framework that stands for a group of near-identical ones of one prototype."""

    prototype: str
    anonymous_formula: str
    cell: Structure


@dataclass(frozen=True, eq=False)
class Relatives:
    """The frameworks of the training data, and how many entries each group has."""

    relatives: tuple[Relative, ...]
    prototypes: dict[str, int]
    hosts: dict[str, int]

    def kin(self, hop: Pathway) -> Kin:
        """Return what a hop's crystal is like."""
        try:
            found = framework(as_raw(hop))
        except (EmbenchError, ValueError):
            return Kin()
        prototype = self._prototype(found)
        kin = Kin(formula=found.formula, anonymous_formula=found.anonymous_formula)
        if prototype is None:
            return kin
        host = SEPARATOR.join((found.formula, prototype))
        n_host = self.hosts.get(host, 0)
        return Kin(
            formula=kin.formula,
            anonymous_formula=kin.anonymous_formula,
            prototype=prototype,
            host=host if n_host else None,
            n_prototype=self.prototypes[prototype],
            n_host=n_host,
        )

    def _prototype(self, found: Framework) -> str | None:
        candidates = self._by_formula.get(found.anonymous_formula, [])
        # Those that are as large match fastest and most often.
        for relative in sorted(candidates, key=lambda relative: abs(len(relative.cell) - len(found.cell))):
            if _matches(found, relative):
                return relative.prototype
        return None

    @cached_property
    def _by_formula(self) -> dict[str, list[Relative]]:
        groups: dict[str, list[Relative]] = defaultdict(list)
        for relative in self.relatives:
            groups[relative.anonymous_formula].append(relative)
        return groups

    def to_arrays(self) -> tuple[Arrays, dict[str, Any]]:
        """Return the cells as arrays, and the rest as plain values."""
        cells = [relative.cell for relative in self.relatives]
        arrays = {
            "kin_lattices": np.array([cell.lattice.matrix for cell in cells]).reshape(-1, 3, 3),
            "kin_sizes": np.array([len(cell) for cell in cells], np.int64),
            "kin_numbers": np.concatenate([[0], *(cell.atomic_numbers for cell in cells)])[1:].astype(np.int16),
            "kin_coords": np.concatenate([np.empty((0, 3)), *(cell.frac_coords for cell in cells)]),
        }
        names = [[relative.prototype, relative.anonymous_formula] for relative in self.relatives]
        return arrays, {"relatives": names, "prototypes": self.prototypes, "hosts": self.hosts}

    @classmethod
    def from_arrays(cls, arrays: Arrays, plain: dict[str, Any]) -> Relatives:
        """Return what :meth:`to_arrays` has made plain."""
        from pymatgen.core import Element, Lattice, Structure

        ends = np.cumsum(arrays["kin_sizes"])
        relatives = []
        for (prototype, formula), lattice, size, end in zip(
            plain["relatives"], arrays["kin_lattices"], arrays["kin_sizes"], ends, strict=True
        ):
            chosen = slice(int(end - size), int(end))
            species = [Element.from_Z(int(number)) for number in arrays["kin_numbers"][chosen]]
            cell = Structure(Lattice(lattice), species, arrays["kin_coords"][chosen])
            relatives.append(Relative(str(prototype), str(formula), cell))
        return cls(tuple(relatives), dict(plain["prototypes"]), dict(plain["hosts"]))


def relatives_of(train: Dataset) -> Relatives:
    """Return the frameworks of training entries; near-identical ones of one prototype are kept once."""
    kept: dict[str, list[Framework]] = defaultdict(list)
    is_close = Matcher(**CLOSE)
    for entry in sorted(train, key=lambda entry: (entry.n_sites, entry.entry_id)):
        try:
            found = framework(as_raw(entry))
        except UpstreamError:
            continue
        same = (other for other in kept[entry.group_prototype] if other.anonymous_formula == found.anonymous_formula)
        if not any(len(other.cell) == len(found.cell) and is_close(other, found) for other in same):
            kept[entry.group_prototype].append(found)
    return Relatives(
        tuple(
            Relative(prototype, found.anonymous_formula, found.cell)
            for prototype, members in sorted(kept.items())
            for found in members
        ),
        dict(Counter(map(str, train.column("group_prototype")))),
        dict(Counter(map(str, train.column("group_host")))),
    )


def _matches(found: Framework, relative: Relative) -> bool:
    other = Framework(entry_id="", formula="", anonymous_formula=relative.anonymous_formula, cell=relative.cell)
    return Matcher(**SAME)(other, found)


def as_raw(hop: Pathway) -> RawEntry:
    """Return a hop as the curation reads entries, without labels."""
    from pymatgen.core import Element

    coords = np.asarray(hop.frac_coords, np.float64)
    return RawEntry(
        entry_id=hop.entry_id,
        published_split="",
        migration_barrier=float("nan"),
        labels={},
        lattice=np.asarray(hop.lattice, np.float64),
        elements=tuple(str(Element.from_Z(int(number)).symbol) for number in hop.atomic_numbers),
        frac_coords=coords,
        images=np.linspace(coords[0], np.asarray(hop.path_end, np.float64), 5),
    )

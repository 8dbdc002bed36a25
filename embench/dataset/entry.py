"""One entry of the dataset: a hop of one ion in one structure, and its migration barrier."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from embench import schema
from embench.errors import HiddenTargetError, did_you_mean, nearest_names

if TYPE_CHECKING:
    from ase import Atoms
    from pymatgen.core.structure import Structure

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int16]


class Entry:
    """One hop: its structure, annotations, groups, flags and, unless hidden, its barrier.

    Every column of :mod:`embench.schema` is an attribute; a null is None. Entries and their arrays are
    read-only, can be pickled without the dataset, and are equal when they are the same row of the same build.
    """

    # The annotations are for type checkers and editors; the schema alone decides which columns there are. An entry of
    # another dataset than the default one lacks some of them and has others, see :data:`embench.schema.LAYOUTS`.
    __slots__ = ("_digest", "_hidden", "_layout", "_lookup")

    entry_id: str
    published_split: str
    migration_barrier: float
    structure_class: str
    class_subtype: str | None
    composition: str
    functional: str
    crystal_system: str
    space_group: str
    space_group_number: int
    pathway: str
    citation: str | None
    raw_class: str
    raw_structure_file_class: str
    raw_composition: str
    raw_functional: str
    raw_crystal_system: str
    raw_space_group: str
    raw_pathway: str
    raw_formula: str
    formula: str
    lattice: FloatArray
    atomic_numbers: IntArray
    frac_coords: FloatArray
    path_end: FloatArray
    final_lattice: FloatArray | None
    final_frac_coords: FloatArray | None
    mobile_ion: str
    mobile_ion_charge: int
    n_sites: int
    n_mobile_ions: int
    concentration_limit: str
    n_pathways: int
    hop_distance: float
    hop_distance_minimum_image: float
    endpoints_equivalent: bool | None
    endpoints_deviation: float | None
    path_symmetric: bool | None
    coordination_initial: int
    coordination_final: int
    effective_coordination_initial: float
    effective_coordination_final: float
    nearest_anion_initial: float
    nearest_anion_final: float
    straight_line_minimum_distance: float
    straight_line_nearest_element: str
    straight_line_bottleneck_anion: float
    straight_line_bottleneck_position: float
    straight_line_free_radius: float
    straight_line_bottleneck_cation: float | None
    straight_line_bottleneck_mobile: float
    straight_line_coordination_midpoint: int
    straight_line_effective_coordination_midpoint: float
    # Not in version 1.0.0.
    xc_functional: str
    hubbard_u: bool | None
    mobile_ion_spacing: float | None
    mobile_ion_approach: float | None
    group_duplicate: str
    group_structure: str
    group_compound: str
    group_host_ion: str
    group_host: str
    group_prototype: str
    flags: tuple[str, ...]

    def __init__(
        self, lookup: Callable[[str], Any], *, hidden: bool, digest: str, layout: schema.Layout = schema.DEFAULT
    ) -> None:
        object.__setattr__(self, "_lookup", lookup)
        object.__setattr__(self, "_hidden", hidden)
        object.__setattr__(self, "_digest", digest)
        object.__setattr__(self, "_layout", layout)

    def __getattr__(self, name: str) -> Any:
        # Called for what is no method or slot: the columns.
        if self._hidden and name in self._layout.telling:
            raise HiddenTargetError(hidden_message(f"the {name} of {self.entry_id}"))
        known = _column_names(self._layout)
        if name not in known:
            hint = did_you_mean(nearest_names(name, known))
            raise AttributeError(f"an entry has no attribute {name!r}{hint}")
        value = self._lookup(name)
        return visible_flags(value) if name == "flags" and self._hidden else value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"entries are read-only: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"entries are read-only: cannot delete {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self.columns})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entry):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, bool]:
        return self.entry_id, self._digest, self._hidden

    def __repr__(self) -> str:
        target = "target hidden" if self._hidden else f"E_m = {self.migration_barrier:g} eV"
        return f"<Entry {self.entry_id}: {self.mobile_ion} in {self.formula}, {target}>"

    def __copy__(self) -> Entry:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Entry:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        values = {name: getattr(self, name) for name in self.columns}
        return _restore, (values, self._hidden, self._digest, self._layout.key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns that this entry shows, in the order of the schema."""
        hidden = self._layout.telling if self._hidden else ()
        return tuple(spec.name for spec in self._layout.columns if spec.name not in hidden)

    @property
    def has_final_structure(self) -> bool:
        """Whether the release holds the structure at the end of the hop."""
        return "final_lattice" in self.columns and self.final_lattice is not None

    def hop(self) -> FloatArray:
        """Return the hop as released: the Cartesian vector (3,) from start to end, in Å."""
        vector: FloatArray = (self.path_end - self.frac_coords[0]) @ self.lattice
        return vector

    def to_dict(self) -> dict[str, Any]:
        """Return all columns as plain Python values (arrays as nested lists), ready for JSON."""
        return {name: _plain(getattr(self, name)) for name in self.columns}

    def structure(self) -> Structure:
        """Return the initial structure as a pymatgen ``Structure``; site 0 migrates.

        Raises :class:`~embench.errors.MissingDependencyError` without pymatgen.
        """
        from embench.dataset.structures import initial_structure

        return initial_structure(self)

    def final_structure(self) -> Structure:
        """Return the structure at the end of the hop, sites in the order of the initial one.

        Raises :class:`~embench.errors.MissingStructureError` where the release does not hold it.
        """
        from embench.dataset.structures import final_structure

        return final_structure(self)

    def images(self, n: int, *, path: str = "straight") -> list[Structure]:
        """Return a band of `n` structures, both ends included.

        ``path="straight"`` moves the migrating ion along the straight line to ``path_end`` in the rigid
        initial structure, which for ``n=5`` is the band of the release. ``path="relaxed"`` leads around the atoms in
        the way to the minimum image of ``path_end``, see :func:`embench.pathways.relaxed_path`. ``path="idpp"`` lets
        all sites of the inner images give way (image dependent pair potential), as NEB calculations start.

        Raises :class:`~embench.errors.UnknownNameError` for another `path` and ``ValueError`` for ``n < 2``.
        """
        from embench.dataset.structures import images

        return images(self, n, path=path)

    def atoms(self) -> Atoms:
        """Return the initial structure as ASE ``Atoms``.

        ``info`` holds ``entry_id`` and, unless hidden, ``migration_barrier`` (eV).

        Raises :class:`~embench.errors.MissingDependencyError` without ASE.
        """
        from embench.dataset.structures import atoms

        return atoms(self)


@lru_cache
def _column_names(layout: schema.Layout) -> frozenset[str]:
    return frozenset(spec.name for spec in layout.columns)


def hidden_message(what: str) -> str:
    """Return the text of a :class:`~embench.errors.HiddenTargetError`."""
    return f"{what} is hidden: a model to be scored must not see it; embench.load() gives the open dataset"


def visible_flags(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return `flags` without those that were set by looking at the target."""
    return tuple(name for name in flags if name not in target_flags())


@lru_cache(maxsize=1)
def target_flags() -> frozenset[str]:
    """Return the names of the flags that tell something of the target."""
    return frozenset(
        flag.name for layout in (*schema.LAYOUTS, *schema.EARLIER) for flag in layout.flags if flag.from_target
    )


def _restore(values: dict[str, Any], hidden: bool, digest: str, layout: str) -> Entry:
    for value in values.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return Entry(values.__getitem__, hidden=hidden, digest=digest, layout=schema.layout(layout))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value

"""The flags of an entry: one rule for each that :data:`embench.schema.FIRST` documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from embench.crystal.ions import anion_radius, ion_radius
from embench.crystal.periodic import distance_matrix, largest_displacement
from embench.curation.annotate import is_corrupt
from embench.curation.coordination import anions_of, formal_charge
from embench.curation.entry import RawEntry
from embench.curation.framework import element_roles
from embench.curation.tables import read_table
from embench.errors import LedgerError
from embench.schema import FIRST

# Lengths in Å, energies in eV; the rules in the schema give them in words.
NOT_MINIMUM_IMAGE = 0.01
CLASH = 1.0
METAL_SITE = 0.5
# Nearest anion against the sum of the radii: 96 % of the ends in the release are above 0.86, 2 % below 0.8.
COMPRESSED = 0.8
# In the sound structures of the release this ratio stays below 1.04; where P is listed at the sites of Mn it is 1.23.
MISPLACED = 1.1
# Apart from the ends that are compressed anyway, no other end has a metal or central atom nearer than 2.1 Å.
CATION_CONTACT = 2.0
FRAMEWORK_DISPLACEMENT = 0.1
LABEL_CONFLICT = 0.05
FENCE = 3.0

LABEL_SUSPECT_COLUMNS = ("entry_id", "migration_barrier", "neb_barrier", "potentials")

Columns = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class FlagContext:
    """What the rules need to know of the other entries.

    Attributes
    ----------
    copies : number of members of the duplicate group, by entry_id.
    spreads : difference of the highest and the lowest barrier in the duplicate group, eV, by entry_id.
    fence : barriers above it are outliers, eV.
    label_suspects : the entries in the table of the label audit.
    """

    copies: Mapping[str, int]
    spreads: Mapping[str, float]
    fence: float
    label_suspects: frozenset[str] = frozenset()

    @classmethod
    def from_entries(
        cls,
        entries: Sequence[RawEntry],
        groups: Mapping[str, Mapping[str, object]],
        *,
        label_suspects: Iterable[str] | None = None,
    ) -> FlagContext:
        """Return the context of a dataset.

        Parameters
        ----------
        entries : all entries of the dataset.
        groups : the group columns by entry_id; ``group_duplicate`` is used.
        label_suspects : the entries that the label audit names; by default those in its table.

        Raises
        ------
        LedgerError
            The label audit names an entry that is not in the dataset.
        """
        barriers: dict[object, list[float]] = defaultdict(list)
        for entry in entries:
            barriers[groups[entry.entry_id]["group_duplicate"]].append(entry.migration_barrier)
        members = {entry.entry_id: barriers[groups[entry.entry_id]["group_duplicate"]] for entry in entries}
        suspects = _audited() if label_suspects is None else frozenset(label_suspects)
        unknown = sorted(suspects - members.keys())
        if unknown:
            raise LedgerError(f"table label_suspect.csv names unknown entries: {', '.join(unknown[:10])}")
        return cls(
            copies={entry_id: len(values) for entry_id, values in members.items()},
            spreads={entry_id: max(values) - min(values) for entry_id, values in members.items()},
            fence=outlier_fence([e.migration_barrier for e in entries if e.published_split == "train"]),
            label_suspects=suspects,
        )


def outlier_fence(barriers: Sequence[float]) -> float:
    """Return the barrier, eV, above which one is an outlier of `barriers`: Tukey's outer fence.

    The scale is linear, as that of the scores: what the fence cuts off is what dominates R² and RMSE. On the scale of
    the logarithm the outer fence would lie at 35 eV and keep even the 8.8 eV of a path through a metal site.
    """
    lower, upper = np.quantile(barriers, (0.25, 0.75))
    return float(upper + FENCE * (upper - lower))


def _audited() -> frozenset[str]:
    return frozenset(row["entry_id"] for row in read_table("label_suspect", LABEL_SUSPECT_COLUMNS))


def flag(entry: RawEntry, columns: Columns, context: FlagContext) -> list[str]:
    """Return the flags of `entry`, in the order of the schema; `columns` holds its annotations."""
    return [spec.name for spec in FIRST.flags if RULES[spec.name](entry, columns, context)]


Rule = Callable[[RawEntry, Columns, FlagContext], bool]


def _length(columns: Columns, name: str) -> float:
    return cast(float, columns[name])


def _structure_corrupt(entry: RawEntry, _columns: Columns, _context: FlagContext) -> bool:
    return is_corrupt(entry)


def _elements_misplaced(entry: RawEntry, _columns: Columns, _context: FlagContext) -> bool:
    roles, elements = element_roles(entry), np.array(entry.elements)
    anions = entry.frac_coords[[roles.get(symbol) == "X" for symbol in entry.elements]]
    for centre in sorted({symbol for symbol, role in roles.items() if role == "T"}):
        nearest = distance_matrix(entry.lattice, entry.frac_coords[elements == centre], anions).min(axis=1)
        if nearest.max() > MISPLACED * np.median(nearest):
            return True
    return False


def _path_not_minimum_image(_entry: RawEntry, columns: Columns, _context: FlagContext) -> bool:
    excess = _length(columns, "hop_distance") - _length(columns, "hop_distance_minimum_image")
    return excess > NOT_MINIMUM_IMAGE


def _path_clash(_entry: RawEntry, columns: Columns, _context: FlagContext) -> bool:
    return _length(columns, "straight_line_minimum_distance") < CLASH


def _path_through_metal_site(entry: RawEntry, columns: Columns, context: FlagContext) -> bool:
    # A band that is not the shortest image of its hop says nothing of the site that the ion really passes.
    if _path_not_minimum_image(entry, columns, context):
        return False
    metals = [site for site, symbol in enumerate(entry.elements) if site and _is_framework_metal(entry, symbol)]
    if not metals:
        return False
    return bool(distance_matrix(entry.lattice, entry.images, entry.frac_coords[metals]).min() < METAL_SITE)


def _is_framework_metal(entry: RawEntry, symbol: str) -> bool:
    from pymatgen.core import Element

    return symbol != entry.mobile_ion and bool(Element(symbol).is_metal)


def _duplicate(entry: RawEntry, _columns: Columns, context: FlagContext) -> bool:
    return context.copies[entry.entry_id] > 1


def _label_conflict(entry: RawEntry, _columns: Columns, context: FlagContext) -> bool:
    # Labels are given to 0.1 meV; the small term keeps a difference of exactly 0.05 eV out, whatever the rounding.
    return context.spreads[entry.entry_id] > LABEL_CONFLICT + 1e-9


def _outlier(entry: RawEntry, _columns: Columns, context: FlagContext) -> bool:
    return entry.migration_barrier > context.fence


def _suspect_endpoints(entry: RawEntry, _columns: Columns, _context: FlagContext) -> bool:
    anions = anions_of(entry)
    smallest = ion_radius(entry.mobile_ion, formal_charge(entry), smallest=True)
    # How near each other site may come to the ion, Å.
    allowed = np.array(
        [
            COMPRESSED * (smallest + anion_radius(symbol)) if symbol in anions else CATION_CONTACT
            for symbol in entry.elements[1:]
        ]
    )
    ends = np.array([entry.frac_coords[0], entry.path_end])
    return bool((distance_matrix(entry.lattice, ends, entry.frac_coords[1:]) < allowed).any())


def _final_framework_differs(entry: RawEntry, _columns: Columns, _context: FlagContext) -> bool:
    if entry.final_frac_coords is None:
        return False
    moved = largest_displacement(entry.lattice, entry.elements[1:], entry.frac_coords[1:], entry.final_frac_coords[1:])
    return moved > FRAMEWORK_DISPLACEMENT


def _label_suspect(entry: RawEntry, _columns: Columns, context: FlagContext) -> bool:
    return entry.entry_id in context.label_suspects


RULES: Mapping[str, Rule] = {
    "structure_corrupt": _structure_corrupt,
    "elements_misplaced": _elements_misplaced,
    "path_not_minimum_image": _path_not_minimum_image,
    "path_clash": _path_clash,
    "path_through_metal_site": _path_through_metal_site,
    "duplicate": _duplicate,
    "label_conflict": _label_conflict,
    "outlier": _outlier,
    "suspect_endpoints": _suspect_endpoints,
    "final_framework_differs": _final_framework_differs,
    "label_suspect": _label_suspect,
}

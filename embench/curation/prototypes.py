"""Structure prototypes: which host frameworks are the same but for their elements and small distortions.

Frameworks are compared with all metals alike, all polyanion centres alike and all anions alike. What the matcher cannot
see, because a framework is distorted too far or stacked in another way, is in the reviewed table prototype_merges.csv.
The rms there is that of StructureMatcher, in units of (volume / sites)^(1/3), with the looser tolerances ltol 0.3,
stol 0.5 and angle_tol 10; coordination sequences count the atoms 1, 2, 3, ... bonds away from a metal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from embench.curation.framework import Framework
from embench.curation.tables import read_table
from embench.errors import LedgerError

PROTOTYPE_COLUMNS = ("prototype", "entry_id", "framework", "reason")
# Frameworks that agree as closely as this are compared with others through one of them only.
CLOSE = {"ltol": 0.1, "stol": 0.1, "angle_tol": 3.0}
# The tolerances of pymatgen's StructureMatcher, as they are by default.
SAME = {"ltol": 0.2, "stol": 0.3, "angle_tol": 5.0}
# A cell is matched with multiples of another up to this one: the number of supercells grows fast, and a framework
# whose reduced cell is larger still is distorted beyond these tolerances.
LARGEST_MULTIPLE = 6

PrototypeTable = list[dict[str, str]]


class Matcher:
    """Whether two frameworks are the same; wraps pymatgen's StructureMatcher for reduced cells."""

    def __init__(self, *, ltol: float, stol: float, angle_tol: float) -> None:
        from pymatgen.analysis.structure_matcher import StructureMatcher

        self._equal, self._multiple = (
            StructureMatcher(
                ltol=ltol, stol=stol, angle_tol=angle_tol, primitive_cell=False, attempt_supercell=multiple
            )
            for multiple in (False, True)
        )

    def __call__(self, a: Framework, b: Framework) -> bool:
        """Return whether the cell of one framework, or a multiple of it, matches that of the other."""
        small, large = sorted((len(a.cell), len(b.cell)))
        if large % small or large > LARGEST_MULTIPLE * small:
            return False
        matcher = self._equal if small == large else self._multiple
        return bool(matcher.fit(a.cell, b.cell, skip_structure_reduction=True))


def group_frameworks(
    frameworks: Sequence[Framework], *, progress: Callable[[str], None] | None = None
) -> list[list[str]]:
    """Return the entry_ids of frameworks that match, directly or through others, each group sorted.

    Neither the groups nor their order depends on the order of `frameworks`.
    """
    by_formula: dict[str, list[Framework]] = defaultdict(list)
    for item in sorted(frameworks, key=lambda item: (len(item.cell), item.entry_id)):
        by_formula[item.anonymous_formula].append(item)
    groups = []
    for done, formula in enumerate(sorted(by_formula)):
        if progress is not None:
            progress(f"prototypes of {formula} ({done + 1} of {len(by_formula)})")
        groups += _group_one_formula(by_formula[formula])
    return sorted(groups)


def _group_one_formula(frameworks: Sequence[Framework]) -> list[list[str]]:
    is_close, is_same = Matcher(**CLOSE), Matcher(**SAME)
    # First the near-identical ones, so that a hundred spinels cost no more than one in what follows.
    represented: list[list[Framework]] = []
    for item in frameworks:
        for members in represented:
            if len(members[0].cell) == len(item.cell) and is_close(members[0], item):
                members.append(item)
                break
        else:
            represented.append([item])
    return [
        sorted(item.entry_id for position in component for item in represented[position])
        for component in connected_components(
            len(represented), lambda i, j: is_same(represented[i][0], represented[j][0])
        )
    ]


def connected_components(n: int, linked: Callable[[int, int], bool]) -> list[list[int]]:
    """Return the connected components of 0 … n-1, asking `linked` only for pairs that are not yet connected."""
    components: list[list[int]] = []
    for new in range(n):
        touched = [component for component in components if any(linked(member, new) for member in component)]
        components = [component for component in components if component not in touched]
        components.append(sorted(sum(touched, [new])))
    return sorted(components)


def read_prototypes() -> PrototypeTable:
    """Return the rows of the reviewed table; raises :class:`~embench.errors.LedgerError` for a row without a reason."""
    rows = read_table("prototype_merges", PROTOTYPE_COLUMNS)
    for line, row in enumerate(rows, start=2):
        empty = [name for name, value in row.items() if not value]
        if empty:
            raise LedgerError(f"prototype_merges.csv, line {line}: no {empty[0]}")
    return rows


def name_prototypes(
    groups: Sequence[Sequence[str]], formulas: Mapping[str, str], table: PrototypeTable
) -> dict[str, str]:
    """Return the name of the prototype of every entry.

    Parameters
    ----------
    groups : entry_ids of matching frameworks, as from :func:`group_frameworks`.
    formulas : anonymous formula of the framework by entry_id.
    table : rows that give the group of `entry_id` the name `prototype`; groups of the same name become one.

    Returns
    -------
    The name by entry_id. A group that no row names is called after its formula and its first entry: ``MX2:CaNb2O4``.

    Raises
    ------
    LedgerError
        A row names an unknown entry, expects another anonymous formula, or gives a group a second name.
    """
    position = {entry_id: number for number, group in enumerate(groups) for entry_id in group}
    names: dict[int, str] = {}
    for row in table:
        entry_id, name = row["entry_id"], row["prototype"]
        where = f"prototype_merges.csv, row of {entry_id!r} ({name})"
        if entry_id not in position:
            raise LedgerError(f"{where}: there is no such entry")
        if formulas[entry_id] != row["framework"]:
            raise LedgerError(f"{where}: expects the framework {row['framework']}, it has {formulas[entry_id]}")
        given = names.setdefault(position[entry_id], name)
        if given != name:
            raise LedgerError(f"{where}: another row calls the same group of frameworks {given}")
    return {
        entry_id: names.get(number, f"{formulas[group[0]]}:{group[0]}")
        for number, group in enumerate(groups)
        for entry_id in group
    }

"""The group columns: which entries belong together, from the same hop in the same cell to the same prototype."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from embench.curation.entry import RawEntry
from embench.curation.framework import Framework, framework
from embench.curation.prototypes import PrototypeTable, group_frameworks, name_prototypes, read_prototypes
from embench.curation.same_structure import group_duplicates, group_structures

DILUTE, VACANCY = "dilute", "vacancy"
# Between the parts of a group name: host framework, prototype, migrating ion, concentration limit.
SEPARATOR = "|"


def group(
    entries: Sequence[RawEntry],
    *,
    prototypes: PrototypeTable | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, dict[str, object]]:
    """Return the group columns of every entry, with ``n_pathways`` and ``concentration_limit``, by entry_id.

    The names do not depend on the order of `entries`: duplicates and structures are called after the first of their
    entries in alphabetical order, the wider groups after what they share, as in ``FePO4|OLIVINE|Li|vacancy``.

    Parameters
    ----------
    entries : the entries of the dataset.
    prototypes : the table of prototype names; by default the one of the package.
    progress : called with what is being grouped.

    Raises
    ------
    LedgerError
        The table of prototypes does not fit the entries.
    UpstreamError
        A structure has no anions.
    """
    report = progress or (lambda _: None)
    report("host frameworks")
    frameworks = {entry.entry_id: framework(entry) for entry in entries}
    prototype_of = _prototypes(frameworks, read_prototypes() if prototypes is None else prototypes, report)
    report("structures and equivalent hops")
    structures = group_structures(entries)
    structure_of = _first_member(structures)
    duplicate_of = _first_member(group_duplicates(entries, structures))
    sizes = {members[0]: len(members) for members in structures}
    columns: dict[str, dict[str, object]] = {}
    for entry in entries:
        key = entry.entry_id
        limit = concentration_limit(entry)
        host = SEPARATOR.join((frameworks[key].formula, prototype_of[key]))
        columns[key] = {
            "concentration_limit": limit,
            "n_pathways": sizes[structure_of[key]],
            "group_duplicate": duplicate_of[key],
            "group_structure": structure_of[key],
            "group_compound": SEPARATOR.join((host, entry.mobile_ion, limit)),
            "group_host_ion": SEPARATOR.join((host, entry.mobile_ion)),
            "group_host": host,
            "group_prototype": prototype_of[key],
        }
    return columns


def concentration_limit(entry: RawEntry) -> str:
    """Return ``dilute`` where the migrating ion is the only one of its element in the cell, else ``vacancy``."""
    return DILUTE if entry.elements.count(entry.mobile_ion) == 1 else VACANCY


def _prototypes(
    frameworks: dict[str, Framework], table: PrototypeTable, report: Callable[[str], None]
) -> dict[str, str]:
    groups = group_frameworks(list(frameworks.values()), progress=report)
    formulas = {entry_id: item.anonymous_formula for entry_id, item in frameworks.items()}
    return name_prototypes(groups, formulas, table)


def _first_member(groups: Sequence[Sequence[str]]) -> dict[str, str]:
    return {entry_id: members[0] for members in groups for entry_id in members}

"""What ``embench data show`` prints of one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embench import schema

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from embench.dataset import Dataset, Entry

GROUPS = {
    "group_duplicate": "equivalent hop",
    "group_structure": "structure",
    "group_compound": "compound",
    "group_host_ion": "host and ion",
    "group_host": "host framework",
    "group_prototype": "prototype",
}

# The raw label, its normalised column, and what a person calls it.
LABELS = (
    ("raw_class", "structure_class", "class"),
    ("raw_structure_file_class", "structure_class", "class, structure file"),
    ("raw_composition", "composition", "composition"),
    ("raw_functional", "functional", "functional"),
    ("raw_crystal_system", "crystal_system", "crystal system"),
    ("raw_space_group", "space_group", "space group"),
    ("raw_pathway", "pathway", "pathway"),
)

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def describe(data: Dataset, entry: Entry) -> dict[str, Any]:
    """Return all that is known of an entry as plain values: its columns and its place in the dataset."""
    return {
        "dataset_version": data.version,
        "entry": entry.to_dict(),
        "hop": entry.hop().tolist(),
        "flags": [{"name": flag.name, "description": flag.description} for flag in _flags(data, entry)],
        "groups": {
            column: {"key": getattr(entry, column), "members": list(_members(data, entry, column).entry_ids)}
            for column in GROUPS
        },
        "other_pathways": [
            {
                "entry_id": other.entry_id,
                "migration_barrier": other.migration_barrier,
                "equivalent_hop": other.group_duplicate == entry.group_duplicate,
            }
            for other in _other_pathways(data, entry)
        ],
    }


def render(data: Dataset, entry: Entry) -> RenderableType:
    """Return the same for a person."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    title = Text.assemble((entry.entry_id, "bold"), "   E_m ", (f"{entry.migration_barrier:g} eV", "bold"))
    parts: list[RenderableType] = [
        title,
        f"{_ion(entry)} in {entry.formula}, {entry.published_split} side of the published split",
    ]
    others = _other_pathways(data, entry)
    for heading, rows in (
        ("Flags", _two_columns([(flag.name, flag.description) for flag in _flags(data, entry)] or [("none", "")])),
        ("Material", _two_columns(_material(entry))),
        ("Hop", _two_columns(_hop(entry))),
        ("Straight line between the ends, unrelaxed", _two_columns(_straight_line(entry))),
        ("Other pathways in the same structure", _pathways(entry, others)),
        ("Groups", _groups(data, entry)),
        ("Labels that differ from those of the release", _two_columns(_changed_labels(entry))),
    ):
        if rows.row_count:
            parts += ["", Text(heading, style="bold"), Padding(rows, (0, 0, 0, 2))]
    return Group(*parts)


def _ion(entry: Entry) -> str:
    charge = entry.mobile_ion_charge
    size = "" if abs(charge) == 1 else str(abs(charge)).translate(_SUPERSCRIPTS)
    return f"{entry.mobile_ion}{size}{'⁺' if charge > 0 else '⁻'}"


def _flags(data: Dataset, entry: Entry) -> list[schema.Flag]:
    return [flag for flag in data.layout.flags if flag.name in entry.flags]


def _members(data: Dataset, entry: Entry, column: str) -> Dataset:
    return data.filter(**{column: getattr(entry, column)})


def _other_pathways(data: Dataset, entry: Entry) -> list[Entry]:
    others = [other for other in _members(data, entry, "group_structure") if other.entry_id != entry.entry_id]
    return sorted(others, key=lambda other: other.migration_barrier)


def _material(entry: Entry) -> list[tuple[str, str]]:
    subtype = f", {entry.class_subtype}" if entry.class_subtype else ""
    return [
        ("composition", entry.composition),
        ("class", f"{entry.structure_class}{subtype}"),
        ("symmetry", f"{entry.crystal_system}, {entry.space_group} (No. {entry.space_group_number})"),
        ("functional", entry.functional),
        ("cell", f"{entry.n_sites} sites, {_cell(entry)}"),
        ("source", entry.citation or "not named in the release"),
    ]


def _cell(entry: Entry) -> str:
    import numpy as np

    lengths = " × ".join(f"{length:.2f}" for length in np.linalg.norm(entry.lattice, axis=1))
    return f"{lengths} Å, {abs(np.linalg.det(entry.lattice)):.0f} Å³"


def _hop(entry: Entry) -> list[tuple[str, str]]:
    vector = ", ".join(f"{x:.2f}" for x in entry.hop().round(2) + 0.0)
    length = f"{entry.hop_distance:.2f} Å, vector ({vector}) Å"
    if entry.hop_distance - entry.hop_distance_minimum_image > 0.005:
        length += f"; the shortest periodic image is {entry.hop_distance_minimum_image:.2f} Å"
    others = entry.n_mobile_ions - 1
    limit = f"{others} other {entry.mobile_ion} in the cell" if others else f"the only {entry.mobile_ion} in the cell"
    final = "released" if entry.has_final_structure else "not released"
    return [
        ("pathway", entry.pathway),
        ("length", length),
        ("limit", f"{entry.concentration_limit}, {limit}"),
        ("ends", _ends(entry)),
        (
            "start",
            f"{_coordination(entry.coordination_initial, entry.effective_coordination_initial)}, "
            f"the nearest at {entry.nearest_anion_initial:.2f} Å",
        ),
        (
            "end",
            f"{_coordination(entry.coordination_final, entry.effective_coordination_final)}, "
            f"the nearest at {entry.nearest_anion_final:.2f} Å",
        ),
        ("final structure", final),
    ]


def _ends(entry: Entry) -> str:
    if entry.endpoints_equivalent is None:
        return "symmetry not known"
    deviation = entry.endpoints_deviation
    within = "" if deviation is None else f" within {deviation:.2f} Å"
    if not entry.endpoints_equivalent:
        return "not equivalent by symmetry" + (f" (equivalent only{within})" if within else "")
    profile = "symmetric" if entry.path_symmetric else "not necessarily symmetric"
    return f"equivalent by symmetry{within}; profile {profile}"


def _coordination(count: int, effective: float) -> str:
    return f"{count} anion{'' if count == 1 else 's'} (effective {effective:.1f})"


def _straight_line(entry: Entry) -> list[tuple[str, str]]:
    percent = f"{100 * entry.straight_line_bottleneck_position:.0f} %"
    rows = [
        ("nearest atom", f"{entry.straight_line_nearest_element} at {entry.straight_line_minimum_distance:.2f} Å"),
        (
            "nearest anion",
            f"{entry.straight_line_bottleneck_anion:.2f} Å at {percent} of the way, "
            f"free radius {entry.straight_line_free_radius:.2f} Å",
        ),
    ]
    for name, distance in (
        ("nearest cation", entry.straight_line_bottleneck_cation),
        (f"nearest {entry.mobile_ion}", entry.straight_line_bottleneck_mobile),
    ):
        if distance is not None:
            rows.append((name, f"{distance:.2f} Å"))
    half_way = _coordination(
        entry.straight_line_coordination_midpoint, entry.straight_line_effective_coordination_midpoint
    )
    return [*rows, ("half way", half_way)]


def _changed_labels(entry: Entry) -> list[tuple[str, str]]:
    return [
        (name, f"{getattr(entry, raw)} → {getattr(entry, normalised)}")
        for raw, normalised, name in LABELS
        if getattr(entry, raw) != getattr(entry, normalised)
    ]


def _two_columns(rows: list[tuple[str, str]]) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=16)
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(name, text)
    return grid


def _pathways(entry: Entry, others: list[Entry]) -> Table:
    table = _table("entry", "split", "E_m / eV", "hop / Å", "pathway", right=(2, 3))
    for other in others:
        same = " (equivalent hop)" if other.group_duplicate == entry.group_duplicate else ""
        barrier, length = f"{other.migration_barrier:g}", f"{other.hop_distance:.2f}"
        table.add_row(other.entry_id, other.published_split, barrier, length, f"{other.pathway}{same}")
    return table


def _groups(data: Dataset, entry: Entry) -> Table:
    table = _table("same", "train", "test", "key", right=(1, 2))
    for column, name in GROUPS.items():
        sides = _members(data, entry, column).column("published_split").tolist()
        table.add_row(name, str(sides.count("train")), str(sides.count("test")), getattr(entry, column))
    return table


def _table(*names: str, right: tuple[int, ...]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for position, name in enumerate(names):
        is_number = position in right
        table.add_column(name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table

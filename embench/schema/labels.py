"""The columns that identify, label and group an entry."""

from __future__ import annotations

from embench.schema.spec import Column, section

# name, dtype, unit, nullable, description
LABELS: tuple[Column, ...] = (
    *section(
        "Identity and target",
        ("entry_id", "string", None, False, "Key of the entry: the name in the raw release, verbatim."),
        ("published_split", "string", None, False, "Side of the published split: train (559) or test (60)."),
        (
            "migration_barrier",
            "float64",
            "eV",
            False,
            "The target: the migration barrier E_m of the hop, from DFT-NEB.",
        ),
    ),
    *section(
        "Labels, normalised",
        ("structure_class", "string", None, False, "Structural or chemical family, as the source names it."),
        ("class_subtype", "string", None, True, "Subtype that the source wrote into the class label."),
        (
            "composition",
            "string",
            None,
            False,
            "Composition as written in the literature, polymorph prefix included.",
        ),
        ("functional", "string", None, False, "Exchange-correlation functional of the DFT calculation."),
        ("crystal_system", "string", None, False, "Crystal system that the source reports."),
        (
            "space_group",
            "string",
            None,
            False,
            "Space group that the source reports, Hermann-Mauguin symbol in its setting.",
        ),
        (
            "space_group_number",
            "int16",
            None,
            False,
            "Number of that space group in the International Tables.",
        ),
        ("pathway", "string", None, False, "Name of the pathway in the source."),
        (
            "citation",
            "string",
            None,
            True,
            "Literature source of the barrier; null where the release does not name it.",
        ),
    ),
    *section(
        "Labels, raw",
        ("raw_class", "string", None, False, "Class in the table of the raw release."),
        (
            "raw_structure_file_class",
            "string",
            None,
            False,
            "Class in the structure file of the raw release.",
        ),
        ("raw_composition", "string", None, False, "Composition in the table of the raw release."),
        ("raw_functional", "string", None, False, "Functional in the table of the raw release."),
        ("raw_crystal_system", "string", None, False, "Crystal system in the table of the raw release."),
        ("raw_space_group", "string", None, False, "Space group in the table of the raw release."),
        ("raw_pathway", "string", None, False, "Pathway in the table of the raw release."),
        (
            "raw_formula",
            "string",
            None,
            False,
            "Formula in the structure file: counts the migrating ion once an image.",
        ),
    ),
)

GROUPS: tuple[Column, ...] = (
    *section(
        "Groups",
        ("group_duplicate", "string", None, False, "Same structure and a symmetry-equivalent hop."),
        ("group_structure", "string", None, False, "Same structure, whatever the hop."),
        (
            "group_compound",
            "string",
            None,
            False,
            "Same host framework, migrating ion and concentration limit.",
        ),
        ("group_host_ion", "string", None, False, "Same host framework and migrating ion."),
        (
            "group_host",
            "string",
            None,
            False,
            "Same host framework: composition without the migrating ion, and prototype.",
        ),
        (
            "group_prototype",
            "string",
            None,
            False,
            "Same structure prototype of the host framework, whatever the elements.",
        ),
    ),
    *section("Flags", ("flags", "string[n]", None, False, "Peculiarities of the entry, each documented below.")),
)

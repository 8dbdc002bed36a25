"""What version 1.1.0 of the barriers of cations adds to 1.0.0: columns and flags."""

from __future__ import annotations

from dataclasses import replace

from embench.schema.spec import FIRST_FLAGS, Column, Flag, section

FLAG_CHANGES = ("flags_added", "flags_removed")
"""The columns of the file of a later version that hold the flags that an entry gets and loses."""

REVISED_COLUMNS: tuple[Column, ...] = (
    *section(
        "Level of theory",
        (
            "xc_functional",
            "string",
            None,
            False,
            "Exchange-correlation functional without the Hubbard term: GGA, SCAN or LDA, all that the source tells.",
        ),
        (
            "hubbard_u",
            "bool",
            None,
            True,
            "Whether the source names a Hubbard U; its value is not in the release. Null where the source is unclear.",
        ),
    ),
    *section(
        "Other ions of the migrating element",
        (
            "mobile_ion_spacing",
            "float64",
            "Å",
            True,
            "Shortest distance of two ions of the migrating element in the initial structure, an ion and its own "
            "images left out; null where the cell holds one such ion.",
        ),
        (
            "mobile_ion_approach",
            "float64",
            "Å",
            True,
            "How near the straight hop, five images with both ends, comes to another ion of the migrating element, the "
            "ion's own images left out; null where the cell holds one such ion.",
        ),
    ),
)

_LABEL_SUSPECT = (
    "independent potentials of at least two families are on one side of the label, each more than 0.7 eV from it; they "
    "differ from each other by less than 0.6 of the smaller of their differences from it; no family is within 0.7 eV"
)


def _reworded(flag: Flag) -> Flag:
    """Return a flag of 1.0.0 as 1.1.0 describes it."""
    if flag.name == "elements_misplaced":
        return replace(flag, description=f"{flag.description} Loaded like any other, scored in no protocol.")
    return replace(flag, rule=_LABEL_SUSPECT) if flag.name == "label_suspect" else flag


REVISED_FLAGS: tuple[Flag, ...] = (
    *map(_reworded, FIRST_FLAGS),
    Flag(
        name="concerted_hop_possible",
        description="Another ion of the migrating element stands in the way of the hop, and may have to move along.",
        rule="mobile_ion_approach is less than 0.8 times mobile_ion_spacing: below what an ion passes the third corner "
        "of an equilateral triangle of its sites at (0.87), so that the ions come nearer than the crystal holds them",
    ),
    Flag(
        name="cell_changes",
        description="The cell of the released final structure is another one: the hop is not that of a fixed cell.",
        rule="final structure released, and a principal stretch between the cells differs from 1 by more than 0.001",
    ),
)

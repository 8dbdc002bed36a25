"""The columns and flags of the oxygen vacancies: a second set of DFT barriers, of anions, to test transfer on.

What both datasets have is called the same and means the same, so that models and features read either.
"""

from __future__ import annotations

from embench.schema.spec import Column, Flag, section

# name, dtype, unit, nullable, description
OXYGEN_COLUMNS: tuple[Column, ...] = (
    *section(
        "Identity and target",
        ("entry_id", "string", None, False, "Key of the entry: material and the two sites, as the source names them."),
        (
            "migration_barrier",
            "float64",
            "eV",
            False,
            "The target: the highest energy of the five images minus that of the initial state, from DFT-NEB.",
        ),
        (
            "reverse_barrier",
            "float64",
            "eV",
            False,
            "The highest energy of the five images minus that of the final state.",
        ),
        (
            "image_energies",
            "float64[5]",
            "eV",
            False,
            "Energies of the five images along the hop, relative to the first one.",
        ),
        ("source_split", "string", None, False, "Side of the first of the source's own folds: train or test."),
    ),
    *section(
        "Labels",
        ("formula", "string", None, False, "Reduced formula of the host, the metals first."),
        (
            "structure_class",
            "string",
            None,
            False,
            "Anonymous formula of the host, such as ABC3 of a perovskite: the family by stoichiometry.",
        ),
        ("material_id", "string", None, False, "Identifier of the host in the Materials Project."),
        (
            "functional",
            "string",
            None,
            False,
            "Assumed, as the release does not name it: GGA, so that features which ask for a functional have one.",
        ),
        (
            "pathway",
            "string",
            None,
            False,
            "The two sites of the host that the vacancy moves between, in its order.",
        ),
    ),
    *section(
        "Structure",
        ("lattice", "float64[3,3]", "Å", False, "Lattice vectors of the supercell as rows."),
        ("atomic_numbers", "int16[n]", None, False, "Atomic number of each site; site 0, an oxygen, migrates."),
        (
            "frac_coords",
            "float64[n,3]",
            None,
            False,
            "Fractional coordinates of the initial state: the pristine host without the site that is vacant.",
        ),
        (
            "path_end",
            "float64[3]",
            None,
            False,
            "Fractional coordinates of the vacant site, where the hop ends, unwrapped: path_end - frac_coords[0] is "
            "the hop as released. The released images are evenly spaced on the straight line to it.",
        ),
    ),
    *section(
        "Pathway",
        ("mobile_ion", "string", None, False, "Element of the migrating ion: O."),
        ("mobile_ion_charge", "int16", "e", False, "Formal charge of the migrating ion: -2."),
        ("n_sites", "int16", None, False, "Number of sites, the vacant one not counted."),
        ("n_mobile_ions", "int16", None, False, "Number of sites that hold oxygen."),
        (
            "concentration_limit",
            "string",
            None,
            False,
            "vacancy: the migrating ion hops among others of its element, as in the default dataset.",
        ),
        ("n_pathways", "int16", None, False, "Number of entries of the dataset in the same material."),
        ("hop_distance", "float64", "Å", False, "Length of the hop as released."),
        ("hop_distance_minimum_image", "float64", "Å", False, "Length of the shortest periodic image of the hop."),
        (
            "straight_line_minimum_distance",
            "float64",
            "Å",
            False,
            "Shortest distance between the migrating ion and any other atom over the five released images.",
        ),
    ),
    *section(
        "Groups",
        (
            "group_duplicate",
            "string",
            None,
            False,
            "Same material and a hop that a symmetry operation of the pristine host maps onto this one, in the same "
            "direction.",
        ),
        ("group_structure", "string", None, False, "Same material: the hops start from vacancies of one host."),
        ("group_host", "string", None, False, "Same material; no two of them share a reduced formula."),
        ("group_prototype", "string", None, False, "Same space group and anonymous formula of the host."),
    ),
    *section("Flags", ("flags", "string[n]", None, False, "Peculiarities of the entry, each documented below.")),
)

OXYGEN_FLAGS: tuple[Flag, ...] = (
    Flag(
        name="end_is_maximum",
        description="No saddle lies between the ends: the highest of the five images is an end of the hop.",
        rule="the largest of image_energies is the first or the last",
        from_target=True,
    ),
    Flag(
        name="ends_apart",
        description="The two ends of the hop have clearly different energies.",
        rule="the first and the last of image_energies differ by more than 0.5 eV",
        from_target=True,
    ),
    Flag(
        name="image_below_ends",
        description="An image lies in a well below both ends: the ends are not the lowest states of the path.",
        rule="an inner one of image_energies is more than 0.05 eV below both ends",
        from_target=True,
    ),
    Flag(
        name="path_clash",
        description="The straight line runs into another atom; the real path must bend.",
        rule="one of the five released images lies within 1.0 Å of another atom",
    ),
    Flag(
        name="duplicate",
        description="Another entry is the same hop by symmetry of the host.",
        rule="group_duplicate has more than one member",
    ),
    Flag(
        name="label_conflict",
        description="A duplicate of this entry carries a clearly different barrier.",
        rule="the barriers within group_duplicate differ by more than 0.05 eV",
        from_target=True,
    ),
)

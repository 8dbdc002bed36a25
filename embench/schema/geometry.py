"""The columns that hold the structure and describe the pathway."""

from __future__ import annotations

from embench.schema.spec import Column, section

# name, dtype, unit, nullable, description
GEOMETRY: tuple[Column, ...] = (
    *section(
        "Structure",
        ("formula", "string", None, False, "Composition of the initial structure, counted from its sites."),
        ("lattice", "float64[3,3]", "Å", False, "Lattice vectors as rows."),
        (
            "atomic_numbers",
            "int16[n]",
            None,
            False,
            "Atomic number of each site of the initial structure; site 0 migrates.",
        ),
        ("frac_coords", "float64[n,3]", None, False, "Fractional coordinates of the initial structure."),
        (
            "path_end",
            "float64[3]",
            None,
            False,
            "Fractional coordinates of the migrating ion at the end of the hop, unwrapped: path_end - frac_coords[0] "
            "is the hop as released.",
        ),
        (
            "final_lattice",
            "float64[3,3]",
            "Å",
            True,
            "Lattice of the final structure; null where not released.",
        ),
        (
            "final_frac_coords",
            "float64[n,3]",
            None,
            True,
            "Fractional coordinates of the final structure, sites in the order of the initial one; null where not "
            "released.",
        ),
    ),
    *section(
        "Pathway",
        ("mobile_ion", "string", None, False, "Element of the migrating ion."),
        (
            "mobile_ion_charge",
            "int16",
            "e",
            False,
            "Formal charge of the migrating ion: the one common oxidation state of its element.",
        ),
        ("n_sites", "int16", None, False, "Number of sites of the initial structure."),
        (
            "n_mobile_ions",
            "int16",
            None,
            False,
            "Number of sites that hold the element of the migrating ion.",
        ),
        (
            "concentration_limit",
            "string",
            None,
            False,
            "dilute: the migrating ion is the only one of its element in the cell; vacancy: it hops among others.",
        ),
        ("n_pathways", "int16", None, False, "Number of entries of the dataset with the same structure."),
        ("hop_distance", "float64", "Å", False, "Length of the hop as released."),
        (
            "hop_distance_minimum_image",
            "float64",
            "Å",
            False,
            "Length of the shortest periodic image of the hop.",
        ),
        (
            "endpoints_equivalent",
            "bool",
            None,
            True,
            "Whether a symmetry operation maps the initial state onto the same structure with the ion moved to the end "
            "of the hop, other ions of its element included: both ends then have the same energy, and the barrier is "
            "the same both ways. True where endpoints_deviation is at most 0.5 Å, as far as hosts relax around the "
            "ion; null for corrupt structures.",
        ),
        (
            "endpoints_deviation",
            "float64",
            "Å",
            True,
            "Largest distance by which a site misses its image under the operation that maps the initial state best "
            "onto the one with the ion moved; 0 for exact symmetry, null where no operation brings every site within "
            "1 Å of its image, and for corrupt structures.",
        ),
        (
            "path_symmetric",
            "bool",
            None,
            True,
            "Whether such an operation also turns the hop round, so that the energy profile is symmetric about its "
            "middle and half a band is enough; same tolerance; null for corrupt structures.",
        ),
        (
            "coordination_initial",
            "int16",
            None,
            False,
            "Number of anions that coordinate the migrating ion at the start: those within 1.3 times the sum of the "
            "Shannon radii, where the density of anions around the ends is lowest.",
        ),
        (
            "coordination_final",
            "int16",
            None,
            False,
            "Number of anions that coordinate the migrating ion at the end, counted likewise.",
        ),
        (
            "effective_coordination_initial",
            "float64",
            None,
            False,
            "Effective coordination number of Hoppe at the start: every anion counts by its distance, no cutoff.",
        ),
        (
            "effective_coordination_final",
            "float64",
            None,
            False,
            "Effective coordination number of Hoppe at the end.",
        ),
        (
            "nearest_anion_initial",
            "float64",
            "Å",
            False,
            "Distance to the nearest anion at the start. Anions are the non-metals that no more electronegative "
            "non-metal is bonded to.",
        ),
        ("nearest_anion_final", "float64", "Å", False, "Distance to the nearest anion at the end."),
    ),
    *section(
        "Straight line between the ends (unrelaxed)",
        (
            "straight_line_minimum_distance",
            "float64",
            "Å",
            False,
            "Shortest distance between the migrating ion and any other atom over the five released images.",
        ),
        (
            "straight_line_nearest_element",
            "string",
            None,
            False,
            "Element of the atom at that shortest distance; the first in the alphabet of those within 0.001 Å of it.",
        ),
        (
            "straight_line_bottleneck_anion",
            "float64",
            "Å",
            False,
            "Shortest distance between the line and an anion, exact and not sampled.",
        ),
        (
            "straight_line_bottleneck_position",
            "float64",
            None,
            False,
            "Where along the line that anion bottleneck lies: 0 the start, 1 the end; the first of several within "
            "0.001 Å.",
        ),
        (
            "straight_line_free_radius",
            "float64",
            "Å",
            False,
            "Radius of the largest sphere that passes along the line between anions with their Shannon radii; below "
            "zero where the line enters an anion.",
        ),
        (
            "straight_line_bottleneck_cation",
            "float64",
            "Å",
            True,
            "Shortest distance between the line and a framework atom that is no anion; null without such atoms.",
        ),
        (
            "straight_line_bottleneck_mobile",
            "float64",
            "Å",
            False,
            "Shortest distance between the line and another ion of the migrating element; the periodic images of the "
            "ion, which move with it, count as well.",
        ),
        (
            "straight_line_coordination_midpoint",
            "int16",
            None,
            False,
            "Number of anions that coordinate the ion half way, counted as at the ends.",
        ),
        (
            "straight_line_effective_coordination_midpoint",
            "float64",
            None,
            False,
            "Effective coordination number of Hoppe half way.",
        ),
    ),
)

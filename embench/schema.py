"""The columns of the dataset and its flags: the one place that names, types and describes them.

The Parquet schema, the features on the hub, the tables of the card and the documentation are derived from
:data:`COLUMNS` and :data:`FLAGS`. Adding a column is one entry here and one value in the curation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION
from embench.errors import UnknownNameError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the dataset.

    ``dtype`` is a scalar (``string``, ``float64``, ``int16``, ``bool``) or a scalar with a shape in brackets, where
    ``n`` is the number of sites of the entry: ``float64[n,3]``. ``unit`` is None for what has none.
    """

    name: str
    dtype: str
    section: str
    description: str
    unit: str | None = None
    nullable: bool = False

    @property
    def scalar(self) -> str:
        """The type of one element, without the shape."""
        return self.dtype.partition("[")[0]

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of one value: ``()`` for a scalar, None for the number of sites."""
        inside = self.dtype.partition("[")[2].rstrip("]")
        return tuple(None if size == "n" else int(size) for size in inside.split(",") if size)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """One documented peculiarity of an entry; `rule` says when the curation sets it.

    `from_target` marks the flags whose rule looks at the target: they are hidden together with it.
    """

    name: str
    description: str
    rule: str
    from_target: bool = False


def _section(section: str, *columns: tuple[str, str, str | None, bool, str]) -> tuple[Column, ...]:
    return tuple(
        Column(name=name, dtype=dtype, unit=unit, nullable=nullable, description=text, section=section)
        for name, dtype, unit, nullable, text in columns
    )


# name, dtype, unit, nullable, description
COLUMNS: tuple[Column, ...] = (
    *_section(
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
    *_section(
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
    *_section(
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
    *_section(
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
    *_section(
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
    *_section(
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
    *_section(
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
    *_section("Flags", ("flags", "string[n]", None, False, "Peculiarities of the entry, each documented below.")),
)

FLAGS: tuple[Flag, ...] = (
    Flag(
        name="structure_corrupt",
        description="The released structure is damaged: atoms overlap. Loaded like any other, scored in no protocol.",
        rule="two sites of the initial structure are less than 0.5 Å apart",
    ),
    Flag(
        name="path_not_minimum_image",
        description="The released band is longer than the shortest periodic image of its hop.",
        rule="hop_distance exceeds hop_distance_minimum_image by more than 0.01 Å",
    ),
    Flag(
        name="path_clash",
        description="The straight line runs into another atom; the real path must bend.",
        rule="one of the five released images lies within 1.0 Å of another atom",
    ),
    Flag(
        name="path_through_metal_site",
        description="The straight line runs through a site that a framework metal occupies.",
        rule="one of the five released images lies within 0.5 Å of a framework metal, and the band is the shortest "
        "image of its hop (not path_not_minimum_image)",
    ),
    Flag(
        name="duplicate",
        description="Another entry has the same structure and a symmetry-equivalent hop.",
        rule="group_duplicate has more than one member",
    ),
    Flag(
        name="label_conflict",
        description="A duplicate of this entry carries a clearly different barrier.",
        rule="the barriers within group_duplicate differ by more than 0.05 eV",
        from_target=True,
    ),
    Flag(
        name="outlier",
        description="The barrier lies far outside the bulk of the distribution.",
        rule="migration_barrier above the third quartile of the published training part plus 3 interquartile ranges "
        "(Tukey's outer fence: 3.19 eV)",
        from_target=True,
    ),
    Flag(
        name="suspect_endpoints",
        description="An end of the hop is no plausible site of the migrating ion.",
        rule="at an end of the hop an anion is nearer than 0.8 times the sum of its Shannon radius and that of the "
        "migrating ion for the lowest coordination number listed, or any other atom is nearer than 2.0 Å",
    ),
    Flag(
        name="final_framework_differs",
        description="The framework relaxes between the ends: a band built from the initial structure drops this.",
        rule="final structure released and a site other than the migrating ion displaced by more than 0.1 Å, a common "
        "shift and strain taken out, sites of one element matched",
    ),
    Flag(
        name="label_suspect",
        description="Independent potentials agree with each other and not with the label.",
        rule="to be set by the label audit",
        from_target=True,
    ),
)

_BY_NAME = {column.name: column for column in COLUMNS}
_FLAG_NAMES = tuple(flag.name for flag in FLAGS)


def column(name: str) -> Column:
    """Return the column called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownNameError("column", name, _BY_NAME) from None


def check_flags(names: list[str] | tuple[str, ...]) -> None:
    """Raise :class:`~embench.errors.UnknownNameError` for the first name that is no documented flag."""
    for name in names:
        if name not in _FLAG_NAMES:
            raise UnknownNameError("flag", name, _FLAG_NAMES)


def arrow_schema(*, version: str = DATASET_VERSION) -> pa.Schema:
    """Return the Arrow schema of the Parquet files.

    Units and descriptions are in the metadata of the fields, the dataset version in the metadata of the schema.
    """
    import pyarrow as pa

    fields = []
    for spec in COLUMNS:
        metadata = {"description": spec.description} | ({"unit": spec.unit} if spec.unit else {})
        fields.append(pa.field(spec.name, _arrow_type(spec), nullable=spec.nullable, metadata=metadata))
    return pa.schema(fields, metadata={"embench.dataset_version": version})


def _arrow_type(spec: Column) -> pa.DataType:
    import pyarrow as pa

    scalars = {"string": pa.string(), "float64": pa.float64(), "int16": pa.int16(), "bool": pa.bool_()}
    arrow = scalars[spec.scalar]
    for _ in spec.shape:
        # Lists of variable length throughout: every reader of Parquet understands them, fixed-size lists not.
        arrow = pa.list_(arrow)
    return arrow

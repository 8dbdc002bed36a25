"""What a column and a flag of the dataset are."""

from __future__ import annotations

from dataclasses import dataclass

from embench.errors import UnknownNameError

TARGET = "migration_barrier"


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


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What one dataset of embench consists of.

    `resource` is the folder that ships with embench (:func:`embench.common.shipped.resource_folder`), `parts` the names
    of its Parquet files in the order of their rows, `version` that of the dataset, and `noun` what an entry of it is.
    `telling` are the columns that are hidden where the target is: the target, and those that it can be read from.

    A later version of a dataset is stored as what differs from its `base`: a file of the shipped folder ``versions``
    with the columns that it adds and the flags that come and go, see :class:`embench.dataset.overlay.Overlay`. The
    flags of `unscored` keep an entry out of every protocol but the published one. `current` is the version that is
    loaded by default.
    """

    name: str
    title: str
    noun: str
    resource: str
    version: str
    parts: tuple[str, ...]
    columns: tuple[Column, ...]
    flags: tuple[Flag, ...]
    telling: tuple[str, ...] = (TARGET,)
    unscored: tuple[str, ...] = ("structure_corrupt",)
    base: Layout | None = None
    current: bool = True

    @property
    def key(self) -> str:
        """The name that :func:`embench.schema.layout` finds this version by: ``default``, or ``default@1.0.0``."""
        return self.name if self.current else f"{self.name}@{self.version}"

    @property
    def on_hub(self) -> str:
        """The resource whose digests are those of the files on the hub: there, a later version is stored in full."""
        return self.resource if self.base is None else "hub"

    @property
    def overlay(self) -> str:
        """The name of the file with what a later version adds to its base."""
        return f"{self.name}-{self.version}.parquet"

    @property
    def own_columns(self) -> tuple[Column, ...]:
        """The columns that the base does not have; of a version without a base none."""
        known = set() if self.base is None else {spec.name for spec in self.base.columns}
        return tuple(spec for spec in self.columns if self.base is not None and spec.name not in known)

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of the parts without their ending: ``train`` and ``test``, or one name for all entries."""
        return tuple(part.partition(".")[0] for part in self.parts)

    def column(self, name: str) -> Column:
        """Return the column called `name`; raises :class:`~embench.errors.UnknownNameError`."""
        for spec in self.columns:
            if spec.name == name:
                return spec
        raise UnknownNameError("column", name, [spec.name for spec in self.columns])


def section(title: str, *columns: tuple[str, str, str | None, bool, str]) -> tuple[Column, ...]:
    """Return the columns of one section, each given as name, dtype, unit, nullable, description."""
    return tuple(
        Column(name=name, dtype=dtype, unit=unit, nullable=nullable, description=text, section=title)
        for name, dtype, unit, nullable, text in columns
    )


FIRST_FLAGS: tuple[Flag, ...] = (
    Flag(
        name="structure_corrupt",
        description="The released structure is damaged: atoms overlap. Loaded like any other, scored in no protocol.",
        rule="two sites of the initial structure are less than 0.5 Å apart",
    ),
    Flag(
        name="elements_misplaced",
        description="The elements of the released structure do not belong to the sites that they are listed with.",
        rule="a polyanion centre has its nearest anion more than 1.1 times as far as the median site of its element",
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

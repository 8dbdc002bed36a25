"""The columns of the datasets and their flags: the one place that names, types and describes them.

The Parquet schema, the features on the hub, the tables of the card and the documentation are derived from
:data:`COLUMNS` and :data:`FLAGS`. Adding a column is one entry here and one value in the curation. :data:`LAYOUTS`
holds every dataset that embench ships: the barriers of cations, and those of oxygen vacancies with their own columns.
:data:`EARLIER` holds the versions before these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION, FIRST_VERSION, OXYGEN_VERSION
from embench.errors import UnknownNameError
from embench.schema.geometry import GEOMETRY
from embench.schema.labels import GROUPS, LABELS
from embench.schema.oxygen import OXYGEN_COLUMNS, OXYGEN_FLAGS
from embench.schema.spec import FIRST_FLAGS, TARGET, Column, Flag, Layout
from embench.schema.versions import FLAG_CHANGES, REVISED_COLUMNS, REVISED_FLAGS

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "COLUMNS",
    "DEFAULT",
    "EARLIER",
    "FIRST",
    "FLAGS",
    "FLAG_CHANGES",
    "LAYOUTS",
    "OXYGEN",
    "Column",
    "Flag",
    "Layout",
    "arrow_schema",
    "check_flags",
    "column",
    "layout",
    "overlay_schema",
]

# In the order of the Parquet files.
COLUMNS: tuple[Column, ...] = (*LABELS, *GEOMETRY, *REVISED_COLUMNS, *GROUPS)
FLAGS: tuple[Flag, ...] = REVISED_FLAGS

FIRST = Layout(
    name="default",
    title="Ionic migration barriers",
    noun="a hop of a cation",
    resource="dataset",
    version=FIRST_VERSION,
    parts=("train.parquet", "test.parquet"),
    columns=(*LABELS, *GEOMETRY, *GROUPS),
    flags=FIRST_FLAGS,
    current=False,
)
DEFAULT = replace(
    FIRST,
    version=DATASET_VERSION,
    columns=COLUMNS,
    flags=FLAGS,
    unscored=("structure_corrupt", "elements_misplaced"),
    base=FIRST,
    current=True,
)
OXYGEN = Layout(
    name="oxygen-vacancies",
    title="Migration barriers of oxygen vacancies",
    noun="a hop of an oxygen ion into a vacancy",
    resource="oxygen-vacancies",
    version=OXYGEN_VERSION,
    parts=("hops.parquet",),
    columns=OXYGEN_COLUMNS,
    flags=OXYGEN_FLAGS,
    telling=(TARGET, "reverse_barrier", "image_energies"),
)
LAYOUTS: tuple[Layout, ...] = (DEFAULT, OXYGEN)

EARLIER: tuple[Layout, ...] = (FIRST,)
"""Versions that are loaded by their number only; :data:`LAYOUTS` are those that are loaded by default."""

_BY_NAME = {column.name: column for column in COLUMNS}


def column(name: str) -> Column:
    """Return the column called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownNameError("column", name, _BY_NAME) from None


def layout(name: str, version: str | None = None) -> Layout:
    """Return the layout of the dataset called `name`, in a `version` of it or in the one that is loaded by default.

    The version may also stand in the name, as in ``default@1.0.0``, which is what :attr:`Layout.key` gives.

    Raises :class:`~embench.errors.UnknownNameError` for a dataset or a version of it that there is none of.
    """
    called, _, told = name.partition("@")
    wanted = version or told or None
    found = [one for one in (*LAYOUTS, *EARLIER) if one.name == called]
    if not found:
        raise UnknownNameError("dataset", called, [one.name for one in LAYOUTS])
    for one in found:
        if wanted in (None, one.version):
            return one
    versions = [one.version for one in found]
    raise UnknownNameError(
        f"version of the dataset {called},", str(wanted), versions, way_out=f"; known: {', '.join(versions)}"
    )


def check_flags(names: list[str] | tuple[str, ...], *, of: Layout = DEFAULT) -> None:
    """Raise :class:`~embench.errors.UnknownNameError` for the first name that is no documented flag of the dataset."""
    known = [flag.name for flag in of.flags]
    for name in names:
        if name not in known:
            raise UnknownNameError("flag", name, known)


def arrow_schema(*, version: str | None = None, of: Layout = DEFAULT) -> pa.Schema:
    """Return the Arrow schema of the Parquet files of a dataset; `version` is that of its layout by default.

    Units and descriptions are in the metadata of the fields, the dataset version in the metadata of the schema.
    """
    import pyarrow as pa

    fields = []
    for spec in of.columns:
        metadata = {"description": spec.description} | ({"unit": spec.unit} if spec.unit else {})
        fields.append(pa.field(spec.name, _arrow_type(spec), nullable=spec.nullable, metadata=metadata))
    return pa.schema(fields, metadata={"embench.dataset_version": version or of.version})


def overlay_schema(of: Layout) -> pa.Schema:
    """Return the schema of the file that stores a later version: the key, its own columns, the flags that change."""
    import pyarrow as pa

    every = arrow_schema(of=of)
    # Without their descriptions: words may be bettered, the file of a version never changes.
    own = [every.field(name).remove_metadata() for name in ("entry_id", *(spec.name for spec in of.own_columns))]
    changes = [pa.field(name, every.field("flags").type, nullable=False) for name in FLAG_CHANGES]
    return pa.schema([*own, *changes], metadata=every.metadata)


def _arrow_type(spec: Column) -> pa.DataType:
    import pyarrow as pa

    scalars = {"string": pa.string(), "float64": pa.float64(), "int16": pa.int16(), "bool": pa.bool_()}
    arrow = scalars[spec.scalar]
    for _ in spec.shape:
        # Lists of variable length throughout: every reader of Parquet understands them, fixed-size lists not.
        arrow = pa.list_(arrow)
    return arrow

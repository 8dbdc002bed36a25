"""The columns of the dataset and its flags: the one place that names, types and describes them.

The Parquet schema, the features on the hub, the tables of the card and the documentation are derived from
:data:`COLUMNS` and :data:`FLAGS`. Adding a column is one entry here and one value in the curation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION
from embench.errors import UnknownNameError
from embench.schema.geometry import GEOMETRY
from embench.schema.labels import GROUPS, LABELS
from embench.schema.spec import FLAGS, Column, Flag

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "FLAGS", "Column", "Flag", "arrow_schema", "check_flags", "column"]

# In the order of the Parquet files.
COLUMNS: tuple[Column, ...] = (*LABELS, *GEOMETRY, *GROUPS)

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

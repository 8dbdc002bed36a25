"""What a barrier that somebody offers for the dataset must come with: the columns of the dataset, and some more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from embench.schema import column

DEFINITIONS = ("max-minus-start", "max-minus-min")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a contribution; `own` is True where the dataset has no column of this name."""

    name: str
    dtype: str
    needed: bool
    description: str
    unit: str | None = None
    own: bool = False


def _of_schema(name: str, *, needed: bool) -> Field:
    spec = column(name)
    return Field(name=name, dtype=spec.dtype, needed=needed, description=spec.description, unit=spec.unit)


FIELDS: tuple[Field, ...] = (
    _of_schema("entry_id", needed=True),
    _of_schema("migration_barrier", needed=True),
    Field(
        name="barrier_definition",
        dtype="string",
        needed=True,
        own=True,
        description=f"How the barrier is defined: {DEFINITIONS[0]}, which is what the dataset holds, or "
        f"{DEFINITIONS[1]}, where that is all there is.",
    ),
    _of_schema("mobile_ion", needed=True),
    _of_schema("lattice", needed=True),
    _of_schema("atomic_numbers", needed=True),
    _of_schema("frac_coords", needed=True),
    _of_schema("path_end", needed=True),
    _of_schema("functional", needed=True),
    Field(
        name="hubbard_u_values",
        dtype="string",
        needed=False,
        own=True,
        description="Elements with a U and its value in eV, such as Fe 4.0, Mn 3.9; needed with GGA+U.",
    ),
    _of_schema("citation", needed=True),
    Field(
        name="licence",
        dtype="string",
        needed=True,
        own=True,
        description="Licence under which the barrier and the structure may be given on, such as MIT or CC BY 4.0.",
    ),
    Field(
        name="image_energies",
        dtype="float64[n]",
        needed=False,
        own=True,
        unit="eV",
        description="Energies of the images along the path, both ends included; the barrier must follow from them.",
    ),
    Field(
        name="n_images",
        dtype="int16",
        needed=False,
        own=True,
        description="Number of images of the NEB calculation, both ends included.",
    ),
    Field(
        name="climbing_image",
        dtype="bool",
        needed=False,
        own=True,
        description="Whether the highest image climbed to the saddle point.",
    ),
    _of_schema("structure_class", needed=False),
    _of_schema("composition", needed=False),
    _of_schema("pathway", needed=False),
    _of_schema("final_lattice", needed=False),
    _of_schema("final_frac_coords", needed=False),
)


def fields_table(fields: Iterable[Field] = FIELDS) -> list[list[str]]:
    """Return the fields as rows for a table: name, type, unit, needed or not, and what it is."""
    return [
        [f"`{field.name}`", field.dtype, field.unit or "", "yes" if field.needed else "", field.description]
        for field in fields
    ]

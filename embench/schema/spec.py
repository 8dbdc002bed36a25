"""What a column and a flag of the dataset are."""

from __future__ import annotations

from dataclasses import dataclass


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


def section(title: str, *columns: tuple[str, str, str | None, bool, str]) -> tuple[Column, ...]:
    """Return the columns of one section, each given as name, dtype, unit, nullable, description."""
    return tuple(
        Column(name=name, dtype=dtype, unit=unit, nullable=nullable, description=text, section=title)
        for name, dtype, unit, nullable, text in columns
    )

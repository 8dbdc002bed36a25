"""Where the errors of a submission are: its MAE by structure class and ion, as a table read as a picture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, TypedDict

from embench.web.wording import number

if TYPE_CHECKING:
    from embench.schema.documents import EntryDocument

# The deepest shade begins at this multiple of the training median's error, as on the main page.
_DEEPEST = 1.3
_WITHOUT_REFERENCE = 0.5  # eV
# Smaller classes and ions are left out, as on the main page: one entry can change their figure.
_FEWEST = 10


class ErrorCell(TypedDict):
    """The MAE (eV) on a class and an ion, of `n` entries; `share` is how deep it is shaded, in percent."""

    text: str
    n: int
    share: int


class ErrorTable(TypedDict):
    """MAE by class (rows) and ion (columns), the most frequent first; None where there is no entry. `limit` in eV.

    `left_out` is how many entries are of a small class or a rare ion.
    """

    ions: list[str]
    rows: list[tuple[str, list[ErrorCell | None]]]
    limit: float
    left_out: int


def error_table(entries: Sequence[EntryDocument], reference: float | None) -> ErrorTable | None:
    """Return the MAE of a submission by structure class and migrating ion.

    `reference` is the MAE (eV) of the training median. None where fewer than two classes or ions have ten entries:
    their errors stand in the tables of groups.
    """
    errors: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for entry in entries:
        errors[entry["structure_class"], entry["mobile_ion"]].append(abs(entry["error"]))
    classes = _by_count([entry["structure_class"] for entry in entries])
    ions = _by_count([entry["mobile_ion"] for entry in entries])
    if min(len(classes), len(ions)) < 2:
        return None
    limit = round(_DEEPEST * (reference or _WITHOUT_REFERENCE), 2)
    rows = [(name, [_cell(errors.get((name, ion)), limit) for ion in ions]) for name in classes]
    shown = sum(cell["n"] for _, cells in rows for cell in cells if cell)
    return {"ions": ions, "rows": rows, "limit": limit, "left_out": len(entries) - shown}


def _by_count(values: Sequence[str]) -> list[str]:
    """Return the values that occur often enough, the most frequent first."""
    counted = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    return [value for value, n in counted if n >= _FEWEST]


def _cell(errors: Sequence[float] | None, limit: float) -> ErrorCell | None:
    if not errors:
        return None
    mae = fmean(errors)
    return {"text": number(mae, decimals=2), "n": len(errors), "share": round(100 * min(1.0, mae / limit))}

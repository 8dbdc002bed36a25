"""The bands of a potential as columns of its predictions file: written, read, and checked.

The columns are described in :data:`embench.schema.predicted.BAND_COLUMNS`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from embench.errors import PredictionsError
from embench.neb.failures import FAILURES as KINDS
from embench.schema.predicted import BAND_COLUMNS, CPU_SECONDS, ENERGIES, FAILURES, MAX_MINUS_START

UNKNOWN = "-"
DECIMALS = 6
# eV: energies are given to a meV or better, and a barrier is the difference of two.
TOLERANCE = 2e-3
MOST_IMAGES = 99
_NAMES = frozenset(kind.name for kind in KINDS)


@dataclass(frozen=True, kw_only=True)
class BandRow:
    """One line of a predictions file; what the file does not tell is None.

    `energies` are those of all images above the first one, eV, None for an image that is not known; `failures` are
    names of :data:`embench.neb.failures.FAILURES`; `where` is the line, for messages.
    """

    entry_id: str
    prediction: float
    where: str = ""
    max_minus_start: float | None = None
    energies: tuple[float | None, ...] | None = None
    failures: tuple[str, ...] | None = None
    cpu_seconds: float | None = None

    @property
    def known(self) -> tuple[float, ...]:
        """The energies that are known, in the order of the images, eV."""
        return tuple(each for each in self.energies or () if each is not None)


def bands_csv(rows: Iterable[BandRow]) -> str:
    """Return the text of a predictions file; a column that no row has a value for is left out."""
    lines = [_cells(row) for row in rows]
    used = [name for name in BAND_COLUMNS if any(cells[name] is not None for cells in lines)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["entry_id", "prediction", *used])
    for cells in lines:
        writer.writerow([cells["entry_id"], cells["prediction"], *("" if cells[n] is None else cells[n] for n in used)])
    return buffer.getvalue()


def _cells(row: BandRow) -> dict[str, str | None]:
    return {
        "entry_id": row.entry_id,
        "prediction": f"{row.prediction:.{DECIMALS}f}",
        MAX_MINUS_START: None if row.max_minus_start is None else f"{row.max_minus_start:.{DECIMALS}f}",
        ENERGIES: energies_cell(row.energies) if row.energies else None,
        FAILURES: None if row.failures is None else " ".join(row.failures),
        CPU_SECONDS: None if row.cpu_seconds is None else f"{row.cpu_seconds:.1f}",
    }


def energies_cell(energies: Sequence[float | None]) -> str:
    """Return energies above the first image, eV, as one cell."""
    return " ".join(UNKNOWN if each is None else f"{each + 0.0:.{DECIMALS}f}" for each in energies)


def read_bands(content: bytes, *, name: str) -> tuple[BandRow, ...]:
    """Return the lines of a predictions file that was checked already; `name` is what it is called.

    Raises :class:`~embench.errors.PredictionsError`, which names file, line and column, for a cell that is not as
    :data:`~embench.schema.predicted.BAND_COLUMNS` says, and for energies that contradict the prediction.
    """
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return tuple(_read(row, f"{name}, line {reader.line_num}") for row in reader if any(row.values()))


def _read(row: dict[str, str], where: str) -> BandRow:
    def cell(column: str) -> str | None:
        value = row.get(column)
        return None if value is None else value.strip()

    found = BandRow(
        entry_id=row["entry_id"].strip(),
        prediction=float(row["prediction"]),
        where=where,
        max_minus_start=_number(cell(MAX_MINUS_START), where, MAX_MINUS_START),
        energies=_energies(cell(ENERGIES), where),
        failures=_failures(cell(FAILURES), where),
        cpu_seconds=_number(cell(CPU_SECONDS), where, CPU_SECONDS),
    )
    if found.cpu_seconds is not None and found.cpu_seconds < 0:
        raise PredictionsError(f"{where}, column {CPU_SECONDS}: {found.cpu_seconds:g} is negative")
    for problem in _contradictions(found):
        raise PredictionsError(f"{where}: {problem}")
    return found


def _contradictions(row: BandRow) -> Iterator[str]:
    if row.energies is None:
        return
    highest = max(row.known)
    span, above = highest - min(row.known), highest - row.known[0]
    complete = len(row.known) == len(row.energies)
    if complete and min(abs(row.prediction - span), abs(row.prediction - above)) > TOLERANCE:
        yield (
            f"the prediction is {row.prediction:g} eV, but the images span {span:g} eV and reach {above:g} eV above "
            "the first one; give the barrier of these energies"
        )
    if row.max_minus_start is not None and complete and abs(row.max_minus_start - above) > TOLERANCE:
        yield f"{MAX_MINUS_START} is {row.max_minus_start:g} eV, but the images reach {above:g} eV above the first one"


def _number(text: str | None, where: str, column: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PredictionsError(f"{where}, column {column}: {text!r} is no finite number; leave out what is not known")
    return value


def _energies(text: str | None, where: str) -> tuple[float | None, ...] | None:
    if not text:
        return None
    parts = text.split()
    values = tuple(None if part == UNKNOWN else _number(part, where, ENERGIES) for part in parts)
    if not 3 <= len(values) <= MOST_IMAGES or values[0] is None or values[-1] is None:
        raise PredictionsError(
            f"{where}, column {ENERGIES}: give the energies of 3 to {MOST_IMAGES} images, those of both ends at least"
        )
    if abs(values[0]) > TOLERANCE:
        raise PredictionsError(f"{where}, column {ENERGIES}: the first is {values[0]:g} eV; give all above the first")
    return values


def _failures(text: str | None, where: str) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(text.split())
    for each in names:
        if each not in _NAMES:
            raise PredictionsError(
                f"{where}, column {FAILURES}: {each!r} is no kind of failure; they are {', '.join(sorted(_NAMES))}"
            )
    return names


def above_first(energies: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return energies, eV, above the first of them, which must be known."""
    first = energies[0]
    assert first is not None, "the ends are always known"
    return tuple(None if each is None else each - first for each in energies)

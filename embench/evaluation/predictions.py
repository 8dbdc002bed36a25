"""Predictions: read from a file or from memory, checked, and matched to the entries that a protocol scores."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from embench.common.text import SHOWN, _shorten, listing, plural
from embench.errors import PredictionsError, did_you_mean, nearest_names
from embench.evaluation.predictions_files import read_rows, rows_of
from embench.evaluation.predictions_rows import Row, Table
from embench.evaluation.units import per_ev

# A path, a mapping entry_id -> eV, a table with the columns of a predictions file, or predictions that were read.
Source: TypeAlias = "str | Path | Mapping[str, float] | Predictions | Any"
LARGEST_EV = 1e6  # beyond it a value is no barrier whatever the unit, and its square overflows sooner or later
SMALLEST_UNCERTAINTY_EV = 1e-6
CENTRAL_95 = 1.959964  # standard deviations of a normal distribution on either side that hold 95 %
_LONGEST_ID = 200
_CALL = re.compile(r"[A-Za-z_][\w.]*\(.*\)", re.DOTALL)
_WITH_UNIT = re.compile(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?\s*[A-Za-z%/]+")


@dataclass(frozen=True)
class Predictions:
    """Checked predictions, in the order of their source.

    `values` are barriers (eV), `uncertainties` standard deviations (eV) or None. `sha256` is that of the file, or,
    for predictions from memory, of the file that :func:`canonical_csv` makes of them. `name` says where they are
    from. `warnings` are things that a person should look at. `unit` is what the source was said to be in, None where
    nothing was said. `plain` tells that the source is a file as a submission holds it: CSV, not compressed, in eV.
    """

    name: str
    entry_ids: tuple[str, ...]
    values: tuple[float, ...]
    uncertainties: tuple[float, ...] | None
    sha256: str
    warnings: tuple[str, ...] = ()
    unit: str | None = None
    plain: bool = False

    def __len__(self) -> int:
        return len(self.entry_ids)


def read_predictions(
    source: Source, *, known: Iterable[str], name: str | None = None, unit: str | None = None
) -> Predictions:
    """Read predictions and check each of them.

    Parameters
    ----------
    source
        Path of a file with the columns ``entry_id``, ``prediction`` (eV) and optionally ``uncertainty`` (one
        standard deviation, eV) or ``lower`` and ``upper`` (ends of a 95 % interval, eV), in a format of
        :func:`~embench.evaluation.predictions_files.read_rows`; a mapping from entry_id to eV; another object
        of :func:`~embench.evaluation.predictions_memory.rows_of_object`; or predictions that were read before.
    known
        The ids of all entries of the dataset.
    name
        What to call the predictions in results; by default the path or the type of `source`.
    unit
        The unit of the numbers, one of :data:`~embench.evaluation.units.PER_EV`; they are converted to eV. None for eV
        where nobody has said so: then numbers that cannot be eV are refused when they are scored.

    Raises
    ------
    PredictionsError
        With line numbers: for a file that is no such table, for unknown or repeated entries, and for values that
        are no finite numbers. Entries that are missing are found by the evaluation, which knows the protocol.
    UnknownNameError
        There is no such unit.
    """
    if isinstance(source, Predictions):
        return source if name is None else replace(source, name=name)
    names = tuple(known)
    table, called = _table(source, names)
    _one_run(table, called)
    return _checked(table, called, names, name=name or called, unit=unit)


def read_runs(
    source: Source, *, known: Iterable[str], name: str | None = None, unit: str | None = None
) -> tuple[Predictions, ...]:
    """Read predictions of one run or of several, which a column ``seed`` tells apart; one item a run, by its seed.

    For the parameters and errors see :func:`read_predictions`; the name of each of several runs ends in its seed.
    """
    if isinstance(source, Predictions):
        return (source if name is None else replace(source, name=name),)
    names = tuple(known)
    table, called = _table(source, names)
    seeds = _seeds(table, called)
    if len(seeds) < 2:
        return (_checked(table, called, names, name=name or called, unit=unit),)
    return tuple(
        _checked(
            replace(table, rows=[row for row in table.rows if _seed(row) == seed]),
            called,
            names,
            name=f"{name or called}, seed {seed}",
            unit=unit,
        )
        for seed in seeds
    )


def _table(source: Source, names: tuple[str, ...]) -> tuple[Table, str]:
    """Return the rows of a source, and what it is called."""
    if isinstance(source, str | Path):
        return read_rows(Path(source), most_rows=_most_rows(names)), str(source)
    from embench.evaluation.predictions_memory import rows_of_object

    return rows_of_object(source, known=frozenset(names), most_rows=_most_rows(names)), type(source).__name__


def _seed(row: Row) -> str:
    return "" if _is_blank(row.seed) else str(row.seed).strip()


def _seeds(table: Table, called: str) -> tuple[str, ...]:
    """Return the seeds of the runs in a table, in the order of their numbers; one, perhaps empty, where it has one."""
    found = dict.fromkeys(_seed(row) for row in table.rows)
    if "" in found and len(found) > 1:
        row = next(row for row in table.rows if not _seed(row))
        raise PredictionsError(f"{called}, {row.where}: the seed is empty; give one for every prediction or for none")
    return tuple(sorted(found, key=lambda seed: (len(seed), seed)))


def _one_run(table: Table, called: str) -> None:
    seeds = _seeds(table, called)
    if len(seeds) > 1:
        shown = ", ".join(seeds[:5]) + (", ..." if len(seeds) > 5 else "")
        raise PredictionsError(
            f"{called} holds {len(seeds)} runs (seed {shown}), and one is needed here: embench.evaluate and embench "
            "evaluate score several together; keep the rows of one seed"
        )


def parse_predictions(
    content: bytes, *, name: str, known: Iterable[str], unit: str | None = None, plain: bool = False
) -> Predictions:
    """Return the predictions in the `content` of a file that was read already; `name` is what it is called.

    With `plain`, only what a submission may hold is taken: CSV with commas, not compressed. Raises as
    :func:`read_predictions` does.
    """
    names = tuple(known)
    table = rows_of(name, content, most_rows=_most_rows(names))
    _one_run(table, name)
    if plain and not table.plain:
        raise PredictionsError(f"{name} must be plain CSV here: separated by commas and not compressed")
    return _checked(table, name, names, name=name, unit=unit)


def _most_rows(known: tuple[str, ...]) -> int:
    return max(10 * len(known), 1000)


def _checked(table: Table, called: str, known: tuple[str, ...], *, name: str, unit: str | None) -> Predictions:
    factor = 1.0 if unit is None else per_ev(unit)
    checked = _check_rows(called, table.rows, known)
    entry_ids = tuple(row.entry_id for row in table.rows)
    values = tuple(value / factor for value, _ in checked)
    spread = [sigma / factor for _, sigma in checked if sigma is not None]
    uncertainties = tuple(spread) if spread else None
    converted = [] if factor == 1.0 else [f"converted from {unit} to eV"]
    return Predictions(
        name=name,
        entry_ids=entry_ids,
        values=values,
        uncertainties=uncertainties,
        sha256=table.sha256 or hashlib.sha256(canonical_csv(entry_ids, values, uncertainties).encode()).hexdigest(),
        warnings=(*table.notes, *converted, *_notes_of_bounds(table.rows), *_warnings(values)),
        unit=unit,
        plain=table.plain and factor == 1.0,
    )


def canonical_csv(
    entry_ids: Iterable[str], values: Iterable[float], uncertainties: Iterable[float] | None = None
) -> str:
    """Return predictions as the text of a predictions file, sorted by entry_id."""
    columns = [entry_ids, values] + ([uncertainties] if uncertainties is not None else [])
    header = ",".join(("entry_id", "prediction", "uncertainty")[: len(columns)])
    lines = sorted(",".join(map(str, row)) for row in zip(*columns, strict=True))
    return "\n".join((header, *lines, ""))


def _check_rows(name: str, rows: list[Row], known: tuple[str, ...]) -> list[tuple[float, float | None]]:
    """Return value and uncertainty of each row; raises with all that is wrong in them."""
    entries, first_seen = frozenset(known), dict[str, str]()
    problems: list[str] = []
    checked: list[tuple[float, float | None]] = []
    with_spread = any(not _is_blank(row.uncertainty) for row in rows)
    # A standard deviation that is given counts; bounds do where there is none.
    with_bounds = not with_spread and any(not _is_blank(row.lower) or not _is_blank(row.upper) for row in rows)
    for row in rows:
        wrong = []
        if row.entry_id in first_seen:
            wrong.append(f"entry {_shorten(row.entry_id)} is there already, in {first_seen[row.entry_id]}")
        elif row.entry_id not in entries:
            # The search for similar names is slow, and only the first problems are shown.
            worth_it = len(problems) < SHOWN and len(row.entry_id) <= _LONGEST_ID
            near = nearest_names(row.entry_id, known) if worth_it else []
            wrong.append(f"unknown entry {_shorten(row.entry_id)}{did_you_mean(near)}")
        first_seen.setdefault(row.entry_id, row.where)
        value = sigma = math.nan
        try:
            value = parse_number(row.prediction)
        except ValueError as error:
            wrong.append(f"prediction {_shorten(row.prediction)} {error}")
        if with_spread:
            try:
                sigma = _parse_uncertainty(row.uncertainty)
            except ValueError as error:
                wrong.append(f"uncertainty {_shorten(row.uncertainty)} {error}")
        elif with_bounds:
            try:
                sigma = _from_bounds(row, value)
            except ValueError as error:
                wrong.append(str(error))
        problems.extend(f"{row.where}: {text}" for text in wrong)
        checked.append((value, sigma if with_spread or with_bounds else None))
    if problems:
        raise PredictionsError(listing(f"{name} cannot be scored, {plural(len(problems), 'problem')}", problems))
    return checked


def parse_number(raw: object) -> float:
    """Return a prediction (eV); raises ValueError with the reason, to follow the value in a message."""
    if isinstance(raw, bool):
        raise ValueError("is not a number")
    if isinstance(raw, str):
        value = _parse_text(raw)
    else:
        try:
            value = float(raw)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise ValueError("is not a number") from None
    if math.isnan(value):
        raise ValueError("is not a number; every entry needs a finite one (--fill-missing fills what is left out)")
    if math.isinf(value):
        raise ValueError("is infinite; every entry needs a finite number")
    if abs(value) > LARGEST_EV:
        raise ValueError("is beyond all barriers; give eV, or name the unit with --unit")
    return value


def _parse_text(raw: str) -> float:
    text = raw.strip()
    if not text:
        raise ValueError("is empty; every entry needs a number (--fill-missing fills entries that are left out)")
    try:
        # Python also takes 1_000 and digits of other scripts; in a file of numbers they are slips.
        if not text.isascii() or "_" in text:
            raise ValueError
        return float(text)
    except ValueError:
        raise ValueError(f"is not a number{_number_hint(text)}") from None


def _number_hint(text: str) -> str:
    """Return how to write what was probably meant as a number."""
    if _CALL.fullmatch(text):  # numpy 2 prints np.float64(1.0), torch tensor(1.)
        return f"; this is how Python shows an object: write float(x) ({text.partition('(')[0]} is its type)"
    if text[0] in "[(" and text[-1] in "])":
        return "; this is a list: write its number, float(x[0])"
    if _WITH_UNIT.fullmatch(text):
        return "; write the number alone, without a unit"
    return "; write decimals with a point" if "," in text else ""


def _parse_uncertainty(raw: object) -> float:
    if _is_blank(raw):
        raise ValueError("is empty; give one for every entry or for none")
    value = parse_number(raw)
    if value <= 0.0:
        raise ValueError("is not positive; give one standard deviation in eV")
    if value < SMALLEST_UNCERTAINTY_EV:
        raise ValueError(f"is below {SMALLEST_UNCERTAINTY_EV:g} eV; no prediction is that certain")
    return value


def _from_bounds(row: Row, value: float) -> float:
    """Return the standard deviation of a normal distribution whose central 95 % lie between the bounds."""
    ends = []
    for name, raw in (("lower", row.lower), ("upper", row.upper)):
        if _is_blank(raw):
            raise ValueError(f"{name} is empty; give both bounds for every entry or for none")
        try:
            ends.append(parse_number(raw))
        except ValueError as error:
            raise ValueError(f"{name} {_shorten(raw)} {error}") from None
    lower, upper = ends
    if not upper > lower:
        raise ValueError(f"the lower bound {lower:g} is not below the upper one {upper:g}")
    if not lower <= value <= upper and not math.isnan(value):
        raise ValueError(f"the prediction {value:g} lies outside of its bounds {lower:g} and {upper:g}")
    return max((upper - lower) / (2.0 * CENTRAL_95), SMALLEST_UNCERTAINTY_EV)


def _is_blank(raw: object) -> bool:
    """Return whether a cell holds nothing: tables in memory write None or NaN for that, files nothing."""
    return raw is None or (isinstance(raw, str) and not raw.strip()) or (isinstance(raw, float) and math.isnan(raw))


def _notes_of_bounds(rows: list[Row]) -> Iterable[str]:
    bounds = any(not _is_blank(row.lower) for row in rows)
    if bounds and any(not _is_blank(row.uncertainty) for row in rows):
        yield "the columns lower and upper are not read, as there is a column uncertainty"
    elif bounds:
        yield "lower and upper are read as the ends of a 95 % interval"


def _warnings(values: tuple[float, ...]) -> Iterable[str]:
    negative = sum(value < 0.0 for value in values)
    if negative:
        yield f"{plural(negative, 'negative prediction')}: a barrier is not negative"

"""The rows of predictions in JSON, and in JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from embench.errors import PredictionsError
from embench.evaluation.predictions_memory import rows_of_object
from embench.evaluation.predictions_rows import REQUIRED, Table

_FORMS = (
    'write {"<entry_id>": <eV>, ...}, [{"entry_id": ..., "prediction": ...}, ...], or one such object a line '
    "(JSON Lines)"
)


def rows_of_json(name: str, text: str, *, most_rows: int) -> Table:
    """Return the rows of a JSON document or of JSON Lines.

    Read are what :func:`~embench.evaluation.predictions_memory.rows_of_object` reads of mappings and lists, and what
    pandas writes with any ``orient`` that keeps the names.

    Raises :class:`~embench.errors.PredictionsError` with the line for text that is no JSON, for a key that is there
    twice, and for JSON that holds no predictions.
    """
    lines = text.splitlines()
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if len(filled) > 1 and all(line.strip()[0] == "{" and line.strip()[-1] == "}" for _, line in filled):
        if len(filled) > most_rows:
            raise PredictionsError(
                f"{name} has more than {most_rows} rows; a predictions file has one row for each scored entry"
            )
        content: Any = [_parse(name, line, number) for number, line in filled]
        places = [f"line {number}" for number, _ in filled]
    else:
        content, places = _parse(name, text, 1), []
    if isinstance(content, dict):
        content = _columns_of_pandas(content)
        if all(column in content for column in REQUIRED) and not isinstance(content["prediction"], list):
            content = [content]  # one line of JSON Lines
    elif not isinstance(content, list) or not all(isinstance(record, Mapping) for record in content):
        raise PredictionsError(f"{name} is JSON, but no table of predictions; {_FORMS}")
    try:
        table = rows_of_object(content, known=frozenset(), most_rows=most_rows)
    except PredictionsError as error:
        raise PredictionsError(f"{name}: {error}. In JSON: {_FORMS}") from None
    if places:
        table = replace(table, rows=[row._replace(where=w) for row, w in zip(table.rows, places, strict=True)])
    return table


def _columns_of_pandas(content: dict[str, Any]) -> dict[str, Any]:
    """Return columns as lists where they are mappings from a row number, as ``DataFrame.to_json`` writes them."""
    if not all(isinstance(content.get(column), dict) for column in REQUIRED):
        return content
    rows = list(content["entry_id"])
    if any(not isinstance(column, dict) or list(column) != rows for column in content.values()):
        return content
    return {name: list(column.values()) for name, column in content.items()}


def _parse(name: str, text: str, first_line: int) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise PredictionsError(f"{name}: the key {twice[:60]!r} is there twice; keep one")
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise PredictionsError(f"{name}, line {line}: not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets in brackets
        raise PredictionsError(f"{name}: not valid JSON for predictions: {str(error)[:100]}") from None

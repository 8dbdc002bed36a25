"""The errors of pydantic in words: the line, the field, the value, and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from embench.common.plain_yaml import Place
from embench.errors import did_you_mean, nearest_names

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

# What a text that does not fit its pattern should have been, by the last part of its place; a file name otherwise.
_PATTERNS = dict.fromkeys(("sha256", "digest"), "is no sha256: write 64 digits, 0 to 9 and a to f")
_FILE_NAME = "is no file name; use letters, digits, '.', '_' and '-', no folders, ending in .csv"
_KEY = "[key]"
_LAST = 1 << 30
_LONGEST_VALUE = 60
_TYPES = {
    "string_type": "must be text",
    "string_unicode": "holds half of a character (a surrogate); remove it",
    "int_type": "must be a whole number, without quotes, such as 4000000",
    "float_type": "must be a number, without quotes",
    "finite_number": "must be a finite number",
    "tuple_type": "must be a list: one item a line, each after '- '",
    "dict_type": "must be a mapping: one 'key: value' a line",
    "model_type": "must be a mapping: one 'key: value' a line",
    "bool_type": "must be true or false, without quotes",
}


def problems_of(error: ValidationError, lines: Mapping[Place, int], fields: Mapping[Place, Iterable[str]]) -> list[str]:
    """Return one sentence for each error, in the order of the lines.

    `fields` are the known fields of the submission and of the mappings in it, for suggestions.
    """
    found = [_problem(details, lines, fields) for details in error.errors(include_url=False)]
    return [text for _, text in sorted(found, key=lambda item: item[0])]


def _problem(
    details: ErrorDetails, lines: Mapping[Place, int], fields: Mapping[Place, Iterable[str]]
) -> tuple[int, str]:
    kind, value = details["type"], details["input"]
    place: Place = tuple(part for part in details["loc"] if part != _KEY)
    line = _line_of(place, lines)
    name = ".".join(str(part) for part in place) or "the document"
    if kind == "missing":
        return line or _LAST, f"{name} is missing; add it"
    start = f"line {line}: " if line else ""
    if kind == "extra_forbidden":
        near = nearest_names(str(place[-1]), fields.get(place[:-1], ()))
        way_out = did_you_mean(near) or f"; the fields are {', '.join(fields.get(place[:-1], ()))}"
        return line or 0, f"{start}unknown field {_shorten(name)}{way_out}"
    if kind == "value_error" and not place:  # concerns several fields, and names them
        return line or 0, str(details.get("ctx", {})["error"])
    return line or 0, f"{start}{_shorten(name)}: {_shorten(repr(value))} {_reason(kind, value, details)}"


def _reason(kind: str, value: Any, details: ErrorDetails) -> str:
    context: dict[str, Any] = details.get("ctx", {})
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "is not text here; write it in quotes"
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"is none of {', '.join(expected)}{did_you_mean(nearest_names(str(value), expected))}"
    if kind in ("string_too_short", "too_short"):
        return "is empty; fill it in, or leave the field out where it may be"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters; shorten it"
    if kind == "too_long":
        return f"has more than {context['max_length']} items"
    if kind in ("greater_than_equal", "less_than_equal", "less_than"):
        limit = context.get("ge", context.get("le", context.get("lt")))
        return f"is too {'small: the least is' if 'ge' in context else 'large: the limit is'} {limit:g}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(details["loc"][-1]), _FILE_NAME)
    return _TYPES.get(kind, f"is not right: {details['msg']}")


def _line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Return the line of a value, or of the nearest thing around it that has one."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return None


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."

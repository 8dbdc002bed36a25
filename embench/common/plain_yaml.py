"""YAML from and for strangers: mappings, lists and scalars only, with the line of every value.

Aliases, anchors, tags, several documents and deep nesting are refused while the text is parsed, before anything is
built from it. Scalars mean what they mean in YAML 1.2: ``no`` and ``2026-11-22`` are text. No loader of PyYAML does all
that or keeps the lines, so that its events are read here. :func:`dump` writes what :func:`parse` reads back as the same
values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import yaml

MOST_BYTES = 64 << 10
DEEPEST = 6

Place = tuple[str | int, ...]
"""The keys and positions that lead to a value."""

_CONSTANTS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_CONSTANTS_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_LONGEST_NUMBER = 40
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class PlainYaml(NamedTuple):
    """The value of a document, with tuples for lists, and the line on which each part of it begins."""

    value: Any
    lines: dict[Place, int]


class PlainYamlError(ValueError):
    """What is wrong with a document, and in which line (None where it concerns all of it)."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def parse(text: str) -> PlainYaml:
    """Return what the document `text` holds; raises :class:`PlainYamlError`."""
    import yaml

    try:
        _inspect(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not valid YAML"
        raise PlainYamlError(mark.line + 1 if mark else None, f"not valid YAML: {reason}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PlainYamlError(line, f"not valid YAML: the character U+{error.character:04X}") from None
    lines: dict[Place, int] = {}
    return PlainYaml(None if node is None else _build(node, (), lines), lines)


def dump(content: Mapping[str, Any]) -> str:
    """Return the text of a document, in the order of its keys; :func:`parse` gives `content` back, lists as tuples.

    PyYAML writes YAML 1.1: text such as ``1e5``, a number to :func:`parse` only, is put in quotes here, and nothing is
    written as an alias.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 – the name of the method that it replaces
            return True

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = None if _plain_value(text) == text else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    written: str = yaml.dump(dict(content), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    return written


def _inspect(text: str) -> None:
    """Refuse what no description needs; works on the stream of events, so nothing large is built."""
    import yaml

    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else None
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise PlainYamlError(line, "anchors (&) and aliases (*) are not allowed; write the value out, or in quotes")
        if tag is not None:
            raise PlainYamlError(line, f"tags such as {tag!r} are not allowed; write the value without")
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise PlainYamlError(line, "a second document begins; keep the first one only")
        if depth > DEEPEST:
            raise PlainYamlError(line, f"nested deeper than {DEEPEST} levels")


def _build(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Any:
    import yaml

    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return tuple(_build(item, (*place, index), lines) for index, item in enumerate(node.value))
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise PlainYamlError(line, "a key must be a word")
        key = str(key_node.value)
        if key in content:
            first = lines[(*place, key)]
            raise PlainYamlError(line, f"{key!r} is there already, in line {first}; keep one of them")
        lines[(*place, key)] = line
        content[key] = _build(value_node, (*place, key), lines)
    return content


def _scalar(node: yaml.Node) -> Any:
    """Return the value of a scalar: text where it is quoted, else what the core schema of YAML 1.2 makes of it."""
    text = str(node.value)
    return text if getattr(node, "style", None) is not None else _plain_value(text)


def _plain_value(text: str) -> Any:
    """Return what a scalar without quotes means."""
    if len(text) > _LONGEST_NUMBER:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text in _CONSTANTS_BOOLEAN:
        return _CONSTANTS_BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text.replace(".", ""))
    return text

"""The parts of the documentation that follow from the code: commands, public names, metrics, protocols, fields."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from embench.common.markdown import markdown_table

REPOSITORY = Path(__file__).parent.parent

# The modules of the reference, each with what it is for: their ``__all__``, or, where there is none, what they define.
MODULES = {
    "embench": "What most people need: `import embench`.",
    "embench.evaluation.evaluator": "What an evaluation holds.",
    "embench.evaluation.breakdown": "Scores of parts of the entries.",
    "embench.evaluation.comparison": "Two systems, pair by pair.",
    "embench.evaluation.ranking": "Several systems on one protocol.",
    "embench.evaluation.document": "An evaluation as plain data and as JSON.",
    "embench.splits": "Protocols and their folds.",
    "embench.metrics": "The registry of metrics.",
    "embench.statistics.intervals": "Intervals.",
    "embench.statistics.paired": "Paired tests and detectable differences.",
    "embench.statistics.ranking": "Ranks with intervals.",
    "embench.schema": "Columns and flags of the dataset.",
    "embench.schema.documents": "The types of the JSON documents.",
    "embench.pathways": "Paths that go round the atoms in the way.",
    "embench.hops": "What a hop is, for every tool that reads one.",
    "embench.migration": "The hops of a crystal, and the network that they form.",
    "embench.neb": "Barriers from any ASE calculator.",
    "embench.prediction": "Barriers of crystals of your own: `embench.predict` and its models.",
    "embench.prediction.documents": "The types of the JSON document of a prediction.",
    "embench.baselines.base": "What a baseline is.",
    "embench.baselines.registry": "The registry of baselines.",
    "embench.audit": "Duplicates and suspects among the labels.",
    "embench.errors": "What goes wrong, as the user reads it.",
}


def public_names(module: str) -> list[str]:
    """Return the public names of a module, in the order of its ``__all__`` or of its source."""
    loaded = importlib.import_module(module)
    if hasattr(loaded, "__all__"):
        return list(loaded.__all__)
    found = [
        (inspect.getsourcelines(value)[1], name)
        for name, value in vars(loaded).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module
    ]
    return [name for _, name in sorted(found)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts, each in one line."""
    return markdown_table(header, ([" ".join(cell.split()) for cell in row] for row in rows), left=header)


@lru_cache(maxsize=1)
def documented() -> dict[str, str]:
    """Return under which name each public name is described, both in full: the first, where it is passed on."""
    seen: dict[int, str] = {}
    found = {}
    for module in MODULES:
        for name in public_names(module):
            value = getattr(importlib.import_module(module), name)
            own = f"{module}.{name}"
            # A constant such as a number may be the same object as another one.
            shared = inspect.isclass(value) or inspect.isfunction(value)
            found[own] = seen.setdefault(id(value), own) if shared else own
    return found


def api_pages() -> dict[str, str]:
    """Return the pages of the reference of names, by their path in the documentation."""
    return {f"api/{module}.md": _api_page(module) for module in MODULES}


def _api_page(module: str) -> str:
    parts = [f"# {module}\n\n{MODULES[module]}\n"]
    for name in public_names(module):
        own = f"{module}.{name}"
        if documented()[own] != own:
            parts.append(f"`{name}` is {{py:obj}}`{documented()[own]}`.\n")
        else:
            parts.append(f"```{{eval-rst}}\n{_directive(module, name)}\n```\n")
    return "\n".join(parts)


def _directive(module: str, name: str) -> str:
    value = getattr(importlib.import_module(module), name)
    if inspect.isclass(value):
        return f".. autoclass:: {module}.{name}\n   :members:\n   :show-inheritance:"
    if inspect.isfunction(value):
        return f".. autofunction:: {module}.{name}"
    return f".. py:data:: {module}.{name}\n\n   {_data_text(module, name)}"


def _data_text(module: str, name: str) -> str:
    """Return the text below the assignment of a constant, where it is assigned: autodoc does not follow imports."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for node, following in pairwise([*tree.body, ast.Pass()]):
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            return _data_text(node.module, name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            text = following.value.value if isinstance(following, ast.Expr) else ""  # type: ignore[attr-defined]
            return " ".join(str(text).split())
    return ""


def api_index() -> str:
    """Return the contents of the reference of names."""
    rows = [(f"[`{module}`](api/{module}.md)", text) for module, text in MODULES.items()]
    listed = "\n".join(f"api/{module}" for module in MODULES)
    return f"{_table(('module', 'what it holds'), rows)}\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```"


# The command line


def command_paths() -> list[str]:
    """Return every command, in full and in the order of the help: ``embench evaluate``."""
    return [path for path, command in _commands() if not hasattr(command, "commands")]


def _commands() -> Iterator[tuple[str, Any]]:
    import typer

    from embench.cli.app import app

    def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield path, command
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(f"{path} {name}", below)

    yield from walk("embench", typer.main.get_command(app))


def commands() -> str:
    """Return the reference of all commands: what each does, its arguments and options."""
    return "\n\n".join(_command(path, command) for path, command in _commands() if path != "embench")


def _command(path: str, command: Any) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    group = hasattr(command, "commands")
    heading = f"{'##' if path.count(' ') == 1 else '###'} {path}"
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(command.help or "").replace("``", "`")
    if group:
        return f"{heading}\n\n{text}"
    rows = [row for parameter in command.params if (row := _parameter(parameter, context))]
    table = _table(("", "what"), rows) if rows else ""
    return f"{heading}\n\n{text}\n\n```text\n{usage}\n```\n\n{table}".rstrip()


def _parameter(parameter: Any, context: Any) -> tuple[str, str] | None:
    if getattr(parameter, "hidden", False) or "--help" in parameter.opts:
        return None
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("-"))
    metavar = parameter.make_metavar(ctx=context).strip("[]").removesuffix("...")
    if not names:
        names = f"`{metavar}`"
    elif not getattr(parameter, "is_flag", False):
        names = f"{names} `{metavar}`"
    default = getattr(parameter, "default", None)
    shown = getattr(parameter, "show_default", False) and default not in (None, False, [], ()) and not callable(default)
    told = f" Default: `{default}`." if shown else ""
    return names, f"{(parameter.help or '').strip()}{told}"


# Registries


def metrics() -> str:
    """Return all metrics, family by family."""
    from embench.metrics import FAMILIES, METRICS

    better = {"lower": "lower", "higher": "higher", "zero": "near 0", "nominal": "near {}"}
    parts = []
    for family, heading in FAMILIES.items():
        rows = [
            (
                f"`{spec.name}`",
                spec.symbol,
                spec.unit or "",
                better[spec.direction].format(spec.nominal),
                spec.description,
            )
            for spec in METRICS
            if spec.family == family
        ]
        parts.append(f"## {heading}\n\n{_table(('name', 'symbol', 'unit', 'better', 'what it is'), rows)}")
    return "\n\n".join(parts)


def protocols() -> str:
    """Return all protocols: how many entries and folds, what is kept together, what each measures."""
    from embench.splits import PROTOCOLS, protocol

    rows = []
    for spec in PROTOCOLS:
        found = protocol(spec.name)
        kept = "–" if spec.column in (None, "published_split") else f"`{spec.column}`"
        rows.append((f"`{spec.name}`", str(len(found.scored_ids)), str(len(found)), kept, spec.measures))
    return _table(("protocol", "scored", "folds", "kept together", "what it measures"), rows)


def error_codes() -> str:
    """Return the exit codes of the errors."""
    from embench import errors

    rows = [
        (f"{{py:obj}}`~embench.errors.{name}`", str(getattr(errors, name).exit_code))
        for name in public_names("embench.errors")
        if inspect.isclass(getattr(errors, name))
    ]
    return _table(("error", "exit code"), rows)


# The description of a submission


def submission_fields() -> str:
    """Return the fields of ``submission.yaml``, as its JSON Schema has them."""
    schema = json.loads((REPOSITORY / "leaderboard" / "submission.schema.json").read_text(encoding="utf-8"))
    rows = list(_fields(schema, schema["$defs"], prefix=""))
    return _table(("field", "required", "type", "what"), rows)


def _fields(node: dict[str, Any], defined: dict[str, Any], *, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in node["properties"].items():
        required = "yes" if name in node.get("required", ()) else ""
        text = re.sub(r"\s+", " ", field.get("description", ""))
        yield f"`{prefix}{name}`", required, _type(field), text
        below = defined.get(str(field.get("$ref", "")).rpartition("/")[2], {})
        if "properties" in below:
            yield from _fields(below, defined, prefix=f"{prefix}{name}.")


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return "mapping"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"] if each.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    return {"object": "mapping"}.get(str(field.get("type")), str(field.get("type", "")))

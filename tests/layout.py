"""Which module of the package imports which, read from the source and not by importing anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# A path to a class as the registry of baselines writes it: it is imported when it is used.
_FACTORY = re.compile(r"([a-z_]\w*(?:\.\w+)+):\w+")
# The block in docs/architecture.md that lists the parts, from the ground up to the commands.
_BLOCK = re.compile(r"^```text\n# order\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Imports = dict[str, set[str]]


def order(page: str) -> dict[str, str]:
    """Return the parts that the page lists, in the order of the list, each with its line of description."""
    found = _BLOCK.findall(page)
    if len(found) != 1:
        raise ValueError(f"the page has {len(found)} blocks that begin with '# order', not one")
    lines = [line.split(maxsplit=1) for line in found[0].splitlines() if line.strip()]
    return {name.removesuffix("/").removesuffix(".py"): text for name, text in lines}


def modules(package: Path) -> dict[str, Path]:
    """Return the modules of a package by their full names; a package stands for its ``__init__``."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(package: Path) -> Imports:
    """Return for each module the modules of the package that it names in an import, wherever the import stands.

    That is at the top, in a function, or for type checkers only. Paths to classes ("package.module:Class") and texts
    that are given to ``import_module`` count too. `from package.part import name` is an import of the module `name`
    where there is one, and of ``package.part`` otherwise.
    """
    known = modules(package)
    return {name: _named(path, name, known) for name, path in known.items()}


def _named(path: Path, own: str, known: Mapping[str, Path]) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    folder = own if path.name == "__init__.py" else own.rpartition(".")[0]
    return {found for node in ast.walk(tree) for found in _targets(node, folder, known)} - {own}


def _targets(node: ast.AST, folder: str, known: Mapping[str, Path]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names if alias.name in known)
        case ast.ImportFrom(module=module, names=names, level=level):
            above = folder.split(".")[: len(folder.split(".")) - level + 1] if level else []
            source = ".".join([*above, *([module] if module else [])])
            if source in known:
                for alias in names:
                    yield deeper if (deeper := f"{source}.{alias.name}") in known else source
        case ast.Constant(value=str(text)):
            if (factory := _FACTORY.fullmatch(text)) and factory[1] in known:
                yield factory[1]
        case ast.Call(func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"), args=[first, *_]):
            if isinstance(first, ast.Constant) and first.value in known:
                yield first.value


def facade_imports(found: Imports, package: str, facade: Sequence[str]) -> list[str]:
    """Return who imports from the facade: what users are given is not for the inside."""
    outside = {package, *(f"{package}.{name}" for name in facade)}
    inside = {name: targets for name, targets in found.items() if name not in outside}
    return sorted(
        f"{name} imports {target}, which is for users: import from the module that defines the name"
        for name, targets in inside.items()
        for target in targets & outside
    )


def upward_imports(found: Imports, package: str, parts: Sequence[str]) -> list[str]:
    """Return the imports of a part that stands below the importing one in the list; modules of unknown parts fail."""
    place = {part: number for number, part in enumerate(parts)}

    def part_of(module: str) -> str:
        return module.removeprefix(f"{package}.").split(".")[0]

    unknown = {part_of(name) for name in found} - set(place)
    if unknown:
        raise ValueError(f"not in the list of parts: {', '.join(sorted(unknown))}")
    return sorted(
        f"{name} imports {target}: {part_of(target)} comes after {part_of(name)}"
        for name, targets in found.items()
        for target in targets & set(found)
        if place[part_of(target)] > place[part_of(name)]
    )


def circle(found: Imports) -> list[str]:
    """Return a circle of modules that import each other, lazily or not; empty where there is none."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []

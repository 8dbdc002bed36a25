"""What code a result depends on: a digest over modules and the files of numbers beside them."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Collection
from pathlib import Path

from embench.common.shipped import resource_folder, weights_file
from embench.errors import BaselineError

# Modules and packages, with all that is in them. What these give to a model is covered by the checksums of dataset and
# folds; errors, and how files are written and kept, change no number.
_NOT_COUNTED = (
    "embench._version",
    "embench.common._digests",
    "embench.common.cache",
    "embench.common.code",
    "embench.common.files",
    "embench.common.shipped",
    "embench.dataset",
    "embench.errors",
    "embench.schema",
    "embench.splits",
)
# Packages whose modules read files of numbers that lie beside them.
_WITH_DATA = ("embench.baselines", "embench.crystal")
_DATA_SUFFIXES = (".csv", ".json", ".npz", ".txt")


def code_digest(*paths: str, weights: str | None = None, resources: Collection[str] = ()) -> str:
    """Return the sha256 over the source of the code behind dotted paths ``module:name``.

    That is the module, the modules of embench that it imports, directly or not, and the data files beside those
    that belong to :mod:`embench.baselines` and :mod:`embench.crystal`; results that older code has left are thereby
    never used again. `weights` names a file of shipped weights, `resources` shipped folders: both count as code does.

    Raises :class:`~embench.errors.BaselineError` for a module that does not exist, and
    :class:`~embench.errors.DatasetError` where the weights are missing.
    """
    sources: dict[str, bytes] = {}
    waiting = [path.partition(":")[0] for path in paths]
    for name in waiting:
        if _source_file(name) is None:
            raise BaselineError(f"there is no module {name!r}; a factory is written module:Class")
    while waiting:
        name = waiting.pop()
        file = _source_file(name)
        if name in sources or _is_in(name, _NOT_COUNTED) or file is None:
            continue
        sources[name] = file.read_bytes()
        waiting += _imports(sources[name])
        if _is_in(name, _WITH_DATA):
            sources |= {f"{name}:{path.name}": path.read_bytes() for path in _data_files(file.parent)}
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\0{len(sources[name])}\0".encode() + sources[name])
    if weights is not None:
        digest.update(weights_file(weights).read_bytes())
    for path in (path for name in resources for path in _data_files(resource_folder(name))):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _source_file(module: str) -> Path | None:
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found is not None and found.origin and found.origin.endswith(".py") else None


def _imports(source: bytes) -> list[str]:
    """Return the modules of embench that a source names in import statements, wherever they stand."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module in it.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.startswith("embench.")]


def _data_files(folder: Path) -> list[Path]:
    """Return the files of numbers beside the modules in `folder`, and in its subfolder ``data``."""
    files = (path for place in (folder, folder / "data") if place.is_dir() for path in place.iterdir())
    return sorted(path for path in files if path.is_file() and path.suffix in _DATA_SUFFIXES)

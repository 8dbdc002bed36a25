"""What code a result depends on: a digest over modules and the files of numbers beside them."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import site
import sysconfig
from collections.abc import Collection, Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
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
_DATA_SUFFIXES = (".csv", ".json", ".npz", ".parquet", ".txt")


def code_digest(*paths: str, weights: str | None = None, resources: Collection[str] = ()) -> str:
    """Return the sha256 over the source of the code behind dotted paths ``module:name``.

    That is the module, the modules that it imports, directly or not, and the data files beside those that belong to
    :mod:`embench.baselines` and :mod:`embench.crystal`; results that older code has left are thereby never used again.
    Of the modules only those of embench count, and those that no installer has put where they are: Python and the
    packages in ``site-packages`` are left out, as are modules whose names are only known when the code runs. Nothing is
    imported. `weights` names a file of shipped weights, `resources` shipped folders: both count as code does.

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
        waiting += [found for found in _imports(sources[name], name, file) if _is_followed(found)]
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
    found = _spec(module)
    return Path(found.origin) if found is not None and found.origin and found.origin.endswith(".py") else None


def _spec(module: str) -> ModuleSpec | None:
    """Return where a module lies; unlike ``find_spec`` without importing the packages that it is in."""
    top, *rest = module.split(".")
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    name = top
    for part in rest:
        if found is None or found.submodule_search_locations is None:
            return None
        name, places = f"{name}.{part}", list(found.submodule_search_locations)
        try:
            found = PathFinder.find_spec(name, places)
        except KeyError:
            # A namespace package inside another package: Python finds it only where that one is imported.
            found = ModuleSpec(name, None, is_package=True)
            found.submodule_search_locations = [str(Path(place) / part) for place in places]
    return found


@cache
def _installed() -> tuple[Path, ...]:
    """Return the folders of Python itself and of what installers install."""
    found = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(folder).resolve() for folder in (*found, *site.getsitepackages(), site.getusersitepackages()))


def _is_followed(module: str) -> bool:
    """Return whether a module is one of embench, or lies where somebody writes code."""
    if _is_in(module, ("embench",)):
        return module != "embench"
    found = _spec(module.partition(".")[0])
    places = [] if found is None else [found.origin or "", *(found.submodule_search_locations or ())]
    files = [Path(place).resolve() for place in places if place.endswith(".py") or Path(place).is_dir()]
    return bool(files) and not any(_is_installed(file) for file in files)


def _is_installed(file: Path) -> bool:
    # By its name too: what is unpacked elsewhere and put on the path was installed all the same.
    return any(file.is_relative_to(folder) for folder in _installed()) or "site-packages" in file.parts


def _imports(source: bytes, module: str, file: Path) -> Iterator[str]:
    """Yield the modules that the source of `module` names in import statements, wherever they stand.

    A module of another package than embench also needs the packages that it is in.
    """
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    if not _is_in(module, ("embench",)):
        yield from filter(None, [module.rpartition(".")[0]])
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # who imports it will say so
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            named = f"{'.' * node.level}{node.module or ''}"
            try:
                base = importlib.util.resolve_name(named, package)
            except ImportError:
                continue  # beyond the outermost package
            # What is imported from a package may be a module in it.
            yield base
            yield from (f"{base.rstrip('.')}.{alias.name}" for alias in node.names if alias.name != "*")


def _data_files(folder: Path) -> list[Path]:
    """Return the files of numbers beside the modules in `folder`, and in its subfolder ``data``."""
    files = (path for place in (folder, folder / "data") if place.is_dir() for path in place.iterdir())
    return sorted(path for path in files if path.is_file() and path.suffix in _DATA_SUFFIXES)

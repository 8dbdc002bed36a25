"""Which extra a command needs: asked for where a library is missing, wherever the import of it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from embench.errors import MissingDependencyError

# Everything that a command of the group imports is in this extra, unless another one is smaller and enough.
_OF_GROUP = {
    "alignn": "alignn",
    "baseline": "baselines",
    "build": "curation",
    "data": "curation",
    "evaluate": "report",
    "hub": "hub",
    "leaderboard": "leaderboard",
    "model": "predict",
    "neb": "neb",
    "predict": "predict",
    "splits": "splits",
    "submit": "leaderboard",
}
_WHOLE_GROUP = ("build", "hub", "leaderboard", "model", "predict", "splits", "submit")
# Where a distribution is not called as what it is imported by.
_DISTRIBUTIONS = {"sklearn": "scikit-learn", "huggingface_hub": "huggingface-hub", "jarvis": "jarvis-tools"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def missing_library(error: ImportError, arguments: Sequence[str]) -> MissingDependencyError | None:
    """Return what to tell the user of a command that lacks a library; None where embench itself is broken.

    One installation should be enough: where the extra of the whole group has the library, it is the one to install.
    """
    group = arguments[0] if arguments else ""
    if isinstance(error, MissingDependencyError):
        extra = _OF_GROUP.get(group, "") if group in _WHOLE_GROUP else ""
        if extra and _normal(error.library) in provided(extra):
            return MissingDependencyError(error.library, extra, error.purpose)
        return error
    top = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or top in ("", "embench"):
        return None
    library = _DISTRIBUTIONS.get(top, top)
    extra = _OF_GROUP.get(group, "all")
    if _normal(library) not in provided(extra):
        extra = next((name for name in sorted(extras(), key=_size) if _normal(library) in provided(name)), extra)
    command = " ".join(["embench", *(word for word in arguments[:2] if word.replace("-", "").isalpha())])
    return MissingDependencyError(library, extra, command)


@lru_cache
def extras() -> dict[str, tuple[str, ...]]:
    """Return the requirements of every extra, as the metadata of the installed distribution have them."""
    from importlib import metadata

    found: dict[str, list[str]] = {}
    try:
        required = metadata.requires("embench-barriers") or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        return {}
    for line in required:
        requirement, _, marker = line.partition(";")
        if (extra := _EXTRA.search(marker)) and extra[1] not in ("docs", "test", "lint"):
            found.setdefault(extra[1], []).append(requirement.strip())
    return {extra: tuple(lines) for extra, lines in found.items()}


@lru_cache
def provided(extra: str) -> frozenset[str]:
    """Return the distributions that an extra names, with those of the extras that it includes."""
    found: set[str] = set()
    for requirement in extras().get(extra, ()):
        name, _, rest = requirement.partition("[")
        if _normal(name) == "embench-barriers":
            found.update(*(provided(inner.strip()) for inner in rest.partition("]")[0].split(",")))
        elif match := _NAME.match(requirement):
            found.add(_normal(match[0]))
    return frozenset(found)


def _size(extra: str) -> tuple[int, str]:
    return len(provided(extra)), extra


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

"""Where the files that embench ships are found: inside the installed package, or in the checkout it runs from."""

from __future__ import annotations

from pathlib import Path

from embench.errors import DatasetError, UnknownNameError

_PACKAGE = Path(__file__).parent
_KEPT_IN_CHECKOUT = {"dataset": "dataset_card/data", "splits": "splits", "weights": "baselines/weights"}


def resource_folder(name: str) -> Path:
    """Return the folder of a shipped resource, ``dataset``, ``splits`` or ``weights``.

    Raises :class:`~embench.errors.DatasetError` where neither an installed package nor a checkout holds it.
    """
    candidates = (_PACKAGE / "_shipped" / name, _PACKAGE.parent / _KEPT_IN_CHECKOUT[name])
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise DatasetError(
        f"the {name} files are missing: neither {candidates[0]} nor {candidates[1]} exists; reinstall embench-barriers"
    )


def weights_file(name: str) -> Path:
    """Return the path of shipped weights of a network; raises :class:`~embench.errors.DatasetError` without them."""
    path = resource_folder("weights") / name
    if not path.is_file():
        raise DatasetError(f"the weights {name} are missing: there is no {path}; reinstall embench-barriers")
    return path


def dataset_folder(*, path: Path | str | None, source: str, revision: str | None, repository: str | None) -> Path:
    """Return the folder that :func:`embench.load` reads; see there for the parameters and errors."""
    if source not in ("package", "hub"):
        raise UnknownNameError("source", source, ("package", "hub"))
    if source == "hub":
        if path is not None:
            raise ValueError("a dataset is loaded from a path or from the hub, not from both")
        from embench.hub.pull import cached_dataset

        return cached_dataset(repository=repository, revision=revision)
    if revision is not None or repository is not None:
        raise ValueError("revision and repository are for source='hub'")
    return resource_folder("dataset") if path is None else Path(path)

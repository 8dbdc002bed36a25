"""Where the files that embench ships are found: inside the installed package, or in the checkout it runs from."""

from __future__ import annotations

from pathlib import Path

from embench.errors import DatasetError

_PACKAGE = Path(__file__).parent.parent
_KEPT_IN_CHECKOUT = {
    "dataset": "dataset_card/data",
    "splits": "splits",
    "weights": "baselines/weights",
    "potentials": "baselines/potentials",
    "submissions": "leaderboard/submissions",
}


def resource_folder(name: str) -> Path:
    """Return the folder of a shipped resource: ``dataset``, ``splits``, ``weights``, ``potentials``, ``submissions``.

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

"""Where the files that embench ships are found: inside the installed package, or in the checkout it runs from.

Their sha256 are part of the code (``_digests.py``), so that a file that was damaged or exchanged is noticed even where
its own list of checksums was changed with it. ``embench hub digests`` renews them. The submissions are not among them:
everyone may add one, each is checked when it is read, and no list may have to change for that.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from embench.common._digests import DIGESTS
from embench.common.foreign import lfs_hint
from embench.errors import DatasetError, EmbenchError

_PACKAGE = Path(__file__).parent.parent
_KEPT_IN_CHECKOUT = {
    "dataset": "dataset_versions/first",
    "oxygen-vacancies": "dataset_card/oxygen-vacancies",
    "versions": "dataset_versions/later",
    "hub": "dataset_card/data",
    "splits": "splits",
    "weights": "baselines/weights",
    "potentials": "baselines/potentials",
    "neb-inputs": "baselines/neb-inputs",
    "consensus": "dataset_card/consensus",
    "submissions": "leaderboard/submissions",
}


def resource_folder(name: str) -> Path:
    """Return the folder of a shipped resource, one of ``_KEPT_IN_CHECKOUT``, or ``resource/subfolder``.

    Raises :class:`~embench.errors.DatasetError` where neither an installed package nor a checkout holds it.
    """
    resource, _, inside = name.partition("/")
    candidates = (_PACKAGE / "_shipped" / name, _PACKAGE.parent / _KEPT_IN_CHECKOUT[resource] / inside)
    for folder in candidates:
        if folder.is_dir():
            return folder
    archive = next((parent for parent in _PACKAGE.parents if parent.is_file()), None)
    if archive is not None:
        raise DatasetError(
            f"the {name} files cannot be read inside the archive {archive}, from which embench runs: unpack it, or "
            "install embench-barriers into a folder"
        )
    raise DatasetError(
        f"the {name} files are missing: neither {candidates[0]} nor {candidates[1]} exists; reinstall embench-barriers"
    )


def weights_file(name: str) -> Path:
    """Return the path of shipped weights of a network, after comparing the file with its digest.

    Raises :class:`~embench.errors.DatasetError` where it is missing or not the file that embench was released with.
    """
    path = resource_folder("weights") / name
    try:
        content = path.read_bytes()
    except OSError as error:
        why = "there is no" if isinstance(error, FileNotFoundError) else f"{error.strerror}:"
        raise DatasetError(f"the weights {name} are missing: {why} {path}; reinstall embench-barriers") from None
    check_shipped("weights", path, hashlib.sha256(content).hexdigest(), content=content)
    return path


def check_shipped(
    resource: str,
    path: Path,
    found: str,
    *,
    content: bytes = b"",
    error: type[EmbenchError] = DatasetError,
    way_out: str = "",
) -> None:
    """Raise `error` where a file is not the one that this embench was released with.

    Parameters
    ----------
    resource
        What the file belongs to, such as ``weights``; its digest is found by this and the name of the file.
    found
        The sha256 of what was read from `path`.
    content
        What was read, or its beginning: a pointer of Git LFS is named.
    way_out
        What to do; by default to restore the files.
    """
    expected = DIGESTS[resource].get(path.name)
    if found == expected:
        return
    if pointer := lfs_hint(content):
        raise error(f"{path} {pointer}")
    wanted = f"its sha256 is {found[:12]}…, and not {expected[:12]}…" if expected else "its digest is not known"
    raise error(
        f"{path} is not the file that this embench was released with: {wanted}; "
        f"{way_out or 'restore the files of the release or reinstall embench-barriers'} (where the file was meant to "
        "change: embench hub digests)"
    )


def digests_of_now() -> dict[str, dict[str, str]]:
    """Return the sha256 of every shipped file but the submissions, by resource and name, from the files as they are."""
    return {name: _digests(resource_folder(name)) for name in _KEPT_IN_CHECKOUT if name != "submissions"}


def _digests(folder: Path) -> dict[str, str]:
    # Dot files are what file managers leave behind; texts for people are not read.
    read = (path for path in folder.iterdir() if path.is_file() and path.suffix != ".md")
    files = sorted(path for path in read if not path.name.startswith("."))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def digests_module(digests: dict[str, dict[str, str]]) -> str:
    """Return the source of the module that holds `digests`."""
    lines = ['"""The sha256 of the files that embench ships; ``embench hub digests`` writes this module."""', ""]
    lines += ["DIGESTS: dict[str, dict[str, str]] = {"]
    for resource, files in digests.items():
        lines += [
            f'    "{resource}": {{',
            *(f'        "{name}": "{digest}",' for name, digest in files.items()),
            "    },",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def digests_file() -> Path:
    """Return the path of the module that holds the digests."""
    return _PACKAGE / "common" / "_digests.py"

"""What is uploaded to the hub: the folder of the dataset, that of the predictions, and a static site."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import HubError
from embench.hub import about
from embench.hub.checksums import CHECKSUMS, IGNORED, files_in, render_checksums, sha256
from embench.hub.client import Say, import_hub, silent
from embench.hub.plan import Upload

if TYPE_CHECKING:
    from embench.release.check import Checked


def dataset_upload(folder: Path, *, repository: str, create_pr: bool = False, say: Say = silent) -> Upload:
    """Return the upload of a folder that :func:`embench.release.export.export` wrote, after checking it.

    Raises :class:`~embench.errors.HubError` or :class:`~embench.errors.DatasetError` for a folder that is not as it
    should be (see :func:`embench.release.check.check`).
    """
    from embench.release.check import check

    checked = check(folder, say=say)
    return Upload(
        repository=repository,
        repo_type="dataset",
        contents=_read_checked(folder, checked),
        message=f"Dataset {checked.version}",
        tag=f"v{checked.version}",
        create_pr=create_pr,
    )


def predictions_upload(folder: Path, *, repository: str, create_pr: bool = False, say: Say = silent) -> Upload:
    """Return the upload of a folder with predictions, after checking it.

    Raises :class:`~embench.errors.HubError` for a folder that is not as it should be (see
    :func:`embench.release.check.check_predictions`).
    """
    from embench.release.check import check_predictions

    checked = check_predictions(folder, say=say)
    return Upload(
        repository=repository,
        repo_type="dataset",
        contents=_read_checked(folder, checked),
        message=f"Predictions {checked.version}",
        tag=f"v{checked.version}",
        create_pr=create_pr,
        way_out="export the predictions again with another --version, such as "
        f"{checked.version.partition('-')[0]}-2, and push that",
    )


def _read_checked(folder: Path, checked: Checked) -> dict[str, bytes]:
    contents = {path: (folder / path).read_bytes() for path in [*checked.files, CHECKSUMS]}
    changed = [path for path, digest in checked.files.items() if sha256(contents[path]) != digest]
    if changed:
        raise HubError(f"{', '.join(changed)} in {folder} changed while the folder was checked; push again")
    return contents


def space_upload(folder: Path, *, repository: str, title: str | None = None, create_pr: bool = False) -> Upload:
    """Return the upload of a static site to a Space: all files of the folder, and a card where it has none.

    Raises :class:`~embench.errors.HubError` for a folder without ``index.html`` at its top.
    """
    if not (folder / "index.html").is_file():
        raise HubError(f"{folder} is no site: it has no index.html at its top")
    contents = {path: (folder / path).read_bytes() for path in files_in(folder) if path not in {CHECKSUMS, *IGNORED}}
    contents.setdefault("README.md", _space_card(title or f"{about.TITLE}: leaderboard").encode())
    contents[CHECKSUMS] = render_checksums(contents).encode()
    return Upload(
        repository=repository, repo_type="space", contents=contents, message="Update the site", create_pr=create_pr
    )


def _space_card(title: str) -> str:
    """Return the card that tells the hub to serve the files as they are."""
    header = import_hub().SpaceCardData(title=title, sdk="static", app_file="index.html", license=about.LICENCE)
    return f"---\n{header.to_yaml()}\n---\n\n# {title}\n\nA static site, published by `embench hub push-space`.\n"


def check_committed(folder: Path) -> None:
    """Raise :class:`~embench.errors.HubError` where the folder is in a git checkout and not as last committed."""
    command = ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=all", "--", "."]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return  # no git, no checkout
    if result.returncode == 0 and result.stdout.strip():
        lines = result.stdout.splitlines()
        raise HubError(
            f"{folder} has {len(lines)} changes that are not committed ({', '.join(line[3:] for line in lines[:5])}); "
            "commit them, so that the published version can be found in the history, or push with --allow-dirty"
        )

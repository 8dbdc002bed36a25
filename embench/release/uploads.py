"""What is uploaded to the hub: the folder of the dataset, that of the predictions, and a static site."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from embench.errors import HubError
from embench.hub import about
from embench.hub.checksums import CHECKSUMS, IGNORED, render_checksums, sha256
from embench.hub.client import Say, import_hub, silent
from embench.hub.plan import Upload

if TYPE_CHECKING:
    from embench.release.check import Checked

# What a static site is made of. Anything else in its folder is not meant for the public: settings, keys, archives.
_SITE_KINDS = frozenset(
    (
        ".html",
        ".css",
        ".js",
        ".mjs",
        ".svg",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".ico",
        ".woff",
        ".woff2",
        ".ttf",
        ".csv",
        ".inv",  # what other documentation links to ours with
    )
)
# What a Gradio app is made of.
APP_FILES = ("README.md", "app.py", "requirements.txt")
_SITE_FILES = frozenset(
    {
        "README.md",
        "LICENSE",
        "leaderboard.json",
        "robots.txt",
        "searchindex.json",
        "sitemap.xml",
        "feed.xml",
        ".nojekyll",
    }
)


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


def space_upload(
    folder: Path, *, repository: str, title: str | None = None, create_pr: bool = False, say: Say = silent
) -> Upload:
    """Return the upload of a static site or of a Gradio app to a Space, and a card where a site has none.

    An app is a folder with ``app.py`` and a ``README.md`` that names it; of it only APP_FILES are uploaded. Of a site
    only what a site is made of is uploaded, by the kind of the file; dot files and everything in dot folders
    (``.env``, ``.git``), and files of other kinds stay behind, and `say` is called with their names.

    Raises :class:`~embench.errors.HubError` for a folder with neither ``index.html`` nor ``app.py`` at its top, for an
    app without a card, and for links.
    """
    is_app = (folder / "app.py").is_file()
    if not is_app and not (folder / "index.html").is_file():
        raise HubError(f"{folder} is no site and no app: it has neither index.html nor app.py at its top")
    if is_app and not (folder / "README.md").is_file():
        raise HubError(f"{folder} has an app.py but no README.md, whose header tells the hub how to run it")
    paths, left = _app_files(folder) if is_app else space_files(folder)
    if left:
        more = f" and {len(left) - 10} more" if len(left) > 10 else ""
        say(f"not uploaded, as no part of a site: {', '.join(left[:10])}{more}")
    contents = {path: (folder / path).read_bytes() for path in paths}
    contents.setdefault("README.md", _space_card(title or f"{about.TITLE}: leaderboard").encode())
    contents[CHECKSUMS] = render_checksums(contents).encode()
    message = "Update the app" if is_app else "Update the site"
    return Upload(repository=repository, repo_type="space", contents=contents, message=message, create_pr=create_pr)


def _app_files(folder: Path) -> tuple[list[str], list[str]]:
    """Return the files of an app that belong to it, and those that do not."""
    for name in APP_FILES:
        if (folder / name).is_symlink():
            raise HubError(f"{folder / name} is a link; a published folder holds files only")
    names = sorted(
        path.name + "/" * path.is_dir() for path in folder.iterdir() if path.name not in {CHECKSUMS, *IGNORED}
    )
    return [name for name in names if name in APP_FILES], [name for name in names if name not in APP_FILES]


def space_files(folder: Path) -> tuple[list[str], list[str]]:
    """Return the paths of what belongs to a site, and of what does not (of a dot folder, the folder alone)."""
    paths: list[str] = []
    left: list[str] = []
    for top, folders, names in os.walk(folder):
        place = Path(top).relative_to(folder)
        left += [f"{(place / name).as_posix()}/" for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (*folders, *names):
            if not name.startswith(".") and (folder / place / name).is_symlink():
                raise HubError(f"{folder / place / name} is a link; a published folder holds files only")
        for name in names:
            path = (place / name).as_posix()
            if path in {CHECKSUMS, *IGNORED}:
                continue
            plain = not name.startswith(".") and Path(name).suffix.lower() in _SITE_KINDS
            wanted = plain or path in _SITE_FILES
            (paths if wanted and (folder / path).is_file() else left).append(path)
    return sorted(paths), sorted(left)


def _space_card(title: str) -> str:
    """Return the card that tells the hub to serve the files as they are."""
    header = import_hub().SpaceCardData(
        title=title,
        sdk="static",
        app_file="index.html",
        license=about.LICENCE,
        emoji="🔋",
        colorFrom="blue",
        colorTo="indigo",
        pinned=False,
        short_description="Who predicts ionic migration barriers best?",
        thumbnail=f"{about.SITE_URL}assets/card.png",
        datasets=[about.REPOSITORY],
    )
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

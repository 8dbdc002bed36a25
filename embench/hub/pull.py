"""Get a published version: as a folder, or into the cache for :func:`embench.load`."""

from __future__ import annotations

import shutil
from pathlib import Path

from embench.common.folders import working_folder
from embench.errors import HubError, OutputError
from embench.hub import about
from embench.hub.checksums import CHECKSUMS, IGNORED, parse_checksums, sha256, verify_folder
from embench.hub.client import Hub, import_hub
from embench.schema import DEFAULT, Layout


def folder_on_hub(layout: Layout) -> str:
    """Return the folder of the repository that holds the Parquet files of a dataset."""
    return "data" if layout.name == DEFAULT.name else layout.name


def pull(
    folder: Path, *, repository: str = about.REPOSITORY, revision: str = about.TAG, hub: Hub | None = None
) -> dict[str, str]:
    """Download a version into a new folder and compare all files with its checksums; return these by path.

    The folder appears when everything is there and verified; before that there is none.

    Raises
    ------
    OutputError
        For a folder that exists with something in it, or cannot be made.
    HubError
        Where the hub does not deliver, and where files differ from their checksums.
    """
    hub = hub or Hub()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(f"{folder} exists already and is not empty; name a new folder")
    try:
        with working_folder(folder.parent, "pull") as temporary:
            fresh = temporary / "folder"
            _download(hub, repository, revision, fresh)
            checksums = verify_folder(fresh)
            fresh.replace(folder)
            return checksums
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}") from None


def _download(hub: Hub, repository: str, revision: str, folder: Path) -> None:
    hub.call(
        f"downloading {repository} at {revision}",
        lambda: import_hub().snapshot_download(
            repository, repo_type="dataset", revision=revision, local_dir=folder, endpoint=hub.endpoint
        ),
    )
    # What the client and the hub keep for themselves is no part of the version.
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for name in IGNORED:
        (folder / name).unlink(missing_ok=True)


def cached_dataset(
    *,
    repository: str | None = None,
    revision: str | None = None,
    hub: Hub | None = None,
    layout: Layout = DEFAULT,
) -> Path:
    """Return the folder with the Parquet files of a version, downloaded into the cache of the hub's client.

    What is in the cache is not downloaded again, and is found without a network too. Files in the cache that do not
    agree with their checksums are downloaded once more.

    Parameters
    ----------
    repository, revision
        By default :data:`~embench.hub.about.REPOSITORY` and the tag of the version that `layout` is of.
    layout
        Which dataset of the repository.

    Raises
    ------
    HubError
        Where the hub does not deliver, or delivers files that do not agree with their checksums.
    """
    repository, revision, hub = repository or about.REPOSITORY, revision or about.tag_of(layout), hub or Hub()
    folder = _into_cache(hub, repository, revision, layout, again=False)
    damaged = _damaged(folder, layout)
    if not damaged:
        return folder
    before = {name: _stamp(folder / name) for name in damaged}
    try:
        # The client falls back to its cache where it cannot reach the hub, and does not say so.
        hub.call(f"asking for {repository} at {revision}", lambda: hub.api.dataset_info(repository, revision=revision))
        folder = _into_cache(hub, repository, revision, layout, again=True)
    except HubError as error:
        raise _damaged_cache(folder, damaged, str(error)) from None
    still = _damaged(folder, layout)
    if not still:
        return folder
    if all(_stamp(folder / name) == before.get(name) for name in still):
        raise _damaged_cache(folder, still, f"{hub.address} did not deliver")
    raise HubError(
        f"{repository} at {revision} is damaged: {', '.join(still)} in {folder}, downloaded twice; "
        "use another revision, or the dataset that embench ships"
    )


def _damaged_cache(folder: Path, damaged: list[str], why: str) -> HubError:
    return HubError(
        f"{', '.join(damaged)} in the cache is damaged, and cannot be downloaded again: {why}. Load again when the hub "
        f"can be reached, or take the dataset that embench ships (embench.load()); the damaged files are in {folder}"
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is downloaded again; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _into_cache(hub: Hub, repository: str, revision: str, layout: Layout, *, again: bool) -> Path:
    place = folder_on_hub(layout)
    snapshot = hub.call(
        f"downloading {repository} at {revision}",
        lambda: import_hub().snapshot_download(
            repository,
            repo_type="dataset",
            revision=revision,
            allow_patterns=[f"{place}/*.parquet", f"{place}/{CHECKSUMS}"],
            endpoint=hub.endpoint,
            force_download=again,
        ),
    )
    folder = Path(snapshot) / place
    if not (folder / CHECKSUMS).is_file():
        raise HubError(f"{repository} at {revision} holds no dataset of embench (no {place}/{CHECKSUMS})")
    return folder


def _damaged(folder: Path, layout: Layout) -> list[str]:
    """Return the files of a dataset in the cache that are missing or not as listed, or the damaged list itself."""
    listing = folder / CHECKSUMS
    try:
        listed = parse_checksums(listing.read_text(encoding="utf-8", errors="replace"), source=str(listing))
    except HubError:
        return [CHECKSUMS]
    if not listed.keys() >= set(layout.parts):
        return [CHECKSUMS]
    # Files in the cache are links to blobs, which verify_folder would refuse.
    return [
        path
        for path, digest in listed.items()
        if not (folder / path).is_file() or sha256((folder / path).read_bytes()) != digest
    ]

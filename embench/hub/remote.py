"""What a repository on the hub holds at a revision."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from embench.errors import HubError
from embench.hub.checksums import CHECKSUMS, parse_checksums, sha256
from embench.hub.client import Hub, import_hub


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file on the hub: its git object, and its sha256 where the hub stores it as a large file."""

    blob: str
    sha256: str | None

    def holds(self, content: bytes) -> bool:
        """Return whether the file has this content."""
        if self.sha256 is not None:
            return self.sha256 == sha256(content)
        from huggingface_hub.utils.sha import git_hash

        return bool(self.blob == git_hash(content))


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A repository at one commit."""

    commit: str
    files: dict[str, RemoteFile]

    def holds(self, contents: dict[str, bytes]) -> bool:
        """Return whether all of `contents` are here, unchanged."""
        return all(path in self.files and self.files[path].holds(content) for path, content in contents.items())


def read_remote(hub: Hub, repository: str, *, repo_type: str, revision: str = "main") -> Remote | None:
    """Return what the repository holds at `revision`, or None where there is no such repository or revision.

    Raises :class:`~embench.errors.HubError` where the hub does not answer or refuses.
    """
    from huggingface_hub import RepoFile
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    api = hub.api

    def read() -> Remote | None:
        try:
            commit = api.repo_info(repository, repo_type=repo_type, revision=revision, timeout=hub.timeout).sha
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None
        assert commit is not None
        tree = api.list_repo_tree(repository, repo_type=repo_type, revision=commit, recursive=True)
        files = {
            item.path: RemoteFile(blob=item.blob_id, sha256=item.lfs.sha256 if item.lfs else None)
            for item in tree
            if isinstance(item, RepoFile)
        }
        return Remote(commit=commit, files=files)

    return hub.call(f"looking at {repository}", read)


def written_before(hub: Hub, repository: str, remote: Remote, *, repo_type: str, among: Collection[str]) -> set[str]:
    """Return which of the paths `among` an earlier push wrote and nobody has changed since.

    Every push leaves its list of checksums with the files: a file is ours if the list beside it has its checksum.
    """
    if CHECKSUMS not in remote.files:
        return set()
    large = {path: remote.files[path].sha256 for path in among if remote.files[path].sha256}
    small = [path for path in among if path not in large]
    with tempfile.TemporaryDirectory() as folder:
        hub.call(
            f"reading {repository}",
            lambda: import_hub().snapshot_download(
                repository,
                repo_type=repo_type,
                revision=remote.commit,
                allow_patterns=[CHECKSUMS, *map(_literal, small)],
                local_dir=folder,
                endpoint=hub.endpoint,
            ),
        )
        root = Path(folder)
        try:
            listed = parse_checksums((root / CHECKSUMS).read_text(encoding="utf-8"), source=CHECKSUMS)
        except (HubError, UnicodeDecodeError):
            return set()  # a file of that name that is no list of ours
        found = large | {path: sha256((root / path).read_bytes()) for path in small}
    # The list cannot hold its own checksum; it is replaced with the files that it lists.
    return {path for path in among if path == CHECKSUMS or (path in listed and found[path] == listed[path])}


def _literal(path: str) -> str:
    """Return a pattern that matches only `path`."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)

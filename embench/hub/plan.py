"""What a push will do, worked out before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass

from embench.errors import HubError
from embench.hub.checksums import CHECKSUMS, IGNORED, parse_checksums
from embench.hub.client import Hub
from embench.hub.remote import Remote, read_remote, written_before

_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Files to be published together.

    `contents` are the files by path, their ``checksums.txt`` among them. `tag` names the version, None for what has
    none. `repo_type` is ``dataset`` or ``space``. `way_out` says what to do where the version is taken.
    """

    repository: str
    repo_type: str
    contents: dict[str, bytes]
    message: str
    tag: str | None = None
    create_pr: bool = False
    way_out: str = "give the dataset a new version (DATASET_VERSION), build and export it, and push that"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The difference between an :class:`Upload` and the repository, and the steps that follow from it.

    `delete` are files of an earlier push that are no longer among the files; `kept` files that no push wrote.
    `tag_at` is the commit that carries the tag already.
    """

    upload: Upload
    address: str
    remote: Remote | None
    add: tuple[str, ...]
    change: tuple[str, ...]
    delete: tuple[str, ...]
    kept: tuple[str, ...]
    tag_at: str | None

    @property
    def commits(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.add or self.change or self.delete)

    @property
    def tags(self) -> bool:
        """Whether the tag is to be set. A pull request is tagged after it was merged, by another push."""
        return self.upload.tag is not None and self.tag_at is None and not (self.upload.create_pr and self.commits)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.commits or self.tags)

    def describe(self) -> str:
        """Return the plan in words, one line a step."""
        upload = self.upload
        lines = [f"{upload.repo_type} {upload.repository} at {self.address}:"]
        if self.remote is None:
            lines.append(f"  create the repository (public {upload.repo_type})")
        if self.commits:
            size = sum(len(upload.contents[path]) for path in (*self.add, *self.change)) / 1e6
            where = "one commit in a new pull request" if upload.create_pr else "one commit on main"
            lines.append(f"  {where}: {upload.message!r} ({size:.2f} MB)")
            for word, paths in (("add", self.add), ("change", self.change), ("delete", self.delete)):
                lines += _listed(word, paths)
        else:
            lines.append("  commit nothing: the files are there already")
        if self.kept:
            lines += _listed("leave alone what no push wrote:", self.kept)
        lines += self._about_tag()
        return "\n".join(lines)

    def _about_tag(self) -> list[str]:
        tag = self.upload.tag
        if tag is None:
            return []
        if self.tag_at is not None:
            return [f"  leave the tag {tag} where it is, at {self.tag_at[:12]}"]
        if not self.tags:
            return [f"  no tag yet: push again after the pull request was merged, to set {tag}"]
        return [f"  then tag that commit {tag}"]


def make_plan(hub: Hub, upload: Upload, *, overwrite: bool = False) -> Plan:
    """Compare `upload` with the repository; nothing is changed.

    Parameters
    ----------
    overwrite
        Replace files of the same name that no push wrote, or that were edited on the hub.

    Raises
    ------
    HubError
        Where the tag exists with other files, where a file would be overwritten without `overwrite`, and where
        the hub does not answer.
    """
    repository, repo_type = upload.repository, upload.repo_type
    _check_listing(upload)
    remote = read_remote(hub, repository, repo_type=repo_type)
    present = remote.files if remote else {}
    tag_at = _find_tag(hub, upload) if remote and upload.tag else None
    add = sorted(upload.contents.keys() - present.keys())
    change = [
        path
        for path in sorted(upload.contents.keys() & present.keys())
        if not present[path].holds(upload.contents[path])
    ]
    surplus = sorted(present.keys() - upload.contents.keys() - IGNORED)
    if tag_at is not None:
        # The version is published. What happened on main since then is not for this version to undo.
        add, change, surplus = [], [], []
    ours: set[str] = set()
    if remote and (change or surplus):
        ours = written_before(hub, repository, remote, repo_type=repo_type, among={*change, *surplus})
    foreign = [path for path in change if path not in ours]
    if foreign and not overwrite:
        raise HubError(
            f"{repository} holds files of these names that no push wrote, or that were edited there: "
            f"{', '.join(foreign)}; look at them, take over what is wanted, and push with --overwrite"
        )
    return Plan(
        upload=upload,
        address=hub.address,
        remote=remote,
        add=tuple(add),
        change=tuple(change),
        delete=tuple(path for path in surplus if path in ours),
        kept=tuple(path for path in surplus if path not in ours),
        tag_at=tag_at,
    )


def _check_listing(upload: Upload) -> None:
    """Raise where the list of checksums is not that of the files: later pushes and pulls rely on it."""
    listing = upload.contents.get(CHECKSUMS, b"").decode()
    if set(parse_checksums(listing, source=CHECKSUMS)) != upload.contents.keys() - {CHECKSUMS}:
        raise HubError(
            f"{CHECKSUMS} does not list exactly the files to be pushed; write the folder with embench hub export"
        )


def _find_tag(hub: Hub, upload: Upload) -> str | None:
    """Return the commit that carries the tag, if any; raise where it carries other files."""
    tagged = read_remote(hub, upload.repository, repo_type=upload.repo_type, revision=str(upload.tag))
    if tagged is None:
        return None
    if not tagged.holds(upload.contents):
        raise HubError(
            f"{upload.tag} of {upload.repository} is published with other files, and a published version never "
            f"changes: {upload.way_out}"
        )
    return tagged.commit


def _listed(word: str, paths: tuple[str, ...]) -> list[str]:
    if not paths:
        return []
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return [f"    {word} {', '.join(paths[:_SHOWN])}{more}"]

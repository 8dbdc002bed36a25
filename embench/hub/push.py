"""Publish a folder: one commit, then the tag of the version."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embench.errors import HubError
from embench.hub import about
from embench.hub.checksums import CHECKSUMS, IGNORED, files_in, render_checksums, sha256
from embench.hub.client import Hub, Say, import_hub, is_transient, recoverable, silent, status_of
from embench.hub.plan import Plan, Upload
from embench.hub.remote import Remote, read_remote


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What a push has done. `commit` is None where there was nothing to commit."""

    commit: str | None
    url: str
    tag: str | None


def dataset_upload(folder: Path, *, repository: str, create_pr: bool = False, say: Say = silent) -> Upload:
    """Return the upload of a folder that :func:`embench.hub.export.export` wrote, after checking it.

    Raises :class:`~embench.errors.HubError` or :class:`~embench.errors.DatasetError` for a folder that is not as it
    should be (see :func:`embench.hub.check.check`).
    """
    from embench.hub.check import check

    checked = check(folder, say=say)
    contents = {path: (folder / path).read_bytes() for path in [*checked.files, CHECKSUMS]}
    changed = [path for path, digest in checked.files.items() if sha256(contents[path]) != digest]
    if changed:
        raise HubError(f"{', '.join(changed)} in {folder} changed while the folder was checked; push again")
    return Upload(
        repository=repository,
        repo_type="dataset",
        contents=contents,
        message=f"Dataset {checked.version}",
        tag=f"v{checked.version}",
        create_pr=create_pr,
    )


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
    from huggingface_hub import SpaceCardData

    header = SpaceCardData(title=title, sdk="static", app_file="index.html", license=about.LICENCE)
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


def check_login(hub: Hub) -> str:
    """Return the name of the account that the token belongs to; raise HubError where there is no valid token."""
    return str(hub.call("logging in", lambda: hub.api.whoami())["name"])


def push(hub: Hub, plan: Plan) -> Pushed:
    """Carry out a plan: create the repository where needed, commit once, tag that commit.

    The commit is made by the hub in one step, on the state that the plan was made for; readers see all of it or
    nothing. The tag follows. A push that stopped in between is completed by another one.

    Raises
    ------
    HubError
        Where the hub fails for longer than `hub` has patience, refuses, or holds something else by now.
    """
    upload, remote = plan.upload, plan.remote
    if remote is None:
        remote = _create(hub, upload)
    commit, url = remote.commit, _url(hub, upload)
    if plan.commits:
        commit, url = _commit(hub, plan, remote)
    if plan.tags:
        _tag(hub, upload, commit)
    return Pushed(commit=commit if plan.commits else None, url=url, tag=upload.tag if plan.tags else None)


def _create(hub: Hub, upload: Upload) -> Remote:
    sdk = "static" if upload.repo_type == "space" else None
    hub.call(
        f"creating {upload.repository}",
        lambda: hub.api.create_repo(
            upload.repository, repo_type=upload.repo_type, private=False, space_sdk=sdk, exist_ok=True
        ),
    )
    remote = read_remote(hub, upload.repository, repo_type=upload.repo_type)
    if remote is None:
        raise HubError(f"{upload.repository} was created but cannot be seen; check that the token may read it")
    return remote


def _commit(hub: Hub, plan: Plan, remote: Remote) -> tuple[str, str]:
    """Commit; where the answer is lost, look whether the commit was made before trying again."""
    upload, purpose = plan.upload, f"committing to {plan.upload.repository}"
    for attempt in range(1, hub.attempts + 1):
        try:
            with hub.limited():
                made = hub.api.create_commit(
                    upload.repository,
                    _operations(plan),
                    commit_message=upload.message,
                    repo_type=upload.repo_type,
                    create_pr=upload.create_pr,
                    parent_commit=remote.commit,
                )
            return made.oid, str(made.pr_url if upload.create_pr else made.commit_url)
        except recoverable() as error:
            if status_of(error) == 412:
                raise HubError(
                    f"somebody else has just changed {upload.repository}; push again to see the new plan"
                ) from None
            if not is_transient(error):
                raise hub.explain(purpose, error) from None
            if upload.create_pr:
                # A pull request that was opened without our knowing must not be opened twice.
                where = f"{_url(hub, upload)}/discussions"
                raise HubError(f"{hub.explain(purpose, error)}, after a look at {where}: it may be open") from None
            now = read_remote(hub, upload.repository, repo_type=upload.repo_type)
            if now is not None and now.commit != remote.commit:
                if now.holds(upload.contents) and not set(plan.delete) & now.files.keys():
                    return now.commit, _url(hub, upload)
                raise HubError(
                    f"somebody else has just changed {upload.repository}; push again to see the new plan"
                ) from None
            if attempt == hub.attempts:
                raise hub.explain(purpose, error) from None
            hub.pause(purpose, error, attempt)
    raise AssertionError("the last attempt returns or raises")


def _operations(plan: Plan) -> list[Any]:
    """Return the operations of the commit; the client uses each of them up in one attempt."""
    library, contents = import_hub(), plan.upload.contents
    additions = [
        library.CommitOperationAdd(path_in_repo=path, path_or_fileobj=contents[path])
        for path in (*plan.add, *plan.change)
    ]
    return [*additions, *(library.CommitOperationDelete(path_in_repo=path, is_folder=False) for path in plan.delete)]


def _tag(hub: Hub, upload: Upload, commit: str) -> None:
    tag = str(upload.tag)
    hub.call(
        f"tagging {upload.repository} (the files are there; push again to add the tag {tag})",
        lambda: hub.api.create_tag(
            upload.repository, tag=tag, revision=commit, repo_type=upload.repo_type, exist_ok=True
        ),
    )
    tagged = read_remote(hub, upload.repository, repo_type=upload.repo_type, revision=tag)
    if tagged is None or tagged.commit != commit:
        raise HubError(
            f"{upload.repository} has a tag {tag} at another commit than {commit}; look at it on {_url(hub, upload)}"
        )


def _url(hub: Hub, upload: Upload) -> str:
    return f"{hub.address}/{upload.repo_type}s/{upload.repository}"

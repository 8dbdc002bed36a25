"""Publish a folder: one commit, then the tag of the version.

``HfApi.upload_folder`` makes such a commit too, but neither tells beforehand what it will change, nor looks whether a
commit whose answer was lost was made: sending it again blindly could undo what somebody has pushed in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embench.errors import HubError
from embench.hub.client import Hub, import_hub, is_transient, recoverable, status_of
from embench.hub.plan import Plan, Upload
from embench.hub.remote import Remote, read_remote


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What a push has done. `commit` is None where there was nothing to commit."""

    commit: str | None
    url: str
    tag: str | None


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

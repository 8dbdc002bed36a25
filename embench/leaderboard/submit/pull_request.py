"""A submission as a pull request on the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench.errors import SubmissionError

if TYPE_CHECKING:
    from embench.hub.client import Hub
    from embench.hub.plan import Plan
    from embench.leaderboard.submission import Submission

REPOSITORY = "embench/leaderboard-submissions"
"""The dataset repository on the hub that takes submissions."""

FOLDER = "submissions"


def plan_pull_request(hub: Hub, submission: Submission, *, repository: str, replace: bool = False) -> Plan:
    """Return what a pull request with the files of `submission` changes.

    :func:`embench.hub.push.push` carries it out. Only the folder of the submission is touched. Nothing is changed yet.

    Raises
    ------
    SubmissionError
        The repository has a submission of that name with other files, and `replace` is not given.
    HubError
        There is no such repository, or the hub does not answer.
    """
    from embench.errors import HubError
    from embench.hub.plan import Plan, Upload
    from embench.hub.remote import read_remote

    remote = read_remote(hub, repository, repo_type="dataset")
    if remote is None:
        raise HubError(
            f"there is no dataset repository {repository} at {hub.address}, or the token may not see it; name the one "
            "that takes submissions with --repo"
        )
    prefix = f"{FOLDER}/{submission.slug}/"
    contents = {prefix + name: content for name, content in submission.files.items()}
    present = {path for path in remote.files if path.startswith(prefix)}
    change = sorted(path for path in contents.keys() & present if not remote.files[path].holds(contents[path]))
    delete = sorted(present - contents.keys())
    if (change or delete) and not replace:
        raise SubmissionError(
            f"{repository} has a submission {submission.slug} already: choose another name with --slug, or replace it "
            "with --replace"
        )
    upload = Upload(
        repository=repository,
        repo_type="dataset",
        contents=contents,
        message=f"Submission: {submission.name} {submission.version}",
        create_pr=True,
    )
    return Plan(
        upload=upload,
        address=hub.address,
        remote=remote,
        add=tuple(sorted(contents.keys() - present)),
        change=tuple(change),
        delete=tuple(delete),
        kept=(),
        tag_at=None,
    )

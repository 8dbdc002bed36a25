"""Submissions as pull requests, with the real client against the loopback hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from embench.errors import HubError, SubmissionError
from embench.hub.client import Hub
from embench.hub.push import push
from embench.leaderboard.submission import read_submission
from embench.leaderboard.submit.pull_request import REPOSITORY, plan_pull_request
from tests.conftest import REPOSITORY as CHECKOUT
from tests.hub.conftest import Run
from tests.hub.loopback import TOKEN, LoopbackHub
from tests.leaderboard.make import FIELDS, write_description, write_submission

PREDICTIONS = CHECKOUT / "leaderboard" / "submissions" / "model-3" / "published.csv"


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """The folder of a submission; its predictions need not be complete for the hub."""
    return write_submission(tmp_path / "a-system", {"published": {"Li4P2S7": 0.5}})


def test_a_pull_request_leaves_main_alone(client: Hub, loopback: LoopbackHub, submission: Path):
    repository = loopback.create(REPOSITORY)
    before = dict(repository.files("main"))
    plan = plan_pull_request(client, read_submission(submission), repository=REPOSITORY)
    assert "one commit in a new pull request: 'Submission: A system 1.0'" in plan.describe()
    done = push(client, plan)
    assert done.url == f"{loopback.url}/datasets/{REPOSITORY}/discussions/1"
    assert dict(repository.files("main")) == before
    assert repository.files("refs/pr/1") == before | {
        f"submissions/a-system/{path.name}": path.read_bytes() for path in submission.iterdir()
    }


def test_a_name_that_is_taken(client: Hub, loopback: LoopbackHub, submission: Path, tmp_path: Path):
    repository = loopback.create(REPOSITORY)
    push(client, plan_pull_request(client, read_submission(submission), repository=REPOSITORY))
    repository.merge(1)
    same = plan_pull_request(client, read_submission(submission), repository=REPOSITORY)
    assert same.empty
    (submission / "README.md").write_text("# A system")
    assert plan_pull_request(client, read_submission(submission), repository=REPOSITORY).add == (
        "submissions/a-system/README.md",
    )
    (submission / "README.md").unlink()
    other = write_submission(tmp_path / "other" / "a-system", {"host-10fold": {"Li4P2S7": 0.6}}, name="Other")
    with pytest.raises(SubmissionError, match=r"has a submission a-system already.*--slug.*--replace"):
        plan_pull_request(client, read_submission(other), repository=REPOSITORY)
    plan = plan_pull_request(client, read_submission(other), repository=REPOSITORY, replace=True)
    assert (plan.add, plan.change, plan.delete) == (
        ("submissions/a-system/host-10fold.csv",),
        ("submissions/a-system/submission.yaml",),
        ("submissions/a-system/published.csv",),
    )
    push(client, plan)
    assert set(repository.files("refs/pr/2")) - set(repository.files("refs/pr/1")) == set(plan.add)
    assert set(repository.files("refs/pr/1")) - set(repository.files("refs/pr/2")) == set(plan.delete)


def test_failures(client: Hub, loopback: LoopbackHub, submission: Path):
    found = read_submission(submission)
    with pytest.raises(HubError, match="there is no dataset repository embench/leaderboard-submissions"):
        plan_pull_request(client, found, repository=REPOSITORY)
    assert not loopback.repositories  # and none was made
    loopback.create(REPOSITORY)
    plan = plan_pull_request(client, found, repository=REPOSITORY)
    loopback.fail("POST .*/commit/", lose=True, times=1)
    with pytest.raises(HubError, match="discussions: it may be open"):
        push(client, plan)  # sent once: a second attempt could open a second one
    assert sum("/commit/" in request for request in loopback.requests) == 1
    loopback.fail("POST .*/commit/", status=403, times=1)
    with pytest.raises(HubError, match="use a token that may write"):
        push(client, plan)


def test_the_command(run: Run, loopback: LoopbackHub, tmp_path: Path):
    repository = loopback.create(REPOSITORY)
    write_description(tmp_path / "described", FIELDS)
    described = tmp_path / "described" / "submission.yaml"
    arguments = ("-m", "embench", "submit", PREDICTIONS, "--from-template", described, "--pull-request")
    refused = run(*arguments)
    assert refused.returncode == 1  # nobody has answered the question
    assert "one commit in a new pull request" in refused.stdout
    assert "refs/pr/1" not in repository.refs
    done = run(*arguments, "--yes", "--replace")
    assert done.returncode == 0, done.stderr
    assert f"opened {loopback.url}/datasets/{REPOSITORY}/discussions/1" in done.stdout
    assert repository.files("refs/pr/1")["submissions/a-system/published.csv"] == PREDICTIONS.read_bytes()
    assert TOKEN not in done.stdout + done.stderr
    assert (tmp_path / "leaderboard" / "submissions" / "a-system" / "submission.yaml").is_file()


def test_the_command_without_login(run: Run, loopback: LoopbackHub, tmp_path: Path):
    loopback.create(REPOSITORY)
    write_description(tmp_path / "described", FIELDS)
    described = tmp_path / "described" / "submission.yaml"
    done = run(
        *("-m", "embench", "submit", PREDICTIONS, "--from-template", described, "--pull-request", "--yes"),
        HF_TOKEN="hf_wrong",
    )
    assert done.returncode == 1
    assert "log in with hf auth login" in done.stderr
    assert not any("/commit/" in request for request in loopback.requests)

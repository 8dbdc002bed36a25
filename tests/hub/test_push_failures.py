"""A hub that fails, is slow, or refuses: the old version stays as it was, and the error says what to do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from embench.errors import HubError
from embench.hub.client import Hub
from embench.hub.plan import make_plan
from embench.hub.push import check_login, push
from tests.hub.conftest import upload
from tests.hub.loopback import TOKEN, LoopbackHub
from tests.hub.test_push import NAME, V1, V2, committed, publish
from tests.hub.test_push import pytestmark as pytestmark


class TestFailures:
    """Every one begins with version 1 published, and version 2 on its way."""

    @pytest.fixture(autouse=True)
    def version_1(self, client: Hub, loopback: LoopbackHub) -> None:
        publish(client, upload(V1))

    def assert_only_version_1(self, loopback: LoopbackHub) -> None:
        repository = loopback.repository(NAME)
        assert repository.files() == repository.files("v1.1.0") == committed(V1)
        assert set(repository.tags) == {"v1.1.0"}

    def assert_version_2(self, loopback: LoopbackHub) -> None:
        repository = loopback.repository(NAME)
        assert repository.files() == repository.files("v2.0.0") == committed(V2)
        assert repository.files("v1.1.0") == committed(V1)
        assert repository.messages == ["initial commit", "Dataset v1.1.0", "Dataset v2.0.0"]

    STEPS = (
        "GET /api/datasets/.*/revision/main",
        "GET /api/datasets/.*/tree/",
        "POST .*/preupload/main",
        "POST .*/objects/batch",
        "PUT /lfs/",
        "POST .*/commit/main",
        "POST .*/tag/",
    )

    @pytest.mark.parametrize("step", STEPS)
    def test_that_pass(self, client, loopback, step):
        loopback.fail(step, status=503, times=2)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    @pytest.mark.parametrize("step", STEPS[:-1])
    def test_that_stay(self, client, loopback, step):
        loopback.fail(step, status=500, body="<html>Internal Server Error</html>")
        with pytest.raises(HubError, match=r"answered with a failure of its own \(500\); try again later"):
            publish(client, upload(V2, tag="v2.0.0"))
        loopback.faults.clear()
        self.assert_only_version_1(loopback)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    def test_of_the_tag_alone_are_made_good_by_another_push(self, client, loopback):
        loopback.fail("POST .*/tag/", status=500)
        with pytest.raises(HubError, match=r"the files are there; push again to add the tag v2\.0\.0"):
            publish(client, upload(V2, tag="v2.0.0"))
        assert set(loopback.repository(NAME).tags) == {"v1.1.0"}
        loopback.faults.clear()
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    @pytest.mark.parametrize("step", [STEPS[0], STEPS[2], *STEPS[4:]])
    def test_slow_answers(self, client, loopback, step):
        fault = loopback.fail(step, hang=3.0, times=100)
        with pytest.raises(HubError, match=r"did not answer within 0\.2 s.*; try again later"):
            publish(Hub(endpoint=client.endpoint, timeout=0.2, attempts=1), upload(V2, tag="v2.0.0"))
        assert fault.times < 100
        if step != self.STEPS[-1]:
            self.assert_only_version_1(loopback)

    @pytest.mark.parametrize("step", ["PUT /lfs/", "POST .*/commit/main", "POST .*/tag/"])
    def test_lost_answers_do_not_make_it_twice(self, client, loopback, step):
        loopback.fail(step, lose=True, times=1)
        publish(client, upload(V2, tag="v2.0.0"))
        self.assert_version_2(loopback)

    def test_somebody_else_was_faster(self, client, loopback):
        plan = make_plan(client, upload(V2, tag="v2.0.0"))
        loopback.repository(NAME).write("other.txt", b"in between")
        with pytest.raises(HubError, match=r"somebody else has just changed .*; push again"):
            push(client, plan)
        assert "v2.0.0" not in loopback.repository(NAME).tags

    def test_hub_that_is_not_there(self, client):
        with pytest.raises(HubError, match=r"the connection to http://127\.0\.0\.1:9 failed"):
            make_plan(Hub(endpoint="http://127.0.0.1:9", attempts=2, wait=0.01), upload(V2))

    def test_says_what_it_waits_for(self, client, loopback):
        said: list[str] = []
        loopback.fail("GET .*/revision/main", status=503, times=1)
        make_plan(Hub(endpoint=client.endpoint, wait=0.5, say=said.append), upload(V2, tag="v2.0.0"))
        assert len(said) == 1
        assert "(503); attempt 2 of 3 in 0.5 s" in said[0]

    def test_killed_in_the_middle(self, loopback, tmp_path, run_in_background):
        loopback.fail("PUT /lfs/", hang=30.0)
        process = run_in_background(
            "from embench.hub.client import Hub\n"
            "from embench.hub.plan import make_plan\n"
            "from embench.hub.push import push\n"
            "from tests.hub.conftest import upload\n"
            "from tests.hub.test_push import V2\n"
            "push(Hub(), make_plan(Hub(), upload(V2, tag='v2.0.0')))\n"
        )
        deadline = time.monotonic() + 60
        while not any(request.startswith("PUT /lfs/") for request in loopback.requests):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()
        process.wait()
        self.assert_only_version_1(loopback)


@pytest.fixture
def run_in_background(loopback: LoopbackHub, tmp_path: Path):
    from tests.conftest import REPOSITORY

    processes: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY),
            "HF_ENDPOINT": loopback.url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-c", program]
        processes.append(subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


class TestToken:
    def test_belongs_to_somebody(self, client):
        assert check_login(client) == "maintainer"

    @pytest.mark.parametrize("step", [check_login, lambda client: make_plan(client, upload(V1))])
    def test_that_is_wrong(self, client, monkeypatch, step):
        monkeypatch.setenv("HF_TOKEN", "hf_aWrongTokenAllTheSameSecret")
        with pytest.raises(
            HubError, match=r"refused the token \(401\); log in with hf auth login, or set HF_TOKEN"
        ) as raised:
            step(client)
        assert "hf_aWrong" not in str(raised.value)

    def test_that_is_missing(self, client, monkeypatch, tmp_path):
        from huggingface_hub import constants

        monkeypatch.delenv("HF_TOKEN")
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        with pytest.raises(HubError, match=r"logging in failed: .* hf auth login"):
            check_login(client)

    def test_that_may_not_write(self, client, loopback):
        loopback.fail("POST /api/repos/create", status=403)
        with pytest.raises(HubError, match="use a token that may write to this repository"):
            publish(client, upload(V1))

    def test_is_not_repeated_from_what_the_hub_says(self, client, loopback):
        publish(client, upload(V1))
        loopback.fail("POST .*/commit/main", status=400, body=f'{{"error": "you sent Bearer {TOKEN}"}}')
        with pytest.raises(HubError, match="you sent Bearer <token>") as raised:
            publish(client, upload(V2, tag="v2.0.0"))
        assert TOKEN not in str(raised.value)

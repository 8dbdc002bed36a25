"""The evaluator of the site in node, against the evaluator in Python, on every committed submission."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embench.evaluation.evaluator import GOOD_CONDUCTOR, RESAMPLES
from embench.evaluation.scored import match, scored_set
from embench.leaderboard.board import Board
from embench.leaderboard.site.score.page import score_payload
from embench.leaderboard.submission import read_submissions
from embench.metrics import metric
from embench.statistics.bootstrap import bootstrap
from tests.leaderboard.conftest import SUBMISSIONS

pytestmark = [pytest.mark.xdist_group("board"), pytest.mark.slow]

NAMES = ("mae", "rmse", "r2", "bias", "accuracy")
SCRIPT = files("embench.leaderboard.site").joinpath("static/evaluator.js")


@pytest.fixture(scope="module")
def in_node(board: Board, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What the script of the site says of every submission, by slug and protocol."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the path")
    tasks = [
        (submission.slug, protocol, str(submission.file(protocol)))
        for submission in read_submissions(SUBMISSIONS)
        for protocol in submission.protocols()
    ]
    data = tmp_path_factory.mktemp("score") / "data.json"
    named = [{"protocol": protocol, "path": path} for _, protocol, path in tasks]
    data.write_text(json.dumps({"settings": score_payload(board), "files": named}))
    script = Path(__file__).parent / "evaluate.mjs"
    done = subprocess.run([node, script, str(SCRIPT), data], capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {task[:2]: result for task, result in zip(tasks, found, strict=True)}


def test_the_same_scores_and_intervals_as_in_python(in_node: dict[tuple[str, str], dict[str, Any]]) -> None:
    """To 1e-9 eV: point values, and the interval of the MAE, from the same random numbers."""
    for submission in read_submissions(SUBMISSIONS):
        for protocol in submission.protocols():
            matched = match(
                submission.predicted(protocol), scored_set(protocol), threshold=GOOD_CONDUCTOR,
                fill_missing=submission.may_be_incomplete,
            )  # fmt: skip
            specs = [metric(name) for name in NAMES]
            replicates, _ = bootstrap(matched.sample, specs, resamples=RESAMPLES, seed=0)
            expected = replicates.estimates()
            found = in_node[submission.slug, protocol]
            for name in NAMES:
                assert found[name] == pytest.approx(expected[name].value, abs=1e-9), (submission.slug, protocol, name)
            interval = (expected["mae"].low, expected["mae"].high)
            assert found["interval"] == pytest.approx(interval, abs=1e-9), (submission.slug, protocol)


def test_ranks_are_those_of_the_board(in_node: dict[tuple[str, str], dict[str, Any]], board: Board) -> None:
    for section in board.content["protocols"]:
        ranked = [row for row in section["rows"] if row["rank"] is not None]
        for place, row in enumerate(ranked, start=1):
            found = in_node[row["slug"], section["name"]]
            # The board holds the system itself, rounded to eight decimals: it may stand one place behind itself.
            assert found["rank"] in (place, place + 1), row["slug"]
            assert found["systems"] == len(ranked) + 1


def test_the_normal_distribution() -> None:
    """Against scipy's."""
    from scipy.stats import norm

    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the path")
    shares = [0.001, 0.025, 0.31, 0.5, 0.8, 0.975, 0.9995]
    code = (
        "const window = {}; const fs = require('fs'); const vm = require('vm');"
        f"vm.runInThisContext('(window) => {{' + fs.readFileSync({json.dumps(str(SCRIPT))}, 'utf8') + '}}')(window);"
        f"console.log(JSON.stringify({shares}.map(window.embenchEvaluator.normalQuantile)));"
    )
    done = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True)
    assert np.allclose(json.loads(done.stdout), norm.ppf(shares), atol=1e-12)

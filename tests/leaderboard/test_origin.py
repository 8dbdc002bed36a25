"""Who stands behind a row, and what it costs: nothing of ours passes for published, no sum for one protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from embench.leaderboard.board.parts import cost_of
from embench.leaderboard.submission import Submission, read_submissions
from embench.leaderboard.submission.origin import origin_of
from tests.leaderboard.conftest import SUBMISSIONS
from tests.leaderboard.make import fields


def described(tmp_path: Path, **changes: object) -> Submission:
    """A submission as its author describes it."""
    content = fields(predictions={"published": "p.csv", "host-10fold": "h.csv"}, n_predicted=616, **changes)
    found = Submission.model_validate({k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})
    found._folder = tmp_path
    return found


def test_origin_of_the_committed_submissions() -> None:
    found = {submission.slug: origin_of(submission) for submission in read_submissions(SUBMISSIONS)}
    # The numbers of Devi et al. and Bheemaguli et al.; the networks of the same layout are ours.
    published = {"model-3", "mace-relax", "mace-no-relax", "orb-v3", "sevennet-mf-ompa", "mace-mp-0", "chgnet"}
    assert {slug for slug in published if found[slug] != "published"} == set()
    assert found["alignn-model-3"] == found["pathway-hybrid"] == "ours"


def test_what_somebody_hands_in_is_independent(tmp_path: Path) -> None:
    assert origin_of(described(tmp_path)) == "independent"
    assert origin_of(described(tmp_path, kind="literature")) == "published"


@pytest.mark.parametrize(
    ("changes", "own", "total"),
    [
        ({}, None, None),
        # A sum over two protocols is the cost of neither.
        ({"cost_device_hours": 3.0}, None, None),
        ({"cost_device_hours": 3.0, "cost_by_protocol": {"host-10fold": 2.0}}, 2.0, 2.0),
        ({"cost_by_protocol": {"host-10fold": 2.0}, "upstream": {"description": "NEB"}}, 2.0, None),
        ({"cost_by_protocol": {"host-10fold": 2.0}, "upstream": {"description": "NEB", "device_hours": 5.5}}, 2.0, 7.5),
    ],
)
def test_cost_of_a_protocol(tmp_path: Path, changes: dict[str, object], own: float | None, total: float | None) -> None:
    found = cost_of(described(tmp_path, **changes), "host-10fold", predicted=500)
    assert (found["own"], found["total"]) == (own, total)


def test_the_whole_is_the_cost_where_it_is_all_of_the_work(tmp_path: Path) -> None:
    submission = described(tmp_path, cost_device_hours=14.0)
    assert cost_of(submission, "host-10fold", predicted=616)["own"] == 14.0
    assert cost_of(submission, "published", predicted=60)["own"] is None

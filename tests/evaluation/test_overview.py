"""The first look at an evaluation, and where it stands, beside made-up predictions and the board."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

import embench
from embench.evaluation.document import document, overview_document
from embench.evaluation.overview import by_ion, error_histogram, overview, worst_entries
from embench.evaluation.standing import Rival, Standing, standing, standing_sentence
from tests.conftest import REPOSITORY

SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"


@pytest.fixture(scope="module")
def offset() -> embench.Evaluation:
    """Every prediction 0.15 eV too high, but one that is 1 eV too low and ten that are missing."""
    data = embench.load()
    names = sorted(embench.protocol("published").scored_ids)
    truth = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    predictions = {name: truth[name] + 0.15 for name in names[10:]}
    predictions[names[20]] = truth[names[20]] - 1.0
    return embench.evaluate(predictions, "published", fill_missing=True, resamples=200)


def test_errors_are_counted_in_bins(offset):
    bins = error_histogram(offset)
    assert (bins[0].low, bins[-1].high) == (-math.inf, math.inf)
    assert sum(each.n for each in bins) == 60
    found = {(each.low, each.high): each.n for each in bins}
    filled = [entry.error for entry in offset.entries if entry.filled]
    assert found[0.1, 0.2] == 49 + sum(0.1 <= error < 0.2 for error in filled)
    assert found[-math.inf, -0.4] == 1 + sum(error < -0.4 for error in filled)


def test_the_mae_of_each_ion(offset):
    found = by_ion(offset)
    assert [each.n for each in found] == sorted((each.n for each in found), reverse=True)
    assert sum(each.n for each in found) == 60
    for each in found:
        errors = [abs(entry.error) for entry in offset.entries if entry.mobile_ion == each.ion]
        assert each.mae == pytest.approx(sum(errors) / len(errors))
        assert each.small == (len(errors) < 10)


def test_the_worst_entries_were_predicted(offset):
    worst = worst_entries(offset)
    assert len(worst) == 5
    assert worst[0].error == pytest.approx(-1.0)
    assert not any(entry.filled for entry in worst)


@pytest.fixture(scope="module")
def section() -> dict[str, object]:
    """The board of the published split."""
    board = json.loads((REPOSITORY / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
    return next(each for each in board["protocols"] if each["name"] == "published")


def test_the_standing_is_that_of_the_board(section, tmp_path, monkeypatch):
    """Rank and ties are the same numbers by another way, for the submissions that are on the board."""
    slugs = [row["slug"] for row in section["rows"] if row["rank"] is not None]
    for slug in slugs:
        shutil.copytree(SUBMISSIONS / slug, tmp_path / "leaderboard" / "submissions" / slug)
    monkeypatch.chdir(tmp_path)
    own = next(row for row in section["rows"] if row["slug"] == "model-3")
    found = standing(embench.evaluate("model-3", "published"))
    assert found is not None
    assert (found.own, found.rank, found.n) == ("model-3", own["rank"], len(slugs))
    tied = {
        ({pair["a"], pair["b"]} - {"model-3"}).pop()
        for pair in section["pairs"]
        if "model-3" in (pair["a"], pair["b"]) and not pair["resolved"]
    }
    assert {rival.slug for rival in found.tied} == tied
    assert found.best.slug == next(slug for slug in slugs if slug != "model-3")


def test_predictions_that_are_no_submission_would_stand_somewhere(tmp_path, monkeypatch):
    shutil.copytree(SUBMISSIONS / "model-3", tmp_path / "leaderboard" / "submissions" / "model-3")
    (tmp_path / "leaderboard" / "submissions" / "broken").mkdir()
    monkeypatch.chdir(tmp_path)
    names = embench.protocol("published").scored_ids
    found = standing(embench.evaluate(dict.fromkeys(names, 5.0), "published", resamples=200))
    assert found is not None
    assert (found.rank, found.n, found.own, found.tied) == (2.0, 2, None, ())
    assert found.best.name.startswith("MODEL-3")
    assert round(found.best.mae, 4) == 0.2607  # FACTS
    shutil.rmtree(tmp_path / "leaderboard" / "submissions" / "model-3")
    assert standing(embench.evaluate(dict.fromkeys(names, 5.0), "published", resamples=200)) is None


@pytest.mark.parametrize(
    ("tied", "own", "text"),
    [
        (0, None, "This system would stand 2 of 9 on published, tied with none."),
        (1, "me", "This system stands 2 of 9 on published, tied with S0."),
        (2, None, "This system would stand 2 of 9 on published, tied with S0 and S1."),
        (4, None, "This system would stand 2 of 9 on published, tied with S0, S1, S2 and S3."),
        (6, None, "This system would stand 2 of 9 on published, tied with S0, S1, S2, S3 and 2 others."),
    ],
)
def test_the_standing_in_words(tied, own, text):
    rivals = tuple(Rival(f"s{i}", f"S{i}", 0.1) for i in range(tied))
    found = Standing(rank=2.0, n=9, best=Rival("s", "S", 0.1), tied=rivals, own=own)
    assert standing_sentence(found, "published") == text


def test_the_document_holds_all_that_the_terminal_draws(offset):
    found = overview(embench.evaluate("model-3", "published", resamples=200))
    content = json.loads(json.dumps(overview_document(found, "published"), allow_nan=False))
    assert (content["histogram"][0]["low"], content["histogram"][-1]["high"]) == (None, None)
    assert [each["n"] for each in content["histogram"]] == [each.n for each in found.histogram]
    assert content["worst"] == [entry.entry_id for entry in found.worst]
    assert content["standing"]["sentence"] == standing_sentence(found.standing, "published")
    assert "overview" not in document(offset)


def test_too_few_predictions_have_no_standing(offset):
    assert not offset.coverage.enough
    assert standing(offset) is None


def test_the_folder_of_the_submission_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A description that cannot be read costs the name, not the standing."""
    place = tmp_path / "leaderboard" / "submissions" / "model-3"
    shutil.copytree(SUBMISSIONS / "model-3", place)
    (place / "submission.yaml").write_text("name: &anchor x\n")
    monkeypatch.chdir(tmp_path)
    names = embench.protocol("published").scored_ids
    found = standing(embench.evaluate(dict.fromkeys(names, 5.0), "published", resamples=200))
    assert found is not None
    assert found.best.name == "model-3"

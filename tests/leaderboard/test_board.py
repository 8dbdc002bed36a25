"""The board: figures of the sources, every pair of systems, the cache, and what happens when something is broken."""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import scipy.stats
import sklearn.metrics

import embench
from embench.audit.consensus import read_consensus
from embench.common import folders
from embench.errors import EmbenchError, OutputError, PredictionsError, StaleFileError, SubmissionError
from embench.evaluation.document import dumps
from embench.evaluation.references import FILE
from embench.leaderboard.board import Board, build_board, write
from embench.leaderboard.board import build as scoring
from embench.leaderboard.board import standings as standing
from embench.leaderboard.board.markdown import BEGIN, END
from embench.leaderboard.board.pending import check_recorded
from embench.leaderboard.board.standings import pairs_to_compare
from embench.leaderboard.board.write import board_texts, check_current, write_board
from embench.splits import protocol_names
from embench.statistics import pairs
from embench.statistics.pairs import compare_all
from tests.leaderboard.conftest import REPOSITORY, SUBMISSIONS

pytestmark = pytest.mark.xdist_group("board")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A folder with three submissions on the published protocol."""
    folder = tmp_path / "submissions"
    for slug in ("model-3", "chgnet", "m3gnet"):
        shutil.copytree(SUBMISSIONS / slug, folder / slug)
    return folder


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The slugs of what is scored in this process from now on."""
    found: list[str] = []
    score = scoring.score

    def counting(task: scoring.Task) -> dict[str, object]:
        found.append(task.slug)
        return score(task)

    monkeypatch.setattr(scoring, "score", counting)
    return found


def protocol(board: Board, name: str) -> dict:
    return next(found for found in board.content["protocols"] if found["name"] == name)


def row(board: Board, name: str, slug: str) -> dict:
    return next(found for found in protocol(board, name)["rows"] if found["slug"] == slug)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# FACTS: what the paper prints and what was computed from its sheets.
@pytest.mark.parametrize(
    ("slug", "mae", "r2", "precision"),
    [("model-3", 0.2607, 0.7027, 0.8276), ("mace-relax", 0.3397, 0.1849, 0.7714)],
)
def test_published_figures(board, slug, mae, r2, precision):
    found = row(board, "published", slug)["metrics"]
    assert found["mae"]["value"] == pytest.approx(mae, abs=5e-5)
    assert found["r2"]["value"] == pytest.approx(r2, abs=5e-5)
    assert found["precision"]["value"] == pytest.approx(precision, abs=5e-5)
    assert found["mae"]["low"] < mae < found["mae"]["high"]


def test_protocols_and_their_order(board):
    names = [found["name"] for found in board.content["protocols"]]
    assert names[:3] == ["host-10fold", "published", "prototype-10fold"]
    assert sorted(names) == sorted(protocol_names())
    assert [found["name"] for found in board.content["protocols"] if found["main"]] == ["host-10fold"]
    assert (protocol(board, "published")["n"], protocol(board, "host-10fold")["n"]) == (60, 615)


def test_all_predictions_are_on_the_board(board):
    # A file for all protocols gives a line on each of them, a file for one on that one.
    for name in protocol_names():
        slugs = {found["slug"] for found in protocol(board, name)["rows"]}
        assert {"mace-relax", "orb-v3", "median"} <= slugs
        assert ("model-3" in slugs) == (name == "published")
    assert set(board.content["submissions"]) == {path.name for path in SUBMISSIONS.iterdir()}
    assert board.content["submissions"]["model-3"]["protocols"] == ["published"]


@pytest.mark.parametrize("name", ["published", "host-10fold"])
def test_missing_predictions_are_filled_and_counted(board, name):
    """The MAE of Orb-v3, worked out from the file, the targets and the worst references."""
    with open(SUBMISSIONS / "orb-v3" / "barriers.csv", encoding="utf-8") as lines:
        predicted = {found["entry_id"]: float(found["prediction"]) for found in csv.DictReader(lines)}
    data, worst = embench.load(), json.loads(FILE.read_text(encoding="utf-8"))["worst"][name]
    errors, own = [], []
    for fold in embench.protocol(name):
        for entry_id in fold.test_ids:
            errors.append(abs(predicted.get(entry_id, worst[entry_id]) - data[entry_id].migration_barrier))
            own += [errors[-1]] if entry_id in predicted else []
    filled = len(errors) - len(own)
    found = row(board, name, "orb-v3")
    assert filled > 0
    assert found["coverage"] == {
        "scored": len(errors),
        "predicted": len(errors) - filled,
        "share": pytest.approx(1 - filled / len(errors)),
    }
    assert found["metrics"]["mae"]["value"] == pytest.approx(statistics.fmean(errors), abs=1e-7)
    assert found["mae_predicted"]["value"] == pytest.approx(statistics.fmean(own), abs=1e-7)
    assert row(board, name, "median")["mae_predicted"] is None


def test_both_definitions_of_the_barrier(board):
    """CHGNet's energies, highest minus that of the first image, from the column of its file."""
    with open(SUBMISSIONS / "chgnet" / "barriers.csv", encoding="utf-8") as lines:
        other = {found["entry_id"]: float(found["barrier_max_minus_start"]) for found in csv.DictReader(lines)}
    (fold,) = embench.protocol("published")
    data, worst = embench.load(), json.loads(FILE.read_text(encoding="utf-8"))["worst"]["published"]
    errors = [abs(other.get(name, worst[name]) - data[name].migration_barrier) for name in fold.test_ids]
    found = row(board, "published", "chgnet")["other_definition"]
    assert found["mae"]["value"] == pytest.approx(statistics.fmean(errors), abs=1e-7)
    assert row(board, "published", "model-3")["other_definition"] is None


def test_rows_are_sorted_and_their_ranks_are_in_the_interval(board):
    for found in board.content["protocols"]:
        ranked = [line for line in found["rows"] if line["rank"] is not None]
        maes = [line["metrics"]["mae"]["value"] for line in ranked]
        assert maes == sorted(maes)
        assert [line["rank"] for line in ranked] == list(range(1, len(maes) + 1))
        assert ranked == found["rows"][: len(ranked)]
        assert found["rows"][0]["best_set"]
        for line in ranked:
            assert 1 <= line["rank_low"] <= line["rank"] <= line["rank_high"] <= len(maes)


def _without_contradicted(name: str, slug: str, file: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, list]:
    """Targets, predictions and uncertainties on the entries with sound labels, and their crystals, from the files."""
    with open(SUBMISSIONS / slug / file, encoding="utf-8") as lines:
        rows = {found["entry_id"]: found for found in csv.DictReader(lines)}
    table = pyarrow.parquet.read_table(REPOSITORY / "dataset_card" / "consensus" / "potential_consensus.parquet")
    contradicted = {found["entry_id"] for found in table.to_pylist() if found["label_contradicted"]}
    data, worst = embench.load(), json.loads(FILE.read_text(encoding="utf-8"))["worst"][name]
    kept = [key for fold in embench.protocol(name) for key in fold.test_ids if key not in contradicted]
    target = np.array([data[key].migration_barrier for key in kept])
    predicted = np.array([float(rows[key]["prediction"]) if key in rows else worst[key] for key in kept])
    told = all(rows.get(key, {}).get("uncertainty") for key in kept)
    sigma = np.array([float(rows[key]["uncertainty"]) for key in kept]) if told else None
    return target, predicted, sigma, [data[key].group_structure for key in kept]


@pytest.mark.parametrize(
    ("name", "slug", "file"),
    [
        ("host-10fold", "pathway-stack", "host-10fold.csv"),
        ("host-10fold", "orb-v3", "barriers.csv"),
        ("prototype-10fold", "pathway-hybrid", "prototype-10fold.csv"),
    ],
)
def test_figures_without_contradicted_labels_against_scikit_learn(board, name, slug, file):
    target, predicted, sigma, crystals = _without_contradicted(name, slug, file)
    good, found_good, error = target < 0.65, predicted < 0.65, predicted - target
    pairs_of = [
        (i, j)
        for i in range(len(target))
        for j in range(i)
        if crystals[i] == crystals[j] and round(abs(target[i] - target[j]), 9) > 0.05
    ]
    order = [(np.sign((target[i] - target[j]) * (predicted[i] - predicted[j])) + 1) / 2 for i, j in pairs_of]
    expected = {
        "mae": sklearn.metrics.mean_absolute_error(target, predicted),
        "rmse": sklearn.metrics.root_mean_squared_error(target, predicted),
        "r2": sklearn.metrics.r2_score(target, predicted),
        "bias": error.mean(),
        "median_absolute_error": sklearn.metrics.median_absolute_error(target, predicted),
        "spearman": scipy.stats.spearmanr(target, predicted).statistic,
        "accuracy": sklearn.metrics.accuracy_score(good, found_good),
        "precision": sklearn.metrics.precision_score(good, found_good),
        "recall": sklearn.metrics.recall_score(good, found_good),
        "f1": sklearn.metrics.f1_score(good, found_good),
        "mcc": sklearn.metrics.matthews_corrcoef(good, found_good),
        "roc_auc": sklearn.metrics.roc_auc_score(good, -predicted),
        "pathway_ranking": np.mean(order),
    }
    if sigma is not None:
        expected["coverage_95"] = (np.abs(error) <= scipy.stats.norm.ppf(0.975) * sigma).mean()
    found = row(board, name, slug)
    got = {key: found["not_contradicted"]["metrics"][key]["value"] for key in expected}
    assert got == pytest.approx(expected, abs=1e-7)
    assert protocol(board, name)["not_contradicted"]["n"] == len(target) < protocol(board, name)["n"]
    assert protocol(board, name)["not_contradicted"]["support"]["pathway_ranking"]["n"] == len(pairs_of)
    assert got["mae"] != found["metrics"]["mae"]["value"]
    # What a system has of all entries it has of these, with intervals where there are enough hosts.
    for metric, estimate in found["metrics"].items():
        without = found["not_contradicted"]["metrics"][metric]
        assert (estimate is None) == (without is None), metric
        assert without is None or without["low"] <= without["value"] <= without["high"], metric


def test_ranks_without_contradicted_labels(board):
    names = {slug: card["name"] for slug, card in board.content["submissions"].items()}
    moved = 0
    for found in board.content["protocols"]:
        lines = [line for line in found["rows"] if line["rank"] is not None]
        without = [line["not_contradicted"] for line in lines]
        expected = scipy.stats.rankdata([line["metrics"]["mae"]["value"] for line in without])
        assert [line["rank"] for line in without] == expected.tolist()
        assert all(line["not_contradicted"]["rank"] is None for line in found["rows"] if line["rank"] is None)
        for line in without:
            assert line["rank_low"] <= line["rank"] <= line["rank_high"]
        best = min(lines, key=lambda line: line["not_contradicted"]["rank"])
        assert best["not_contradicted"]["best_set"]
        sentence = found["not_contradicted"]["sentence"]
        assert sentence.startswith(names[best["slug"]])
        assert f"{found['not_contradicted']['n']} entries" in sentence
        moved += sum(line["rank"] != line["not_contradicted"]["rank"] for line in lines)
    assert moved > 0


def test_what_is_predicted_of_the_entries_without_contradicted_labels(board):
    with open(SUBMISSIONS / "orb-v3" / "barriers.csv", encoding="utf-8") as lines:
        predicted = {found["entry_id"]: float(found["prediction"]) for found in csv.DictReader(lines)}
    contradicted = {key for key, found in read_consensus().items() if found.label_contradicted}
    data = embench.load()
    kept = [key for fold in embench.protocol("host-10fold") for key in fold.test_ids if key not in contradicted]
    errors = [abs(predicted[key] - data[key].migration_barrier) for key in kept if key in predicted]
    found = row(board, "host-10fold", "orb-v3")["not_contradicted"]
    assert (found["coverage"]["scored"], found["coverage"]["predicted"]) == (len(kept), len(errors))
    assert found["coverage"]["share"] == pytest.approx(len(errors) / len(kept))
    assert found["mae_predicted"] == pytest.approx(statistics.fmean(errors))
    assert row(board, "host-10fold", "median")["not_contradicted"]["mae_predicted"] is None


def test_too_few_predictions_give_no_rank(board):
    for found in board.content["protocols"]:
        sizes = {line["slug"]: line["coverage"] for line in found["rows"]}
        few = {slug for slug, size in sizes.items() if 10 * size["predicted"] < 9 * size["scored"]}
        assert few == {line["slug"] for line in found["rows"] if line["rank"] is None}
    # FACTS: 51 of the 60 have a barrier of MACE-MP-0, of the others 55.
    mace = row(board, "published", "mace-mp-0")
    assert (mace["rank"], mace["rank_low"], mace["rank_high"], mace["best_set"]) == (None, None, None, False)
    assert mace["mae_predicted"]["value"] == pytest.approx(0.190, abs=5e-4)
    assert row(board, "published", "chgnet")["rank"] is not None


def test_what_cannot_be_told_from_the_best_is_said(board):
    names = {slug: card["name"] for slug, card in board.content["submissions"].items()}
    for found in board.content["protocols"]:
        best, *others = found["rows"]
        assert found["sentence"].startswith(names[best["slug"]])
        left = found["sentence"].partition(" has the lowest MAE")[2]
        # One name may begin with another, so the longer ones are looked for first.
        for line in sorted(others, key=lambda line: -len(names[line["slug"]])):
            assert (names[line["slug"]] in left) == line["best_set"]
            left = left.replace(names[line["slug"]], "")


def test_every_pair_once(board):
    for found in board.content["protocols"]:
        slugs = {line["slug"] for line in found["rows"] if line["rank"] is not None}
        pairs = [(pair["a"], pair["b"]) for pair in found["pairs"]]
        assert all(a < b for a, b in pairs)
        assert len(set(pairs)) == len(pairs) == len(slugs) * (len(slugs) - 1) // 2
        assert {slug for pair in pairs for slug in pair} == slugs


@pytest.mark.parametrize(("a", "b"), [("mace-relax", "model-3"), ("chgnet", "orb-v3")])
def test_pairs_are_what_evaluate_against_says(board, a, b):
    """Also for two systems with the same filled entries, where host frameworks drop out of the test."""
    against = embench.evaluate(SUBMISSIONS / a, "published", against=SUBMISSIONS / b, fill_missing=True).comparison
    pair = next(pair for pair in protocol(board, "published")["pairs"] if (pair["a"], pair["b"]) == (a, b))
    expected = against.metrics["mae"].difference
    assert pair["difference"] == pytest.approx(expected.value, abs=1e-7)
    assert (pair["low"], pair["high"]) == pytest.approx((expected.low, expected.high), abs=1e-7)
    assert pair["p_value"] == pytest.approx(against.test.p_value, abs=1e-7)
    assert pair["resolved"] == against.resolved


@pytest.mark.parametrize("name", ["published", "host-10fold"])
def test_the_same_pairs_without_contradicted_labels(board, name):
    """Differences from the files of predictions, on what the dataset calls not contradicted."""
    found = protocol(board, name)
    errors = {}
    for slug in ("pathway-stack", "median", "simple-trees"):
        target, predicted, *_ = _without_contradicted(name, slug, f"{name}.csv")
        errors[slug] = np.abs(predicted - target).mean()
    both = list(zip(found["pairs"], found["not_contradicted"]["pairs"], strict=True))
    assert all((pair["a"], pair["b"]) == (clean["a"], clean["b"]) for pair, clean in both)
    checked = [clean for _, clean in both if {clean["a"], clean["b"]} <= set(errors)]
    assert len(checked) == 3
    for clean in checked:
        assert clean["difference"] == pytest.approx(errors[clean["a"]] - errors[clean["b"]], abs=1e-7)
        assert clean["low"] < clean["difference"] < clean["high"]
    assert any(pair["difference"] != clean["difference"] for pair, clean in both)


def test_pairs_by_hand():
    """Eight entries in six clusters; the second system is worse by 0.1 in each, the third by more in one of them."""
    clusters = np.array([0, 0, 1, 2, 3, 4, 5, 5])
    first = np.array([0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4])
    second = first + 0.1
    third = first.copy()
    third[3] += 0.8
    found = {
        (pair.a, pair.b): pair
        for pair in compare_all(np.stack([first, second, third]), clusters, resamples=500, seed=0)
    }
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    # All six clusters on one side: two of the 64 sign patterns reach as far. Every resample gives the same.
    assert found[0, 1].difference.value == pytest.approx(-0.1)
    assert (found[0, 1].difference.low, found[0, 1].difference.high) == pytest.approx((-0.1, -0.1))
    assert found[0, 1].test.p_value == pytest.approx(2 / 64)
    assert found[0, 1].resolved
    # A single cluster differs: both of its signs reach as far.
    assert found[0, 2].difference.value == pytest.approx(-0.8 / 8)
    assert found[0, 2].test.p_value == 1.0
    assert not found[0, 2].resolved
    # Sums by cluster 0.2, 0.1, -0.7, 0.1, 0.1, 0.2 add up to nothing.
    assert found[1, 2].difference.value == pytest.approx(0.0, abs=1e-12)
    assert found[1, 2].test.p_value == 1.0


def test_the_pairs_of_very_many_systems(monkeypatch):
    """Every two while they are few; then with the first of the order, 3, and the next: 3-0, 0-4, 4-1, 1-2."""
    order = [3, 0, 4, 1, 2]
    every_two = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    assert pairs_to_compare(order) == every_two
    monkeypatch.setattr(standing, "_MOST_PAIRS", 9)
    assert pairs_to_compare(order) == [pair for pair in every_two if pair != (0, 2)]
    monkeypatch.setattr(standing, "_MOST_PAIRS", 1)
    assert pairs_to_compare(order) == [(0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (3, 4)]
    assert pairs_to_compare([0]) == []


@pytest.mark.parametrize("n", [45, 46, 400])
def test_no_more_than_a_thousand_pairs(n):
    assert 700 < len(pairs_to_compare(range(n))) <= 1000


def test_pairs_do_not_depend_on_how_many_are_compared_at_once(monkeypatch):
    errors, clusters = np.random.default_rng(0).random((6, 40)), np.arange(40) % 20
    whole = compare_all(errors, clusters, resamples=200, seed=0)
    monkeypatch.setattr(pairs, "_PAIRS_AT_ONCE", 4)
    assert compare_all(errors, clusters, resamples=200, seed=0) == whole
    assert compare_all(errors, clusters, resamples=200, seed=0, pairs=[(1, 4), (0, 5)]) == [
        next(pair for pair in whole if (pair.a, pair.b) == wanted) for wanted in ((1, 4), (0, 5))
    ]


def test_pairs_against_scipy():
    """The exact test and the BCa interval of another library, on twelve clusters of one entry each."""
    from scipy import stats

    random = np.random.default_rng(5)
    errors = np.abs(random.normal(size=(2, 12)) * [[1.0], [2.0]])
    (pair,) = compare_all(errors, np.arange(12), resamples=10_000, seed=1)
    differences = errors[0] - errors[1]
    exact = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert pair.test.method == "exact"
    assert pair.test.p_value == pytest.approx(exact.pvalue)
    other = stats.bootstrap((differences,), np.mean, n_resamples=10_000, method="BCa", rng=2).confidence_interval
    assert (pair.difference.low, pair.difference.high) == pytest.approx((other.low, other.high), abs=0.05)


def test_two_builds_are_equal_byte_for_byte(few, tmp_path):
    moved = tmp_path / "elsewhere" / "submissions"
    shutil.copytree(few, moved)
    first = build_board(few, cache=None, workers=1)
    cache = tmp_path / "cache"
    build_board(moved, cache=cache, workers=2)
    warm = build_board(moved, cache=cache)
    assert dumps(first.content) == dumps(warm.content)
    assert dict(first.details) == dict(warm.details)
    assert str(tmp_path) not in dumps(first.content) + str(first.details)


def test_only_what_changed_is_scored_again(few, tmp_path, scored):
    cache = tmp_path / "cache"
    before = build_board(few, cache=cache, workers=1)
    assert sorted(scored) == ["chgnet", "m3gnet", "model-3"]
    scored.clear()
    assert dumps(build_board(few, cache=cache, workers=1).content) == dumps(before.content)
    assert scored == []
    path = few / "model-3" / "published.csv"
    path.write_text(path.read_text().replace("1.01532653044582", "0.01532653044582"))
    after = build_board(few, cache=cache, workers=1)
    assert scored == ["model-3"]
    # The barrier of this entry is above both values: 1 eV more of error in one of 60 entries.
    change = row(after, "published", "model-3")["metrics"]["mae"]["value"]
    change -= row(before, "published", "model-3")["metrics"]["mae"]["value"]
    assert change == pytest.approx(1 / 60, abs=1e-7)


def test_new_code_scores_everything_again(few, tmp_path, scored, monkeypatch):
    build_board(few, cache=tmp_path, workers=1)
    scored.clear()
    basis = scoring.basis()
    monkeypatch.setattr("embench.leaderboard.board.build.basis", lambda: {**basis, "code": "0" * 64})
    build_board(few, cache=tmp_path, workers=1)
    assert len(scored) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:100],
        lambda content: content.replace(b"0.", b"1."),
        lambda content: b"",
        lambda content: b"\xff",
    ],
    ids=["cut", "altered", "empty", "noise"],
)
def test_damaged_cache_is_computed_again(few, tmp_path, scored, damage):
    cache = tmp_path / "cache"
    before = build_board(few, cache=cache, workers=1)
    whole = files(cache)
    assert len(whole) == 5  # three scores, the standings of the protocol, the signs of trouble
    for name, content in whole.items():
        (cache / name).write_bytes(damage(content))
    scored.clear()
    assert dumps(build_board(few, cache=cache, workers=1).content) == dumps(before.content)
    assert len(scored) == 3
    assert files(cache) == whole


def test_results_of_older_boards_are_removed_from_the_cache(few, tmp_path):
    cache = tmp_path / "cache"
    build_board(few, cache=cache, workers=1)
    old = cache / "00" / "00.json"
    old.parent.mkdir(exist_ok=True)
    old.write_text("of an older board")
    os.utime(old, (0, 0))
    present = files(cache)
    for path in cache.glob("*/*.json"):
        os.utime(path, (0, 0))
    build_board(few, cache=cache, workers=1)
    assert set(files(cache)) == set(present) - {"00/00.json"}


def test_a_cache_that_cannot_be_written_is_no_error(few, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert build_board(few, cache=blocked, workers=1).content["protocols"]


def test_broken_predictions_are_named(few):
    path = few / "chgnet" / "barriers.csv"
    lines = path.read_text().splitlines()
    entry_id, _, rest = lines[2].split(",", 2)
    lines[2] = f"{entry_id},high,{rest}"
    path.write_text("\n".join(lines))
    with pytest.raises(PredictionsError) as error:
        build_board(few, cache=None, workers=1)
    assert all(text in str(error.value) for text in ("chgnet", str(path), "line 3", "'high'"))


def test_a_model_must_predict_every_entry(few):
    path = few / "model-3" / "submission.yaml"
    path.write_text(path.read_text().replace("kind: literature", "kind: property-model"))
    predictions = few / "model-3" / "published.csv"
    kept = [line for line in predictions.read_text().splitlines(keepends=True) if not line.startswith("Ca0.5MnF3,")]
    predictions.write_text("".join(kept))
    with pytest.raises(PredictionsError, match=r"(?s)model-3.*lacks 1 of the 60.*Ca0\.5MnF3"):
        build_board(few, cache=None, workers=1)


def test_one_name_and_version_for_two(few):
    """What ``leaderboard check`` refuses is on no board either."""
    shutil.copytree(few / "model-3", few / "model-4")
    with pytest.raises(SubmissionError, match=r"model-3.*are those of model-4(?s:.*)model-4.*are those of model-3"):
        build_board(few, cache=None, workers=1)


def test_a_description_that_contradicts_its_predictions(few):
    path = few / "model-3" / "submission.yaml"
    path.write_text(path.read_text().replace("n_predicted: 60", "n_predicted: 61"))
    with pytest.raises(SubmissionError, match="n_predicted is 61, but the files predict 60 entries"):
        build_board(few, cache=None, workers=1)


def test_a_single_submission(few, tmp_path):
    for slug in ("chgnet", "m3gnet"):
        shutil.rmtree(few / slug)
    (found,) = build_board(few, cache=tmp_path).content["protocols"]
    assert found["sentence"] == "MODEL-3 (fine-tuned ALIGNN) is the only system with a rank."
    assert found["pairs"] == []
    assert [(line["rank_low"], line["rank_high"]) for line in found["rows"]] == [(1, 1)]


def test_missing_submissions(tmp_path):
    with pytest.raises(SubmissionError):
        build_board(tmp_path / "nowhere", cache=None)
    with pytest.raises(SubmissionError):
        build_board(tmp_path, cache=None)


def simple_site(board: Board, folder: Path) -> None:
    folder.mkdir()
    (folder / "index.html").write_text(board.content["protocols"][0]["sentence"])


@pytest.fixture
def plain_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site of one page, which is what these tests replace and lose."""
    monkeypatch.setattr("embench.leaderboard.site.write_site", simple_site)


@pytest.mark.usefixtures("plain_site")
def test_the_board_is_replaced_as_a_whole(board, few, tmp_path):
    out = tmp_path / "out"
    write_board(build_board(few, cache=None, workers=1), out)
    first = files(out)
    assert set(first) == {"leaderboard.json", "leaderboard.md", "site/index.html", f"site/{write.MARKER}"}
    (out / "submissions").mkdir()
    (out / "submissions" / "kept").write_text("")
    write_board(board, out)
    second = files(out)
    assert set(second) == {*first, "submissions/kept"}
    assert all(first[name] != second[name] for name in first if name != f"site/{write.MARKER}")
    assert sorted(path.name for path in out.iterdir()) == ["leaderboard.json", "leaderboard.md", "site", "submissions"]


OLD = ("leaderboard.json", "leaderboard.md", "site/index.html")


def old_board(board: Board, out: Path) -> dict[str, bytes]:
    """Write a board into `out`, make it an old one, and return its files."""
    write_board(board, out)
    for name in OLD:
        (out / name).write_text(f"the old {name}")
    return files(out)


def failing_after(steps: int, function: Callable[..., object], fail: Callable[[], object]) -> Callable[..., object]:
    """Call `function` so many times, and then `fail`."""
    left = [steps]

    def called(*arguments: object) -> object:
        left[0] -= 1
        return fail() if left[0] == -1 else function(*arguments)

    return called


@pytest.mark.usefixtures("plain_site")
@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("moves", range(3))
def test_a_failing_move_takes_everything_back(board, tmp_path, monkeypatch, moves, interrupted):
    """The page and the JSON move, then the site is exchanged; at each the disk fails, or somebody interrupts."""
    out = tmp_path / "out"
    before = old_board(board, out)

    def fail() -> None:
        raise KeyboardInterrupt if interrupted else OSError(28, "No space left on device")

    if moves < 2:
        monkeypatch.setattr(write.os, "replace", failing_after(moves, os.replace, fail))
    else:
        monkeypatch.setattr(folders, "_exchange", lambda *_: fail())
    with pytest.raises(KeyboardInterrupt if interrupted else OutputError, match=None if interrupted else "No space"):
        write_board(board, out)
    assert files(out) == before
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []


KILLED = """
import json, os, sys
from pathlib import Path

steps, exchange = int(sys.argv[1]), sys.argv[2] == "exchange"
from embench.common import folders
from embench.leaderboard.board import write

def counted(function):
    def called(*arguments):
        global steps
        if steps == 0:
            os._exit(9)
        steps -= 1
        return function(*arguments)
    return called

class Board:
    content = json.loads(Path(sys.argv[3]).read_text(encoding="utf-8"))

def site(board, folder):
    folder.mkdir()
    (folder / "index.html").write_text("new")

import embench.leaderboard.site
embench.leaderboard.site.write_site = site
folders._exchange = counted(folders._exchange if exchange else lambda *_: False)
write.os.replace, write.os.rename = counted(os.replace), counted(os.rename)
write.write_board(Board(), Path("out"), page=Path("README.md"))
"""


@pytest.mark.parametrize("way", ["exchange", "aside"])
def test_a_board_that_is_killed_at_any_step_loses_nothing(tmp_path, way):
    """Whatever step is the last: every file is the old or the new one, and the next run finishes and sweeps."""
    content = REPOSITORY / "leaderboard" / "leaderboard.json"
    old = {name: f"the old {name}" for name in OLD} | {f"site/{write.MARKER}": f"{write._MARKED}index.html\n"}
    readme = f"# Mine\n{BEGIN}\nold\n{END}\nkept\n"
    for steps in range(12):
        place = tmp_path / f"{way}-{steps}"
        (place / "out" / "site").mkdir(parents=True)
        for name, text in old.items():
            (place / "out" / name).write_text(text)
        (place / "README.md").write_text(readme)
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-c", KILLED, str(steps), way, str(content)]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 9), done.stderr
        new = {"leaderboard.json": content.read_text(encoding="utf-8"), "site/index.html": "new"}
        for name in ("leaderboard.json", "leaderboard.md"):
            text = (place / "out" / name).read_text(encoding="utf-8")
            assert text in (old[name], new.get(name)) or text.startswith("# Leaderboard"), (steps, name)
        assert (place / "README.md").read_text(encoding="utf-8").endswith("kept\n"), steps
        kept = [place / "out" / name / "index.html" for name in ("site", ".site.before")]
        assert any(path.is_file() for path in kept), steps
        again = subprocess.run([*command[:3], "99", *command[4:]], cwd=place, env=environment, check=False)
        assert again.returncode == 0
        assert sorted(path.name for path in (place / "out").iterdir()) == ["leaderboard.json", "leaderboard.md", "site"]
        assert (place / "out" / "site" / "index.html").read_text() == "new"
        if done.returncode == 0:
            break
    assert steps == (4 if way == "exchange" else 7), "fewer steps than were counted on"


def test_a_failing_site_leaves_the_board(board, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_board(board, out, site=False)
    (out / "leaderboard.md").write_text("the old page")
    before = files(out)

    def failing(board: Board, folder: Path) -> None:
        folder.mkdir()
        (folder / "index.html").write_text("half")
        raise EmbenchError("no more ink")

    monkeypatch.setattr("embench.leaderboard.site.write_site", failing)
    with pytest.raises(EmbenchError, match="no more ink"):
        write_board(board, out)
    assert files(out) == before


@pytest.mark.usefixtures("plain_site")
@pytest.mark.parametrize("name", ["thesis.tex", "index.html", "embench-site.txt.bak", "assets/board.js"])
def test_a_folder_of_somebody_else_is_not_replaced(board, tmp_path, name):
    theirs = tmp_path / "out" / "site" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work")
    with pytest.raises(OutputError, match=r"is not a site.*move it away, or choose another --out"):
        write_board(board, tmp_path / "out")
    assert files(tmp_path / "out") == {f"site/{name}": b"years of work"}


@pytest.mark.usefixtures("plain_site")
@pytest.mark.parametrize("name", ["CNAME", "submissions/notes.txt", "index.html.old"])
def test_a_site_with_something_of_somebody_else_is_not_replaced(board, tmp_path, name):
    out = tmp_path / "out"
    write_board(board, out)
    (out / "site" / name).parent.mkdir(exist_ok=True)
    (out / "site" / name).write_text("mine")
    (out / "site" / ".DS_Store").write_text("left by a file manager")
    with pytest.raises(OutputError, match=name):
        write_board(board, out)
    assert (out / "site" / name).read_text() == "mine"
    (out / "site" / name).unlink()
    write_board(board, out)
    assert not (out / "site" / ".DS_Store").exists()


@pytest.mark.usefixtures("plain_site")
def test_a_link_to_the_page_stays(board, tmp_path):
    (tmp_path / "real.md").write_text(f"{BEGIN}\nof yesterday\n{END}\n")
    (tmp_path / "README.md").symlink_to("real.md")
    write_board(board, tmp_path / "out", page=tmp_path / "README.md")
    assert (tmp_path / "README.md").is_symlink()
    assert "of yesterday" not in (tmp_path / "real.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_committed_board_is_current(board_cache):
    """``make board`` renews the files. What a pull request adds is built into them by a workflow after the merge."""
    out, page = REPOSITORY / "leaderboard", REPOSITORY / "README.md"
    since = check_recorded(SUBMISSIONS, out, page=page, cache=board_cache, workers=os.cpu_count() or 1)
    if since:
        warnings.warn(f"the board is to be built again: {since}", stacklevel=1)


def test_a_stale_file_is_named(board, tmp_path):
    write_board(board, tmp_path, site=False)
    texts = board_texts(board, tmp_path)
    check_current(texts)
    (tmp_path / "leaderboard.md").write_text("of yesterday")
    with pytest.raises(StaleFileError, match=r"leaderboard\.md"):
        check_current(texts)

"""`embench.evaluate`: the published figures, what is done about missing entries, and what comes with a score."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import statistics
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error

import embench
from embench.audit.consensus import read_consensus
from embench.errors import InvalidValueError, PredictionsError, SubmissionError, UnknownNameError
from embench.evaluation.document import document, dumps, write_json
from embench.evaluation.predictions import parse_predictions
from embench.evaluation.ranking import rank_evaluations, short_names
from embench.metrics import Sample
from embench.metrics.pathway import resolved_pairs

FAST = {"resamples": 200}


def sheet(upstream: Path, name: str) -> list[dict[str, object]]:
    book = openpyxl.load_workbook(upstream / "TABULATION-GIT-HUB.xlsx", read_only=True)
    header, *rows = book[name].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def model_3(upstream) -> dict[str, float]:
    return {row["SYS_NAME"]: row["PREDICTION"] for row in sheet(upstream, "TEST-PREDICTIONS-BEST-MODEL")}


@pytest.fixture(scope="module")
def mace_relax(upstream) -> dict[str, float]:
    rows = sheet(upstream, "COMPLETE-TABUATION")
    return {row["sys_name"]: row["MACE-RELAX"] for row in rows if row["MACE-RELAX"] is not None}


@pytest.fixture(scope="module")
def model_3_file(model_3, tmp_path_factory) -> Path:
    return write_csv(tmp_path_factory.mktemp("predictions") / "model-3.csv", model_3)


def write_csv(path: Path, predictions: dict[str, float]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["entry_id", "prediction"])
        writer.writerows(predictions.items())
    return path


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    data = embench.load()
    return dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))


def perfect(protocol: str, truth: dict[str, float]) -> dict[str, float]:
    return {name: truth[name] for name in embench.protocol(protocol).scored_ids}


# The published figures, as FACTS.md gives them


def rounded(scores: embench.Evaluation, *names: str) -> list[float]:
    return [round(scores.metrics[name].value, 4) for name in names]


def test_published_figures_of_model_3(model_3_file):
    scores = embench.evaluate(model_3_file, **FAST)
    assert (scores.n, scores.protocol, scores.threshold) == (60, "published", 0.65)
    assert rounded(scores, "mae", "r2", "accuracy", "precision", "recall") == [0.2607, 0.7027, 0.8, 0.8276, 0.7742]
    counts = scores.confusion
    assert (counts.true_positive, counts.false_positive, counts.false_negative, counts.true_negative) == (24, 5, 7, 24)
    assert scores.coverage.share == 1.0
    assert repr(scores).startswith(f"<Evaluation of {model_3_file} on published: MAE 0.261 eV (0.")


def test_published_figures_of_mace_relax(mace_relax):
    scores = embench.evaluate(mace_relax, "published", **FAST)
    assert rounded(scores, "mae", "r2", "accuracy", "precision") == [0.3397, 0.1849, 0.8, 0.7714]
    # The sheet has 616 MACE barriers (619 less the 3 blank ones): 556 of them are not scored here.
    assert scores.warnings == ("556 predictions for entries that the protocol published does not score: ignored",)


def test_the_training_median_beside_it(upstream, model_3):
    train = [row["TARGET"] for row in sheet(upstream, "TRAINING-PREDICTIONS") if row["TARGET"] is not None]
    test = [row["TARGET"] for row in sheet(upstream, "TEST-PREDICTIONS-BEST-MODEL")]
    assert (len(train), len(test)) == (559, 60)
    expected = statistics.fmean(abs(target - statistics.median(train)) for target in test)
    assert embench.evaluate(model_3, **FAST).reference["mae"] == pytest.approx(expected)


def test_seen_hosts_and_groups_of_the_published_protocol(model_3):
    scores = embench.evaluate(model_3, **FAST)
    groups = {part.name: {group.group: group.n for group in part.groups} for part in scores.breakdown}
    assert groups["mobile_ion"] == {"Li": 21, "Mg": 14, "Ca": 12, "Na": 5, "K": 4, "Zn": 2, "Al": 1, "Rb": 1}
    assert groups["host"] == {"seen": 45, "unseen": 15}
    assert all(sum(sizes.values()) == 60 for sizes in groups.values())
    assert groups["barrier_range"]["below 0.3 eV"] + groups["barrier_range"]["0.3–0.65 eV"] == 31


# Sources and settings


def test_all_sources_give_the_same_scores(model_3, model_3_file, tmp_path):
    frame = pd.DataFrame({"entry_id": list(model_3), "prediction": list(model_3.values())})
    backwards = write_csv(tmp_path / "backwards.csv", dict(reversed(model_3.items())))
    reference = embench.evaluate(model_3_file, **FAST)
    for source in (str(model_3_file), model_3, frame, backwards):
        assert embench.evaluate(source, **FAST).metrics == reference.metrics


def test_a_submission_by_name(model_3_file, tmp_path, monkeypatch):
    folder = tmp_path / "leaderboard" / "submissions" / "model-x"
    folder.mkdir(parents=True)
    (folder / "barriers.csv").write_bytes(model_3_file.read_bytes())
    (folder / "submission.yaml").write_text("name: X\npredictions:\n  all: barriers.csv\n")
    (tmp_path / "leaderboard" / "submissions" / "model-y").mkdir()
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    scores = embench.evaluate("model-x", **FAST)
    assert (scores.name, rounded(scores, "mae")) == ("model-x", [0.2607])
    assert rounded(embench.evaluate(folder, **FAST), "mae") == [0.2607]
    with pytest.raises(PredictionsError, match="model-y has no predictions for the protocol published"):
        embench.evaluate("model-y")
    with pytest.raises(PredictionsError, match="did you mean model-x"):
        embench.evaluate("modelx")
    (folder / "submission.yaml").write_text("predictions:\n  all: ../model-y/barriers.csv\n")
    with pytest.raises(SubmissionError, match=r"line 2: '\.\./model-y/barriers\.csv' is no file of its folder"):
        embench.evaluate("model-x")


BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("predictions: [unclosed", "not valid YAML"),
        ("- predictions", "names no predictions"),
        ("predictions: published.csv", "names no predictions"),
        ("predictions:\n  published: /etc/passwd", "line 2: '/etc/passwd' is no file of its folder"),
        ("predictions:\n  published: 12", "line 2: '12' is no file of its folder"),
        ("predictions:\n  published: [a.csv]", "is no file of its folder"),
        (BOMB, "line 1: anchors"),
        ("a: " + "[" * 1000, "nested deeper"),
        ("name: " + "x" * (1 << 20), "larger than 64 KiB"),
        ("predictions: !!python/object/apply:os.getcwd []", "tags"),
        ("name: \xff".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_description_that_means_harm(model_3_file, tmp_path, text, words):
    folder = tmp_path / "model-x"
    folder.mkdir()
    (folder / "published.csv").write_bytes(model_3_file.read_bytes())
    (folder / "submission.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SubmissionError, match=re.escape(words)):
        embench.evaluate(model_3_file, against=folder, **FAST)


def test_links_in_a_submission(model_3_file, tmp_path):
    folder = tmp_path / "model-x"
    folder.mkdir()
    (folder / "published.csv").symlink_to(model_3_file)
    with pytest.raises(SubmissionError, match="is a link"):
        embench.evaluate(folder, **FAST)
    (folder / "published.csv").unlink()
    (folder / "published.csv").write_bytes(model_3_file.read_bytes())
    (folder / "submission.yaml").symlink_to(tmp_path / "nothing")
    with pytest.raises(SubmissionError, match="cannot read"):
        embench.evaluate(folder, **FAST)


def test_the_submissions_of_the_release(model_3_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # outside of any checkout
    compared = embench.evaluate(model_3_file, against="mace-relax", **FAST).comparison
    # FACTS: MODEL-3 has MAE 0.2607, MACE-RELAX 0.3397 on the test entries.
    assert compared.metrics["mae"].difference.value == pytest.approx(0.2607 - 0.3397, abs=1e-4)


def test_predictions_that_were_read_before(model_3_file):
    known = embench.load().entry_ids
    parsed = parse_predictions(model_3_file.read_bytes(), name="mine", known=known)
    scores = embench.evaluate(parsed, **FAST)
    assert scores.name == "mine"
    assert scores.metrics == embench.evaluate(model_3_file, **FAST).metrics
    assert scores.checksums["predictions"] == hashlib.sha256(model_3_file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threshold": math.nan}, InvalidValueError, "finite"),
        ({"seed": -1}, InvalidValueError, "not be negative"),
        ({"resamples": 99}, InvalidValueError, "between 100 and 1000000"),
        ({"protocol": "publishd"}, UnknownNameError, "did you mean published"),
    ],
)
def test_settings_out_of_range(options, error, message):
    with pytest.raises(error, match=message) as caught:
        embench.evaluate({}, **options)
    assert caught.value.exit_code == 2


def test_the_threshold_decides_what_is_a_good_conductor(model_3, truth):
    scores = embench.evaluate(model_3, threshold=0.3, **FAST)
    good = sum(truth[name] < 0.3 for name in model_3)
    assert scores.confusion.true_positive + scores.confusion.false_negative == good
    # On the threshold itself is not below it.
    edge = embench.evaluate(perfect("published", truth), threshold=min(map(truth.get, model_3)), **FAST)
    assert (edge.confusion.true_positive, edge.confusion.true_negative) == (0, 60)


# Missing entries


def test_missing_entries_are_an_error(model_3):
    incomplete = dict(list(model_3.items())[:-12])
    with pytest.raises(PredictionsError, match="lacks 12 of the 60 entries that the protocol published") as error:
        embench.evaluate(incomplete)
    lines = str(error.value).splitlines()
    assert len(lines) == 13
    assert lines[11].strip() == "... and 2 more"
    assert "--fill-missing" in lines[12]


def test_filled_entries_get_the_worst_reference_prediction_and_are_counted(truth):
    protocol = embench.protocol("host-10fold")
    absent = {fold.test_ids[0]: fold for fold in protocol}
    rows = [(name, truth[name], 0.1) for name in protocol.scored_ids if name not in absent]
    frame = pd.DataFrame(rows, columns=["entry_id", "prediction", "uncertainty"])
    scores = embench.evaluate(frame, "host-10fold", fill_missing=True, **FAST)
    assert (scores.n, scores.coverage.predicted) == (len(protocol.scored_ids), len(protocol.scored_ids) - 10)
    assert scores.coverage.filled == tuple(sorted(absent))
    assert any("10 scored entries without a prediction" in warning for warning in scores.warnings)
    for entry in scores.entries:
        assert entry.filled == (entry.entry_id in absent)
        if entry.filled:
            train = np.array([truth[name] for name in absent[entry.entry_id].train_ids])
            # The median is one of the references; tests/evaluation/test_coverage.py has all of them.
            assert abs(entry.error) >= abs(np.median(train) - truth[entry.entry_id])
            assert entry.uncertainty == pytest.approx(np.sqrt(np.mean((train - np.median(train)) ** 2)))
    # All others are exact, so the filled ones make up the whole error.
    filled = [abs(entry.error) for entry in scores.entries if entry.filled]
    assert scores.metrics["mae"].value == pytest.approx(sum(filled) / scores.n)


def test_predictions_for_other_entries_only_cannot_be_filled(truth):
    train = embench.protocol("published").folds[0].train_ids
    with pytest.raises(PredictionsError, match="predicts none of the 60 entries"):
        embench.evaluate({name: truth[name] for name in train}, "published", fill_missing=True)


# What comes with a score


def test_scores_without_flagged_entries_stand_beside_the_full_ones(truth):
    data = embench.load()
    flags = dict(zip(data.entry_ids, data.flags, strict=True))
    random = np.random.default_rng(0)
    guess = {name: value * math.exp(random.normal(0, 0.4)) for name, value in perfect("host-10fold", truth).items()}
    scores = embench.evaluate(guess, "host-10fold", **FAST)
    error = {name: abs(value - truth[name]) for name, value in guess.items()}
    assert scores.metrics["mae"].value == pytest.approx(statistics.fmean(error.values()))
    excluded = {
        "without_label_suspect": {"label_suspect", "structure_corrupt", "elements_misplaced"},
        "without_metal_site": {"path_through_metal_site"},
        "straight_path_clean": {"path_clash"},
    }
    found = {subset.name: subset for subset in scores.subsets}
    for name, names in excluded.items():
        kept = [error[entry] for entry in error if names.isdisjoint(flags[entry])]
        assert 0 < len(kept) < scores.n
        assert found[name].n == len(kept)
        assert found[name].metrics["mae"].value == pytest.approx(statistics.fmean(kept))
    contradicted = {row.entry_id for row in read_consensus().values() if row.label_contradicted}
    kept = [error[entry] for entry in error if entry not in contradicted]
    assert found["label_not_contradicted"].n == len(kept) < scores.n
    assert found["label_not_contradicted"].metrics["mae"].value == pytest.approx(statistics.fmean(kept))
    assert found["label_not_contradicted"].metrics.keys() == found["straight_path_clean"].metrics.keys()
    full = embench.evaluate(guess, "host-10fold", in_full=["label_not_contradicted"], **FAST)
    sound = next(subset for subset in full.subsets if subset.name == "label_not_contradicted").metrics
    assert sound["median_absolute_error"].value == pytest.approx(statistics.median(kept))
    assert sound["mae"] == found["label_not_contradicted"].metrics["mae"]
    with pytest.raises(UnknownNameError, match="label_not_contradicted"):
        embench.evaluate(guess, "host-10fold", in_full=["label_not_contradict"], **FAST)
    assert found["straight_path_clash"].n == scores.n - found["straight_path_clean"].n
    metal = scores.metrics["r2_without_metal_site"]
    assert metal.value == pytest.approx(found["without_metal_site"].metrics["r2"].value)
    assert metal.low == pytest.approx(found["without_metal_site"].metrics["r2"].low)
    assert metal.value != scores.metrics["r2"].value
    assert scores.support["r2_without_metal_site"].n == scores.n - 2  # LiRuO2_1 and RuO2_Li_1


def test_breakdown_agrees_with_pandas(truth):
    data = embench.load()
    random = np.random.default_rng(0)
    guess = {name: value + random.normal(0, 0.3) for name, value in perfect("host-10fold", truth).items()}
    frame = pd.DataFrame({name: data.column(name) for name in ("entry_id", "mobile_ion", "functional", "group_host")})
    frame = frame[frame.entry_id.isin(guess)]
    frame["error"] = [guess[name] - truth[name] for name in frame.entry_id]
    scores = embench.evaluate(guess, "host-10fold", **FAST)
    for part in scores.breakdown:
        if part.name not in ("mobile_ion", "functional"):
            continue
        groups = frame.groupby(part.name)
        assert [group.n for group in part.groups] == sorted(groups.size(), reverse=True)
        for group in part.groups:
            members = groups.get_group(group.group)
            assert group.n_hosts == members.group_host.nunique()
            assert group.small == (len(members) < 10)
            assert group.mae.value == pytest.approx(members.error.abs().mean())
            assert group.bias.value == pytest.approx(members.error.mean())
            assert math.isfinite(group.mae.low) == (group.n_hosts >= 5)
    # A barrier on an edge belongs to the range above it.
    barriers = pd.Series([truth[name] for name in guess])
    assert barriers.isin([0.3, 0.65, 1, 2]).any()
    ranges = pd.cut(barriers, [0, 0.3, 0.65, 1, 2, 10], right=False).value_counts(sort=False)
    found = next(part for part in scores.breakdown if part.name == "barrier_range")
    assert [group.n for group in found.groups] == ranges.tolist()
    # Folds grouped by host: no scored entry has its host in the training part.
    assert [group.group for group in scores.breakdown[-1].groups] == ["unseen"]


def test_pathway_pairs_of_the_audit(shared):
    """The audit counts 196 pairs of pathways; one of them, Na2MnO3_2 and _4, is exactly 0.05 eV apart: not more."""
    table = pd.read_csv(shared / "audit" / "annotations.csv", dtype=str)
    barriers = [Decimal(text) for text in table.Em]
    exact = sum(
        abs(barriers[i] - barriers[j]) > Decimal("0.05")
        for members in table.groupby("struct_strict").indices.values()
        for i in members
        for j in members
        if i < j
    )
    sample = Sample(
        target=table.Em.astype(float).to_numpy(),
        prediction=np.zeros(len(table)),
        structure=table.struct_strict.astype(int).to_numpy(),
    )
    assert len(resolved_pairs(sample)) == exact == 195


def test_pathways_need_more_than_a_handful_for_an_interval(model_3):
    # The published test part has a single structure with two pathways.
    scores = embench.evaluate(model_3, **FAST)
    assert scores.support["pathway_ranking"] == (1, "pairs", 1)
    assert scores.metrics["pathway_ranking"].method == "none"


def test_uncertainties_are_scored_where_there_are_some(model_3):
    frame = pd.DataFrame({"entry_id": list(model_3), "prediction": list(model_3.values())})
    assert "nll" not in embench.evaluate(frame, **FAST).metrics
    scores = embench.evaluate(frame.assign(uncertainty=0.3), **FAST)
    inside = statistics.fmean(abs(entry.error) <= 1.959964 * 0.3 for entry in scores.entries)
    assert scores.metrics["coverage_95"].value == pytest.approx(inside)
    assert len(scores.calibration) == 19
    assert math.isnan(scores.metrics["error_uncertainty_spearman"].value)  # one σ for all: nothing to rank


# Comparisons


def test_model_3_and_mace_cannot_be_told_apart(model_3, mace_relax):
    scores = embench.evaluate(model_3, against=mace_relax, resamples=2000)
    comparison = scores.comparison
    mae = comparison.metrics["mae"]
    assert (round(mae.value, 4), round(mae.other, 4)) == (0.2607, 0.3397)
    assert mae.difference.value == pytest.approx(mae.value - mae.other)
    assert mae.difference.low < 0 < mae.difference.high
    assert comparison.test.p_value > 0.05
    assert not comparison.resolved
    assert "0.079 eV lower" in comparison.sentence
    assert "the two are tied" in comparison.sentence
    assert comparison.other_warnings == (
        "556 predictions for entries that the protocol published does not score: ignored",
    )
    assert comparison.other_coverage.share == 1.0
    other_way = embench.evaluate(mace_relax, against=model_3, resamples=2000).comparison
    assert other_way.test.p_value == comparison.test.p_value
    assert other_way.metrics["mae"].difference.value == -mae.difference.value
    assert other_way.detectable == pytest.approx(comparison.detectable)


def test_a_clear_difference_is_resolved(model_3, truth):
    comparison = embench.evaluate(perfect("published", truth), against=model_3, **FAST).comparison
    assert comparison.resolved
    assert comparison.sentence.endswith("the difference is statistically significant.")
    assert "p < 0.001" in comparison.sentence


def test_nothing_differs_from_itself(model_3):
    comparison = embench.evaluate(model_3, against=model_3, **FAST).comparison
    assert not comparison.resolved
    assert comparison.test.p_value == 1.0
    assert comparison.sentence == "The MAE is the same as that of dict."


def test_pairing_narrows_the_interval(model_3):
    """A system that differs from another by a little noise is compared far more sharply than by two intervals."""
    random = np.random.default_rng(0)
    near = {name: value + random.normal(0, 0.02) for name, value in model_3.items()}
    scores = embench.evaluate(near, against=model_3, **FAST)
    difference = scores.comparison.metrics["mae"].difference
    own = scores.metrics["mae"]
    assert difference.high - difference.low < 0.2 * (own.high - own.low)
    assert scores.comparison.detectable < 0.2 * scores.detectable


def test_several_systems(model_3, mace_relax, truth):
    sources = (mace_relax, perfect("published", truth), model_3)
    systems = [embench.evaluate(source, "published", **FAST) for source in sources]
    ranking = rank_evaluations(systems)
    assert [system.evaluation for system in ranking.systems] == [systems[1], systems[2], systems[0]]
    assert [system.rank.best_set for system in ranking.systems] == [True, False, False]
    size = f"60 entries from {systems[0].n_hosts} host frameworks"
    assert ranking.sentence == f"dict has the lowest MAE, and {size} distinguish it from all others."
    assert "tied with dict" in rank_evaluations([systems[0], systems[2]]).sentence
    with pytest.raises(InvalidValueError):
        rank_evaluations([systems[0], embench.evaluate(model_3, resamples=300)])


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["model-3", "chgnet"], ["model-3", "chgnet"]),
        (["/a/b/one.csv", "/a/b/two.csv"], ["one.csv", "two.csv"]),
        (["s/model-3/published.csv", "s/chgnet/barriers.csv"], ["model-3", "chgnet"]),
        (["s/x/1.csv", "s/x/2.csv", "s/y/1.csv"], ["x/1.csv", "x/2.csv", "y/1.csv"]),
        (["/a/b/one.csv", "c.csv"], ["/a/b/one.csv", "c.csv"]),
        (["dict", "dict"], ["dict", "dict"]),
    ],
)
def test_names_in_a_ranking_leave_out_what_is_shared(names, short):
    assert short_names(names) == short


# JSON


def test_json_holds_everything_and_no_nan(model_3_file, mace_relax, tmp_path):
    scores = embench.evaluate(model_3_file, against=mace_relax, **FAST)
    write_json(document(scores), tmp_path / "new" / "scores.json")
    text = (tmp_path / "new" / "scores.json").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=pytest.fail)
    assert {"dataset_version", "protocol", "n", "threshold", "metrics"} <= set(content)
    assert {"value", "low", "high", "unit", "method"} <= set(content["metrics"]["mae"])
    assert content["metrics"]["mae"]["value"] == pytest.approx(0.2607, abs=5e-5)
    assert content["metrics"]["mae"]["unit"] == "eV"
    assert content["metrics"]["pathway_ranking"]["low"] is None
    assert content["confusion"] == {
        "true_positive": 24, "false_positive": 5, "false_negative": 7, "true_negative": 24,
    }  # fmt: skip
    assert content["coverage"] == {"scored": 60, "predicted": 60, "share": 1.0, "filled": []}
    assert len(content["entries"]) == 60
    first = content["entries"][0]
    assert first["error"] == pytest.approx(first["prediction"] - first["target"])
    assert content["comparison"]["resolved"] is False
    files = {"train.parquet", "test.parquet", "default-1.1.0.parquet"}
    assert set(content["checksums"]) == {"predictions", "published.csv", *files}
    assert text == dumps(document(embench.evaluate(model_3_file, against=mace_relax, **FAST)))


def test_a_failed_write_leaves_the_old_file(model_3, tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("old")
    content = document(embench.evaluate(model_3, **FAST)) | {"n": math.nan}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(content, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_intervals_are_seeded(model_3):
    first, again, other = (embench.evaluate(model_3, seed=seed, **FAST) for seed in (1, 1, 2))
    assert first.metrics == again.metrics
    assert first.metrics["mae"].low != other.metrics["mae"].low
    assert first.metrics["mae"].value == other.metrics["mae"].value


def test_the_function_is_public_after_its_module_is_imported():
    import embench.evaluation

    assert callable(embench.evaluate)
    assert embench.Evaluation is embench.evaluation.Evaluation


def test_mean_absolute_error_of_a_grouped_protocol(truth):
    random = np.random.default_rng(1)
    guess = {name: value + random.normal(0, 0.3) for name, value in perfect("random-10fold", truth).items()}
    scores = embench.evaluate(guess, "random-10fold", **FAST)
    expected = mean_absolute_error([truth[name] for name in guess], list(guess.values()))
    assert scores.metrics["mae"].value == pytest.approx(expected)
    assert scores.metrics["mae"].low < expected < scores.metrics["mae"].high

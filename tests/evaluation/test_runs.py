"""Several seeds, bounds, metrics and subsets of the user's: values worked out with numpy and pandas alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import InvalidValueError, PredictionsError, UnknownNameError

FAST = {"resamples": 200}


@pytest.fixture(scope="module")
def target() -> pd.Series:
    ids = embench.protocol("published").scored_ids
    data = embench.load().select(ids)
    return pd.Series(data.column("migration_barrier"), index=pd.Index(ids, name="entry_id"))


@pytest.fixture(scope="module")
def seeds(target) -> pd.DataFrame:
    """Three runs: errors of 0.1, 0.2 and 0.4 eV, whose mean is 0.2333 and whose standard deviation is 0.1528."""
    frames = [
        pd.DataFrame({"entry_id": target.index, "prediction": target.to_numpy() + shift, "seed": seed})
        for seed, shift in ((10, 0.1), (2, 0.2), (33, 0.4))
    ]
    return pd.concat(frames)


def test_mean_and_spread_of_runs_by_hand(seeds):
    scores = embench.evaluate(seeds, "published", **FAST)
    assert len(scores.runs) == 3
    assert scores.runs.names == ("DataFrame, seed 2", "DataFrame, seed 10", "DataFrame, seed 33")
    assert scores.runs.values["mae"] == pytest.approx((0.2, 0.1, 0.4))
    assert scores.metrics["mae"].value == pytest.approx(0.7 / 3)
    assert scores.runs.spread["mae"] == pytest.approx(np.std([0.1, 0.2, 0.4], ddof=1))
    assert scores.name == "DataFrame (3 runs)"
    # Entries are those of the mean prediction.
    assert scores.entries[0].error == pytest.approx(0.7 / 3)


def test_the_interval_is_that_of_the_mean_over_runs(target):
    """Two runs with the same numbers give what one gives."""
    rng = np.random.default_rng(0)
    one = {key: value + rng.normal(0, 0.2) for key, value in target.items()}
    alone, twice = embench.evaluate(one, "published", **FAST), embench.evaluate([one, one], "published", **FAST)
    assert twice.metrics["mae"] == alone.metrics["mae"]
    assert twice.runs.spread["mae"] == pytest.approx(0.0)


def test_files_are_runs(seeds, tmp_path):
    paths = []
    for seed, frame in seeds.groupby("seed"):
        path = tmp_path / f"published-{seed}.csv"
        frame.drop(columns="seed").to_csv(path, index=False)
        paths.append(path)
    scores = embench.evaluate(paths, **FAST)
    assert scores.protocol == "published"
    assert scores.metrics["mae"].value == pytest.approx(0.7 / 3)
    seeds.to_csv(tmp_path / "all.csv", index=False)
    assert embench.evaluate(tmp_path / "all.csv", "published", **FAST).metrics["mae"].value == pytest.approx(0.7 / 3)
    for extra in (["--runs", *map(str, paths)], [str(tmp_path / "all.csv")]):
        result = CliRunner().invoke(app, ["evaluate", "-p", "published", "--resamples", "200", *extra])
        assert result.exit_code == 0, result.output
        assert "0.233 eV ± 0.153" in result.output
        assert "means of 3 runs" in result.output


def test_runs_against_another_system(seeds, target):
    rival = (target + 0.3).to_dict()
    scores = embench.evaluate(seeds, "published", against=rival, **FAST)
    assert scores.comparison.metrics["mae"].difference.value == pytest.approx(0.7 / 3 - 0.3)
    assert scores.comparison.resolved


def test_where_one_run_is_needed_several_are_refused(seeds):
    from embench.evaluation.predictions import parse_predictions

    content = seeds.to_csv(index=False).encode()
    with pytest.raises(PredictionsError, match=r"holds 3 runs \(seed 2, 10, 33\), and one is needed"):
        parse_predictions(content, name="x.csv", known=embench.load().entry_ids)
    with pytest.raises(PredictionsError, match="the seed is empty"):
        embench.evaluate(seeds.assign(seed=[None, *seeds["seed"][1:]]), "published", **FAST)


def test_a_run_must_be_whole(seeds):
    with pytest.raises(PredictionsError, match="seed 33 lacks 1 of the 60"):
        embench.evaluate(seeds.iloc[:-1], "published", **FAST)


def test_bounds_are_a_95_percent_interval(target):
    frame = pd.DataFrame({"prediction": target + 0.1, "lower": target - 0.2, "upper": target + 0.4})
    scores = embench.evaluate(frame, "published", **FAST)
    assert scores.entries[0].uncertainty == pytest.approx(0.6 / (2 * 1.959964))
    assert scores.metrics["coverage_95"].value == 1.0
    assert "lower and upper are read as the ends of a 95 % interval" in scores.warnings
    both = embench.evaluate(frame.assign(uncertainty=0.5), "published", **FAST)
    assert both.entries[0].uncertainty == 0.5
    assert "the columns lower and upper are not read, as there is a column uncertainty" in both.warnings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower": 9.0}, "the lower bound 9 is not below the upper one"),
        ({"upper": None}, "upper is empty; give both bounds"),
        ({"prediction": 5.0, "upper": 4.0}, "the prediction 5 lies outside of its bounds"),
        ({"lower": "x"}, "lower 'x' is not a number"),
    ],
)
def test_bounds_that_are_none(target, change, message):
    frame = pd.DataFrame({"prediction": target, "lower": target - 0.2, "upper": target + 0.4}).astype(object)
    for name, value in change.items():
        frame.iloc[0, list(frame.columns).index(name)] = value
    with pytest.raises(PredictionsError, match=message):
        embench.evaluate(frame, "published", **FAST)


def test_metrics_of_the_users(target):
    def worst(targets, predictions):
        return np.abs(targets - predictions).max()

    guess = {key: value + 0.1 * (i + 1) for i, (key, value) in enumerate(sorted(target.items()))}
    scores = embench.evaluate(guess, "published", metrics=["r2", worst], **FAST)
    assert set(scores.metrics) == {"mae", "r2"}
    assert scores.own["worst"].value == pytest.approx(6.0)
    assert scores.own["worst"].low <= 6.0


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        (["maee"], UnknownNameError, "unknown metric 'maee'; did you mean mae"),
        (["coverage_95"], InvalidValueError, "needs a column uncertainty"),
        ([3], InvalidValueError, "3 is no metric"),
        ("mae", InvalidValueError, "metrics are a list"),
        ([lambda a, b: "text"], InvalidValueError, "returns no number"),
    ],
)
def test_what_is_no_metric(target, metrics, error, message):
    with pytest.raises(error, match=message):
        embench.evaluate((target + 0.1).to_dict(), "published", metrics=metrics, **FAST)


def test_a_subset_of_the_users(target):
    sodium = [entry.entry_id for entry in embench.load() if entry.mobile_ion == "Na"]
    guess = {key: value + (0.5 if key in sodium else 0.1) for key, value in target.items()}
    for wanted in ({"mobile_ion": "Na"}, sodium):
        scores = embench.evaluate(guess, "published", subset=wanted, **FAST)
        subset = scores.subsets[-1]
        assert (subset.name, subset.n) == ("subset", 5)
        assert subset.metrics["mae"].value == pytest.approx(0.5)
    # Beside the full score, never in place of it.
    assert scores.n == 60


@pytest.mark.parametrize(
    ("subset", "message"),
    [
        (["x"], "unknown entry 'x'"),
        ({"mobile_ion": "Na2"}, "unknown mobile_ion value 'Na2'"),
        (["AlSc2S4"], "no entry that published scores is in the subset"),
    ],
)
def test_what_is_no_subset(target, subset, message):
    with pytest.raises((InvalidValueError, UnknownNameError), match=message):
        embench.evaluate(target.to_dict(), "published", subset=subset, **FAST)

"""The page on the oxygen vacancies: generated, and with the figures of the evaluator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import embench
from embench.errors import BaselineError, UnknownNameError
from embench.pages import transfer
from embench.pages.transfer import helps, transfer_page

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "oxygen-vacancies.md"


@pytest.mark.slow
def test_the_page_is_current():
    """``make baselines`` renews it."""
    assert transfer_page() == PAGE.read_text(encoding="utf-8")


def test_its_figures_are_those_of_the_evaluator():
    """What is known of this set: trees on simple features reach an MAE of 0.96 eV and ρ = 0.81, the median 1.65 eV."""
    text = PAGE.read_text(encoding="utf-8")
    for system, about in (("simple-trees", 0.96), ("median", 1.65)):
        mae = embench.evaluate(system, "oxygen-10fold", resamples=100).metrics["mae"].value
        assert mae == pytest.approx(about, abs=0.02)
        assert f"| {system} | {mae:.2f} |" in text


def test_the_mirrored_stack_is_ahead_where_it_may_learn_from_oxygen():
    scores = {
        name: embench.evaluate(name, "oxygen-10fold", resamples=100) for name in ("mirrored-stack", "simple-trees")
    }
    mirrored, trees = (found.metrics["mae"].value for found in scores.values())
    assert f"| mirrored-stack | {mirrored:.2f} |" in PAGE.read_text(encoding="utf-8")
    assert mirrored < trees - 0.1


def test_a_model_that_is_none_is_refused_in_words():
    with pytest.raises(UnknownNameError, match=r"unknown model 'forest'; did you mean trees\?"):
        helps("forest")


def test_help_is_said_with_its_interval(monkeypatch):
    """A model that is 0.5 eV too high without the oxygen vacancies, and right with them."""
    cations = embench.load()
    barrier = dict(zip(cations.entry_ids, cations.column("migration_barrier").tolist(), strict=True))

    def predictions(*_):
        return {entry: value + 0.5 for entry, value in barrier.items()}, barrier

    monkeypatch.setitem(transfer.MODELS, "made", transfer.Model(words="a made-up model", predictions=predictions))
    told = " ".join(helps("made").split())
    assert told.startswith("With a made-up model on host-10fold, all oxygen vacancies added")
    assert (
        "MAE 0.000 eV, and 0.500 eV without them. The difference is -0.500 eV (95 % interval -0.500 to -0.500" in told
    )
    assert told.endswith("they help.")


def test_a_quick_model_learns_from_the_oxygen_vacancies_in_one_of_two_runs():
    """Every fold is fitted twice, and once with the 622 further entries, which come after the cations."""
    seen = []

    def table(entries):
        return np.arange(len(entries), dtype=float)[:, None], ["row"]

    def guess(names, known, barriers, unknown):
        assert names == ["row"]
        seen.append((len(known), float(barriers[-1])))
        return np.full(len(unknown), barriers.mean())

    without, with_oxygen = transfer._computed(table, guess)(Path(), lambda *_: None)
    oxygen = embench.load("oxygen-vacancies").column("migration_barrier")
    folds = embench.protocol("host-10fold").folds
    assert [n for n, _ in seen] == [len(fold.train) for fold in folds] + [len(fold.train) + 622 for fold in folds]
    assert {last for _, last in seen[10:]} == {float(oxygen[-1])}
    first = folds[0]
    mean = first.train.column("migration_barrier").mean()
    assert without[first.test_ids[0]] == pytest.approx(mean)
    both = np.concatenate([first.train.column("migration_barrier"), oxygen]).mean()
    assert with_oxygen[first.test_ids[0]] == pytest.approx(both)


def test_a_study_that_was_not_run_is_named_with_its_command(tmp_path):
    with pytest.raises(BaselineError, match=r"run alignn-local-oxygen --dataset-version 1\.0\.0 --out"):
        helps("network", results=tmp_path)


@pytest.mark.parametrize("name", [name for name, model in transfer.MODELS.items() if name.startswith("network")])
def test_the_figures_of_the_networks_against_their_files(name):
    """With pandas: absolute errors on the entries that are scored, of the file in baselines/ and of the submission."""
    baseline, file = transfer.MODELS[name].predictions(REPOSITORY / "baselines", lambda *_: None)
    data = embench.load().select(embench.protocol("host-10fold").scored_ids)
    labels = data.column("migration_barrier")
    submitted = REPOSITORY / "leaderboard" / "submissions" / str(baseline) / "host-10fold.csv"
    with_oxygen, without = (
        float(np.abs(pd.read_csv(each).set_index("entry_id").loc[list(data.entry_ids), "prediction"] - labels).mean())
        for each in (file, submitted)
    )
    mae, _ = transfer.compared(name, results=REPOSITORY / "baselines")
    assert mae.value == pytest.approx(with_oxygen, abs=1e-9)
    assert mae.other == pytest.approx(without, abs=1e-9)
    assert f"| {transfer.MODELS[name].words} | {with_oxygen:.3f} | {without:.3f} |" in PAGE.read_text(encoding="utf-8")

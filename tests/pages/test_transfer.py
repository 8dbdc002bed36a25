"""The page on the oxygen vacancies: generated, and with the figures of the evaluator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import embench
from embench.errors import UnknownNameError
from embench.pages import transfer
from embench.pages.transfer import helps, transfer_page

PAGE = Path(__file__).parents[2] / "docs" / "oxygen-vacancies.md"


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

    def table(entries):
        return np.array([[barrier.get(entry_id, 0.0)] for entry_id in entries.entry_ids]), ["barrier"]

    def guess(_names, known, _barriers, unknown):
        return unknown[:, 0] + (0.0 if len(known) > 622 else 0.5)

    monkeypatch.setitem(transfer.MODELS, "made", transfer.Model(words="a made-up model", table=table, guess=guess))
    told = " ".join(helps("made").split())
    assert told.startswith("With a made-up model on host-10fold, all oxygen vacancies added")
    assert (
        "MAE 0.000 eV, and 0.500 eV without them. The difference is -0.500 eV (95 % interval -0.500 to -0.500" in told
    )
    assert told.endswith("they help.")

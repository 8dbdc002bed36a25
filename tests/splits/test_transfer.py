"""The protocols of the second dataset: kept apart from those of the first, and without leaks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import embench
from embench.errors import HiddenTargetError, PredictionsError
from embench.splits import TRANSFER_PROTOCOLS, protocol_names

OXYGEN = "oxygen-vacancies"


def test_they_are_not_among_the_protocols_of_the_first():
    assert {spec.name for spec in TRANSFER_PROTOCOLS} == {"oxygen-10fold", "to-oxygen"}
    assert not {spec.name for spec in TRANSFER_PROTOCOLS} & set(protocol_names())


def test_no_material_is_on_both_sides():
    data = embench.load(OXYGEN)
    protocol = embench.protocol("oxygen-10fold")
    assert sorted(protocol.scored_ids) == sorted(data.entry_ids)
    for fold in protocol:
        seen = set(fold.train.column("material_id").tolist())
        assert not seen & set(fold.test.column("material_id").tolist())
        assert len(fold.train) + len(fold.test) == 622


def test_to_oxygen_trains_on_the_scored_cations():
    (fold,) = embench.protocol("to-oxygen")
    assert set(fold.train_ids) == set(embench.protocol("host-10fold").scored_ids)
    assert "O" not in fold.train.column("mobile_ion").tolist()
    assert set(fold.test.column("mobile_ion").tolist()) == {"O"}
    assert pickle.loads(pickle.dumps(fold)).test.layout.name == OXYGEN


@pytest.mark.parametrize("name", ["migration_barrier", "reverse_barrier"])
def test_what_tells_the_target_is_hidden(name):
    (fold,) = embench.protocol("to-oxygen")
    entry = next(iter(fold.test))
    with pytest.raises(HiddenTargetError):
        fold.test.column(name)
    with pytest.raises(HiddenTargetError):
        getattr(entry, name)
    with pytest.raises(HiddenTargetError):
        fold.test.arrays("image_energies")
    assert {"migration_barrier", "reverse_barrier", "image_energies"}.isdisjoint(fold.test.table.column_names)
    assert {"migration_barrier", "reverse_barrier", "image_energies"}.isdisjoint(fold.test.to_pandas().columns)
    assert not any("ends_apart" in flags for flags in fold.test.flags)


def test_scored_with_the_right_median():
    """What fills in is the median of the side that is trained on: of cations for to-oxygen."""
    guess = dict.fromkeys(embench.load(OXYGEN).entry_ids, 3.0)
    scores = embench.evaluate(guess, "to-oxygen", resamples=100)
    cations = embench.load().select(embench.protocol("host-10fold").scored_ids).column("migration_barrier")
    target = embench.load(OXYGEN).column("migration_barrier")
    assert scores.reference["mae"] == pytest.approx(float(np.abs(target - np.median(cations)).mean()))
    assert scores.metrics["mae"].value == pytest.approx(float(np.abs(target - 3.0).mean()))
    assert scores.n == 622
    assert scores.n_hosts == 272


def test_which_of_them_is_meant_must_be_said(tmp_path):
    guess = dict.fromkeys(embench.load(OXYGEN).entry_ids, 3.0)
    with pytest.raises(PredictionsError, match="oxygen-10fold, to-oxygen all score"):
        embench.evaluate(guess, resamples=100)
    path = tmp_path / "to-oxygen.csv"
    path.write_text("entry_id,prediction\n" + "".join(f"{key},{value}\n" for key, value in guess.items()))
    assert embench.evaluate(path, resamples=100).protocol == "to-oxygen"


def test_a_file_for_all_is_not_for_the_second_dataset():
    with pytest.raises(PredictionsError, match="mace-relax has no predictions for the protocol to-oxygen"):
        embench.evaluate("mace-relax", "to-oxygen", resamples=100)

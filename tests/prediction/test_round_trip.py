"""An entry that was written as two POSCARs and read back has its features and its prediction."""

from __future__ import annotations

import pytest

import embench
from tests.prediction.round_trip import CHANGES, differences, read_back

# Small cells of several classes; tests.prediction.round_trip goes through all.
SAMPLE = ("MgRh2O4", "Ti2S4_Ca", "Li3OCl_1", "FeBO3_Li_1")


@pytest.mark.slow
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("entry_id", SAMPLE)
def test_back_again(entry_id, how, model, tmp_path):
    entry = embench.load()[entry_id]
    feature, barrier = differences(model, entry, read_back(entry, how, tmp_path))
    assert feature < 1e-6
    assert barrier < 1e-6


def test_permuted_shifted_and_back(model, tmp_path):
    entry = embench.load()["MgRh2O4"]
    for how in CHANGES:
        feature, barrier = differences(model, entry, read_back(entry, how, tmp_path, seed=1))
        assert max(feature, barrier) < 1e-6, how

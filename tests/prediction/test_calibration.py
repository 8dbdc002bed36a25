from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import embench
from embench.errors import BaselineError
from embench.prediction.calibration import banded, calibrate, measured, shared_variance


def test_by_hand():
    errors = np.array([0.1, -0.2, 0.3, -0.4])
    found = measured("host-10fold", errors, np.full(4, 0.1), ["a", "a", "b", "b"])
    assert found.median_error == pytest.approx(0.25)
    assert found.mean_error == pytest.approx(0.25)
    assert found.coverage == 0.25  # only 0.1 is within 1.96 times 0.1
    assert found.factor == pytest.approx(4 / 1.959964)  # of four, the 95 % quantile is the largest
    assert found.n_hosts == 2


def test_errors_that_are_equal_within_groups_are_shared():
    rng = np.random.default_rng(0)
    common = np.repeat(rng.normal(size=400), 3)
    groups = [str(i // 3) for i in range(1200)]
    assert shared_variance(common, groups) == pytest.approx(1.0)
    own = rng.normal(size=1200)
    assert shared_variance(own, groups) < 0.05
    # Half of the variance in common.
    assert shared_variance((common + own) / np.sqrt(2), groups) == pytest.approx(0.5, abs=0.07)


def test_groups_of_one_share_nothing():
    assert shared_variance(np.ones(3), ["a", "b", "c"]) == 0.0


def test_the_committed_predictions():
    """The scores of the board: MAE of pathway-stack on host-10fold."""
    found = calibrate("pathway-stack", "host-10fold", embench.load())
    scored = embench.evaluate("pathway-stack", protocol="host-10fold", resamples=100)
    assert found.mean_error == pytest.approx(scored.metrics["mae"].value, abs=1e-9)
    assert found.n == 615
    assert calibrate("pathway-stack", "host-10fold", embench.load(version="1.0.0")).n == 616


def test_without_predictions(tmp_path):
    with pytest.raises(BaselineError, match="embench baseline run pathway-stack"):
        calibrate("pathway-stack", "host-10fold", embench.load(), tmp_path)
    (tmp_path / "host-10fold.csv").write_text("entry_id,prediction,uncertainty\nO-LiFePO4,0.3,0.1\n")
    with pytest.raises(BaselineError, match="lacks 614 entries"):
        calibrate("pathway-stack", "host-10fold", embench.load(), tmp_path)
    (tmp_path / "host-10fold.csv").write_text("entry_id,prediction\nO-LiFePO4,0.3\n")
    with pytest.raises(BaselineError, match="no column uncertainty"):
        calibrate("pathway-stack", "host-10fold", embench.load(), tmp_path)


def test_errors_by_distance():
    distances = np.arange(100.0)
    errors = np.where(distances < 50, 0.1, -0.4)
    bands = banded(distances, errors)
    assert [band.median_error for band in bands] == [0.1, 0.1, 0.4, 0.4, 0.4]
    assert [(band.low, band.high) for band in bands] == [(0, 25), (25, 50), (50, 75), (75, 95), (95, 100)]
    found = dataclasses.replace(measured("host-10fold", errors, np.ones(100), ["a"] * 100), bands=bands)
    assert found.expected_error(10.0) == 0.1
    assert found.expected_error(99.0) == 0.4
    assert dataclasses.replace(found, bands=()).expected_error(10.0) == found.median_error

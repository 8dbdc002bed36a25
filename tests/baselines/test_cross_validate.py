"""Any model on a protocol: copied, out of fold, blind to what is scored."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import embench
from embench.errors import BaselineError, HiddenTargetError, UnknownNameError

FAST = {"resamples": 100}


def lengths(data):
    return np.column_stack([data.column("hop_distance"), data.column("n_sites")])


def test_a_median_is_the_baseline_median():
    """The committed predictions of the baseline are from another code path, and made with version 1.0.0."""
    of = {"dataset_version": "1.0.0"}
    found = embench.cross_validate(DummyRegressor(strategy="median"), "host-10fold", features=lengths, **of)
    table = embench.load_predictions("host-10fold", systems=["median"], **of)
    ours = dict(zip(found.entry_ids, found.values, strict=True))
    assert [ours[key] for key in table.index] == pytest.approx(table["median"].tolist(), abs=1e-6)


def test_the_model_that_is_given_stays_unfitted():
    model = DummyRegressor(strategy="median")
    embench.cross_validate(model, "published", features=lengths)
    assert not hasattr(model, "constant_")


@pytest.mark.parametrize(
    "model",
    [BayesianRidge(), make_pipeline(StandardScaler(), BayesianRidge())],
    ids=["estimator", "pipeline"],
)
def test_standard_deviations_become_uncertainties(model):
    found = embench.cross_validate(model, "published", features=lengths)
    assert found.uncertainties is not None
    (fold,) = embench.protocol("published")
    fitted = model.fit(lengths(fold.train), fold.train.column("migration_barrier"))
    mean, std = fitted.predict(lengths(fold.test), return_std=True)
    ours = dict(zip(found.entry_ids, zip(found.values, found.uncertainties, strict=True), strict=True))
    for i, key in enumerate(fold.test_ids):
        assert ours[key] == pytest.approx((mean[i], std[i]))
    assert "coverage_95" in embench.evaluate(found, "published", **FAST).metrics


def test_a_model_that_reads_entries():
    class Mean:
        def fit(self, train):
            self.mean = float(train.column("migration_barrier").mean())
            return self

        def predict(self, test):
            return np.full((len(test), 1), self.mean)

    found = embench.cross_validate(Mean(), "oxygen-10fold")
    data = embench.load("oxygen-vacancies")
    for fold in embench.protocol("oxygen-10fold"):
        expected = data.select(fold.train_ids).column("migration_barrier").mean()
        at = found.entry_ids.index(fold.test_ids[0])
        assert found.values[at] == pytest.approx(expected)
    assert embench.evaluate(found, "oxygen-10fold", **FAST).n == 622


def test_targets_of_the_scored_side_stay_hidden():
    with pytest.raises(HiddenTargetError):
        embench.cross_validate(
            DummyRegressor(), "published", features=lambda data: data.column("migration_barrier")[:, None]
        )


class Wrong:
    def __init__(self, answer):
        self.answer = answer

    def fit(self, train):
        return self

    def predict(self, test):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros(3), r"Wrong, published, fold test: mean has shape \(3,\), expected \(60,\)"),
        (np.full(60, np.nan), "every value must be finite"),
        ("text", "something else than numbers"),
        ((np.ones(60), np.zeros(60)), "every std positive"),
    ],
)
def test_what_a_model_must_not_predict(answer, message):
    with pytest.raises(BaselineError, match=message):
        embench.cross_validate(Wrong(answer), "published")


def test_what_is_no_model_and_what_are_no_features():
    with pytest.raises(BaselineError, match="a dict has no method fit"):
        embench.cross_validate({}, "published")
    with pytest.raises(UnknownNameError, match="unknown set of features 'pathways'; did you mean pathway"):
        embench.cross_validate(DummyRegressor(), "published", features="pathways")
    with pytest.raises(BaselineError, match="features have 2 rows for 559 entries"):
        embench.cross_validate(DummyRegressor(), "published", features=lambda data: [[0.0], [1.0]])


def test_features_are_a_table_with_names():
    part = embench.load().select(["LiRuO2_1", "AlSc2S4"])
    for name in ("pathway", "simple", "elements", "composition"):
        table = part.features(name)
        assert list(table.index) == ["LiRuO2_1", "AlSc2S4"]
        assert table.columns.is_unique
        assert np.isfinite(table.to_numpy()).all()
    # The hop of the release, whose length is a column of the dataset.
    assert part.features("simple")["length"].tolist() == pytest.approx(part.column("hop_distance").tolist(), abs=1e-3)
    with pytest.raises(UnknownNameError, match="unknown set of features 'x'"):
        part.features("x")


def test_features_of_the_scored_side_need_no_target():
    (fold,) = embench.protocol("to-oxygen")
    table = fold.test.select(fold.test_ids[:3]).features("simple")
    assert table.shape[0] == 3
    assert (table["length"] > 1.5).all()


def test_a_gaussian_process_is_scored(monkeypatch):
    """What the issue asks for in one line: an estimator of scikit-learn on named features."""
    found = embench.cross_validate(
        make_pipeline(StandardScaler(), GaussianProcessRegressor(alpha=0.5, optimizer=None)),
        "published",
        features="elements",
        name="gp",
    )
    assert found.name == "gp"
    assert found.uncertainties is not None
    assert embench.evaluate(found, "published", **FAST).metrics["mae"].value < 0.6

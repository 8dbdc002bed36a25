"""What every baseline of the registry says of inputs that it cannot be fitted to or asked for."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import embench
from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.registry import BASELINES
from embench.errors import BaselineError, HiddenTargetError


@pytest.fixture(scope="module")
def data():
    return embench.load()


@pytest.fixture(params=[spec.name for spec in BASELINES])
def baseline(request):
    spec = next(spec for spec in BASELINES if spec.name == request.param)
    if spec.extra == "alignn":
        pytest.importorskip("torch")
    return spec.create(seed=0)


def test_nothing_is_not_predicted(baseline, data):
    """Neither before a fit nor after one."""
    with pytest.raises(BaselineError, match="predict was called before fit"):
        baseline.predict(data.select([]))
    baseline._fitted = True
    with pytest.raises(BaselineError, match="predicts at least one entry, and this Dataset holds none"):
        baseline.predict(data.select([]))


@pytest.mark.parametrize(
    ("given", "named"), [([], "a list of 0"), ((1, 2), "a tuple of 2"), (None, "a NoneType"), ("O-LiFePO4", "a str")]
)
def test_only_datasets_are_taken(baseline, given, named):
    baseline._fitted = True
    for method in (baseline.fit, baseline.predict):
        with pytest.raises(BaselineError, match=f"a Dataset, not {named}: give embench.load"):
            method(given)


def test_nothing_is_not_fitted_to(baseline, data):
    with pytest.raises(BaselineError, match="is fitted to at least one entry"):
        baseline.fit(data.select([]))


def test_a_fit_that_failed_leaves_nothing_to_predict_with(data):
    class Fails(CheckedBaseline):
        def _fit(self, train):
            raise ZeroDivisionError

        def _predict(self, entries):
            return Prediction(np.zeros(len(entries)))

    model = Fails()
    model._fitted = True
    with pytest.raises(ZeroDivisionError):
        model.fit(data)
    with pytest.raises(BaselineError, match="before fit"):
        model.predict(data)


def test_hidden_targets_are_said(data):
    spec = next(spec for spec in BASELINES if spec.name == "median")
    with pytest.raises(HiddenTargetError, match="migration_barrier"):
        spec.create(seed=0).fit(data.without_targets())


def test_every_factory_is_checked():
    for spec in BASELINES:
        module, _, name = spec.factory.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), CheckedBaseline), spec.name

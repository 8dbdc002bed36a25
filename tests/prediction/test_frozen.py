"""Frozen models predict what scikit-learn predicts, and reading one runs nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.svm import SVR

from embench.errors import BaselineError, DatasetError
from embench.prediction.frozen import freeze, thaw


def frozen(value):
    """Return what comes back of a fitted object after a trip through JSON."""
    arrays = {}
    plain = json.loads(json.dumps(freeze(value, arrays)))
    return thaw(plain, arrays)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 7)), rng.normal(size=60), rng.normal(size=(25, 7))


def test_trees_agree_with_scikit_learn(data):
    table, target, new = data
    forest = ExtraTreesRegressor(20, min_samples_leaf=3, random_state=0).fit(table, target)
    np.testing.assert_allclose(frozen(forest).predict(new), forest.predict(new), rtol=0, atol=1e-12)


def test_a_tree_of_one_leaf(data):
    table, _, new = data
    forest = ExtraTreesRegressor(3, random_state=0).fit(table, np.full(60, 2.5))
    np.testing.assert_allclose(frozen(forest).predict(new), 2.5)


def test_support_vectors_agree_with_scikit_learn(data):
    table, target, new = data
    kernels = np.exp(-((table[:, None] - table) ** 2).sum(-1)), np.exp(-((new[:, None] - table) ** 2).sum(-1))
    machine = SVR(kernel="precomputed", C=3.0).fit(kernels[0], target)
    np.testing.assert_allclose(frozen(machine).predict(kernels[1]), machine.predict(kernels[1]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("whiten", [True, False])
def test_components_agree_with_scikit_learn(data, whiten):
    table, _, new = data
    components = PCA(3, whiten=whiten, svd_solver="full").fit(table)
    np.testing.assert_allclose(frozen(components).transform(new), components.transform(new), rtol=0, atol=1e-12)


def test_plain_values_come_back_as_they_were():
    value = {"a": (1, 2.5), "b": [None, True, "text"], "c": np.array([1.5, 2.5])}
    found = frozen(value)
    assert found["a"] == (1, 2.5)
    assert found["b"] == [None, True, "text"]
    np.testing.assert_array_equal(found["c"], value["c"])


@pytest.mark.parametrize("value", [Ridge(), object(), np.array(["text"]), np.array([None]), {1: 2}])
def test_what_is_not_known_is_refused(value):
    with pytest.raises(BaselineError):
        freeze(value, {})


@pytest.mark.parametrize(
    "plain",
    [
        {"object": "Popen", "state": {"args": "true"}},
        {"object": "os:system", "state": {}},
        {"object": "KernelEnsemble"},
        {"array": "missing"},
        {"list": {"a": 1}},
        {"other": 1},
        [1, 2],
    ],
)
def test_a_file_cannot_name_other_classes(plain):
    with pytest.raises(DatasetError, match="what no model is made of"):
        thaw(plain, {})


def test_no_file_is_nested_without_end():
    plain: object = 1
    for _ in range(50):
        plain = {"list": [plain]}
    with pytest.raises(DatasetError, match="too deeply"):
        thaw(plain, {})

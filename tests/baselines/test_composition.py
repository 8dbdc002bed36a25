from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

import embench
from embench.baselines import composition
from embench.baselines.composition import (
    Composition,
    candidates,
    composition_features,
    element_properties,
    feature_names,
)


@pytest.fixture(scope="module")
def data():
    return embench.load()


def test_features_of_lithium_iron_phosphate(data):
    # One of 16 lithium sites is vacant: Li15 Fe16 P16 O64.
    chosen = data.select(["O-LiFePO4"]).without_targets()
    found = dict(zip(feature_names(), composition_features(chosen)[0], strict=True))
    # Pauling electronegativities (CRC Handbook) of Fe, P, O and Li; the host is FePO4.
    x = {"Fe": 1.83, "P": 2.19, "O": 3.44}
    mean = (x["Fe"] + x["P"] + 4 * x["O"]) / 6
    assert found["host_mean_electronegativity"] == pytest.approx(mean)
    deviation = (abs(x["Fe"] - mean) + abs(x["P"] - mean) + 4 * abs(x["O"] - mean)) / 6
    assert found["host_deviation_electronegativity"] == pytest.approx(deviation)
    assert found["host_minimum_electronegativity"] == 1.83
    assert found["host_maximum_electronegativity"] == 3.44
    assert found["host_range_electronegativity"] == pytest.approx(3.44 - 1.83)
    assert found["ion_electronegativity"] == 0.98
    assert found["host_mean_mass"] == pytest.approx((55.845 + 30.974 + 4 * 15.999) / 6, abs=1e-3)
    assert found["host_maximum_number"] == 26
    assert found["ion_number"] == 3
    assert found["host_elements"] == 3
    assert found["host_anion_fraction"] == pytest.approx(4 / 6)
    assert found["ion_fraction"] == pytest.approx(15 / 111)
    assert found["ion_charge"] == 1
    assert found["ion_is_dilute"] == 0
    assert [name for name, value in found.items() if name.startswith("ion_is_") and value] == ["ion_is_Li"]
    assert sum(value for name, value in found.items() if name.startswith("functional_is_")) == 1


def test_every_entry_has_finite_features_and_one_ion(data):
    features = composition_features(data.without_targets())
    assert features.shape == (619, len(feature_names()))
    assert np.isfinite(features).all()
    ions = [i for i, name in enumerate(feature_names()) if name in {f"ion_is_{ion}" for ion in composition.IONS}]
    functionals = [i for i, name in enumerate(feature_names()) if name.startswith("functional_is_")]
    assert (features[:, ions].sum(axis=1) == 1).all()
    assert (features[:, functionals].sum(axis=1) == 1).all()
    # FACTS: train and test of each ion.
    assert features[:, ions].sum(axis=0).astype(int).tolist() == [175, 109, 36, 8, 106, 153, 2, 23, 7]


def test_features_do_not_depend_on_geometry(data):
    # Pathways in the same structure differ in geometry alone.
    groups = data.column("group_structure")
    features = composition_features(data)
    pairs = [np.flatnonzero(groups == name) for name in set(groups.tolist())]
    for rows in (rows for rows in pairs if len(rows) > 1):
        same_functional = data.column("functional")[rows] == data.column("functional")[rows[0]]
        same_ion = data.column("mobile_ion")[rows] == data.column("mobile_ion")[rows[0]]
        same = rows[same_functional & same_ion]
        assert np.allclose(features[same], features[same[0]]), data.entry_ids[rows[0]]


def test_table_of_elements():
    table = element_properties()
    assert table.shape == (95, len(composition.PROPERTIES))
    assert np.isfinite(table).all()
    assert table[8, composition.PROPERTIES.index("number")] == 8
    assert table[12, composition.PROPERTIES.index("ionisation_energy")] == pytest.approx(7.646, abs=1e-3)  # NIST, Mg
    with pytest.raises(ValueError, match="read-only"):
        table[1, 0] = 0.0


def test_the_choice_is_made_inside_the_training_side(data, monkeypatch):
    train = data.select(data.entry_ids[:200])
    fitted: list[np.ndarray] = []

    class Recorder(Ridge):
        def fit(self, x, y):
            fitted.append(x)
            return super().fit(x, y)

    options = {"constant": lambda: DummyRegressor(), "linear": lambda: Recorder(alpha=1.0)}
    monkeypatch.setattr(composition, "candidates", lambda _: options)
    model = Composition(seed=0).fit(train)
    assert model.chosen == min(model.inner_errors, key=model.inner_errors.get)
    hosts = {
        tuple(row): host for row, host in zip(composition_features(train), train.column("group_host"), strict=True)
    }
    *inner, last = [{hosts[tuple(row)] for row in x} for x in fitted]
    assert len(inner) == 5
    assert last == set(train.column("group_host").tolist())
    # Each host framework is left out of one inner fit, and only of one.
    for host in last:
        assert sum(host not in part for part in inner) == 1


def test_standard_deviations_cover_the_inner_residuals(data, monkeypatch):
    monkeypatch.setattr(composition, "candidates", lambda _: {"constant": lambda: DummyRegressor()})
    train = data.select(data.entry_ids[:300])
    model = Composition(seed=0).fit(train)
    prediction = model.predict(train.without_targets())
    # A constant is the same in every inner fold but for little: its own residuals show the coverage.
    inside = np.abs(prediction.mean - train.column("migration_barrier")) < 1.96 * prediction.std
    assert inside.mean() == pytest.approx(0.95, abs=0.02)


def test_equal_seeds_give_equal_predictions_and_the_trees_follow_the_seed(data, monkeypatch):
    train, test = data.select(data.entry_ids[:60]), data.select(data.entry_ids[60:90]).without_targets()
    forests = partial(lambda make, seed: {"extra trees": make(seed)["extra trees"]}, candidates)
    monkeypatch.setattr(composition, "candidates", forests)
    first, again, other = (Composition(seed=seed).fit(train).predict(test).mean for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first >= 0.0).all()

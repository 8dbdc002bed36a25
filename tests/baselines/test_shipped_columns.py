"""The forest on the columns that every entry carries."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

import embench
from embench.baselines.models.shipped import COLUMNS, UNKNOWN, ShippedColumns
from embench.schema.geometry import GEOMETRY
from embench.schema.labels import LABELS
from embench.schema.spec import TARGET


@pytest.fixture(scope="module")
def sides():
    data = embench.load().filter(published_split="train")
    ids = data.entry_ids
    return data.select(ids[:60]), data.select(ids[60:90]).without_targets()


@pytest.fixture(scope="module")
def fitted(sides):
    return ShippedColumns(seed=3).fit(sides[0])


def test_its_features_are_the_columns_and_the_shares_of_the_elements(sides, fitted) -> None:
    train, _ = sides
    table = fitted._table(train)
    elements = sorted({symbol for entry in train for symbol in entry.structure().symbol_set})
    ions, functionals = sorted(set(train.column("mobile_ion"))), sorted(set(train.column("functional")))
    assert table.shape == (60, len(COLUMNS) + len(elements) + len(ions) + len(functionals))
    names = [*COLUMNS, *elements, *ions, *functionals]
    for row, entry in zip(table.tolist(), train, strict=True):
        found = dict(zip(names[: len(COLUMNS) + len(elements)], row, strict=False))
        assert found["hop_distance"] == entry.hop_distance
        assert found["path_symmetric"] == (UNKNOWN if entry.path_symmetric is None else float(entry.path_symmetric))
        shares = entry.structure().composition.fractional_composition.get_el_amt_dict()
        for element in elements:
            assert found[element] == pytest.approx(shares.get(element, 0.0))
        assert sum(row[-len(ions) - len(functionals) : -len(functionals)]) == 1.0
        assert row[names.index(entry.mobile_ion, len(COLUMNS) + len(elements))] == 1.0
        assert row[names.index(entry.functional, len(COLUMNS) + len(elements))] == 1.0


def test_no_column_tells_of_the_target_or_of_other_entries() -> None:
    labels = {column.name for column in LABELS}
    assert TARGET in labels
    assert not labels & set(COLUMNS)
    assert "n_pathways" not in COLUMNS
    types = {column.name: column.dtype for column in GEOMETRY}
    assert {types[name] for name in COLUMNS} <= {"int16", "float64", "bool"}


def test_missing_values_stand_below_all_others(sides, fitted) -> None:
    data = embench.load()
    table = fitted._table(data)[:, : len(COLUMNS)]
    assert np.isfinite(table).all()
    with_unknown = (table == UNKNOWN).any(axis=0)
    assert 0 < with_unknown.sum() < len(COLUMNS)
    known = table[:, with_unknown]
    assert (known[known != UNKNOWN] >= 0).all()


def test_it_is_the_forest_of_scikit_learn_in_the_logarithm(sides, fitted) -> None:
    train, test = sides
    barriers = train.column("migration_barrier").astype(float)
    forest = RandomForestRegressor(max_features=1 / 3, random_state=3).fit(fitted._table(train), np.log(barriers + 0.3))
    found = fitted.predict(test)
    np.testing.assert_allclose(found.mean, np.exp(forest.predict(fitted._table(test))) - 0.3, atol=1e-12)
    assert found.std is not None
    np.testing.assert_allclose(found.std / (found.mean + 0.3), found.std[0] / (found.mean[0] + 0.3))
    again = ShippedColumns(seed=3).fit(train).predict(test)
    np.testing.assert_array_equal(again.mean, found.mean)
    alone = fitted.predict(test.select(test.entry_ids[4:5]))
    assert alone.mean[0] == pytest.approx(found.mean[4], abs=1e-12)

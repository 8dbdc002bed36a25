"""All systems side by side: the figures of the literature come out of the table."""

from __future__ import annotations

import sys

import pytest

import embench
from embench.errors import MissingDependencyError, PredictionsError, UnknownNameError


def test_published_figures_from_the_table():
    """MODEL-3 has MAE 0.2607 and R² 0.7027 on the test part, MACE-RELAX 0.3397 (sheets of the release)."""
    table = embench.load_predictions("published", systems=["model-3", "mace-relax"])
    assert len(table) == 60
    error = table["model-3"] - table["migration_barrier"]
    assert float(error.abs().mean()) == pytest.approx(0.2607, abs=5e-5)
    spread = table["migration_barrier"] - table["migration_barrier"].mean()
    assert 1.0 - float((error**2).sum() / (spread**2).sum()) == pytest.approx(0.7027, abs=5e-5)
    assert float((table["mace-relax"] - table["migration_barrier"]).abs().mean()) == pytest.approx(0.3397, abs=5e-5)


def test_the_columns_are_those_of_the_dataset():
    table = embench.load_predictions("host-10fold")
    data = embench.load()
    assert len(table) == 615
    for name in ("migration_barrier", "mobile_ion", "group_host"):
        assert table[name].tolist() == data.select(table.index).column(name).tolist()
    fold_of = {key: fold.name for fold in embench.protocol("host-10fold") for key in fold.test_ids}
    assert table["fold"].tolist() == [fold_of[key] for key in table.index]
    assert {"pathway-stack", "median", "orb-v3"} <= set(table.columns)
    # A potential does not predict all, and the holes are seen.
    assert table["median"].notna().all()
    assert table["orb-v3"].isna().any()


def test_uncertainties_beside_the_predictions():
    table = embench.load_predictions("published", systems=["median", "model-3"], uncertainties=True)
    assert "median uncertainty" in table.columns
    assert "model-3 uncertainty" not in table.columns


def test_the_second_dataset():
    table = embench.load_predictions("oxygen-10fold")
    assert len(table) == 622
    assert "median" in table.columns
    assert "orb-v3" not in table.columns


def test_what_is_not_there_is_said():
    with pytest.raises(UnknownNameError, match="unknown system 'orb-v4'; did you mean orb-v3"):
        embench.load_predictions("published", systems=["orb-v4"])
    with pytest.raises(PredictionsError, match="no predictions for the protocol host-10fold"):
        embench.load_predictions("host-10fold", systems=["model-3"])
    with pytest.raises(TypeError, match="several names"):
        embench.load_predictions("published", systems="orb-v3")


def test_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"embench\.load_predictions needs pandas"):
        embench.load_predictions("published")

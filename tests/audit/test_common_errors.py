"""Entries that a model and two potentials all miss on one side."""

from __future__ import annotations

import pandas as pd
import pytest

import embench
from embench.audit.barriers import Potential
from embench.audit.common_errors import common_errors, find_common_errors, read_model
from embench.audit.evidence import read_evidence
from embench.errors import PredictionsError


@pytest.mark.parametrize(
    ("barriers", "expected"),
    [
        pytest.param((1.31, 1.4, 2.0), True, id="all above"),
        pytest.param((0.69, 0.5, 0.1), True, id="all below"),
        pytest.param((1.31, 1.4, 1.29), False, id="one too near"),
        pytest.param((1.5, 1.5, 0.5), False, id="one on the other side"),
        pytest.param((1.5, 1.5, None), False, id="one without a barrier"),
    ],
)
def test_rule(barriers, expected):
    voices = [
        Potential(name, {} if barrier is None else {"x": barrier})
        for name, barrier in zip("abc", barriers, strict=True)
    ]
    found = find_common_errors({"x": 1.0}, voices)
    assert bool(found) is expected
    if found:
        assert found[0].mean == pytest.approx(sum(barriers) / 3 - 1.0)


def test_the_common_errors_of_the_dataset(shared):
    """FACTS has 52 with the model of that time; counted here with pandas from the files of the sources."""
    data = embench.load()
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    evidence = read_evidence(data.entry_ids)
    found = {each.entry_id for each in common_errors(labels, evidence)}
    orb = pd.read_csv(shared / "umlip_neb" / "umlip_all_barriers.csv").set_index("sys_name")
    images = orb[[f"e{i}" for i in range(5)]]
    # Without the bands whose highest image is an end.
    saddle = images.max(axis=1) > images[["e0", "e4"]].max(axis=1)
    sheet = pd.read_excel(shared / "upstream" / "TABULATION-GIT-HUB.xlsx").set_index("sys_name")
    table = pd.DataFrame(
        {
            "orb": orb["barrier_max_minus_min_eV"][saddle],
            "mace": pd.to_numeric(sheet["MACE-RELAX"], errors="coerce"),
            "model": pd.Series(read_model().barriers),
        }
    ).dropna()
    error = table.sub(pd.Series(labels), axis=0).loc[table.index]
    assert found == set(error.index[(error > 0.3).all(axis=1) | (error < -0.3).all(axis=1)])
    assert len(found) == pytest.approx(52, abs=3)


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(PredictionsError, match=r"cannot read the predictions of nobody"):
        read_model("nobody", tmp_path)
    with pytest.raises(PredictionsError, match="barriers of mace-relax, orb-v3 are missing"):
        common_errors({"x": 1.0}, [])

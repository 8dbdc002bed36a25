from __future__ import annotations

import statistics

import numpy as np
import openpyxl
import pytest
from sklearn.neighbors import NearestNeighbors

import embench
from embench.baselines.simple import Median, NearestNeighbour
from embench.errors import BaselineError


def test_the_median_of_the_published_training_part(upstream):
    fold = embench.protocol("published").folds[0]
    prediction = Median(seed=0).fit(fold.train).predict(fold.test)
    sheet = openpyxl.load_workbook(upstream / "TABULATION-GIT-HUB.xlsx", read_only=True).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    key, target = header.index("sys_name"), header.index("MIGRATION BARRIER(eV)")
    barriers = {row[key]: row[target] for row in rows if row[key]}
    train = [barriers[entry_id] for entry_id in fold.train_ids]
    assert prediction.mean == pytest.approx([statistics.median(train)] * 60, abs=1e-9)
    spread = statistics.fmean((barrier - statistics.median(train)) ** 2 for barrier in train) ** 0.5
    assert prediction.std == pytest.approx([spread] * 60, abs=1e-9)


def test_the_nearest_hop_in_the_same_prototype_is_copied():
    fold = embench.protocol("random-10fold").folds[0]
    copied = NearestNeighbour(seed=0).fit(fold.train).predict(fold.test)
    assert copied.std is None
    names = ["mobile_ion_charge", "hop_distance", "coordination_initial", "coordination_final", "nearest_anion_initial"]
    names += ["nearest_anion_final", "straight_line_bottleneck_anion", "straight_line_free_radius"]
    train, test = fold.train.to_pandas(), fold.test.to_pandas()
    ions = sorted(set(train["mobile_ion"]))

    # Two different ions are 1 apart in this plane of sqrt(1/2) times the unit vectors.
    def describe(table):
        numbers = table[names].to_numpy(float) / train[names].to_numpy(float).std(axis=0)
        return np.hstack([numbers, (table[["mobile_ion"]].to_numpy() == np.array(ions)) * 0.5**0.5])

    checked = 0
    for row in range(0, len(test), 2):
        same = train["group_prototype"] == test["group_prototype"][row]
        if not same.any():
            continue
        distance, index = (
            NearestNeighbors(n_neighbors=min(2, same.sum()))
            .fit(describe(train[same]))
            .kneighbors(describe(test.iloc[[row]]))
        )
        if distance.size > 1 and np.isclose(distance[0, 0], distance[0, 1]):
            continue  # either would do
        assert copied.mean[row] == train[same]["migration_barrier"].iloc[index[0, 0]]
        checked += 1
    assert checked > 20


def test_predict_before_fit():
    with pytest.raises(BaselineError, match="before fit"):
        NearestNeighbour(seed=0).predict(embench.load().without_targets())

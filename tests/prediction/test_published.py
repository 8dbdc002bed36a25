from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import embench
from embench.crystal import hop_of
from embench.prediction.published import difference, published_values
from tests.migration import crystals


def test_the_published_hop_is_found_in_another_cell(olivine):
    """The dataset has LiFePO4 in a supercell of 112 sites, along b; the other hops of the crystal it does not have."""
    assert [known.entry_id for known in olivine[0].published] == ["O-LiFePO4"]
    assert olivine[0].published[0].barrier == 0.27
    assert not olivine[1].published
    assert not olivine[2].published


def test_hops_of_one_crystal_are_told_apart():
    """b-Li3PS4 has ten hops in the dataset; those that symmetry makes equal have the same surroundings."""
    data = embench.load().filter(composition="b-Li3PS4")
    for entry in data:
        found = published_values(entry, data)
        assert found[0].difference == pytest.approx(0.0, abs=1e-9)
        assert entry.entry_id in {known.entry_id for known in found}
        barriers = [known.barrier for known in found]
        assert max(barriers) - min(barriers) < 0.05


def test_the_reverse_of_a_hop_is_the_same_hop():
    entry = embench.load()["FeSO4F_Li_3"]
    hop = hop_of(entry, n_points=5, cutoff=5.0)
    turned = dataclasses.replace(hop, points=hop.points[::-1], distances=hop.distances[::-1])
    assert difference(hop, turned, reverse=True) == 0.0
    assert difference(hop, turned) > 0.01


def test_other_elements_are_another_hop():
    hops = [hop_of(embench.find_hops(made, "Li")[0], n_points=5, cutoff=5.0)
            for made in (crystals.olivine(), crystals.spinel())]  # fmt: skip
    assert difference(*hops) == np.inf

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import embench
from embench.prediction.applicability import percentile, unseen
from tests.migration import crystals


def hop_of(structure, ion, **settings):
    return embench.find_hops(structure, ion, **settings)[0]


def replaced(structure, **elements):
    found = structure.copy()
    found.replace_species(elements)
    return found


def test_percentile_is_the_share_that_is_nearer():
    known = np.array([1.0, 2.0, 3.0, 4.0])
    assert [percentile(x, known) for x in (0.5, 2.5, 9.0)] == [0.0, 50.0, 100.0]
    assert percentile(1.0, np.empty(0)) == 100.0


def test_nothing_is_new_in_an_olivine(model):
    assert unseen(model.about, hop_of(crystals.olivine(), "Li")) == ([], [])


def test_a_new_ion_is_outside(model):
    outside, _ = unseen(model.about, hop_of(replaced(crystals.olivine(), Li="Cu"), "Cu"))
    assert any("migrating ion Cu" in text for text in outside)


def test_a_rare_ion_is_said(model):
    _, warnings = unseen(model.about, hop_of(replaced(crystals.olivine(), Li="Al"), "Al"))
    assert warnings == [f"only {model.about.ions['Al']} training entries have Al"]


def test_a_new_element_is_said(model):
    _, warnings = unseen(model.about, hop_of(replaced(crystals.olivine(), Fe="U"), "Li"))
    assert warnings == ["no framework of the training data holds U"]


def test_a_new_anion_is_outside(model):
    about = dataclasses.replace(model.about, anions=("S",))
    outside, _ = unseen(about, hop_of(crystals.layered(), "Li"))
    assert outside == ["no training entry has the anion O"]


def test_a_long_hop_is_outside(model):
    about = dataclasses.replace(model.about, hop_lengths=(3.0, 4.0))
    outside, _ = unseen(about, hop_of(crystals.layered(), "Li"))
    assert "2.82 Å is not between 3.00 and 4.00" in outside[0]


def test_relatives_are_the_nearest_entries_with_their_barriers(olivine):
    relatives = olivine[0].applicability.relatives
    assert relatives[0].entry_id == "O-LiFePO4"
    assert relatives[0].barrier == embench.load()["O-LiFePO4"].migration_barrier
    assert [near.distance for near in relatives] == sorted(near.distance for near in relatives)
    assert len(relatives) == 5


def test_an_entry_is_its_own_nearest(model):
    entry = embench.load()["Li3OCl_1"]
    found = embench.predict(entry, model=model)[0].applicability
    assert found.relatives[0].entry_id == "Li3OCl_1"
    # The square root of a difference of large squares leaves some 1e-7.
    assert found.distance == pytest.approx(0.0, abs=1e-5)
    assert found.percentile == 0.0


def test_what_is_far_from_all_is_outside(model):
    """Shrunk to half of its length, a crystal is like none."""
    structure = crystals.antiperovskite(length=2.6)
    result = embench.predict(embench.find_hops(structure, "Li"), model=model)
    assert result[0].is_outside
    assert "outside of what was learned" in result.warnings[0]

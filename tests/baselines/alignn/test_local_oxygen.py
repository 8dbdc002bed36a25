"""The small network that learns from oxygen vacancies too: what it reads of them, and that they reach it."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.baselines.alignn.local import model as local
from embench.baselines.alignn.local import oxygen as module
from embench.baselines.alignn.local.model import WithProfiles
from embench.baselines.alignn.local.oxygen import WithOxygen, WithOxygenProfiles, shapes
from embench.baselines.features import feature_table
from embench.baselines.features.mirrored import mirrored_table
from embench.baselines.registry import STUDIES, baseline_names, baseline_spec

pytestmark = pytest.mark.xdist_group("alignn")


@pytest.fixture
def oxygen(monkeypatch):
    """Twelve of the oxygen vacancies, the smallest cells, in place of all."""
    data = embench.load("oxygen-vacancies")
    chosen = data.select([entry.entry_id for entry in sorted(data, key=lambda entry: entry.n_sites)[:12]])
    monkeypatch.setattr(module, "load", lambda _: chosen)
    return chosen


@pytest.fixture
def cations():
    data = embench.load()
    return data.select([entry.entry_id for entry in sorted(data, key=lambda entry: entry.n_sites)[:24]])


@pytest.fixture
def quick(monkeypatch):
    from embench.baselines.alignn.training.module import TrainingSettings

    settings = TrainingSettings(epochs=2, batch_size=8, devices=1, precision="32")
    monkeypatch.setattr(WithProfiles, "members", 1)
    monkeypatch.setattr(WithProfiles, "training", property(lambda self: settings))


def test_the_shape_of_a_profile_by_hand():
    """A triangle of 0.6 eV between ends at 0 and 0.2 eV: quarters at 0.3 and 0.4, all above 0.1 eV."""
    found = shapes(np.array([[0.0, 0.3, 0.6, 0.4, 0.2]]))
    np.testing.assert_allclose(np.sinh(found) * 0.3, [[0.25, 0.5]])


def test_a_hop_and_its_reverse_have_one_shape():
    energies = np.random.default_rng(0).normal(size=(5, 5))
    moved = energies[:, ::-1] - energies[:, -1:]
    np.testing.assert_allclose(shapes(energies), shapes(moved), atol=1e-12)


def test_a_shape_is_known_of_oxygen_only(cations, oxygen):
    both = module._Both((cations, oxygen))
    found = both.shapes()
    assert found.shape == (36, 2)
    assert np.isnan(found[:24]).all()
    np.testing.assert_allclose(found[24:].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(found[24:].std(axis=0), 1.0)
    assert [entry.entry_id for entry in both] == [*cations.entry_ids, *oxygen.entry_ids]


def test_oxygen_ions_are_cations_of_the_mirrored_crystal(cations, oxygen):
    """The cheap profiles of cations are those of alignn-local, those of oxygen ions the same columns, mirrored."""
    inputs = WithOxygen(seed=0)._inputs(module._Both((cations, oxygen)))
    assert inputs is not None
    np.testing.assert_array_equal(inputs[:24], WithProfiles(seed=0)._inputs(cations))
    table, names = mirrored_table(oxygen, ("barriers",))
    _, of_cations = feature_table(cations, ("barriers",))
    assert sorted(names) == sorted(of_cations)
    chosen = [f"barriers:{which}_{kind}" for which in local._PROFILES for kind in local._OF_PROFILE]
    np.testing.assert_array_equal(inputs[24:], table[:, [names.index(name) for name in chosen]])


def test_the_ends_of_the_images_are_those_of_the_hop(oxygen):
    """No element of an oxide is an anion beside a migrating oxygen ion, and none is needed for the graph."""
    entry = next(iter(oxygen))
    graph = local.graph_of(entry, WithOxygen(seed=0).network)
    assert (graph.image >= 0).sum() == 5
    assert set(graph.numbers[graph.image >= 0].tolist()) == {8}


@pytest.mark.slow
@pytest.mark.parametrize("study", [WithOxygen, WithOxygenProfiles])
def test_it_learns_from_both(study, cations, oxygen, quick):
    fitted = study(seed=0).fit(cations)
    assert fitted.choices["further_training_entries"] == 12
    assert fitted._networks[0].head[-1].out_features == (3 if study.shapes else 1)
    alone = WithProfiles(seed=0).fit(cations)
    test = cations.without_targets()
    barriers = fitted.predict(test).mean
    assert np.isfinite(barriers).all()
    assert barriers.shape == (24,)
    assert abs(barriers - alone.predict(test).mean).max() > 1e-4


def test_studies_are_found_by_name_and_stand_on_no_board():
    for spec in STUDIES:
        assert baseline_spec(spec.name) is spec
        assert spec.name not in baseline_names()

"""Mirrored features: an anion among cations is a cation among anions, and the stack that rests on it."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.baselines.features import feature_table
from embench.baselines.features.mirrored import MirroredSiteEnergy, mirrored_hop, mirrored_table
from embench.baselines.models.mirrored import MirroredStack, stack_table
from embench.baselines.models.stack import WITH_SOAP
from embench.crystal import hop_of
from embench.crystal.potentials import SiteEnergy
from embench.errors import FeatureError, UnknownNameError
from tests.crystal.made import rocksalt

# Mg hops among O, and O among Mg, in the same places: rock salt is its own mirror image.
MAGNESIUM = rocksalt(cation=12, anion=8, length=4.212)
OXYGEN = rocksalt(cation=8, anion=12, length=4.212)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path))


def values(table_of, pathway, sets) -> dict[str, float]:
    table, names = table_of([pathway], sets)
    return dict(zip(names, table[0].tolist(), strict=True))


def test_what_surrounds_the_oxygen_is_what_surrounds_the_magnesium() -> None:
    """Distances to the ions of opposite charge are those of the mirror image, in Å and in units of the radii."""
    sets = ["geometry", "radial"]
    straight, mirrored = values(feature_table, MAGNESIUM, sets), values(mirrored_table, OXYGEN, sets)
    shared = [name for name in straight if ":anion_" in name or "shell" in name or "window" in name]
    assert len(shared) > 60
    assert {name: mirrored[name] for name in shared} == pytest.approx({name: straight[name] for name in shared})
    assert mirrored["geometry:packing"] == pytest.approx(straight["geometry:packing"], abs=0.2)


def test_names_are_those_of_cations() -> None:
    pytest.importorskip("dscribe")
    assert mirrored_table([OXYGEN], WITH_SOAP)[1] == sorted(feature_table([MAGNESIUM], WITH_SOAP)[1])


def test_charges_are_reversed_and_radii_are_not() -> None:
    ions = mirrored_hop(OXYGEN).ions
    assert (dict(ions.charges), ions.anions) == ({"O": 2.0, "Mg": -2.0}, frozenset({"Mg"}))
    # R. D. Shannon (1976), six-fold coordination.
    assert dict(ions.radii) == {"O": 1.40, "Mg": 0.72}
    found = values(mirrored_table, OXYGEN, ["composition"])
    assert found["composition:ion_radius"] == 1.40
    assert found["composition:ion_potential"] == pytest.approx(2.0 / 1.40)


def test_bonds_are_those_of_the_real_pair() -> None:
    straight, mirrored = hop_of(MAGNESIUM), mirrored_hop(OXYGEN)
    counter = [np.flatnonzero(hop.is_anion) for hop in (straight, mirrored)]
    distances = np.array([[1.8, 2.1, 3.0, 5.0]])
    one, other = SiteEnergy(straight, counter[0][:4]), MirroredSiteEnergy(mirrored, counter[1][:4])
    for a, b in zip(one(distances), other(distances), strict=True):
        np.testing.assert_allclose(a, b)
    # Two ions of one charge repel each other, whatever its sign.
    alike = MirroredSiteEnergy(mirrored, np.flatnonzero(mirrored.is_mobile)[:1])
    energy, slope, _ = alike(np.array([[2.0]]))
    assert energy.item() > 0.0 > slope.item()


def test_oxygen_has_its_valence_where_it_rests() -> None:
    """Six Mg at 2.106 Å have 2 exp((1.693 - 2.106) / 0.37) = 1.97 in all, by Brown and Altermatt (1985)."""
    found = values(mirrored_table, OXYGEN, ["barriers"])
    # Of the six neighbours all are there; softBV has parameters of its own.
    assert found["barriers:valence_start"] == pytest.approx(1.97 / 2.0 - 1.0, abs=0.15)
    assert found["barriers:valence_start"] == pytest.approx(found["barriers:valence_ends"])


def test_a_cation_is_refused_in_words() -> None:
    with pytest.raises(FeatureError, match="made: Mg migrates and is a metal, where the anions are O; hops of cations"):
        mirrored_table([MAGNESIUM], ["geometry"])
    with pytest.raises(UnknownNameError):
        mirrored_table([OXYGEN], ["geometri"])
    with pytest.raises(FeatureError, match="no entry"):
        mirrored_table([], ["geometry"])


def test_every_entry_has_them() -> None:
    """No element of the 272 oxides lacks parameters, and no order of the sites makes oxygen a cation."""
    for entry in embench.load("oxygen-vacancies"):
        hop = mirrored_hop(entry)
        assert hop.ions.charges["O"] == 2.0
        assert hop.is_anion.any()
        MirroredSiteEnergy(hop, np.arange(len(hop.elements)))


def test_the_stack_reads_both() -> None:
    pytest.importorskip("dscribe")
    cations, anions = embench.load().select(["KNiF3"]), embench.load("oxygen-vacancies")
    anions = anions.select(anions.entry_ids[:1])
    table, names = stack_table(cations)
    plain, unsorted = feature_table(cations, WITH_SOAP)
    assert dict(zip(names, table[0].tolist(), strict=True)) == dict(zip(unsorted, plain[0].tolist(), strict=True))
    # In this entry nothing but oxygen and what it is bound to: statistics of no other anions.
    other, others = stack_table(anions.without_targets())
    assert (names, other.shape) == (others, table.shape)
    assert MirroredStack(seed=0).table(anions).shape == table.shape

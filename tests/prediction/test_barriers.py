from __future__ import annotations

import math

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import embench
from embench.errors import FeatureError, InvalidValueError, UnknownNameError
from embench.migration.network import HopBarrier, network_barriers
from embench.prediction.data import interval_of, probability_below
from tests.migration import crystals


def test_one_number_for_each_hop(olivine):
    assert len(olivine) == 3
    assert olivine.barriers[0] < min(olivine.barriers[1:])
    for each in olivine:
        low, high = each.interval
        assert 0 <= low <= each.barrier <= high


def test_an_entry_has_the_prediction_of_the_baseline(model):
    """The network of hops and the entry of the dataset go the same way."""
    data = embench.load().select(["O-LiFePO4", "Li3OCl_1", "MgRh2O4"])
    expected = model.fitted.predict(data.without_targets())
    result = embench.predict(data, model=model)
    np.testing.assert_allclose(result.barriers, expected.mean, rtol=0, atol=1e-12)
    factors = [each.calibration.factor for each in result]
    np.testing.assert_allclose([each.sigma for each in result], expected.std * factors, rtol=1e-12)
    assert result.network is None


def test_the_network_is_that_of_the_hops(olivine):
    barriers = [HopBarrier(forward=each.barrier, interval=each.interval) for each in olivine]
    again = network_barriers(olivine.hops, barriers, shared=olivine[0].calibration.shared)
    assert olivine.network.ways[1].barrier == again.ways[1].barrier == olivine.barriers[0]
    assert olivine.network.ways[1].limiting == (0,)
    assert olivine.network.ways[3].barrier == again.ways[3].barrier
    assert olivine.network.ways[1].interval == again.ways[1].interval


def test_layers_conduct_in_two_dimensions(layered):
    ways = layered.network.ways
    assert ways[1].barrier == ways[2].barrier < ways[3].barrier - 0.5


def test_interval_and_probability_are_those_of_a_normal_distribution():
    assert interval_of(1.0, 0.1) == pytest.approx((0.8040036, 1.1959964))
    assert interval_of(0.1, 0.1)[0] == 0.0
    assert probability_below(0.65, 0.65, 0.2) == 0.5
    assert probability_below(0.65, 0.45, 0.2) == pytest.approx(0.8413447, abs=1e-7)  # one standard deviation
    assert math.isclose(probability_below(0.65, 5.0, 0.1), 0.0, abs_tol=1e-12)


def test_what_to_expect_is_said(olivine):
    sentence = olivine.to_document()["hops"][0]["kin"]["sentence"]
    assert "OLIVINE, 39 entries" in sentence
    assert "host FePO4 as well (5 entries)" in sentence
    assert f"median {olivine[0].calibration.median_error:.2f} eV" in sentence


def test_one_hop_between_two_structures(model):
    start = crystals.antiperovskite() * (2, 2, 2)
    start.remove_sites([0])
    end = start.copy()
    gone = crystals.antiperovskite() * (2, 2, 2)
    vacancy = gone[0].frac_coords
    apart = start.lattice.get_all_distances(vacancy, start.frac_coords)[0]
    distances = np.where([site.specie.symbol == "Li" for site in start], apart, np.inf)
    nearest = int(np.argmin(distances))
    end.replace(nearest, "Li", vacancy)
    result = embench.predict(embench.hop_between(start, end), model=model)
    assert len(result) == 1
    assert [known.entry_id for known in result[0].published] == ["Li3OCl_1"]
    assert result[0].barrier == pytest.approx(
        embench.predict(embench.load()["Li3OCl_1"], model=model)[0].barrier, abs=0.02
    )


@pytest.mark.parametrize("given", [[], (), "LiFePO4", 5, None, [5]])
def test_what_is_no_hop_is_refused(given, model):
    with pytest.raises(InvalidValueError, match="hop"):
        embench.predict(given, model=model)


def test_a_structure_is_no_hop(model):
    with pytest.raises(InvalidValueError, match="find_hops"):
        embench.predict([crystals.olivine()], model=model)


def test_an_unknown_model():
    with pytest.raises(UnknownNameError, match="pathway-stack"):
        embench.predict(embench.find_hops(crystals.layered(), "Li"), model="none")


def test_a_crystal_without_anions_is_an_error_in_words(model):
    alloy = Structure(Lattice.cubic(3.2), ["Li", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    with pytest.raises(FeatureError, match="anion"):
        embench.predict(embench.find_hops(alloy, "Li"), model=model)


def test_two_runs_are_the_same(olivine, model):
    again = embench.predict(embench.find_hops(crystals.olivine(), "Li"), model=model, name="LiFePO4")
    assert again.to_document() == olivine.to_document()


def test_the_order_of_sites_does_not_matter(olivine, model):
    """The ion that is asked for is found wherever it stands in the structure."""
    structure = embench.load()["O-LiFePO4"].structure()
    turned = Structure.from_sites(structure.sites[::-1])
    assert [str(each[0].specie) for each in (structure, turned)] == ["Li", "O"]
    plain, found = (
        embench.predict(embench.find_hops(each, ion="Li"), model=model).network.ways[1].barrier
        for each in (structure, turned)
    )
    assert found == pytest.approx(plain, abs=1e-3)  # eV; ways that are equally near are told apart by order


@pytest.mark.parametrize(("entry_id", "anion"), [("O-LiFePO4", "O"), ("Li3OCl_1", "Cl"), ("MgHo2S4", "S")])
def test_an_anion_in_the_place_of_the_ion_is_said(model, entry_id, anion):
    from types import SimpleNamespace

    from ase.data import atomic_numbers

    data = embench.load()
    entry = data[entry_id]
    first = int(np.flatnonzero(entry.atomic_numbers == atomic_numbers[anion])[0])
    order = [first, *(i for i in range(entry.n_sites) if i != first)]
    mine = SimpleNamespace(
        entry_id="mine",
        lattice=entry.lattice,
        atomic_numbers=entry.atomic_numbers[order],
        frac_coords=entry.frac_coords[order],
        path_end=entry.path_end,
        functional=entry.functional,
    )
    for given in (mine, [entry, mine]):
        with pytest.raises(
            InvalidValueError,
            match=rf"hop 'mine': the first site migrates, and here it is {anion}, .* Put the migrating ion",
        ):
            embench.predict(given, model=model)


def test_a_list_of_crystals_in_any_order(model):
    """Each crystal is predicted as it is alone, also after one whose framework has no cations."""
    data = embench.load()
    entries = [data[name] for name in ("Li3OCl_1", "O-LiFePO4", "MgRh2O4", "Na3SI")]
    alone = [embench.predict(entry, model=model).barriers[0] for entry in entries]
    assert embench.predict(entries, model=model).barriers == pytest.approx(alone, abs=1e-9)
    assert embench.predict(entries[::-1], model=model).barriers == pytest.approx(alone[::-1], abs=1e-9)

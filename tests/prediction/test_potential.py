"""NEB of the best hops with a made-up potential: what is passed on, and what is said."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

import embench
from embench.prediction.potential import best_hops, with_potential
from tests.migration import crystals


class Springs(Calculator):
    """Each atom on a spring to where it is first seen, and a cosine along z for the first one: no chemistry."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": np.zeros((len(atoms), 3))}


def springs() -> Springs:
    return Springs()


SPRINGS = "tests.prediction.test_potential:springs"


def test_the_best_hops_decide_the_ways(olivine, layered):
    assert best_hops(olivine, 9)[0] == 0
    assert set(best_hops(olivine, 9)) == {0, 1, 2}
    assert best_hops(olivine, 1) == [0]
    assert best_hops(layered, 1) == [0]


def test_barriers_of_the_potential_stand_beside_those_of_the_model(layered, tmp_path):
    result = with_potential(layered, SPRINGS, most=1, folder=tmp_path)
    assert result.barriers == layered.barriers
    neb = result[0].potential
    assert neb.result.barrier_max_minus_min == pytest.approx(0.0, abs=1e-9)
    assert neb.hybrid is None
    assert result[1].potential is None
    assert result.network_of_potential.ways[2].barrier == pytest.approx(0.0, abs=1e-9)
    assert result.network.ways[2].barrier == layered.network.ways[2].barrier
    said = " ".join(result.notes)
    assert "1 left out" in said
    assert "neither knows the other" in said
    document = result.to_document()
    assert document["hops"][0]["potential"]["barrier"] == pytest.approx(0.0, abs=1e-9)
    assert [way["known_by"] for way in document["ways"]].count("potential") == len(result.network_of_potential.ways)


@pytest.mark.slow
def test_finished_hops_are_kept(layered, tmp_path):
    steps: list[object] = []
    with_potential(layered, SPRINGS, most=1, folder=tmp_path)
    with_potential(layered, SPRINGS, most=1, folder=tmp_path, progress=steps.append)
    assert [step.result for step in steps] == [None]


@pytest.mark.slow
def test_the_hybrid_knows_its_potentials(model):
    """With the barrier that Orb-v3 has for an entry, the hybrid for hops of one's own is the hybrid of the entry."""
    from embench.audit.barriers import read_potentials
    from embench.baselines.models.hybrid import PathwayHybrid
    from embench.neb.results import NebResult
    from embench.prediction.hybrids import with_barriers
    from embench.splits import protocol

    entry = embench.load()["Li3OCl_1"]
    orb = next(each for each in read_potentials(embench.load().entry_ids) if each.slug == "orb-v3")
    value = float(orb.barriers["Li3OCl_1"])
    result = embench.predict(entry, model=model)
    neb = NebResult(entry_id=entry.entry_id, potential="orb-v3", protocol="x", status="converged",
                    barrier_max_minus_min=value)  # fmt: skip
    found, note = with_barriers(result, "orb-v3", {0: neb})
    fitted = PathwayHybrid(seed=0).fit(embench.load().select(protocol("host-10fold").scored_ids))
    fitted.use_barriers({"orb-v3": {"Li3OCl_1": value}})
    expected = fitted.predict(embench.load().select(["Li3OCl_1"]).without_targets()).mean[0]
    assert found[0]["hybrid"] == pytest.approx(expected, abs=1e-6)
    assert "pathway-hybrid" in note


@pytest.mark.slow
def test_hops_without_a_network(model, tmp_path):
    result = embench.predict(embench.hop_between(*ends()), model=model)
    found = with_potential(result, SPRINGS, folder=tmp_path)
    assert found.network_of_potential is None
    assert found[0].potential.result.status == "converged"


def ends():
    """Return the two end structures of a vacancy hop in Li3OCl."""
    whole = crystals.antiperovskite() * (2, 2, 2)
    start, end = whole.copy(), whole.copy()
    lithium = [i for i, site in enumerate(whole) if site.specie.symbol == "Li"]
    apart = whole.lattice.get_all_distances(whole[lithium[0]].frac_coords, whole.frac_coords[lithium])[0]
    other = lithium[int(np.argsort(apart)[1])]
    start.remove_sites([lithium[0]])
    end.remove_sites([other])
    return start, end

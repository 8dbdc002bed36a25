"""Direct hops in the structures of entries, and their barriers by a model that has not seen the host."""

from __future__ import annotations

import csv
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import embench
from embench.audit.barriers import Potential
from embench.audit.distinct_hops import DistinctHop
from embench.common.shipped import resource_folder
from embench.errors import StructureError
from embench.prediction import distinct_hops
from embench.prediction.distinct_hops import find_distinct_hops, hops_of_entry, released_hop


def entry_of(structure: Structure, start: int, end: int, *, dilute: bool) -> SimpleNamespace:
    """The entry of the hop between two sites of a crystal, as the dataset has them."""
    ion = structure[start].specie
    alone = [i for i, site in enumerate(structure) if site.specie == ion] if dilute else [start, end]
    rest = [i for i in range(len(structure)) if i not in alone]
    image = structure.lattice.get_distance_and_image(structure[start].frac_coords, structure[end].frac_coords)[1]
    return SimpleNamespace(
        entry_id="x",
        lattice=structure.lattice.matrix,
        atomic_numbers=np.array([structure[i].specie.Z for i in (start, *rest)], np.int16),
        frac_coords=np.array([structure[i].frac_coords for i in (start, *rest)]),
        path_end=structure[end].frac_coords + image,
        mobile_ion=str(ion),
        functional="GGA",
        concentration_limit="dilute" if dilute else "vacancy",
        hop_distance=structure.get_distance(start, end),
    )


def antiperovskite() -> Structure:
    sites = [[0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(4.0), ["Li", "O", "Cl"], sites) * (2, 2, 2)


@pytest.mark.parametrize("dilute", [False, True])
def test_hops_of_an_antiperovskite(dilute):
    """Li in the middles of the faces of O octahedra: 24 sites in eight cells, each with eight neighbours at a/√2."""
    crystal = antiperovskite()
    nearest = next(i for i in range(1, 24) if crystal.get_distance(0, i) < 3.0)
    entry = entry_of(crystal, 0, nearest, dilute=dilute)
    hops = hops_of_entry(entry)
    assert len(hops.network.sites) == 24
    counts = Counter(round(hop.hop_distance, 3) for hop in hops)
    assert counts[round(4.0 / 2**0.5, 3)] == 1
    own = released_hop(entry, hops)
    assert own is not None
    assert hops[own].hop_distance == pytest.approx(4.0 / 2**0.5)
    assert hops[own].multiplicity == 24 * 8 / 2
    assert hops[own].concentration_limit == entry.concentration_limit


def test_a_hop_past_another_site_is_no_direct_one():
    crystal = antiperovskite()
    far = next(i for i in range(1, 24) if crystal.get_distance(0, i) > 4.8)
    entry = entry_of(crystal, 0, far, dilute=False)
    assert released_hop(entry, hops_of_entry(entry)) is None


def test_only_what_is_not_known_is_predicted(monkeypatch):
    """a has the prediction of now, b has an older one, c is new, and d has no hops that can be found."""
    asked: list[str] = []
    known = {name: (DistinctHop(hop_distance=3.0, multiplicity=1, barrier=0.5, released=True),) for name in "ab"}
    made = (DistinctHop(hop_distance=3.0, multiplicity=1, barrier=0.7, released=True),)

    def predicted(entry):
        asked.append(entry.entry_id)
        if entry.entry_id == "d":
            raise StructureError("no hops in d")
        return made

    monkeypatch.setattr(distinct_hops, "distinct_hops", predicted)
    monkeypatch.setattr(
        distinct_hops, "read_model", lambda: Potential("model", dict.fromkeys("abcd", 0.7) | {"a": 0.50004})
    )
    monkeypatch.setattr(distinct_hops, "_size", lambda entry: entry.n_sites)
    said: list[tuple] = []
    entries = [SimpleNamespace(entry_id=name, n_sites=size) for name, size in zip("dcba", range(4, 0, -1), strict=True)]
    found = find_distinct_hops(entries, known=known, progress=lambda *parts: said.append(parts))
    assert asked == ["b", "c", "d"]
    assert dict(found) == {"a": known["a"], "b": made, "c": made}
    assert said == [
        ("a", known["a"], "known"),
        ("b", made, "1 hops"),
        ("c", made, "1 hops"),
        ("d", None, "no hops in d"),
    ]


@pytest.mark.slow
def test_the_released_hop_has_the_prediction_of_the_submission():
    with open(resource_folder("submissions") / "pathway-stack" / "host-10fold.csv", encoding="utf-8") as lines:
        predicted = {row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(lines)}
    entry = embench.load()["MgFe2O4"]
    (released,) = [hop for hop in distinct_hops.distinct_hops(entry) if hop.released]
    assert released.barrier == pytest.approx(predicted["MgFe2O4"], abs=2e-3)
    assert released.hop_distance == pytest.approx(entry.hop_distance)

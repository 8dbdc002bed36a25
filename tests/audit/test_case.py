"""What the audit of the labels knows of one entry, on entries that are known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
import pytest

import embench
from embench.audit.case import Sources, case_of, label_document, read_sources, sites_passed
from embench.audit.evidence import FIRST_HAND, read_evidence
from embench.audit.swaps import find_swaps
from embench.dataset import Entry
from embench.errors import UnknownEntryError


@pytest.fixture(scope="module")
def sources() -> Sources:
    data = embench.load()
    return read_sources(data, [each for each in read_evidence(data.entry_ids) if each.slug not in FIRST_HAND])


def kinds(entry_id: str, sources: Sources) -> list[str]:
    return [each["kind"] for each in label_document(entry_id, sources)["findings"]]


def test_swapped_labels_are_told_and_not_changed(sources):
    """Labels 1.74 and 1.16; Orb-v3 has 1.29 and 1.67: each label fits the other hop."""
    found = label_document("LiFeBO3_p21c_3", sources)
    assert found["likely"] == "labels swapped"
    assert "LiFeBO3_p21c_4" in found["findings"][0]["text"]
    assert found["migration_barrier"] == embench.load()["LiFeBO3_p21c_3"].migration_barrier == pytest.approx(1.74)
    assert kinds("LiFeBO3_p21c_4", sources)[0] == "swapped"


def test_swaps_of_the_dataset(sources):
    """The conflicting duplicates Li2MnSiO4_2 and _3 (FACTS) both agree when swapped with the third pathway."""
    found = {(swap.first, swap.second): swap for swap in find_swaps(sources.data, sources.evidence)}
    assert found.keys() == {
        ("Li2MnSiO4_1", "Li2MnSiO4_2"),
        ("Li2MnSiO4_1", "Li2MnSiO4_3"),
        ("LiFeBO3_p21c_3", "LiFeBO3_p21c_4"),
    }
    swap = found["Li2MnSiO4_1", "Li2MnSiO4_2"]
    assert swap.before == pytest.approx((abs(0.54 - 0.97) + abs(1.06 - 0.40)) / 2, abs=0.01)
    assert swap.after == pytest.approx((abs(1.06 - 0.97) + abs(0.54 - 0.40)) / 2, abs=0.01)


def test_duplicates_with_different_labels_are_no_swap(sources):
    """LiAlPO4F_2 and _3 are one hop (FACTS): swapping their labels changes nothing."""
    others = {other.entry_id: other for other in case_of("LiAlPO4F_2", sources).others}
    assert others["LiAlPO4F_3"].equivalent
    assert "swapped" not in kinds("LiAlPO4F_2", sources)


def test_a_corrupt_entry_is_read(sources):
    found = label_document("Na4MnAlP3O12_1", sources)
    assert "structure_corrupt" in found["flags"]


def test_suspects_of_the_first_audit(sources):
    """FACTS: released pathway and label do not belong together; here two hops over a third site are likely."""
    for entry_id in ("Na2MnO3_4", "RbVPO4F_1"):
        found = label_document(entry_id, sources)
        assert found["label_contradicted"]
        assert found["likely"] == "another pathway"
        assert found["sites_passed"] == _counted(sources.data[entry_id]) > 0
        assert found["direct_hops"][0] < found["hop_distance"]


def _counted(entry: Entry) -> int:
    """Count the sites of the ion in the sphere over the ends by going through all neighbouring cells."""
    middle = (entry.frac_coords[0] + entry.path_end) / 2 @ entry.lattice
    images: Iterable[tuple[int, ...]] = product(range(-2, 3), repeat=3)
    cells = np.array(list(images))
    sites = entry.frac_coords[1:][entry.atomic_numbers[1:] == entry.atomic_numbers[0]]
    every = (sites[:, None] + cells[None]).reshape(-1, 3) @ entry.lattice
    return int((np.linalg.norm(every - middle, axis=1) <= entry.hop_distance / 2).sum())


def test_a_lone_ion_passes_no_site(sources):
    assert sites_passed(sources.data["VPO4F_Rb_4"]) == 0


def test_both_ways(sources):
    """K2MnP2O7: the ends differ by 0.35 eV in both bands, and the label (0.24) is near the lower barrier."""
    case = case_of("K2MnP2O7", sources)
    assert case.forward == pytest.approx(0.35, abs=0.01)
    assert case.backward == pytest.approx(0.70, abs=0.01)
    assert kinds("K2MnP2O7", sources) == ["direction"]


def test_charges(sources):
    """LiMgSO4F holds no metal that could be oxidised; in Ni2F7 with Ca the nickel has what F and Ca leave."""
    assert case_of("LiMgSO4F_1", sources).cell_charge == pytest.approx(-1.0)
    case = case_of("Ni2F7_Ca_1", sources)
    counts = dict(zip(*np.unique(sources.data["Ni2F7_Ca_1"].atomic_numbers, return_counts=True), strict=True))
    assert case.metal_charge == pytest.approx((counts[9] - 2 * counts[20]) / counts[28])
    assert case.metal_charge == pytest.approx(10 / 3)


def test_an_entry_that_needs_no_explanation(sources):
    found = label_document("LiFeBO3_p21c_1", sources)
    # Label 0.40, Orb-v3 and its peers 0.46.
    assert found["difference"] == pytest.approx(0.06, abs=0.01)
    assert found["findings"] == []
    assert found["likely"].startswith("nothing to explain")


def test_an_unknown_entry(sources):
    with pytest.raises(UnknownEntryError, match="did you mean"):
        label_document("LiFeBO3_p21c_9", sources)

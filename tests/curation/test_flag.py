"""The flags: each rule on a made case on either side of its limit, and the figures of the release."""

from __future__ import annotations

import csv
import statistics
from dataclasses import replace

import numpy as np
import pytest

from embench import schema
from embench.curation import flag as flag_module
from embench.curation.annotate import annotate
from embench.curation.flag import RULES, FlagContext, flag, outlier_fence
from embench.errors import LedgerError
from tests.curation.crystals import ROCK_SALT, layered, make_entry, rock_salt


def context(entry, **changes):
    known = {"copies": {entry.entry_id: 1}, "spreads": {entry.entry_id: 0.0}, "fence": 3.0}
    return FlagContext(**(known | changes))


def flags_of(entry, **changes):
    return flag(entry, annotate(entry), context(entry, **changes))


def test_every_documented_flag_has_a_rule_and_every_rule_is_documented():
    assert list(RULES) == [spec.name for spec in schema.FIRST.flags]


def test_a_sound_entry_has_no_flag():
    assert flags_of(rock_salt()) == []
    assert flags_of(layered()) == []


def test_the_flags_come_in_the_order_of_the_schema():
    entry = rock_salt(migration_barrier=9.0)
    found = flags_of(entry, copies={entry.entry_id: 2}, label_suspects=frozenset([entry.entry_id]))
    assert found == ["duplicate", "outlier", "label_suspect"]


@pytest.mark.parametrize(("apart", "corrupt"), [(0.4, True), (0.6, False)])
def test_overlapping_sites_are_corrupt(apart, corrupt):
    entry = rock_salt()
    extra = entry.frac_coords[-1] + np.array([0, 0, apart / ROCK_SALT])
    entry = replace(entry, elements=(*entry.elements, "Cl"), frac_coords=np.vstack([entry.frac_coords, extra]))
    assert ("structure_corrupt" in flags_of(entry)) is corrupt


def path_past(element, *, distance, end=(0.5, 0, 0)):
    """A straight hop of 6 Å past one atom at its middle, coordinated by O at both ends."""
    sites = [("Li", (0, 0, 0)), ("O", (0, 0, 2 / 12)), ("O", (0.5, 0, 2 / 12)), (element, (0.25, distance / 12, 0))]
    return make_entry(np.diag([12.0, 12.0, 12.0]), sites, end)


@pytest.mark.parametrize(
    ("element", "distance", "expected"),
    [
        ("Ru", 0.45, ["path_clash", "path_through_metal_site"]),
        ("Ru", 0.55, ["path_clash"]),
        ("Ru", 1.05, []),
        ("S", 0.45, ["path_clash"]),  # no metal
        ("Li", 0.45, ["path_clash"]),  # not of the framework
    ],
)
def test_what_the_images_meet(element, distance, expected):
    assert flags_of(path_past(element, distance=distance)) == expected


def test_a_band_that_is_not_the_shortest_does_not_tell_which_site_the_ion_passes():
    # As far the other way round the cell: the hop of 6.4 Å has an image of 5.6 Å that stays clear of Ru.
    entry = path_past("Ru", distance=0.1, end=(6.4 / 12, 0, 0))
    assert flags_of(entry) == ["path_not_minimum_image", "path_clash"]


@pytest.mark.parametrize(("excess", "flagged"), [(0.008, False), (0.012, True)])
def test_a_band_may_be_longer_than_the_shortest_image_by_a_hundredth(excess, flagged):
    entry = path_past("Ru", distance=3, end=((6 + excess / 2) / 12, 0, 0))
    assert ("path_not_minimum_image" in flags_of(entry)) is flagged


@pytest.mark.parametrize(
    ("element", "distance", "suspect"),
    [
        ("O", 1.58, True),  # 0.8 (0.59 + 1.40) = 1.592
        ("O", 1.60, False),
        ("S", 1.93, True),  # 0.8 (0.59 + 1.84) = 1.944
        ("S", 1.95, False),
        ("Ti", 1.98, True),
        ("Ti", 2.02, False),
        ("Li", 1.98, True),
    ],
)
def test_an_end_too_near_to_an_atom_is_suspect(element, distance, suspect):
    for end in (0.0, 0.5):
        sites = [("Li", (0, 0, 0)), ("O", (0.25, 0.25, 0)), (element, (end, 0, distance / 12))]
        entry = make_entry(np.diag([12.0, 12.0, 12.0]), sites, (0.5, 0, 0))
        assert ("suspect_endpoints" in flags_of(entry)) is suspect


@pytest.mark.parametrize(("displaced", "differs"), [(0.05, False), (0.2, True)])
def test_the_final_framework_is_compared_without_drift_and_order(displaced, differs):
    entry = rock_salt()
    final = entry.frac_coords + np.array([0.3, 0.1, -0.2])
    final[0] = [0.9, 0.9, 0.9]  # the migrating ion does not count
    final[[3, 4]] = final[[4, 3]]
    final[3, 2] += displaced / ROCK_SALT
    entry = replace(entry, final_lattice=entry.lattice, final_frac_coords=final)
    assert ("final_framework_differs" in flags_of(entry)) is differs


def test_duplicates_and_conflicts_follow_the_groups():
    entries = [
        rock_salt(entry_id=name, migration_barrier=barrier)
        for name, barrier in (("a", 0.30), ("b", 0.35), ("c", 0.30), ("d", 0.36), ("e", 5.0))
    ]
    groups = {"a": "one", "b": "one", "c": "two", "d": "two", "e": "three"}
    columns = {entry_id: {"group_duplicate": group} for entry_id, group in groups.items()}
    known = FlagContext.from_entries(entries, columns, label_suspects=())
    found = {entry.entry_id: flag(entry, annotate(entry), known) for entry in entries}
    assert found["a"] == found["b"] == ["duplicate"]  # 0.05 eV apart, not more
    assert found["c"] == found["d"] == ["duplicate", "label_conflict"]
    assert found["e"] == ["outlier"]


def test_the_fence_stands_three_interquartile_ranges_above_the_upper_quartile():
    barriers = [0.2, 0.4, 0.5, 0.7, 0.9, 1.0, 1.4]
    lower, _, upper = statistics.quantiles(barriers, n=4, method="inclusive")
    assert outlier_fence(barriers) == pytest.approx(upper + 3 * (upper - lower))


def test_only_the_training_part_sets_the_fence():
    entries = [rock_salt(entry_id=f"train_{i}", migration_barrier=b) for i, b in enumerate((0.2, 0.4, 0.6))]
    entries += [rock_salt(entry_id="test", published_split="test", migration_barrier=50.0)]
    groups = {entry.entry_id: {"group_duplicate": entry.entry_id} for entry in entries}
    known = FlagContext.from_entries(entries, groups, label_suspects=())
    assert known.fence == pytest.approx(0.5 + 3 * 0.2)


def test_a_suspect_label_of_an_unknown_entry_is_an_error():
    groups = {"made_by_hand": {"group_duplicate": "x"}}
    with pytest.raises(LedgerError, match="nobody"):
        FlagContext.from_entries([rock_salt()], groups, label_suspects=["made_by_hand", "nobody"])
    known = FlagContext.from_entries([rock_salt()], groups, label_suspects=["made_by_hand"])
    assert flag(rock_salt(), annotate(rock_salt()), known) == ["label_suspect"]


def test_by_default_the_suspect_labels_are_those_in_the_table(monkeypatch):
    monkeypatch.setattr(flag_module, "read_table", lambda *_: [{"entry_id": "made_by_hand"}])
    known = FlagContext.from_entries([rock_salt()], {"made_by_hand": {"group_duplicate": "x"}})
    assert known.label_suspects == {"made_by_hand"}


@pytest.fixture(scope="module")
def flagged(raw_entries, annotations):
    """The entries of the release by flag, as if there were no duplicates."""
    groups = {entry.entry_id: {"group_duplicate": entry.entry_id} for entry in raw_entries}
    known = FlagContext.from_entries(raw_entries, groups)
    found: dict[str, set[str]] = {spec.name: set() for spec in schema.FLAGS}
    for entry in raw_entries:
        for name in flag(entry, annotations[entry.entry_id], known):
            found[name].add(entry.entry_id)
    return found


def test_the_known_faults_of_the_release(flagged):
    assert flagged["structure_corrupt"] == {"Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3"}
    assert flagged["path_not_minimum_image"] == {
        "Na7P3S11", "Na7P3Se11", "Li7P3Se11", "MgxTi2P3O12_2", "Mn2F7_Ca_2", "V2F7_Ca_1", "Cr2F7_Ca_1", "Ti2F7_Ca_2",
        "e-VOPO4_Na_3",
    }  # fmt: skip
    # Fourteen P stand where M-MnPO4_Na_2, the same host, has Mn: P-O distances of 1.9 Å in place of 1.5 Å.
    assert flagged["elements_misplaced"] == {"M-MnPO4_Na_1"}
    assert len(flagged["path_clash"]) == 36
    assert flagged["path_through_metal_site"] == {"LiRuO2_1", "RuO2_Li_1"}
    assert len(flagged["final_framework_differs"]) == 9


def test_the_bands_that_are_too_long_have_the_published_excess(flagged, annotations):
    excess = {
        entry_id: annotations[entry_id]["hop_distance"] - annotations[entry_id]["hop_distance_minimum_image"]
        for entry_id in flagged["path_not_minimum_image"]
    }
    long = {"Na7P3S11", "Na7P3Se11", "Li7P3Se11"}
    assert all(1.45 < excess[entry_id] < 1.75 for entry_id in long)
    assert all(0.015 < excess[entry_id] < 0.125 for entry_id in excess.keys() - long)


def test_ends_that_the_audit_measures_as_compressed_are_suspect(flagged, shared):
    # Oxides in which one ion migrates: the limits, by hand, from Shannon's radii for the lowest coordination and O.
    limits = {"Li": 0.8 * 1.99, "Na": 0.8 * 2.39, "Mg": 0.8 * 1.97, "Ca": 0.8 * 2.40, "K": 0.8 * 2.77, "Zn": 0.8 * 2.00}
    with open(shared / "audit" / "annotations.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with_o_alone = [r for r in rows if r["ion"] in limits and "O" in r["stem"] and not set("FSN") & set(r["stem"])]
    assert len(with_o_alone) > 100
    for row in with_o_alone:
        if min(float(row["dA_ini"]), float(row["dA_fin"])) < limits[row["ion"]]:
            assert row["sys_name"] in flagged["suspect_endpoints"], row["sys_name"]
    # Li 1.73 Å from P; and two copies of one Na in a corrupt structure.
    assert {"O-NiPO4_Li", "Na4MnAlP3O12_2"} <= flagged["suspect_endpoints"]
    assert len(flagged["suspect_endpoints"]) < 0.05 * len(rows)


def test_exchanged_elements_are_noticed(raw_entries):
    entry = next(entry for entry in raw_entries if entry.entry_id == "M-MnPO4_Na_2")
    assert "elements_misplaced" not in flags_of(entry)
    elements = list(entry.elements)
    metal, phosphorus = elements.index("Mn"), elements.index("P")
    elements[metal], elements[phosphorus] = "P", "Mn"
    assert "elements_misplaced" in flags_of(replace(entry, elements=tuple(elements)))

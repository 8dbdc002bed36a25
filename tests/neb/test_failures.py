"""The rules of failure, each on a profile that breaks it and on one that does not, and on the literature's bands."""

from __future__ import annotations

import csv

import pytest

import embench
from embench.neb import FAILURES, NebResult, failures_of
from embench.neb.check import summarise
from embench.neb.collect import predictions_csv
from embench.neb.failures import Profile, without_exploded
from embench.neb.store import RunStore

GOOD = {
    "energies": (0.0, 0.3, 0.6, 0.3, 0.0),
    "ends_equivalent": True,
    "ion_moved": 0.1,
    "hop_ratio": 0.98,
    "clearance": 1.8,
    "converged": True,
}


def test_a_good_band_has_no_failure():
    assert failures_of(Profile(**GOOD)) == ()


@pytest.mark.parametrize(
    ("flag", "change", "harmless"),
    [
        ("image_below_ends", {"energies": (0.0, 0.3, -0.06, 0.3, 0.0)}, {"energies": (0.0, 0.3, -0.04, 0.3, 0.0)}),
        ("end_is_maximum", {"energies": (0.0, 0.1, 0.2, 0.3, 0.3), "ends_equivalent": False},
         {"energies": (0.0, 0.1, 0.2, 0.31, 0.3), "ends_equivalent": False}),
        ("equivalent_ends_differ", {"energies": (0.0, 0.3, 0.6, 0.3, 0.06)}, {"energies": (0.0, 0.3, 0.6, 0.3, 0.04)}),
        ("ends_apart", {"energies": (0.0, 0.3, 0.8, 0.6, 0.51), "ends_equivalent": False},
         {"energies": (0.0, 0.3, 0.8, 0.6, 0.49), "ends_equivalent": False}),
        ("ion_left_site", {"ion_moved": 0.51}, {"ion_moved": 0.49}),
        ("hop_shrunk", {"hop_ratio": 0.69}, {"hop_ratio": 0.71}),
        ("not_converged", {"converged": False}, {"converged": None}),
        ("clash", {"clearance": 1.29}, {"clearance": 1.31}),
        ("exploded", {"energies": (0.0, 3.0, 20.1, 3.0, 0.0)}, {"energies": (0.0, 3.0, 19.9, 3.0, 0.0)}),
        ("exploded", {"fmax": 10.1}, {"fmax": 9.9}),
        ("exploded", {"energies": (0.0, 0.3, 0.6, 0.3, 0.0), "fmax": 11.0}, {"fmax": 11.0, "relaxed": False}),
        ("crash", {"energies": (), "ends_equivalent": None}, {}),
    ],
)  # fmt: skip
def test_rules(flag, change, harmless):
    assert failures_of(Profile(**{**GOOD, **change})) == (flag,)
    assert failures_of(Profile(**{**GOOD, **harmless})) == ()


def test_what_is_not_known_breaks_no_rule():
    assert failures_of(Profile(energies=GOOD["energies"])) == ()


def test_inequivalent_ends_may_differ():
    assert failures_of(Profile(energies=(0.0, 0.4, 0.3), ends_equivalent=False)) == ()
    assert failures_of(Profile(energies=(0.0, 0.4, 0.3), ends_equivalent=None)) == ()


def test_rates_of_the_literature(shared):
    """FACTS, Orb-v3: 572 bands; image below the ends 31, an end the maximum 28, equivalent ends 32, ends apart 41."""
    data = embench.load()
    with open(shared / "umlip_neb" / "umlip_all_barriers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counts = dict.fromkeys((failure.name for failure in FAILURES), 0)
    for row in rows:
        energies = tuple(float(row[f"e{i}"]) for i in range(5))
        equivalent = data[row["sys_name"]].endpoints_equivalent
        for flag in failures_of(Profile(energies=energies, ends_equivalent=equivalent)):
            counts[flag] += 1
    assert len(rows) == 572
    assert counts["image_below_ends"] == 31
    assert counts["end_is_maximum"] == 28
    assert counts["equivalent_ends_differ"] == 32
    assert counts["ends_apart"] == 41


@pytest.mark.parametrize("file", ["umlip_all_barriers.csv", "umlip_sevennet_barriers.csv"])
def test_no_band_of_the_literature_has_exploded(shared, file):
    """The limit is twice the largest span of these: 9.71 eV, a1-NaVOPO4_3 with SevenNet."""
    with open(shared / "umlip_neb" / file, encoding="utf-8", newline="") as rows:
        bands = {row["sys_name"]: tuple(float(row[f"e{i}"]) for i in range(5)) for row in csv.DictReader(rows)}
    spans = {entry_id: max(energies) - min(energies) for entry_id, energies in bands.items()}
    assert max(spans, key=spans.__getitem__) == "a1-NaVOPO4_3"
    assert max(spans.values()) < 9.72
    assert not any("exploded" in failures_of(Profile(energies=energies)) for energies in bands.values())


def test_a_stored_band_that_has_exploded_loses_its_barrier(tmp_path):
    """The row of V2S3O12_Ca as an earlier version wrote it, with a barrier of 101 eV, beside a sound one."""
    store = RunStore(tmp_path)
    energies = {"V2S3O12_Ca": (0.0, 40.0, 101.0, 38.0, 1.0), "KNiF3": (0.0, 0.8, 1.6, 0.8, 0.0)}
    for entry_id, heights in energies.items():
        row = NebResult(
            entry_id=entry_id, potential="chgnet", protocol="embench-neb-1", status="not-converged", energies=heights,
            flags=("ends_apart", "not_converged"), fmax=0.4, barrier_max_minus_min=max(heights) - min(heights),
        )  # fmt: skip
        store.add(row, None)
    exploded, sound = store.results().values()
    assert (exploded.status, exploded.has_value) == ("failed", False)
    assert exploded.flags == ("ends_apart", "not_converged", "exploded")
    assert "span 101 eV" in str(exploded.reason)
    assert exploded.energies == energies["V2S3O12_Ca"]
    assert (sound.barrier_max_minus_min, sound.status) == (1.6, "not-converged")
    summary = summarise([exploded, sound])
    assert (summary.valued, summary.failures["exploded"]) == (1, ("V2S3O12_Ca",))
    assert predictions_csv(store.results(), ["KNiF3", "V2S3O12_Ca"]).count("\n") == 2


def test_given_images_may_be_as_steep_as_they_like():
    row = NebResult(
        entry_id="x", potential="p", protocol="static", status="converged", energies=(0.0, 86.0, 0.0), fmax=200.0,
        barrier_max_minus_min=86.0,
    )  # fmt: skip
    assert without_exploded(row) is row


def test_figures_of_the_literature_that_are_no_barriers(shared):
    """LiMn2O4 with CHGNet (0.625 eV) and SevenNet (0.897 eV): an end is the maximum, though the ends are equivalent."""
    with open(shared / "umlip_neb" / "umlip_test_barriers.csv", encoding="utf-8", newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file) if row["sys_name"] == "LiMn2O4"}
    equivalent = embench.load()["LiMn2O4"].endpoints_equivalent
    for model, barrier in (("CHGNet", 0.625), ("SevenNet", 0.897)):
        energies = tuple(float(rows[model][name]) for name in ("e0", "emax", "e_last"))
        flags = failures_of(Profile(energies=energies, ends_equivalent=equivalent))
        assert float(rows[model]["reported_barrier_eV"]) == pytest.approx(barrier, abs=0.001)
        assert set(flags) == {"end_is_maximum", "equivalent_ends_differ", "ends_apart"}

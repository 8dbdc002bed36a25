"""The rules of failure, each on a profile that breaks it and on one that does not, and on the literature's bands."""

from __future__ import annotations

import csv

import pytest

import embench
from embench.neb import FAILURES, failures_of
from embench.neb.failures import Profile

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

"""The leakage audit against the independent one, and against folds small enough to check by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import embench
from embench.audit import leakage
from embench.pages.leakage import leakage_page
from embench.splits import protocol_names
from embench.splits.load import Fold, Protocol

PAGE = Path(__file__).parents[2] / "docs" / "leakage.md"
# The levels of the independent audit; it does not tell compounds apart below the compound.
TIER = {"duplicate": 1, "structure": 1, "compound": 1, "host and ion": 2, "host": 3, "prototype": 4}


@pytest.fixture(scope="module")
def measured() -> dict[str, leakage.Leakage]:
    data = embench.load()
    return {name: leakage.measure(embench.protocol(name), data) for name in protocol_names()}


def test_published_split_leaks_as_audited(measured):
    shared = measured["published"].shared
    found = {name: shared[name] for name in ("compound", "host and ion", "host", "prototype")}
    assert found == {"compound": 23, "host and ion": 37, "host": 45, "prototype": 58}


def test_closest_relation_of_each_test_entry_is_that_of_the_audit(shared):
    audit = pd.read_csv(shared / "audit" / "q7_leak.csv").set_index("sys_name")["tier"]
    found = {
        neighbour.entry_id: TIER.get(neighbour.relation, 6)
        for neighbour in leakage.nearest_neighbours(embench.protocol("published"))
    }
    assert found == audit.to_dict()


def test_groups_hold_in_their_protocols(measured):
    relations = list(leakage.RELATIONS)
    for name, group in (("host-10fold", "host"), ("prototype-10fold", "prototype")):
        within = relations[: relations.index(group) + 1]
        assert [measured[name].shared[relation] for relation in within] == [0] * len(within)
    for name in ("leave-one-ion-out", "leave-one-class-out"):
        assert measured[name].shared["duplicate"] == 0


def test_random_folds_are_the_easiest_to_copy(measured):
    """Published: simple models fall from about 0.27 (random) to 0.31 (by host) and 0.52 (by prototype)."""
    errors = [measured[name].hop_error for name in ("random-10fold", "host-10fold", "prototype-10fold")]
    assert errors == sorted(errors)


def test_median_error_by_pandas(measured):
    barrier = embench.load().to_pandas().set_index("entry_id")["migration_barrier"]
    folds = pd.read_csv(PAGE.parent.parent / "splits" / "prototype-10fold.csv").set_index("entry_id")["fold"]
    folds = folds.drop("M-MnPO4_Na_1")
    barrier = barrier[folds.index]
    errors = pd.concat([(barrier[folds == fold] - barrier[folds != fold].median()).abs() for fold in folds.unique()])
    assert measured["prototype-10fold"].median_error == pytest.approx(errors.mean())
    assert measured["prototype-10fold"].median_error == pytest.approx(0.52, abs=0.02)


def test_counts_by_pandas(measured):
    table = embench.load().to_pandas().set_index("entry_id")
    folds = pd.read_csv(PAGE.parent.parent / "splits" / "random-10fold.csv").set_index("entry_id")["fold"]
    folds = folds.drop("M-MnPO4_Na_1")
    for relation, column in leakage.RELATIONS.items():
        group = table.loc[folds.index, column]
        # A relative on the training side: the group reaches beyond the entry's own fold.
        beyond = folds.groupby(group).transform("size") > folds.groupby([group, folds]).transform("size")
        assert measured["random-10fold"].shared[relation] == beyond.sum(), relation


def test_closest_relations_partition_the_scored_entries(measured):
    for found in measured.values():
        assert sum(count for count, _ in found.closest.values()) == found.n_scored


def protocol_of(train: list[str], test: list[str]) -> Protocol:
    return Protocol("published", (Fold("test", tuple(train), tuple(test)),))


def test_a_relative_is_preferred_to_a_similar_stranger():
    data = embench.load()
    (neighbour,) = leakage.nearest_neighbours(protocol_of(["LiAlPO4F_2", "MgHo2S4", "O-LiFePO4"], ["LiAlPO4F_3"]))
    assert neighbour.neighbour_id == "LiAlPO4F_2"
    assert neighbour.copied == data["LiAlPO4F_2"].migration_barrier
    (neighbour,) = leakage.nearest_neighbours(protocol_of(["Li4P2S7", "O-LiFePO4"], ["MgHo2S4"]))
    assert neighbour.relation == "none"


def test_among_strangers_the_most_similar_hop_is_copied():
    data = embench.load()
    train, test = ["Na2MnSiO4_pc_1", "KCoO2", "Li4P2S7", "Ca0.5MnF3"], ["MgHo2S4"]
    columns = leakage.DESCRIPTORS
    there = np.array([[getattr(data[entry_id], name) for name in columns] for entry_id in train], dtype=float)
    here = np.array([getattr(data["MgHo2S4"], name) for name in columns], dtype=float)
    squared = (((there - here) / there.std(axis=0)) ** 2).sum(axis=1)
    (neighbour,) = leakage.nearest_neighbours(protocol_of(train, test))
    assert neighbour.neighbour_id == train[int(squared.argmin())]


def test_targets_of_scored_entries_do_not_matter(monkeypatch):
    """The copies are chosen although asking for a target of the scored side fails."""
    asked = []
    original = embench.Dataset.column
    monkeypatch.setattr(
        embench.Dataset, "column", lambda self, name: asked.append((self.targets_hidden, name)) or original(self, name)
    )
    leakage.nearest_neighbours(protocol_of(["Li4P2S7", "KCoO2"], ["MgHo2S4"]))
    assert (True, "migration_barrier") not in asked
    assert (True, "group_host") in asked


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == leakage_page(), "run: embench splits audit --out docs/leakage.md"

"""The label audit: the rule, the known suspects, duplicates and the noise floor."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import embench
from embench.audit import Duplicates, Potential, find_duplicates, find_suspects, read_potentials
from embench.audit.barriers import compare
from embench.audit.evidence import FIRST_HAND, evidence_of_the_flag, read_evidence
from embench.audit.noise import Pair
from embench.audit.suspects import suspect_table, table_path
from embench.errors import PredictionsError, UnknownEntryError
from embench.pages.labels import label_page
from embench.schema import FIRST

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "label-audit.md"


@pytest.fixture(scope="module")
def labels() -> dict[str, float]:
    data = embench.load()
    return dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))


@pytest.fixture(scope="module")
def potentials() -> list[Potential]:
    return read_potentials(embench.load().entry_ids)


@pytest.fixture(scope="module")
def evidence() -> list[Potential]:
    """The literature's potentials only: what embench computes itself grows with time."""
    return [potential for potential in read_evidence(embench.load().entry_ids) if potential.slug not in FIRST_HAND]


# ---------------------------------------------------------------------------------------------- known figures


def test_orb_against_labels(potentials, labels):
    (orb,) = (potential for potential in potentials if potential.slug == "orb-v3")
    found = compare(orb, labels)
    assert found.n == 572
    assert found.median == pytest.approx(0.12, abs=0.005)
    assert found.mean == pytest.approx(0.34, abs=0.005)


def test_barriers_are_those_of_the_sources(potentials, shared):
    """The table holds what the sources hold, here read by another route."""
    by_slug = {potential.slug: potential.barriers for potential in potentials}
    orb = pd.read_csv(shared / "umlip_neb" / "umlip_all_barriers.csv").set_index("sys_name")["barrier_max_minus_min_eV"]
    assert by_slug["orb-v3"] == pytest.approx(orb.to_dict(), abs=1e-6)
    sheet = pd.read_excel(shared / "upstream" / "TABULATION-GIT-HUB.xlsx").set_index("sys_name")
    for slug, column in (("mace-relax", "MACE-RELAX"), ("mace-no-relax", "MACE-NO-RELAX")):
        assert by_slug[slug] == pytest.approx(pd.to_numeric(sheet[column], errors="coerce").dropna().to_dict())


def test_orb_and_mace_speak_against_27_labels_all_in_training(potentials, labels):
    chosen = [potential for potential in potentials if potential.slug in ("orb-v3", "mace-relax")]
    found = {suspect.entry_id for suspect in find_suspects(labels, chosen)}
    assert len(found) == 27
    named = "Na2CoSiO4_1 LiMnBO3_c2c_2 LiFeBO3_c2c_2 LiCoBO3_c2c_2 e-LiVOPO4_2 RbVPO4F_1 Na2MnO3_4 K3Ni2F7"
    assert found >= set(named.split())
    data = embench.load()
    assert {data[entry_id].published_split for entry_id in found} == {"train"}
    # The further potentials of that time, which were computed for test entries only, add none and take none away.
    assert {suspect.entry_id for suspect in find_suspects(labels, of_the_flag())} == found


def of_the_flag() -> list[Potential]:
    data = embench.load()
    return evidence_of_the_flag(dict(zip(data.entry_ids, data.column("published_split").tolist(), strict=True)))


def test_three_families_speak_against_33_labels(evidence, labels):
    """Counted beside the code with pandas from the source's files: eight more than the flag has, and two fewer."""
    found = {suspect.entry_id for suspect in find_suspects(labels, evidence)}
    flagged = {suspect.entry_id for suspect in find_suspects(labels, of_the_flag())}
    assert len(found & flagged) == 25
    assert flagged - found == {"Ca1.5Ti2F7_3", "Mn2F7_Ca_3"}
    come = "KTiPO4F Li3OI MnPO4_K Na2CoSiO4_2 Na2FeSiO4_1 Na2FeSiO4_2 V2S3O12_Ca d-AlV2O5"
    assert found - flagged == set(come.split())


# ---------------------------------------------------------------------------------------------- the rule


def suspects_of(label: float, **barriers: float) -> list[str]:
    potentials = [Potential(slug.replace("_", "-"), {"x": barrier}) for slug, barrier in barriers.items()]
    return [slug for suspect in find_suspects({"x": label}, potentials) for slug in suspect.barriers]


@pytest.mark.parametrize(
    ("label", "barriers", "expected"),
    [
        pytest.param(0.5, {"orb_v3": 1.5, "mace_relax": 1.6}, ["orb-v3", "mace-relax"], id="both high"),
        pytest.param(2.0, {"orb_v3": 0.9, "mace_relax": 1.0}, ["orb-v3", "mace-relax"], id="both low"),
        pytest.param(0.5, {"orb_v3": 1.5}, [], id="one potential"),
        pytest.param(0.5, {"orb_v3": 1.5, "orb_v2": 1.5}, [], id="one family"),
        pytest.param(0.5, {"orb_v3": 1.5, "mace_no_relax": 1.5}, [], id="unrelaxed endpoints are no evidence"),
        pytest.param(0.5, {"orb_v3": 1.5, "mace_relax": 1.15}, [], id="one too close"),
        pytest.param(1.5, {"orb_v3": 0.6, "mace_relax": 2.4}, [], id="opposite sides"),
        # Distances 1.0 and 1.59: they differ by 0.59 of the smaller; with 1.61 by more than 0.6.
        pytest.param(0.0, {"orb_v3": 1.0, "mace_relax": 1.59}, ["orb-v3", "mace-relax"], id="just agree"),
        pytest.param(0.0, {"orb_v3": 1.0, "mace_relax": 1.61}, [], id="just disagree"),
        pytest.param(0.5, {"orb_v3": 1.5, "mace_relax": 1.6, "chgnet": 0.6}, [], id="a third supports the label"),
        pytest.param(
            0.5, {"orb_v3": 1.5, "mace_relax": 1.6, "mace_mp_0": 0.6}, [], id="a family speaks with its closest"
        ),
        pytest.param(
            0.5,
            {"orb_v3": 1.5, "mace_relax": 1.6, "chgnet": 9.0},
            ["orb-v3", "mace-relax"],
            id="a third agrees with none",
        ),
    ],
)
def test_rule(label, barriers, expected):
    assert suspects_of(label, **barriers) == expected


def test_without_unanimity_a_divided_entry_is_suspect():
    potentials = [Potential(slug, {"x": barrier}) for slug, barrier in (("a", 1.5), ("b", 1.6), ("c", 0.6))]
    assert find_suspects({"x": 0.5}, potentials) == []
    (found,) = find_suspects({"x": 0.5}, potentials, unanimous=False)
    assert found.mean == pytest.approx(1.55)
    assert found.difference == pytest.approx(1.05)


def test_the_table_that_the_curation_reads_is_up_to_date(labels):
    text = table_path(FIRST).read_text(encoding="utf-8")
    assert text == suspect_table(find_suspects(labels, of_the_flag())), "run: embench data audit --write-table"
    for row in csv.DictReader(text.splitlines()):
        assert float(row["migration_barrier"]) == pytest.approx(labels[row["entry_id"]], abs=5e-4)
        barriers = [float(potential.split()[1]) for potential in row["potentials"].split(";")]
        assert float(row["neb_barrier"]) == pytest.approx(np.mean(barriers), abs=1e-3)


def test_the_dataset_carries_the_flag(labels):
    """The dataset was built with the table of this audit: if not, run ``embench build`` again."""
    flagged = {entry.entry_id for entry in embench.load(version="1.0.0").filter(include_flags=["label_suspect"])}
    assert flagged == {suspect.entry_id for suspect in find_suspects(labels, of_the_flag())}


# ---------------------------------------------------------------------------------------------- reading


@pytest.fixture
def table(tmp_path) -> Path:
    return tmp_path / "barriers.csv"


def test_reading(table):
    table.write_text("entry_id,b-1,a\nx,0.5,\ny,,1\n", encoding="utf-8")
    found = read_potentials(["x", "y"], table)
    assert found == [Potential("b-1", {"x": 0.5}), Potential("a", {"y": 1.0})]
    assert [potential.family for potential in found] == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("barrier,a\nx,1\n", "must name entry_id"),
        ("entry_id\nx\n", "must name entry_id"),
        ("", "must name entry_id"),
        ("entry_id,a\nx,1\nx,2\n", r"line 3: x occurs twice"),
        ("entry_id,a\nx,nan\n", "line 2, column a: 'nan' is no finite number"),
        ("entry_id,a\nx,1 eV\n", "no finite number"),
        ("entry_id,a\nx\n", "None is no finite number"),
    ],
)
def test_bad_tables_are_refused(table, text, message):
    table.write_text(text, encoding="utf-8")
    with pytest.raises(PredictionsError, match=message):
        read_potentials(["x"], table)


def test_unknown_entries_are_refused(table):
    table.write_text("entry_id,a\nLiFePO5,1\n", encoding="utf-8")
    with pytest.raises(UnknownEntryError, match="LiFePO5"):
        read_potentials(["LiFePO4"], table)


def test_a_table_that_is_not_there(table):
    with pytest.raises(PredictionsError, match="cannot read"):
        read_potentials([], table)


# ---------------------------------------------------------------------------------------------- duplicates


def pair(difference: float, name: str = "x") -> Pair:
    return Pair(f"{name}1", f"{name}2", 1.0, 1.0 + difference)


def test_standard_deviation_of_pairs_is_rms_over_root_two():
    found = Duplicates(((pair(0.3),), (pair(0.0),), (pair(0.1),)))
    assert found.standard_deviation().value == pytest.approx(math.sqrt((0.09 + 0.01) / 3 / 2))
    assert found.mean_difference().value == pytest.approx(0.4 / 3)
    assert found.median_difference == pytest.approx(0.1)
    assert [each.difference for each in found.pairs] == pytest.approx([0.3, 0.1, 0.0])


def test_larger_groups_give_the_pooled_variance():
    rng = np.random.default_rng(1)
    groups = [rng.normal(size=size) for size in (2, 3, 6)]
    pairs = tuple(
        tuple(Pair(str(i), str(j), *sorted((group[i], group[j]))) for i in range(len(group)) for j in range(i))
        for group in groups
    )
    squares = sum(((group - group.mean()) ** 2).sum() for group in groups)
    pooled = math.sqrt(squares / sum(len(group) - 1 for group in groups))
    assert Duplicates(pairs).standard_deviation().value == pytest.approx(pooled)


def test_intervals_cover_the_true_standard_deviation():
    """Of 200 samples of 30 normal pairs with σ = 0.1, about 95 % of the intervals must hold 0.1."""
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        differences = np.abs(rng.normal(scale=0.1 * math.sqrt(2), size=30))
        found = Duplicates(tuple((pair(difference),) for difference in differences)).standard_deviation()
        covered += found.low <= 0.1 <= found.high
    # A percentile bootstrap of 30 pairs falls a little short of 95 %.
    assert 0.86 <= covered / 200 <= 0.98


def test_intervals_are_the_same_each_time():
    found = Duplicates(((pair(0.3),), (pair(0.0),), (pair(0.1),)))
    assert found.mean_difference() == found.mean_difference()


def test_known_label_conflicts_are_found():
    """Differences as the audit of the release states them."""
    found = {
        frozenset((each.first_id, each.second_id)): each.difference for each in find_duplicates(embench.load()).pairs
    }
    known = {
        ("LiAlPO4F_2", "LiAlPO4F_3"): 0.484,
        ("LiAlPO4F_1", "LiAlPO4F_4"): 0.307,
        ("Li2MnSiO4_2", "Li2MnSiO4_3"): 0.26,
        ("b-NaVP2O7_1", "b-NaVP2O7_2"): 0.08,
    }
    for ids, difference in known.items():
        assert found[frozenset(ids)] == pytest.approx(difference, abs=5e-3)


# ---------------------------------------------------------------------------------------------- the page


def test_the_page_is_up_to_date(potentials):
    expected = label_page(embench.load(), potentials, read_evidence(embench.load().entry_ids))
    assert PAGE.read_text(encoding="utf-8") == expected, "run: embench data audit --out docs/label-audit.md"


def test_the_page_names_every_suspect_and_conflict(potentials, evidence, labels):
    page = label_page(embench.load(), potentials, evidence)
    for suspect in find_suspects(labels, evidence):
        assert f"`{suspect.entry_id}`" in page
    for each in find_duplicates(embench.load()).pairs:
        assert each.difference == 0 or f"`{each.first_id}` | `{each.second_id}`" in page

"""Reading the raw release: what FACTS says of it, and every way in which it can be broken."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embench.curation.read import read_release
from embench.errors import EmbenchError, UpstreamError

TRAIN = "RAW-Em-5-images-TRAIN.json"
TEST = "RAW-Em-5-images-TEST.json"
ENDS = "BOTH-RAW-Em-TEST.json"
TABLE = "TABULATION-GIT-HUB.xlsx"


def test_counts(raw_entries):
    assert Counter(entry.published_split for entry in raw_entries) == {"train": 559, "test": 60}
    assert len({entry.entry_id for entry in raw_entries}) == 619
    ions = {split: Counter() for split in ("train", "test")}
    for entry in raw_entries:
        ions[entry.published_split][entry.mobile_ion] += 1
    assert ions["train"] == {"Li": 154, "Ca": 141, "Na": 104, "Mg": 92, "K": 32, "Zn": 21, "Rb": 7, "Al": 6, "Sr": 2}
    assert ions["test"] == {"Li": 21, "Ca": 12, "Na": 5, "Mg": 14, "K": 4, "Zn": 2, "Rb": 1, "Al": 1}
    assert Counter(entry.labels["raw_functional"] for entry in raw_entries) == {
        "GGA": 545,
        "GGA+U": 45,
        "SCAN": 19,
        "LDA": 10,
    }
    assert len({entry.labels["raw_class"] for entry in raw_entries}) == 35


def test_target_distribution(raw_entries):
    barriers = np.array([entry.migration_barrier for entry in raw_entries])
    assert (barriers.min(), barriers.max()) == (0.0035, 8.77)
    assert barriers.mean() == pytest.approx(0.849, abs=5e-4)
    assert np.median(barriers) == pytest.approx(0.616, abs=5e-4)
    assert (barriers < 0.65).sum() == 323
    test = np.array([entry.migration_barrier for entry in raw_entries if entry.published_split == "test"])
    assert (test < 0.65).sum() == 31


def test_sites_and_hops(raw_entries, shared):
    # FACTS counts the sites of the band, which holds the migrating ion five times.
    band_sites = [len(entry.elements) + 4 for entry in raw_entries]
    assert (min(band_sites), max(band_sites), sum(band_sites)) == (33, 1027, 79_800)
    audit = pd.read_csv(shared / "audit" / "q2_geom.csv").set_index("sys_name")
    for entry in raw_entries:
        assert np.linalg.norm(entry.hop) == pytest.approx(audit.hop_raw[entry.entry_id], abs=1e-9)


def test_final_structures_only_where_released(raw_entries):
    for entry in raw_entries:
        assert (entry.final_frac_coords is not None) == (entry.published_split == "test")
        assert entry.citation is None


@pytest.mark.parametrize("file", [TRAIN, TEST, ENDS, "SINGLE-BOTH-RAW-Em-TEST.json", TABLE])
def test_missing_file(release, file):
    (release / file).unlink()
    with pytest.raises(UpstreamError, match=f"{file} is missing"):
        read_release(release)


@pytest.mark.parametrize("file", [TRAIN, TABLE])
def test_truncated_file(release, file):
    content = (release / file).read_bytes()
    (release / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(UpstreamError, match=file):
        read_release(release)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda record: record.update(target=0.31), r"target 0.31 eV, but 0.3 eV in TABULATION"),
        (lambda record: record.update(target="high"), r"target is 'high'"),
        (lambda record: record.pop("target"), r"target is missing"),
        (lambda record: record.update(target=float("nan")), r"no barrier"),
        (lambda record: record["atoms"]["elements"].__setitem__(40, "Xx"), r"unknown element 'Xx'"),
        (lambda record: record["atoms"]["elements"].__setitem__(2, "Na"), r"not the same ion"),
        (lambda record: record["atoms"]["elements"].pop(), r"coords has the shape"),
        (lambda record: record["atoms"]["coords"].__setitem__(2, [0, 0, 0]), r"straight line"),
        (lambda record: record["atoms"]["coords"].__setitem__(9, [0, None, 0]), r"not finite|array of numbers"),
        (lambda record: record["atoms"].pop("lattice_mat"), r"lattice_mat"),
        (lambda record: record["atoms"]["lattice_mat"].reverse(), r"right-handed"),
        (lambda record: record["atoms"]["coords"][9].__setitem__(0, 0.123), r"entries that differ: Li4P2S7"),
        (lambda record: record.update({"class": "OXIDES"}), r"entries that differ: Li4P2S7"),
    ],
)
def test_changed_entry_is_named(edit, how, message):
    folder = edit(TRAIN, "Li4P2S7", how)
    with pytest.raises(UpstreamError, match=message) as caught:
        read_release(folder)
    assert "Li4P2S7" in str(caught.value)
    assert TRAIN in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda record: record["atoms_ini"]["coords"][3].__setitem__(0, 0.123), "initial structure differs"),
        (lambda record: record["atoms_fin"]["coords"][0].__setitem__(0, 0.123), "does not end where the band ends"),
        (lambda record: record["atoms_fin"]["elements"].reverse(), "different sites"),
        (lambda record: record.update(target=1.0), "target 1.0 differs"),
        (lambda record: record["atoms_fin"]["coords"][5].__setitem__(0, 0.123), "entries that differ: MgHo2S4"),
    ],
)
def test_changed_final_structure_is_named(edit, how, message):
    folder = edit(ENDS, "MgHo2S4", how)
    with pytest.raises(UpstreamError, match=message) as caught:
        read_release(folder)
    assert "MgHo2S4" in str(caught.value)


@pytest.mark.slow
def test_changed_label_in_the_table_is_named(release: Path):
    from openpyxl import load_workbook

    book = load_workbook(release / TABLE)
    sheet = book["COMPLETE-TABUATION"]
    sheet["A5"] = "SPINEL"
    changed = sheet["G5"].value
    book.save(release / TABLE)
    with pytest.raises(UpstreamError, match=rf"{TABLE} is not the released file.*{changed}"):
        read_release(release)


@pytest.mark.slow
def test_entry_twice_and_entry_lost(release):
    records = json.loads((release / TEST).read_text())
    (release / TEST).write_text(json.dumps([*records, records[0]]))
    with pytest.raises(UpstreamError, match=r"MgHo2S4' occurs twice"):
        read_release(release)
    (release / TEST).write_text(json.dumps(records[1:]))
    with pytest.raises(UpstreamError, match="MgHo2S4"):
        read_release(release)


def test_other_json_is_refused(release):
    for content in ("{}", "[1, 2]", "[" * 100_000, '[{"sys_name": 3}]'):
        (release / TEST).write_text(content)
        with pytest.raises(UpstreamError, match=TEST):
            read_release(release)


def test_every_error_is_ours():
    with pytest.raises(EmbenchError):
        read_release(Path("no-such-folder"))

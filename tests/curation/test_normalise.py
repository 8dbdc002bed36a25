"""The ledger: applied, checked, and compared with the independent audit."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
import spglib

from embench.curation.normalise import RAW_COLUMN_OF, normalise, read_ledger
from embench.curation.tables import read_table
from embench.errors import LedgerError

# Where we differ from the audit, and why.
DIFFERENCES = {
    # Li7P3O11 and Na7P3O11 hold P-O groups only: phosphates by the rule that separates Li3PO4 from Li3PS4.
    ("Li7P3O11", "structure_class"): "PHOSPHATES",
    ("Na7P3O11", "structure_class"): "PHOSPHATES",
    # The audit's own ledger has these three; its normalised table does not apply them.
    ("LiNiO2_1", "composition"): "LiNiO2(MV)",
    ("LiNiO2_2", "composition"): "LiNiO2(DV)",
    ("O-LiMnO2_pmmn_2", "composition"): "O-LiMnO2(MV)(out-of-plane)",
}


@pytest.fixture(scope="module")
def labels(raw_entries):
    return normalise(raw_entries)


def test_agrees_with_the_audit(labels, shared):
    audit = pd.read_csv(shared / "audit" / "normalised_table.csv").set_index("sys_name")
    columns = {
        "structure_class": "class_norm",
        "crystal_system": "crystal_system_norm",
        "space_group": "space_group_norm",
        "space_group_number": "sg_number",
        "composition": "composition_norm",
        "pathway": "path_norm",
        "functional": "xc",
    }
    found = {
        (entry_id, column): ours[column]
        for entry_id, ours in labels.items()
        for column, theirs in columns.items()
        if ours[column] != audit.loc[entry_id, theirs]
    }
    assert found == DIFFERENCES


def test_27_classes(labels):
    assert len({row["structure_class"] for row in labels.values()}) == 27


def test_subtypes(labels):
    assert Counter(row["class_subtype"] for row in labels.values()) == {None: 614, "CF": 3, "CM": 2}


def test_space_group_numbers_against_spglib():
    """Every symbol is a setting that spglib lists under the number of our table."""
    settings: dict[str, set[int]] = {}
    for hall in range(1, 531):
        kind = spglib.get_spacegroup_type(hall)
        # A setting is listed in the full symbols, as in "C m c e = C m c a"; the short one is the standard one.
        names = [kind.international_short, *kind.international_full.split("="), *kind.international.split("=")]
        for name in names:
            settings.setdefault(name.replace(" ", "").replace("_", ""), set()).add(kind.number)
    unknown = []
    for row in read_table("space_groups", ("space_group", "number")):
        if row["space_group"] in settings:
            assert settings[row["space_group"]] == {int(row["number"])}, row
        else:
            unknown.append(row["space_group"])
    # Bmab is the symbol before 1992; since then the double glide plane is called e.
    assert unknown == ["Bmab"]
    assert settings["Bmeb"] == {64}


def test_every_row_names_a_raw_value_and_a_reason(raw_entries):
    by_id = {entry.entry_id: entry for entry in raw_entries}
    for (entry_id, column), row in read_ledger().items():
        assert by_id[entry_id].labels[RAW_COLUMN_OF[column]] == row["raw"]
        assert len(row["reason"]) > 5


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        (("LiScS2", "space_group"), {"raw": "P1"}, "expects the raw value 'P1', the release has 'I42d'"),
        (("LiScS2", "space_group"), {"normalised": "I-42e"}, "unknown space group 'I-42e'"),
        (("LiScS2", "space_group"), {"normalised": "P-1"}, r"P-1 \(2\) is not Tetragonal"),
        (("LiScS2", "space_group"), {"normalised": "I-42d "}, "white space"),
        (("No-such-entry", "space_group"), {"raw": "P1"}, "no such entry"),
        (("Li2NiO2_1", "structure_file_class"), None, "'ORTHORHOMBIC' in the structure file"),
        (("ZnNiO2_1", "crystal_system"), None, "is not P-3m1"),
    ],
)
def test_wrong_rows_are_refused(raw_entries, key, change, message):
    ledger = read_ledger()
    if change is None:
        del ledger[key]
    else:
        ledger[key] = {**ledger.get(key, ledger["LiScS2", "space_group"]), **change}
    with pytest.raises(LedgerError, match=message):
        normalise(raw_entries, ledger=ledger)

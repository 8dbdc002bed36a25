"""What a predictions file may look like, and what is said of those that may not."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from embench.errors import PredictionsError
from embench.evaluation import predictions_csv
from embench.evaluation.predictions import canonical_csv, read_predictions

KNOWN = ("LiFePO4_1", "LiFePO4_2", "NaMnO2", "MgTi2S4")
GOOD = "entry_id,prediction\nLiFePO4_1,0.25\nLiFePO4_2,0.5\nNaMnO2,1.125\nMgTi2S4,0.75\n"
VALUES = (0.25, 0.5, 1.125, 0.75)
SIGMA = "entry_id,prediction,uncertainty\nLiFePO4_1,0.25,0.1\nNaMnO2,0.5,{}\n"


def read(content: str | bytes, tmp_path, **options):
    path = tmp_path / "predictions.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_predictions(path, known=KNOWN, **options)


def message(content: str | bytes, tmp_path) -> str:
    with pytest.raises(PredictionsError) as caught:
        read(content, tmp_path)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(tmp_path / "predictions.csv"), "FILE")


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD.encode(),  # byte-order mark
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.rstrip("\n"),
        GOOD + "\n\n  \n",
        GOOD + ",\n,\n",  # empty cells that a spreadsheet adds
        GOOD.replace(",", " , ").replace("\n", " \n"),
        'entry_id,prediction\n"LiFePO4_1","0.25"\n"LiFePO4_2",.5\nNaMnO2,+1.125\nMgTi2S4,7.5e-1\n',
        "model,prediction,remark,entry_id\n"
        'a,0.25,"one, two",LiFePO4_1\na,0.5,"over\ntwo lines",LiFePO4_2\na,1.125,,NaMnO2\na,0.75,x,MgTi2S4\n',
    ],
    ids=["plain", "mark", "crlf", "cr", "no newline", "blank lines", "empty rows", "spaces", "quotes", "extra"],
)
def test_accepted_forms(content, tmp_path):
    found = read(content, tmp_path)
    assert found.entry_ids == KNOWN
    assert found.values == VALUES
    assert found.uncertainties is None
    assert found.warnings == (("columns 'model', 'remark' are not read",) if "remark" in str(content) else ())
    assert found.plain
    raw = content.encode() if isinstance(content, str) else content
    assert found.sha256 == hashlib.sha256(raw).hexdigest()


def test_any_order(tmp_path):
    head, *rows = GOOD.splitlines()
    found = read("\n".join([head, *reversed(rows)]), tmp_path)
    assert dict(zip(found.entry_ids, found.values, strict=True)) == dict(zip(KNOWN, VALUES, strict=True))


def test_uncertainties(tmp_path):
    assert read(SIGMA.format("0.2"), tmp_path).uncertainties == (0.1, 0.2)
    # A column that was never filled is no column.
    assert read("entry_id,prediction,uncertainty\nNaMnO2,0.5,\n", tmp_path).uncertainties is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "FILE is empty"),
        (" \n\n", "FILE is empty"),
        ("entry_id,prediction\n", "FILE holds a header and no predictions"),
        ("id,prediction\nNaMnO2,1\n", "FILE, line 1: no column 'entry_id' (found: 'id', 'prediction')"),
        ("NaMnO2,0.5\nMgTi2S4,0.5\n", "the first line must name the columns: entry_id,prediction"),
        ("Entry_ID,Prediction\nNaMnO2,1\n", "Column names are in lower case"),
        ("entry id;prediction\nNaMnO2;1\n", "separated by semicolons"),
        ("entry_id prediction\nNaMnO2 1\n", "separated by blanks"),
        ("entry_id,prediction,prediction\nNaMnO2,1,2\n", "line 1: column 'prediction' is there 2 times"),
        ("entry_id,prediction\nNaMnO3,1\n", "line 2: unknown entry 'NaMnO3'; did you mean NaMnO2"),
        (GOOD + "NaMnO2,0.5\n", "line 6: entry 'NaMnO2' is there already, in line 4"),
        ("entry_id,prediction\nNaMnO2,low\n", "line 2: prediction 'low' is not a number"),
        ("entry_id,prediction\nNaMnO2,\n", "line 2: prediction '' is empty"),
        ("entry_id,prediction\nNaMnO2,nan\n", "line 2: prediction 'nan' is not a number; every entry needs a finite"),
        ("entry_id,prediction\nNaMnO2,-inf\n", "line 2: prediction '-inf' is infinite"),
        ("entry_id,prediction\nNaMnO2,1e999\n", "line 2: prediction '1e999' is infinite"),
        ("entry_id,prediction\nNaMnO2,1e7\n", "line 2: prediction '1e7' is beyond all barriers"),
        ("entry_id,prediction\nNaMnO2,1_0\n", "line 2: prediction '1_0' is not a number"),
        ("entry_id,prediction\nNaMnO2,٣\n", "line 2: prediction '٣' is not a number"),
        ('entry_id,prediction\nNaMnO2,"0,5"\n', "is not a number; write decimals with a point"),
        ("entry_id,prediction\nNaMnO2,0,5\n", "line 2: 3 fields instead of 2"),
        ("entry_id,prediction\n\nNaMnO2\n", "line 3: 1 field instead of 2"),
        ('entry_id,prediction\n"Na\nMnO2",1\nx,2\n', "line 2: unknown entry 'Na\\nMnO2'"),
        ('entry_id,prediction\nNaMnO2,"1\n', "line 2: not valid CSV"),
        ('entry_id,prediction\n"NaMnO2"x,1\n', "line 2: not valid CSV"),
        (f"entry_id,prediction\n{'x' * 200_000},1\n", "line 2: not valid CSV: field larger than"),
        (b"entry_id,prediction\nNaMnO2,1\nLi\xe9,1\n", "line 3: not UTF-8 (byte 0xe9 at offset 31)"),
        (GOOD.encode("utf-16"), "FILE is UTF-16; save it as UTF-8"),
        (b"entry_id,prediction\nNaMnO2,1\0\n", "line 2: NUL byte"),
        (SIGMA.format("0"), "line 3: uncertainty '0' is not positive"),
        (SIGMA.format("-0.1"), "line 3: uncertainty '-0.1' is not positive"),
        (SIGMA.format(""), "line 3: uncertainty '' is empty; give one for every entry or for none"),
        (SIGMA.format("inf"), "line 3: uncertainty 'inf' is infinite"),
        (SIGMA.format("1e-9"), "line 3: uncertainty '1e-9' is below 1e-06 eV"),
    ],
)
def test_refused_with_the_reason(content, expected, tmp_path):
    assert expected in message(content, tmp_path)


def test_all_problems_of_a_row_and_only_the_first_ten_of_a_file(tmp_path):
    rows = "".join(f"Unknown_{i},{'x' if i == 0 else 1}\n" for i in range(30))
    lines = message(f"entry_id,prediction\n{rows}", tmp_path).splitlines()
    assert lines[0] == "FILE cannot be scored, 31 problems:"
    assert lines[1].strip().startswith("line 2: unknown entry 'Unknown_0'")
    assert lines[2].strip() == "line 2: prediction 'x' is not a number"
    assert len(lines) == 12
    assert lines[-1].strip() == "... and 21 more"


def test_long_values_are_cut_in_messages(tmp_path):
    text = message(f"entry_id,prediction\n{'y' * 100_000},{'z' * 100_000}\n", tmp_path)
    assert len(text) < 500


def test_unreadable_paths(tmp_path):
    for path, reason in (
        (tmp_path, "Is a directory"),
        (tmp_path / "no.csv", "does not exist"),
        ("a\0b", "null byte"),
        ("x" * 5000, "File name too long"),
    ):
        with pytest.raises(PredictionsError, match=reason):
            read_predictions(path, known=KNOWN)


@pytest.mark.parametrize(
    ("rows", "expected", "most"), [(1_000_000, "larger than 8 MiB", 0), (300_000, "has more than 1000 rows", 1001)]
)
def test_huge_files_are_refused_at_once(rows, expected, most, tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(predictions_csv, "Row", lambda *fields: made.append(fields))
    assert expected in message("entry_id,prediction\n" + "NaMnO2,0.51\n" * rows, tmp_path)
    assert len(made) == most


def test_warnings_of_values(tmp_path):
    assert read(GOOD.replace(",0.25", ",-0.25"), tmp_path).warnings == (
        "1 negative prediction: a barrier is not negative",
    )


FRAME = pd.DataFrame({"entry_id": KNOWN, "prediction": VALUES, "uncertainty": [0.1, 0.2, 0.3, 0.4]})


@pytest.mark.parametrize(
    "table", [FRAME, pa.Table.from_pandas(FRAME), FRAME.to_dict("list")], ids=["pandas", "pyarrow", "lists"]
)
def test_tables(table):
    found = read_predictions(table, known=KNOWN)
    assert (found.entry_ids, found.values, found.uncertainties) == (KNOWN, VALUES, (0.1, 0.2, 0.3, 0.4))


def test_mappings_are_hashed_as_the_file_that_they_would_be(tmp_path):
    mapping = dict(zip(KNOWN, np.array(VALUES), strict=True))
    found = read_predictions(mapping, known=KNOWN)
    assert (found.name, found.values) == ("dict", VALUES)
    backwards = read_predictions(dict(reversed(mapping.items())), known=KNOWN)
    text = canonical_csv(KNOWN, VALUES)
    assert found.sha256 == backwards.sha256 == read(text, tmp_path).sha256


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, "no predictions"),
        ({"NaMnO2": math.nan}, "row 1: prediction nan is not a number"),
        ({"NaMnO2": None}, "row 1: prediction None is not a number"),
        ({"NaMnO2": True}, "row 1: prediction True is not a number"),
        ({"NaMnO2": "0.5", "x": 1}, "row 2: unknown entry 'x'"),
        ([0.1, 0.2], "predictions of type list have no column 'entry_id'"),
        (
            FRAME.rename(columns={"prediction": "energy"}),
            "no column 'prediction' (found: entry_id, energy,",
        ),
        (FRAME.assign(uncertainty=[0.1, math.nan, 0.3, 0.4]), "row 2: uncertainty nan is empty"),
        (pd.concat([FRAME, FRAME]), "row 5: entry 'LiFePO4_1' is there already, in row 1"),
    ],
)
def test_objects_that_are_refused(source, expected):
    with pytest.raises(PredictionsError) as caught:
        read_predictions(source, known=KNOWN)
    assert expected in str(caught.value)

"""Predictions in the formats that people have: read where that is unambiguous, refused with the way out elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tracemalloc
import zipfile
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embench.errors import PredictionsError
from embench.evaluation.predictions import parse_predictions, read_predictions
from embench.evaluation.predictions_files import MOST_BYTES

KNOWN = ("LiFePO4_1", "LiFePO4_2", "NaMnO2", "MgTi2S4")
VALUES, SIGMAS = (0.25, 0.5, 1.125, 0.75), (0.1, 0.2, 0.3, 0.4)
FRAME = pd.DataFrame({"entry_id": KNOWN, "prediction": VALUES, "uncertainty": SIGMAS})
CSV = FRAME.to_csv(index=False).encode()
RECORDS = FRAME.to_dict("records")


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def parquet(frame: pd.DataFrame, **options: object) -> bytes:
    made = io.BytesIO()
    frame.to_parquet(made, **options)
    return made.getvalue()


def to_json(**options: object) -> bytes:
    return FRAME.to_json(**options).encode()


FILES = {
    "csv.gz": gzip.compress(CSV),
    "csv.gz in two parts": gzip.compress(CSV[:50]) + gzip.compress(CSV[50:]),
    "csv.zip": zipped({"p.csv": CSV}),
    "csv.zip of macOS": zipped({"p.csv": CSV, "__MACOSX/._p.csv": b"\0\5\26\7"}),
    "parquet": parquet(FRAME, index=False),
    "parquet with the ids as index": parquet(FRAME.set_index("entry_id")),
    "parquet, zstd and dictionary": parquet(FRAME.astype({"entry_id": "category"}), compression="zstd"),
    "parquet.gz": gzip.compress(parquet(FRAME)),
    "jsonl": to_json(orient="records", lines=True),
    "jsonl.gz": gzip.compress(to_json(orient="records", lines=True)),
    "jsonl with blank lines": b"\n" + to_json(orient="records", lines=True).replace(b"\n", b"\r\n\r\n"),
    "json, list": json.dumps(RECORDS).encode(),
    "json, indented list": json.dumps(RECORDS, indent=1).encode(),
    "json, columns": json.dumps(FRAME.to_dict("list")).encode(),
    "json of pandas": to_json(),
    "json, objects by id": FRAME.set_index("entry_id").to_json(orient="index").encode(),
    "json.zip": zipped({"p.json": json.dumps(RECORDS).encode()}),
    "semicolons": FRAME.to_csv(index=False, sep=";").encode(),
    "semicolons and decimal commas": FRAME.to_csv(index=False, sep=";", decimal=",").encode(),
    "tabs": FRAME.to_csv(index=False, sep="\t").encode(),
    "tabs and decimal commas": FRAME.to_csv(index=False, sep="\t", decimal=",").encode(),
    "vertical bars": FRAME.to_csv(index=False, sep="|").encode(),
    "csv with the index of pandas": FRAME.to_csv().encode(),
}


def read(content: bytes, tmp_path, **options):
    path = tmp_path / "predictions"  # the content tells what it is, not the name
    path.write_bytes(content)
    return read_predictions(path, known=KNOWN, **options)


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_read(name, tmp_path):
    found = read(FILES[name], tmp_path)
    assert (found.entry_ids, found.values, found.uncertainties) == (KNOWN, VALUES, SIGMAS)
    assert found.sha256 == hashlib.sha256(FILES[name]).hexdigest()
    assert found.plain == (name == "csv with the index of pandas")
    assert len(found.warnings) == ("decimal commas" in name)
    if not found.plain:
        with pytest.raises(PredictionsError, match="plain CSV"):
            parse_predictions(FILES[name], name="p.csv", known=KNOWN, plain=True)


def test_a_mapping_in_json(tmp_path):
    found = read(json.dumps(dict(zip(KNOWN, VALUES, strict=True))).encode(), tmp_path)
    assert (found.entry_ids, found.values, found.uncertainties) == (KNOWN, VALUES, None)
    one = read(b'{"entry_id": "NaMnO2", "prediction": 0.5}\n', tmp_path)
    assert (one.entry_ids, one.values) == (("NaMnO2",), (0.5,))


def bomb() -> bytes:
    return b"entry_id,prediction\n" + b"NaMnO2,0.51\n" * (MOST_BYTES // 10)


def encrypted() -> bytes:
    content = bytearray(zipped({"p.csv": CSV}, zipfile.ZIP_STORED))
    content[6] |= 1  # the flag of an encrypted member, in the local header and in the directory
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def two_columns_of_one_name() -> bytes:
    table = pa.table(
        [pa.array(KNOWN), pa.array(VALUES), pa.array(VALUES)], names=["entry_id", "prediction", "prediction"]
    )
    made = io.BytesIO()
    pq.write_table(table, made)
    return made.getvalue()


REFUSED = {
    "zip of several files": (zipped({"a.csv": CSV, "b.csv": CSV}), "2 files ('a.csv', 'b.csv'); pack the predictions"),
    "zip of nothing": (b"PK\x03\x04" + zipped({})[4:], "zip archive"),
    "zip with a folder": (zipped({"results/p.csv": CSV}), "'results/p.csv' in a folder"),
    "zip with a path upwards": (zipped({"../p.csv": CSV}), "in a folder"),
    "zip in a zip": (zipped({"p.zip": zipped({"p.csv": CSV})}), "packed twice"),
    "encrypted zip": (encrypted(), "unpack it first"),
    "excel": (zipped({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"}), "Excel workbook; save it as CSV"),
    "arrays of numpy": (zipped({"prediction.npy": b"\x93NUMPY"}), "numpy archive"),
    "bomb in gzip": (gzip.compress(bomb()), "more than 8 MiB when unpacked"),
    "bomb in zip": (zipped({"p.csv": bomb()}), "more than 8 MiB when unpacked"),
    "rows in parquet": (parquet(pd.concat([FRAME] * 10_000)), "more than 1000 rows"),
    "cut gzip": (gzip.compress(CSV)[:-9], "damaged gzip file"),
    "damaged zip": (zipped({"p.csv": CSV})[:-30], "damaged zip archive"),
    "cut parquet": (parquet(FRAME)[:-30], "damaged Parquet file"),
    "empty gzip": (gzip.compress(b""), "holds an empty file"),
    "gzip of noise": (gzip.compress(b"\0\1\2"), "no text file"),
    "parquet without ids": (parquet(FRAME.rename(columns={"entry_id": "id"})), "Did you mean entry_id by 'id'"),
    "parquet with a column twice": (two_columns_of_one_name(), "column 'prediction' several times"),
    "parquet with lists": (parquet(FRAME.assign(prediction=[[v] for v in VALUES])), "prediction [0.25] is not a"),
    "json key twice": (b'{"NaMnO2": 0.5, "NaMnO2": 0.6}', "'NaMnO2' is there twice"),
    "json line": (b'{"entry_id": "NaMnO2", "prediction": 1}\n{"entry_id": "x" "y": 1}\n', "line 2: not valid"),
    "json, unknown entry": (b'{"entry_id":"NaMnO2","prediction":1}\n{"entry_id":"x","prediction":1}\n', "line 2: unk"),
    "json, cut": (b'{"NaMnO2": 0.5,', "line 1: not valid JSON"),
    "json, numbers": (b"[0.1, 0.2]", "no table of predictions; write"),
    "json, null": (b'{"NaMnO2": null}', "row 1: prediction None is not a number"),
    "json, NaN": (b'{"NaMnO2": NaN}', "row 1: prediction nan is not a number"),
    "json, huge": (b'{"NaMnO2": 1e999}', "row 1: prediction inf is infinite"),
    "json, true": (b'{"NaMnO2": true}', "row 1: prediction True is not a number"),
    "json, deep": (b'{"a":' * 100_000, "not valid JSON"),
    "json, digits": (b'{"NaMnO2": ' + b"1" * 10_000 + b"}", "not valid JSON"),
    "json, other names": (b'[{"id": "NaMnO2", "prediction": 1}]', "Did you mean entry_id by 'id'"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "run git lfs pull"),
    "page": (b"<!DOCTYPE html><html></html>", "is a web page"),
    "mixed marks": (b"entry_id;prediction\nNaMnO2;0,5\nMgTi2S4;0.5\n", "line 2: prediction '0,5' is not a number"),
    "thousands": (b"entry_id;prediction\nNaMnO2;1,234\nMgTi2S4;2,345\n", "may stand for decimals or thousands"),
    "both marks": (b"entry_id;prediction\nNaMnO2;1.234,5\n", "write decimals with a point"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_refused(name, tmp_path):
    content, says = REFUSED[name]
    with pytest.raises(PredictionsError) as caught:
        read(content, tmp_path)
    assert says in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_three_decimals_after_a_zero_are_no_thousands(tmp_path):
    found = read(b"entry_id;prediction\nNaMnO2;0,616\nMgTi2S4;1,234\n", tmp_path)
    assert found.values == (0.616, 1.234)
    assert "0,616 as 0.616" in found.warnings[0]


def test_a_bomb_is_not_unpacked(tmp_path):
    """A gigabyte in a megabyte: refused after 8 MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    content = b"".join([*(packer.compress(b" " * (1 << 20)) for _ in range(1024)), packer.flush()])
    assert len(content) < MOST_BYTES
    tracemalloc.start()
    with pytest.raises(PredictionsError, match="when unpacked"):
        read(content, tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * MOST_BYTES


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (repr(np.float64(1.0)), "write float(x)"),
        ("np.float32(1.0)", "write float(x)"),
        ("tensor(0.5)", "write float(x)"),
        ("Decimal('0.5')", "write float(x)"),
        ("[0.5]", "write its number, float(x[0])"),
        ("0.5 eV", "write the number alone"),
        ("50%", "write the number alone"),
    ],
)
def test_numbers_as_programs_print_them(written, says, tmp_path):
    with pytest.raises(PredictionsError) as caught:
        read(f"entry_id,prediction\nNaMnO2,{written}\n".encode(), tmp_path)
    assert f"line 2: prediction {written!r} is not a number" in str(caught.value)
    assert says in str(caught.value)


# Columns


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("id,prediction", "Did you mean entry_id by 'id'"),
        ("sys_name,prediction", "Did you mean entry_id by 'sys_name'"),
        ("entry_id,y_pred", "Did you mean prediction by 'y_pred'"),
        ("entry_id,Barrier (eV)", "Did you mean prediction by 'Barrier (eV)'"),
        ("id,pred", "Did you mean entry_id by 'id'"),
    ],
)
def test_columns_of_other_names(header, says, tmp_path):
    with pytest.raises(PredictionsError) as caught:
        read(f"{header}\nNaMnO2,0.5\n".encode(), tmp_path)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["sigma", "std", "Error", "sigma (eV)", "pred_std"])
def test_an_uncertainty_of_another_name_is_not_dropped_without_a_word(name, tmp_path):
    expected = f"column {name!r} is not read; did you mean uncertainty (one standard deviation, eV) by {name!r}?"
    frame = FRAME.rename(columns={"uncertainty": name})
    for source in (frame, frame.to_dict("list"), frame.to_dict("records"), pa.Table.from_pandas(frame)):
        found = read_predictions(source, known=KNOWN)
        assert found.uncertainties is None
        assert len(found.warnings) == 1
        assert found.warnings[0].startswith(expected)
    for content in (frame.to_csv(index=False).encode(), parquet(frame), frame.to_json(orient="records").encode()):
        assert read(content, tmp_path).warnings[0].startswith(expected)


def test_other_columns_are_named(tmp_path):
    frame = FRAME.assign(model="x", sigma=1.0, **{"a" * 100: 1})
    (warning,) = read(frame.to_csv(index=False).encode(), tmp_path).warnings
    assert warning == f"columns 'model', 'sigma', '{'a' * 37}...' are not read"
    # What the board reads in the files of potentials needs no warning here.
    assert read(FRAME.assign(barrier_max_minus_start=1).to_csv(index=False).encode(), tmp_path).warnings == ()


# Tables in memory

INDEXED = FRAME.set_index("entry_id")


@pytest.mark.parametrize(
    "table",
    [
        INDEXED,
        INDEXED.rename_axis(None),
        RECORDS,
        tuple(RECORDS),
        iter(RECORDS),
        FRAME.to_records(index=False),
        INDEXED.to_records(),
        INDEXED.to_dict("index"),
        pa.Table.from_pandas(FRAME),
        FRAME.convert_dtypes(),
    ],
    ids=[
        "named index", "known index", "dicts", "tuple", "generator", "records", "records of index", "dicts by id",
        "arrow", "nullable",
    ],
)  # fmt: skip
def test_tables_in_memory(table):
    found = read_predictions(table, known=KNOWN)
    assert (found.entry_ids, found.values, found.uncertainties) == (KNOWN, VALUES, SIGMAS)
    assert not found.plain


@pytest.mark.parametrize(
    "source",
    [
        INDEXED["prediction"],
        INDEXED.rename_axis(None)["prediction"],
        list(zip(KNOWN, VALUES, strict=True)),
        INDEXED[["prediction"]].assign(uncertainty=None),
    ],
    ids=["series", "series of known ids", "pairs", "no uncertainty"],
)
def test_values_in_memory(source):
    found = read_predictions(source, known=KNOWN)
    assert (found.entry_ids, found.values, found.uncertainties) == (KNOWN, VALUES, None)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (None, "the predictions are None; give a path"),
        (pd.concat([FRAME, FRAME[["prediction"]]], axis=1), "column 'prediction' 2 times; keep one"),
        (pd.concat([FRAME, FRAME[["entry_id"]]], axis=1), "column 'entry_id' 2 times; keep one"),
        (FRAME.drop(columns="entry_id"), "frame.rename_axis('entry_id')"),
        (FRAME["prediction"], "series.rename_axis('entry_id')"),
        (dict(enumerate(VALUES)), "numbered (0, ...) and not named"),
        (np.array(VALUES), "dict(zip(entry_ids, values))"),
        (np.array([VALUES]), "dict(zip(entry_ids, values))"),
        (list(VALUES), "dict(zip(entry_ids, values))"),
        ([], "no predictions"),
        (iter([]), "no predictions"),
        (FRAME.iloc[:0], "no predictions"),
        ({"entry_id": list(KNOWN), "prediction": [0.5]}, "differ in length (entry_id 4, prediction 1); align them"),
        ({"entry_id": "NaMnO2", "prediction": 0.5}, "is 'NaMnO2' and no list"),
        ({"NaMnO2": {"value": 1}}, "Did you mean prediction by 'value'"),
        ([{"id": "NaMnO2", "prediction": 1}], "Did you mean entry_id by 'id'"),
        ([{"entry_id": "NaMnO2", "prediction": 1}, {"entry_id": "MgTi2S4"}], "row 2: prediction None is not a number"),
        (FRAME.assign(prediction=[0.5, None, 0.5, 0.5]), "row 2: prediction nan is not a number"),
        (FRAME.convert_dtypes().assign(prediction=[0.5, pd.NA, 0.5, 0.5]), "row 2: prediction <NA> is not a number"),
        (3.5, "of type float cannot be read"),
        (object(), "of type object cannot be read"),
        (b"NaMnO2", "of type bytes cannot be read"),
        ((i for i in iter(int, 1)), "no column 'entry_id'"),
    ],
)
def test_objects_that_are_refused_with_the_way_out(source, says):
    with pytest.raises(PredictionsError) as caught:
        read_predictions(source, known=KNOWN)
    assert says in str(caught.value)

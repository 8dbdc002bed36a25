"""Whatever the bytes: predictions that can be scored, or an error that says why not."""

from __future__ import annotations

import gzip
import io
import json
import math
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from embench.errors import EmbenchError, PredictionsError
from embench.evaluation import evaluate
from embench.evaluation.document import document, dumps
from embench.evaluation.predictions import read_predictions
from embench.splits import protocol

KNOWN = ("LiFePO4_1", "NaMnO2", "b-NaVP2O7_1", "Ca0.5MnF3")

# Pieces of which nearly valid files are made: what is wrong with those is harder to see than with noise.
PIECES = st.sampled_from(
    [
        *(name.encode() for name in KNOWN),
        *b"entry_id prediction uncertainty remark 0.5 1e-3 -1 nan inf 1e400 0x10 1_0 0,5".split(),
        *[b",", b",", b",", b";", b"\t", b'"', b"'", b" ", b"\n", b"\n", b"\r\n", b"\r", b"\0"],
        *[b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", "٣".encode(), b" ", "\u2028".encode(), b"\x1a", b"\x0b"],
        b"entry_id,prediction\n",
        b"entry_id,prediction,uncertainty\n",
        b"NaMnO2,0.5\n",
        b"NaMnO2,0.5,0.1\n",
    ]
)
FILES = st.one_of(
    st.binary(max_size=300),
    st.lists(PIECES, max_size=40).map(b"".join),
    st.lists(PIECES, max_size=40).map(lambda pieces: b"entry_id,prediction\n" + b"".join(pieces)),
    st.lists(PIECES, max_size=40).map(lambda pieces: b"entry_id,prediction,uncertainty\n" + b"".join(pieces)),
)

TABLE = {"entry_id": list(KNOWN), "prediction": [0.25, 0.5, 1.125, 0.75]}


def packed(content: bytes, name: str) -> bytes:
    if name == "gzip":
        return gzip.compress(content)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.csv", content)
    return made.getvalue()


def parquet() -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(TABLE), made)
    return made.getvalue()


ROWS = [dict(zip(TABLE, row, strict=True)) for row in zip(*TABLE.values(), strict=True)]
SOUND = [
    json.dumps(TABLE).encode(),
    json.dumps(ROWS).encode(),
    "\n".join(map(json.dumps, ROWS)).encode(),
    "\n".join(
        ["entry_id;prediction", *(f"{r['entry_id']};{r['prediction']}".replace(".", ",") for r in ROWS)]
    ).encode(),
    parquet(),
    *(packed(b"entry_id,prediction\nNaMnO2,0.5\n", name) for name in ("gzip", "zip")),
]


@st.composite
def damaged(draw) -> bytes:
    """A sound file of another format with some bytes changed, cut out or put in."""
    content = bytearray(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(content)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.sampled_from([*KNOWN, "entry_id", ""])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from([*KNOWN, "entry_id", "prediction", "uncertainty", "id", ""]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "predictions.csv"


@settings(max_examples=250, deadline=20_000, suppress_health_check=[HealthCheck.too_slow])
@given(content=FILES)
@example(content=b"entry_id,prediction\nNaMnO2,0.5\n")
@example(content=b"entry_id,prediction\r\rNaMnO2,0.5")
@example(content=b'entry_id,prediction\n"NaMnO2\n",0.5')
@example(content=b"\xef\xbb\xbf\xef\xbb\xbfentry_id,prediction\nNaMnO2,0.5\n")
@example(content=b"entry_id,prediction\n\x0bNaMnO2,\x0b0.5")
def test_any_bytes_are_read_or_refused(path, content):
    read_or_refused(path, content)


@settings(max_examples=250, deadline=20_000, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.one_of(damaged(), JSON.map(lambda value: json.dumps(value).encode())))
def test_any_damage_to_other_formats_is_read_or_refused(path, content):
    read_or_refused(path, content)


def read_or_refused(path, content):
    path.write_bytes(content)
    found = error = None
    try:
        found = read_predictions(path, known=KNOWN)
    except EmbenchError as refused:
        error = refused
    if found is None:
        assert error is not None
        assert error.exit_code == 2
        assert str(path) in str(error)
        return
    assert len(found) == len(set(found.entry_ids)) > 0
    assert set(found.entry_ids) <= set(KNOWN)
    assert all(math.isfinite(value) for value in found.values)
    assert found.uncertainties is None or all(0 < sigma < math.inf for sigma in found.uncertainties)
    assert len(found.uncertainties or found.values) == len(found)


NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@settings(max_examples=25, deadline=20_000)
@given(
    values=st.lists(st.one_of(st.none(), NUMBERS, st.sampled_from([0.65, 0.0])), min_size=60, max_size=60),
    sigma=st.one_of(st.none(), st.floats(min_value=1e-6, max_value=1e6)),
)
@example(values=[0.5] * 60, sigma=1e-6)
@example(values=[None] * 59 + [1e6], sigma=1e6)
def test_any_numbers_are_scored_and_give_json(values, sigma):
    entry_ids = sorted(protocol("published").scored_ids)
    given_values = {name: value for name, value in zip(entry_ids, values, strict=True) if value is not None}
    rows = {"entry_id": list(given_values), "prediction": list(given_values.values())}
    if sigma is not None:
        rows["uncertainty"] = [sigma] * len(given_values)
    if not given_values:
        return
    scores = evaluate(rows, "published", resamples=100, fill_missing=True, unit="eV")
    text = json.loads(dumps(document(scores)), parse_constant=pytest.fail)
    assert text["coverage"]["predicted"] == len(given_values)
    for name, metric in text["metrics"].items():
        if metric["low"] is not None:
            assert metric["low"] <= metric["high"], name
    assert sum(text["confusion"].values()) == 60


@settings(max_examples=200, deadline=20_000)
@given(value=JSON)
def test_any_object_in_memory_is_read_or_refused(value):
    try:
        found = read_predictions(value, known=KNOWN)
    except PredictionsError:
        return
    assert set(found.entry_ids) <= set(KNOWN)

"""Whatever the bytes: predictions that can be scored, or an error that says why not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from embench.errors import EmbenchError
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

"""The protocol that nobody has named: told by the name of the file, by the submission, by the entries, or asked for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import embench
from embench.errors import PredictionsError
from embench.evaluation.protocols import protocol_of_name, protocols_of_entries
from embench.evaluation.sources import infer_protocol

FAST = {"resamples": 100}
PUBLISHED = embench.protocol("published").scored_ids
ALL = embench.protocol("host-10fold").scored_ids


def write(path: Path, entry_ids) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("entry_id,prediction\n" + "".join(f"{name},0.5\n" for name in entry_ids))
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("host-10fold.csv", "host-10fold"),
        ("my_model-host-10fold-v2.csv.gz", "host-10fold"),
        ("PROTOTYPE-10FOLD.csv", "prototype-10fold"),
        ("unpublished.csv", None),
        ("published-host-10fold.csv", None),
        ("predictions.csv", None),
        ("10fold.csv", None),
    ],
)
def test_names_of_files(name, expected):
    assert protocol_of_name(Path(name)) == expected


def test_entries():
    assert protocols_of_entries(PUBLISHED) == ("published",)
    assert protocols_of_entries(PUBLISHED[:5]) == ("published",)
    assert set(protocols_of_entries(ALL)) >= {
        "host-10fold", "prototype-10fold", "leave-one-ion-out", "leave-one-class-out", "random-10fold",
    }  # fmt: skip
    assert protocols_of_entries(embench.load().entry_ids) == ()


def test_the_name_decides_and_nothing_flatters(tmp_path):
    """Issue: host-10fold.csv was scored on published without a word."""
    for name in ("host-10fold", "prototype-10fold", "random-10fold"):
        scores = embench.evaluate(write(tmp_path / f"{name}.csv", ALL), **FAST)
        assert (scores.protocol, scores.n) == (name, 615)
    assert embench.evaluate(write(tmp_path / "mine.csv", PUBLISHED), **FAST).protocol == "published"
    assert embench.evaluate(dict.fromkeys(PUBLISHED, 0.5), **FAST).protocol == "published"


@pytest.mark.parametrize("entry_ids", [ALL, ALL[:300], embench.load().entry_ids])
def test_an_open_question_is_asked(entry_ids, tmp_path):
    for source in (write(tmp_path / "mine.csv", entry_ids), dict.fromkeys(entry_ids, 0.5)):
        with pytest.raises(PredictionsError, match="name the protocol to score with --protocol"):
            embench.evaluate(source, **FAST)
        assert embench.evaluate(source, "random-10fold", fill_missing=True, **FAST).protocol == "random-10fold"


def test_submissions(tmp_path, monkeypatch):
    folder = tmp_path / "leaderboard" / "submissions"
    write(folder / "one" / "prototype-10fold.csv", ALL)
    write(folder / "two" / "host-10fold.csv", ALL)
    write(folder / "two" / "published.csv", PUBLISHED)
    write(folder / "four" / "barriers.csv", ALL)
    (folder / "four" / "submission.yaml").write_text("predictions:\n  all: barriers.csv\n")
    monkeypatch.chdir(tmp_path)
    assert embench.evaluate("one", **FAST).protocol == "prototype-10fold"
    assert embench.evaluate(folder / "one", **FAST).protocol == "prototype-10fold"
    with pytest.raises(PredictionsError, match="two has predictions for published, host-10fold, and any of them"):
        embench.evaluate("two")
    with pytest.raises(PredictionsError, match=r"four predicts 615 entries, which host-10fold, .* all score"):
        embench.evaluate("four")
    # What leaves it open follows what does not.
    assert embench.evaluate("one", against="four", **FAST).protocol == "prototype-10fold"
    assert embench.evaluate("four", against="one", **FAST).comparison.other == "one"
    assert embench.evaluate(write(tmp_path / "published.csv", PUBLISHED), against="two", **FAST).protocol == "published"


def test_disagreement_is_an_error(tmp_path):
    sources = [write(tmp_path / "host-10fold.csv", ALL), write(tmp_path / "published.csv", PUBLISHED)]
    with pytest.raises(PredictionsError, match=r"host-10fold\.csv for host-10fold and .*published\.csv for published"):
        infer_protocol(sources)


def test_a_stream_is_read_once(tmp_path):
    """A FIFO, as bash makes for <(...), gives its content once only."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    text = write(tmp_path / "p.csv", PUBLISHED).read_text()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(fifo.write_text, text)
        assert embench.evaluate(fifo, **FAST).n == 60

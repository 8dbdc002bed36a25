"""Questions that two baselines answer together, and the committed page that holds the answers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import embench
from embench.baselines.registry import BASELINES
from embench.evaluation.predictions import canonical_csv
from embench.pages.questions import QUESTIONS, Question, questions_section
from embench.splits import protocol_names

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "baseline-results.md").read_text(encoding="utf-8")


def cells(section: str) -> list[list[str]]:
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def system(folder: Path, factor: float) -> None:
    data = embench.load()
    for protocol in ("published", "host-10fold"):
        scored = embench.protocol(protocol).scored_ids
        # Relative errors of alternating size, so that the test of the difference has something to do.
        values = [factor ** (1 + i % 2) * (data[name].migration_barrier + 0.3) - 0.3 for i, name in enumerate(scored)]
        folder.mkdir(exist_ok=True)
        (folder / f"{protocol}.csv").write_text(canonical_csv(scored, values), encoding="utf-8")


def test_answers(tmp_path, monkeypatch):
    system(tmp_path / "above", 1.2)
    system(tmp_path / "below", 0.9)
    monkeypatch.setattr(
        "embench.pages.questions.QUESTIONS",
        (
            Question("Which?", "above", "below"),
            Question("Both?", "above", "above", added="below"),
            Question("Not run?", "above", "nothing"),
        ),
    )
    found = cells(questions_section(tmp_path))
    assert [row[:4] for row in found] == [
        ["Which?", "above", "below", "published"],
        ["", "above", "below", "host-10fold"],
        ["Both?", "above + below", "above", "published"],
        ["", "above + below", "above", "host-10fold"],
    ]
    data = embench.load()
    target = data.select(embench.protocol("host-10fold").scored_ids).column("migration_barrier").astype(float)
    power = 1 + np.arange(len(target)) % 2
    above, below = ((np.abs(factor**power - 1) * (target + 0.3)).mean() for factor in (1.2, 0.9))
    assert found[1][4:7] == [f"{above:.3f}", f"{below:.3f}", f"{above - below:+.3f}"]
    low, high = map(float, found[1][7].split(" to "))
    assert low < above - below < high
    assert found[1][8] == "< 0.001"
    assert found[1][9] == ""
    # ln 1.2 / (ln 1.2 − ln 0.9) = 0.63 of the second cancels every error; weights go in steps of 0.05.
    assert found[3][9] == "0.65"
    assert float(found[3][4]) < 0.05 < float(found[3][5])


def test_nothing_to_answer(tmp_path):
    assert questions_section(tmp_path) == ""


def test_questions_are_about_baselines():
    names = {spec.name for spec in BASELINES}
    assert {name for q in QUESTIONS for name in (q.first, q.second, q.added) if name is not None} <= names


@pytest.mark.parametrize("spec", BASELINES, ids=lambda spec: spec.name)
def test_the_committed_page_is_of_the_committed_predictions(spec):
    table = PAGE.partition("## Mean absolute error")[2].partition("##")[0]
    rows = {row[0]: row[1:] for row in cells(table)}
    if not set(spec.finished) & set(protocol_names()):
        assert spec.name not in rows
        return
    data = embench.load()
    shown = [name for name in protocol_names() if any(name in each.finished for each in BASELINES)]
    for name, cell in zip(shown, rows[spec.name], strict=True):
        if name not in spec.finished:
            assert cell == "–"
            continue
        with (REPOSITORY / "leaderboard" / "submissions" / spec.name / f"{name}.csv").open(
            encoding="utf-8", newline=""
        ) as file:
            errors = [
                abs(float(row["prediction"]) - data[row["entry_id"]].migration_barrier)
                for row in csv.DictReader(file)
                if row["entry_id"] != "M-MnPO4_Na_1"  # predicted for 1.0.0, and scored no longer
            ]
        assert cell.startswith(f"{np.mean(errors):.3f} ["), name


def test_the_committed_page_answers_what_can_be_answered():
    finished = {spec.name: set(spec.finished) for spec in BASELINES}
    expected = [
        (f"{q.first} + {q.added}" if q.added else q.first, q.second, protocol)
        for q in QUESTIONS
        for protocol in protocol_names()
        if all(
            {protocol, "host-10fold"} <= finished[name] if q.added else protocol in finished[name]
            for name in (q.first, q.second, q.added or q.first)
        )
    ]
    section = PAGE.partition("## Questions")[2].partition("##")[0]
    assert [tuple(row[1:4]) for row in cells(section)] == expected

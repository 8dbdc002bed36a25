"""Two baselines on fresh folds, and the command that compares them."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.baselines.confirm import confirm, entries_with_band
from embench.baselines.registry import baseline_spec
from embench.cli.app import app
from embench.errors import BaselineError, OutputError, UnknownNameError
from embench.splits.fresh import fresh_protocol

SPECS = baseline_spec("median"), baseline_spec("nearest-neighbour")


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "work"


def test_errors_are_those_of_the_fold_medians(work) -> None:
    """The MAE of the median, computed again from the folds, and the mean row from the single ones."""
    rows = confirm(SPECS, "host-10fold", assignments=[0, 1], work=work)
    assert [row.assignment for row in rows] == ["0", "1", "mean"]
    data = embench.load().filter(published_split="train")
    for row in rows[:2]:
        errors = []
        for fold in fresh_protocol("host-10fold", int(row.assignment), data):
            known, asked = (data.select(ids).column("migration_barrier") for ids in (fold.train_ids, fold.test_ids))
            errors += np.abs(asked - np.median(known)).tolist()
        assert len(errors) == 556
        assert row.first == pytest.approx(np.mean(errors), abs=1e-6)
    assert rows[2].first == pytest.approx((rows[0].first + rows[1].first) / 2)
    for row in rows:
        assert row.pair.difference.value == pytest.approx(row.first - row.second)
        assert row.pair.difference.low < row.pair.difference.value < row.pair.difference.high
    # A copy of the most similar hop is better than the median by much more than the interval.
    assert rows[2].pair.resolved


def test_a_baseline_is_no_better_than_itself(work) -> None:
    (row,) = confirm((SPECS[0], SPECS[0]), "prototype-10fold", assignments=[4], work=work)
    assert row.pair.difference.value == 0.0
    assert row.pair.test.p_value == 1.0


def test_only_entries_with_a_band_are_scored(work) -> None:
    """The MAE of the median over the entries that CHGNet has a band for, computed again from the folds."""
    (row,) = confirm(SPECS, "host-10fold", assignments=[0], work=work, with_band="chgnet")
    data, known = embench.load().filter(published_split="train"), entries_with_band("chgnet")
    errors = []
    for fold in fresh_protocol("host-10fold", 0, data):
        median = np.median(data.select(fold.train_ids).column("migration_barrier"))
        asked = [entry_id for entry_id in fold.test_ids if entry_id in known]
        if asked:
            errors += np.abs(data.select(asked).column("migration_barrier") - median).tolist()
    assert 100 < len(errors) < 600
    assert row.first == pytest.approx(np.mean(errors), abs=1e-6)


def test_bands_that_do_not_ship_are_said(work) -> None:
    with pytest.raises(UnknownNameError, match="chgnet, sevennet-0"):
        confirm(SPECS, "host-10fold", assignments=[0], work=work, with_band="orb-v3")


def test_nothing_to_compare_is_said(work) -> None:
    with pytest.raises(BaselineError, match="no assignment"):
        confirm(SPECS, "host-10fold", assignments=[], work=work)


def embench_confirm(*arguments: object):
    return CliRunner().invoke(app, ["baseline", "confirm", "median", "nearest-neighbour", *map(str, arguments)])


def test_the_command_renews_its_table_and_nothing_else(work, tmp_path) -> None:
    page = tmp_path / "page.md"
    marks = [f"<!-- confirm median nearest-neighbour host-10fold: {mark} -->" for mark in ("begin", "end")]
    page.write_text(f"before\n\n{marks[0]}\n\nstale line\n\n{marks[1]}\n\nafter\n")
    found = embench_confirm("-n", 2, "--work", work, "--page", page)
    assert found.exit_code == 0, found.output or found.exception
    text = page.read_text()
    assert text.startswith(f"before\n\n{marks[0]}\n\n| host-10fold")
    assert text.endswith(f"{marks[1]}\n\nafter\n")
    assert "stale line" not in text
    lines = text.splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")][2:] == ["0", "1", "mean"]


def test_the_marks_of_a_part_are_its_own(work, tmp_path) -> None:
    page = tmp_path / "page.md"
    marks = [
        f"<!-- confirm median nearest-neighbour host-10fold with a band of chgnet: {mark} -->"
        for mark in ("begin", "end")
    ]
    page.write_text(f"{marks[0]}\n\n{marks[1]}\n")
    found = embench_confirm("-n", 1, "--work", work, "--page", page, "--with-band", "chgnet")
    assert found.exit_code == 0, found.output or found.exception
    assert "| host-10fold, entries with a band of chgnet, fresh assignment |" in page.read_text()


def test_a_page_without_its_marks_is_said_before_the_work(work, tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    found = embench_confirm("--work", work, "--page", page)
    assert isinstance(found.exception, OutputError)
    assert "confirm median nearest-neighbour host-10fold: begin" in str(found.exception)
    assert not work.exists()

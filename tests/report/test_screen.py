"""What a person sees at a terminal: all of it, in 80 columns, in any encoding, with and without colour."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

import embench
from embench.evaluation.overview import overview
from embench.report.charts import ASCII, UNICODE, Glyphs
from embench.report.screen import render


@pytest.fixture(scope="module")
def model_3() -> embench.Evaluation:
    return embench.evaluate("model-3", "published", against="mace-relax", resamples=500)


@pytest.fixture(scope="module")
def look(model_3: embench.Evaluation) -> Any:
    return overview(model_3)


def drawn(
    evaluation: embench.Evaluation, look: Any, *, width: int = 80, glyphs: Glyphs = UNICODE, **options: Any
) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False, **options)
    console.print(render(evaluation, look, glyphs, width))
    return file.getvalue()


def test_everything_is_there(model_3, look):
    text = " ".join(drawn(model_3, look).split())
    # MODEL-3 of the paper: MAE 0.261 eV, the training median 0.471 eV.
    for wanted in ("this MAE: 0.261", "median: 0.471", "best other, ", "This system stands ", "tied with"):
        assert wanted in text
    for wanted in ("error, eV", "below -0.4", "+0.4 and more", "worst entries", "final_framework_differs", "Against"):
        assert wanted in text
    assert [ion for ion in ("Li", "Na", "Mg", "Ca", "K", "Zn", "Rb", "Al") if f" {ion} " not in text] == []


@pytest.mark.parametrize("width", [80, 60, 200])
def test_no_line_is_longer_than_the_terminal_or_80(model_3, look, width):
    lines = drawn(model_3, look, width=width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= min(width, 80)
    assert len(lines) < 85


def test_colours_only_where_they_are_wanted(model_3, look, monkeypatch):
    assert "\x1b[" in drawn(model_3, look, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    text = drawn(model_3, look, force_terminal=True)
    assert not any(f"\x1b[{code}m" in text for code in (*range(30, 38), *range(90, 98)))


def test_charts_in_ascii(model_3, look):
    text = drawn(model_3, look, glyphs=ASCII)
    assert not set("█▏━●◆◇─") & set(text)
    assert "####" in text


def test_a_name_that_would_steer_the_terminal(model_3, look):
    import dataclasses

    hostile = dataclasses.replace(model_3, name="\x1b[2Jx[bold].csv")
    text = drawn(hostile, look)
    assert "\\x1b[2Jx[bold].csv" in text
    assert "\x1b[2J" not in text

from __future__ import annotations

import pytest

from embench.report.charts import ASCII, UNICODE, Mark, bar, glyphs_for, scale


@pytest.mark.parametrize(
    ("share", "width", "drawn"),
    [(0.0, 8, ""), (1.0, 8, "████████"), (0.5, 8, "████"), (0.5, 9, "████▌"), (1 / 64, 8, "▏"), (1e-9, 8, "▏")],
)
def test_bars_are_drawn_to_an_eighth(share, width, drawn):
    assert bar(share, width, UNICODE) == drawn


@pytest.mark.parametrize(("share", "drawn"), [(0.0, ""), (1e-9, "#"), (0.5, "####"), (1.0, "########")])
def test_bars_in_ascii(share, drawn):
    assert bar(share, 8, ASCII) == drawn


@pytest.mark.parametrize(
    ("encoding", "glyphs"), [("utf-8", UNICODE), ("ascii", ASCII), ("cp1252", ASCII), ("no-such", ASCII), (None, ASCII)]
)
def test_characters_are_those_that_the_output_has(encoding, glyphs):
    assert glyphs_for(encoding) is glyphs


def test_a_scale_from_the_best_to_the_median():
    # Eleven places from 0.0 to 1.0: one a tenth.
    marks = [Mark(0.0, "best", "b", ""), Mark(1.0, "median", "m", ""), Mark(0.5, "this", "O", "")]
    line, legend = scale(marks, (0.3, 0.8), 11, ASCII)
    assert line.plain == "b--==O===-m"
    assert legend.plain == "b best 0.000   O this 0.500   m median 1.000"


def test_a_scale_holds_what_lies_beyond_best_and_median():
    marks = [Mark(0.2, "best", "b", ""), Mark(0.6, "median", "m", ""), Mark(0.9, "this", "O", "")]
    line, _ = scale(marks, (0.8, 1.2), 11, ASCII)
    assert line.plain == "b---m-=O==="


def test_a_scale_without_an_interval_or_of_one_value():
    nan = float("nan")
    assert scale([Mark(0.0, "a", "a", ""), Mark(1.0, "b", "b", "")], (nan, nan), 3, ASCII)[0].plain == "a-b"
    assert scale([Mark(0.5, "a", "a", "")], (0.5, 0.5), 3, ASCII)[0].plain == "a--"

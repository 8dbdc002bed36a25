"""What bands cost against their numbers of atoms: figures and chart from points made by hand."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

import pytest

from embench.leaderboard.board import Board
from embench.leaderboard.site.assets import environment
from embench.leaderboard.site.submissions.costs import band_costs, cost_chart, duration
from embench.leaderboard.site.submissions.page import _pages

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import CostPoint


def points(seconds: dict[int, float]) -> list[CostPoint]:
    """Return a point for each number of atoms."""
    return [{"entry_id": f"<e{n}>", "n_sites": n, "cpu_seconds": value} for n, value in seconds.items()]


SQUARE = points({n: 0.5 * n**2 for n in range(10, 120, 10)})


def places(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_a_square_law_is_found() -> None:
    found = band_costs(SQUARE)
    assert found is not None
    assert found.exponent == pytest.approx(2.0)
    # 11 bands: the median is that of 60 atoms, 1800 s; the largest that of 110, 6050 s.
    assert (found.n, found.median, found.largest) == (11, "30 min", "1.7 h")


def test_no_power_of_too_few_bands_or_one_size() -> None:
    for few in (SQUARE[:9], points(dict.fromkeys(range(60, 72), 1.0))):
        found = band_costs(few)
        assert found is not None
        assert found.exponent is None
    assert band_costs([]) is None


def test_axes_are_logarithmic() -> None:
    """Ten times the atoms is as far from 10 to 100 as from 100 to 1000, and so are the seconds."""
    first, second, third = places(cost_chart(points({10: 1.0, 100: 100.0, 1000: 10_000.0})))
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.15)
    assert first[1] - second[1] == pytest.approx(second[1] - third[1], abs=0.15)
    assert first[1] > third[1]


def test_what_took_no_time_and_one_band_alone_are_drawn() -> None:
    for some in (points({10: 0.0, 20: 3.0}), points({64: 0.0})):
        found = band_costs(some)
        assert found is not None
        assert len(places(found.chart)) == len(some)
        assert "nan" not in found.chart


def test_names_are_escaped_and_told() -> None:
    svg = cost_chart(points({10: 75.0}))
    assert "<title>&lt;e10&gt;: 10 atoms, 1.2 min</title>" in svg
    assert "<e10>" not in svg


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (42.4, "42 s"), (90.0, "1.5 min"), (26 * 3600.0, "26 h"), (4 * 86400.0, "4.0 days")],
)
def test_durations_are_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_hundreds_of_bands_are_one_element() -> None:
    few = [{"entry_id": "a", "n_sites": 10 + n, "cpu_seconds": 1.0 + n} for n in range(100)]
    assert cost_chart(few).count('class="cost-mark"') == 100
    many = cost_chart([*few, {"entry_id": "b", "n_sites": 900, "cpu_seconds": 400.0}])
    assert "<title>" not in many
    (path,) = re.findall(r'<path d="([^"]*)" class="cost-marks"', many)
    places = re.findall(r"M([\d.]+) ([\d.]+)h0", path)
    assert len(places) == 101
    first = re.search(
        r'<circle cx="([\d.]+)" cy="([\d.]+)"', cost_chart([*few[:1], {**few[0], "n_sites": 900, "cpu_seconds": 400.0}])
    )
    assert first is not None
    assert (float(places[0][0]), float(places[0][1])) == pytest.approx(tuple(map(float, first.groups())), abs=0.06)


@pytest.mark.xdist_group("board")
def test_the_page_of_a_potential_shows_them(board: Board) -> None:
    content = copy.deepcopy(board.content)
    content["potentials"]["systems"]["orb-v3"]["cost"] = SQUARE
    template = environment().get_template("submission.html.j2")
    page = _pages(Board(content, board.details, board.transfer), "orb-v3", template)[0]
    assert 'id="band-costs"' in page
    assert "the power of 2.0" in page
    assert page.count('class="cost-mark"') == len(SQUARE)
    assert 'id="band-costs"' not in _pages(board, "orb-v3", template)[0]

"""The report as a page: what it says, without and with a browser."""

from __future__ import annotations

import copy
import csv
import html
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import embench
from embench.errors import MissingDependencyError, OutputError
from embench.evaluation.document import document, dumps
from embench.report.page import render, verdict, write_html
from embench.web.bars import Scale, bar
from embench.web.figures import beyond_limit, error_limit, figures
from embench.web.palette import DARK, LIGHT
from embench.web.parity import axis_range, below_range
from embench.web.wording import command, count, formula, number, short_name
from tests.browser import Visit, watched
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("jinja2")
pytest.importorskip("plotly")

SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
MODEL_3 = SUBMISSIONS / "model-3" / "published.csv"
MACE = SUBMISSIONS / "mace-relax" / "barriers.csv"
RESAMPLES = 500
HOSTILE = "<script>alert(1)</script>.csv"


@pytest.fixture(scope="module")
def model_3() -> embench.Evaluation:
    """MODEL-3 on the published protocol, beside MACE-RELAX."""
    return embench.evaluate(MODEL_3, resamples=RESAMPLES, against=MACE)


@pytest.fixture(scope="module")
def content(model_3: embench.Evaluation) -> dict[str, Any]:
    return document(model_3)


@pytest.fixture(scope="module")
def page_text(content: dict[str, Any]) -> str:
    return render(content)


@pytest.fixture(scope="module")
def partial(tmp_path_factory: pytest.TempPathFactory) -> embench.Evaluation:
    """Predictions with uncertainties for the first 50 of 60 entries, one of them below zero, in a hostile file."""
    with MODEL_3.open(newline="") as file:
        rows = list(csv.DictReader(file))[:50]
    rows[0]["prediction"] = "-0.2"
    path = tmp_path_factory.mktemp("hostile") / HOSTILE
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{row['entry_id']},{row['prediction']},{0.1 + 0.01 * i}" for i, row in enumerate(rows)]
    path.write_text("\n".join(["entry_id,prediction,uncertainty", *lines]))
    return embench.evaluate(path, resamples=RESAMPLES, fill_missing=True)


def visible_text(page: str) -> str:
    """Return what a page shows: no scripts, styles and markup, with one space for any white space."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def as_read(content: dict[str, Any]) -> Any:
    """Return a document as the reader of a ``--json`` file gets it."""
    return json.loads(dumps(content))


def row_of(page: str, metric: str) -> str:
    found = re.search(rf'<tr data-metric="{re.escape(metric)}">(.*?)</tr>', page, flags=re.DOTALL)
    assert found, metric
    return visible_text(found[1])


class TestContent:
    # From FACTS: MAE 0.2607, R² 0.7027, accuracy 0.8000, precision 0.8276, recall 0.7742, 24/5/7/24.
    @pytest.mark.parametrize(
        ("metric", "value"),
        [("mae", "0.261 eV"), ("r2", "0.703"), ("accuracy", "0.800"), ("precision", "0.828"), ("recall", "0.774")],
    )
    def test_published_figures(self, page_text: str, metric: str, value: str) -> None:
        assert f" {value} " in row_of(page_text, metric)

    def test_published_confusion(self, page_text: str) -> None:
        counts = dict(re.findall(r'data-outcome="(\w+)"><b>(\d+)</b>', page_text))
        assert counts == {
            "true_positive": "24",
            "false_positive": "5",
            "false_negative": "7",
            "true_negative": "24",
        }

    def test_says_what_was_scored(self, page_text: str) -> None:
        text = visible_text(page_text)
        assert "model-3/published.csv" in text
        assert "mean absolute error of 0.261 eV" in text
        assert "48 of 60 on the right side of 0.65 eV" in text  # 24 + 24

    def test_compares(self, page_text: str, model_3: embench.Evaluation) -> None:
        assert model_3.comparison is not None
        assert model_3.comparison.sentence in visible_text(page_text)
        assert "Against mace-relax" in visible_text(page_text)

    def test_explains_each_metric_and_flag(self, page_text: str, content: dict[str, Any]) -> None:
        text = visible_text(page_text)
        assert all(metric["description"] in text for metric in content["metrics"].values())
        flags = {flag for entry in content["entries"] for flag in entry["flags"]}
        assert flags
        assert all(f'id="flag-{flag}"' in page_text for flag in flags)

    def test_shows_all_entries_worst_first(self, page_text: str, content: dict[str, Any]) -> None:
        shown = re.findall(r'<th scope="row">([^<]+)<small>\w+ in ', page_text)
        errors = {entry["entry_id"]: abs(entry["error"]) for entry in content["entries"]}
        assert len(shown) == 60
        assert [errors[html.unescape(name)] for name in shown] == sorted(errors.values(), reverse=True)

    def test_provenance(self, page_text: str, content: dict[str, Any]) -> None:
        text = visible_text(page_text)
        assert all(checksum in text for checksum in content["checksums"].values())
        assert f"{RESAMPLES} bootstrap resamples" in text
        assert embench.__version__ in text

    def test_carries_the_json(self, page_text: str, content: dict[str, Any]) -> None:
        embedded = re.search(r'id="embench-document">(.*?)</script>', page_text, flags=re.DOTALL)
        assert embedded
        assert json.loads(embedded[1]) == as_read(content)

    @pytest.mark.parametrize("which", ["content", "partial"])
    def test_shows_no_number_that_the_json_lacks(self, which: str, request: pytest.FixtureRequest) -> None:
        found = request.getfixturevalue(which)
        data = found if which == "content" else document(found)
        known = {f"{abs(value):.3f}" for value in floats(data)}
        known |= set(re.findall(r"\d+\.\d{3}", " ".join([*data["warnings"], str(data["comparison"])])))
        shown = set(re.findall(r"(?<![\d.])\d+\.\d{3}(?!\d)", visible_text(render(data))))
        assert len(shown) > 100
        assert shown <= known

    def test_one_file_of_its_own(self, page_text: str) -> None:
        markup = re.sub(r"<script>.*?</script>", "", page_text, flags=re.DOTALL)
        assert not re.search(r'(src|href)="(?!#)', markup)
        assert "default-src 'none'" in markup

    def test_marks_small_groups(self, page_text: str, content: dict[str, Any]) -> None:
        ions = next(table for name, table in content["breakdown"].items() if name == "mobile_ion")
        small = sum(group["small"] for part in content["breakdown"].values() for group in part["groups"])
        assert page_text.count('<tr class="small">') == small
        assert {group["group"] for group in ions["groups"] if group["small"]} == {"Na", "K", "Zn", "Rb", "Al"}


class TestPartial:
    def test_tells_what_was_filled(self, partial: embench.Evaluation) -> None:
        page = render(document(partial))
        assert "50 of 60 pathways were predicted" in visible_text(page)
        assert all(f"<code>{html.escape(name)}</code>" in page for name in partial.coverage.filled)
        assert all(warning in visible_text(page) for warning in partial.warnings)

    def test_fills_are_open_symbols_and_low_ones_triangles(self, partial: embench.Evaluation) -> None:
        traces = figures(document(partial))["parity-log"]["data"]
        symbols = [symbol for trace in traces for symbol in trace.get("marker", {}).get("symbol", [])]
        assert len(symbols) == 60
        assert sum(symbol.endswith("-open") for symbol in symbols) == 10
        assert symbols.count("triangle-down") == 1

    def test_hostile_file_name(self, partial: embench.Evaluation) -> None:
        page = render(document(partial))
        assert "<script>alert(1)" not in page
        assert HOSTILE in visible_text(page)

    def test_uncertainty_section_only_with_uncertainties(self, partial: embench.Evaluation, page_text: str) -> None:
        assert 'id="uncertainty"' in render(document(partial))
        assert 'id="uncertainty"' not in page_text

    def test_command_repeats_it(self, partial: embench.Evaluation) -> None:
        line = command(document(partial))
        assert line == f"embench evaluate '{partial.name}' --resamples 500 --fill-missing"


def test_figures_are_valid_plotly(partial: embench.Evaluation, content: dict[str, Any]) -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    for data in (document(partial), content):
        for name, figure in figures(data).items():
            text = re.sub(r'"--[a-z]+"', '"#123456"', json.dumps(figure))
            assert graph_objects.Figure(json.loads(text)).data, name


def test_colours_are_in_the_palette(partial: embench.Evaluation) -> None:
    used = set(re.findall(r'"(--[a-z]+)"', json.dumps(figures(document(partial)))))
    assert used
    assert used <= set(LIGHT)
    assert set(LIGHT) == set(DARK)


def test_ranges_of_the_plots() -> None:
    entries = [
        {"target": target, "prediction": prediction, "error": prediction - target}
        for target, prediction in [(0.1, 0.2), (2.0, 3.0), (0.5, 0.001), (1.0, -1.0)]
    ]
    assert axis_range(entries, scale="log") == pytest.approx((0.07, 3.9))
    low, high = axis_range(entries, scale="linear")
    assert (low, high) == pytest.approx((-1.16, 3.16))
    assert below_range(entries).startswith("2 predictions too low")
    many = [{"error": 0.1} for _ in range(95)] + [{"error": -9.0}]
    assert error_limit(many) == pytest.approx(0.25)  # 2.5 times the 95th percentile
    assert beyond_limit(many) == "1 error beyond ±0.25 eV: drawn at the edge."


def test_bar_is_held_within_its_scale() -> None:
    found = bar({"value": 0.5, "low": -3.0, "high": 0.75}, Scale(0.0, 1.0), mark=0.25)
    assert found is not None
    assert (found.value, found.interval, found.mark) == (50.0, (0.0, 75.0), 25.0)
    assert (found.cut_low, found.cut_high) == (True, False)
    assert found.look == "bar cut-low"
    assert found.style == "--m:25;--v:50;--a:0;--b:75"
    assert bar({"value": None, "low": None, "high": None}, Scale(0.0, 1.0)) is None


def test_bar_without_an_interval_has_only_its_value() -> None:
    found = bar({"value": -0.2345, "low": None, "high": None}, Scale(-1.0, 1.0))
    assert found is not None
    assert (found.look, found.style) == ("bar", "--z:50;--v:38.3")  # (1 - 0.2345) / 2 and 1 / 2


def test_wording() -> None:
    assert number(-0.0004, sign=True) == "0.000"
    assert number(-1.5) == "−1.500"
    assert number(None) == "–"
    assert count(1, "entry") == "1 entry"
    assert count(1200, "entry") == "1,200 entries"
    assert count(2, "pathway") == "2 pathways"
    assert formula("Ca7 Mn1 F48") == "Ca7MnF48"
    assert formula("Li1 Fe10 O11") == "LiFe10O11"
    assert short_name("/a/b/model-3/published.csv") == "model-3/published.csv"
    assert short_name("dict") == "dict"


def test_needs_plotly(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(MissingDependencyError, match=r"pip install '\.\[report\]'"):
        render(content)


def test_unwritable(model_3: embench.Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_html(model_3, tmp_path / "file" / "out.html")


def floats(data: object) -> Iterator[float]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list | tuple):
        for item in data:
            yield from floats(item)
    elif isinstance(data, float):
        yield data


class Report(Visit):
    """An open report."""

    def brightness(self, expression: str) -> float:
        """Return the mean of red, green and blue of a colour that JavaScript computes."""
        channels = [int(value) for value in re.findall(r"\d+", self.page.evaluate(expression))[:3]]
        return sum(channels) / 3


@contextmanager
def visit(browser: Browser, path: Path, *, width: int = 1400) -> Iterator[Report]:
    with watched(browser, Report, own=path.as_uri(), patience=60.0, width=width) as found:
        found.page.goto(path.as_uri())
        found.page.wait_for_selector("html[data-drawn]")
        yield found


@pytest.fixture(scope="module")
def shown(browser: Browser, model_3: embench.Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    """The page of MODEL-3 at a desk."""
    path = tmp_path_factory.mktemp("report") / "model-3.html"
    write_html(model_3, path)
    with visit(browser, path) as found:
        yield found


class TestBrowser:
    BODY = "getComputedStyle(document.body).backgroundColor"
    AXIS_TITLE = "getComputedStyle(document.querySelector('#plot-parity .xtitle')).fill"

    def test_draws_every_entry_without_an_error(self, shown: Report) -> None:
        assert shown.page.locator("#plot-parity .scatterlayer .point").count() == 60
        for name in ("errors-by-ion", "errors-by-class"):
            assert shown.page.locator(f'[data-figure="{name}"] .boxlayer .point').count() == 60
        assert shown.trouble == []

    def test_hover_tells_the_entry(self, shown: Report) -> None:
        page = shown.page
        plot = page.locator("#plot-parity")
        plot.scroll_into_view_if_needed()
        # KNiF3 lies apart from the others: 1.77 eV against 0.580 eV.
        place = plot.evaluate(
            """(plot) => {
              const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
              return [box.x + xaxis._offset + xaxis.d2p(1.77), box.y + yaxis._offset + yaxis.d2p(0.58)];
            }"""
        )
        page.mouse.move(place[0] - 40, place[1] - 40)
        page.mouse.move(*place, steps=5)
        # Labels of points on the way may be seen first.
        label = page.locator("#plot-parity .hoverlayer .hovertext", has_text="KNiF3")
        label.wait_for()
        text = label.text_content() or ""
        assert "target 1.770 eV" in text
        assert "error −1.190 eV" in text

    def test_switches_axes_by_keyboard(self, shown: Report) -> None:
        kind = "document.getElementById('plot-parity')._fullLayout.yaxis.type"
        assert shown.page.evaluate(kind) == "log"
        shown.page.focus('input[value="log"]')
        shown.page.keyboard.press("ArrowRight")
        shown.wait_until(f"{kind} === 'linear'")
        shown.wait_until("document.querySelectorAll('#plot-parity .scatterlayer .point').length === 60")

    def test_explains_on_focus(self, shown: Report) -> None:
        tip = shown.page.locator('[data-metric="rate_error_decades"] .tip')
        box = tip.locator('[role="tooltip"]')
        assert not box.is_visible()
        tip.focus()
        assert box.is_visible()
        assert "300 K" in (box.text_content() or "")
        shown.page.keyboard.press("Escape")
        assert not box.is_visible()

    def test_follows_the_colour_scheme_and_prints_on_white(self, shown: Report) -> None:
        page = shown.page
        assert shown.brightness(self.BODY) > 230
        assert shown.brightness(self.AXIS_TITLE) < 60
        page.emulate_media(color_scheme="dark")
        shown.wait_until(f"{self.AXIS_TITLE} === 'rgb(231, 236, 241)'")
        assert shown.brightness(self.BODY) < 60
        page.evaluate("() => { dispatchEvent(new Event('beforeprint')); }")
        assert shown.brightness(self.BODY) > 230
        page.evaluate("() => { dispatchEvent(new Event('afterprint')); }")
        assert shown.brightness(self.BODY) < 60
        page.emulate_media(color_scheme="light")

    def test_saves_the_json(self, shown: Report, content: dict[str, Any]) -> None:
        with shown.page.expect_download() as download:
            shown.page.click("#download")
        assert json.loads(Path(download.value.path()).read_text(encoding="utf-8")) == as_read(content)
        assert download.value.suggested_filename == "evaluation.json"

    def test_fits_a_phone(self, browser: Browser, partial: embench.Evaluation, tmp_path: Path) -> None:
        write_html(partial, tmp_path / "phone.html")
        with visit(browser, tmp_path / "phone.html", width=390) as found:
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
            # From zero over 19 levels.
            assert found.page.locator('[data-figure="calibration"] .scatterlayer .point').count() == 20
            assert found.page.locator('[data-figure="sigma"] .scatterlayer .point').count() == 60
            assert (found.page.locator("h1").text_content() or "").endswith(short_name(HOSTILE))

    def test_runs_nothing_that_it_is_given(self, browser: Browser, content: dict[str, Any], tmp_path: Path) -> None:
        hostile = copy.deepcopy(content)
        attack = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
        hostile["predictions"] = hostile["comparison"]["other"] = hostile["comparison"]["sentence"] = attack
        hostile["warnings"] = [attack]
        for entry in hostile["entries"]:
            entry["entry_id"] = entry["formula"] = entry["pathway"] = entry["mobile_ion"] = attack
            entry["structure_class"] = attack
        path = tmp_path / "hostile.html"
        path.write_text(render(hostile), encoding="utf-8")
        with visit(browser, path) as found:
            assert found.page.locator("img").count() == 0
            assert found.page.locator(".notice li").text_content() == attack
            assert found.trouble == []


@pytest.mark.parametrize(("difference", "resolved", "expected"), [
    (-0.1, True, "better"), (0.1, True, "worse"), (-0.1, False, "open"), (0.1, False, "open"), (None, True, "open"),
])  # fmt: skip
def test_a_worse_system_is_not_praised(difference, resolved, expected):
    """The edge of the verdict was green for a resolved difference in either direction."""
    comparison = {"resolved": resolved, "metrics": {"mae": {"difference": {"value": difference}}}}
    assert verdict(comparison) == expected
    assert verdict(None) == "open"

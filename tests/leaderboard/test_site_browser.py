"""The main page and the pages of submissions in a browser: they draw, sort, filter, switch, compare, and stay local."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embench.leaderboard.board import Board
from tests.browser import Visit, watched
from tests.leaderboard.test_site import attacked, attacked_site, site  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("jinja2")
pytest.importorskip("plotly")
pytestmark = pytest.mark.xdist_group("board")

FIRST_LOAD_BYTES = 6e6
# Notes which scripts the page has at the moment at which it says that its tables are ready.
SCRIPTS_WHEN_READY = """new MutationObserver((_, observer) => {
  if (!document.documentElement?.dataset.ready) return;
  window.scriptsWhenReady = [...document.scripts].map((script) => script.src);
  observer.disconnect();
}).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] })"""
MAIN_SCRIPTS = ["theme.js", "rows.js", "site.js", "board.js", "main.js"]
# WCAG 2.1, level AA: contrast of normal text.
CONTRAST = 4.5

# The contrast of every text on the page with what lies behind it, by the formula of WCAG 2.1; the worst ones.
CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (colour, under) => {
    context.fillStyle = under; context.fillRect(0, 0, 1, 1);
    context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const css = (channels) => `rgb(${channels.join(",")})`;
  const behind = (element) => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e).backgroundColor);
    return chain.reduce((under, colour) => css(rgb(colour, under)), "rgb(255,255,255)");
  };
  const light = (channels) => {
    const [r, g, b] = channels.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg, [hidden], .visually-hidden") || !element.checkVisibility()) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const under = behind(element);
    const pair = [light(rgb(getComputedStyle(element).color, under)), light(rgb(under, under))].sort((a, b) => b - a);
    const about = `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 30)}`;
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), about]);
  }
  return found.sort((a, b) => a[0] - b[0]).slice(0, 5);
}"""


class BoardVisit(Visit):
    """An open page of the board."""

    def shown(self) -> list[str]:
        """The slugs of the visible rows of the visible table, from above."""
        slugs: list[str] = self.page.eval_on_selector_all(
            ".panel.chosen table.board tbody tr:not([hidden])", "rows => rows.map((row) => row.dataset.slug)"
        )
        return slugs

    def drawn(self, selector: str) -> None:
        """Wait until a plot is drawn."""
        self.page.locator(selector).scroll_into_view_if_needed()
        self.page.wait_for_selector(f"{selector}[data-drawn]", timeout=60_000)


@contextmanager
def visit(
    browser: Browser,
    address: str,
    *,
    own: str,
    width: int = 1400,
    dark: bool = False,
    script: bool = True,
) -> Iterator[BoardVisit]:
    """Open a page; in the end nothing must have gone wrong in it. `own` is what its requests begin with."""
    settings = {"color_scheme": "dark" if dark else "light", "java_script_enabled": script}
    with watched(browser, BoardVisit, own=own, patience=60.0, width=width, **settings) as found:
        found.page.goto(address)
        if script:
            found.page.wait_for_selector("html[data-ready]")
        yield found


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; give its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def protocol(board: Board, name: str) -> dict[str, Any]:
    return next(found for found in board.content["protocols"] if found["name"] == name)


def order(board: Board, name: str) -> list[str]:
    return [row["slug"] for row in protocol(board, name)["rows"]]


@pytest.fixture(scope="module")
def main(browser: Browser, site: Path) -> Iterator[BoardVisit]:  # noqa: F811
    with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
        yield found


@pytest.fixture
def fresh(main: BoardVisit) -> BoardVisit:
    """The main page as it is when it is opened."""
    main.page.evaluate("() => { location.hash = '#protocol=host-10fold'; }")
    main.wait_until("document.querySelector('.panel.chosen').dataset.protocol === 'host-10fold'")
    main.wait_until("document.querySelector('#search').value === ''")
    return main


class TestMainPage:
    def test_tables_do_not_wait_for_plots(self, browser: Browser, site: Path) -> None:  # noqa: F811
        """From disk the tables are ready before the page has asked for the library that draws the plots."""
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(120_000)
        context.add_init_script(SCRIPTS_WHEN_READY)
        loaded: list[str] = []
        context.on("request", lambda request: loaded.append(request.url.removeprefix(f"{site.as_uri()}/")))
        page = context.new_page()
        page.goto((site / "index.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        needed: list[str] = page.evaluate("window.scriptsWhenReady")
        assert [path.rpartition("/")[2] for path in needed] == MAIN_SCRIPTS
        page.locator("#plot-cost").scroll_into_view_if_needed()
        page.wait_for_selector("#plot-cost[data-drawn]")
        context.close()
        assert "assets/plotly.min.js" in loaded
        assert sum((site / path).stat().st_size for path in set(loaded)) < FIRST_LOAD_BYTES

    def test_begins_with_the_main_protocol_by_rank(self, fresh: BoardVisit, board: Board) -> None:
        assert fresh.shown() == order(board, "host-10fold")

    def test_protocol_switch_changes_the_ranking(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.get_by_text("Published split", exact=True).first.click()
        assert fresh.shown() == order(board, "published")
        assert fresh.shown() != order(board, "host-10fold")
        assert "protocol=published" in fresh.page.url
        assert fresh.page.locator("#cost-protocol").text_content() == "published"

    def test_protocol_by_keyboard(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.focus('input[value="host-10fold"]')
        fresh.page.keyboard.press("ArrowRight")
        assert fresh.shown() == order(board, "published")

    def test_metric_switch(self, fresh: BoardVisit, board: Board) -> None:
        before = fresh.page.inner_text(".panel.chosen table.board")
        fresh.page.select_option("#metric", "r2")
        rows = protocol(board, "host-10fold")["rows"]
        best_first = sorted(rows, key=lambda row: -row["metrics"]["r2"]["value"])
        assert fresh.shown() == [row["slug"] for row in best_first]
        head = fresh.page.locator('.panel.chosen th[data-column="score"]')
        assert "R²" in head.inner_text()
        assert head.get_attribute("aria-sort") == "descending"
        value = best_first[0]["metrics"]["r2"]["value"]
        assert fresh.page.inner_text(".panel.chosen tbody tr >> nth=0 >> td.score b") == f"{value:.3f}"
        assert "R² " not in fresh.page.inner_text('.panel.chosen th[data-column="r2"]')
        # Back again, the script shows what the page was written with.
        fresh.page.select_option("#metric", "mae")
        assert fresh.page.inner_text(".panel.chosen table.board") == before

    def test_every_metric_can_be_shown(self, fresh: BoardVisit, board: Board) -> None:
        known = {metric["name"] for metric in (*board.content["metrics"], *board.content["more_metrics"])}
        offered = fresh.page.eval_on_selector_all("#metric option", "options => options.map((option) => option.value)")
        assert set(offered) == known
        for name in offered:
            fresh.page.select_option("#metric", name)
            assert len(fresh.shown()) == len(order(board, "host-10fold"))

    def test_sorts(self, fresh: BoardVisit, board: Board) -> None:
        head = fresh.page.locator('.panel.chosen th[data-column="precision"]')
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        rows = protocol(board, "host-10fold")["rows"]
        values = {row["slug"]: row["metrics"]["precision"]["value"] for row in rows}
        shown = [values[slug] for slug in fresh.shown()]
        assert shown == sorted(shown, reverse=True)
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        assert [values[slug] for slug in fresh.shown()] == sorted(shown)
        assert fresh.page.locator(".panel.chosen th[aria-sort]").count() == 1

    def test_sorts_by_keyboard_with_what_is_missing_last(self, fresh: BoardVisit, board: Board) -> None:
        button = fresh.page.locator('.panel.chosen th[data-column="hours"] button')
        for _ in range(2):
            button.focus()
            fresh.page.keyboard.press("Enter")
            hours = [board.content["submissions"][slug]["cost_device_hours"] for slug in fresh.shown()]
            known = [value for value in hours if value is not None]
            assert None not in hours[: len(known)]
        assert known == sorted(known, reverse=True)

    def test_search(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.fill("#search", "  MACE ")
        assert set(fresh.shown()) == {"mace-relax", "mace-no-relax"}
        assert fresh.page.text_content("#shown") == f"2 of {len(order(board, 'host-10fold'))} systems"
        fresh.page.fill("#search", "no such system")
        assert fresh.shown() == []
        assert fresh.page.locator(".panel.chosen .nothing").is_visible()
        fresh.page.fill("#search", "")
        assert len(fresh.shown()) == len(order(board, "host-10fold"))

    def test_search_finds_authors(self, fresh: BoardVisit) -> None:
        fresh.page.fill("#search", "bheemaguli")
        assert fresh.shown() == ["orb-v3"]

    def test_filter_by_kind(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.locator('input[value="property-model"]').uncheck(force=True)
        kinds = {board.content["submissions"][slug]["kind"] for slug in fresh.shown()}
        assert kinds
        assert "property-model" not in kinds

    def test_address_keeps_the_choice(self, browser: Browser, site: Path, board: Board) -> None:  # noqa: F811
        address = (
            f"{(site / 'index.html').as_uri()}#protocol=published&metric=rmse&find=mace&column=name&order=descending"
        )
        with visit(browser, address, own=site.as_uri()) as found:
            # MACE-MP-0, MACE (unrelaxed endpoints), MACE (relaxed endpoints): a space comes before a hyphen.
            assert found.shown() == ["mace-mp-0", "mace-no-relax", "mace-relax"]
            assert found.page.input_value("#metric") == "rmse"
            assert "RMSE" in found.page.inner_text('.panel.chosen th[data-column="score"]')
            # What the address cannot mean is left as it is.
            found.page.evaluate("() => { location.hash = '#protocol=nonsense&metric=__proto__&column=x'; }")
            found.wait_until("document.querySelector('.panel.chosen').dataset.protocol === 'host-10fold'")
            assert found.shown() == order(board, "host-10fold")

    def test_explains_columns_on_focus(self, fresh: BoardVisit) -> None:
        tip = fresh.page.locator('.panel.chosen th[data-column="pathway_ranking"] .tip')
        box = tip.locator('[role="tooltip"]')
        assert not box.is_visible()
        tip.locator("button").focus()
        assert box.is_visible()
        assert "more than 0.05 eV apart" in (box.text_content() or "")
        assert tip.locator("button").get_attribute("aria-describedby") == box.get_attribute("id")
        fresh.page.keyboard.press("Escape")
        assert not box.is_visible()

    def test_cost_plot(self, fresh: BoardVisit, board: Board) -> None:
        fresh.drawn("#plot-cost")
        submissions = board.content["submissions"]
        stated = [slug for slug in order(board, "host-10fold") if submissions[slug]["cost_device_hours"]]
        assert fresh.page.locator("#plot-cost .scatterlayer .point").count() == len(stated)
        layout = "document.getElementById('plot-cost')._fullLayout"
        assert fresh.page.evaluate(f"{layout}.xaxis.type") == "log"
        assert "eV" in fresh.page.evaluate(f"{layout}.yaxis.title.text")
        left = fresh.page.inner_text("#no-cost")
        assert all(submissions[slug]["name"] in left for slug in order(board, "host-10fold") if slug not in stated)

    def test_theme_switch_is_kept(self, browser: Browser, site: Path) -> None:  # noqa: F811
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
            page = found.page
            found.drawn("#plot-cost")
            title = "getComputedStyle(document.querySelector('#plot-cost .xtitle')).fill"
            assert page.evaluate(title) == "rgb(27, 36, 48)"
            page.click("#theme-switch")
            assert page.get_attribute("#theme-switch", "aria-pressed") == "true"
            found.wait_until(f"{title} === 'rgb(231, 236, 241)'")
            page.reload()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 27)"

    def test_skip_link(self, browser: Browser, site: Path) -> None:  # noqa: F811
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
            found.page.keyboard.press("Tab")
            assert found.page.evaluate("document.activeElement.className") == "skip"
            found.page.keyboard.press("Enter")
            assert found.page.evaluate("document.activeElement.id") == "main"

    def test_without_script_all_tables_are_there(self, browser: Browser, site: Path) -> None:  # noqa: F811
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri(), script=False) as found:
            assert found.page.locator("table.board:visible").count() == 6
            assert not found.page.locator("#choices").is_visible()


@pytest.fixture(scope="module")
def submission(browser: Browser, site: Path) -> Iterator[BoardVisit]:  # noqa: F811
    address = (site / "submissions" / "pathway-stack.html").as_uri()
    with visit(browser, f"{address}#protocol=published&with=model-3", own=site.as_uri()) as found:
        yield found


class TestSubmissionPage:
    def test_draws_every_entry(self, submission: BoardVisit) -> None:
        for plot, count in (("#plot-parity", 60), ("#plot-comparison", 60), ('[data-figure="sigma"]', 60)):
            submission.drawn(plot)
            assert submission.page.locator(f"{plot} .scatterlayer .point").count() == count
        for name in ("errors-by-ion", "errors-by-class"):
            submission.drawn(f'[data-figure="{name}"]')
            assert submission.page.locator(f'[data-figure="{name}"] .boxlayer .point').count() == 60

    def test_compares(self, submission: BoardVisit, board: Board) -> None:
        rows = {row["slug"]: row["metrics"]["mae"]["value"] for row in protocol(board, "published")["rows"]}
        verdict = submission.page.inner_text("#verdict")
        # FACTS: MODEL-3 has a MAE of 0.2607 eV.
        assert f"{0.2607 - rows['pathway-stack']:.2f}" in verdict
        assert "MODEL-3" in verdict
        submission.page.select_option("#other", "mace-relax")
        submission.wait_until("document.getElementById('verdict').textContent.includes('MACE (relaxed')")
        assert "with=mace-relax" in submission.page.url
        submission.page.select_option("#other", "model-3")

    def test_counts_which_errors_are_smaller(self, submission: BoardVisit, board: Board) -> None:
        submission.drawn("#plot-comparison")
        mine, theirs = (
            {
                entry["entry_id"]: abs(entry["prediction"] - entry["target"])
                for entry in board.details[slug, "published"]["entries"]
            }
            for slug in ("pathway-stack", "model-3")
        )
        smaller = sum(mine[name] < theirs[name] for name in mine)
        notes = "document.getElementById('plot-comparison').layout.annotations.map((note) => note.text)"
        submission.wait_until(f"{notes}.includes('here smaller: {smaller}')")

    def test_hover_tells_the_entry(self, submission: BoardVisit) -> None:
        page = submission.page
        submission.drawn("#plot-parity")
        texts = json.loads(
            page.evaluate(
                "JSON.stringify(document.getElementById('plot-parity').data.flatMap((trace) => trace.hovertext ?? []))"
            )
        )
        assert len(texts) == 60
        found = next(text for text in texts if text.startswith("<b>KNiF3</b>"))
        assert "target 1.770 eV" in found  # FACTS: the label of KNiF3, the entry with the largest error of MODEL-3
        assert "prediction" in found
        place = page.locator("#plot-parity").evaluate(
            """(plot) => {
              const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
              const trace = plot.data.find((t) => t.hovertext?.some((text) => text.startsWith("<b>KNiF3</b>")));
              const i = trace.hovertext.findIndex((text) => text.startsWith("<b>KNiF3</b>"));
              return [box.x + xaxis._offset + xaxis.d2p(trace.x[i]), box.y + yaxis._offset + yaxis.d2p(trace.y[i])];
            }"""
        )
        page.mouse.move(place[0] - 30, place[1] - 30)
        page.mouse.move(*place, steps=4)
        page.locator("#plot-parity .hoverlayer .hovertext", has_text="KNiF3").wait_for()

    def test_scale_switch(self, submission: BoardVisit) -> None:
        kind = "document.getElementById('plot-parity')._fullLayout.yaxis.type"
        submission.drawn("#plot-parity")
        submission.page.check('input[value="linear"]')
        submission.wait_until(f"{kind} === 'linear'")
        submission.page.check('input[value="log"]')
        submission.wait_until(f"{kind} === 'log'")

    def test_protocol_switch(self, submission: BoardVisit, board: Board) -> None:
        page = submission.page
        page.select_option("#protocol", "host-10fold")
        points = "document.querySelectorAll('#plot-parity .scatterlayer .point').length"
        submission.wait_until(f"{points} === 616")
        # MODEL-3 has no predictions for this protocol: the page takes the first that has.
        assert page.input_value("#other") == order(board, "host-10fold")[0]
        page.select_option("#protocol", "published")
        submission.wait_until(f"{points} === 60")
        page.select_option("#other", "model-3")

    def test_a_row_of_the_scores_leads_to_its_protocol(self, submission: BoardVisit) -> None:
        submission.page.click('a[href="#protocol=prototype-10fold"]')
        submission.wait_until("document.querySelector('#protocol').value === 'prototype-10fold'")
        submission.page.evaluate("() => { location.hash = '#protocol=published&with=model-3'; }")
        submission.wait_until("document.querySelector('#other').value === 'model-3'")


@pytest.mark.parametrize("name", ["index.html", "submissions/orb-v3.html"])
def test_fits_a_phone(browser: Browser, site: Path, name: str) -> None:  # noqa: F811
    with visit(browser, (site / name).as_uri(), own=site.as_uri(), width=390) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
        if name == "index.html":
            found.page.select_option("#order", "r2")
            assert found.page.locator('.panel.chosen th[data-column="r2"]').get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "submissions/orb-v3.html"])
def test_contrast(browser: Browser, site: Path, name: str, dark: bool) -> None:  # noqa: F811
    with visit(browser, (site / name).as_uri(), own=site.as_uri(), dark=dark) as found:
        worst = found.page.evaluate(CONTRASTS)
        assert worst[0][0] >= CONTRAST, worst


def test_from_a_server(browser: Browser, site: Path, board: Board) -> None:  # noqa: F811
    with served(site) as address:
        with visit(browser, address, own=address) as found:
            assert found.shown() == order(board, "host-10fold")
            found.drawn("#plot-cost")
        with visit(browser, f"{address}submissions/m3gnet.html", own=address) as found:
            found.drawn("#plot-comparison")


def test_runs_nothing_that_a_submission_says(browser: Browser, attacked_site: Path) -> None:  # noqa: F811
    for name in ("index.html", "submissions/model-3.html"):
        with visit(browser, (attacked_site / name).as_uri(), own=attacked_site.as_uri()) as found:
            assert found.page.locator("img").count() == 0
            for plot in ("#plot-cost", "#plot-parity", "#plot-comparison"):
                if found.page.locator(plot).count():
                    found.drawn(plot)
            assert found.page.locator("script:not([src]):not([type='application/json'])").count() == 0

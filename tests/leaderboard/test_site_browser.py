"""The main page and the pages of submissions in a browser: they draw, sort, filter, switch, compare, and stay local."""

from __future__ import annotations

import csv
import functools
import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from embench.dataset import load
from embench.leaderboard.board import Board
from tests.browser import Visit, watched
from tests.leaderboard.conftest import SUBMISSIONS
from tests.leaderboard.test_site import SLIM, WIDE, attacked, attacked_site  # noqa: F401  (fixtures)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("jinja2")
pytest.importorskip("PIL")
pytestmark = pytest.mark.xdist_group("board")

FIRST_LOAD_BYTES = 4e5
MAIN_SCRIPTS = ["theme.js", "rows.js", "site.js", "main.js"]
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


def read_csv(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of a predictions file by entry."""
    return {row["entry_id"]: row for row in csv.DictReader(io.StringIO(text))}


def order(board: Board, name: str) -> list[str]:
    return [row["slug"] for row in protocol(board, name)["rows"]]


@pytest.fixture(scope="module")
def main(browser: Browser, site: Path) -> Iterator[BoardVisit]:
    with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
        yield found


@pytest.fixture
def fresh(main: BoardVisit) -> BoardVisit:
    """The main page as it is when it is opened."""
    main.page.goto(main.address.partition("?")[0])
    main.page.wait_for_selector("html[data-shown='host-10fold mae']")
    return main


class TestMainPage:
    def test_loads_little(self, browser: Browser, site: Path) -> None:
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
            paths = {unquote(url).removeprefix(f"{site.as_uri()}/") for url in found.requests}
            scripts = [path.rpartition("/")[2] for path in found.requests if path.endswith(".js")]
            assert sorted(scripts) == sorted(MAIN_SCRIPTS)
            assert sum((site / path).stat().st_size for path in paths) < FIRST_LOAD_BYTES

    def test_results_stand_on_the_first_screen(self, fresh: BoardVisit) -> None:
        """At 1440 by 900 the first five rows are seen, none higher than 44 px."""
        fresh.resize(1440)
        boxes = fresh.page.eval_on_selector_all(
            ".panel.chosen tbody tr", "rows => rows.slice(0, 5).map((row) => row.getBoundingClientRect().toJSON())"
        )
        assert boxes[4]["bottom"] <= 900
        assert max(box["height"] for box in boxes) <= 44
        sketch = fresh.page.eval_on_selector(".profile", "svg => svg.getBoundingClientRect().height")
        assert sketch <= 160

    def test_begins_with_the_main_protocol_by_rank(self, fresh: BoardVisit, board: Board) -> None:
        assert fresh.shown() == order(board, "host-10fold")

    def test_protocol_switch_changes_the_ranking(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.check('#protocols input[value="published"]')
        assert fresh.shown() == order(board, "published")
        assert fresh.shown() != order(board, "host-10fold")
        assert "protocol=published" in fresh.address
        fresh.page.go_back()
        fresh.wait_until("document.querySelector('.panel.chosen').dataset.protocol === 'host-10fold'")

    def test_protocol_by_keyboard(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.focus('input[value="host-10fold"]')
        fresh.page.keyboard.press("ArrowRight")
        assert fresh.shown() == order(board, "published")

    def test_metric_switch(self, fresh: BoardVisit, board: Board) -> None:
        before = fresh.page.inner_text(".panel.chosen table.board")
        fresh.page.select_option("#metric", "r2")
        fresh.page.wait_for_selector("html[data-shown='host-10fold r2']")
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
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae']")
        assert fresh.page.inner_text(".panel.chosen table.board") == before

    def test_without_contradicted_labels(self, fresh: BoardVisit, board: Board) -> None:
        panel = ".panel.chosen"
        before = fresh.page.inner_text(panel)
        fresh.page.check("input[name=labels][value=clean]", force=True)
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae clean']")
        about = protocol(board, "host-10fold")
        rows = {row["slug"]: row["not_contradicted"] for row in about["rows"]}
        # Every column follows, and the order is that of the ranks without these labels.
        shown = fresh.shown()
        maes = [rows[slug]["metrics"]["mae"]["value"] for slug in shown]
        assert maes == sorted(maes)
        best = fresh.page.locator(f"{panel} tbody tr").first
        found = rows[shown[0]]
        assert best.locator("td.rank b").inner_text() == f"{found['rank']:g}"
        assert best.locator("td.score b").inner_text() == f"{maes[0]:.3f}"
        assert best.locator(".best-mark").inner_text().startswith("lowest")
        for name in ("r2", "precision", "pathway_ranking"):
            for slug in (shown[0], shown[-1]):
                cell = fresh.page.locator(f'{panel} tr[data-slug="{slug}"] td[data-column="{name}"]')
                value = rows[slug]["metrics"][name]["value"]
                assert cell.inner_text().replace("−", "-") == f"{value:.3f}", (slug, name)
        orb = rows["orb-v3"]["coverage"]
        cell = fresh.page.locator(f'{panel} tr[data-slug="orb-v3"] td[data-column="share"] span')
        assert cell.get_attribute("title") == f"{orb['predicted']} of {orb['scored']} entries"
        n = about["not_contradicted"]["n"]
        assert f"{n} without contradicted labels" in fresh.page.inner_text(f"{panel} .panel-head")
        assert about["not_contradicted"]["sentence"] in fresh.page.inner_text(f"{panel} .resolution")
        # Another metric and another protocol keep the choice, and so does the address.
        fresh.page.select_option("#metric", "rmse")
        fresh.page.wait_for_selector("html[data-shown='host-10fold rmse clean']")
        lowest = min(row["metrics"]["rmse"]["value"] for row in rows.values())
        assert fresh.page.inner_text(f"{panel} tbody tr >> nth=0 >> td.score b") == f"{lowest:.3f}"
        fresh.page.reload()
        fresh.page.wait_for_selector("html[data-shown='host-10fold rmse clean']")
        fresh.page.select_option("#metric", "mae")
        fresh.page.check("input[name=labels][value=all]", force=True)
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae']")
        assert fresh.page.inner_text(panel) == before

    def test_charts_and_matrices_follow_the_labels(self, fresh: BoardVisit, board: Board) -> None:
        """They show the ranks and errors of the chosen entries, and go back; what does not follow says so."""
        before = {name: fresh.page.inner_html(f"#{name}") for name in ("cost", "ranks", "heat", "progress")}
        assert fresh.page.locator("#resolution .clean-note").is_hidden()
        fresh.page.check("input[name=labels][value=clean]", force=True)
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae clean']")
        rows = {row["slug"]: row for row in protocol(board, "host-10fold")["rows"]}
        name = board.content["submissions"]["orb-v3"]["name"]
        mae = rows["orb-v3"]["not_contradicted"]["metrics"]["mae"]["value"]
        assert f"{mae:.3f}" != f"{rows['orb-v3']['metrics']['mae']['value']:.3f}"
        for chart in ("#cost .wide-only", "#cost .narrow-only", "#progress .wide-only", "#progress .narrow-only"):
            titles = fresh.page.eval_on_selector_all(f"{chart} title", "all => all.map((one) => one.textContent)")
            assert [title for title in titles if title.startswith(f"{name}: ") and f"{mae:.3f} eV" in title], chart
        cells = fresh.page.locator("#ranks tbody tr", has_text="Orb-v3").locator("td").all_inner_texts()
        assert cells == [
            f"{next(row for row in section['rows'] if row['slug'] == 'orb-v3')['not_contradicted']['rank']:g}"
            for section in board.content["protocols"]
        ]
        # The figure from what was submitted and the labels of the dataset, by hand.
        submitted = read_csv((SUBMISSIONS / "pathway-hybrid" / "host-10fold.csv").read_text())
        detail = board.details["pathway-hybrid", "host-10fold"]
        members = dict(
            zip((e["entry_id"] for e in detail["entries"]), detail["not_contradicted"]["members"], strict=True)
        )
        errors = [
            abs(float(submitted[entry.entry_id]["prediction"]) - entry.migration_barrier)
            for entry in load()
            if entry.mobile_ion == "Li" and members.get(entry.entry_id)
        ]
        heat = fresh.page.locator("#heat tbody tr", has_text="Pathway hybrid").locator("td").first
        assert heat.inner_text() == f"{sum(errors) / len(errors):.2f}"
        assert fresh.page.locator("#heat thead small").first.inner_text() == str(len(errors))
        for part in ("cost", "ranks", "heat", "progress"):
            assert "without contradicted labels" in fresh.page.inner_text(f"#{part} p >> nth=0")
        assert "With all entries" in fresh.page.locator("#resolution .clean-note").inner_text()
        fresh.page.check("input[name=labels][value=all]", force=True)
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae']")
        assert {part: fresh.page.inner_html(f"#{part}") for part in before} == before

    def test_the_table_fits_without_scrolling(self, fresh: BoardVisit, board: Board) -> None:
        """All columns can be read at the usual widths, on every protocol, and rows stay low."""
        for width in (1440, 1280):
            fresh.resize(width)
            for name in (section["name"] for section in board.content["protocols"]):
                fresh.page.check(f"input[name=protocol][value={name}]", force=True)
                fresh.page.wait_for_selector(f"html[data-shown='{name} mae']")
                wide, room = fresh.page.eval_on_selector(
                    ".panel.chosen .scroll", "part => [part.scrollWidth, part.clientWidth]"
                )
                assert wide <= room, (width, name)
                assert fresh.page.locator(".panel.chosen td[data-column=hours]").first.is_visible()
                high = "rows => Math.max(...rows.map((row) => row.getBoundingClientRect().height))"
                assert fresh.page.eval_on_selector_all(".panel.chosen tbody tr", high) <= 44
        fresh.resize(1400)

    def test_an_address_of_the_metric_that_this_was_before(self, fresh: BoardVisit) -> None:
        fresh.page.goto(fresh.page.url.partition("?")[0] + "?metric=mae_clean")
        fresh.page.wait_for_selector("html[data-shown='host-10fold mae clean']")
        assert fresh.page.is_checked("input[name=labels][value=clean]")

    def test_every_metric_can_be_shown(self, fresh: BoardVisit, board: Board) -> None:
        known = {metric["name"] for metric in (*board.content["metrics"], *board.content["more_metrics"])}
        offered = fresh.page.eval_on_selector_all("#metric option", "options => options.map((option) => option.value)")
        assert set(offered) == known
        for name in offered:
            fresh.page.select_option("#metric", name)
            fresh.page.wait_for_selector(f"html[data-shown='host-10fold {name}']")
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
            rows = {row["slug"]: row["cost"]["total"] for row in protocol(board, "host-10fold")["rows"]}
            hours = [rows[slug] for slug in fresh.shown()]
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
        assert fresh.shown() == ["orb-v3", "sevennet-mf-ompa"]

    def test_filter_by_kind(self, fresh: BoardVisit, board: Board) -> None:
        fresh.page.locator('input[value="property-model"]').uncheck(force=True)
        kinds = {board.content["submissions"][slug]["kind"] for slug in fresh.shown()}
        assert kinds
        assert "property-model" not in kinds

    def test_address_keeps_the_choice(self, browser: Browser, site: Path, board: Board) -> None:
        query = "protocol=published&metric=rmse&find=mace&column=name&order=descending"
        address = f"{(site / 'index.html').as_uri()}?{query}"
        with visit(browser, address, own=site.as_uri()) as found:
            found.page.wait_for_selector("html[data-shown='published rmse']")
            # MACE-MP-0, MACE (unrelaxed endpoints), MACE (relaxed endpoints): a space comes before a hyphen.
            assert found.shown() == ["mace-mp-0", "mace-no-relax", "mace-relax"]
            assert found.page.input_value("#metric") == "rmse"
            assert "RMSE" in found.page.inner_text('.panel.chosen th[data-column="score"]')
            # What the address cannot mean is left as it is; addresses of the first version had a # for the ?.
            found.page.goto(f"{(site / 'index.html').as_uri()}?protocol=nonsense&metric=__proto__&column=x")
            found.page.wait_for_selector("html[data-shown='host-10fold mae']")
            assert found.shown() == order(board, "host-10fold")
            found.page.goto(f"{(site / 'index.html').as_uri()}?#protocol=published")
            found.page.wait_for_selector("html[data-shown='published mae']")

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

    def test_cost_chart_names_every_system_once(self, fresh: BoardVisit, board: Board) -> None:
        """And no name is drawn over another one, or over the edge, at any width."""
        for width, chart in ((1440, ".wide-only"), (1024, ".wide-only"), (390, ".narrow-only")):
            fresh.resize(width)
            names = fresh.page.eval_on_selector_all(
                f"#cost {chart} svg text.name",
                "texts => texts.map((text) => [text.dataset.slug, text.getBoundingClientRect().toJSON()])",
            )
            assert sorted(slug for slug, _ in names) == sorted(order(board, "host-10fold"))
            frame = fresh.page.eval_on_selector(f"#cost {chart} svg", "svg => svg.getBoundingClientRect().toJSON()")
            for place, (slug, box) in enumerate(names):
                assert box["left"] >= frame["left"] - 1, slug
                assert box["right"] <= frame["right"] + 1, slug
                for other, another in names[place + 1 :]:
                    # Boxes of text are higher than what is drawn of it.
                    wide = min(box["right"], another["right"]) - max(box["left"], another["left"])
                    high = min(box["bottom"], another["bottom"]) - max(box["top"], another["top"])
                    assert wide <= 1 or high <= 4, (width, slug, other)
        fresh.resize(1400)

    def test_costs_that_nobody_reports_stand_in_the_margin(self, fresh: BoardVisit, board: Board) -> None:
        titles = fresh.page.eval_on_selector_all("#cost .wide-only title", "all => all.map((one) => one.textContent)")
        unknown = [row for row in protocol(board, "host-10fold")["rows"] if row["cost"]["total"] is None]
        assert unknown
        for row in unknown:
            name = board.content["submissions"][row["slug"]]["name"]
            assert any(title.startswith(f"{name}: ") and "unknown" in title for title in titles), name

    def test_ranks_and_errors_as_tables(self, fresh: BoardVisit, board: Board) -> None:
        ranks = fresh.page.locator("#ranks tbody tr")
        assert ranks.count() == len([s for s in board.content["submissions"].values() if s["protocols"]])
        best = order(board, "host-10fold")[0]
        details = board.details[best, "host-10fold"]["breakdown"]["mobile_ion"]["groups"]
        lithium = next(group["mae"]["value"] for group in details if group["group"] == "Li")
        assert fresh.page.inner_text("#heat tbody tr >> nth=0 >> td >> nth=0") == f"{lithium:.2f}"

    def test_theme_switch_is_kept(self, browser: Browser, site: Path) -> None:
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
            page = found.page
            name = "getComputedStyle(document.querySelector('#cost .name')).fill"
            assert page.evaluate(name) == "rgb(27, 36, 48)"
            page.click("#theme-switch")
            assert page.get_attribute("#theme-switch", "aria-pressed") == "true"
            assert page.evaluate(name) == "rgb(231, 236, 241)"
            page.reload()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 27)"

    def test_skip_link(self, browser: Browser, site: Path) -> None:
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri()) as found:
            found.page.keyboard.press("Tab")
            assert found.page.evaluate("document.activeElement.className") == "skip"
            found.page.keyboard.press("Enter")
            found.wait_until("document.activeElement.id === 'main'")

    def test_without_script_all_tables_are_there(self, browser: Browser, site: Path, board: Board) -> None:
        with visit(browser, (site / "index.html").as_uri(), own=site.as_uri(), script=False) as found:
            assert found.page.locator("#board table.board:visible").count() == len(board.content["protocols"])
            assert not found.page.locator("#choices").is_visible()


@pytest.fixture(scope="module")
def submission(browser: Browser, site: Path) -> Iterator[BoardVisit]:
    address = (site / "submissions" / "pathway-stack.html").as_uri()
    with visit(browser, f"{address}?protocol=published&with=model-3", own=site.as_uri()) as found:
        yield found


class TestSubmissionPage:
    def test_draws_every_entry(self, submission: BoardVisit) -> None:
        for plot, count in (("#plot-parity", 60), ("#plot-comparison", 60), ('[data-figure="sigma"]', 60)):
            submission.drawn(plot)
            submission.wait_until(f"document.querySelectorAll('{plot} > svg .point').length === {count}")
        for name in ("errors-by-ion", "errors-by-class"):
            submission.drawn(f'[data-figure="{name}"]')
            assert submission.page.locator(f'[data-figure="{name}"] > svg .point').count() == 60

    def test_compares(self, submission: BoardVisit, board: Board) -> None:
        rows = {row["slug"]: row["metrics"]["mae"]["value"] for row in protocol(board, "published")["rows"]}
        verdict = submission.page.inner_text("#verdict")
        # FACTS: MODEL-3 has a MAE of 0.2607 eV.
        assert f"{0.2607 - rows['pathway-stack']:.2f}" in verdict
        assert "MODEL-3" in verdict
        submission.page.select_option("#other", "mace-relax")
        submission.wait_until("document.getElementById('verdict').textContent.includes('MACE (relaxed')")
        assert "with=mace-relax" in submission.address
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
        notes = "document.getElementById('plot-comparison').textContent"
        submission.wait_until(f"{notes}.includes('here smaller: {smaller}')")

    def test_hover_tells_the_entry(self, submission: BoardVisit) -> None:
        page = submission.page
        submission.drawn("#plot-parity")
        submission.settle()
        # FACTS: the label of KNiF3, whose point is the last but few on a logarithmic axis.
        found = ""
        for place in page.eval_on_selector_all(
            "#plot-parity > svg .point",
            "all => all.map((o) => o.getBoundingClientRect()).map((b) => [b.x + b.width / 2, b.y + b.height / 2])",
        ):
            page.mouse.move(*place)
            submission.settle()  # moves of the pointer reach the page with its next frame
            found = page.inner_text(".plot-tip")
            if found.startswith("KNiF3"):
                break
        assert "target 1.770 eV" in found
        assert "prediction" in found

    def test_points_stand_where_their_numbers_are(self, submission: BoardVisit) -> None:
        """On the axes that the ticks make, the point of an entry is at its target and its prediction."""
        submission.drawn("#plot-parity")
        page = submission.page
        page.check('input[value="linear"]')
        submission.wait_until("document.querySelector('#plot-parity .tick').textContent === '0'")
        ticks = page.evaluate(
            """() => [...document.querySelectorAll('#plot-parity text.tick')].map((tick) => {
              const of = (name) => tick.getAttribute(name);
              return [Number(tick.textContent.replace('−', '-')), Number(of('x')), Number(of('y')), of('text-anchor')];
            })"""
        )
        across = [(value, x) for value, x, _, anchor in ticks if anchor == "middle"]
        (low, x_low), (high, x_high) = across[0], across[-1]
        points = page.eval_on_selector_all(
            "#plot-parity > svg circle.point", "all => all.map((one) => Number(one.getAttribute('cx')))"
        )
        targets = [low + (x - x_low) * (high - low) / (x_high - x_low) for x in points]
        entries = load().filter(published_split="test")
        known = sorted(e.migration_barrier for e in entries if e.mobile_ion in ("Li", "Na", "K", "Rb"))
        assert sorted(targets) == pytest.approx(known, abs=0.02)
        page.check('input[value="log"]')

    def test_protocol_switch(self, submission: BoardVisit, board: Board) -> None:
        page = submission.page
        points = "document.querySelectorAll('#plot-parity > svg .point').length"
        page.select_option("#protocol", "host-10fold")
        submission.wait_until(f"{points} === 615")
        # MODEL-3 has no predictions for this protocol: the page takes the first that has.
        assert page.input_value("#other") == order(board, "host-10fold")[0]
        page.go_back()
        submission.wait_until(f"{points} === 60")
        assert page.input_value("#other") == "model-3"

    def test_tables_are_those_of_the_protocol(self, submission: BoardVisit, board: Board) -> None:
        page = submission.page
        page.select_option("#protocol", "prototype-10fold")
        page.wait_for_selector("html[data-protocol='prototype-10fold']")
        mae = next(r for r in protocol(board, "prototype-10fold")["rows"] if r["slug"] == "pathway-stack")["metrics"][
            "mae"
        ]
        assert f"{mae['value']:.3f}" in page.inner_text('#metrics tr[data-metric="mae"]')
        page.select_option("#protocol", "published")
        page.wait_for_selector("html[data-protocol='published']")
        page.select_option("#other", "model-3")

    def test_predictions_are_saved_as_submitted(self, submission: BoardVisit) -> None:
        page = submission.page
        submission.wait_until("document.getElementById('download').download === 'pathway-stack-published.csv'")
        with page.expect_download() as saving:
            page.click("#download")
        saved = read_csv(saving.value.path().read_text(encoding="utf-8"))
        with (SUBMISSIONS / "pathway-stack" / "published.csv").open(encoding="utf-8") as file:
            submitted = read_csv(file.read())
        assert {name: float(row["prediction"]) for name, row in saved.items()} == pytest.approx(
            {name: float(row["prediction"]) for name, row in submitted.items()}, abs=1e-6
        )

    def test_the_strip_leads_to_its_protocols(self, submission: BoardVisit) -> None:
        submission.page.click('#strip a[data-protocol="prototype-10fold"]')
        submission.wait_until("document.querySelector('#protocol').value === 'prototype-10fold'")
        submission.page.go_back()
        submission.wait_until("document.querySelector('#protocol').value === 'published'")
        # A link within the page keeps the state.
        submission.page.click('a[href="#metrics"]')
        submission.wait_until("location.hash === '#metrics'")
        assert "protocol=published" in submission.address


@pytest.mark.parametrize("name", ["index.html", "submissions/orb-v3.html"])
def test_fits_a_phone(browser: Browser, site: Path, name: str) -> None:
    with visit(browser, (site / name).as_uri(), own=site.as_uri(), width=390) as found:
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
        if name == "index.html":
            top = found.page.eval_on_selector(".panel.chosen tbody tr", "row => row.getBoundingClientRect().top")
            assert top < 600  # results first


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "submissions/orb-v3.html"])
def test_contrast(browser: Browser, site: Path, name: str, dark: bool) -> None:
    with visit(browser, (site / name).as_uri(), own=site.as_uri(), dark=dark) as found:
        worst = found.page.evaluate(CONTRASTS)
        assert worst[0][0] >= CONTRAST, worst


@pytest.mark.parametrize(
    "name",
    ["index.html", "entries.html", "entries/LiMnPO4F/index.html", "predict.html", "method.html"]
    + [f"submissions/{slug}.html" for slug in ("pathway-stack", "chgnet")],
)
def test_prints_whole(browser: Browser, site: Path, name: str) -> None:
    """On A4 with the margins that browsers leave, no table or chart is cut, and tables keep their heads."""
    with watched(browser, BoardVisit, own=site.as_uri(), patience=60.0) as found:
        found.page.goto(f"{site.as_uri()}/{name}")
        if name not in ("predict.html", "method.html"):
            found.page.wait_for_selector("html[data-ready]")
        found.resize(718)
        found.page.emulate_media(media="print")
        found.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        found.settle()
        assert found.page.evaluate("document.documentElement.scrollWidth") <= 718
        empty = "all => all.filter((head) => head.checkVisibility() && !head.innerText.trim()).length"
        assert found.page.eval_on_selector_all("thead th", empty) == 0
        shown = found.page.locator(".bar:visible")
        if shown.count():
            adjusted = (
                "bar => [null, '::before', '::after'].map((part) => getComputedStyle(bar, part).printColorAdjust)"
            )
            assert shown.first.evaluate(adjusted) == ["exact"] * 3


def test_slim_pages_are_the_same_pages(browser: Browser) -> None:
    """A browser makes the same elements and texts of both, but for spaces between cells and rows."""
    shape = """(page) => {
      const part = new DOMParser().parseFromString(page, "text/html").body.firstElementChild;
      const text = (node) => (node.parentElement.closest("pre") ? node.data : node.data.replace(/\\s+/g, " ").trim());
      const told = (node) => (node.nodeType === 3
        ? [text(node)].filter((line) => line)
        : [[node.tagName, ...[...node.childNodes].flatMap(told)]]);
      return told(part);
    }"""
    page = browser.new_page()
    wide, slim = (page.evaluate(shape, text) for text in (WIDE, SLIM))
    page.close()
    assert slim == wide
    assert "  kept\n    " in str(wide).replace("\\n", "\n")


def test_from_a_server(browser: Browser, site: Path, board: Board) -> None:
    with served(site) as address:
        with visit(browser, address, own=address) as found:
            assert found.shown() == order(board, "host-10fold")
        with visit(browser, f"{address}submissions/m3gnet.html", own=address) as found:
            found.drawn("#plot-comparison")


def test_runs_nothing_that_a_submission_says(browser: Browser, attacked_site: Path) -> None:  # noqa: F811
    for name in ("index.html", "submissions/model-3.html"):
        with visit(browser, (attacked_site / name).as_uri(), own=attacked_site.as_uri()) as found:
            assert found.page.locator("img").count() == 0
            for plot in ("#plot-parity", "#plot-comparison"):
                if found.page.locator(plot).count():
                    found.drawn(plot)
            assert (
                found.page.locator("script:not([src]):not([type='application/json']):not([type='text/plain'])").count()
                == 0
            )

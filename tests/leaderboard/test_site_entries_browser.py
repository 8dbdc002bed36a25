"""The entry explorer and the page on the method in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

import embench
from embench.leaderboard.board import Board
from tests.browser import Visit, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("jinja2")
pytest.importorskip("plotly")
pytest.importorskip("pymatgen")
pytestmark = pytest.mark.xdist_group("board")

# Software draws the 3D views here, beside other tests.
PATIENCE = 180.0  # s


@pytest.fixture(scope="module")
def site(explorer: Path) -> Path:
    return explorer


class SiteVisit(Visit):
    """An open page of the site."""

    site: Path

    def open(self, address: str) -> None:
        self.page.goto(f"{self.site.as_uri()}/{address}")

    def open_entry(self, entry_id: str, *, drawn: bool = True) -> None:
        """Lead the page to an entry and wait until it is shown, and drawn."""
        self.page.evaluate("hash => { location.hash = hash; }", quote(entry_id, safe=""))
        self.wait_until("id => document.documentElement.dataset.entry === id", entry_id)
        if drawn:
            self.page.wait_for_selector("#structure[data-drawn]")

    def rows(self) -> list[str]:
        """Return the entries that the table shows, in their order."""
        found: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('#entries tbody tr')].filter(r => !r.hidden).map(r => r.dataset.id)"
        )
        return found


@contextmanager
def visit(browser: Browser, site: Path, address: str, *, width: int = 1400) -> Iterator[SiteVisit]:
    with watched(browser, SiteVisit, own=site.as_uri(), patience=PATIENCE, width=width) as found:
        found.site = site
        found.open(address)
        yield found


@pytest.fixture(scope="module")
def table(browser: Browser, site: Path) -> Iterator[SiteVisit]:
    """The table of entries at a desk."""
    with visit(browser, site, "entries.html") as found:
        yield found


@pytest.fixture(scope="module")
def olivine(browser: Browser, site: Path) -> Iterator[SiteVisit]:
    """The view of one entry, opened by its address."""
    with visit(browser, site, "entries.html#O-LiFePO4") as found:
        found.page.wait_for_selector("#structure[data-drawn]")
        found.page.wait_for_selector("#plot-energy[data-drawn]")
        yield found


class TestTable:
    def test_shows_every_entry(self, table: SiteVisit) -> None:
        table.open("entries.html")
        assert len(table.rows()) == 619
        assert table.page.locator("#filter-count").text_content() == "All 619 entries"

    def test_filters_together_and_keeps_them_in_the_address(self, table: SiteVisit) -> None:
        page = table.page
        page.select_option("#filter-ion", "Na")
        page.select_option("#filter-flag", "duplicate")
        page.fill("#filter-search", "vp2o7")
        data = embench.load().filter(mobile_ion="Na", include_flags=["duplicate"])
        assert table.rows() == [entry_id for entry_id in data.entry_ids if "VP2O7" in entry_id]
        assert len(table.rows()) == 2  # FACTS: b-NaVP2O7_1/2
        assert page.url.endswith("#?search=vp2o7&ion=Na&flag=duplicate")
        page.fill("#filter-search", "no such thing")
        assert page.locator("#filter-none").is_visible()
        page.click("#filter-reset")
        assert len(table.rows()) == 619

    def test_address_sets_the_filters(self, table: SiteVisit) -> None:
        table.page.evaluate("() => { location.hash = '?flag=structure_corrupt'; }")
        table.wait_until("() => document.getElementById('filter-flag').value === 'structure_corrupt'")
        assert table.rows() == ["Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3"]  # FACTS
        table.page.evaluate("() => { location.hash = ''; }")
        table.wait_until("() => document.getElementById('filter-flag').value === ''")

    def test_sorts_by_keyboard(self, table: SiteVisit) -> None:
        head = table.page.locator("#entries thead th").nth(5)
        head.locator("button").focus()
        table.page.keyboard.press("Enter")
        assert table.rows()[0] == "LiRuO2_1"  # FACTS: 8.77 eV
        assert head.get_attribute("aria-sort") == "descending"
        table.page.keyboard.press("Enter")
        assert table.rows()[-1] == "LiRuO2_1"
        error = table.page.locator("#entries thead th").nth(7).locator("button")
        error.click()
        error.click()
        assert set(table.rows()[-3:]) == {f"Na4MnAlP3O12_{number}" for number in (1, 2, 3)}  # scored nowhere, so last

    def test_fits_a_phone(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "entries.html", width=390) as found:
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
            found.open_entry("Na2MnO3_2")
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


class TestEntry:
    def test_address_leads_to_the_entry(self, olivine: SiteVisit) -> None:
        assert olivine.page.locator("#entry-title").text_content() == "O-LiFePO4"
        assert olivine.page.title() == "O-LiFePO4 – embench"
        assert not olivine.page.locator("#list").is_visible()
        entry = embench.load()["O-LiFePO4"]
        assert f"{entry.migration_barrier:.3f} eV" in (olivine.page.locator("#entry-lead").text_content() or "")

    def test_draws_atoms_where_pymatgen_has_them(self, olivine: SiteVisit) -> None:
        """The centres of the drawn spheres of phosphorus are sites of the structure, 1.5 Å from their four oxygens."""
        spheres = olivine.page.evaluate(
            """() => Object.fromEntries(document.getElementById('structure').data
              .filter(trace => /^(P|O|Fe), /.test(trace.name)).map(trace => {
                const n = 162, centres = [];  // vertices of one sphere
                for (let at = 0; at < trace.x.length; at += n) {
                  const mean = axis => axis.slice(at, at + n).reduce((sum, value) => sum + value, 0) / n;
                  centres.push([mean(trace.x), mean(trace.y), mean(trace.z)]);
                }
                return [trace.name.split(',')[0], centres];
              }))"""
        )
        structure = embench.load()["O-LiFePO4"].structure()
        assert set(spheres) == {"Fe", "O", "P"}
        for element, centres in spheres.items():
            for centre in centres:
                near = structure.get_sites_in_sphere(centre, 0.01)
                assert [site.specie.symbol for site in near] == [element]
        for centre in spheres["P"]:
            assert (
                len([o for o in spheres["O"] if sum((a - b) ** 2 for a, b in zip(centre, o, strict=True)) < 1.7**2])
                == 4
            )

    def test_hover_tells_the_element(self, olivine: SiteVisit) -> None:
        text = olivine.page.evaluate(
            "() => document.getElementById('structure').data.find(trace => /^Fe, /.test(trace.name)).text[0]"
        )
        assert text.startswith("<b>Fe</b>, site ")
        assert text.endswith(" Å from the path")

    def test_legend_names_what_is_drawn(self, olivine: SiteVisit) -> None:
        legend = olivine.page.locator("#legend").text_content() or ""
        assert all(f"{element} {role}" in legend for element, role in (("P", "polyanion centre"), ("O", "anion")))

    def test_choices_change_the_drawing(self, olivine: SiteVisit) -> None:
        page = olivine.page
        traces = "() => document.getElementById('structure').data.map(trace => trace.meta ?? trace.name)"
        assert "polyhedra" in page.evaluate(traces)
        page.uncheck("#structure-controls input[value=polyhedra]")
        page.check("#structure-controls input[value=cell]")
        olivine.wait_until(f"() => ({traces})().includes('cell') && !({traces})().includes('polyhedra')")
        drawn = "() => document.getElementById('structure').data.find(trace => /^O, /.test(trace.name)).x.length"
        page.select_option("#reach", "3")
        few = page.evaluate(drawn)
        page.select_option("#reach", "5")
        olivine.wait_until(f"few => ({drawn})() > few", few)

    def test_turns_by_keyboard(self, olivine: SiteVisit) -> None:
        eye = "() => JSON.stringify(document.getElementById('structure')._fullLayout.scene._scene.getCamera().eye)"
        before = olivine.page.evaluate(eye)
        olivine.page.focus("#structure")
        olivine.page.keyboard.press("ArrowRight")
        olivine.wait_until(f"before => ({eye})() !== before", before)

    def test_every_system_with_its_error(self, olivine: SiteVisit, board: Board) -> None:
        page = olivine.page
        target = embench.load()["O-LiFePO4"].migration_barrier
        for section in board.content["protocols"]:
            if "O-LiFePO4" not in {
                e["entry_id"] for e in board.details[section["rows"][0]["slug"], section["name"]]["entries"]
            }:
                continue
            page.select_option("#protocol", section["name"])
            rows = page.locator("#prediction-rows tr")
            assert rows.count() == len(section["rows"])
            for place in (0, len(section["rows"]) - 1):
                entries = board.details[section["rows"][place]["slug"], section["name"]]["entries"]
                prediction = next(e["prediction"] for e in entries if e["entry_id"] == "O-LiFePO4")
                cells = [(cell or "").replace("−", "-") for cell in rows.nth(place).locator("td").all_text_contents()]
                assert cells[2].startswith(f"{prediction:.3f}")
                assert float(cells[3]) == pytest.approx(prediction - target, abs=6e-4)

    def test_dots_stand_where_their_numbers_are(self, olivine: SiteVisit) -> None:
        """On the axis that the ticks make, each dot is at its prediction and the line at the label."""
        olivine.page.select_option("#protocol", "host-10fold")
        found = olivine.page.evaluate(
            """() => {
              const middle = node => { const box = node.getBoundingClientRect(); return box.x + box.width / 2; };
              const ticks = [...document.querySelectorAll('#prediction-axis b')];
              const number = text => Number(text.replace('−', '-'));
              const rows = [...document.querySelectorAll('#prediction-rows tr')];
              const inside = rows.filter(row => !row.querySelector('[class*=beyond]'));
              return {
                ticks: ticks.map(tick => [number(tick.textContent), middle(tick)]),
                dots: inside.map(row => [
                  number(row.cells[3].firstChild.textContent), middle(row.querySelector('.dot')),
                ]),
                line: middle(document.querySelector('#prediction-rows .label-line')),
              };
            }"""
        )
        (low, x_low), (high, x_high) = found["ticks"][0], found["ticks"][-1]
        pixels = (x_high - x_low) / (high - low)
        assert len(found["dots"]) > 3
        for value, x in found["dots"]:
            assert x == pytest.approx(x_low + (value - low) * pixels, abs=2.0)
        target = embench.load()["O-LiFePO4"].migration_barrier
        assert found["line"] == pytest.approx(x_low + (target - low) * pixels, abs=2.0)

    def test_order_by_error(self, olivine: SiteVisit) -> None:
        olivine.page.check("input[name=order][value=error]")
        errors = [
            abs(float((text or "").replace("−", "-")))
            for text in olivine.page.locator("#prediction-rows tr td:last-child").all_text_contents()
        ]
        assert errors == sorted(errors)
        olivine.page.check("input[name=order][value=rank]")

    def test_profiles_are_drawn(self, olivine: SiteVisit) -> None:
        for plot in ("plot-distances", "plot-energy"):
            assert olivine.page.locator(f"#{plot} .scatterlayer .trace").count() >= 2
            assert "(Å)" in (olivine.page.locator(f"#{plot} .xtitle").text_content() or "")

    def test_flags_are_explained_and_neighbours_linked(self, olivine: SiteVisit) -> None:
        olivine.open_entry("LiAlPO4F_3", drawn=False)
        page, entry = olivine.page, embench.load()["LiAlPO4F_3"]
        assert page.locator("#entry-flags li").count() == len(entry.flags) > 0
        from embench.schema import FLAGS

        shown = page.locator("#flag-list").text_content() or ""
        for flag in FLAGS:
            assert (flag.description in shown) == (flag.name in entry.flags)
        first = page.locator("#neighbours-rows tr").first
        assert "LiAlPO4F_2" in (first.text_content() or "")  # FACTS: the same hop under another name
        assert "0.534" in (first.text_content() or "")
        first.locator("a").click()
        olivine.wait_until("() => document.documentElement.dataset.entry === 'LiAlPO4F_2'")
        page.go_back()
        olivine.wait_until("() => document.documentElement.dataset.entry === 'LiAlPO4F_3'")

    def test_an_encoded_name_and_the_way_back(self, olivine: SiteVisit) -> None:
        olivine.page.evaluate("() => { location.hash = 'Ca0%2E5Co2P3O12'; }")
        olivine.wait_until("() => document.documentElement.dataset.entry === 'Ca0.5Co2P3O12'")
        olivine.page.click("#to-list")
        olivine.wait_until("() => !document.getElementById('list').hidden")
        assert len(olivine.rows()) == 619

    def test_unknown_entry(self, olivine: SiteVisit) -> None:
        olivine.page.evaluate("() => { location.hash = '%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'; }")
        olivine.page.wait_for_selector("#list-trouble:not([hidden])")
        assert "<img src=x onerror=alert(1)>" in (olivine.page.locator("#list-trouble").text_content() or "")
        assert olivine.page.locator("img").count() == 0

    def test_scored_in_no_protocol(self, olivine: SiteVisit) -> None:
        olivine.open_entry("Na4MnAlP3O12_1", drawn=False)
        assert "in no protocol" in (olivine.page.locator("#prediction-note").text_content() or "")
        assert not olivine.page.locator("#prediction-table").is_visible()

    def test_dark_colours(self, olivine: SiteVisit) -> None:
        background = "getComputedStyle(document.body).backgroundColor"
        light = olivine.page.evaluate(background)
        olivine.page.click("#theme-switch")
        assert olivine.page.evaluate(background) != light
        olivine.page.click("#theme-switch")


class TestMethod:
    def test_draws_its_plots_and_leads_to_submitting(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "method.html#submit") as found:
            found.page.wait_for_selector("html[data-drawn]")
            assert found.page.locator(".plot[data-drawn]").count() == found.page.locator("[data-figure]").count() >= 3
            assert found.page.locator('[data-figure="distribution"] .bars .point').count() > 10
            assert 0 <= found.page.evaluate("document.getElementById('submit').getBoundingClientRect().top") < 900

    def test_fits_a_phone(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "method.html", width=390) as found:
            found.page.wait_for_selector("html[data-drawn]")
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390

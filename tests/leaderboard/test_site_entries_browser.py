"""The entry explorer and the page on the method in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import embench
from embench.leaderboard.board import Board
from tests.browser import Visit, watched
from tests.leaderboard.conftest import SUBMISSIONS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest.importorskip("jinja2")
pytest.importorskip("PIL")
pytest.importorskip("pymatgen")
pytestmark = pytest.mark.xdist_group("board")

PATIENCE = 120.0  # s


class SiteVisit(Visit):
    """An open page of the site."""

    site: Path

    def open(self, address: str) -> None:
        self.page.goto(f"{self.site.as_uri()}/{address}")
        self.page.wait_for_selector("html[data-ready]")

    def rows(self) -> list[str]:
        """Return the entries that the page of the list shows, in their order."""
        found: list[str] = self.page.eval_on_selector_all(
            "#entries tbody th", "all => all.map((one) => one.textContent)"
        )
        return found

    def count(self) -> int:
        """Return how many entries fit the filters."""
        return int(self.page.evaluate("document.documentElement.dataset.found"))


@contextmanager
def visit(browser: Browser, site: Path, address: str, *, width: int = 1400) -> Iterator[SiteVisit]:
    with watched(browser, SiteVisit, own=site.as_uri(), patience=PATIENCE, width=width) as found:
        found.site = site
        found.open(address)
        yield found


@pytest.fixture(scope="module")
def table(browser: Browser, site: Path) -> Iterator[SiteVisit]:
    """The list of entries at a desk."""
    with visit(browser, site, "entries.html") as found:
        yield found


@pytest.fixture(scope="module")
def olivine(browser: Browser, site: Path) -> Iterator[SiteVisit]:
    """The page of one entry."""
    with visit(browser, site, "entries/O-LiFePO4/index.html") as found:
        yield found


class TestList:
    def test_shows_pages_of_all_entries(self, table: SiteVisit) -> None:
        table.open("entries.html")
        assert table.count() == 619
        assert len(table.rows()) == 50
        table.page.click("#page-on")
        assert "page 2 of 13" in table.page.inner_text("#pages")
        assert table.address.endswith("?page=2")
        table.page.go_back()
        table.wait_until("document.getElementById('page-place').textContent === 'page 1 of 13'")

    def test_the_first_page_is_there_before_the_script(self, table: SiteVisit) -> None:
        """What the template writes is what the script would write."""
        table.open("entries.html")
        body = "document.querySelector('#entries tbody').innerHTML.replace(/\\s*\\n\\s*/g, '')"
        written = table.page.evaluate(body)
        table.page.click("#page-on")
        assert table.page.evaluate(body) != written
        table.page.click("#page-back")
        assert table.page.evaluate(body) == written

    def test_filters_together_and_keeps_them_in_the_address(self, table: SiteVisit) -> None:
        page = table.page
        table.open("entries.html")
        page.select_option("#filter-ion", "Na")
        page.select_option("#filter-flag", "duplicate")
        page.fill("#filter-search", "vp2o7")
        data = embench.load().filter(mobile_ion="Na", include_flags=["duplicate"])
        assert table.rows() == [entry_id for entry_id in data.entry_ids if "VP2O7" in entry_id]
        assert len(table.rows()) == 2  # FACTS: b-NaVP2O7_1/2
        assert table.address.endswith("?search=vp2o7&ion=Na&flag=duplicate")
        page.fill("#filter-search", "no such thing")
        assert page.locator("#filter-none").is_visible()
        page.click("#filter-reset")
        assert table.count() == 619

    def test_ranges_and_compounds(self, table: SiteVisit) -> None:
        table.open("entries.html?barrier-low=7")
        assert set(table.rows()) == {"LiRuO2_1", "RuO2_Li_1"}  # FACTS: 8.77 and 7.47 eV
        table.open("entries.html?search=LiFePO%E2%82%84")
        data = embench.load()
        assert "O-LiFePO4" in table.rows()
        # The same amounts, whatever the order.
        assert {data[name].composition for name in table.rows()} == {"LiFePO4", "FePO4(Li)"}
        table.open("entries.html?search=Mg2%2B")
        assert table.count() == 106  # FACTS: Mg 92 + 14

    def test_address_sets_the_filters(self, table: SiteVisit) -> None:
        table.open("entries.html?flag=structure_corrupt")
        assert table.rows() == ["Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3"]  # FACTS

    def test_sorts_by_keyboard(self, table: SiteVisit) -> None:
        table.open("entries.html")
        head = table.page.locator('#entries thead th[data-column="barrier"]')
        head.locator("button").focus()
        table.page.keyboard.press("Enter")
        assert table.rows()[0] == "LiRuO2_1"  # FACTS: 8.77 eV
        assert head.get_attribute("aria-sort") == "descending"
        table.open("entries.html?sort=error+ascending&page=13")
        # Scored nowhere, so last.
        assert set(table.rows()[-3:]) == {f"Na4MnAlP3O12_{number}" for number in (1, 2, 3)}

    def test_addresses_of_the_first_version_lead_to_the_entry(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "entries.html#Ca0.5Co2P3O12") as found:
            found.page.wait_for_url("**/entries/Ca0.5Co2P3O12/index.html")

    def test_fits_a_phone(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "entries.html", width=390) as found:
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390
            assert found.page.evaluate("document.documentElement.scrollHeight") < 12000
            found.open("entries/Na2MnO3_2/index.html")
            assert found.page.evaluate("document.documentElement.scrollWidth") <= 390


class TestEntry:
    def test_draws_the_atoms_in_the_colours_of_their_elements(self, olivine: SiteVisit) -> None:
        olivine.settle()
        assert int(olivine.page.get_attribute("#structure", "data-drawn") or 0) > 30
        red, safe = (
            olivine.page.evaluate(
                """safe => {
                  const {viewer} = embenchEntry;
                  viewer.set({safe});
                  return viewer.colourOf('O');
                }""",
                safe,
            )
            for safe in (False, True)
        )
        assert red == "#ff0d0d"  # Jmol's oxygen
        assert safe == "#d55e00"  # Okabe and Ito's vermilion
        olivine.page.evaluate("embenchEntry.viewer.set({safe: false})")

    def test_the_canvas_shows_something(self, olivine: SiteVisit) -> None:
        """Phosphorus is drawn in Jmol's orange, oxygen in red."""
        olivine.settle()  # the choice of colours above is painted in the next frame
        colours = olivine.page.evaluate(
            """() => {
              const canvas = document.getElementById('structure');
              const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let [red, orange] = [0, 0];
              for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] < 200) continue;
                if (data[i] > 180 && data[i + 1] < 40 && data[i + 2] < 40) red += 1;
                if (data[i] > 180 && data[i + 1] > 90 && data[i + 1] < 150 && data[i + 2] < 60) orange += 1;
              }
              return [red, orange];
            }"""
        )
        assert min(colours) > 100

    def test_legend_names_what_is_drawn(self, olivine: SiteVisit) -> None:
        legend = olivine.page.locator("#legend").text_content() or ""
        assert all(f"{element} {role}" in legend for element, role in (("P", "polyanion centre"), ("O", "anion")))

    def test_choices_change_the_drawing(self, olivine: SiteVisit) -> None:
        page = olivine.page

        def drawn() -> int:
            olivine.settle()
            return int(page.get_attribute("#structure", "data-drawn") or 0)

        page.select_option("#reach", "3")
        near = drawn()
        page.select_option("#reach", "5")
        far = drawn()
        page.uncheck("#structure-controls input[value=polyhedra]")
        assert 0 < near < far
        assert drawn() < far
        page.check("#structure-controls input[value=polyhedra]")
        assert drawn() == far

    def test_turns_by_keyboard(self, olivine: SiteVisit) -> None:
        look = "() => JSON.stringify(embenchEntry.viewer.state.look.towards)"
        before = olivine.page.evaluate(look)
        olivine.page.focus("#structure")
        olivine.page.keyboard.press("ArrowRight")
        olivine.wait_until(f"before => ({look})() !== before", before)

    def test_every_system_with_its_error(self, olivine: SiteVisit, board: Board) -> None:
        page = olivine.page
        target = embench.load()["O-LiFePO4"].migration_barrier
        for section in board.content["protocols"]:
            details = {row["slug"]: board.details[row["slug"], section["name"]]["entries"] for row in section["rows"]}
            if "O-LiFePO4" not in {e["entry_id"] for e in next(iter(details.values()))}:
                continue
            page.select_option("#protocol", section["name"])
            rows = page.locator("#prediction-rows tr")
            assert rows.count() == len(section["rows"])
            for place in (0, len(section["rows"]) - 1):
                entries = details[section["rows"][place]["slug"]]
                prediction = next(e["prediction"] for e in entries if e["entry_id"] == "O-LiFePO4")
                cells = [(cell or "").replace("−", "-") for cell in rows.nth(place).locator("td").all_text_contents()]
                assert cells[2].startswith(f"{prediction:.3f}")
                assert float(cells[3]) == pytest.approx(prediction - target, abs=1e-3)

    def test_order_by_error(self, olivine: SiteVisit) -> None:
        olivine.page.check("input[name=order][value=error]")
        errors = [
            abs(float((text or "").replace("−", "-")))
            for text in olivine.page.locator("#prediction-rows tr td:last-child").all_text_contents()
        ]
        assert errors == sorted(errors)
        olivine.page.check("input[name=order][value=rank]")

    def test_charts_are_drawn(self, olivine: SiteVisit) -> None:
        for plot in ("plot-distances", "plot-energy"):
            olivine.page.locator(f"#{plot}").scroll_into_view_if_needed()
            olivine.page.wait_for_selector(f"#{plot}[data-drawn]")
            assert olivine.page.locator(f"#{plot} > svg path").count() >= 2
            assert "(Å)" in (olivine.page.locator(f"#{plot} .x-title").text_content() or "")

    @pytest.mark.parametrize(("button", "format"), [("cif", "cif"), ("poscar", "vasp"), ("extxyz", "extxyz")])
    def test_saved_files_are_the_structure(self, olivine: SiteVisit, tmp_path: Path, button: str, format: str) -> None:
        """As ASE reads them: the sites of the dataset, the ion first or grouped with its element."""
        from ase.io import read

        with olivine.page.expect_download() as saving:
            olivine.page.click(f"[data-save={button}]")
        path = tmp_path / f"entry.{button}"
        saving.value.save_as(path)
        entry = embench.load()["O-LiFePO4"]
        expected = entry.atoms()
        # A band is read from its first image on; POSCARs stand one after the other.
        atoms = read(path, format=format, index=0)
        assert sorted(atoms.get_chemical_symbols()) == sorted(expected.get_chemical_symbols())
        assert atoms.cell.cellpar() == pytest.approx(expected.cell.cellpar(), abs=1e-3)
        # The distances from the ion to its neighbours do not depend on how the cell stands in space.
        near = [np.sort(each.get_distances(0, list(range(1, len(each))), mic=True))[:8] for each in (atoms, expected)]
        assert near[0] == pytest.approx(near[1], abs=3e-3)

    def test_saved_json(self, olivine: SiteVisit, tmp_path: Path) -> None:
        with olivine.page.expect_download() as saving:
            olivine.page.click("[data-save=json]")
        found = json.loads(saving.value.path().read_text(encoding="utf-8"))
        assert (found["entry_id"], found["migration_barrier"]) == ("O-LiFePO4", 0.27)
        assert len(found["species"]) == len(found["frac_coords"]) == found["n_sites"]

    def test_flags_relatives_and_the_way_back(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "entries/LiAlPO4F_3/index.html") as found:
            entry = embench.load()["LiAlPO4F_3"]
            assert found.page.locator("#flag-list dt").count() == len(entry.flags) > 0
            first = found.page.locator("#neighbours tbody a").first
            assert first.text_content() == "LiAlPO4F_2"  # FACTS: the same hop under another name
            found.follow(first, "**/LiAlPO4F_2/index.html")
            found.page.go_back()
            found.page.wait_for_url("**/LiAlPO4F_3/index.html")

    def test_without_scripts(self, browser: Browser, site: Path, olivine: SiteVisit) -> None:
        """Label, path, predictions and relatives are read without scripts; with them the plain table is not there."""
        address = f"{site.as_uri()}/entries/O-LiFePO4/index.html"
        with watched(browser, Visit, own=site.as_uri(), patience=PATIENCE, java_script_enabled=False) as found:
            found.page.goto(address)
            text = found.page.inner_text("main")
            assert "Em = 0.270 eV" in text
            assert "Relaxed path: " in text
            assert found.page.locator("noscript td").count() == 5
            assert found.page.locator("#neighbours tbody a:visible").count() >= 5
        assert "Relaxed path: " not in olivine.page.inner_text("main")

    def test_scored_in_no_protocol(self, browser: Browser, site: Path) -> None:
        with visit(browser, site, "entries/Na4MnAlP3O12_1/index.html") as found:
            assert "in no protocol" in (found.page.locator("#prediction-note").text_content() or "")
            assert not found.page.locator("#prediction-table").is_visible()


class TestScoring:
    def test_a_dropped_file(self, browser: Browser, site: Path, board: Board) -> None:
        with visit(browser, site, "score.html") as found:
            page = found.page
            page.select_option("#protocol", "published")
            page.set_input_files("#file", SUBMISSIONS / "model-3" / "published.csv")
            page.wait_for_selector("html[data-scored]")
            # FACTS: MODEL-3 has a MAE of 0.2607 eV.
            assert float(page.get_attribute("html", "data-scored") or 0) == pytest.approx(0.2607, abs=5e-5)
            assert "0.261 eV" in page.inner_text("#tiles")
            assert page.locator("#worst tbody tr").count() == 10

    def test_a_file_that_is_none(self, browser: Browser, site: Path, tmp_path: Path) -> None:
        bad = tmp_path / "bad.csv"
        bad.write_text("entry_id,prediction\nKNiF3,much\n")
        with visit(browser, site, "score.html") as found:
            found.page.set_input_files("#file", bad)
            found.page.wait_for_selector("#trouble:not([hidden])")
            assert "Line 2" in found.page.inner_text("#trouble")


class TestMethod:
    def test_draws_its_plots_and_leads_to_submitting(self, browser: Browser, site: Path) -> None:
        with watched(browser, Visit, own=site.as_uri(), patience=PATIENCE) as found:
            found.page.goto(f"{site.as_uri()}/method.html")
            for plot in found.page.locator("[data-figure]").all():
                plot.scroll_into_view_if_needed()
            found.wait_until("!document.querySelector('[data-figure]:not([data-drawn])')")
            assert found.page.locator('[data-figure="distribution"] rect.point').count() > 10

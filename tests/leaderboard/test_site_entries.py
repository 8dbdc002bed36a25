"""The entry explorer as files: what it draws of a structure, what it says, and that it is safe and always the same."""

from __future__ import annotations

import copy
import csv
import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

import embench
from embench.errors import StaleFileError
from embench.leaderboard.board import Board
from embench.leaderboard.site.entries import entry_address, filter_address, write_entries
from embench.leaderboard.site.entries.formulas import marked, subscripted
from embench.leaderboard.site.entries.paths import (
    STORED,
    check_paths,
    drawn_path,
    paths_of,
    read_paths,
    structure_of,
    write_paths,
)
from embench.leaderboard.site.entries.records import SHOWN_COLUMNS
from embench.leaderboard.site.entries.single import waiting_time
from embench.leaderboard.site.entries.trust import trust
from tests.leaderboard.conftest import SUBMISSIONS, data_of, unpacked

pytest.importorskip("jinja2")
pytest.importorskip("pymatgen")
pytest.importorskip("scipy")
pytestmark = pytest.mark.xdist_group("board")

STATIC = Path(__file__).parents[2] / "embench" / "leaderboard" / "site" / "static"
REACH = 5.0  # Å: how far from the path atoms are drawn
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
# Names with the characters that addresses reserve, and a name that needs none of that.
ODD_NAMES = ("Fe(CN)4_Na", "x+y.z", "a b", "100%", "#1", "?ion=Na", "é", 'quote"<')


def visible_text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


@pytest.fixture(scope="module")
def data() -> embench.Dataset:
    return embench.load()


@pytest.fixture(scope="module")
def page(site: Path) -> str:
    return (site / "entries.html").read_text(encoding="utf-8")


def record_of(page: Path, start: str) -> Any:
    """Return the record that the page of an entry carries; `start` is that of all records."""
    found = re.search(r'id="record">([^<]*)<', page.read_text(encoding="utf-8"))
    assert found, page
    return unpacked(found[1], start)


@pytest.fixture(scope="module")
def records(site: Path) -> dict[str, Any]:
    start = data_of(site / "assets" / "entry-data.js")["start"]
    return {path.parent.name: record_of(path, start) for path in sorted(site.glob("entries/*/index.html"))}


DRAWN = ("O-LiFePO4", "LiRuO2_1", "Na7P3S11", "Ca1.5Ni2F7_1", "Na2MnO3_2")


@pytest.fixture(scope="module")
def drawn(site: Path, records: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the script of the pages draws of some entries: atoms, bonds, polyhedra, nearest anions on the path."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on the path")
    radii = {element: radius for element, (_, radius) in data_of(site / "assets" / "entry-data.js")["elements"].items()}
    data = tmp_path_factory.mktemp("drawn") / "records.json"
    data.write_text(json.dumps({"radii": radii, "records": [records[name] for name in DRAWN]}))
    script = Path(__file__).parent / "surroundings.mjs"
    done = subprocess.run([node, script, STATIC / "structure.js", data], capture_output=True, text=True, check=True)
    return dict(zip(DRAWN, json.loads(done.stdout), strict=True))


class TestDrawnStructure:
    # An olivine, a path through a metal site, a band that is longer than its minimum image, 1.5 sites to a formula.
    @pytest.mark.parametrize("entry_id", DRAWN[:4])
    def test_atoms_are_those_that_pymatgen_finds(self, data: embench.Dataset, drawn: Any, entry_id: str) -> None:
        """Every atom within reach of the five released images is drawn, with the element and the place it has."""
        structure, found = data[entry_id].structure(), drawn[entry_id]["atoms"]
        places = np.array([atom["at"] for atom in found])
        for image in data[entry_id].images(5):
            for site in structure.get_sites_in_sphere(image[0].coords, REACH - 0.01):
                if np.linalg.norm(site.coords - structure[0].coords) < 0.01:
                    continue  # the migrating ion at the start, which is drawn as the first image
                apart = np.linalg.norm(places - site.coords, axis=1)
                assert apart.min() < 0.006, (entry_id, site)
                assert found[int(apart.argmin())]["element"] == site.specie.symbol
        # And nothing else: each drawn atom is a site of the structure, up to a lattice vector.
        for place, atom in zip(places, found, strict=True):
            shift = structure.lattice.get_fractional_coords(place) - structure[atom["site"]].frac_coords
            assert np.allclose(shift, shift.round(), atol=1e-3)

    def test_phosphates_and_octahedra_of_the_olivine(self, drawn: Any) -> None:
        """P has four O, Fe six: the bonds of the olivine structure."""
        atoms = drawn["O-LiFePO4"]["atoms"]
        partners: dict[int, list[str]] = {}
        for first, second in drawn["O-LiFePO4"]["bonds"]:
            partners.setdefault(first, []).append(atoms[second]["element"])
            partners.setdefault(second, []).append(atoms[first]["element"])
        inside = {n: found for n, found in partners.items() if atoms[n]["distance"] <= REACH}
        assert {len(found) for n, found in inside.items() if atoms[n]["element"] == "P"} == {4}
        assert {len(found) for n, found in inside.items() if atoms[n]["element"] == "Fe"} == {6}
        roles = {atom["element"]: atom["role"] for atom in atoms}
        assert roles == {"Li": "migrating", "P": "centre", "Fe": "metal", "O": "anion"}
        # A closed hull of triangles: the tetrahedron has 4 faces, the octahedron 8.
        faces = {(atoms[p["centre"]]["element"], len(p["triangles"])) for p in drawn["O-LiFePO4"]["polyhedra"]}
        assert faces == {("P", 4), ("Fe", 8)}

    def test_nearest_anions_along_the_path(self, data: embench.Dataset, drawn: Any) -> None:
        oxygen = data["O-LiFePO4"].structure()
        oxygen.remove_species(["Li", "Fe", "P"])
        for place, shown in zip(drawn["O-LiFePO4"]["path"], drawn["O-LiFePO4"]["anion"], strict=True):
            apart = min(site.nn_distance for site in oxygen.get_sites_in_sphere(place, 4.0))
            assert shown == pytest.approx(apart, abs=6e-3)

    def test_metals_alone_are_not_bonded(self, drawn: Any) -> None:
        for found in drawn.values():
            roles = [atom["role"] for atom in found["atoms"]]
            for pair in found["bonds"]:
                assert {roles[n] for n in pair} != {"metal"}
                assert "migrating" not in {roles[n] for n in pair}


class TestPaths:
    def test_stored_paths_are_those_of_the_dataset(self, data: embench.Dataset) -> None:
        check_paths(data)
        assert set(read_paths()) == set(data.entry_ids)

    @pytest.mark.parametrize("entry_id", ["O-LiFePO4", "Na3PS4", "Na7P3S11"])
    def test_stored_path_is_what_is_found_now(self, data: embench.Dataset, entry_id: str) -> None:
        stored, found = read_paths()[entry_id], drawn_path(data[entry_id])
        assert np.allclose(stored.points, found.points, atol=0.02)
        assert stored.length == pytest.approx(found.length, abs=0.02)
        assert stored.energy == pytest.approx(found.energy, abs=0.05)
        assert stored.energy[0] == 0.0

    def test_what_belongs_to_another_structure_is_found_anew(self, data: embench.Dataset, tmp_path: Path) -> None:
        stored = read_paths()["Na3PS4"]
        file = tmp_path / "paths.json"
        write_paths({"Na3PS4": replace(stored, structure="other", length=99.0)}, file)
        with pytest.raises(StaleFileError, match="Na3PS4"):
            check_paths([data["Na3PS4"]], file)
        found = paths_of([data["Na3PS4"]], file=file)["Na3PS4"]
        assert found.length == pytest.approx(stored.length, abs=0.02)
        assert found.structure == structure_of(data["Na3PS4"])
        assert read_paths(tmp_path / "none.json") == {}

    def test_command(self, tmp_path: Path) -> None:
        from typer.testing import CliRunner

        from embench.cli.app import app

        found = CliRunner().invoke(app, ["leaderboard", "paths", "--check"])
        assert found.exit_code == 0
        assert "up to date" in found.output
        failed = CliRunner().invoke(app, ["leaderboard", "paths", "--check", "--out", str(tmp_path / "none.json")])
        assert isinstance(failed.exception, StaleFileError)

    def test_written_as_read(self, tmp_path: Path) -> None:
        write_paths(read_paths(), tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == STORED.read_bytes()


class TestTable:
    def test_a_page_for_every_entry(self, site: Path, data: embench.Dataset) -> None:
        assert {path.parent.name for path in site.glob("entries/*/index.html")} == set(data.entry_ids)
        assert data_of(site / "entries" / "index.js")["id"] == list(data.entry_ids)

    def test_filters_count_what_is_there(self, page: str) -> None:
        # FACTS: Li 154 + 21, GGA+U 45, three corrupt structures, 60 test entries; of 1.1.0: 34 suspect labels.
        for option in ("Li (175)", "Sr (2)", "GGA+U (45)", "structure corrupt (3)", "test (60)", "label suspect (34)"):
            assert f">{option}<" in page

    def test_figures_of_an_entry(self, site: Path) -> None:
        found = data_of(site / "entries" / "index.js")
        place = found["id"].index("LiRuO2_1")
        assert found["barrier"][place] == 8.77  # FACTS
        flags = [found["flag_names"][flag] for flag in found["flags"][place]]
        assert "path_through_metal_site" in flags

    def test_addresses_survive_any_name(self, data: embench.Dataset) -> None:
        from urllib.parse import unquote, urlsplit

        for name in (*ODD_NAMES, *data.entry_ids):
            address = entry_address(name)
            assert re.fullmatch(r"entries/[A-Za-z0-9_.~%-]*/index\.html", address)
            assert unquote(urlsplit(address).path.split("/")[1]) == name
        assert filter_address(flag="duplicate", ion="Li") == "entries.html?flag=duplicate&ion=Li"

    def test_formulas(self) -> None:
        assert subscripted("Na3V2P3O12") == "Na₃V₂P₃O₁₂"
        assert str(marked("Ca1.5Mn2F7")) == "Ca<sub>1.5</sub>Mn<sub>2</sub>F<sub>7</sub>"
        assert str(marked("<b>1</b>")) == "&lt;b&gt;<sub>1</sub>&lt;/b&gt;"


class TestPages:
    def test_says_what_the_label_is(self, site: Path) -> None:
        text = visible_text((site / "entries" / "O-LiFePO4" / "index.html").read_text(encoding="utf-8"))
        assert "Li⁺ in LiFePO 4" in text
        assert "E m = 0.270 eV (GGA, NEB)" in text
        # exp(0.27 / (8.617333e-5 · 300)) / 1e13 s: worked out by hand, 3.43 ns.
        assert "Mean waiting time at 300 K: 3.4 ns" in text

    @pytest.mark.parametrize(
        ("barrier", "text"),
        # 1e-13 s · exp(barrier / 25.852 meV); 4.35e17 s is the age of the universe.
        [(0.0, "0.1 ps"), (0.27, "3.4 ns"), (0.6, "1.2 ms"), (8.77, "longer than the age of the universe")],
    )
    def test_waiting_time(self, barrier: float, text: str) -> None:
        assert waiting_time(barrier) == text

    def test_trust(self, data: embench.Dataset) -> None:
        olivine = data["O-LiFePO4"]  # 0.27 eV
        assert trust(olivine, {"Orb-v3": 0.36, "MACE (relaxed endpoints)": 0.22})["level"] == "supported"
        # Two versions of one potential are one witness.
        assert trust(olivine, {"MACE-MP-0": 0.26, "MACE (relaxed endpoints)": 0.22})["level"] == "unconfirmed"
        assert trust(olivine, {"Orb-v3": 0.9, "CHGNet": 0.8})["level"] == "unconfirmed"
        assert trust(olivine, {})["level"] == "unconfirmed"
        assert trust(data["Na4MnAlP3O12_1"], {})["level"] == "damaged"  # FACTS
        assert trust(data["Na2CoSiO4_1"], {"Orb-v3": 0.3})["level"] == "contradicted"  # FACTS


class TestRecords:
    def test_structure_is_that_of_the_dataset(self, data: embench.Dataset, records: Any) -> None:
        for name in ("O-LiFePO4", "Na7P3S11"):
            record, structure = records[name], data[name].structure()
            symbols = [symbol for symbol, count in record["elements"] for _ in range(count)]
            assert symbols == [site.specie.symbol for site in structure]
            shift = np.array(record["frac"]).reshape(-1, 3) / 1e4 - structure.frac_coords
            assert np.allclose(shift, shift.round(), atol=1e-4)
            assert record["end"] == pytest.approx(data[name].path_end, abs=1e-5)

    def test_predictions_are_those_submitted(self, board: Board, records: Any) -> None:
        with (SUBMISSIONS / "model-3" / "published.csv").open(newline="") as file:
            submitted = {line["entry_id"]: float(line["prediction"]) for line in csv.DictReader(file)}
        systems = [row["slug"] for p in board.content["protocols"] if p["name"] == "published" for row in p["rows"]]
        shown = {
            entry_id: record["predictions"]["published"]["systems"][systems.index("model-3")]
            for entry_id, record in records.items()
            if "published" in record["predictions"]
        }
        assert len(shown) == 60
        assert {name: found / 1000 for name, found in shown.items()} == pytest.approx(submitted, abs=6e-4)

    def test_every_system_predicts_every_scored_entry(self, board: Board, records: Any) -> None:
        for protocol in board.content["protocols"]:
            scored = [
                r["predictions"][protocol["name"]] for r in records.values() if protocol["name"] in r["predictions"]
            ]
            assert len(scored) == protocol["n"]
            assert {len(found["systems"]) for found in scored} == {len(protocol["rows"])}
            assert all(None not in found["systems"] for found in scored)

    def test_missing_predictions_are_marked(self, board: Board, records: Any) -> None:
        # shared/README: five test entries have no 5-image result in any model.
        systems = [row["slug"] for p in board.content["protocols"] if p["name"] == "published" for row in p["rows"]]
        found = [r["predictions"]["published"]["systems"] for r in records.values() if "published" in r["predictions"]]
        of_chgnet = [systems_of_entry[systems.index("chgnet")] for systems_of_entry in found]
        assert sum(isinstance(each, list) and each[2] for each in of_chgnet) == 5

    def test_corrupt_structures_are_scored_nowhere(self, records: Any) -> None:
        for number in (1, 2, 3):
            assert records[f"Na4MnAlP3O12_{number}"]["predictions"] == {}

    def test_values(self, site: Path, records: Any) -> None:
        columns = data_of(site / "assets" / "entry-data.js")["columns"]
        assert all(description for *_, description in columns)
        assert {len(record["values"]) for record in records.values()} == {len(columns)}
        place = [name for name, *_ in columns].index("migration_barrier")
        assert records["LiRuO2_1"]["values"][place] == 8.77

    def test_relatives_are_those_of_the_groups(self, site: Path, data: embench.Dataset) -> None:
        def section(name: str) -> str:
            page = (site / "entries" / name / "index.html").read_text(encoding="utf-8")
            return page.partition('id="neighbours"')[2].partition("</section>")[0]

        # FACTS: the same structure and a symmetry-equivalent hop.
        first = section("LiAlPO4F_2").partition("<tbody>")[2].partition("</a>")[0]
        assert "Same hop under another name" in first
        assert 'href="../LiAlPO4F_3/index.html">LiAlPO4F_3' in first
        for name in ("O-LiFePO4", "Na3PS4"):
            entry = data[name]
            kin = [e for e in data if e.entry_id != name and e.group_prototype == entry.group_prototype]
            found = section(name)
            shown = re.findall(r'<a href="../([^"]*)/index.html">[^<]*</a><td>([\d.]*)<td>([\d.]*)', found)
            assert len(shown) == min(5, len(kin))
            if len(kin) > 5:
                assert f"5 of {len(kin)}, the closest first" in found
            for other, hop, barrier in shown:
                assert float(hop) == pytest.approx(data[unquote(other)].hop_distance, abs=0.005)
                assert float(barrier) == pytest.approx(data[unquote(other)].migration_barrier, abs=5e-4)

    def test_predictions_stand_in_the_page_for_readers_without_scripts(self, site: Path, board: Board) -> None:
        main = board.content["protocols"][0]
        page = (site / "entries" / "O-LiFePO4" / "index.html").read_text(encoding="utf-8")
        shown = re.findall(r"<tr><th>([^<]*)<td>([−\d.]*)", page.partition("<noscript>")[2].partition("</noscript>")[0])
        expected = []
        for row in main["rows"]:
            entries = board.details[row["slug"], main["name"]]["entries"]
            (mine,) = (entry for entry in entries if entry["entry_id"] == "O-LiFePO4")
            if row["rank"] is not None and not mine["filled"]:
                name = board.content["submissions"][row["slug"]]["name"]
                expected.append((name, pytest.approx(mine["prediction"], abs=6e-4)))
        assert [(html.unescape(name), float(value.replace("−", "-"))) for name, value in shown] == expected[:5]
        assert len(shown) == 5
        damaged = (site / "entries" / "Na4MnAlP3O12_1" / "index.html").read_text(encoding="utf-8")
        assert "Predictions" not in damaged.partition("<noscript>")[2].partition("</noscript>")[0]

    def test_profiles_are_those_of_the_board(self, board: Board, records: Any) -> None:
        profiles = board.content["potentials"]["profiles"]
        assert profiles
        for name in list(profiles)[:5]:
            for shown, energies in zip(
                records[name]["profiles"], dict(sorted(profiles[name].items())).values(), strict=True
            ):
                assert [None if e is None else e / 1000 for e in shown["energies"]] == pytest.approx(energies, abs=6e-4)

    def test_colours_are_those_of_jmol(self, site: Path) -> None:
        known = data_of(site / "assets" / "entry-data.js")["elements"]
        # https://jmol.sourceforge.net/jscolors/: Li CC80FF, O FF0D0D, P FF8000.
        assert [known[element][0].upper() for element in ("Li", "O", "P")] == ["#CC80FF", "#FF0D0D", "#FF8000"]

    def test_small_enough(self, site: Path) -> None:
        pages = [path.stat().st_size for path in site.glob("entries/*/index.html")]
        assert max(pages) < 30e3
        assert sum(pages) < 5.5e6


def test_the_same_every_time(
    board: Board, data: embench.Dataset, site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The pages of a few entries, written twice."""
    few = list(data)[:3]
    monkeypatch.setattr("embench.dataset.load", lambda: few)
    seen: list[tuple[str, int, int]] = []
    for name in ("a", "b"):
        write_entries(board, tmp_path / name, progress=lambda *step: seen.append(step))
    assert seen[2] == ("entries", 3, 3)
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second
    assert len(first) == 2 * 3 + 3
    card = Path("entries") / few[0].entry_id / "card.png"
    assert first[card] == (site / card).read_bytes()


def test_texts_stay_texts(board: Board, data: embench.Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names of systems and texts of entries that are markup come out as text, in the page and in its data."""
    content = copy.deepcopy(board.content)
    for submission in content["submissions"].values():
        submission["name"] = ATTACK
    for protocol in content["protocols"]:
        protocol["title"] = protocol["description"] = ATTACK
    monkeypatch.setattr("embench.dataset.load", lambda: [hostile(data["Na3PS4"])])
    write_entries(Board(content, board.details), tmp_path)
    (page,) = tmp_path.glob("entries/*/index.html")
    for path in (tmp_path / "entries.html", page):
        text = path.read_text(encoding="utf-8")
        assert "<img" not in text
        assert "<script>alert" not in text
    assert ATTACK in visible_text(text)
    start = data_of(tmp_path / "assets" / "entry-data.js")["start"]
    assert ATTACK in record_of(page, start)["values"]
    content = (tmp_path / "assets" / "entry-data.js").read_text(encoding="utf-8")
    assert "<" not in content
    assert "\\u003c" in content
    assert "<" not in (tmp_path / "entries" / "index.js").read_text(encoding="utf-8")


def hostile(entry: embench.Entry) -> embench.Entry:
    """Return an entry whose texts are attacks."""
    values = {name: getattr(entry, name) for name in entry.columns}
    texts = ("composition", "pathway", "structure_class", "functional", "space_group", "raw_class")
    values |= dict.fromkeys(texts, ATTACK) | {"flags": (ATTACK,)}
    return embench.Entry(values.__getitem__, hidden=False, digest="")


def test_columns_are_all_shown_but_arrays_and_groups() -> None:
    from embench.schema import COLUMNS

    left_out = {spec.name for spec in COLUMNS} - {spec.name for spec in SHOWN_COLUMNS}
    assert all(name.startswith("group_") or name in {
        "lattice", "atomic_numbers", "frac_coords", "path_end", "final_lattice", "final_frac_coords", "flags",
    } for name in left_out)  # fmt: skip

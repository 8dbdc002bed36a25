"""The entry explorer as files: what it draws of a structure, what it says, and that it is safe and always the same."""

from __future__ import annotations

import copy
import csv
import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embench.leaderboard.site.entries.surroundings import REACH, surroundings

import embench
from embench.errors import StaleFileError
from embench.leaderboard.board import Board
from embench.leaderboard.site.entries import entry_address, filter_address, write_entries
from embench.leaderboard.site.entries.page import CHUNK, subscripts
from embench.leaderboard.site.entries.paths import (
    STORED,
    check_paths,
    drawn_path,
    paths_of,
    read_paths,
    structure_of,
    write_paths,
)
from embench.leaderboard.site.entries.records import SHOWN_COLUMNS, index
from tests.leaderboard.conftest import SUBMISSIONS

pytest.importorskip("jinja2")
pytest.importorskip("pymatgen")
pytest.importorskip("scipy")
pytestmark = pytest.mark.xdist_group("board")

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
# Names with the characters that addresses reserve, and a name that needs none of that.
ODD_NAMES = ("Fe(CN)4_Na", "x+y.z", "a b", "100%", "#1", "?ion=Na", "é", 'quote"<')


def data_of(path: Path) -> Any:
    """Return what a data file hands to the page."""
    call = re.fullmatch(r"embench\.data\((\".*?\"), (.*)\);\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert call, path
    return json.loads(call[2])


def visible_text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


@pytest.fixture(scope="module")
def data() -> embench.Dataset:
    return embench.load()


@pytest.fixture(scope="module")
def site(explorer: Path) -> Path:
    return explorer


def own_files(folder: Path) -> list[Path]:
    """Return the files of the explorer, from the top of the site."""
    return [Path("entries.html"), *sorted(path.relative_to(folder) for path in (folder / "entries").iterdir())]


@pytest.fixture(scope="module")
def page(site: Path) -> str:
    return (site / "entries.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def records(site: Path) -> dict[str, Any]:
    return {record["id"]: record for path in sorted((site / "entries").glob("part-*.js")) for record in data_of(path)}


def points(values: list[float]) -> np.ndarray[Any, Any]:
    return np.array(values).reshape(-1, 3)


class TestDrawnStructure:
    # An olivine, a path through a metal site, a band that is longer than its minimum image, 1.5 sites to a formula.
    @pytest.mark.parametrize("entry_id", ["O-LiFePO4", "LiRuO2_1", "Na7P3S11", "Ca1.5Ni2F7_1"])
    def test_atoms_are_those_that_pymatgen_finds(self, data: embench.Dataset, records: Any, entry_id: str) -> None:
        """Every atom within reach of the five released images is drawn, with the element and the place it has."""
        structure, drawn = data[entry_id].structure(), records[entry_id]["atoms"]
        places = points(drawn["at"])
        symbols = [drawn["elements"][kind] for kind in drawn["kind"]]
        for image in records[entry_id]["straight"]["images"]:
            for site in structure.get_sites_in_sphere(image, REACH - 0.01):
                if np.linalg.norm(site.coords - structure[0].coords) < 0.01:
                    continue  # the migrating ion at the start, which is drawn as the first image
                apart = np.linalg.norm(places - site.coords, axis=1)
                assert apart.min() < 0.002, (entry_id, site)
                assert symbols[int(apart.argmin())] == site.specie.symbol
        # And nothing else: each drawn atom is a site of the structure, up to a lattice vector.
        for place, number in zip(places, drawn["site"], strict=True):
            shift = structure.lattice.get_fractional_coords(place) - structure[number].frac_coords
            assert np.allclose(shift, shift.round(), atol=1e-3)

    @pytest.mark.parametrize("entry_id", ["O-LiFePO4", "Na2MnO3_2"])
    def test_distances_between_drawn_atoms(self, data: embench.Dataset, records: Any, entry_id: str) -> None:
        """Bonded atoms are as far apart as pymatgen has their sites; it finds no phosphate or metal bond that lacks."""
        structure, drawn = data[entry_id].structure(), records[entry_id]["atoms"]
        places = points(drawn["at"])
        for first, second in np.array(drawn["bonds"]).reshape(-1, 2).tolist():
            apart = float(np.linalg.norm(places[first] - places[second]))
            a, b = drawn["site"][first], drawn["site"][second]
            images = structure.lattice.get_points_in_sphere(
                [structure[b].frac_coords], structure[a].coords, apart + 0.01, zip_results=False
            )
            assert min(abs(np.array(images[1]) - apart)) < 0.003

    def test_phosphates_and_octahedra_of_the_olivine(self, records: Any) -> None:
        """P has four O, Fe six: the bonds of the olivine structure."""
        drawn = records["O-LiFePO4"]["atoms"]
        element = [drawn["elements"][kind] for kind in drawn["kind"]]
        partners: dict[int, list[str]] = {}
        for first, second in np.array(drawn["bonds"]).reshape(-1, 2).tolist():
            partners.setdefault(first, []).append(element[second])
            partners.setdefault(second, []).append(element[first])
        inside = {n: found for n, found in partners.items() if drawn["distance"][n] <= REACH}
        assert {len(found) for n, found in inside.items() if element[n] == "P"} == {4}
        assert {len(found) for n, found in inside.items() if element[n] == "Fe"} == {6}
        assert all(set(found) == {"O"} for n, found in inside.items() if element[n] in ("P", "Fe"))
        assert {role: name for name, role in zip(drawn["elements"], drawn["roles"], strict=True)} == {
            "migrating": "Li",
            "centre": "P",
            "metal": "Fe",
            "anion": "O",
        }
        # A closed hull of triangles: the tetrahedron has 4 faces, the octahedron 8.
        faces = {(element[centre], len(corners) // 3) for centre, corners in drawn["polyhedra"]}
        assert faces == {("P", 4), ("Fe", 8)}

    def test_path_is_the_released_hop(self, data: embench.Dataset, records: Any) -> None:
        for entry_id in ("O-LiFePO4", "Na7P3S11"):
            band = [image[0].coords for image in data[entry_id].images(5)]
            assert np.allclose(records[entry_id]["straight"]["images"], band, atol=1e-3)

    def test_nearest_atoms_along_the_path(self, data: embench.Dataset, records: Any) -> None:
        entry, record = data["O-LiFePO4"], records["O-LiFePO4"]
        structure = entry.structure()
        oxygen = structure.copy()
        oxygen.remove_species(["Li", "Fe", "P"])
        for place, shown in zip(record["relaxed"]["points"], record["relaxed"]["anion"], strict=True):
            apart = min(site.nn_distance for site in oxygen.get_sites_in_sphere(place, 4.0))
            assert shown == pytest.approx(apart, abs=2e-3)
        assert record["relaxed"]["anion"][0] == pytest.approx(entry.nearest_anion_initial, abs=1e-3)

    def test_metals_alone_are_not_bonded(self, data: embench.Dataset) -> None:
        entry = data["LiRuO2_1"]
        line = np.array([entry.frac_coords[0], entry.path_end]) @ entry.lattice
        found = surroundings(entry, (line,))
        roles = np.array(found.roles)[found.kinds]
        assert not (roles[found.bonds] == "metal").all(axis=1).any()
        assert not (roles[found.bonds] == "migrating").any()


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
    def test_a_row_for_every_entry(self, page: str, data: embench.Dataset) -> None:
        ids = re.findall(r'<tr data-id="([^"]*)"', page)
        assert [html.unescape(found) for found in ids] == list(data.entry_ids)
        assert len(ids) == 619

    def test_filters_count_what_is_there(self, page: str) -> None:
        # FACTS: Li 154 + 21, GGA+U 45, three corrupt structures, 60 test entries, 27 suspect labels.
        for option in ("Li (175)", "Sr (2)", "GGA+U (45)", "structure corrupt (3)", "test (60)", "label suspect (27)"):
            assert f">{option}</option>" in page

    def test_figures_of_a_row(self, page: str) -> None:
        row = re.search(r'<tr data-id="LiRuO2_1".*?</tr>', page, flags=re.DOTALL)
        assert row
        text = visible_text(row[0])
        assert " 8.770 " in text  # FACTS
        assert "path through metal site" in text

    def test_addresses_survive_any_name(self, data: embench.Dataset) -> None:
        from urllib.parse import unquote, urlsplit

        for name in (*ODD_NAMES, *data.entry_ids):
            address = entry_address(name)
            assert re.fullmatch(r"entries\.html#[A-Za-z0-9_.~%-]*", address)
            assert unquote(urlsplit(address).fragment) == name
        assert filter_address(flag="duplicate", ion="Li") == "entries.html#?flag=duplicate&ion=Li"

    def test_subscripts(self) -> None:
        assert str(subscripts("Ca7 Mn1 F48")) == "Ca<sub>7</sub>MnF<sub>48</sub>"
        assert str(subscripts("<b>1</b>")) == "&lt;b&gt;1&lt;/b&gt;"


class TestRecords:
    def test_every_entry_has_one_where_the_page_looks(self, site: Path, data: embench.Dataset) -> None:
        for number, entry_id in enumerate(data.entry_ids):
            if number % 97 == 0 or number == len(data) - 1:
                part = data_of(site / "entries" / f"part-{number // CHUNK:02d}.js")
                assert part[number % CHUNK]["id"] == entry_id

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
        assert {name: found[0] for name, found in shown.items()} == pytest.approx(submitted, abs=1e-4)

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
        assert sum(systems_of_entry[systems.index("chgnet")][2] for systems_of_entry in found) == 5

    def test_corrupt_structures_are_scored_nowhere(self, records: Any) -> None:
        for number in (1, 2, 3):
            assert records[f"Na4MnAlP3O12_{number}"]["predictions"] == {}

    def test_values_and_flags(self, data: embench.Dataset, site: Path, records: Any) -> None:
        known = data_of(site / "entries" / "index.js")
        explained = {flag["name"]: flag for flag in known["flags"]}
        for entry_id, record in records.items():
            assert record["flags"] == list(data[entry_id].flags)
            assert all(explained[flag]["description"] and explained[flag]["rule"] for flag in record["flags"])
            assert len(record["values"]) == len(known["columns"])
        place = [column["name"] for column in known["columns"]].index("migration_barrier")
        assert records["LiRuO2_1"]["values"][place] == 8.77
        assert all(column["description"] for column in known["columns"])

    def test_groups_are_those_of_the_dataset(self, data: embench.Dataset, site: Path) -> None:
        known = data_of(site / "entries" / "index.js")
        number = dict(zip(known["id"], known["groups"]["duplicate"], strict=True))
        # FACTS: the same structure and a symmetry-equivalent hop.
        assert number["LiAlPO4F_2"] == number["LiAlPO4F_3"] != number["LiAlPO4F_1"] == number["LiAlPO4F_4"]
        for relation, groups in known["groups"].items():
            column = data.column(f"group_{relation.replace(' and ', '_')}").tolist()
            assert len(set(zip(groups, column, strict=True))) == len(set(groups)) == len(set(column))

    def test_small_enough(self, site: Path) -> None:
        sizes = [(site / path).stat().st_size for path in own_files(site)]
        assert sum(sizes) < 10e6
        assert max(sizes) < 600e3


def test_the_same_every_time(board: Board, site: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    write_entries(board, tmp_path, progress=lambda *step: seen.append(step))
    assert (seen[0], seen[-1]) == (("entries", CHUNK, 619), ("entries", 619, 619))
    files = own_files(site)
    assert own_files(tmp_path) == files
    assert all((site / path).read_bytes() == (tmp_path / path).read_bytes() for path in files)


def test_texts_stay_texts(board: Board, data: embench.Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Names of systems and texts of entries that are markup come out as text, in the page and in its data."""
    content = copy.deepcopy(board.content)
    for submission in content["submissions"].values():
        submission["name"] = ATTACK
    for protocol in content["protocols"]:
        protocol["title"] = protocol["description"] = ATTACK
    monkeypatch.setattr("embench.dataset.load", lambda: [hostile(data["Na3PS4"])])
    write_entries(Board(content, board.details), tmp_path)
    text = (tmp_path / "entries.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert "<script>alert" not in text
    assert ATTACK in visible_text(text)
    for path in (tmp_path / "entries").iterdir():
        assert "<" not in path.read_text(encoding="utf-8")
    assert ATTACK in data_of(tmp_path / "entries" / "part-00.js")[0]["values"]


def hostile(entry: embench.Entry) -> embench.Entry:
    """Return an entry whose texts are attacks."""
    values = {name: getattr(entry, name) for name in entry.columns}
    texts = ("entry_id", "composition", "pathway", "structure_class", "functional", "space_group", "raw_class")
    values |= dict.fromkeys(texts, ATTACK) | {"flags": (ATTACK,)}
    return embench.Entry(values.__getitem__, hidden=False, digest="")


def test_columns_are_all_shown_but_arrays_and_groups() -> None:
    from embench.schema import COLUMNS

    left_out = {spec.name for spec in COLUMNS} - {spec.name for spec in SHOWN_COLUMNS}
    assert all(name.startswith("group_") or name in {
        "lattice", "atomic_numbers", "frac_coords", "path_end", "final_lattice", "final_frac_coords", "flags",
    } for name in left_out)  # fmt: skip


def test_errors_of_the_leader(data: embench.Dataset) -> None:
    found = index([data["Na3PS4"], data["LiRuO2_1"]], {"Na3PS4": -0.12341})
    assert found["error"] == [-0.1234, None]

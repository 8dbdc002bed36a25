"""The card: everything in it that a computer can know is computed, and the committed one is of now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import embench
from embench import schema
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.xdist_group("hub")


@pytest.fixture(scope="module")
def card(contents: dict[str, bytes]) -> str:
    return contents["README.md"].decode()


@pytest.fixture(scope="module")
def header(card: str) -> dict:
    return yaml.safe_load(card.split("---\n")[1])


def rows(card: str, section: str) -> dict[str, list[str]]:
    """The cells of the tables in a section, by their first cell."""
    text = re.split(r"^## ", card.partition(f"## {section}\n")[2], flags=re.MULTILINE)[0]
    lines = [
        [cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line.startswith("|")
    ]
    # The first of a name counts: the tables of the columns begin with those of the dataset.
    return {cells[0].replace(r" \*", "").strip("`"): cells[1:] for cells in reversed(lines)}


def test_committed_folder_is_of_now(contents):
    """After a change of dataset, schema, splits or card: embench hub export dataset_card. Submissions do not matter."""
    folder = REPOSITORY / "dataset_card"
    stale = [path for path, content in contents.items() if not _holds(folder / path, content)]
    assert not stale, f"run: embench hub export dataset_card (stale: {', '.join(stale)})"
    extra = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - contents.keys()
    assert not extra


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def test_is_made_the_same_twice(contents):
    from embench.release.export import contents as make

    assert make() == contents


def test_header(header):
    assert header["license"] == "mit"
    assert header["size_categories"] == ["n<1K"]
    assert {item["config_name"] for item in header["configs"]} == {
        "default",
        "oxygen-vacancies",
        "splits",
        "potential_consensus",
    }
    info = {item["config_name"]: item for item in header["dataset_info"]}
    assert {part["name"]: part["num_examples"] for part in info["default"]["splits"]} == {"train": 559, "test": 60}
    assert [item["name"] for item in info["default"]["features"]] == [spec.name for spec in schema.COLUMNS]


def test_every_column_with_its_unit(card):
    found = rows(card, "Columns")
    for spec in schema.COLUMNS:
        kind, unit, meaning = found[spec.name]
        assert unit == (spec.unit or "")
        assert meaning == spec.description
        assert ("null" in kind) == spec.nullable
    assert found["frac_coords"][0] == "float (n, 3)"
    assert found["lattice"][:2] == ["float (3, 3)", "Å"]


def test_flags_with_the_counts_of_the_audit(card):
    found = rows(card, "Known faults and flags")
    assert set(found) >= {flag.name for flag in schema.FLAGS}
    counts = {name: int(cells[0]) + int(cells[1]) for name, cells in found.items() if cells[0].isdigit()}
    assert counts["structure_corrupt"] == 3
    assert counts["path_not_minimum_image"] == 9
    assert counts["path_clash"] == 36
    for name in ("Na4MnAlP3O12_1", "Na4MnAlP3O12_2", "Na4MnAlP3O12_3", "LiRuO2_1", "RuO2_Li_1"):
        assert f"`{name}`" in card


def test_leakage_of_the_published_split_as_audited(card):
    n_scored, _, _, compound, host_and_ion, host, prototype = rows(card, "Leakage")["published"]
    assert n_scored == "60"
    found = [int(cell.split()[0]) for cell in (compound, host_and_ion, host, prototype)]
    assert found == [23, 37, 45, 58]


def test_figures(card):
    assert "619 entries" in card
    assert "Li 175, Ca 153, Na 109, Mg 106, K 36, Zn 23, Rb 8, Al 7, Sr 2" in card  # train + test of the audit
    assert "0.0035 to 8.77 eV, mean 0.849, median 0.616; 323 entries are below 0.65 eV" in card


def test_every_protocol(card):
    protocols = rows(card, "Splits")
    assert protocols["published"][:2] == ["60", "1"]
    assert protocols["host-10fold"][:2] == ["615", "10"]
    assert "https://huggingface.co/datasets/embench/predictions" in card


def test_sources_licences_and_citations(card):
    for doi in ("10.1038/s41524-026-01972-8", "10.1039/d5dd00534e"):
        assert f"doi = {{{doi}}}" in card
    assert "https://arxiv.org/abs/2508.06459" in card
    assert "Copyright (c) 2023 Simulations and Informatics of Materials Group" in card
    assert "Copyright (c) 2025 sai-mat-group" in card


def test_python_examples_name_what_exists(card):
    code = "\n".join(re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL))
    compile(code, "card", "exec")
    assert f'revision="v{embench.DATASET_VERSION}"' in code
    (entry_id,) = re.findall(r'data\["([^"]+)"\]\n', code.replace('data["test"]', "").replace('data["train"]', ""))
    assert entry_id in embench.load()


def test_no_place_is_left_unfilled(card):
    assert "${" not in card


class TestStale:
    """What the test of the committed folder rests on: a change of the schema or of the data changes the card."""

    def test_description_of_a_column(self, card, monkeypatch):
        from dataclasses import replace

        from embench.release.card import columns_by_section

        assert columns_by_section() in card
        changed = tuple(replace(spec, unit="K") if spec.name == "hop_distance" else spec for spec in schema.COLUMNS)
        monkeypatch.setattr(schema, "COLUMNS", changed)
        assert columns_by_section() not in card

    def test_flags_of_an_entry(self, card):
        from embench.release.card import flags

        assert flags(embench.load()) in card
        assert flags(embench.load().filter(exclude_flags=["path_clash"])) not in card

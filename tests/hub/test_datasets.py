"""The folder through the library ``datasets``, offline: types, and the same values as embench."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

import embench
from embench import schema
from embench.release.convert import features
from tests.conftest import REPOSITORY
from tests.hub.compare import compare

pytestmark = pytest.mark.xdist_group("hub")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("datasets"))


@pytest.fixture
def load(contents, folder, cache, monkeypatch):
    """``load_dataset`` of the folder, where any attempt to reach a network fails."""
    import socket

    import datasets

    def refuse(*_: object, **__: object) -> None:
        raise OSError("the test allows no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    def load(*name: str, **options: Any) -> Any:
        return datasets.load_dataset(str(folder), *name, cache_dir=cache, **options)

    return load


class TestDefault:
    def test_streaming_equals_embench(self, load):
        loaded = load(streaming=True)
        assert list(loaded) == ["train", "test"]
        assert [compare(loaded[side], side) for side in loaded] == [559 * len(schema.COLUMNS), 60 * len(schema.COLUMNS)]

    def test_types(self, load):
        found = load()["test"].features
        assert found == features()
        assert found["lattice"].length == found["lattice"].feature.length == 3
        assert found["frac_coords"].length == -1
        assert found["frac_coords"].feature.length == 3
        assert found["frac_coords"].feature.feature.dtype == "float64"
        assert found["path_end"].length == 3
        assert found["atomic_numbers"].feature.dtype == "int16"
        assert found["published_split"].dtype == "string"
        assert found["flags"].feature.dtype == "string"
        assert found["entry_id"].dtype == "string"
        assert found["endpoints_equivalent"].dtype == "bool"

    def test_numpy_in_double_precision(self, load):
        row = load()["test"].with_format("numpy", dtype="float64")[0]
        entry = embench.load()[str(row["entry_id"])]
        assert row["frac_coords"].shape == (entry.n_sites, 3)
        assert (row["frac_coords"] == entry.frac_coords).all()


class TestTables:
    def test_what_potentials_agree_on_is_typed(self, load):
        part = load("potential_consensus", split="consensus")
        assert {name: feature.dtype for name, feature in part.features.items()} == {
            "entry_id": "string", "barrier_median": "float64", "barrier_spread": "float64", "n_families": "int16",
            "families": "string", "label_contradicted": "bool",
        }  # fmt: skip
        assert part["entry_id"] == list(embench.load().entry_ids)
        for row in part:
            assert row["n_families"] == len(row["families"].split("; ") if row["families"] else [])
            assert (row["barrier_spread"] is None) == (row["n_families"] < 2)

    def test_folds_are_those_of_the_split_files(self, load):
        found = {(row["protocol"], row["entry_id"]): row["fold"] for row in load("splits", split="folds")}
        expected = {}
        for path in sorted((REPOSITORY / "splits").glob("*.csv")):
            with open(path, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    # The files are of 1.0.0; published stays as it was.
                    if row["entry_id"] != "M-MnPO4_Na_1" or path.stem == "published":
                        expected[path.stem, row["entry_id"]] = row.get("fold") or row["role"]
        assert found == expected


class TestConversion:
    def test_equals_load_dataset(self, load):
        loaded, converted = load(), embench.to_hf(embench.load(), by_split=True)
        assert list(converted) == ["train", "test"]
        for side in loaded:
            assert converted[side].features == loaded[side].features
            assert converted[side].data.table.equals(loaded[side].data.table)

    def test_keeps_the_order_of_a_choice(self):
        ids = ["RuO2_Li_1", "LiRuO2_1"]
        assert embench.to_hf(embench.load().select(ids))["entry_id"][:] == ids

    def test_leaves_out_sides_without_entries(self):
        assert list(embench.to_hf(embench.load().filter(published_split="test"), by_split=True)) == ["test"]

    def test_hides_what_the_dataset_hides(self):
        hidden = embench.to_hf(embench.load().without_targets())
        assert "migration_barrier" not in hidden.column_names
        shown = {name for names in hidden["flags"] for name in names}
        assert not shown & {flag.name for flag in schema.FLAGS if flag.from_target}


class TestNames:
    def test_flags_are_names(self, load):
        """With numbers nothing would be filtered out: 559 entries instead of 525."""
        train = load()["train"]
        kept = train.filter(lambda row: "path_clash" not in row["flags"])
        assert len(kept) == 525 == len(embench.load().filter(published_split="train", exclude_flags="path_clash"))

    def test_the_way_that_the_card_describes(self, load, folder):
        """The lines of the card are run as they stand there."""
        card = (folder / "README.md").read_text(encoding="utf-8")
        (code,) = (block for block in re.findall(r"```python\n(.*?)```", card, re.DOTALL) if "sound_and_cubic" in block)
        found: dict[str, Any] = {"data": load()}
        exec(code, found)
        train = embench.load().filter(published_split="train")
        expected = train.filter(crystal_system="Cubic", exclude_flags="path_clash")
        assert found["sound_and_cubic"]["entry_id"][:] == list(expected.entry_ids)

    @pytest.mark.parametrize(("name", "value"), [("crystal_system", "Cubic"), ("concentration_limit", "dilute")])
    def test_closed_sets_are_names(self, load, name, value):
        """With numbers a filter by name found 0 entries where there are 101, and said nothing."""
        train = load()["train"]
        expected = embench.load().filter(published_split="train", **{name: value})
        assert train.filter(lambda row: row[name] == value)["entry_id"][:] == list(expected.entry_ids)
        assert train[name][:] == embench.load().filter(published_split="train").column(name).tolist()


@pytest.mark.slow
def test_equals_embench_offline(run, folder):
    """In a process of its own, since the switch is read when the library is imported."""
    result = run("-m", "tests.hub.compare", folder, HF_HUB_OFFLINE="1", HF_ENDPOINT="http://127.0.0.1:9")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["train"] + found["test"] == 619 * len(schema.COLUMNS)
    assert found["streamed"] == 60 * len(schema.COLUMNS)


def test_card_example_with_pymatgen(load):
    from pymatgen.core import Structure

    row = load()["test"][0]
    structure = Structure(row["lattice"], row["atomic_numbers"], row["frac_coords"])
    expected = embench.load()[row["entry_id"]].structure()
    assert structure.species == expected.species
    assert structure.frac_coords.tolist() == expected.frac_coords.tolist()
    assert structure.lattice == expected.lattice


def test_folder_is_small(folder: Path):
    assert sum(path.stat().st_size for path in folder.rglob("*.parquet")) < 3_000_000

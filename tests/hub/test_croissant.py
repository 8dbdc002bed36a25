"""The Croissant description with the library of MLCommons: valid, and its records are the dataset."""

from __future__ import annotations

import json
from typing import Any

import pytest

import embench
from embench import schema

pytestmark = pytest.mark.xdist_group("hub")


@pytest.fixture
def described(folder, monkeypatch):
    import socket

    import mlcroissant

    def refuse(*_: object, **__: object) -> None:
        raise OSError("the test allows no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def test_is_valid(described):
    issues = described.metadata.issues
    assert not issues.errors
    assert not issues.warnings
    assert [record_set.id for record_set in described.metadata.record_sets] == [
        "default",
        "oxygen-vacancies",
        "splits",
        "potential_consensus",
    ]


@pytest.mark.slow
def test_records_are_the_entries(described):
    data, seen = embench.load(), set()
    for record in described.records("default"):
        entry = data[record["default/entry_id"].decode()].to_dict()
        for spec in schema.COLUMNS:
            assert plain(record[f"default/{spec.name}"]) == entry[spec.name], (entry["entry_id"], spec.name)
        seen.add(entry["entry_id"])
    assert seen == set(data.entry_ids)


@pytest.mark.slow
def test_other_records(described):
    splits = [{key: plain(value) for key, value in record.items()} for record in described.records("splits")]
    scored = [
        row["splits/entry_id"]
        for row in splits
        if (row["splits/protocol"], row["splits/fold"]) == ("published", "test")
    ]
    assert len(scored) == len(set(scored)) == 60


def test_units_and_shapes_are_said(contents):
    document = json.loads(contents["croissant.json"])
    fields = {field["name"]: field for field in document["recordSet"][0]["field"]}
    assert list(fields) == [spec.name for spec in schema.COLUMNS]
    assert fields["migration_barrier"]["description"].endswith("Unit: eV.")
    assert fields["frac_coords"]["arrayShape"] == "-1,3"
    assert fields["lattice"]["arrayShape"] == "3,3"
    assert "arrayShape" not in fields["n_sites"]

"""Attributes, copies and plain values of one entry."""

from __future__ import annotations

import copy
import json
import pickle
import types
import typing
from typing import Any

import numpy as np
import pytest

from embench import schema
from embench.dataset import Dataset, Entry, load
from embench.errors import HiddenTargetError


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


@pytest.fixture
def entry(data: Dataset) -> Entry:
    return data["LiRuO2_1"]


def test_the_typed_attributes_are_columns_of_the_schema() -> None:
    scalars = {"string": str, "float64": float, "int16": int, "bool": bool}
    hints = typing.get_type_hints(Entry)
    assert {"entry_id", "migration_barrier", "frac_coords", "flags"} <= set(hints)
    for name, hint in hints.items():
        spec = schema.DEFAULT.column(name)
        options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        assert (type(None) in options) == spec.nullable, spec.name
        value = next(option for option in options if option is not type(None))
        if not spec.shape:
            assert value is scalars[spec.scalar], spec.name
        elif spec.name != "flags":
            assert spec.scalar in str(value), spec.name


def test_values_have_the_types_of_the_schema(data: Dataset) -> None:
    kinds = {"string": str, "float64": float, "int16": int, "bool": bool}
    for entry in list(data)[::40]:
        for spec in schema.COLUMNS:
            value = getattr(entry, spec.name)
            if value is None:
                continue
            if spec.name == "flags":
                assert isinstance(value, tuple)
            elif not spec.shape:
                assert type(value) is kinds[spec.scalar], spec.name
            else:
                shape = tuple(entry.n_sites if size is None else size for size in spec.shape)
                assert value.shape == shape, spec.name


def test_an_unknown_attribute_gets_a_hint(entry: Entry) -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'migration_barier'; did you mean migration_barrier"):
        entry.migration_barier  # noqa: B018
    assert not hasattr(entry, "__array__")


def test_entries_are_read_only(entry: Entry) -> None:
    for change in (lambda: setattr(entry, "pathway", "x"), lambda: delattr(entry, "pathway")):
        with pytest.raises(AttributeError, match="read-only"):
            change()
    assert {"migration_barrier", "structure", "flags"} <= set(dir(entry))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda entry: pickle.loads(pickle.dumps(entry))])
@pytest.mark.parametrize("hidden", [False, True])
def test_copies_are_equal(data: Dataset, duplicate: Any, hidden: bool) -> None:
    entry = (data.without_targets() if hidden else data)["LiRuO2_1"]
    other = duplicate(entry)
    assert other == entry
    assert hash(other) == hash(entry)
    assert other.to_dict() == entry.to_dict()
    assert not other.frac_coords.flags.writeable
    assert other.structure() == entry.structure()
    if hidden:
        with pytest.raises(HiddenTargetError):
            other.migration_barrier  # noqa: B018


def test_equality(data: Dataset) -> None:
    assert data["LiRuO2_1"] == load()["LiRuO2_1"]
    assert data["LiRuO2_1"] != data["LiRuO2_2"]
    assert data["LiRuO2_1"] != data.without_targets()["LiRuO2_1"]
    assert data["LiRuO2_1"] != "LiRuO2_1"
    assert len({data["LiRuO2_1"], load()["LiRuO2_1"]}) == 1


def test_plain_values_survive_json(entry: Entry) -> None:
    document = json.loads(json.dumps(entry.to_dict(), allow_nan=False))
    assert document == entry.to_dict()
    assert list(document) == [spec.name for spec in schema.COLUMNS]
    np.testing.assert_array_equal(document["frac_coords"], entry.frac_coords)


def test_hop_is_a_cartesian_vector(entry: Entry) -> None:
    # 5.15 Å along the third lattice vector, 10.31 Å long: half of it (FACTS.md: it passes through a Ru site).
    np.testing.assert_allclose(entry.hop(), [0.0, 0.0, -np.linalg.norm(entry.lattice[2]) / 2], atol=0.01)
    assert entry.hop().shape == (3,)


def test_representation(entry: Entry) -> None:
    assert repr(entry) == "<Entry LiRuO2_1: Li in Li23 Ru24 O48, E_m = 8.77 eV>"

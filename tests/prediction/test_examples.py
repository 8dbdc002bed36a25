"""The worked examples that pages are made from: what is stored is what the shipped model says now."""

from __future__ import annotations

import math
from typing import Any

import pytest

from embench.prediction.documents import FORMAT
from embench.prediction.examples import EXAMPLES, STORED, example_documents, examples_text, stored_examples
from embench.prediction.model import TrainedModel

RENEW = "embench model examples --out embench/prediction/examples.jsonl"


def differences(found: Any, expected: Any, where: str = "") -> list[str]:
    """Return where two documents differ, numbers by more than 1e-6."""
    if isinstance(expected, dict):
        if found.keys() != expected.keys():
            return [f"{where}: {sorted(found.keys() ^ expected.keys())}"]
        return [each for key in expected for each in differences(found[key], expected[key], f"{where}.{key}")]
    if isinstance(expected, list):
        if len(found) != len(expected):
            return [f"{where}: {len(found)} and {len(expected)}"]
        pairs = enumerate(zip(found, expected, strict=True))
        return [each for i, pair in pairs for each in differences(*pair, f"{where}[{i}]")]
    if isinstance(expected, float):
        return [] if math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-6) else [f"{where}: {found}, {expected}"]
    return [] if found == expected else [f"{where}: {found!r}, {expected!r}"]


def test_differences_are_found() -> None:
    assert differences({"a": [1.0, "x"]}, {"a": [1.0 + 1e-9, "x"]}) == []
    assert differences({"a": [1.0, "x"]}, {"a": [1.0 + 1e-5, "y"]}) != []
    assert differences({"a": []}, {"a": [1.0]}) == [".a: 0 and 1"]


def test_all_examples_are_stored_by_the_shipped_model(model: TrainedModel) -> None:
    found = stored_examples()
    assert [each["name"] for each in found] == [example.name for example in EXAMPLES], RENEW
    assert {each["format"] for each in found} == {FORMAT}, RENEW
    assert {each["model"]["sha256"] for each in found} == {model.sha256}, RENEW
    assert examples_text(found) == STORED.read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_example_is_what_the_model_says_now() -> None:
    """Of the five the one with the smallest cell."""
    example = next(each for each in EXAMPLES if each.name == "Li3OCl")
    stored = next(each for each in stored_examples() if each["name"] == "Li3OCl")
    (found,) = example_documents([example])
    found["embench_version"] = stored["embench_version"]
    assert differences(found, stored) == [], RENEW

from __future__ import annotations

import dataclasses

import pytest

import embench
from embench.baselines.registry import BaselineSpec
from embench.splits import Fold, Protocol


@pytest.fixture
def double():
    """Make the entry of the registry that a test baseline would have."""

    def make(name: str, **fields: object) -> BaselineSpec:
        spec = BaselineSpec(name="double", title="Double", description="", factory=f"tests.baselines.doubles:{name}")
        return dataclasses.replace(spec, **fields)

    return make


@pytest.fixture(scope="session")
def small() -> Protocol:
    """Four folds of six entries each, out of the first twenty-four."""
    ids = embench.load().entry_ids[:24]
    parts = [ids[start : start + 6] for start in range(0, 24, 6)]
    folds = [Fold(str(i), tuple(x for x in ids if x not in part), part) for i, part in enumerate(parts)]
    return Protocol("small", tuple(folds), "5ma11")

"""What the tests of several models share."""

from __future__ import annotations

import pytest

import embench
from embench.dataset import Dataset


@pytest.fixture(scope="module")
def sides() -> tuple[Dataset, Dataset]:
    """A training and a scored side, small enough to fit models of two levels to."""
    data = embench.load().filter(published_split="train", exclude_flags=["structure_corrupt"])
    return data.select(data.entry_ids[:60]), data.select(data.entry_ids[60:90])

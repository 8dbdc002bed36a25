"""The page on the dataset names everything that the schema has, and is not stale."""

from __future__ import annotations

from pathlib import Path

from embench import schema
from embench.curation.normalise import read_ledger
from embench.pages.dataset import describe_dataset

PAGE = Path(__file__).parents[2] / "docs" / "dataset.md"


def test_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == describe_dataset()


def test_names_every_column_flag_and_reason():
    text = PAGE.read_text(encoding="utf-8")
    for column in schema.COLUMNS:
        assert f"| `{column.name}` | {column.dtype}" in text
    for flag in schema.FLAGS:
        assert f"| `{flag.name}` |" in text
    for row in read_ledger().values():
        assert row["reason"] in text

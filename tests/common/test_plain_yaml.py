"""YAML from strangers and for them: what is written is read back as it was."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from embench.common.plain_yaml import dump, parse

# No surrogates, which are no text, and none of the control characters that YAML cannot hold.
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=60)
# Text that one of the two versions of YAML takes for something else.
TRAPS = st.sampled_from(
    (
        "no",
        "1e5",
        "1_000",
        "012",
        "0x1f",
        "12:30",
        "2026-11-22",
        "~",
        "null",
        "TRUE",
        ".inf",
        "",
        "- a",
        "a: b",
        "#",
        "&x",
    )
)
SCALARS = st.one_of(WORDS, TRAPS, st.booleans(), st.none(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(WORDS | TRAPS, inner, max_size=3),
    max_leaves=4,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, tuple) else 0


@given(st.dictionaries(WORDS | TRAPS, VALUES.filter(lambda value: depth(value) <= 4), max_size=4))
def test_what_is_written_is_read_back(content):
    assert parse(dump(content)).value == content


def test_the_same_list_twice_is_no_alias():
    names = ["A. Author"]
    assert parse(dump({"a": names, "b": names})).value == {"a": ("A. Author",), "b": ("A. Author",)}


@pytest.mark.parametrize("text", ["no", "2026-11-22", "1e5", "12"])
def test_text_stays_text_for_other_readers(text):
    assert yaml.safe_load(dump({"name": text})) == {"name": text}

from __future__ import annotations

import pytest

from embench.common.text import plural, plural_of


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("entry", "entries"),
        ("day", "days"),
        ("key", "keys"),
        ("survey", "surveys"),
        ("class", "classes"),
        ("branch", "branches"),
        ("box", "boxes"),
        ("host framework", "host frameworks"),
        ("path", "paths"),
    ],
)
def test_regular_plurals(noun, expected):
    assert plural_of(noun) == expected
    assert plural(1, noun) == f"1 {noun}"
    assert plural(0, noun) == f"0 {expected}"


def test_thousands():
    assert plural(1234, "pair") == "1234 pairs"
    assert plural(1234, "pair", thousands=True) == "1,234 pairs"
    assert plural(1, "pair", thousands=True) == "1 pair"

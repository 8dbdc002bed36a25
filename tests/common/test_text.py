from __future__ import annotations

import pytest

from embench.common.text import plural, plural_of, visible


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


def test_what_steers_a_terminal_is_shown():
    assert visible("a\x1b[2J\x07\r\u009b1m\u202eb\udcff") == "a\\x1b[2J\\x07\\r\\x9b1m\\u202eb\\udcff"
    assert visible("line\n\tone, \u674e, \u03b2 \u2013 1 \u00c5") == "line\n\tone, \u674e, \u03b2 \u2013 1 \u00c5"

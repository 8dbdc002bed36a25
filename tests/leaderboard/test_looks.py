"""Names that look like others, and addresses that lead elsewhere than they seem to."""

from __future__ import annotations

import pytest

from embench.leaderboard.submission.looks import address_problem, hidden_character, plain_name, skeleton


@pytest.mark.parametrize(
    "name",
    [
        "\u041cODEL-3",  # Cyrillic M
        "\u039cODEL-3",  # Greek M
        "M\u00d6DEL-3",
        "M0DEL-3",
        "MODE1-3",
        "MODEI-3",
        "MODEL\u20113",  # a hyphen that does not break
        "MODEL\u22123",  # minus
        "\uff2d\uff2f\uff24\uff25\uff2c-\uff13",  # full width
        " model-3\u00a0",
        "\U0001d40c\U0001d40e\U0001d403\U0001d404\U0001d40b-3",  # mathematical bold
        "MODE\u0406-3",  # Cyrillic I
    ],
)
def test_names_that_look_like_another(name):
    assert skeleton(name) == skeleton("MODEL-3")


@pytest.mark.parametrize("name", ["MODEL-4", "MODEL 3", "NODEL-3", "MODEL-33", "\u0394MODEL-3"])
def test_names_that_look_like_themselves(name):
    assert skeleton(name) != skeleton("MODEL-3")


def test_what_only_changes_how_a_name_is_written():
    assert plain_name("  Orb\u2010V3 \u00a0x") == plain_name("orb-v3 x") == "orb-v3 x"
    assert plain_name("0rb-v3") != plain_name("orb-v3")


@pytest.mark.parametrize(
    "character",
    [
        "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u180e", "\u202e", "\U000e0041",
        "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\u2028", "\x1b", "\ue000",
    ],
)  # fmt: skip
def test_what_is_not_drawn_is_found(character):
    found = hidden_character(f"Orb{character}v3")
    assert found is not None
    assert found.endswith(f"U+{ord(character):04X}")


@pytest.mark.parametrize(
    "text",
    [
        "\u674e\u660e, Se\u00e1n \u00d3 R\u00ed",
        "\u0414\u0430\u0440\u044c\u044f",
        "\uae40\n\u03b2-Li\u2083PS\u2084 \u2026 \u00b5 \u2265",
    ],
)
def test_letters_of_any_language_are_drawn(text):
    assert hidden_character(text) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/a/b",
        "https://gist.github.com/a",
        "http://example.org:8080/x?y=@z",
        "https://doi.org/10.1038/s41524-026-01972-8",
        "https://chemrxiv.org/engage/1",
        "https://group.university.edu/~person",
        "https://user.github.io/x",
        "https://EXAMPLE.org./",
    ],
)
def test_addresses_to_follow(address):
    assert address_problem(address) is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://github.com@evil.example.org/a", "before the host"),
        ("https://user:secret@example.org", "before the host"),
        ("http://127.0.0.1/x", "by number"),
        ("http://127.1/x", "by number"),
        ("http://2130706433/", "by number"),
        ("http://0x7f.1/", "by number"),
        ("http://[::1]:80/", "by number"),
        ("http://10.0.0.7/", "by number"),
        ("http://169.254.169.254/latest/meta-data", "by number"),
        ("http://localhost:8000", "cannot reach"),
        ("http://x.localhost.", "cannot reach"),
        ("http://printer.local", "cannot reach"),
        ("http://wiki.internal/a", "cannot reach"),
        ("http://intranet/a", "cannot reach"),
        ("https://g\u0456thub.com/a", "plain letters"),  # Cyrillic i
        ("https://xn--gthub-n4a.com/a", "plain letters"),
        ("https://exa_mple.org", "plain letters"),
        ("https://example%2eorg", "cannot reach"),
        ("https://g1thub.com/a", "looks like github.com"),
        ("https://glthub.com/a", "looks like github.com"),
        ("https://arxlv.org/abs/1", "looks like arxiv.org"),
        ("https://github.com.evil.example.org", "looks like github.com"),
        ("https://example.org:port/", "not written"),
        ("https://[::1/", "not written"),
    ],
)
def test_addresses_not_to_follow(address, words):
    assert words in str(address_problem(address))

"""The page in Markdown and the table of the README, as a parser of Markdown reads them."""

from __future__ import annotations

import copy
import html
import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from embench.common.markdown import escape
from embench.errors import OutputError, SubmissionError
from embench.evaluation.ranking import ranking_sentence
from embench.leaderboard.board.markdown import BEGIN, END, board_page, main_table, renewed, tied_positions
from tests.leaderboard.conftest import SUBMISSIONS

pytestmark = pytest.mark.xdist_group("board")

HOSTILE = (
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "![a](https://example.org/a.png)",
    "a | b \\| c",
    "`code` *bold* _line_ ~~gone~~ $x$",
    "&lt;b&gt; &amp; <b>",
    "# heading\n\n- list",
    "\\",
)


def rendered(text: str) -> str:
    return MarkdownIt("gfm-like", {"linkify": False}).render(text)


def tables(text: str) -> list[list[list[str]]]:
    """The cells of all tables, as plain text."""
    return [
        [
            [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line)]
            for line in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        ]
        for table in re.findall(r"<table>(.*?)</table>", rendered(text), re.DOTALL)
    ]


@pytest.fixture
def content(board) -> dict[str, Any]:
    return copy.deepcopy(board.content)


def test_a_table_for_each_protocol(content):
    found = tables(board_page(content))
    main = [table for table in found if table[0][0] == ""]
    assert [len(table) - 1 for table in main] == [
        len(section["rows"]) for section in (*content["protocols"], *content["transfer"])
    ]
    for header, *rows in found:
        assert all(len(row) == len(header) for row in rows)
    for _, *rows in main:
        assert [row[0] for row in rows] == [str(line) for line in range(1, len(rows) + 1)]


def test_a_second_table_without_contradicted_labels(content):
    protocol = content["protocols"][0]
    assert protocol["not_contradicted"]["n"] < protocol["n"]
    header, *rows = tables(board_page(content))[1]
    assert header[:2] == ["rank", "system"]
    names = {card["name"]: slug for slug, card in content["submissions"].items()}
    found = {row["slug"]: row["not_contradicted"] for row in protocol["rows"]}
    assert {names[row[1]] for row in rows} == found.keys()
    maes = [found[names[row[1]]]["metrics"]["mae"]["value"] for row in rows]
    assert maes == sorted(maes)
    for row, mae in zip(rows, maes, strict=True):
        assert row[header.index("MAE (eV)")].startswith(f"{mae:.3f} [")


def test_a_protocol_without_contradicted_labels_has_no_second_table(content):
    for protocol in content["protocols"]:
        protocol["not_contradicted"]["n"] = protocol["n"]
    page = board_page(content)
    assert all(table[0][0] == "" for table in tables(page))
    assert page.count("contradict the label of none of these entries") == len(content["protocols"])


def test_the_table_of_the_readme_needs_the_main_protocol(content, tmp_path):
    others = [protocol for protocol in content["protocols"] if not protocol["main"]]
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}\n<!-- leaderboard: end -->\n")
    for protocols in (others, []):
        with pytest.raises(SubmissionError, match=r"predictions for host-10fold, the main protocol.*leave out --page"):
            renewed(readme, {**content, "protocols": protocols})
    assert [line for line in board_page({**content, "protocols": others}).splitlines() if "published" in line]


def test_the_table_of_the_readme_has_both_figures(content):
    protocol = next(found for found in content["protocols"] if found["main"])
    header, first, *_ = tables(main_table(content, submissions="x"))[0]
    row = protocol["rows"][0]
    assert first[header.index("MAE (eV)")].startswith(f"{row['metrics']['mae']['value']:.3f} [")
    without = row["not_contradicted"]["metrics"]
    assert first[header.index("MAE (eV), labels not contradicted")].startswith(f"{without['mae']['value']:.3f} [")
    assert first[header.index("R², labels not contradicted")].startswith(f"{without['r2']['value']:.2f} [")


def test_figures_of_the_literature_are_in_the_table(content):
    published = next(i for i, protocol in enumerate(content["protocols"]) if protocol["name"] == "published")
    header, *rows = [table for table in tables(board_page(content)) if table[0][0] == ""][published]
    cells = dict(zip(header, next(row for row in rows if row[2].startswith("MODEL-3")), strict=True))
    assert cells["MAE (eV)"].startswith("0.261 [")
    assert cells["R²"].startswith("0.703 [")
    assert cells["precision"].startswith("0.828 [")
    assert (cells["predicted"], cells["coverage 95 %"], cells["kind"]) == ("all", "–", "literature")


def test_links_lead_to_the_submissions(content):
    targets = set(re.findall(r'href="submissions/([^"]+)"', rendered(board_page(content))))
    assert targets == {path.name for path in SUBMISSIONS.iterdir()}


def test_ties_in_both_directions():
    protocol = {
        "rows": [{"slug": slug} for slug in ("c", "a", "b")],
        "pairs": [
            {"a": "a", "b": "b", "resolved": False},
            {"a": "a", "b": "c", "resolved": False},
            {"a": "b", "b": "c", "resolved": True},
        ],
    }
    assert tied_positions(protocol) == {"c": [2], "a": [1, 3], "b": [2]}


def test_runs_of_lines_are_drawn_together(content):
    protocol = next(found for found in content["protocols"] if found["main"])
    first, *others = protocol["rows"]
    tied = {others[i]["slug"] for i in (0, 2, 3, 4)}  # the lines 2, 4, 5 and 6
    for pair in protocol["pairs"]:
        pair["resolved"] = first["slug"] not in (pair["a"], pair["b"]) or not tied & {pair["a"], pair["b"]}
    header, *rows = tables(board_page(content))[0]
    assert [row[header.index("tied with")] for row in rows][:4] == ["2, 4–6", "1", "–", "1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_strangers_is_shown_as_it_is(content, text):
    content["submissions"][content["protocols"][0]["rows"][0]["slug"]]["name"] = text
    for protocol in content["protocols"]:
        protocol["sentence"] = f"{text} has the lowest MAE."
    for page in (board_page(content), main_table(content, submissions="x")):
        made = rendered(page)
        assert "<script" not in made
        assert "<img" not in made
        assert "javascript:" not in "".join(re.findall(r'(?:href|src)="([^"]*)"', made))
        # GitHub reads $…$ as a formula, which the parser here does not: a backslash must stand before each.
        assert not re.search(r"(?<!\\)\$x", page)
        shown = " ".join(text.split())
        assert all(any(shown in row for row in table) for table in tables(page)[:1])
        assert f"{shown} has the lowest MAE." in html.unescape(re.sub(r"<[^>]+>", "", made))


def test_signs_of_trouble_are_shown_under_their_protocol(content):
    row = content["protocols"][1]["rows"][3]
    row["signs"] = ["Equal to the labels <b>to the digit</b>."]
    name = content["submissions"][row["slug"]]["name"]
    _, first, second, third = board_page(content).split("\n## ")[1:5]
    assert f"- {escape(name)}: Equal to the labels &lt;b&gt;to the digit&lt;/b&gt;." in second
    assert "To look at" not in first + third


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_reads_as_before(text):
    assert html.unescape(re.sub(r"</?p>|\n", "", rendered(escape(text)))) == " ".join(text.split())


def test_a_share_below_one_never_reads_as_complete(content):
    row = content["protocols"][0]["rows"][0]
    row["coverage"]["share"] = 615.9 / 616
    assert tables(board_page(content))[0][1][-5] == "99.9 %"


def test_undefined_figures_are_dashes(content):
    row = content["protocols"][0]["rows"][0]
    row["metrics"]["r2"] = {"value": None, "low": None, "high": None}
    row["metrics"]["precision"] = {"value": 0.5, "low": None, "high": None}
    assert tables(board_page(content))[0][1][5:7] == ["–", "0.500"]


def test_only_the_marked_part_of_a_page_is_renewed(content, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n\n{BEGIN}\nof yesterday\n{END}\n\nafter\n", encoding="utf-8")
    text = renewed(page, content)
    assert text.startswith(f"before\n\n{BEGIN}\n\n| rank | system |")
    assert text.endswith(f"\n\n{END}\n\nafter\n")
    assert "of yesterday" not in text
    page.write_text(text, encoding="utf-8")
    assert renewed(page, content) == text


def test_a_page_says_which_pairs_were_compared(content):
    assert "near it in rank" not in board_page(content)
    protocol = content["protocols"][0]
    protocol["pairs"].pop()
    assert f"Of the {len(protocol['pairs'])} differences" in board_page(content)
    assert board_page(content).count("each with the first and with those near it in rank") == 1


def test_a_sentence_counts_what_it_cannot_name():
    names = [f"system {number}" for number in range(25)]
    twenty, all_of_them = (
        ranking_sentence("best", each, n=60, n_hosts=40, protocol="published") for each in (names[:20], names)
    )
    assert "system 18 and system 19 on 60 entries from 40 host frameworks" in twenty
    assert "system 19 and 5 others on 60 entries" in all_of_them


def test_hosts_of_the_second_dataset_are_materials():
    found = ranking_sentence("best", ["other"], n=622, n_hosts=272, protocol="to-oxygen")
    assert "on 622 entries from 272 materials (" in found


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}"])
def test_a_page_without_a_place_for_the_table(content, tmp_path, text):
    page = tmp_path / "README.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match="no place for the table"):
        renewed(page, content)
    assert page.read_text(encoding="utf-8") == text

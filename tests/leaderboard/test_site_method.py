"""The page on the method: figures against independent sources, links, plots, and texts that stay texts."""

from __future__ import annotations

import copy
import html
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import embench
from embench.leaderboard.board import Board
from embench.leaderboard.site.method import write_method
from embench.leaderboard.site.method.facts import how_made
from embench.leaderboard.site.method.figures import STEPS, distribution, error_growth, rank_intervals
from embench.schema import FLAGS
from embench.splits.registry import PROTOCOLS, protocol_spec

pytest.importorskip("jinja2")
pytest.importorskip("pydantic")
pytestmark = pytest.mark.xdist_group("board")

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def visible_text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


class Page(HTMLParser):
    """The addresses, ids and figures of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.figures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []
        self.figures += [found["data-figure"] or ""] if "data-figure" in found else []


@pytest.fixture(scope="module")
def page(explorer: Path) -> str:
    return (explorer / "method.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(page: str) -> str:
    return visible_text(page)


def row(page: str, attribute: str, value: str) -> str:
    found = re.search(rf'<tr {attribute}="{re.escape(value)}">.*?(?=<tr\b|</tbody>|</table>)', page, flags=re.DOTALL)
    assert found, value
    return f"{visible_text(found[0])} "


class TestFigures:
    def test_of_the_labels(self, text: str) -> None:
        # FACTS: 619 entries, E_m 0.0035 to 8.77, median 0.616, 323 below 0.65; Li 154 + 21, Ca 141 + 12.
        assert "holds 619 such barriers" in text
        assert "0.0035 eV to 8.77 eV, with a median of 0.616 eV" in text
        assert "below 0.65 eV counts as that of a good conductor: 323 entries" in text
        assert "Li (175), Ca (153)" in text
        assert "GGA 545, GGA+U 45, SCAN 19, LDA 10" in text

    def test_of_a_factor_of_ten(self, text: str) -> None:
        # k_B from CODATA 2018, eV/K.
        assert f"every {1000 * 8.617333262e-5 * 300 * math.log(10):.0f} meV" in text

    def test_of_the_leakage(self, text: str, page: str) -> None:
        # FACTS: of the 60 test entries 58 share a prototype, 45 the host, 37 host and ion, 23 the compound.
        assert "45 share their host framework with a training entry, and 58 their structure prototype" in text
        table = re.search(r'<table class="heat".*?</table>', page, flags=re.DOTALL)
        assert table
        published = next(part for part in table[0].split("<tr>") if "Published split" in part)
        assert re.findall(r'data-count="(\d+)"', published)[2:] == ["23", "37", "45", "58"]

    def test_of_the_duplicates(self, text: str) -> None:
        # FACTS: 21 pairs (26 entries); LiAlPO4F_2/3 0.484 apart, LiAlPO4F_1/4 0.307.
        assert "26 entries in 11 groups" in text
        assert "21 pairs of labels" in text
        assert "LiAlPO4F_3 LiAlPO4F_2 0.051, 0.534 0.484" in text
        assert "LiAlPO4F_4 LiAlPO4F_1 0.886, 1.193 0.307" in text

    def test_of_the_potentials(self, text: str) -> None:
        # FACTS: on 572 entries Orb-v3 has a median |Δ| of 0.12 eV and a mean of 0.34 eV.
        assert re.search(r"Orb-v3 572 0\.12\d 0\.33\d", text)

    def test_of_the_flags(self, page: str) -> None:
        # FACTS: three corrupt structures, nine bands longer than the minimum image, 36 clashes. The table of suspects
        # has 34 rows, one of them of the test part.
        for name, entries in (("structure_corrupt", 3), ("path_not_minimum_image", 9), ("path_clash", 36)):
            assert re.search(rf"\. {entries} \d+ $", row(page, "data-flag", name)), name
        assert row(page, "data-flag", "label_suspect").endswith(" 34 1 ")
        assert page.count("<tr data-flag=") == len(FLAGS)
        for flag in FLAGS:
            assert flag.description in row(page, "data-flag", flag.name)
            assert flag.rule in row(page, "data-flag", flag.name)

    def test_of_the_protocols(self, page: str, board: Board) -> None:
        assert page.count("<tr data-protocol=") == len(PROTOCOLS)
        data = embench.load()
        train, test = (data.filter(published_split=part).column("migration_barrier") for part in ("train", "test"))
        median_mae = float(np.abs(test - np.median(train)).mean())
        assert f" 1 60 53 {median_mae:.3f} " in row(page, "data-protocol", "published")
        # Three of the 619 entries are corrupt (FACTS), one has its elements misplaced: scored nowhere.
        assert re.search(r" 10 615 233 ", row(page, "data-protocol", "host-10fold"))
        for protocol in board.content["protocols"]:
            assert f" {protocol['detectable']:.2f} " in row(page, "data-protocol", protocol["name"])


class TestPlots:
    def test_bars_count_every_entry(self) -> None:
        figure = distribution(embench.load(), 0.65)
        below, above = (sum(trace["y"]) for trace in figure["data"])
        assert (below, above) == (323, 619 - 323)  # FACTS
        assert max(figure["data"][0]["x"]) < 0.65 < min(figure["data"][1]["x"])

    def test_growth_shows_the_scores(self, board: Board) -> None:
        figure, beyond = error_growth(board.content)
        sections = {section["name"]: section for section in board.content["protocols"]}
        shown = {trace["name"]: trace for trace in figure["data"]}
        names = {slug: submission["name"] for slug, submission in board.content["submissions"].items()}
        everywhere = [
            names[found["slug"]]
            for found in sections[STEPS[0]]["rows"]
            if all(found["slug"] in {other["slug"] for other in sections[step]["rows"]} for step in STEPS)
        ]
        assert sorted([*shown, *beyond]) == sorted(everywhere)
        for step, name in enumerate(STEPS):
            for found in sections[name]["rows"]:
                if names[found["slug"]] in shown:
                    trace, mae = shown[names[found["slug"]]], found["metrics"]["mae"]
                    assert trace["y"][step] == mae["value"]
                    assert trace["y"][step] + trace["error_y"]["array"][step] == pytest.approx(mae["high"], abs=1e-5)
        # Every line has its own mark, and its name beside it.
        marks = [(t["marker"]["color"], t["marker"]["symbol"], t["line"]["dash"]) for t in figure["data"]]
        trained = [mark for mark in marks if mark[2] == "solid"]
        assert len(set(trained)) == len(trained)
        assert len(figure["layout"]["annotations"]) == len(shown)
        heights = sorted(note["y"] for note in figure["layout"]["annotations"])
        assert min(np.diff(heights)) > 0.015

    def test_ranks_are_those_of_the_board(self, board: Board) -> None:
        section = board.content["protocols"][1]
        names = {slug: submission["name"] for slug, submission in board.content["submissions"].items()}
        trace = rank_intervals(section, names)["data"][0]
        ranked = [found for found in reversed(section["rows"]) if found["rank"] is not None]
        assert trace["x"] == [found["rank"] for found in ranked]
        ends = [rank + more for rank, more in zip(trace["x"], trace["error_x"]["array"], strict=True)]
        assert ends == [found["rank_high"] for found in ranked]

    def test_axes_have_titles_with_units(self, page: str) -> None:
        figures = json.loads(html.unescape(page.split('id="figures">')[1].split("</script>")[0]))
        assert set(Page(page).figures) == set(figures)
        assert "(eV)" in figures["distribution"]["layout"]["xaxis"]["title"]["text"]
        assert "(eV)" in figures["growth"]["layout"]["yaxis"]["title"]["text"]


class TestLinks:
    def test_those_within_the_page_and_to_files(self, page: str, board: Board) -> None:
        found = Page(page)
        assert "submit" in found.ids
        assert len(found.ids) == len(set(found.ids))
        ids = set(embench.load().entry_ids)
        for address in found.addresses:
            parts = urlsplit(address)
            if parts.scheme or address.startswith("assets/"):
                assert not parts.scheme or parts.scheme == "https"
            elif not parts.path or parts.path == "method.html":
                assert parts.fragment in ("", *found.ids), address
            elif parts.path == "entries.html":
                asked = unquote(parts.fragment)
                assert not asked or asked in ids or re.fullmatch(r"\?flag=\w+", asked), address
            elif parts.path.startswith("submissions/"):
                assert Path(parts.path).stem in board.content["submissions"]
            elif parts.path.startswith("entries/"):
                assert unquote(Path(parts.path).parent.name) in ids, address
            else:
                assert parts.path in ("index.html", "score.html", "predict.html", "changelog.html", "feed.xml"), address

    def test_scripts_are_files(self, page: str) -> None:
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        # Where the page itself is published is an address, and nothing that is fetched.
        fetched = page.replace('<link rel="canonical"', "<canonical")
        assert not re.search(r'<(script|link|img)[^>]*(src|href)="https?:', fetched)


def test_how_folds_are_made() -> None:
    assert how_made(protocol_spec("host-10fold")) == "10 folds; no host framework is divided between them."
    assert how_made(protocol_spec("leave-one-ion-out")) == "Each migrating ion is left out in turn, rare ones together."
    assert len({how_made(spec) for spec in PROTOCOLS}) == len(PROTOCOLS)


def test_commands_are_those_that_there_are(page: str) -> None:
    """What the page tells people to type is what the command line knows."""
    from typer.main import get_command

    from embench.cli.app import app

    root: Any = get_command(app)
    lines = re.findall(r"\bembench (evaluate|submit|leaderboard check)\b([^<\n]*)", html.unescape(page))
    assert {name for name, _ in lines} == {"evaluate", "submit", "leaderboard check"}
    for name, rest in lines:
        command = root
        for part in name.split():
            command = command.commands[part]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\w)--[a-z-]+", rest)) <= known


def test_code_on_the_page_runs(page: str) -> None:
    block = re.search(r"<code>(import embench.*?)</code>", page, flags=re.DOTALL)
    assert block
    code = (
        html.unescape(block[1]).replace('in embench.protocol("host-10fold")', "in FOLDS").replace("fold.test:", "TEST:")
    )
    fold = next(iter(embench.protocol("host-10fold")))
    names: dict[str, Any] = {"FOLDS": [fold], "TEST": [next(iter(fold.test))]}
    exec(code, names)
    assert len(names["band"]) == 7
    assert len(names["targets"]) > 500


def test_the_same_every_time(board: Board, page: str, tmp_path: Path) -> None:
    write_method(board, tmp_path)
    assert (tmp_path / "method.html").read_text(encoding="utf-8") == page


def test_texts_stay_texts(board: Board, tmp_path: Path) -> None:
    content = copy.deepcopy(board.content)
    for submission in content["submissions"].values():
        submission["name"] = ATTACK
    for protocol in content["protocols"]:
        protocol["title"] = protocol["description"] = protocol["sentence"] = ATTACK
    write_method(Board(content, board.details), tmp_path)
    page = (tmp_path / "method.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "<script>alert" not in page
    assert ATTACK in visible_text(page)
    # plotly reads names as markup of its own: they are escaped there as well.
    assert "<img" not in json.dumps(json.loads(page.split('id="figures">')[1].split("</script>")[0]))

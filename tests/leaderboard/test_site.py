"""The pages of the leaderboard as files: what they say, that they are safe, and that they are the same every time."""

from __future__ import annotations

import copy
import csv
import html
import json
import re
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from embench.errors import MissingDependencyError, OutputError, SubmissionError
from embench.hub.about import SITE_URL
from embench.leaderboard.board import Board
from embench.leaderboard.site import write_site
from embench.leaderboard.site.assets import Packing, script_json, slim, web_address, write_assets
from embench.leaderboard.site.main.page import write_main
from embench.leaderboard.site.main.rows import duration, rank_interval
from embench.leaderboard.site.pictures import CARD_SIZE
from embench.leaderboard.site.scores import axis_of, score_of, ticks
from embench.leaderboard.site.submissions.card import card_of
from embench.leaderboard.site.submissions.page import write_submission_pages
from embench.leaderboard.site.submissions.pairs import pairs_of
from embench.splits import protocol_names
from embench.web.bars import Scale
from tests.leaderboard.conftest import SUBMISSIONS, data_of, unpacked

pytest.importorskip("jinja2")
Image = pytest.importorskip("PIL.Image")
pytestmark = pytest.mark.xdist_group("board")

UPSTREAM = "https://github.com/"
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
MAE = {"name": "mae", "unit": "eV", "direction": "lower", "nominal": None, "decimals": 3}
R2 = MAE | {"name": "r2", "unit": None, "direction": "higher"}


def write_own(board: Board, folder: Path) -> Path:
    """Write the main page, the pages of submissions and what they load."""
    write_assets(folder / "assets")
    write_main(board, folder)
    write_submission_pages(board, folder)
    return folder


def test_all_of_it_is_what_push_space_uploads(site):
    """Whatever the site consists of is a kind of file that is uploaded."""
    from embench.release.uploads import space_files

    assert space_files(site) == (sorted(p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()), [])


@pytest.fixture(scope="module")
def index(site: Path) -> str:
    return (site / "index.html").read_text(encoding="utf-8")


def hostile(value: Any) -> Any:
    """Put an attack into every text of a submission but those that have a fixed set of values."""
    fixed = {"kind", "origin", "date", "overlaps_scored_entries", "barrier", "predictions", "protocols", "transfer"}
    if isinstance(value, str):
        return ATTACK
    if isinstance(value, list):
        return [hostile(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in fixed else hostile(item) for key, item in value.items()}
    return value


@pytest.fixture(scope="module")
def attacked(board: Board) -> Board:
    """A board whose submissions say nothing but attacks, which the check of submissions would refuse in part."""
    content = copy.deepcopy(board.content)
    for slug, submission in content["submissions"].items():
        content["submissions"][slug] = hostile(submission) | {
            "paper": ATTACK,
            "code": ATTACK,
            "hardware": ATTACK,
            "uncertainty": ATTACK,
            "versions": {ATTACK: ATTACK},
            "paper_url": "javascript:alert(1)",
            "code_url": f"https://host/{ATTACK}",
            "signs": [{"kind": ATTACK, "protocol": None, "text": ATTACK}],
        }
    for protocol in content["protocols"]:
        protocol["sentence"] = ATTACK
        for row in protocol["rows"]:
            row["signs"] = [ATTACK]
    details = {key: copy.deepcopy(detail) for key, detail in board.details.items()}
    for detail in details.values():
        for entry in detail["entries"]:
            entry["entry_id"] = f"{entry['entry_id']}{ATTACK}"
            entry["formula"] = entry["pathway"] = entry["structure_class"] = entry["functional"] = ATTACK
    return Board(content, details, board.transfer)


@pytest.fixture(scope="module")
def attacked_site(attacked: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_own(attacked, tmp_path_factory.mktemp("attacked"))


class Links(HTMLParser):
    """The addresses, ids, scripts and images of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.inline_scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.addresses += [found[name] or "" for name in ("href", "src") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []
        self.inline_scripts += (
            tag == "script" and "src" not in found and found.get("type") not in ("application/json", "text/plain")
        )


def visible_text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def panel(page: str, protocol: str) -> str:
    parts = re.split(r'(?=<div class="panel[ "])', page)
    return next(part for part in parts if f'data-protocol="{protocol}"' in part)


def row(page: str, protocol: str, slug: str) -> str:
    found = re.search(rf'<tr data-slug="{slug}".*?(?=<tr\b|</tbody>|</table>)', panel(page, protocol), flags=re.DOTALL)
    assert found, slug
    return found[0]


class TestMainPage:
    # FACTS: MODEL-3 has MAE 0.2607, R² 0.7027, precision 0.8276 on the published split, MACE-RELAX 0.3397 and 0.1849.
    @pytest.mark.parametrize(
        ("slug", "figures"), [("model-3", ("0.261", "0.703", "0.828")), ("mace-relax", ("0.340", "0.185", "0.771"))]
    )
    def test_published_figures(self, index: str, slug: str, figures: tuple[str, ...]) -> None:
        text = visible_text(row(index, "published", slug))
        assert all(f" {figure} " in text for figure in figures)

    def test_a_table_for_each_protocol(self, index: str, board: Board) -> None:
        for protocol in board.content["protocols"]:
            slugs = re.findall(r'<tr data-slug="([^"]+)"', panel(index, protocol["name"]))
            assert slugs == [found["slug"] for found in protocol["rows"]]
        assert len(re.findall(r'<div class="panel[ "]', index)) == len(protocol_names())
        assert '<div class="panel chosen" data-protocol="host-10fold"' in index

    def test_marks_what_cannot_be_told_from_the_best(self, index: str, board: Board) -> None:
        for protocol in board.content["protocols"]:
            tied = {found["slug"] for found in protocol["rows"][1:] if found["best_set"]}
            shown = re.findall(r'<tr data-slug="([^"]+)"[^>]*class="tied"', panel(index, protocol["name"]))
            assert set(shown) == tied

    def test_says_what_the_data_can_resolve(self, index: str, board: Board) -> None:
        text = visible_text(index)
        for protocol in board.content["protocols"]:
            assert protocol["sentence"] in text
            assert f"about {protocol['detectable']:.2f} eV" in text

    def test_explains_every_metric(self, index: str, site: Path, board: Board) -> None:
        known = data_of(site / "assets" / "board.js")["metrics"]
        for metric in (*board.content["metrics"], *board.content["more_metrics"]):
            assert metric["description"] in known[metric["name"]]["explanation"]
            if metric["name"] in ("mae", "r2", "precision", "pathway_ranking"):
                assert metric["description"] in html.unescape(index)

    def test_a_score_from_few_pairs_says_so(self, index: str) -> None:
        # The published test part holds one pair of pathways in one structure that are more than 0.05 eV apart.
        assert "(1 pair)" in visible_text(row(index, "published", "model-3"))
        assert "pair)" not in visible_text(row(index, "host-10fold", "median"))

    def test_coverage(self, index: str) -> None:
        # shared/README: five test entries have no 5-image result in any model, four more none for MACE.
        assert "55 of 60 entries" in row(index, "published", "chgnet")
        assert "51 of 60 entries" in row(index, "published", "mace-mp-0")

    def test_carries_the_scores_of_all_metrics(self, site: Path, board: Board) -> None:
        data = data_of(site / "assets" / "board.js")["protocols"]
        for protocol in board.content["protocols"]:
            for found in protocol["rows"]:
                scores = data[protocol["name"]]["rows"][found["slug"]]["scores"]
                for name, estimate in found["metrics"].items():
                    expected = None if estimate is None else estimate["value"]
                    shown = scores.get(name)
                    assert (None if shown is None else shown["value"]) == expected, (found["slug"], name)


class TestSubmissionPages:
    def test_one_for_each_submission(self, site: Path, board: Board) -> None:
        assert {path.stem for path in (site / "submissions").glob("*.html")} == set(board.content["submissions"])

    def test_card_has_every_field(self, site: Path, board: Board) -> None:
        for slug, submission in board.content["submissions"].items():
            text = visible_text((site / "submissions" / f"{slug}.html").read_text(encoding="utf-8"))
            for field in ("name", "version", "date", "description", "paper", "code", "licence", "uncertainty",
                          "hardware", "reproduce"):  # fmt: skip
                assert re.sub(r"\s+", " ", submission[field] or "") in text, (slug, field)
            assert all(author in text for author in submission["authors"])
            assert submission["training_data"]["description"] in text

    def test_scores_of_all_protocols(self, site: Path, board: Board) -> None:
        (published,) = (each for each in board.content["protocols"] if each["name"] == "published")
        (rank,) = (row["rank"] for row in published["rows"] if row["slug"] == "model-3")
        text = visible_text((site / "submissions" / "model-3.html").read_text(encoding="utf-8"))
        assert (
            f"Published split published {rank} of {sum(row['rank'] is not None for row in published['rows'])} " in text
        )
        assert " 0.261 " in text

    def test_predictions_are_those_submitted(self, site: Path) -> None:
        with (SUBMISSIONS / "pathway-stack" / "host-10fold.csv").open(newline="") as file:
            submitted = {line["entry_id"]: float(line["prediction"]) for line in csv.DictReader(file)}
        data = data_of(site / "submissions" / "pathway-stack" / "host-10fold.js")
        ids = data_of(site / "assets" / "pathways.js")["id"]
        shown = {ids[place]: value for place, value in zip(data["places"], data["prediction"], strict=True)}
        assert len(shown) == 615  # of 616 that were submitted
        assert shown == {name: pytest.approx(submitted[name], abs=1e-5) for name in shown}

    def test_worst_entries_lead_to_their_pages(self, site: Path, board: Board) -> None:
        page = (site / "submissions" / "pathway-stack.html").read_text(encoding="utf-8")
        entries = board.details["pathway-stack", "host-10fold"]["entries"]
        worst = max(entries, key=lambda entry: abs(entry["prediction"] - entry["target"]))["entry_id"]
        assert f'href="../entries/{worst}/index.html">{worst}</a>' in page.split('id="worst"')[1]

    def test_errors_by_class_and_ion(self, site: Path, board: Board) -> None:
        """Each cell is the mean of what the details say of its entries; the tables of other protocols are packed."""
        first = (site / "submissions" / "pathway-stack.html").read_text(encoding="utf-8")
        packed = data_of(site / "submissions" / "pathway-stack" / "panels.js")["groups"]
        for name, text in (("host-10fold", first), ("prototype-10fold", packed["prototype-10fold"])):
            table = text.partition('class="error-map"')[2].partition("</table>")[0]
            ions = re.findall(r'<th scope="col">(\w+)', table.partition("</thead>")[0])[1:]
            entries = board.details["pathway-stack", name]["entries"]
            cells = 0
            for part in table.split('<th scope="row">')[1:]:
                title, *found = part.split("<td")
                for ion, cell in zip(ions, found, strict=True):
                    errors = [
                        abs(entry["prediction"] - entry["target"])
                        for entry in entries
                        if (entry["structure_class"], entry["mobile_ion"]) == (html.unescape(title), ion)
                    ]
                    shown = re.search(r">([\d.]+) <small>(\d+)", cell)
                    assert (shown is not None) == bool(errors), (title, ion)
                    if shown:
                        assert int(shown[2]) == len(errors)
                        assert float(shown[1]) == pytest.approx(sum(errors) / len(errors), abs=0.0051)
                        cells += len(errors)
            assert {"Li", "Ca", "Na", "Mg"} <= set(ions)  # FACTS: 175, 153, 109 and 106 entries
            assert "Sr" not in ions  # two entries
            left_out = re.search(r"(\d+) pathways of classes or ions", text)
            assert left_out
            assert cells + int(left_out[1]) == len(entries)

    def test_other_definition_of_the_barrier(self, site: Path, board: Board) -> None:
        text = visible_text((site / "submissions" / "orb-v3.html").read_text(encoding="utf-8"))
        rows = next(p for p in board.content["protocols"] if p["name"] == "published")["rows"]
        other = next(found for found in rows if found["slug"] == "orb-v3")["other_definition"]["mae"]["value"]
        assert f"{other:.3f} eV (R²" in text

    def test_pages_do_without_what_a_submission_lacks(self, site: Path) -> None:
        assert "This submission gives no uncertainties." in (site / "submissions" / "model-3.html").read_text()


class TestPairs:
    def test_both_sides_agree(self, board: Board) -> None:
        protocol = next(p for p in board.content["protocols"] if p["name"] == "published")
        mae = {found["slug"]: found["metrics"]["mae"]["value"] for found in protocol["rows"]}
        ranked = [found["slug"] for found in protocol["rows"] if found["rank"] is not None]
        without = {found["slug"]: found["not_contradicted"]["metrics"]["mae"]["value"] for found in protocol["rows"]}
        for slug in mae:
            pairs = pairs_of(board.content, protocol, slug)
            # What predicts too few entries for a rank is not compared.
            assert [pair.slug for pair in pairs] == [each for each in ranked if each != slug and slug in ranked]
            for pair in pairs:
                difference = float(pair.difference.replace("−", "-"))
                assert difference == pytest.approx(mae[slug] - mae[pair.slug], abs=6e-4)
                assert pair.clean is not None
                clean = float(pair.clean.difference.replace("−", "-"))
                assert clean == pytest.approx(without[slug] - without[pair.slug], abs=6e-4)
                assert pair.clean.outcome in ("tied", "lower" if clean < 0.0 else "higher")
                low, high = (float(text.replace("−", "-")) for text in pair.interval.split(" to "))
                assert low <= difference <= high

    def test_words(self, board: Board) -> None:
        protocol = next(p for p in board.content["protocols"] if p["name"] == "published")
        found = {pair.slug: pair for pair in pairs_of(board.content, protocol, "model-3")}
        # FACTS: 0.2607 and 0.3397 eV.
        assert found["mace-relax"].verdict.startswith(
            f"The MAE of {board.content['submissions']['model-3']['name']} is 0.079 eV lower than that of"
        )
        assert found["mace-no-relax"].outcome == "lower"
        tied = next(pair for pair in found.values() if not pair.resolved)
        assert tied.outcome == "tied"
        assert "statistically indistinguishable" in tied.verdict


class TestSafety:
    def test_no_element_comes_from_a_submission(self, site: Path, attacked_site: Path) -> None:
        for path in sorted(attacked_site.rglob("*.html")):
            page = path.read_text(encoding="utf-8")
            found, same = Links(page), Links((site / path.relative_to(attacked_site)).read_text(encoding="utf-8"))
            assert "img" not in found.tags
            assert found.inline_scripts == 0
            assert found.tags.count("script") == same.tags.count("script")
            assert not any(address.startswith("javascript:") for address in found.addresses)

    def test_packed_panels_hold_no_element_of_a_submission(self, attacked_site: Path) -> None:
        found = list(attacked_site.glob("submissions/*/panels.js"))
        assert found
        for path in found:
            for markup in (text for section in data_of(path).values() for text in section.values()):
                links = Links(markup)
                assert not {"img", "script"} & set(links.tags), path
                assert not any(address.startswith("javascript:") for address in links.addresses)

    def test_data_files_hold_no_markup(self, attacked_site: Path) -> None:
        for path in (attacked_site / "assets" / "board.js", *attacked_site.glob("submissions/*/*.js")):
            assert "<" not in path.read_text(encoding="utf-8"), path

    def test_texts_are_shown_as_they_are(self, attacked_site: Path) -> None:
        page = (attacked_site / "submissions" / "model-3.html").read_text(encoding="utf-8")
        assert html.escape(ATTACK).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page

    def test_nothing_comes_from_elsewhere(self, site: Path) -> None:
        for path in site.rglob("*.html"):
            page = re.sub(r'<link rel="canonical"[^>]*>', "", path.read_text(encoding="utf-8"))
            assert "default-src 'none'" in page
            # The page for wrong addresses may be shown at any of them, and takes what it needs from the site's own.
            if path.name != "404.html":
                assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:https?:)?//", page), path
        for path in (*site.glob("assets/*.css"), *site.glob("assets/*.js")):
            # The name space of SVG; and the Hub, to which a framed page tells its address.
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            text = text.replace('"https://huggingface.co"', "").replace(UPSTREAM, "")
            assert not re.search(r"(?<!\w)https?://(?!doi)|@import", text), path

    @pytest.mark.parametrize(
        "text",
        ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x", "https:",
         " https://host", "https://ho st", "https://[bad", "ftp://host", "", None],
    )  # fmt: skip
    def test_refuses_addresses(self, text: str | None) -> None:
        assert web_address(text) is None

    @pytest.mark.parametrize("text", ["https://host/a?b=c#d", "http://host"])
    def test_takes_addresses(self, text: str) -> None:
        assert web_address(text) == text

    def test_card_links_only_to_the_web(self, attacked: Board) -> None:
        lines = {line.label: line for line in card_of(attacked.content, "model-3")}
        assert lines["Paper"].address is None
        assert lines["Code"].address is None  # it holds spaces

    def test_json_in_scripts(self) -> None:
        value = {"a": "</script><!--\u2028\u2029&", "é": [1, None, True]}
        text = script_json(value)
        assert not set("<>&\u2028\u2029") & set(text)
        assert json.loads(text) == value


WIDE = """<div>
  <table>
    <thead>
      <tr><th>a</th> <th>b</th></tr>
    </thead>
    <tbody>
      <tr><td>1 <b>2</b></td>
          <td><ul><li>x</li></ul></td></tr>

      <tr><td></td><td>3</td></tr>
    </tbody>
    <tbody><tr><th>c</th></tr></tbody>
  </table>
  <select><optgroup label="o"><option>p</option> <option>q</option></optgroup></select>
  <pre>  kept
    <b>as</b> it

  is</pre>
</div>"""
SLIM = """<div>
<table>
<thead>
<tr><th>a<th>b<tbody>
<tr><td>1 <b>2</b><td><ul><li>x</li></ul><tr><td><td>3<tbody><tr><th>c</table>
<select><optgroup label="o"><option>p<option>q</optgroup></select>
<pre>  kept
    <b>as</b> it

  is</pre>
</div>"""


def test_pages_are_slim() -> None:
    assert slim(WIDE) == SLIM
    assert slim(SLIM) == SLIM


def test_what_values_share_is_packed_once() -> None:
    values = [{"name": f"entry {n}", "text": "a sentence that all of them have, \n with a line end"} for n in range(9)]
    packing = Packing(values[::4])
    found = [packing.packed(value) for value in values]
    assert [unpacked(text, packing.start) for text in found] == values
    assert found == [packing.packed(value) for value in values]
    assert max(map(len, found)) < 0.5 * len(json.dumps(values[0]))


def test_a_site_needs_a_ranking(board: Board, tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="a protocol that ranks systems"):
        write_site(Board({**board.content, "protocols": []}, {}), tmp_path)
    assert not list(tmp_path.iterdir())


def local_targets(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield page, address and target path of every link within a site."""
    for path in sorted(folder.rglob("*.html")):
        for address in Links(path.read_text(encoding="utf-8")).addresses:
            parts = urlsplit(address)
            if not parts.scheme:
                yield path, unquote(parts.path), unquote(parts.fragment)


def test_links_within_the_site_resolve(site: Path) -> None:
    ids = {path.resolve(): set(Links(path.read_text(encoding="utf-8")).ids) for path in site.rglob("*.html")}
    checked = 0
    for page, path, fragment in local_targets(site):
        if page.name == "404.html":
            continue
        target = (page.parent / path).resolve() if path else page.resolve()
        assert target.is_file(), (page, path)
        if fragment:
            assert fragment in ids[target], (page, path, fragment)
        checked += 1
    assert checked > 1000


def test_ids_are_unique(site: Path) -> None:
    for path in site.rglob("*.html"):
        ids = Links(path.read_text(encoding="utf-8")).ids
        assert len(ids) == len(set(ids)), path


def test_same_bytes_every_time(board: Board, site: Path, tmp_path: Path) -> None:
    again = write_own(board, tmp_path)
    first = {path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert second == {path: first[path] for path in second}
    assert len(second) > 60


def test_size(site: Path) -> None:
    # What a browser loads for the main page, and the whole of it.
    assets = ("site.css", "main.css", "theme.js", "rows.js", "site.js", "main.js", "icon.svg")
    loaded = ["index.html", *(f"assets/{name}" for name in assets)]
    assert sum((site / name).stat().st_size for name in loaded) < 4e5
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 10e6


class TestAround:
    """Feed, map, icons, cards, and what search engines and social networks read."""

    def test_feed_is_rss_with_every_system(self, site: Path, board: Board) -> None:
        channel = ElementTree.parse(site / "feed.xml").getroot().find("channel")
        assert channel is not None
        titles = [item.findtext("title") for item in channel.iter("item")]
        for submission in board.content["submissions"].values():
            assert f"New system: {submission['name']}" in titles
        dates = [parsedate_to_datetime(item.findtext("pubDate") or "") for item in channel.iter("item")]
        assert dates == sorted(dates, reverse=True)

    def test_map_names_every_page(self, site: Path) -> None:
        space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
        found = {node.text for node in ElementTree.parse(site / "sitemap.xml").getroot().iter(f"{space}loc")}
        pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {"404.html"}
        assert len(found) == len(pages)
        assert {SITE_URL, f"{SITE_URL}entries/O-LiFePO4/", f"{SITE_URL}method.html"} <= found

    def test_every_page_says_what_it_is_and_where(self, site: Path) -> None:
        canonical = set()
        for path in sorted(site.rglob("*.html")):
            page = path.read_text(encoding="utf-8")
            if path.name == "404.html":
                continue
            assert re.search(r'<meta name="description" content="[^"]{40,}">', page), path
            found = re.search(r'<link rel="canonical" href="([^"]+)">', page)
            assert found, path
            canonical.add(found[1])
            card = re.search(r'property="og:image" content="([^"]+)"', page)
            assert card, path
            assert (site / unquote(card[1].removeprefix(SITE_URL))).is_file(), path
        assert len(canonical) == len(list(site.rglob("*.html"))) - 1

    def test_pictures_have_their_sizes(self, site: Path) -> None:
        sizes = {"icon-32.png": (32, 32), "icon-180.png": (180, 180), "card.png": CARD_SIZE}
        for name, size in sizes.items():
            with Image.open(site / "assets" / name) as image:
                assert image.size == size
        with Image.open(site / "entries" / "O-LiFePO4" / "card.png") as image:
            assert image.size == CARD_SIZE

    def test_changelog_is_that_of_the_repository(self, site: Path) -> None:
        text = visible_text((site / "changelog.html").read_text(encoding="utf-8"))
        assert "Dataset 1.0.0" in text
        assert "New system: Pathway hybrid" in text


class TestScores:
    def test_axis_ends_where_the_median_does_twice_over(self) -> None:
        estimates = [{"value": value, "low": value - 0.1, "high": value + 0.1} for value in (0.3, 9.0)]
        axis = axis_of(MAE, estimates, 0.5)
        assert axis.scale.low == 0.0
        assert 0.5 < axis.scale.high < 1.0
        far = score_of(MAE, estimates[1], axis)
        assert (far.off, far.text, far.order) == ("high", "9.000", 9.0)
        near = score_of(MAE, estimates[0], axis)
        assert near.off == ""
        assert near.bar is not None
        assert near.bar.value == pytest.approx(100 * 0.3 / axis.scale.high, abs=0.01)
        assert near.interval == "0.200 to 0.400"

    def test_r2_far_below_zero_is_off_the_axis(self) -> None:
        estimates = [{"value": value, "low": value, "high": value} for value in (0.8, -60.0)]
        axis = axis_of(R2, estimates, -0.1)
        assert axis.scale == Scale(-0.5, 0.8)
        assert score_of(R2, estimates[1], axis).off == "low"

    def test_undefined(self) -> None:
        found = score_of(MAE, None, axis_of(MAE, [], 0.5))
        assert (found.value, found.order, found.text, found.bar) == (None, None, "–", None)

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (0.0, 0.66, [0.0, 0.2, 0.4, 0.6]),
            (-0.5, 1.0, [-0.5, 0.0, 0.5, 1.0]),
            (0.0, 23.0, [0.0, 5.0, 10.0, 15.0, 20.0]),
        ],
    )
    def test_ticks(self, low: float, high: float, expected: list[float]) -> None:
        assert list(ticks(Scale(low, high))) == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("hours", "text"),
        [(None, "–"), (0.0001, "0.36 s"), (0.14, "8.4 min"), (2.0, "2 h"), (18.25, "18 h"), (1234.5, "1,234 h")],
    )
    def test_duration(self, hours: float | None, text: str) -> None:
        assert duration(hours) == text

    def test_rank_interval(self) -> None:
        assert rank_interval({"rank": 2, "rank_low": 1, "rank_high": 5}) == "1 to 5"
        assert rank_interval({"rank": 2, "rank_low": 2, "rank_high": 2}) == "2"
        assert rank_interval({"rank": None, "rank_low": None, "rank_high": None}) == ""


class TestAssets:
    def test_needs_pillow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "PIL", None)
        with pytest.raises(MissingDependencyError, match="pillow"):
            write_assets(tmp_path)

    def test_unwritable(self, board: Board, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(OutputError, match="cannot write"):
            write_main(board, tmp_path / "file")

"""The second dataset on the board and the site: scored from the files, apart from the ranking, and safe to show."""

from __future__ import annotations

import copy
import csv
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import embench
from embench.baselines.registry import baseline_names
from embench.leaderboard.board import Board, build_board
from embench.leaderboard.board.markdown import board_page, main_table
from embench.leaderboard.board.pending import Pending, check_recorded
from embench.leaderboard.board.transfer import COLUMNS, TRANSFER_ANCHOR, TRANSFER_TITLE
from embench.leaderboard.board.write import write_board
from embench.leaderboard.signs import signs_of_trouble
from embench.leaderboard.submission import read_submissions
from embench.schema import DEFAULT
from embench.splits import TRANSFER_PROTOCOLS, protocol_names
from tests.leaderboard.conftest import SUBMISSIONS
from tests.leaderboard.make import write_submission

pytestmark = pytest.mark.xdist_group("board")

PUBLISHED = embench.protocol("published").scored_ids
OXYGEN = embench.protocol("to-oxygen").scored_ids
LABELS = dict(
    zip(
        embench.load("oxygen-vacancies").entry_ids,
        embench.load("oxygen-vacancies").column("migration_barrier").tolist(),
        strict=True,
    )
)
# Wrong by 0.5 eV and by 1 eV, above and below in turn, and by a little that no two of them have in common.
NEAR = {key: LABELS[key] + 0.5 * (-1) ** i + 1e-4 * i for i, key in enumerate(OXYGEN)}
FAR = {key: LABELS[key] + 1.0 * (-1) ** i + 2e-4 * i for i, key in enumerate(OXYGEN)}
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both datasets, a potential for oxygen alone that lacks the first ten entries, and one for cations."""
    folder = tmp_path_factory.mktemp("transfer") / "submissions"
    cations = {entry_id: 0.3 + 0.01 * i for i, entry_id in enumerate(PUBLISHED)}
    write_submission(folder / "both", {"published": cations, "to-oxygen": FAR}, name="Both")
    some = {key: value for key, value in NEAR.items() if key not in OXYGEN[:10]}
    write_submission(folder / "alone", {"to-oxygen": some}, name="Alone", kind="potential-neb", cost_device_hours=3.0)
    shutil.copytree(SUBMISSIONS / "model-3", folder / "model-3")
    return folder


@pytest.fixture(scope="module")
def small(submissions: Path) -> Board:
    return build_board(submissions, cache=submissions.parent / "cache")


class TestBoard:
    def test_scores_are_those_of_the_files(self, small: Board) -> None:
        (section,) = small.content["transfer"]
        rows = {row["slug"]: row for row in section["rows"]}
        names = (section["name"], section["dataset"], section["trained_on"])
        assert names == ("to-oxygen", "oxygen-vacancies", DEFAULT.name)
        assert (section["n"], section["n_hosts"]) == (622, 272)
        assert section["median"] == pytest.approx(np.median(list(LABELS.values())))
        mae = np.mean([abs(FAR[key] - LABELS[key]) for key in OXYGEN])
        assert rows["both"]["metrics"]["mae"] is not None
        assert rows["both"]["metrics"]["mae"]["value"] == pytest.approx(mae, abs=1e-6)
        kept = [abs(NEAR[key] - LABELS[key]) for key in OXYGEN[10:]]
        assert rows["alone"]["mae_predicted"] is not None
        assert rows["alone"]["mae_predicted"]["value"] == pytest.approx(np.mean(kept), abs=1e-6)
        assert rows["alone"]["coverage"]["predicted"] == 612
        assert rows["alone"]["cost"]["own"] == 3.0  # its only protocol, so that all hours are of this one
        assert [row["slug"] for row in section["rows"]] == ["alone", "both"]
        assert all(set(row["metrics"]) == set(COLUMNS) for row in section["rows"])

    def test_what_is_left_out_counts_as_the_worst_reference(self, small: Board) -> None:
        """Of the committed baselines and the median of the cations, the farthest from the label."""
        given = {entry["entry_id"]: entry for entry in small.transfer["alone", "to-oxygen"]["entries"]}
        median = float(np.median(embench.protocol("to-oxygen").folds[0].train.column("migration_barrier")))
        guesses = [dict.fromkeys(OXYGEN, median)]
        for slug in baseline_names():
            path = SUBMISSIONS / slug / "to-oxygen.csv"
            if path.is_file():
                with path.open(encoding="utf-8", newline="") as file:
                    guesses.append({row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(file)})
        for key in OXYGEN[:10]:
            assert given[key]["filled"]
            worst = max(abs(guess[key] - LABELS[key]) for guess in guesses)
            assert abs(given[key]["error"]) == pytest.approx(worst, abs=1e-5)

    def test_are_in_no_table_of_cations(self, small: Board) -> None:
        assert {section["name"] for section in small.content["protocols"]} <= set(protocol_names())
        assert all(row["slug"] != "alone" for section in small.content["protocols"] for row in section["rows"])
        assert {name for _, name in small.details} <= set(protocol_names())
        cards = small.content["submissions"]
        assert (cards["alone"]["protocols"], cards["alone"]["transfer"]) == ([], ["to-oxygen"])
        assert (cards["both"]["protocols"], cards["both"]["transfer"]) == (["published"], ["to-oxygen"])
        assert cards["model-3"]["transfer"] == []

    def test_checksums_cover_them(self, small: Board) -> None:
        found = small.content["checksums"]
        assert set(found["predictions"]["both"]) == {"published", "to-oxygen"}
        assert {"published.csv", "to-oxygen.csv"} <= set(found["data"])

    def test_page_sets_them_apart(self, small: Board) -> None:
        before, _, after = board_page(small.content).partition(f"## {TRANSFER_TITLE}")
        assert "to-oxygen" not in before
        assert "[Alone](submissions/alone)" in after
        assert "622 entries of oxygen-vacancies 1.0.0, from 272 materials" in after
        # GitHub's rule for the anchor of a heading.
        assert re.sub(r"[^\w\- ]", "", TRANSFER_TITLE.lower()).replace(" ", "-") == TRANSFER_ANCHOR

    def test_without_them_nothing_is_said(self, small: Board) -> None:
        bare = {**small.content, "transfer": []}
        assert TRANSFER_TITLE not in board_page(bare)  # type: ignore[arg-type]

    def test_readme_leads_to_them(self, small: Board) -> None:
        content = copy.deepcopy(small.content)
        content["protocols"][0]["main"] = True
        told = main_table(content, submissions="s")
        assert "2 systems predicted the barriers of oxygen vacancies in 272 oxides" in told
        assert f"(leaderboard/leaderboard.md#{TRANSFER_ANCHOR})" in told
        content["transfer"] = []
        assert "oxygen" not in main_table(content, submissions="s")


class TestCommitted:
    """The board of the repository has what the baselines predict for oxygen vacancies."""

    def test_every_file_is_on_the_board(self) -> None:
        content = json.loads((SUBMISSIONS.parent / "leaderboard.json").read_text(encoding="utf-8"))
        shown = {(row["slug"], section["name"]) for section in content["transfer"] for row in section["rows"]}
        names = {spec.name for spec in TRANSFER_PROTOCOLS}
        files = {(path.parent.name, path.stem) for path in SUBMISSIONS.glob("*/*.csv") if path.stem in names}
        # Somebody's submission may wait for the board.
        assert shown == {found for found in files if found[0] in content["submissions"]}
        assert {("simple-trees", name) for name in names} <= shown

    def test_baselines_have_no_sign(self) -> None:
        content = json.loads((SUBMISSIONS.parent / "leaderboard.json").read_text(encoding="utf-8"))
        signs = {row["slug"]: row["signs"] for section in content["transfer"] for row in section["rows"]}
        assert {slug: found for slug, found in signs.items() if found and slug in baseline_names()} == {}


class TestSigns:
    def found(self, folder: Path) -> dict[str, set[str]]:
        signs = signs_of_trouble(read_submissions(folder))
        return {slug: {sign.kind for sign in found if sign.protocol == "to-oxygen"} for slug, found in signs.items()}

    def test_the_labels_and_the_numbers_of_another(self, tmp_path: Path) -> None:
        write_submission(tmp_path / "labels", {"to-oxygen": LABELS}, name="Labels")
        write_submission(tmp_path / "first", {"to-oxygen": FAR}, name="First")
        write_submission(tmp_path / "copy", {"to-oxygen": {**FAR, OXYGEN[0]: 9.0}}, name="Copy")
        found = self.found(tmp_path)
        assert found["labels"] >= {"close-to-labels"}
        assert found["first"] == found["copy"] == {"like-another"}

    def test_near_each_other_and_far_from_the_labels_is_no_sign(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).normal(0.8, 0.02, size=(2, len(OXYGEN))).tolist()
        for name, values in zip(("one", "two"), noise, strict=True):
            write_submission(tmp_path / name, {"to-oxygen": dict(zip(OXYGEN, values, strict=True))}, name=name)
        assert self.found(tmp_path) == {"one": set(), "two": set()}


class TestPending:
    @pytest.fixture
    def out(self, submissions: Path, small: Board, tmp_path: Path) -> Path:
        shutil.copytree(submissions, tmp_path / "submissions")
        write_board(small, tmp_path, site=False)
        return tmp_path

    def check(self, out: Path, submissions: Path) -> Pending:
        return check_recorded(out / "submissions", out, cache=submissions.parent / "cache")

    def test_another_file_for_oxygen_is_a_change(self, out: Path, submissions: Path) -> None:
        assert not self.check(out, submissions)
        path = out / "submissions" / "both" / "to-oxygen.csv"
        path.write_text(path.read_text() + "\n")
        assert self.check(out, submissions).changed == ("both",)

    def test_the_last_one_for_oxygen_may_go(self, out: Path, submissions: Path) -> None:
        for slug in ("both", "alone"):
            shutil.rmtree(out / "submissions" / slug)
        assert self.check(out, submissions).removed == ("alone", "both")


def written(board: Board, folder: Path) -> Path:
    """Write the main page and those of the submissions."""
    pytest.importorskip("jinja2")
    from embench.leaderboard.site.main.page import write_main
    from embench.leaderboard.site.submissions.page import write_submission_pages

    write_main(board, folder)
    write_submission_pages(board, folder)
    return folder


@pytest.fixture(scope="module")
def folder(small: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(small, tmp_path_factory.mktemp("site"))


class TestSite:
    def section(self, path: Path) -> str:
        return path.read_text(encoding="utf-8").partition('id="transfer"')[2].partition("</section>")[0]

    def test_main_page_has_a_table_apart(self, folder: Path) -> None:
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert "to-oxygen" not in page.partition('id="transfer"')[0]
        found = self.section(folder / "index.html")
        assert re.findall(r'href="submissions/(\w+)\.html#transfer"', found) == ["alone", "both"]
        # The script shows and hides panels of protocols: this table is none of them.
        assert "data-protocol" not in found
        assert 'class="panel"' not in found

    def test_page_of_a_submission_shows_score_and_points(self, folder: Path, small: Board) -> None:
        found = self.section(folder / "submissions" / "both.html")
        mae = np.mean([abs(FAR[key] - LABELS[key]) for key in OXYGEN])
        assert f"<b>{mae:.3f}&nbsp;eV</b>" in found
        assert "rank <b>2</b> of 2" in found
        assert "/blob/main/leaderboard/submissions/both/to-oxygen.csv" in found

    def test_submission_for_oxygen_alone_has_a_page(self, folder: Path) -> None:
        page = (folder / "submissions" / "alone.html").read_text(encoding="utf-8")
        assert "no predictions for cations" in page
        assert "Predicted: 98" in page
        assert 'id="transfer"' in page
        assert 'id="parity"' not in page

    def test_submission_without_any_has_no_section(self, folder: Path) -> None:
        assert 'id="transfer"' not in (folder / "submissions" / "model-3.html").read_text(encoding="utf-8")

    def test_pages_stay_small(self, folder: Path) -> None:
        assert len(self.section(folder / "submissions" / "both.html")) < 6_000

    def test_texts_of_a_submission_stay_texts(self, small: Board, tmp_path: Path) -> None:
        content = copy.deepcopy(small.content)
        for card in content["submissions"].values():
            card.update(name=ATTACK, description=ATTACK, predictions=dict.fromkeys(card["predictions"], ATTACK))
        for section in content["transfer"]:
            section["sentence"] = ATTACK
            for row in section["rows"]:
                row["signs"] = [ATTACK]
        folder = written(Board(content, small.details, small.transfer), tmp_path)
        for page in ("index.html", "submissions/both.html", "submissions/alone.html"):
            text = (folder / page).read_text(encoding="utf-8")
            assert "<img" not in text
            assert "alert(1)</script>" not in text


class TestPlot:
    def dots(self, pairs: list[tuple[float, float]], filled: int = 0) -> list[tuple[float, float]]:
        """The places of the dots (pixels), read from the drawing as a browser reads it."""
        pytest.importorskip("markupsafe")
        from embench.leaderboard.site.transfer import parity_plot

        entries = [
            {"target": target, "prediction": prediction, "filled": i < filled}
            for i, (target, prediction) in enumerate(pairs)
        ]
        drawing = ElementTree.fromstring(parity_plot(entries, label="P & T"))  # type: ignore[arg-type]
        (path,) = drawing.iter("path")
        scale = float(re.fullmatch(r"scale\((\d+)\)", path.attrib["transform"])[1])  # type: ignore[index]
        moves = re.findall(r"m(-?\d+) (-?\d+)h0", path.attrib["d"])
        places = np.cumsum([[int(dx), int(dy)] for dx, dy in moves], axis=0) * scale
        return [tuple(place) for place in places.tolist()]

    def test_dots_are_where_the_values_are(self) -> None:
        # The axes run from 0 to 4 eV over 248 pixels from 42, and over 246 pixels upwards from 256.
        found = self.dots([(0.0, 0.0), (1.0, 3.0), (4.0, 2.0)])
        assert found == [pytest.approx(place, abs=1.5) for place in ((42.0, 256.0), (104.0, 71.5), (290.0, 133.0))]

    def test_equal_places_are_drawn_once_and_stand_ins_never(self) -> None:
        assert len(self.dots([(1.0, 1.0), (1.0, 1.0), (3.0, 2.0)])) == 2
        assert len(self.dots([(9.0, 9.0), (1.0, 1.0), (3.0, 2.0)], filled=1)) == 2

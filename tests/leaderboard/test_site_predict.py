"""The page with the worked examples, against the documents that it is made from and the dataset."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

import embench
from embench.leaderboard.site.assets import NAVIGATION
from embench.leaderboard.site.predict.page import predict_context, write_predict
from embench.prediction.examples import EXAMPLES, stored_examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that has this page only."""
    found = tmp_path_factory.mktemp("predict")
    write_predict(found)
    return found


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "predict.html").read_text(encoding="utf-8")


def test_every_page_leads_to_it() -> None:
    assert ("predict", "Predict", "predict.html") in NAVIGATION


def test_it_says_that_nothing_on_it_is_dft(page: str) -> None:
    assert "Every barrier predicted on this page is a model’s estimate, not DFT" in page
    assert page.count("a model’s estimate, not DFT</caption>") == len(EXAMPLES)


def test_all_examples_with_hops_and_ways(page: str) -> None:
    for example, content in zip(EXAMPLES, stored_examples(), strict=True):
        section = page.split('class="example"')[1 + EXAMPLES.index(example)]
        assert example.title in section
        assert html.escape(example.source, quote=False) in html.unescape(section).replace("&", "&amp;")
        hops, ways = (re.findall(rf'<table class="{kind}">.*?</table>', section, re.S)[0] for kind in ("hops", "ways"))
        assert hops.count("<tr>") == 1 + len(content["hops"])
        for hop in content["hops"]:
            assert f"<b>{hop['barrier']:.2f}</b>" in hops
            assert f"{hop['low']:.2f} to {hop['high']:.2f}" in hops
            assert f"percentile {hop['percentile']:.0f}" in hops
        for way in content["ways"]:
            assert f"<td>{way['barrier']:.2f}<td>{way['low']:.2f} to {way['high']:.2f}<td>" in ways


def test_published_values_are_those_of_the_dataset(page: str) -> None:
    """Every entry that is named has its own barrier beside it, and the address of its page."""
    data = embench.load()
    named = re.findall(r'<b>([\d.]+)</b> <a href="entries/([^"/]+)/index.html">([^<]+)</a>', page)
    assert {name for *_, name in named} >= {"O-LiFePO4", "LiCoO2_1", "Li3OCl_1", "NaZr2P3O12", "LiMn2O4"}
    for barrier, address, name in named:
        assert float(barrier) == pytest.approx(data[html.unescape(name)].migration_barrier, abs=0.0051)
        assert address == name


def test_links_within_the_page(page: str) -> None:
    for target in re.findall(r'href="#([\w-]+)"', page):
        assert f'id="{target}"' in page


def test_a_way_that_there_is_not_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A chain has no way in three dimensions, and what is outside of what was learned is marked."""
    first, *others = stored_examples()
    first["ways"] = first["ways"][:1]
    first["hops"][0]["outside"] = ["<b>the ion was never seen</b>"]
    monkeypatch.setattr("embench.leaderboard.site.predict.page.stored_examples", lambda: [first, *others])
    assert [found["way"] is None for found in predict_context()["worked"][0]["ways"]] == [False, True, True]
    write_predict(tmp_path)
    page = (tmp_path / "predict.html").read_text(encoding="utf-8")
    assert page.count("none of the hops that were found") == 2
    assert "<strong>outside:</strong> &lt;b&gt;the ion was never seen" in page


def test_the_command_is_one_that_there_is() -> None:
    from typer.testing import CliRunner

    from embench.cli.app import app

    command = predict_context()["command"].split()
    assert command[:2] == ["embench", "predict"]
    shown = CliRunner().invoke(app, ["predict", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    assert command[3] in shown

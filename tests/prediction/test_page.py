from __future__ import annotations

import json
import re

import numpy as np
import pytest
from playwright.sync_api import Browser

import embench
from embench.prediction.figures import figures
from embench.prediction.page import page


@pytest.fixture(scope="module")
def text(olivine):
    return page(olivine.to_document())


def test_all_numbers_are_on_the_page(olivine, text):
    for each in olivine:
        assert f"{each.barrier:.2f}" in text
        assert f"{each.interval[0]:.2f} to {each.interval[1]:.2f}" in text
    for way in olivine.network.ways.values():
        assert f"<td>{way.barrier:.2f}</td>" in text
    assert "A model’s estimate, not DFT" in text
    assert "O-LiFePO4" in text


def test_it_carries_its_document_and_loads_nothing(olivine, text):
    found = re.search(r'<script type="application/json" id="embench-document">(.*?)</script>', text, re.S)
    assert json.loads(found[1]) == json.loads(json.dumps(olivine.to_document()))
    assert not re.search(r'(src|href)="(https?:)?//', text.partition("<script>")[0])


def test_the_network_has_a_line_for_each_hop(olivine):
    drawn = figures(olivine.to_document())["network"]["data"]
    lines = [trace for trace in drawn if trace["mode"] == "lines" and trace.get("showlegend", True)]
    assert [trace["name"].split(":")[0] for trace in lines] == ["hop 1", "hop 2", "hop 3"]
    for number, trace in enumerate(lines):
        ends = np.array(list(zip(trace["x"], trace["y"], trace["z"], strict=True)), dtype=float)
        lengths = np.linalg.norm(ends[1::3] - ends[::3], axis=1)
        np.testing.assert_allclose(lengths, olivine.hops[number].hop_distance, atol=0.01)
        assert len(lengths) == olivine.hops[number].multiplicity
    atoms = {trace["name"]: len(trace["x"]) for trace in drawn if trace["mode"] == "markers"}
    assert atoms["Li site"] == 4
    # Four Fe and four P inside of the cell, none on an edge.
    assert atoms["Fe"] == 4


def test_names_are_escaped(olivine):
    from dataclasses import replace

    found = page(replace(olivine, name="<script>alert(1)</script>").to_document())
    assert "<script>alert(1)" not in found.replace('{"', "")
    assert "&lt;script&gt;alert(1)" in found


def test_one_hop_has_a_page_without_a_network(model):
    result = embench.predict(embench.load()["Li3OCl_1"], model=model)
    found = page(result.to_document())
    assert "The hop" in found
    assert "easiest way" not in found


def test_it_draws_without_errors(text, tmp_path, browser: Browser):
    path = tmp_path / "p.html"
    path.write_text(text, encoding="utf-8")
    window = browser.new_page()
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    window.set_default_timeout(240_000)
    window.goto(path.as_uri(), wait_until="commit")
    window.wait_for_selector("html[data-drawn='2']", state="attached")
    assert errors == []
    assert window.locator(".plot .main-svg").count() > 0

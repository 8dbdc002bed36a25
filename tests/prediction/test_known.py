from __future__ import annotations

import re

import pytest

from embench.dataset import load
from embench.prediction.examples import EXAMPLES, demo_page
from embench.prediction.known import ANSWERS, answers_page, check_answers, held_out_model, judged
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "known-answers.md"


def test_hosts_are_those_of_the_dataset():
    hosts = set(map(str, load().column("group_host")))
    assert {answer.host for answer in ANSWERS} <= hosts


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
def test_the_crystal_is_of_the_host_that_is_held_out(answer, model):
    from embench.migration import find_hops

    assert model.relatives.kin(find_hops(answer.structure(), answer.ion)[0]).host == answer.host


def test_what_is_wrong_is_said(layered):
    """LiCoO2 judged by what is known of spinels: two dimensions are not three."""
    spinel = next(answer for answer in ANSWERS if answer.name == "LiMn2O4")
    found = judged(spinel, layered)
    assert "2D" in found.wrong
    assert "**wrong**: 2D" in answers_page([found])


def test_olivine_by_the_shipped_model(olivine):
    assert judged(ANSWERS[0], olivine).wrong == ()


@pytest.mark.slow
def test_the_page_is_that_of_now():
    """The same words; figures differ by the last bits of another processor, which fits a little otherwise."""
    number = re.compile(r"\d+\.\d+")
    pages = PAGE.read_text(encoding="utf-8"), answers_page(check_answers(held_out_model()))
    assert number.sub("#", pages[0]) == number.sub("#", pages[1]), "embench model check --out docs/known-answers.md"
    committed, now = ([float(found) for found in number.findall(page)] for page in pages)
    assert now == pytest.approx(committed, abs=0.03), "embench model check --out docs/known-answers.md"


def test_the_demonstration_lists_all_examples(olivine):
    text = demo_page([{**olivine.to_document(), "name": example.name} for example in EXAMPLES])
    for example in EXAMPLES:
        assert example.title in text
    assert "a model’s estimate, not DFT" in text
    assert "<script" not in text

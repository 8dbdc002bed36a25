"""The short form of the torture; ``python tests/torture/run.py --number 20000`` is the long one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from embench.errors import EmbenchError
from tests.torture.families import FAMILIES
from tests.torture.run import Lost, Trial, Wrong, table, torture

NUMBER = {"predictions": 200, "submission": 100, "yaml": 200, "checkpoint": 80, "structure": 80, "shipped": 200}
NUMBER |= {"structure-file": 60, "model-file": 15}


@pytest.mark.xdist_group("torture")
@pytest.mark.parametrize("name", FAMILIES)
def test_no_traceback_no_wrong_acceptance_no_silent_loss(name):
    if name == "checkpoint":
        pytest.importorskip("torch")
        pytest.importorskip("alignn")
    count = torture(FAMILIES[name], seed=1, number=NUMBER[name])
    assert not count.found, count.examples
    # A family of which nothing is refused, or everything, tells nothing.
    assert count.tried == NUMBER[name]
    assert 0 < count.refused < count.tried


def test_each_kind_is_counted():
    """Of six inputs two are refused, one is read, and each of the others is what it raises."""
    ends = [EmbenchError("no"), EmbenchError("no"), None, Wrong("w"), Lost("l"), KeyError("k")]

    def family(numbers: random.Random, folder: Path) -> Iterator[Trial]:
        for end in ends:

            def trial(end: Exception | None = end) -> None:
                if end is not None:
                    raise end

            yield "an input", trial

    count = torture(family, seed=1, number=100)
    assert (count.tried, count.refused) == (6, 2)
    assert count.found == {"tracebacks": 1, "wrong acceptances": 1, "silent losses": 1}
    assert table({"made": count}).splitlines()[1].split()[:6] == ["made", "6", "2", "1", "1", "1"]
    assert "KeyError" in "".join(count.examples)


def test_the_same_seed_gives_the_same_inputs(tmp_path):
    def first(seed: int) -> list[str]:
        trials = FAMILIES["yaml"](random.Random(seed), tmp_path)
        return [next(trials)[0] for _ in range(20)]

    assert first(3) == first(3) != first(4)

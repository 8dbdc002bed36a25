"""Fresh folds follow the rules of the protocol and are none of the released ones."""

from __future__ import annotations

import pytest

import embench
from embench.errors import SplitsError, UnknownNameError
from embench.splits.fresh import fresh_protocol


@pytest.fixture(scope="module")
def train():
    return embench.load().filter(published_split="train")


@pytest.mark.parametrize(("name", "column"), [("host-10fold", "group_host"), ("prototype-10fold", "group_prototype")])
def test_groups_stay_whole_and_every_sound_entry_is_scored_once(train, name, column) -> None:
    found = fresh_protocol(name, 0, train)
    sound = set(train.filter(exclude_flags=["structure_corrupt"]).entry_ids)
    assert sorted(found.scored_ids) == sorted(sound)
    assert len(found) == 10
    for fold in found:
        assert set(fold.train_ids) == sound - set(fold.test_ids)
        for kept in (column, "group_duplicate"):
            inside, outside = (set(train.select(ids).column(kept).tolist()) for ids in (fold.test_ids, fold.train_ids))
            assert inside.isdisjoint(outside)


def test_numbers_give_other_folds_and_equal_numbers_the_same(train) -> None:
    first, second, again = (fresh_protocol("host-10fold", number, train) for number in (0, 1, 0))
    assert first == again
    assert len({first.sha256, second.sha256, embench.protocol("host-10fold").sha256}) == 3
    folds = [{frozenset(fold.test_ids) for fold in each} for each in (first, second)]
    assert folds[0].isdisjoint(folds[1])


def test_the_released_folds_are_made_from_other_seeds(train) -> None:
    """With the entries of a released protocol no fresh assignment gives its folds."""
    data = embench.load()
    released = {frozenset(fold.test_ids) for fold in embench.protocol("host-10fold")}
    for number in range(3):
        assert released.isdisjoint(frozenset(fold.test_ids) for fold in fresh_protocol("host-10fold", number, data))


@pytest.mark.parametrize("name", ["published", "leave-one-ion-out"])
def test_given_folds_cannot_be_drawn(train, name) -> None:
    with pytest.raises(SplitsError, match=f"{name} has folds that are given"):
        fresh_protocol(name, 0, train)


def test_odd_requests_are_said(train) -> None:
    with pytest.raises(SplitsError, match="-1 is negative"):
        fresh_protocol("host-10fold", -1, train)
    with pytest.raises(UnknownNameError):
        fresh_protocol("hosts", 0, train)

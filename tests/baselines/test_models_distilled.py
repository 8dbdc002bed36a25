"""The model that a potential teaches: nothing of the potential is read for the scored side, and what it says helps."""

from __future__ import annotations

import numpy as np
import pytest

from embench.baselines.models import conformal, distilled, stack
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.models.distilled import TEACHER, DistilledRegressor, PathwayDistilled
from embench.baselines.models.neb_tables import LEAST_BARRIERS, shipped_table
from embench.baselines.registry import baseline_spec
from embench.dataset import Dataset
from embench.errors import BaselineError
from tests.baselines.test_models import quick_table

PLAIN = [
    "composition:ion_a",
    "composition:b",
    "geometry:c",
    "radial:d",
    "functional:e",
    *(f"barriers:{profile}_x" for profile in stack.PROFILE_WEIGHTS),
]
# SOAP is not the last block: the reduced features have another order.
NAMES = [*PLAIN[:2], *(f"soap:{i}" for i in range(30)), *PLAIN[2:]]


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("embench.baselines.features.feature_table", quick_table)
    monkeypatch.setattr(distilled, "_WEIGHTINGS", stack._WEIGHTINGS[:1])
    monkeypatch.setattr(distilled, "LEAST_BARRIERS", 20)
    monkeypatch.setattr(conformal, "_TREES", 20)


@pytest.fixture(scope="module")
def barriers(sides):
    """Barriers of a potential that are 0.7 of the label, of every second entry of both sides."""
    return {entry.entry_id: 0.7 * entry.migration_barrier for side in sides for entry in list(side)[::2]}


def made(n: int, seed: int = 0):
    """Features (n, n_features) of hops, and hosts of three hops each."""
    table = np.random.default_rng(seed).normal(size=(n, len(NAMES)))
    return table, [f"host {i // 3}" for i in range(n)]


# --------------------------------------------------------------------------------------------------- the regressor


def test_what_the_structure_lets_expect_is_what_the_potential_taught() -> None:
    """Barriers of a potential that follow from one feature are expected for hops that it never had."""
    table, groups = made(240)
    heights = np.sin(table[:, [NAMES.index("geometry:c")]])
    model = DistilledRegressor(NAMES).fit(table[:200], heights[:200], np.zeros(200), groups[:200])
    expected = model.expected(table[200:])
    assert expected.shape == (40, 1)
    assert np.corrcoef(expected[:, 0], heights[200:, 0])[0, 1] > 0.6


def test_a_potential_that_is_right_helps_where_labels_are_few() -> None:
    """All hops have a barrier of the potential, and the few with a trustworthy label are not enough to learn from."""
    table, groups = made(330)
    truth = np.sin(table[:, NAMES.index("geometry:c")]) + 0.5 * table[:, NAMES.index("radial:d")]
    target = truth + np.random.default_rng(1).normal(size=330) * 1.5
    train, test = np.arange(300), np.arange(300, 330)
    errors = {}
    for name, heights in (("right", truth), ("noise", np.random.default_rng(2).normal(size=330))):
        model = DistilledRegressor(NAMES).fit(table[train], heights[train, None], target[train], groups[:300])
        errors[name] = np.abs(model.predict_members(table[test]).mean(axis=0) - truth[test]).mean()
    assert errors["right"] < 0.85 * errors["noise"]


def test_expected_barriers_of_the_training_side_do_not_know_their_host() -> None:
    """Barriers of other hosts decide what is expected of a host, its own never do."""
    table, groups = made(90)
    heights = table[:, [NAMES.index("geometry:c")]].copy()
    target = np.zeros(90)
    before = DistilledRegressor(NAMES).fit(table, heights, target, groups).outside
    for fold in grouped_folds(groups, 5, 7)[:2]:
        poisoned = heights.copy()
        poisoned[fold] += 9.0
        after = DistilledRegressor(NAMES).fit(table, poisoned, target, groups).outside
        np.testing.assert_array_equal(after[fold], before[fold])
        others = np.setdiff1d(np.arange(90), fold)
        assert np.abs(after[others] - before[others]).max() > 0.1
        assert not {groups[i] for i in fold} & {groups[i] for i in others}


def test_entries_without_a_barrier_are_learned_from() -> None:
    """Their label counts; of their own barrier nothing is asked."""
    table, groups = made(90)
    heights = table[:, [NAMES.index("geometry:c")]].copy()
    heights[::3] = np.nan
    target = np.zeros(90)
    model = DistilledRegressor(NAMES).fit(table, heights, target, groups)
    assert np.isfinite(model.outside).all()
    other = target.copy()
    other[0] = 3.0
    changed = DistilledRegressor(NAMES).fit(table, heights, other, groups)
    near = table[:1] + 0.01
    assert changed.predict_members(near).mean() > model.predict_members(near).mean() + 0.2


def test_several_potentials_are_expected_side_by_side() -> None:
    table, groups = made(90)
    heights = table[:, [NAMES.index("geometry:c"), NAMES.index("radial:d")]]
    model = DistilledRegressor(NAMES).fit(table, heights, np.zeros(90), groups)
    alone = DistilledRegressor(NAMES).fit(table, heights[:, 1:], np.zeros(90), groups)
    assert model.expected(table).shape == (90, 2)
    np.testing.assert_array_equal(model.expected(table)[:, 1:], alone.expected(table))
    np.testing.assert_array_equal(model._kernels.blocks["expected"], [len(PLAIN) + 20, len(PLAIN) + 21])


def test_soap_is_seen_through_its_components() -> None:
    """By the teacher and by the student: barriers that follow from the strongest component of SOAP are found."""
    table, groups = made(240)
    soap = [place for place, name in enumerate(NAMES) if name.startswith("soap:")]
    hidden = np.random.default_rng(3).normal(size=240)
    table[:, soap] += 5.0 * hidden[:, None]
    model = DistilledRegressor(NAMES).fit(table[:200], hidden[:200, None], hidden[:200], groups[:200])
    assert np.corrcoef(model.expected(table[200:])[:, 0], hidden[200:])[0, 1] > 0.5
    moved = table[200:].copy()
    moved[:, soap] = 0.0
    assert np.abs(model.predict_members(moved) - model.predict_members(table[200:])).max() > 0.3


def test_distances_need_nothing_but_the_structure() -> None:
    table, groups = made(60)
    heights = table[:, [NAMES.index("geometry:c")]]
    model = DistilledRegressor(NAMES).fit(table, heights, np.zeros(60), groups)
    distances = model.distances(table)
    assert distances.shape == (60, 60)
    np.testing.assert_allclose(model.nearest(table), distances.min(axis=1))
    # What the table holds behind the features of the structure is of the training side only.
    np.testing.assert_array_equal(model.distances(np.column_stack([table, np.full(60, np.nan)])), distances)


# ---------------------------------------------------------------------------------------------------- the baseline


def test_it_learns_from_chgnet() -> None:
    spec = baseline_spec("pathway-distilled")
    assert spec.resources == ("neb-inputs",)
    assert spec.kind == "property-model"
    assert TEACHER == "chgnet"
    assert len(shipped_table(TEACHER)) > 5 * LEAST_BARRIERS


def test_nothing_of_the_potential_is_read_for_the_scored_side(quick, sides, barriers) -> None:
    train, test = sides
    model = PathwayDistilled(seed=0, barriers=barriers).fit(train)
    assert model.choices == {"barriers": 30}
    before = model.predict(test.without_targets())
    before.check(len(test))
    scored = set(test.entry_ids)
    others = {entry_id: value for entry_id, value in barriers.items() if entry_id not in scored}
    after = PathwayDistilled(seed=0, barriers=others).fit(train).predict(test.without_targets())
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.std, after.std)


def test_no_label_of_the_scored_side_is_read(quick, sides, barriers, monkeypatch) -> None:
    train, test = sides
    model = PathwayDistilled(seed=0, barriers=barriers).fit(train)
    before = model.predict(test.without_targets())
    read = Dataset.column
    monkeypatch.setattr(
        Dataset,
        "column",
        lambda self, name: np.full(len(self), 9.9) if name == "migration_barrier" else read(self, name),
    )
    np.testing.assert_array_equal(model.predict(test).mean, before.mean)


def test_barriers_of_the_training_side_matter(quick, sides, barriers) -> None:
    train, test = sides
    first = PathwayDistilled(seed=0, barriers=barriers).fit(train).predict(test.without_targets()).mean
    again = PathwayDistilled(seed=0, barriers=barriers).fit(train).predict(test.without_targets()).mean
    np.testing.assert_array_equal(first, again)
    other = {entry_id: 2.0 - value for entry_id, value in barriers.items()}
    assert np.abs(PathwayDistilled(seed=0, barriers=other).fit(train).predict(test).mean - first).max() > 0.01


def test_a_barrier_below_zero_counts_as_none(quick, sides, barriers) -> None:
    """Of a band whose ends are the highest images; its logarithm must exist."""
    train, test = sides
    first = next(iter(barriers))
    found = [
        PathwayDistilled(seed=0, barriers={**barriers, first: value}).fit(train).predict(test).mean
        for value in (-0.4, 0.0)
    ]
    np.testing.assert_array_equal(*found)


def test_inner_folds_keep_hosts_together(quick, sides, barriers, monkeypatch) -> None:
    """Those that calibrate the deviations, and within each of them those that the potential is expected in."""
    train, _ = sides
    asked = []

    def spy(groups, n_folds, seed):
        found = grouped_folds(groups, n_folds, seed)
        asked.append((list(groups), found))
        return found

    monkeypatch.setattr(stack, "grouped_folds", spy)
    monkeypatch.setattr(distilled, "grouped_folds", spy)
    PathwayDistilled(seed=4, barriers=barriers).fit(train)
    hosts = train.column("group_host").tolist()
    assert len(asked) == 1 + 5 + 1
    assert asked[0][0] == asked[-1][0] == hosts
    for fold, (groups, _) in zip(asked[0][1], asked[1:6], strict=True):
        assert groups == [hosts[i] for i in np.setdiff1d(np.arange(len(hosts)), fold)]
    for groups, folds in asked:
        assert sum(len({groups[i] for i in fold}) for fold in folds) == len(set(groups))


def test_too_few_barriers_are_said(sides) -> None:
    train, _ = sides
    few = dict.fromkeys(train.entry_ids[:12], 0.5)
    with pytest.raises(BaselineError, match=r"12 of 60 training entries.*100 or more.*PathwayStack"):
        PathwayDistilled(seed=0, barriers=few).fit(train)


def test_a_frozen_model_predicts_the_same(quick, sides, barriers) -> None:
    from embench.prediction.frozen import freeze, thaw

    train, test = sides
    model = PathwayDistilled(seed=0, barriers=barriers).fit(train)
    table = model.table(test)
    expected = model.predict_table(table)
    arrays: dict = {}
    again = thaw(freeze(model, arrays), arrays)
    found = again.predict_table(again.table(test))
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.std, expected.std, rtol=1e-6)
    np.testing.assert_allclose(again.distances(table), model.distances(table), rtol=1e-6)

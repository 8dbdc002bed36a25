"""The parts of the models on cases small enough to be worked out by hand, or against a slow way to the same number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

import embench
from embench.baselines.models import descriptors, hybrid, kernels, stack
from embench.baselines.models.conformal import ErrorModel, grouped_folds
from embench.baselines.models.hybrid import HybridRegressor
from embench.baselines.models.kernels import KernelEnsemble, Member, RobustProcess, Scaler
from embench.baselines.models.stack import PROFILE_WEIGHTS, block_weights, blocks_of, members_of
from tests.baselines.test_models import table_with_soap

# ------------------------------------------------------------------------------------------- conformal prediction


class Told:
    """A forest that predicts the first sign, and remembers what it was fitted to."""

    def __init__(self) -> None:
        self.fits: list[tuple[np.ndarray, np.ndarray]] = []

    def fit(self, signs, target):
        self.fits.append((signs, target))
        return self

    def predict(self, signs):
        return signs[:, 0]


def error_model(signs, errors, groups=None) -> tuple[ErrorModel, Told]:
    told, model = Told(), ErrorModel(seed=0)
    model._forest = lambda: told
    return model.fit(signs, np.asarray(errors), groups or [str(i) for i in range(len(errors))]), told


@pytest.mark.parametrize(
    ("n", "rank"),
    [
        # ceil(0.95 (n + 1)), no more than n: V. Vovk, A. Gammerman and G. Shafer, Algorithmic Learning in a Random
        # World (2005), section 2.2; J. Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018), equation 3.
        (10, 10),
        (19, 19),
        (20, 20),  # of 19.95; with n in place of n + 1 it were 19
        (39, 38),  # of 38; with n + 2 it were 39
        (40, 39),  # of 38.95
        (99, 95),
        (100, 96),
    ],
)
def test_the_conformal_quantile_is_the_score_of_that_rank(n: int, rank: int) -> None:
    """An expected error of 1 for all: the scores are the errors 1, 2, ..., n, in any order and of any sign."""
    errors = np.random.default_rng(n).permutation(np.arange(1, n + 1)) * np.where(np.arange(n) % 2, 1.0, -1.0)
    model, _ = error_model(np.zeros((n, 1)), errors)
    assert model.deviation(np.zeros((1, 1)))[0] * 1.959964 == pytest.approx(rank)


def test_scores_are_errors_in_units_of_what_was_expected() -> None:
    # Expected 1, 2, ..., 10; errors 3 times that, so every score is 3 and 1.96 deviations of a new one of 5 are 15.
    expected = np.arange(1.0, 11.0)
    model, told = error_model(np.log(expected)[:, None], 3 * expected)
    assert model.deviation(np.log([[5.0]]))[0] == pytest.approx(15 / 1.959964)
    # The last fit sees everything; the target is the logarithm of the error, 0.02 added.
    signs, target = told.fits[-1]
    assert len(signs) == 10
    np.testing.assert_allclose(target, np.log(3 * expected + 0.02))


def test_no_expected_error_is_below_a_third_of_the_median() -> None:
    # Median 2: nothing counts as less than 0.7, so an error of 1.4 where 0.001 is expected has a score of 2.
    expected = np.array([0.001, 2.0, 2.0, 2.0, 2.0])
    model, _ = error_model(np.log(expected)[:, None], [1.4, 0.2, 0.2, 0.2, 0.2])
    assert model.deviation(np.log([[2.0], [0.001]])) * 1.959964 == pytest.approx([2 * 2.0, 2 * 0.7])


@pytest.mark.parametrize(("n_groups", "n_folds"), [(3, 3), (5, 5), (12, 5)])
def test_the_inner_folds_of_the_error_model_keep_groups_whole(n_groups: int, n_folds: int) -> None:
    groups = [str(i % n_groups) for i in range(24)]
    signs = np.arange(24.0)[:, None] / 24
    _, told = error_model(signs, np.ones(24), groups)
    *inner, _ = [{groups[round(sign * 24)] for sign in fitted[:, 0]} for fitted, _ in told.fits]
    assert len(inner) == n_folds
    for name in set(groups):
        assert sum(name not in part for part in inner) == 1


def test_folds_of_single_entries_have_the_same_size() -> None:
    folds = grouped_folds([str(i) for i in range(10)], 5, seed=0)
    assert [len(fold) for fold in folds] == [2] * 5
    assert sorted(np.concatenate(folds)) == list(range(10))
    other = grouped_folds([str(i) for i in range(10)], 5, seed=1)
    assert [fold.tolist() for fold in folds] != [fold.tolist() for fold in other]


def test_a_large_group_has_a_fold_to_itself_and_no_fold_is_empty() -> None:
    groups = ["large"] * 6 + ["a", "b", "c", "d", "e", "f"]
    for seed in range(5):
        folds = grouped_folds(groups, 2, seed=seed)
        assert max(len(fold) for fold in folds) - min(len(fold) for fold in folds) <= 6
        assert sum(set(range(6)) <= set(fold.tolist()) for fold in folds) == 1
    assert [fold.tolist() for fold in grouped_folds(["a", "b", "a"], 9, seed=0)] in ([[0, 2], [1]], [[1], [0, 2]])


# -------------------------------------------------------------------------------------------------------- kernels


def test_standardised_features_by_hand() -> None:
    # Means 2 and 7, deviations 1 and 0.
    scaler = Scaler().fit(np.array([[1.0, 7.0], [3.0, 7.0]]))
    np.testing.assert_allclose(
        scaler.transform(np.array([[2.5, 7.0], [6.5, 8.0], [-9.0, 0.0]])), [[0.5, 0.0], [4.0, 0.0], [-4.0, 0.0]]
    )


def test_the_nearest_row_with_all_blocks_weighing_the_same() -> None:
    # Columns of mean 0 and deviation 1. Block a has one feature, b two.
    table = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])
    blocks = {"a": np.array([0]), "b": np.array([1, 2]), "unused": np.array([0])}
    member = Member(kind="svr", weights={"a": 3.0, "b": 0.1, "unused": 0.0}, scale=0.1)
    model = KernelEnsemble(blocks, [member]).fit(table, np.arange(4.0))
    # From (1.5, 1, 2): to the first row (0.25 + 1 / 2) / 2, to the third (0.25 + 5 / 2) / 2.
    assert model.nearest(np.array([[1.5, 1.0, 2.0], [1.0, 1.0, 1.0]])) == pytest.approx([math.sqrt(0.375), 0.0])


def test_every_member_counts_its_blocks_by_its_own_weights() -> None:
    """One training row apart from another by 1 in block a and 4 in b: kernels of two members by hand."""
    distances = {"a": np.array([[1.0]]), "b": np.array([[4.0]])}
    machine = Member(kind="svr", weights={"a": 2.0, "b": 0.5}, scale=0.1)
    assert kernels._kernel(machine, distances)[0, 0] == pytest.approx(math.exp(-0.4))
    process = Member(kind="process", weights={"a": 3.0, "b": 0.0}, scale=0.25)
    root = math.sqrt(3 * 0.75)
    assert kernels._kernel(process, distances)[0, 0] == pytest.approx((1 + root) * math.exp(-root))


def left_out_residuals(kernel: np.ndarray, noise: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Each target less what all the others predict for it."""
    found = []
    for i in range(len(target)):
        rest = np.delete(np.arange(len(target)), i)
        weights = np.linalg.solve(kernel[np.ix_(rest, rest)] + np.diag(noise[rest]), target[rest])
        found.append(target[i] - kernel[i, rest] @ weights)
    return np.array(found)


def test_noise_grows_with_the_residual_that_leaving_out_shows() -> None:
    """Two rounds, every leave-one-out prediction really made without the target; t distribution of 4 degrees."""
    x = np.linspace(0.0, 5.0, 12)
    kernel = np.exp(-((x[:, None] - x) ** 2))
    target = np.cos(x) + 0.1 * np.random.default_rng(2).normal(size=12)
    target[4] += 2.0
    centred, noise = target - np.median(target), np.full(12, 0.1)
    for _ in range(2):
        residual = left_out_residuals(kernel, noise, centred)
        deviation = np.median(np.abs(residual)) / 0.674490  # of a normal distribution: its upper quartile
        noise = 0.1 * (4 + (residual / deviation) ** 2) / 5
    expected = np.median(target) + kernel @ np.linalg.solve(kernel + np.diag(noise), centred)
    np.testing.assert_allclose(RobustProcess(noise=0.1).fit(kernel, target).predict(kernel), expected, atol=1e-4)


def test_a_process_of_equal_targets_is_that_target() -> None:
    np.testing.assert_allclose(RobustProcess(noise=0.1).fit(np.eye(4), np.full(4, 0.7)).predict(np.ones((2, 4))), 0.7)


# ---------------------------------------------------------------------------------------------------------- stack


def test_weights_of_the_profiles_add_up_to_that_of_all() -> None:
    weights = block_weights((0.1, 0.2, 0.3, 0.4, 22.0, 0.6))
    assert {name: weights[name] for name in ("ion", "elements", "geometry", "radial", "functional")} == {
        "ion": 0.1,
        "elements": 0.2,
        "geometry": 0.3,
        "radial": 0.4,
        "functional": 0.6,
    }
    # 1 + 1 + 1 + 0.5 + 2 + 2 + 1 + 4 × 0.5 = 10.5 shares of 22.
    assert weights["site_bending"] == pytest.approx(2 * 22 / 10.5)
    assert weights["valence"] == pytest.approx(0.5 * 22 / 10.5)
    assert sum(weights[name] for name in PROFILE_WEIGHTS) == pytest.approx(22.0)


def test_each_weighting_goes_with_each_setting() -> None:
    weightings = ((0.1,) * 6, (0.2,) * 6)
    members = members_of(weightings, ({"kind": "svr", "scale": 0.1, "cost": 3.0}, {"kind": "process", "scale": 0.2}))
    assert [(member.kind, member.scale, member.weights["ion"]) for member in members] == [
        ("svr", 0.1, 0.1),
        ("process", 0.2, 0.1),
        ("svr", 0.1, 0.2),
        ("process", 0.2, 0.2),
    ]
    assert members[0].cost == 3.0
    assert len(members_of(stack._WEIGHTINGS)) == 12


def test_blocks_by_name() -> None:
    names = [
        "composition:ion_radius",
        "composition:share_O",
        "barriers:site_log_rise",
        "barriers:site_yielding_log_rise",
    ]
    names += ["barriers:valence_start", "radial:anion_ends_1", "functional:GGA", "composition:ion_Li"]
    assert {block: positions.tolist() for block, positions in blocks_of(names).items()} == {
        "ion": [0, 7],
        "elements": [1],
        "site": [2],
        "site_yielding": [3],
        "valence": [4],
        "radial": [5],
        "functional": [6],
    }


def test_barriers_are_means_of_logarithms_within_bounds() -> None:
    members = np.array(
        [[math.log(0.8), math.log(0.1), math.log(50.0)], [math.log(1.25), math.log(0.2), math.log(50.0)]]
    )
    # The geometric mean of 0.8 and 1.25 is 1; below 0.3 and above 10.3 the bounds of 0 and 10 eV hold.
    assert stack._barriers(members) == pytest.approx([0.7, 0.0, 10.0])


def test_signs_of_difficulty_by_hand() -> None:
    signs = stack._signs(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([0.25, 0.5]))
    np.testing.assert_allclose(
        signs,
        [[2.0, math.log(1.001), math.log(2.001), 0.25], [5.0, math.log(0.001), math.log(0.001), 0.5]],
        atol=1e-9,
    )


class Remembers:
    """A regressor that predicts the number of rows it was fitted to, and 0 for a row that it has seen."""

    def fit(self, table, target):
        self.seen, self.n = set(table[:, 0].tolist()), len(target)
        return self

    def predict_members(self, table):
        known = np.array([x in self.seen for x in table[:, 0].tolist()])
        return np.array([np.where(known, 0.0, self.n), np.where(known, 0.0, 2 * self.n)])

    def nearest(self, table):
        return table[:, 0]


def test_inner_predictions_are_made_without_the_row() -> None:
    model = stack.PathwayStack(seed=0)
    model._regressor = lambda _: Remembers()
    table, groups = np.arange(20.0)[:, None], [str(i // 2) for i in range(20)]
    members, nearest = model._out_of_fold(table, ["x"], np.zeros(20), groups)
    # Ten groups of two in five folds: 16 rows remain.
    np.testing.assert_array_equal(members, [[16.0] * 20, [32.0] * 20])
    np.testing.assert_array_equal(nearest, np.arange(20.0))


class Entries:
    """The few things that a model asks of a dataset."""

    def __init__(self, barriers) -> None:
        self.barriers = np.asarray(barriers)
        self.entry_ids = tuple(f"e{i}" for i in range(len(self.barriers)))

    def __len__(self) -> int:
        return len(self.barriers)

    def __iter__(self) -> Iterator[SimpleNamespace]:
        return (SimpleNamespace(entry_id=entry_id) for entry_id in self.entry_ids)

    def column(self, name: str) -> np.ndarray:
        return self.barriers if name == "migration_barrier" else np.array([f"g{i}" for i in range(len(self))])


class Knows:
    """A regressor of one member that has the right logarithm in the first column of the table."""

    def fit(self, table, target):
        self.target = target
        return self

    def predict_members(self, table):
        return table[:, 0][None]

    def nearest(self, table):
        return np.zeros(len(table))


def test_relative_errors_calibrate_the_deviations(monkeypatch) -> None:
    """Out of fold every E + 0.3 is 25 % too high: the relative error is -0.2, and so is that of what is new."""
    barriers = np.linspace(0.2, 2.0, 20)
    fitted = []

    class Errors:
        def __init__(self, *, seed):
            pass

        def fit(self, signs, errors, groups):
            fitted.append((signs, errors, groups))

        def deviation(self, signs):
            return np.full(len(signs), 0.1)

    monkeypatch.setattr(stack, "ErrorModel", Errors)
    model = stack.PathwayStack(seed=0)
    knows = Knows()
    model._regressor = lambda _: knows
    model._table = lambda entries: (np.log((entries.barriers + 0.3) * 1.25)[:, None], ["x"])
    prediction = model.fit(Entries(barriers)).predict(Entries([0.5, 1.7]))
    np.testing.assert_allclose(fitted[0][1], np.full(20, -0.2))
    np.testing.assert_allclose(knows.target, np.log(barriers + 0.3))
    np.testing.assert_allclose(prediction.mean, [0.7, 2.2])
    np.testing.assert_allclose(prediction.std, [0.1 * 1.0, 0.1 * 2.5])


# --------------------------------------------------------------------------------------------------------- hybrid


def test_the_median_of_a_potential_leaves_out_what_is_missing() -> None:
    assert hybrid._median(np.array([3.0, np.nan, 1.0, 2.0])) == 2.0
    assert hybrid._median(np.array([np.nan, 5.0])) == 5.0
    assert hybrid._median(np.array([np.nan])) == 0.0


def test_which_features_the_trees_see() -> None:
    seen = ["composition:ion_radius", "geometry:length", "geometry:volume_per_anion", "geometry:packing"]
    seen += ["geometry:mobile_per_anion", "geometry:alone", "geometry:window_3", "geometry:anion_nearest_ends"]
    seen += ["geometry:anion_reduced_ends", "barriers:site_bending_log_rise", "barriers:site_bending_hard_log_rise"]
    seen += ["barriers:site_yielding_log_rise"]
    unseen = ["composition:share_O", "geometry:log_sites", "geometry:cation_nearest_ends", "functional:GGA"]
    unseen += ["barriers:site_log_rise", "barriers:site_bending_root_rise", "radial:anion_ends_1"]
    assert all(map(hybrid._for_trees, seen))
    assert not any(map(hybrid._for_trees, unseen))
    model = HybridRegressor([*unseen, *seen, "potentials:orb-v3", "potentials:mace-relax"], seed=0)
    width = len(unseen) + len(seen) + 8
    assert model._tree_features(width).tolist() == list(range(len(unseen), width))


def test_blocks_of_the_potentials_and_of_what_is_missing() -> None:
    model = HybridRegressor(["geometry:length", "functional:GGA", "potentials:a", "potentials:b"], seed=0)
    # Two barriers, lowest, highest, mean and difference; then two marks.
    assert {name: places.tolist() for name, places in model._blocks(10).items()} == {
        "geometry": [0],
        "functional": [1],
        "potentials": [2, 3, 4, 5, 6, 7],
        "missing": [8, 9],
    }
    members = model._members()
    assert len(members) == 6
    assert {(member.weights["potentials"], member.weights["missing"]) for member in members} == {(2.0, 0.3)}


def test_trees_count_half_as_often_as_the_kernels(monkeypatch) -> None:
    monkeypatch.setattr(hybrid, "_for_trees", lambda _: True)
    monkeypatch.setattr(hybrid, "_TREES", 5)
    names = ["composition:ion_charge", "composition:sites", "geometry:length", "radial:anion", "functional:GGA"]
    names += [f"barriers:{name}_log_forward" for name in PROFILE_WEIGHTS]
    random = np.random.default_rng(0)
    table = random.normal(size=(30, len(names) + 2))
    model = HybridRegressor([*names, "potentials:orb-v3", "potentials:mace-relax"], seed=0)
    found = model.fit(table, random.normal(size=30)).predict_members(table[:4])
    assert found.shape == (9, 4)
    np.testing.assert_array_equal(found[6:], np.repeat(found[6:7], 3, axis=0))
    assert not np.array_equal(found[0], found[6])


def test_barriers_of_potentials_enter_as_logarithms(monkeypatch) -> None:
    monkeypatch.setattr(stack.PathwayStack, "_table", lambda self, entries: (np.zeros((len(entries), 1)), ["x"]))
    given = {"orb-v3": {"e0": 0.7, "e1": -0.2}, "mace-relax": {"e1": 1.7}}
    table, names = hybrid.PathwayHybrid(seed=0, barriers=given)._table(Entries([1.0, 1.0]))
    assert names == ["x", "potentials:orb-v3", "potentials:mace-relax"]
    # log(E + 0.3), a negative barrier counting as none.
    np.testing.assert_allclose(table, [[0.0, 0.0, np.nan], [0.0, math.log(0.3), math.log(2.0)]], atol=1e-12)


# ---------------------------------------------------------------------------------------------------- descriptors


def test_standard_deviations_of_the_descriptors_cover_95_percent(monkeypatch) -> None:
    """Every model predicts the median: 1.96 q (E + 0.3) is then the 95 % quantile of the residuals."""
    barriers = np.append(np.full(99, 1.0), 5.0)
    residuals = np.linspace(0.0, 0.99, 100)
    monkeypatch.setattr(descriptors, "_table", lambda entries: (np.zeros((len(entries), 2)), ["geometry:x", "soap:0"]))
    monkeypatch.setattr(descriptors, "fitted_kernel", lambda *_: None)
    monkeypatch.setattr(descriptors, "other_models", lambda *_: {})

    def out_of_fold(makers, inputs, table, target, folds):
        assert len(folds) == 5
        np.testing.assert_allclose(target, np.log(barriers + 0.3))
        return dict.fromkeys(makers, barriers + residuals)

    monkeypatch.setattr(descriptors, "_out_of_fold", out_of_fold)
    model = descriptors.PathwayDescriptors(seed=0).fit(Entries(barriers))
    assert model.inner_errors["svr-C2"] == pytest.approx(residuals.mean())
    scores = residuals / (barriers + residuals + 0.3)
    prediction = model.predict(Entries([1.0]))
    expected = np.quantile(scores, 0.95) / 1.959964 * (prediction.mean[0] + 0.3)
    assert prediction.std[0] == pytest.approx(expected)


@pytest.mark.parametrize("informative", [True, False])
def test_what_was_chosen_is_what_predicts(monkeypatch, informative: bool) -> None:
    """Where SOAP tells the barrier a model with SOAP predicts: other values of it change the prediction."""
    data, table = embench.load(), table_with_soap(informative)
    train = data.select(data.entry_ids[:60])
    monkeypatch.setattr("embench.baselines.features.feature_table", table)
    monkeypatch.setattr(descriptors, "other_models", lambda *_: {})
    monkeypatch.setattr(descriptors, "fitted_kernel", lambda *_: None)
    model = descriptors.PathwayDescriptors(seed=0).fit(train)
    before = model.predict(train).mean

    def other_soap(entries, sets):
        values, names = table(entries, sets)
        values[:, 3:] += 50.0
        return values, names

    monkeypatch.setattr("embench.baselines.features.feature_table", other_soap)
    assert np.allclose(model.predict(train).mean, before) is not informative


def test_predictions_of_the_descriptors_stay_within_what_was_observed() -> None:
    model = SimpleNamespace(predict=lambda inputs: inputs)
    found = descriptors._barriers(model, np.log([0.1, 1.0, 10.0, 20.0]))
    np.testing.assert_allclose(found, [0.0, 0.7, 9.7, 10.0])


def test_out_of_fold_inputs_are_fitted_without_the_fold() -> None:
    table = np.array([[0.0], [2.0], [100.0], [200.0]])
    mean = SimpleNamespace(fit=lambda x, y: SimpleNamespace(predict=lambda inputs: inputs[:, 0]))
    inputs = descriptors._inputs(["geometry:x"], soap=False)
    folds = [np.array([2, 3]), np.array([0, 1])]
    # Of 0 and 2 the mean is 1 and the deviation 1; of 100 and 200 they are 150 and 50.
    found = descriptors._out_of_fold({"mean": lambda: mean}, inputs, table, np.zeros(4), folds)["mean"]
    scaled = np.array([-3.0, -2.96, 99.0, 199.0])
    np.testing.assert_allclose(found, np.clip(np.exp(scaled) - 0.3, 0.0, 10.0))


def test_the_shipped_barriers_are_those_of_the_submissions() -> None:
    known = hybrid.shipped_barriers()
    assert {name: len(barriers) for name, barriers in known.items()} == {"orb-v3": 572, "mace-relax": 616}
    assert all(set(barriers) <= set(embench.load().entry_ids) for barriers in known.values())

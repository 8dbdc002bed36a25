from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

import embench
from embench.baselines.features.soap import COMPONENTS
from embench.baselines.models import conformal, descriptors, hybrid, kernels
from embench.baselines.models.conformal import ErrorModel, grouped_folds
from embench.baselines.models.descriptors import PathwayDescriptors, _inputs
from embench.baselines.models.hybrid import POTENTIALS, HybridRegressor, PathwayHybrid, shipped_barriers
from embench.baselines.models.kernels import KernelEnsemble, Member, RobustProcess
from embench.baselines.models.stack import PROFILE_WEIGHTS, PathwayStack, block_weights, blocks_of
from embench.errors import BaselineError

# One feature of each block, from columns of the dataset: the models are tested without the cost of the features.
COLUMNS = {
    "composition:ion_charge": "mobile_ion_charge",
    "composition:sites": "n_sites",
    "geometry:length": "hop_distance",
    "radial:anion": "coordination_initial",
    "functional:GGA": "n_pathways",
    "soap:middle_0": "straight_line_minimum_distance",
    **{f"barriers:{name}_log_forward": "straight_line_free_radius" for name in PROFILE_WEIGHTS},
}


def quick_table(entries, _sets=None):
    table = np.column_stack([entries.column(column).astype(float) for column in COLUMNS.values()])
    return table, list(COLUMNS)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("embench.baselines.features.feature_table", quick_table)
    for module in (conformal, hybrid):
        monkeypatch.setattr(module, "_TREES", 20)


@pytest.fixture(scope="module")
def sides():
    data = embench.load().filter(published_split="train", exclude_flags=["structure_corrupt"])
    ids = data.entry_ids
    return data.select(ids[:60]), data.select(ids[60:90]).without_targets()


def made_data(n=80, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, 6))
    return table, np.sin(table[:, 0]) + 0.3 * table[:, 3] + 0.05 * rng.normal(size=n)


BLOCKS = {"a": np.array([0, 1]), "b": np.array([2, 3, 4, 5])}


def test_support_vector_member_is_that_of_scikit_learn() -> None:
    table, target = made_data()
    member = Member(kind="svr", weights={"a": 1.0, "b": 0.5}, scale=0.3, cost=2.0)
    found = KernelEnsemble(BLOCKS, [member]).fit(table[:60], target[:60]).predict_members(table[60:])[0]
    scaler = StandardScaler().fit(table[:60])
    weights = np.sqrt([1 / 2, 1 / 2, *[0.5 / 4] * 4])
    reference = SVR(C=2.0, epsilon=0.05, gamma=0.3).fit(scaler.transform(table[:60]) * weights, target[:60])
    np.testing.assert_allclose(found, reference.predict(scaler.transform(table[60:]) * weights), atol=2e-3)


def test_process_without_reweighting_is_that_of_scikit_learn(monkeypatch) -> None:
    monkeypatch.setattr(kernels, "_REWEIGHTINGS", 0)
    table, target = made_data()
    member = Member(kind="process", weights={"a": 1.0, "b": 1.0}, scale=0.25, noise=0.1)
    found = KernelEnsemble(BLOCKS, [member]).fit(table[:60], target[:60]).predict_members(table[60:])[0]
    scaled = StandardScaler().fit(table[:60]).transform(table) * np.sqrt([0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
    reference = GaussianProcessRegressor(Matern(length_scale=2.0, nu=1.5), alpha=0.1, optimizer=None)
    reference.fit(scaled[:60], target[:60] - np.median(target[:60]))
    np.testing.assert_allclose(found, reference.predict(scaled[60:]) + np.median(target[:60]), atol=1e-8)


def test_process_is_not_led_astray_by_one_wrong_target() -> None:
    x = np.linspace(0, 6, 40)
    kernel = np.exp(-0.5 * (x[:, None] - x[None]) ** 2)
    target = np.sin(x)
    wrong = target.copy()
    wrong[20] += 5.0
    error = np.abs(RobustProcess(noise=0.05).fit(kernel, wrong).predict(kernel) - target).max()
    plain = np.linalg.solve(kernel + 0.05 * np.eye(40), wrong - np.median(wrong))
    assert error < 0.5 * np.abs(np.median(wrong) + kernel @ plain - target).max()


def test_constant_features_do_not_count() -> None:
    table, target = made_data()
    constant = np.column_stack([table, np.full(80, 7.0)])
    other = constant.copy()
    other[60:, 6] = 1e6
    blocks = {**BLOCKS, "c": np.array([6])}
    model = KernelEnsemble(blocks, [Member(kind="svr", weights={"a": 1.0, "b": 1.0, "c": 1.0}, scale=0.3)])
    model.fit(constant[:60], target[:60])
    np.testing.assert_array_equal(model.predict_members(constant[60:]), model.predict_members(other[60:]))


def test_every_feature_has_a_block() -> None:
    blocks = blocks_of(list(COLUMNS))
    assert sorted(np.concatenate(list(blocks.values()))) == list(range(len(COLUMNS)))
    assert set(block_weights((1, 1, 1, 1, 1, 1))) <= set(blocks)
    assert blocks_of(["barriers:site_bending_hard_log_low"]).keys() == {"site_bending_hard"}


def test_grouped_folds_keep_groups_whole() -> None:
    groups = [f"g{i % 13}" for i in range(100)]
    folds = grouped_folds(groups, 5, seed=3)
    assert sorted(np.concatenate(folds)) == list(range(100))
    members = [{groups[i] for i in fold} for fold in folds]
    assert sum(map(len, members)) == 13
    assert max(map(len, folds)) - min(map(len, folds)) <= 16


def test_error_model_covers_and_tells_hard_from_easy() -> None:
    rng = np.random.default_rng(5)
    signs = rng.uniform(size=(1500, 2))
    errors = rng.normal(size=1500) * (0.1 + signs[:, 0])
    groups = [str(i // 5) for i in range(750)]
    model = ErrorModel(seed=0).fit(signs[:750], errors[:750], groups)
    deviation = model.deviation(signs[750:])
    assert 0.92 <= np.mean(np.abs(errors[750:]) <= 1.96 * deviation) <= 0.98
    easy, hard = signs[750:, 0] < 0.2, signs[750:, 0] > 0.8
    assert np.median(deviation[hard]) > 2 * np.median(deviation[easy])


@pytest.mark.parametrize("model", [PathwayStack, PathwayHybrid, PathwayDescriptors])
def test_models_predict_what_they_have_not_seen(quick, sides, model, monkeypatch) -> None:
    monkeypatch.setattr(hybrid, "_for_trees", lambda _: True)
    train, test = sides
    fitted = model(seed=1).fit(train)
    found = fitted.predict(test)
    found.check(len(test))
    assert found.mean.min() >= 0.0
    again = model(seed=1).fit(train).predict(test)
    np.testing.assert_array_equal(found.mean, again.mean)
    np.testing.assert_array_equal(found.std, again.std)
    # What else is predicted must not matter.
    alone = fitted.predict(test.select(test.entry_ids[7:8]))
    assert alone.mean[0] == pytest.approx(found.mean[7], abs=1e-9)
    assert alone.std[0] == pytest.approx(found.std[7], abs=1e-9)


def table_with_soap(informative: bool):
    """A feature table of noise, with thirty features of SOAP that tell the barrier, or do not."""

    def table(entries, _sets):
        rng = np.random.default_rng(len(entries))
        noise, of_soap = rng.normal(size=(len(entries), 3)), rng.normal(size=(len(entries), 30))
        barriers = entries.column("migration_barrier").astype(float)
        if informative:
            of_soap[:, :25] += 10 * np.log(barriers + 0.3)[:, None]
        else:
            noise[:, 0] += 10 * np.log(barriers + 0.3)
        return np.column_stack([noise, of_soap]), [f"geometry:{i}" for i in range(3)] + [f"soap:{i}" for i in range(30)]

    return table


@pytest.mark.parametrize("informative", [True, False])
def test_soap_is_chosen_where_it_helps(sides, monkeypatch, informative) -> None:
    monkeypatch.setattr("embench.baselines.features.feature_table", table_with_soap(informative))
    trees = descriptors.other_models(0, None)["extra-trees"]
    monkeypatch.setattr(descriptors, "other_models", lambda *_: {"extra-trees": trees})
    model = PathwayDescriptors(seed=0).fit(sides[0])
    tried = {"svr-C2", "svr-C6", "svr-C2+soap", "svr-C6+soap", "extra-trees+soap" if informative else "extra-trees"}
    assert set(model.inner_errors) == tried
    assert model.chosen.endswith("+soap") is informative
    assert model.chosen == min(tried, key=model.inner_errors.get)
    assert model.choices["model"] == model.chosen


def test_components_of_soap_are_those_of_the_rows_that_were_fitted() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(size=(80, 42)) @ np.diag(np.linspace(3.0, 1.0, 42))
    names = ["geometry:length", *[f"soap:{i}" for i in range(40)], "functional:GGA"]
    inputs = _inputs(names, soap=True).fit(table[:60]).transform(table)
    # By singular values: whitened scores on the training rows have deviation one, and weigh twice.
    centred = table[:, 1:41] - table[:60, 1:41].mean(axis=0)
    _, singular, axes = np.linalg.svd(centred[:60], full_matrices=False)
    expected = 2.0 * centred @ axes[:COMPONENTS].T / singular[:COMPONENTS] * np.sqrt(59)
    np.testing.assert_allclose(np.abs(inputs[:, 2:]), np.abs(expected), atol=1e-8)
    plain = (table[:, [0, 41]] - table[:60, [0, 41]].mean(axis=0)) / table[:60, [0, 41]].std(axis=0)
    np.testing.assert_allclose(inputs[:, :2], plain, atol=1e-10)
    assert _inputs(names, soap=False).fit(table[:60]).transform(table).shape == (80, 2)


def test_a_reduced_block_counts_by_its_components() -> None:
    """Beside two other features a block of 40, through its 20 components: a machine on the same numbers, by hand."""
    rng = np.random.default_rng(4)
    table, target = rng.normal(size=(80, 42)) @ np.diag(np.linspace(3.0, 1.0, 42)), rng.normal(size=80)
    blocks = {"plain": np.array([40, 41]), "soap": np.arange(40)}
    member = Member(kind="svr", weights={"plain": 1.0, "soap": 0.2}, scale=0.3, cost=2.0)
    model = KernelEnsemble(blocks, [member], reduced=["soap"]).fit(table[:60], target[:60])
    centred = table[:, :40] - table[:60, :40].mean(axis=0)
    _, singular, axes = np.linalg.svd(centred[:60], full_matrices=False)
    components = centred @ axes[:COMPONENTS].T / singular[:COMPONENTS] * np.sqrt(59)
    plain = StandardScaler().fit(table[:60, 40:]).transform(table[:, 40:])
    assert np.abs(components).max() < 4.0 > np.abs(plain).max()
    by_hand = np.column_stack([plain * np.sqrt(1 / 2), components * np.sqrt(0.2 / COMPONENTS)])
    reference = SVR(C=2.0, epsilon=0.05, gamma=0.3).fit(by_hand[:60], target[:60])
    np.testing.assert_allclose(model.predict_members(table[60:])[0], reference.predict(by_hand[60:]), atol=2e-3)


def test_the_stack_sees_soap_and_the_hybrid_does_not() -> None:
    assert set(PathwayStack.sets) - set(PathwayHybrid.sets) == {"soap"}
    stack = PathwayStack(seed=0)._regressor(["soap:a", "geometry:b", "functional:GGA"])
    assert {member.weights["soap"] for member in stack.members} == {0.2}
    assert set(stack.reduced) == {"soap"}


def potentials(*rows):
    return np.array([[0.0, *row] for row in rows])


def test_missing_barriers_are_filled_in_and_marked() -> None:
    names = ["geometry:length", *[f"potentials:{name}" for name in POTENTIALS]]
    model = HybridRegressor(names, seed=0)
    model._medians = np.array([0.5, 0.7])
    full = model._complete(potentials((0.2, 0.6), (np.nan, 0.6), (0.2, np.nan), (np.nan, np.nan)))
    np.testing.assert_allclose(full[:, 1:3], [[0.2, 0.6], [0.6, 0.6], [0.2, 0.2], [0.5, 0.7]])
    # lowest, highest, mean, difference, and the marks
    np.testing.assert_allclose(full[0, 3:], [0.2, 0.6, 0.4, 0.4, 0, 0])
    np.testing.assert_allclose(full[:, 7:], [[0, 0], [1, 0], [0, 1], [1, 1]])


def test_hybrid_takes_barriers_of_the_user(quick, sides) -> None:
    train, test = sides
    known = shipped_barriers()
    low = {name: dict.fromkeys([*train.entry_ids, *test.entry_ids], 0.1) for name in POTENTIALS}
    assert set(known) == set(POTENTIALS)
    assert known["orb-v3"]["Li4P2S7"] == 0.241699
    with_own = PathwayHybrid(seed=0, barriers=low).fit(train).predict(test).mean
    with_known = PathwayHybrid(seed=0).fit(train).predict(test).mean
    assert np.abs(with_own - with_known).max() > 0.01


def test_hybrid_without_barriers_says_where_they_belong(monkeypatch, tmp_path) -> None:
    (tmp_path / "barriers.csv").write_text("entry_id,mace-relax\nLi4P2S7,0.5\n")
    monkeypatch.setattr("embench.audit.barriers.resource_folder", lambda name: tmp_path)
    monkeypatch.setattr("embench.audit.barriers.check_shipped", lambda *_, **__: None)
    with pytest.raises(BaselineError, match=r"orb-v3.*keyword barriers"):
        shipped_barriers()


def test_hybrid_with_no_barrier_at_all_still_predicts(quick, sides) -> None:
    train, test = sides
    none = {name: {} for name in POTENTIALS}
    PathwayHybrid(seed=0, barriers=none).fit(train).predict(test).check(len(test))

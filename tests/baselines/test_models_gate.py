"""The gate on cases with a known answer, and the baseline around it."""

from __future__ import annotations

import numpy as np
import pytest

import embench
from embench.audit.submitted_bands import Band
from embench.baselines.models import bands, conformal, distilled, gated, hybrid, pathway_gate, stack
from embench.baselines.models.bands import POTENTIALS, barriers_of, of_bands, shipped_bands
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.models.gate import Gate
from embench.baselines.models.gated import Views
from embench.baselines.models.pathway_gate import MODELS, PathwayGate
from embench.baselines.registry import baseline_spec
from embench.dataset import Dataset
from embench.errors import BaselineError
from embench.neb.failures import FAILURES
from tests.baselines.test_models import quick_table

# ------------------------------------------------------------------------------------------------------- the gate


def test_the_candidate_that_is_right_gets_the_weight() -> None:
    rng = np.random.default_rng(0)
    target = rng.normal(size=200)
    candidates = np.column_stack([target + rng.normal(size=200), target, target + rng.normal(size=200)])
    gate = Gate(ridge=0.01).fit(np.zeros((200, 1)), candidates, target)
    # Without inputs the weights are the same everywhere, and the second candidate has no error at all.
    weights = gate.weights(np.zeros((5, 1)), candidates[:5])
    assert weights[:, 1].min() > 0.95
    np.testing.assert_allclose(weights, np.tile(weights[0], (5, 1)))


def test_the_input_tells_which_candidate_is_right() -> None:
    rng = np.random.default_rng(1)
    target, side = rng.normal(size=400), rng.choice([-1.0, 1.0], size=400)
    wrong = target + 2.0 * rng.choice([-1.0, 1.0], size=400)
    candidates = np.column_stack([np.where(side > 0, target, wrong), np.where(side > 0, wrong, target)])
    gate = Gate(ridge=0.001).fit(side[:300, None], candidates[:300], target[:300])
    weights = gate.weights(side[300:, None], candidates[300:])
    assert weights[side[300:] > 0, 0].min() > 0.9
    assert weights[side[300:] < 0, 1].min() > 0.9
    assert np.abs(gate.predict(side[300:, None], candidates[300:]) - target[300:]).max() < 0.2


def test_the_loss_is_of_absolute_errors() -> None:
    """Two candidates with constant errors: the L1 optimum follows the many entries, least squares would not.

    The first is right in 70 of 100 entries and off by 5 in 30, the second off by 1 in all, always upwards. Moving
    weight w to the second changes the mean error by 0.7 w - 0.3 * 4 w: down, so that the second wins. With 90 of 100
    right it changes by 0.9 w - 0.1 * 4 w: up, so that the first wins, though its mean square, 2.5, is larger than 1.
    """
    for right, winner in ((70, 1), (90, 0)):
        candidates = np.column_stack([np.where(np.arange(100) < right, 0.0, 5.0), np.ones(100)])
        gate = Gate(ridge=0.01).fit(np.zeros((100, 1)), candidates, np.zeros(100))
        assert gate.weights(np.zeros((1, 1)), candidates[:1])[0, winner] > 0.95


def test_a_missing_candidate_has_no_weight_and_the_others_share_it() -> None:
    rng = np.random.default_rng(2)
    target = rng.normal(size=100)
    candidates = target[:, None] + rng.normal(size=(100, 3)) * [0.3, 0.4, 0.5]
    inputs = rng.normal(size=(100, 2))
    gate = Gate(ridge=0.01).fit(inputs, candidates, target)
    full = gate.weights(inputs, candidates)
    masked = candidates.copy()
    masked[:50, 1] = np.nan
    weights = gate.weights(inputs, masked)
    np.testing.assert_array_equal(weights[:50, 1], 0.0)
    np.testing.assert_allclose(weights[:50, [0, 2]], full[:50, [0, 2]] / (1 - full[:50, [1]]))
    np.testing.assert_allclose(weights[50:], full[50:])
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert np.isfinite(Gate(ridge=0.01).fit(inputs, masked, target).predict(inputs, masked)).all()


def test_an_entry_without_any_candidate_is_refused() -> None:
    candidates = np.array([[1.0, 2.0], [np.nan, np.nan]])
    with pytest.raises(BaselineError, match="entry 1 of 2 has no candidate"):
        Gate(ridge=0.01).fit(np.zeros((2, 1)), candidates, np.zeros(2))


def test_a_strong_ridge_leaves_the_same_weights_everywhere() -> None:
    rng = np.random.default_rng(3)
    target, inputs = rng.normal(size=100), rng.normal(size=(100, 2))
    candidates = target[:, None] + rng.normal(size=(100, 2)) * np.exp(inputs)
    spreads = [
        np.ptp(Gate(ridge=ridge).fit(inputs, candidates, target).weights(inputs, candidates), axis=0).max()
        for ridge in (1e-3, 1e3)
    ]
    assert spreads[0] > 0.5
    assert spreads[1] < 0.01


# ------------------------------------------------------------------------------------------------------ the bands


def test_what_a_band_tells_of_itself() -> None:
    """Ends 0.2 eV apart, an image 0.3 eV below the lower end, one failure; by hand."""
    band = Band(barrier=1.0, failures=("ends_apart",), energies=(0.0, 0.8, -0.5, None, -0.2))
    found = bands._signs_of(band)
    np.testing.assert_allclose(found, [0.2, 0.3, 0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(bands._signs_of(None), np.zeros(6))
    assert set(bands._FAILURES) <= {failure.name for failure in FAILURES}


def test_shipped_bands_have_the_barriers_that_are_scored() -> None:
    found = shipped_bands()
    assert {name: len(table) for name, table in found.items()} == {
        "orb-v3": 572,
        "sevennet-mf-ompa": 572,
        "mace-relax": 616,
    }
    assert barriers_of(found) == hybrid.shipped_barriers()
    for name in ("orb-v3", "sevennet-mf-ompa"):
        for band in found[name].values():
            known = [energy for energy in band.energies if energy is not None]
            assert max(known) - min(known) == pytest.approx(band.barrier, abs=2e-3)


def test_a_missing_barrier_is_a_missing_candidate() -> None:
    entries = embench.load().select(["Li4P2S7", "CaMn2S3O12"])
    given = {name: {} for name in POTENTIALS} | {"orb-v3": {"Li4P2S7": Band(barrier=0.7, failures=(), energies=())}}
    found = of_bands(given, entries)
    assert found.candidates[0, 0] == pytest.approx(0.0)  # log(0.7 + 0.3)
    assert np.isnan(found.candidates).sum() == 5
    assert found.inputs.shape == (2, 12)


@pytest.mark.parametrize("name", POTENTIALS)
def test_barriers_that_do_not_ship_are_said(monkeypatch, name) -> None:
    read = bands.read_potentials
    monkeypatch.setattr(bands, "read_potentials", lambda ids: [each for each in read(ids) if each.slug != name])
    with pytest.raises(BaselineError, match=rf"lack {name}.*keyword bands"):
        shipped_bands()


def test_a_band_that_does_not_ship_is_said(monkeypatch) -> None:
    monkeypatch.setattr(bands, "read_submitted", lambda name: {})
    with pytest.raises(BaselineError, match=r"orb-v3 .* has no band of AlFe2O4_1"):
        shipped_bands()


# --------------------------------------------------------------------------------------------------- the baseline


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("embench.baselines.features.feature_table", quick_table)
    monkeypatch.setattr(hybrid, "_for_trees", lambda _: True)
    monkeypatch.setattr(stack, "_WEIGHTINGS", stack._WEIGHTINGS[:1])
    monkeypatch.setattr(distilled, "_WEIGHTINGS", stack._WEIGHTINGS[:1])
    monkeypatch.setattr(distilled, "LEAST_BARRIERS", 20)
    for module in (conformal, hybrid):
        monkeypatch.setattr(module, "_TREES", 20)


@pytest.mark.slow
def test_equal_seeds_give_equal_predictions(quick, sides) -> None:
    train, test = sides
    first, again, other = (PathwayGate(seed=seed).fit(train).predict(test.without_targets()) for seed in (1, 1, 2))
    first.check(len(test))
    np.testing.assert_array_equal(first.mean, again.mean)
    np.testing.assert_array_equal(first.std, again.std)
    assert np.abs(first.mean - other.mean).max() > 0.0


def test_no_label_of_the_scored_side_is_read(quick, sides, monkeypatch) -> None:
    train, test = sides
    model = PathwayGate(seed=0).fit(train)
    before = model.predict(test.without_targets())
    read = Dataset.column
    monkeypatch.setattr(Dataset, "column", lambda self, name: _poisoned(read(self, name), name))
    after = model.predict(test)
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.std, after.std)


def _poisoned(values, name):
    return np.full(len(values), 9.9) if name == "migration_barrier" else values


def test_inner_predictions_do_not_know_the_labels_of_their_fold(quick, sides) -> None:
    train, _ = sides
    level = pathway_gate._FirstLevel(seed=0, barriers=hybrid.shipped_barriers(), teacher=None)
    tables = level.training_tables(train)
    target = np.log(train.column("migration_barrier").astype(float) + 0.3)
    hosts = [str(group) for group in train.column("group_host")]
    folds = grouped_folds(hosts, 5, 0)
    poisoned = target.copy()
    poisoned[folds[2]] = 5.0
    found, other = (level.out_of_fold(tables, values, hosts, folds).candidates for values in (target, poisoned))
    np.testing.assert_array_equal(found[folds[2]], other[folds[2]])
    assert np.abs(found - other).max() > 0.1


def test_the_teacher_is_heard_on_the_training_side_only(quick, sides) -> None:
    train, test = sides
    known = dict.fromkeys(train.entry_ids[:40], 0.3) | dict.fromkeys(train.entry_ids[20:40], 1.5)
    first = PathwayGate(seed=0, teacher=known).fit(train).predict(test.without_targets())
    same = PathwayGate(seed=0, teacher=known | dict.fromkeys(test.entry_ids, 3.0)).fit(train).predict(test)
    np.testing.assert_array_equal(first.mean, same.mean)
    other = PathwayGate(seed=0, teacher={each: 1.8 - value for each, value in known.items()}).fit(train).predict(test)
    assert np.abs(first.mean - other.mean).max() > 0.001
    with pytest.raises(BaselineError, match=r"2 of 60 training entries have a barrier.*PathwayStack"):
        PathwayGate(seed=0, teacher=dict.fromkeys(train.entry_ids[:2], 0.3)).fit(train)


def test_inner_folds_keep_hosts_together(quick, sides, monkeypatch) -> None:
    train, _ = sides
    asked = []

    def spy(groups, n_folds, seed):
        found = grouped_folds(groups, n_folds, seed)
        asked.append((list(groups), found, seed))
        return found

    monkeypatch.setattr(gated, "grouped_folds", spy)
    PathwayGate(seed=4).fit(train)
    hosts = train.column("group_host").tolist()
    assert [seed for *_, seed in asked] == [12, 13, 14]
    for groups, folds, _ in asked:
        assert groups == hosts
        assert sorted(np.concatenate(folds)) == list(range(len(train)))
        assert sum(len({hosts[i] for i in fold}) for fold in folds) == len(set(hosts))


def test_the_record_tells_the_mean_weights(quick, sides) -> None:
    weights = PathwayGate(seed=0).fit(sides[0]).choices["mean_weights"]
    assert tuple(weights) == (*MODELS, *POTENTIALS)
    assert sum(weights.values()) == pytest.approx(1.0, abs=0.005)


def test_without_any_barrier_it_still_predicts(quick, sides) -> None:
    train, test = sides
    model = PathwayGate(seed=0, bands={name: {} for name in POTENTIALS}).fit(train)
    model.predict(test.without_targets()).check(len(test))
    assert [model.choices["mean_weights"][name] for name in POTENTIALS] == [0.0, 0.0, 0.0]


def test_bands_of_a_potential_that_are_not_given_are_said(sides) -> None:
    with pytest.raises(BaselineError, match="bands lacks mace-relax"):
        PathwayGate(seed=0, bands={"orb-v3": {}, "sevennet-mf-ompa": {}}).fit(sides[0])


def test_signs_by_hand() -> None:
    seen = Views(np.array([[0.0, 1.0, np.nan]]), np.zeros((1, 1)), np.array([0.4]))
    found = seen.signs(np.array([[0.5, 0.5, 0.0]]))
    # Mean 0.5, deviation 0.5, extent 1.
    np.testing.assert_allclose(found, [[0.5, np.log(0.501), np.log(1.001), 0.4]])


def test_what_it_reads_counts_as_code() -> None:
    from embench.common.shipped import resource_folder

    resources = baseline_spec("pathway-gate").resources
    assert resources == ("neb-inputs", "potentials", "submissions/orb-v3", "submissions/sevennet-mf-ompa")
    kinds = {".csv", ".parquet"}
    assert all(any(path.suffix in kinds for path in resource_folder(name).iterdir()) for name in resources)

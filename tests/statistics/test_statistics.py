"""Intervals, tests and ranks against scipy, brute force and simulation."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score

from embench.metrics import HEADLINE, MOMENTS, Sample, metric, metrics_for
from embench.statistics import resampling
from embench.statistics.bootstrap import Part, bootstrap, point_values
from embench.statistics.intervals import Estimate, bca_levels, estimate
from embench.statistics.paired import (
    SignFlipTest,
    detectable_difference,
    holm,
    sign_flip_test,
    sign_flip_tests,
    standard_error,
)
from embench.statistics.ranking import rank_systems
from embench.statistics.resampling import bootstrap_blocks, cluster_codes
from embench.statistics.rounding import midranks, subtract


def make_sample(n: int = 60, clusters: int = 20, *, seed: int = 0, noise: float = 0.3) -> Sample:
    random = np.random.default_rng(seed)
    target = np.exp(random.normal(-0.4, 0.7, n))
    codes = np.concatenate([np.arange(clusters), random.integers(0, clusters, n - clusters)])
    return Sample(target=target, prediction=target + random.normal(0, noise, n), cluster=codes)


def draws(clusters: int, resamples: int, *, seed: int = 0, entries: int = 60) -> np.ndarray:
    return np.concatenate(
        [block for _, block in bootstrap_blocks(clusters, resamples=resamples, seed=seed, entries=entries)]
    )


# Resampling


def test_each_resample_draws_as_many_clusters_as_there_are():
    drawn = draws(37, 5000)
    assert drawn.shape == (5000, 37)
    assert (drawn.sum(axis=1) == 37).all()
    # Multinomial: mean 1, variance 1 - 1/37; 185,000 counts, four standard errors.
    assert drawn.mean() == 1.0
    assert drawn.var() == pytest.approx(1 - 1 / 37, abs=4 * math.sqrt(3 / drawn.size))


def test_draws_depend_on_the_seed_and_not_on_the_blocks(monkeypatch):
    first = draws(37, 500)
    monkeypatch.setattr(resampling, "_BLOCK_ELEMENTS", 1000)
    np.testing.assert_array_equal(first, draws(37, 500))
    assert not np.array_equal(first, draws(37, 500, seed=1))


def test_clusters_are_numbered_by_name_whatever_the_order():
    assert cluster_codes(["b", "a", "b", "c"]).tolist() == [1, 0, 1, 2]


# The bootstrap


def test_replicates_are_the_scores_of_repeated_samples():
    sample = make_sample()
    found, _ = bootstrap(sample, metrics_for(sample), resamples=200, seed=3)
    names = [spec.name for spec in found.specs]
    for row, drawn in enumerate(draws(20, 200, seed=3)[:20]):
        index = np.repeat(np.arange(60), drawn[sample.codes].astype(int))
        y, p = sample.target[index], sample.prediction[index]
        assert found.resampled[names.index("mae"), row] == pytest.approx(mean_absolute_error(y, p))
        assert found.resampled[names.index("r2"), row] == pytest.approx(r2_score(y, p))
        assert found.resampled[names.index("spearman"), row] == pytest.approx(stats.spearmanr(y, p).statistic, abs=1e-5)


def test_jackknife_leaves_out_one_cluster_each():
    sample = make_sample()
    found, _ = bootstrap(sample, [metric("mae"), metric("median_absolute_error")], resamples=100, seed=0)
    error = np.abs(sample.prediction - sample.target)
    for cluster in range(20):
        kept = error[sample.codes != cluster]
        assert found.jackknife[:, cluster] == pytest.approx([kept.mean(), np.median(kept)])


def test_parts_are_scored_on_the_same_draws():
    sample = make_sample()
    some = sample.target < np.median(sample.target)
    everything = np.ones(60, dtype=bool)
    nothing = ~everything
    whole, parts = bootstrap(
        sample, HEADLINE, [Part(members, HEADLINE) for members in (everything, some, nothing)], resamples=300, seed=0
    )
    np.testing.assert_allclose(parts[0].resampled, whole.resampled)
    np.testing.assert_allclose(parts[0].jackknife, whole.jackknife)
    names = [spec.name for spec in HEADLINE]
    first = np.repeat(np.arange(60), draws(20, 1)[0][sample.codes].astype(int))
    first = first[some[first]]
    expected = mean_absolute_error(sample.target[first], sample.prediction[first])
    assert parts[1].resampled[names.index("mae"), 0] == pytest.approx(expected)
    # Clusters without an entry in the part say nothing about it.
    assert parts[1].jackknife.shape[1] == len(set(sample.codes[some].tolist()))
    assert all(math.isnan(found.value) for found in parts[2].estimates().values())


def test_a_part_with_all_metrics_is_scored_on_the_same_draws():
    sample = make_sample()
    some = sample.target < np.median(sample.target)
    everything, specs = np.ones(60, dtype=bool), metrics_for(sample)
    names = [spec.name for spec in specs]
    whole, (every, part, nothing) = bootstrap(
        sample, specs, [Part(members, specs) for members in (everything, some, ~everything)], resamples=200, seed=3
    )
    np.testing.assert_array_equal(every.resampled, whole.resampled)
    np.testing.assert_array_equal(every.jackknife, whole.jackknife)
    for row, drawn in enumerate(draws(20, 200, seed=3)[:20]):
        index = np.repeat(np.arange(60), drawn[sample.codes].astype(int))
        index = index[some[index]]
        y, p = sample.target[index], sample.prediction[index]
        found = dict(zip(names, part.resampled[:, row], strict=True))
        assert found["mae"] == pytest.approx(mean_absolute_error(y, p))
        assert found["median_absolute_error"] == pytest.approx(np.median(np.abs(p - y)))
        assert found["spearman"] == pytest.approx(stats.spearmanr(y, p).statistic, abs=1e-5)
    # Without one cluster each, as far as it has an entry in the part.
    error = np.abs(sample.prediction - sample.target)
    present = sorted(set(sample.codes[some].tolist()))
    medians = part.jackknife[names.index("median_absolute_error")]
    expected = [np.median(error[some & (sample.codes != cluster)]) for cluster in present]
    assert medians == pytest.approx(expected)
    assert set(part.supports) <= {len(present), 0}
    assert all(math.isnan(found.value) for found in nothing.estimates().values())


# Intervals


def test_bca_agrees_with_scipy():
    errors = np.random.default_rng(0).exponential(0.3, 40)
    target = np.linspace(0, 2, 40)
    sample = Sample(target=target, prediction=target + errors)  # each entry its own cluster
    found = bootstrap(sample, [metric("mae")], resamples=20_000, seed=0)[0].estimates()["mae"]
    expected = stats.bootstrap(
        (errors,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert found.method == "bca"
    # Monte Carlo error of a 2.5 % quantile from 20,000 replicates: about 1 % of the standard error times 2.7.
    tolerance = 4 * 2.7 * errors.std() / math.sqrt(40) * math.sqrt(1 / 20_000) * math.sqrt(2)
    assert found.low == pytest.approx(expected.low, abs=tolerance)
    assert found.high == pytest.approx(expected.high, abs=tolerance)
    percentile = np.quantile(np.random.default_rng(2).choice(errors, (20_000, 40)).mean(axis=1), [0.025, 0.975])
    assert found.high > percentile[1] + tolerance  # the errors are skewed: BCa must differ from the percentiles


def test_bias_correction_by_hand():
    # 60 % of the replicates lie below the value and the jackknife is symmetric: z0 = 0.2533, a = 0, and the levels are
    # Φ(2 z0 ± 1.96) = Φ(-1.4533), Φ(2.4666).
    replicates = np.arange(10_000) / 10_000
    low, high = bca_levels(0.6, replicates, np.array([0.59, 0.61] * 10))
    assert (low, high) == pytest.approx((0.07307, 0.99318), abs=1e-4)


def test_replicates_equal_to_the_value_but_for_rounding_count_half():
    """A tenth of the replicates are the value, 0.1 + 0.2 as often as 0.3: those below are 45 % and half of 10 %."""
    replicates = np.sort([*np.linspace(0.0, 0.29, 4500), *[0.3, 0.1 + 0.2] * 500, *np.linspace(0.31, 0.6, 4500)])
    symmetric = np.array([0.29, 0.31] * 10)
    expected = (pytest.approx(0.025), pytest.approx(0.975))
    assert bca_levels(0.3, replicates, symmetric) == bca_levels(0.1 + 0.2, replicates, symmetric) == expected


@pytest.mark.parametrize("noise", [0.0, 1e-16, -1e-16])
def test_an_interval_that_ends_at_zero_holds_it(noise):
    assert not Estimate(0.2, noise, 0.4).leaves_out_zero
    assert not Estimate(-0.2, -0.4, noise).leaves_out_zero
    assert Estimate(0.2, 1e-6 + noise, 0.4).leaves_out_zero


SPREAD = np.random.default_rng(0).normal(1.0, 0.1, 2000)


@pytest.mark.parametrize(
    ("replicates", "jackknife", "clusters", "method"),
    [
        (SPREAD, np.random.default_rng(1).normal(1, 0.01, 30), 30, "bca"),
        (SPREAD, None, 30, "percentile"),  # not smooth
        (SPREAD, np.random.default_rng(1).normal(1, 0.01, 10), 10, "bca"),  # just enough clusters
        (SPREAD, np.random.default_rng(1).normal(1, 0.01, 9), 9, "percentile"),  # few clusters
        (SPREAD, np.random.default_rng(1).normal(1, 0.01, 5), 5, "percentile"),  # just enough for an interval
        (SPREAD, np.random.default_rng(1).normal(1, 0.01, 4), 4, "none"),  # too few for anything
        (np.ones(2000), np.ones(30), 30, "percentile"),  # no spread: z0 does not exist
        (SPREAD, np.append(np.ones(29), 0.5), 30, "percentile"),  # one cluster decides: acceleration too large
        (SPREAD + 10.0, np.random.default_rng(1).normal(1, 0.01, 30), 30, "percentile"),  # all on one side
        (SPREAD - 10.0, np.random.default_rng(1).normal(1, 0.01, 30), 30, "percentile"),  # all on the other
        (SPREAD + 0.24, np.random.default_rng(1).normal(1, 0.01, 30), 30, "percentile"),  # a few on the other side
        (np.where(np.arange(2000) < 1000, np.nan, SPREAD), None, 30, "percentile"),  # half undefined
        (np.where(np.arange(2000) < 1100, np.nan, SPREAD), None, 30, "none"),  # mostly undefined
    ],
)
def test_method_of_the_interval(replicates, jackknife, clusters, method):
    found = estimate(1.0, replicates, jackknife, clusters=clusters)
    assert found.method == method
    assert math.isnan(found.low) == (method == "none")


def test_a_jackknife_of_rounding_errors_is_no_spread():
    # Values near a million are exact to 1e-10: differences of 1e-9 between them say nothing.
    jackknife = 1e6 + 1e-9 * np.array([1.0, -1.0] * 15)
    assert estimate(1e6, 1e6 + SPREAD - SPREAD.mean(), jackknife, clusters=30).method == "percentile"
    assert estimate(1e6, 1e6 + SPREAD - SPREAD.mean(), 1e6 + (jackknife - 1e6) * 1e7, clusters=30).method == "bca"


def test_acceleration_by_hand():
    # Nine of ten clusters 1 below, one 9 above the mean: Σd² = 90, Σd³ = 720 of the influences -1 … and 9 with the
    # sign turned, a = 720 / (6 · 90^1.5) = 0.14055. Half of the replicates are below: z0 = 0. The levels are
    # Φ(z / (1 - a z)) at z = ±1.95996: Φ(-1.53667), Φ(2.70527).
    replicates = (np.arange(100_000) + 0.5) / 100_000
    jackknife = 0.5 - 0.01 * np.append(np.full(9, -1.0), 9.0)
    low, high = bca_levels(0.5, replicates, jackknife)
    acceleration = 720 / (6 * 90**1.5)
    expected = [stats.norm.cdf(z / (1 - acceleration * z)) for z in (-1.959964, 1.959964)]
    assert (low, high) == pytest.approx(tuple(expected), abs=1e-6)
    assert (low, high) == pytest.approx((0.06218, 0.99659), abs=1e-4)


def test_the_difference_of_two_systems_is_taken_resample_by_resample():
    first, second = make_sample(seed=0), make_sample(seed=0, noise=0.6)
    specs = [metric("mae"), metric("median_absolute_error"), metric("bias")]
    a, b = (bootstrap(sample, specs, resamples=50, seed=0)[0] for sample in (first, second))
    difference = a - b
    np.testing.assert_array_equal(difference.resampled, a.resampled - b.resampled)
    np.testing.assert_array_equal(difference.jackknife, a.jackknife - b.jackknife)
    np.testing.assert_array_equal(difference.values, a.values - b.values)
    assert difference.supports == a.supports == (20, 20, 20)
    assert [spec.name for spec in difference.specs] == ["mae", "median_absolute_error", "bias"]
    chosen = difference.only(["bias", "mae"])
    np.testing.assert_array_equal(chosen.values, difference.values[[2, 0]])
    np.testing.assert_array_equal(chosen.resampled, difference.resampled[[2, 0]])
    np.testing.assert_array_equal(chosen.jackknife, difference.jackknife[[2, 0]])
    assert list(chosen.estimates()) == ["bias", "mae"]


def test_estimates_are_those_of_the_replicates():
    found = bootstrap(make_sample(), [metric("mae"), metric("median_absolute_error")], resamples=500, seed=0)[0]
    estimates = found.estimates()
    assert estimates["mae"] == estimate(found.values[0], found.resampled[0], found.jackknife[0], clusters=20)
    assert estimates["mae"].method == "bca"
    assert estimates["median_absolute_error"].method == "percentile"  # not smooth
    alone = point_values(make_sample(), found.specs)
    assert alone == pytest.approx({name: value.value for name, value in estimates.items()})


def test_a_part_reads_only_the_sums_that_its_metrics_need():
    assert [MOMENTS[i] for i in Part(np.ones(3, dtype=bool), (metric("mae"),)).columns] == ["count", "absolute_error"]
    assert [MOMENTS[i] for i in Part(np.ones(3, dtype=bool), (metric("bias"),)).columns] == ["count", "error"]


def test_percentile_interval_is_that_of_numpy():
    found = estimate(1.0, SPREAD, clusters=30)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(SPREAD, [0.025, 0.975])))


def test_undefined_resamples_are_left_out_and_counted():
    replicates = np.concatenate([np.full(500, np.nan), SPREAD[:1500]])
    found = estimate(1.0, replicates, clusters=30)
    assert found.undefined == 0.25
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(SPREAD[:1500], [0.025, 0.975])))


def clustered_errors(random: np.random.Generator, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of variance 1, half of it shared by a cluster, and the cluster of each: sizes 1 to 9."""
    codes = np.repeat(np.arange(clusters), random.integers(1, 10, clusters))
    shared = random.normal(0, math.sqrt(0.5), clusters)[codes]
    return shared + random.normal(0, math.sqrt(0.5), len(codes)), codes


def test_coverage_of_the_cluster_bootstrap_and_of_one_that_ignores_clusters():
    """Nominal 95 % intervals of MAE and bias, whose true values are √(2/π) and 0."""
    truth = {"mae": math.sqrt(2 / math.pi), "bias": 0.0}
    specs = [metric(name) for name in truth]
    random, trials = np.random.default_rng(0), 400
    hits = {(name, kind): 0 for name in truth for kind in ("cluster", "entry")}
    for trial in range(trials):
        errors, codes = clustered_errors(random, 60)
        target = np.arange(len(errors), dtype=float)
        for kind, cluster in (("cluster", codes), ("entry", None)):
            sample = Sample(target=target, prediction=target + errors, cluster=cluster)
            found = bootstrap(sample, specs, resamples=400, seed=trial)[0].estimates()
            for name, value in truth.items():
                hits[name, kind] += found[name].low <= value <= found[name].high
    # 400 trials: the standard error of a coverage of 0.95 is 0.011. With 60 clusters the bootstrap falls a little
    # short of nominal; four standard errors below 0.94, which the other kind misses by far.
    for name in truth:
        assert hits[name, "cluster"] / trials > 0.94 - 4 * 0.011, hits
    assert hits["bias", "entry"] / trials < 0.80, hits
    assert max(hits[name, "cluster"] for name in truth) / trials < 0.95 + 4 * 0.011, hits


# Paired tests


def test_exact_sign_flips_against_brute_force_and_scipy():
    differences = np.array([0.3, -0.1, 0.25, 0.4, -0.05, 0.2, 0.0, 0.15])
    total = abs(differences.sum())
    signs = list(itertools.product([1, -1], repeat=8))
    expected = np.mean([abs(np.dot(pattern, differences)) >= total - 1e-12 for pattern in signs])
    found = sign_flip_test(differences, seed=0)
    assert (found.method, found.p_value) == ("exact", pytest.approx(expected))
    reference = stats.permutation_test(
        (differences, np.zeros(8)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert found.p_value == pytest.approx(reference.pvalue)


def test_sign_flips_of_many_pairs_at_once():
    """Columns in which other clusters drop out, as by brute force; and of more clusters, as one by one."""
    random = np.random.default_rng(3)
    differences = np.round(random.normal(size=(7, 12)), 1) * (random.random((7, 12)) < 0.7)
    signs = np.array(list(itertools.product([1, -1], repeat=7)))
    totals = np.abs(signs @ differences)
    expected = np.mean(totals >= np.abs(differences.sum(axis=0)) - 1e-9, axis=0)
    assert [test.p_value for test in sign_flip_tests(differences, seed=0)] == pytest.approx(expected.tolist())
    many = np.vstack([differences] * 4)
    assert sign_flip_tests(many, seed=1) == [sign_flip_test(column, seed=1) for column in many.T]
    assert sign_flip_tests(many[:, :0], seed=1) == []


def test_memory_of_sign_flips_does_not_grow_with_patterns_times_tests():
    """1,500 tests of 10,000 patterns: their totals alone are 120 MB."""
    differences = np.random.default_rng(0).normal(size=(20, 1500))
    tracemalloc.start()
    try:
        many = sign_flip_tests(differences, seed=0)
        assert tracemalloc.get_traced_memory()[1] < 40e6
    finally:
        tracemalloc.stop()
    assert many[::500] == [sign_flip_test(column, seed=0) for column in differences.T[::500]]


def test_random_sign_flips_approach_the_normal_limit():
    differences = np.random.default_rng(0).normal(0.1, 0.5, 60)
    found = sign_flip_test(differences, seed=0)
    assert (found.method, found.patterns) == ("monte_carlo", 10_000)
    expected = 2 * stats.norm.sf(abs(differences.sum()) / math.sqrt((differences**2).sum()))
    assert found.p_value == pytest.approx(expected, abs=0.02)
    assert found == sign_flip_test(differences, seed=0)
    assert sign_flip_test(-differences, seed=5).p_value == pytest.approx(found.p_value, abs=0.02)


def test_a_p_value_is_never_zero_and_one_without_differences():
    assert sign_flip_test(np.full(60, 1.0), seed=0).p_value == pytest.approx(1 / 10_001)
    assert sign_flip_test(np.full(5, 1.0), seed=0).p_value == 2 / 32
    assert sign_flip_test(np.zeros(60), seed=0).p_value == 1.0


def test_how_many_patterns_there_are():
    assert sign_flip_test(np.zeros(4), seed=0) == SignFlipTest(1.0, "exact", 1)
    # Clusters without a difference do not count: two patterns of one, eight of three.
    assert sign_flip_test(np.array([0.0, 0.3, 0.0]), seed=0) == SignFlipTest(1.0, "exact", 2)
    assert sign_flip_test(np.array([0.1, 0.0, 0.2, 0.4]), seed=0) == SignFlipTest(2 / 8, "exact", 8)
    assert sign_flip_test(np.full(13, 1.0), seed=0) == SignFlipTest(2 / 8192, "exact", 8192)
    assert sign_flip_test(np.full(14, 1.0), seed=0).method == "monte_carlo"
    assert sign_flip_test(np.full(14, 1.0), seed=0, flips=200).patterns == 200


@pytest.mark.parametrize("unit", [1e-9, 1e6])
def test_sign_flips_do_not_depend_on_the_unit(unit):
    differences = np.array([0.3, -0.1, 0.25, 0.4, -0.05, 0.2, 0.15])
    assert sign_flip_test(unit * differences, seed=0) == sign_flip_test(differences, seed=0)


def test_clustered_sign_flips_hold_their_level_where_flips_of_entries_do_not():
    random, trials, level = np.random.default_rng(0), 300, 0.05
    rejected = {"cluster": 0, "entry": 0}
    for trial in range(trials):
        errors, codes = clustered_errors(random, 40)
        rejected["cluster"] += sign_flip_test(np.bincount(codes, errors), seed=trial, flips=500).p_value < level
        rejected["entry"] += sign_flip_test(errors, seed=trial, flips=500).p_value < level
    assert rejected["cluster"] / trials < level + 4 * math.sqrt(level * (1 - level) / trials)
    assert rejected["entry"] / trials > 2 * level


def test_detectable_difference_has_80_percent_power():
    error = 0.05
    shift = detectable_difference(error)
    assert shift == pytest.approx((1.959964 + 0.841621) * error, rel=1e-5)
    power = stats.norm.sf(stats.norm.isf(0.025) - shift / error)
    assert power == pytest.approx(0.80, abs=1e-3)


def test_standard_error_leaves_out_undefined_replicates():
    assert standard_error(np.array([1.0, np.nan, 2.0, 3.0])) == pytest.approx(1.0)
    assert standard_error(np.array([1.0, np.nan, 2.0])) == pytest.approx(math.sqrt(0.5))
    assert math.isnan(standard_error(np.array([1.0, np.nan])))


def test_holm_by_hand():
    # Sorted: 0.005×4, 0.01×3, 0.03×2, 0.04×1, each at least the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


# Ranks


def ranked(errors: np.ndarray, clusters: int = 40, *, resamples: int = 2000) -> list:
    codes = np.arange(errors.shape[1]) % clusters
    return rank_systems(np.abs(errors), codes, resamples=resamples, seed=0)


def test_clearly_different_systems_keep_their_ranks():
    errors = np.random.default_rng(0).normal(0, 1, (1, 200)) * np.array([[2.0], [0.1], [0.7]])
    ranks = ranked(errors)
    assert [(rank.rank, rank.low, rank.high) for rank in ranks] == [(3, 3, 3), (1, 1, 1), (2, 2, 2)]
    assert [rank.best_set for rank in ranks] == [False, True, False]
    assert ranks[1].p_best == ranks[1].p_adjusted == 1.0


def test_equal_systems_share_ranks_and_the_best_set():
    random = np.random.default_rng(0)
    base = random.normal(0, 1, 200)
    ranks = ranked(np.stack([base, base, random.normal(0, 1, 200), 3 * base]))
    assert ranks[0] == ranks[1]
    assert all(rank.best_set for rank in ranks[:3])
    assert not ranks[3].best_set
    assert ranks[3].low == 4


def test_ranks_are_midranks_and_rounding_breaks_no_tie():
    losses = np.random.default_rng(0).integers(1, 6, size=(50, 9)).astype(float)
    jitter = np.random.default_rng(1).integers(-4, 5, size=losses.shape)
    np.testing.assert_array_equal(midranks(losses), stats.rankdata(losses, axis=1))
    np.testing.assert_array_equal(midranks(losses * (1 + jitter * 2.0**-52)), stats.rankdata(losses, axis=1))
    # What is worse by a millionth is worse.
    assert midranks(np.array([[1.0, 1.0 + 1e-6, 0.0]])).tolist() == [[2, 3, 1]]


def test_errors_of_one_size_are_tied_whatever_their_sign():
    """Predictions 0.1 eV above and below decimal barriers: as binary numbers the errors differ in their last bits."""
    barriers = np.arange(30) / 100 + 0.3
    above, below = np.abs(barriers + 0.1 - barriers), np.abs(barriers - 0.1 - barriers)
    assert not np.array_equal(above, below)
    first, second = rank_systems(np.stack([above, below]), np.arange(30), resamples=200, seed=0)
    assert first == second
    assert (first.rank, first.low, first.high, first.p_best) == (1.5, 1.5, 1.5, 1.0)
    assert not subtract(above, below).any()
    assert subtract(above, below + 1e-9).all()


def test_a_rank_interval_holds_the_ranks_of_the_resamples():
    """One cluster favours A by 1, the other B: A, neither and B are ahead in 1, 2 and 1 of 4 resamples."""
    ranks = rank_systems(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1]), resamples=400, seed=0)
    assert [(rank.rank, rank.low, rank.high) for rank in ranks] == [(1.5, 1.0, 2.0)] * 2


def test_more_systems_than_clusters():
    ranks = rank_systems(np.array([[0.3, 0.3], [0.1, 0.1], [0.2, 0.2]]), np.array([0, 1]), resamples=20, seed=0)
    assert [rank.rank for rank in ranks] == [3, 1, 2]
    assert [rank.p_best for rank in ranks] == [0.5, 1.0, 0.5]


def test_p_values_against_the_best_by_hand():
    """Six clusters of one entry: B is worse than A in all of them, C in five of six."""
    errors = np.array([[0.1] * 6, [0.3] * 6, [0.2] * 5 + [0.05]])
    ranks = rank_systems(errors, np.arange(6), resamples=50, seed=0)
    # 2 of 64 patterns; C differs by 0.1 five times and by -0.05: the two patterns of 0.45 and the four of 0.55.
    assert [rank.p_best for rank in ranks] == pytest.approx([1.0, 2 / 64, 4 / 64])
    assert [rank.p_adjusted for rank in ranks] == pytest.approx([1.0, 4 / 64, 4 / 64])
    assert [rank.rank for rank in ranks] == [1, 3, 2]
    assert [rank.best_set for rank in ranks] == [True, True, True]


def test_best_set_keeps_the_best_system():
    """Over many draws of five equal systems none may be thrown out of the best set more often than 5 % of the time."""
    random, trials = np.random.default_rng(0), 100
    wrong = sum(
        not all(rank.best_set for rank in ranked(random.normal(0, 1, (5, 120)), resamples=100)) for _ in range(trials)
    )
    # The best is picked from the same data, which costs a little: 5 % plus three standard errors, and half as much.
    assert wrong / trials < 0.17

"""Every metric against scikit-learn, scipy or a calculation by hand, on samples that are really repeated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from embench.errors import UnknownNameError
from embench.metrics import HEADLINE, METRICS, MOMENTS, Resamples, Sample, metric, metrics_for
from embench.metrics.pathway import resolved_pairs
from embench.metrics.uncertainty import coverage

THRESHOLD = 0.65


class Repeated:
    """A repeated sample, written out: what the metrics must agree with."""

    def __init__(self, sample: Sample, multiplicity: np.ndarray) -> None:
        index = np.repeat(np.arange(len(sample)), multiplicity[sample.codes].astype(int))
        self.y, self.p = sample.target[index], sample.prediction[index]
        self.good, self.called = self.y < THRESHOLD, self.p < THRESHOLD
        self.error = np.abs(self.p - self.y)
        self.sigma = sample.sigma[index]
        self.clear = ~sample.through_metal_site[index]

    def covered(self, level: float) -> float:
        low, high = stats.norm.interval(level, loc=self.p, scale=self.sigma)
        return float(np.mean((self.y >= low) & (self.y <= high)))


# At 300 K and k_B = 8.617333e-5 eV/K a decade of the rate is 0.0595263 eV.
DECADE_EV = 8.617333262e-5 * 300 * math.log(10)

REFERENCE = {
    "mae": lambda r: sk.mean_absolute_error(r.y, r.p),
    "rmse": lambda r: sk.root_mean_squared_error(r.y, r.p),
    "r2": lambda r: sk.r2_score(r.y, r.p),
    "r2_without_metal_site": lambda r: sk.r2_score(r.y[r.clear], r.p[r.clear]),
    "median_absolute_error": lambda r: sk.median_absolute_error(r.y, r.p),
    "bias": lambda r: float(np.mean(r.p) - np.mean(r.y)),
    "spearman": lambda r: stats.spearmanr(r.y, r.p).statistic,
    "within_0.1": lambda r: float(np.mean(r.error < 0.1 + 1e-6)),
    "within_0.2": lambda r: float(np.mean(r.error < 0.2 + 1e-6)),
    "rate_error_decades": lambda r: float(np.median(r.error)) / DECADE_EV,
    "accuracy": lambda r: sk.accuracy_score(r.good, r.called),
    "precision": lambda r: sk.precision_score(r.good, r.called),
    "recall": lambda r: sk.recall_score(r.good, r.called),
    "f1": lambda r: sk.f1_score(r.good, r.called),
    "mcc": lambda r: sk.matthews_corrcoef(r.good, r.called),
    "roc_auc": lambda r: sk.roc_auc_score(r.good, -r.p),
    "nll": lambda r: -float(np.mean(stats.norm.logpdf(r.y, loc=r.p, scale=r.sigma))),
    "coverage_68": lambda r: r.covered(0.68),
    "coverage_95": lambda r: r.covered(0.95),
    "calibration_error": lambda r: float(np.mean([abs(r.covered(q / 20) - q / 20) for q in range(1, 20)])),
    "sharpness": lambda r: float(np.mean(r.sigma)),
    # Equal errors as decimal numbers differ in the last bit as binary ones.
    "error_uncertainty_spearman": lambda r: stats.spearmanr(r.error.round(9), r.sigma).statistic,
}


def make_sample(n: int = 80, clusters: int = 25, *, decimals: int = 2, seed: int = 0) -> Sample:
    """Barriers with ties, in clusters of several sizes."""
    random = np.random.default_rng(seed)
    target = np.exp(random.normal(-0.4, 0.7, n)).round(decimals)
    return Sample(
        target=target,
        prediction=(target + random.normal(0.0, 0.3, n)).round(decimals),
        uncertainty=random.uniform(0.1, 0.6, n).round(decimals),
        threshold=THRESHOLD,
        cluster=np.concatenate([np.arange(clusters), random.integers(0, clusters, n - clusters)]),
        structure=np.arange(n),
        through_metal_site=random.random(n) < 0.1,
    )


@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("decimals", [1, 12], ids=["ties", "no ties"])
def test_agrees_with_other_libraries_on_repeated_samples(name, decimals):
    sample = make_sample(decimals=decimals)
    drawn = np.random.default_rng(1).multinomial(25, np.full(25, 1 / 25), size=20).astype(float)
    expected = [REFERENCE[name](Repeated(sample, row)) for row in drawn]
    np.testing.assert_allclose(metric(name).function(Resamples(sample, drawn)), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", REFERENCE)
def test_single_precision_is_enough_for_an_interval(name):
    sample = make_sample(n=700, clusters=250)
    drawn = np.random.default_rng(1).multinomial(250, np.full(250, 1 / 250), size=4).astype(float)
    expected = [REFERENCE[name](Repeated(sample, row)) for row in drawn]
    found = metric(name).function(Resamples(sample, drawn, precision=np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17])
@pytest.mark.parametrize("name", ["spearman", "median_absolute_error", "roc_auc"])
def test_small_samples(name, n):
    # Sizes around squares: the running sums go in about √n blocks.
    random = np.random.default_rng(n)
    target, prediction = random.integers(0, 4, (2, n)) / 3
    sample = Sample(target=target, prediction=prediction, uncertainty=np.ones(n), through_metal_site=target > 2)
    drawn = np.vstack([np.ones(n), random.integers(0, 3, (8, n))])
    found = metric(name).function(Resamples(sample, drawn))
    for row, value in zip(drawn, found, strict=True):
        repeated = Repeated(sample, row)
        defined = len(repeated.y) > 0
        if name == "spearman":
            defined = defined and min(np.ptp(repeated.y), np.ptp(repeated.p)) > 0
        if name == "roc_auc":
            defined = len(set(repeated.good)) == 2
        if defined:
            assert value == pytest.approx(REFERENCE[name](repeated), abs=1e-12)
        else:
            assert math.isnan(value)


def test_all_metrics_are_checked_here():
    by_hand = {"pathway_ranking", "lowest_barrier_found"}
    assert {spec.name for spec in METRICS} == set(REFERENCE) | by_hand
    assert len({spec.name for spec in METRICS}) == len(METRICS)


def test_rate_error_of_one_decade():
    # 59.5 meV a decade at 300 K is in any textbook (the Nernst slope at that temperature).
    sample = Sample(target=np.array([0.5]), prediction=np.array([0.5595]))
    assert metric("rate_error_decades").function(Resamples.once(sample))[0] == pytest.approx(1.0, abs=1e-3)


def pathways(prediction: list[float]) -> Sample:
    """Two structures: A with barriers 0.30, 0.35, 0.60, B with 0.8, 1.0; and one pathway alone."""
    return Sample(
        target=np.array([0.30, 0.35, 0.60, 0.80, 1.00, 0.10]),
        prediction=np.array(prediction),
        structure=np.array([0, 0, 0, 1, 1, 2]),
        cluster=np.array([0, 0, 0, 1, 1, 1]),
    )


def test_pathway_pairs_differ_by_more_than_the_resolution():
    # 0.30 and 0.35 differ by exactly 0.05 eV: not more. In binary 0.35 - 0.30 is 0.04999…, 0.64 - 0.59 is 0.0500…04.
    pairs = {tuple(sorted(pair)) for pair in resolved_pairs(pathways([0.0] * 6)).tolist()}
    assert pairs == {(0, 2), (1, 2), (3, 4)}
    edge = Sample(target=np.array([0.59, 0.64]), prediction=np.zeros(2), structure=np.zeros(2, dtype=int))
    assert len(resolved_pairs(edge)) == 0


@pytest.mark.parametrize(
    ("prediction", "ranked", "lowest"),
    [
        ([0.3, 0.4, 0.6, 0.8, 1.0, 9.0], 3 / 3, 1.0),
        ([0.3, 0.7, 0.6, 0.8, 1.0, 0.0], 2 / 3, 1.0),
        ([0.3, 0.4, 0.6, 1.0, 0.8, 0.0], 2 / 3, 0.0),
        ([0.6, 0.4, 0.6, 0.9, 0.9, 0.0], 2 / 3, 0.5),  # two ties count half each: (½ + 1 + ½) / 3
    ],
)
def test_pathways_by_hand(prediction, ranked, lowest):
    # In A the two lowest are 0.05 eV apart, so only B has a lowest pathway that the labels resolve.
    once = Resamples.once(pathways(prediction))
    assert metric("pathway_ranking").function(once)[0] == pytest.approx(ranked)
    assert metric("lowest_barrier_found").function(once)[0] == pytest.approx(lowest)


def test_pathways_of_a_resample_count_as_often_as_their_host():
    sample = pathways([0.3, 0.7, 0.6, 1.0, 0.8, 0.0])  # A: one of two pairs right; B: none of one
    drawn = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0], [3.0, 1.0], [0.0, 0.0]])
    expected = [1 / 3, 1 / 2, 0 / 1, 3 / 7, math.nan]
    np.testing.assert_allclose(metric("pathway_ranking").function(Resamples(sample, drawn)), expected)
    assert metric("pathway_ranking").support_of(sample) == (3, "pairs", 2)
    assert metric("lowest_barrier_found").support_of(sample) == (1, "structures", 1)


@pytest.mark.parametrize(
    ("target", "prediction", "undefined"),
    [
        ([1.0, 2.0], [1.0, 2.0], {"precision", "recall", "f1", "mcc", "roc_auc"}),  # no good conductor
        ([0.1, 0.2], [1.0, 2.0], {"precision", "mcc", "roc_auc"}),  # none called good
        ([0.5, 0.5], [0.1, 0.9], {"r2", "r2_without_metal_site", "spearman", "mcc", "roc_auc"}),  # one target
        ([0.1, 0.9], [0.5, 0.5], {"spearman", "mcc"}),  # one prediction
    ],
)
def test_undefined_is_nan_and_not_zero(target, prediction, undefined):
    sample = Sample(target=np.array(target), prediction=np.array(prediction))
    found = {
        spec.name
        for spec in metrics_for(sample)
        if spec.family != "pathway" and math.isnan(spec.function(Resamples.once(sample))[0])
    }
    assert found == undefined


def test_an_empty_resample_is_undefined_everywhere():
    sample = make_sample()
    for spec in METRICS:
        assert math.isnan(spec.function(Resamples(sample, np.zeros((1, 25))))[0]), spec.name


@pytest.mark.parametrize("spec", HEADLINE, ids=lambda spec: spec.name)
def test_headline_metrics_need_only_sums(spec):
    sample = make_sample()
    sums = dict(zip(MOMENTS, sample.moments.sum(axis=0)[:, None], strict=True))
    found = spec.function(Resamples(sample, None, sums=sums))[0]
    assert found == pytest.approx(REFERENCE[spec.name](Repeated(sample, np.ones(25))))


def test_metrics_of_the_uncertainty_need_one():
    sample = Sample(target=np.ones(3), prediction=np.ones(3))
    assert "nll" not in {spec.name for spec in metrics_for(sample)}
    with pytest.raises(ValueError, match="no uncertainty"):
        metric("nll").function(Resamples.once(sample))


def test_calibration_of_honest_and_of_overconfident_uncertainties():
    random = np.random.default_rng(0)
    sigma = random.uniform(0.1, 0.5, 20_000)
    target = random.normal(1.0, sigma)

    def error(scale: float) -> float:
        sample = Sample(target=target, prediction=np.ones(20_000), uncertainty=scale * sigma)
        return float(metric("calibration_error").function(Resamples.once(sample))[0])

    assert error(1.0) < 0.01
    assert error(0.3) > 0.2


def test_which_metrics_are_computed_for_subsets_and_which_have_a_jackknife():
    """Sums of errors and counts of a confusion matrix are enough for the headline; medians are not smooth."""
    headline = ["mae", "rmse", "r2", "bias", "accuracy", "precision", "recall", "f1", "mcc"]
    assert [spec.name for spec in HEADLINE] == headline
    assert [spec.name for spec in METRICS if spec.headline] == headline
    rough = {"median_absolute_error", "rate_error_decades", "calibration_error"}
    assert {spec.name for spec in METRICS if not spec.smooth} == rough
    assert {spec.name: spec.nominal for spec in METRICS if spec.direction == "nominal"} == {
        "coverage_68": 0.68,
        "coverage_95": 0.95,
    }


def test_bounds_of_intervals_belong_to_them():
    # An error of exactly the half width of the central 50 % interval, and one a little larger.
    half = stats.norm.ppf(0.75)
    sample = Sample(target=np.zeros(2), prediction=np.array([half, half + 1e-9]), uncertainty=np.ones(2))
    assert coverage(Resamples.once(sample), 0.5)[0] == 0.5
    # 0.4 - 0.3 is 0.1000…03 in binary; 0.1001 is beyond.
    sample = Sample(target=np.array([0.3, 0.3]), prediction=np.array([0.4, 0.4001]))
    assert metric("within_0.1").function(Resamples.once(sample))[0] == 0.5


def test_barriers_a_little_more_than_the_resolution_apart_are_ranked():
    sample = Sample(target=np.array([0.30, 0.36]), prediction=np.array([0.1, 0.2]), structure=np.zeros(2, dtype=int))
    once = Resamples.once(sample)
    assert metric("pathway_ranking").function(once)[0] == metric("lowest_barrier_found").function(once)[0] == 1.0
    assert resolved_pairs(Sample(target=np.array([0.3, 0.9]), prediction=np.zeros(2))).shape == (0, 2)


def test_two_of_three_pathways_tied_at_the_bottom_count_half():
    sample = Sample(
        target=np.array([0.1, 0.5, 0.9]), prediction=np.array([0.2, 0.2, 0.7]), structure=np.zeros(3, dtype=int)
    )
    assert metric("lowest_barrier_found").function(Resamples.once(sample))[0] == 0.5


def test_what_a_metric_rests_on():
    sample = make_sample()
    assert metric("mae").support_of(sample) == (80, "entries", 25)
    clear = ~sample.through_metal_site
    expected = (int(clear.sum()), "entries", len(set(sample.codes[clear].tolist())))
    assert metric("r2_without_metal_site").support_of(sample) == expected
    assert expected[0] < 80
    # Without the column every entry counts, and without clusters each is its own.
    plain = Sample(target=np.arange(3.0), prediction=np.ones(3))
    assert metric("r2_without_metal_site").support_of(plain) == (3, "entries", 3)
    # Two entries, the second of them through a metal site: the error of the first alone.
    two = Sample(
        target=np.array([0.0, 1.0, 3.0]), prediction=np.array([0.5, 1.5, 9.0]), through_metal_site=np.arange(3) == 2
    )
    assert metric("r2_without_metal_site").function(Resamples.once(two))[0] == pytest.approx(1 - 0.5 / 0.5)


def test_a_threshold_belongs_to_the_bad_conductors():
    # "Good" is below 0.65 eV: 0.65 itself is not.
    sample = Sample(target=np.array([0.65, 0.6]), prediction=np.array([0.6, 0.65]))
    assert metric("accuracy").function(Resamples.once(sample))[0] == 0.0
    assert (
        metric("accuracy").function(Resamples.once(Sample(target=np.array([0.65]), prediction=np.array([0.65]))))[0]
        == 1.0
    )


def test_a_sample_that_only_has_sums_says_so():
    with pytest.raises(ValueError, match="only sums"):
        metric("spearman").function(Resamples(make_sample(), None, sums={"count": np.ones(1)}))


def test_what_is_derived_is_computed_once_for_each_set_of_arguments():
    sample, calls = make_sample(), []

    def scaled(sample: Sample, factor: float) -> float:
        calls.append(factor)
        return factor * len(sample)

    assert [sample.derived(scaled, factor) for factor in (2.0, 2.0, 3.0)] == [160.0, 160.0, 240.0]
    assert calls == [2.0, 3.0]


def test_unknown_metric_names_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean"):
        metric("recal")

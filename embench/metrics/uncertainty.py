"""Metrics of the predicted uncertainty, read as the standard deviation of a normal distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from embench.metrics.resamples import Resamples
from embench.metrics.sample import BoolArray, FloatArray, Sample, absolute_error_order, uncertainty_order
from embench.metrics.spec import MetricSpec

CALIBRATION_LEVELS = tuple(level / 100 for level in range(5, 100, 5))


def quantile_of_level(level: float) -> float:
    """Return how many standard deviations the central interval of probability `level` reaches."""
    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def coverage(resamples: Resamples, level: float) -> FloatArray:
    """Return the share of targets inside the central interval of probability `level` (B)."""
    return resamples.mean(_is_covered, level)


def nll(resamples: Resamples) -> FloatArray:
    """Return the mean negative log-likelihood of the targets (B), in nats for targets in eV."""
    return resamples.mean(_log_loss)


def calibration_curve(resamples: Resamples) -> FloatArray:
    """Return the observed coverage at each of :data:`CALIBRATION_LEVELS` (B, 19)."""
    return resamples.mean(_is_covered_at_levels)


def calibration_error(resamples: Resamples) -> FloatArray:
    """Return the mean absolute difference of expected and observed coverage (B) (Kuleshov et al., ICML 2018)."""
    gap: FloatArray = np.abs(calibration_curve(resamples) - np.array(CALIBRATION_LEVELS)).mean(axis=1)
    return gap


def sharpness(resamples: Resamples) -> FloatArray:
    """Return the mean predicted standard deviation (B), eV."""
    return resamples.mean(_sigma)


def error_uncertainty_spearman(resamples: Resamples) -> FloatArray:
    """Return the rank correlation of absolute error and uncertainty (B)."""
    return resamples.spearman(absolute_error_order, uncertainty_order)


def _is_covered(sample: Sample, level: float) -> BoolArray:
    inside: BoolArray = sample.absolute_error <= quantile_of_level(level) * sample.sigma
    return inside


def _is_covered_at_levels(sample: Sample) -> BoolArray:
    return np.column_stack([_is_covered(sample, level) for level in CALIBRATION_LEVELS])


def _log_loss(sample: Sample) -> FloatArray:
    return 0.5 * math.log(2.0 * math.pi) + np.log(sample.sigma) + 0.5 * (sample.error / sample.sigma) ** 2


def _sigma(sample: Sample) -> FloatArray:
    return sample.sigma


UNCERTAINTY = (
    MetricSpec(
        name="nll",
        title="Negative log-likelihood",
        symbol="NLL",
        unit="nats",
        direction="lower",
        family="uncertainty",
        description="Mean negative log-likelihood of the targets under normal distributions of the given σ.",
        function=nll,
    ),
    MetricSpec(
        name="coverage_68",
        title="Coverage at 68 %",
        symbol="coverage 68 %",
        unit=None,
        direction="nominal",
        nominal=0.68,
        family="uncertainty",
        description="Share of targets inside the central 68 % interval.",
        function=lambda resamples: coverage(resamples, 0.68),
    ),
    MetricSpec(
        name="coverage_95",
        title="Coverage at 95 %",
        symbol="coverage 95 %",
        unit=None,
        direction="nominal",
        nominal=0.95,
        family="uncertainty",
        description="Share of targets inside the central 95 % interval.",
        function=lambda resamples: coverage(resamples, 0.95),
    ),
    MetricSpec(
        name="calibration_error",
        title="Calibration error",
        symbol="calibration error",
        unit=None,
        direction="lower",
        family="uncertainty",
        description="Mean |observed − expected coverage| over the levels 5, 10, …, 95 %.",
        function=calibration_error,
        smooth=False,
    ),
    MetricSpec(
        name="sharpness",
        title="Mean uncertainty",
        symbol="mean σ",
        unit="eV",
        direction="lower",
        family="uncertainty",
        description="Mean predicted σ: smaller is more useful, as long as the coverage is right.",
        function=sharpness,
    ),
    MetricSpec(
        name="error_uncertainty_spearman",
        title="Error-uncertainty rank correlation",
        symbol="ρ(|error|, σ)",
        unit=None,
        direction="higher",
        family="uncertainty",
        description="Spearman rank correlation of |error| and σ: whether σ says which predictions to trust.",
        function=error_uncertainty_spearman,
    ),
)

"""Metrics of the predicted barrier itself."""

from __future__ import annotations

import math

import numpy as np

from embench.metrics.resamples import Resamples, ratio
from embench.metrics.sample import BoolArray, FloatArray, Sample, prediction_order, target_order
from embench.metrics.spec import MetricSpec, Support

BOLTZMANN_EV = 8.617333262e-5  # eV/K, CODATA 2018
ROOM_TEMPERATURE = 300.0  # K
EV_PER_DECADE = BOLTZMANN_EV * ROOM_TEMPERATURE * math.log(10)


def mae(resamples: Resamples) -> FloatArray:
    """Return the mean absolute error (B), eV."""
    return resamples.average("absolute_error")


def rmse(resamples: Resamples) -> FloatArray:
    """Return the root mean square error (B), eV."""
    return np.sqrt(resamples.average("squared_error"))


def bias(resamples: Resamples) -> FloatArray:
    """Return the mean of prediction minus target (B), eV."""
    return resamples.average("error")


def r2(resamples: Resamples) -> FloatArray:
    """Return the coefficient of determination (B); undefined where all targets are equal."""
    total = resamples.total
    spread = resamples.sum("squared_target") - ratio(resamples.sum("target") ** 2, total)
    # A spread of pure rounding error is a resample with a single target.
    spread = np.where(spread > 1e-12 * total, spread, 0.0)
    return 1.0 - ratio(resamples.sum("squared_error"), spread)


def r2_without_metal_site(resamples: Resamples) -> FloatArray:
    """Return R² (B) over the entries whose straight line does not run through a metal site."""
    return r2(resamples.without_metal_site())


def _without_metal_site(sample: Sample) -> Support:
    kept = sample.through_metal_site
    keep = np.ones(len(sample), dtype=np.bool_) if kept is None else ~kept
    # np.unique would import the masked arrays, which takes longer than all the rest.
    return Support(int(keep.sum()), "entries", len(set(sample.codes[keep].tolist())))


def median_absolute_error(resamples: Resamples) -> FloatArray:
    """Return the median absolute error (B), eV."""
    return resamples.median_absolute_error


def rate_error_decades(resamples: Resamples) -> FloatArray:
    """Return the median error of the hopping rate at 300 K (B), in decades: |ΔE| / (k_B T ln 10).

    Transition state theory with the prefactor of the reference: k = ν exp(-E_m / k_B T) (Vineyard, J. Phys.
    Chem. Solids 3, 121, 1957).
    """
    return median_absolute_error(resamples) / EV_PER_DECADE


def spearman(resamples: Resamples) -> FloatArray:
    """Return the rank correlation of prediction and target (B)."""
    return resamples.spearman(target_order, prediction_order)


def within(resamples: Resamples, tolerance: float) -> FloatArray:
    """Return the share of entries predicted to within `tolerance` eV, bounds included (B)."""
    return resamples.mean(_is_within, tolerance)


def _is_within(sample: Sample, tolerance: float) -> BoolArray:
    # Barriers are given to 1e-3 eV: an error of exactly the tolerance must not be lost to rounding.
    return sample.absolute_error <= tolerance + 1e-9


REGRESSION = (
    MetricSpec(
        name="mae",
        title="Mean absolute error",
        symbol="MAE",
        unit="eV",
        direction="lower",
        family="regression",
        description="Mean of |prediction − target|.",
        function=mae,
        headline=True,
    ),
    MetricSpec(
        name="rmse",
        title="Root mean square error",
        symbol="RMSE",
        unit="eV",
        direction="lower",
        family="regression",
        description="Square root of the mean of (prediction − target)²; a few large errors decide it.",
        function=rmse,
        headline=True,
    ),
    MetricSpec(
        name="r2",
        title="Coefficient of determination",
        symbol="R²",
        unit=None,
        direction="higher",
        family="regression",
        description="1 − Σ(prediction − target)² / Σ(target − mean target)²; 0 is no better than the mean target.",
        function=r2,
        headline=True,
    ),
    MetricSpec(
        name="r2_without_metal_site",
        title="R² without paths through a metal site",
        symbol="R², no metal sites",
        unit=None,
        direction="higher",
        family="regression",
        description="R² without the entries flagged path_through_metal_site, whose extreme barriers dominate it.",
        function=r2_without_metal_site,
        support=_without_metal_site,
    ),
    MetricSpec(
        name="median_absolute_error",
        title="Median absolute error",
        symbol="MedAE",
        unit="eV",
        direction="lower",
        family="regression",
        description="Median of |prediction − target|: the typical error, whatever the tail.",
        function=median_absolute_error,
        smooth=False,
    ),
    MetricSpec(
        name="bias",
        title="Mean error",
        symbol="bias",
        unit="eV",
        direction="zero",
        family="regression",
        description="Mean of prediction − target; positive means barriers predicted too high.",
        function=bias,
        headline=True,
    ),
    MetricSpec(
        name="spearman",
        title="Rank correlation",
        symbol="Spearman ρ",
        unit=None,
        direction="higher",
        family="regression",
        description="Spearman rank correlation of prediction and target.",
        function=spearman,
    ),
    MetricSpec(
        name="within_0.1",
        title="Within 0.1 eV",
        symbol="≤ 0.1 eV",
        unit=None,
        direction="higher",
        family="regression",
        description="Share of entries predicted to within 0.1 eV.",
        function=lambda resamples: within(resamples, 0.1),
    ),
    MetricSpec(
        name="within_0.2",
        title="Within 0.2 eV",
        symbol="≤ 0.2 eV",
        unit=None,
        direction="higher",
        family="regression",
        description="Share of entries predicted to within 0.2 eV.",
        function=lambda resamples: within(resamples, 0.2),
    ),
    MetricSpec(
        name="rate_error_decades",
        title="Hopping rate error at 300 K",
        symbol="rate error",
        unit="decades",
        direction="lower",
        family="regression",
        description="Median of |ΔE| / (k_B T ln 10) at 300 K: by how many powers of ten the hopping rate is off.",
        function=rate_error_decades,
        smooth=False,
    ),
)

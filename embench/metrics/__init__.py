"""The metrics: one registry of frozen descriptions; adding a metric is one entry of its family's table.

A metric is computed on many resamples of the entries at once, each given by how often it takes every entry. The
score is the value for "every entry once"; the bootstrap passes thousands of others.
"""

from __future__ import annotations

from embench.errors import UnknownNameError
from embench.metrics.classification import CLASSIFICATION
from embench.metrics.pathway import PATHWAY
from embench.metrics.regression import REGRESSION
from embench.metrics.resamples import Resamples
from embench.metrics.sample import MOMENTS, Sample
from embench.metrics.spec import FAMILIES, Direction, Family, MetricSpec, Support
from embench.metrics.uncertainty import UNCERTAINTY

METRICS: tuple[MetricSpec, ...] = (*REGRESSION, *CLASSIFICATION, *PATHWAY, *UNCERTAINTY)
HEADLINE: tuple[MetricSpec, ...] = tuple(spec for spec in METRICS if spec.headline)

__all__ = [
    "FAMILIES",
    "HEADLINE",
    "METRICS",
    "MOMENTS",
    "Direction",
    "Family",
    "MetricSpec",
    "Resamples",
    "Sample",
    "Support",
    "metric",
    "metrics_for",
]

_BY_NAME = {spec.name: spec for spec in METRICS}


def metric(name: str) -> MetricSpec:
    """Return the metric called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownNameError("metric", name, _BY_NAME) from None


def metrics_for(sample: Sample) -> tuple[MetricSpec, ...]:
    """Return the metrics that `sample` has the data for: those of the uncertainty only where there is one."""
    return tuple(spec for spec in METRICS if spec.family != "uncertainty" or sample.uncertainty is not None)

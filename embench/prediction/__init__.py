"""Barriers of hops of one's own: from a shipped model, with an interval, and how far to trust them.

>>> import embench
>>> hops = embench.find_hops(structure, ion="Li")  # doctest: +SKIP
>>> result = embench.predict(hops)  # doctest: +SKIP
"""

from __future__ import annotations

from embench.prediction.barriers import predict
from embench.prediction.data import HopPrediction
from embench.prediction.model import DEFAULT, TrainedModel, load_model, shipped_models
from embench.prediction.result import PredictionResult

__all__ = [
    "DEFAULT",
    "HopPrediction",
    "PredictionResult",
    "TrainedModel",
    "load_model",
    "predict",
    "shipped_models",
]

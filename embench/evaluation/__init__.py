"""Scores of predictions: read, checked, matched to a protocol, measured, compared and ranked."""

from __future__ import annotations

from embench.evaluation.evaluator import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]

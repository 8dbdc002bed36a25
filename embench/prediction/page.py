"""The page of a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embench.prediction.documents import PredictionDocument


def page(content: PredictionDocument) -> str:
    """Return the page of a document."""
    raise NotImplementedError(content["name"])

from __future__ import annotations

import pytest

import embench
from embench.prediction import PredictionResult, TrainedModel, load_model
from tests.migration import crystals


@pytest.fixture(scope="session")
def model() -> TrainedModel:
    return load_model()


@pytest.fixture(scope="session")
def olivine(model: TrainedModel) -> PredictionResult:
    return embench.predict(embench.find_hops(crystals.olivine(), "Li"), model=model, name="LiFePO4")


@pytest.fixture(scope="session")
def layered(model: TrainedModel) -> PredictionResult:
    return embench.predict(embench.find_hops(crystals.layered(), "Li"), model=model)

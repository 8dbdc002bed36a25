"""MODEL-1 to MODEL-4 as baselines: with the configuration ``cpu``, and with the published one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from embench.baselines.base import CheckedBaseline, Prediction
from embench.common.threads import one_thread

if TYPE_CHECKING:
    from embench.baselines.alignn.finetune import Trained
    from embench.dataset import Dataset

WEIGHTS = "EMBENCH_ALIGNN_WEIGHTS"
"""The environment variable that names the file of a pre-trained network, for the configurations that take one."""


class PathwayNetwork(CheckedBaseline):
    """A network trained on the training side of a fold, on one device; subclasses say which."""

    model: ClassVar[int]
    config: ClassVar[str] = "cpu"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def _fit(self, train: Dataset) -> None:
        """Train on `train`; raises as :func:`~embench.baselines.alignn.finetune.finetune`."""
        from embench.baselines.alignn.configs import configuration
        from embench.baselines.alignn.finetune import finetune

        config = configuration(self.config)
        found = os.environ.get(WEIGHTS) if config.pretrained else None
        with one_thread():
            self._trained: Trained = finetune(
                train,
                model=self.model,
                config=config,
                settings=config.settings(self.model, seed=self.seed, devices=1),
                weights=Path(found) if found else None,
            )
        self.choices: dict[str, Any] = self._trained.choices

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers, eV."""
        with one_thread():
            return Prediction(mean=self._trained.predict(entries))


def _prepare(entries: Dataset, model: int, config: str) -> None:
    from embench.baselines.alignn.configs import configuration
    from embench.baselines.alignn.hops import samples

    samples(entries, model, configuration(config))


class CpuModel1(PathwayNetwork):
    """MODEL-1, small and on the surroundings of the path."""

    model = 1


class CpuModel2(PathwayNetwork):
    """MODEL-2, small and on the surroundings of the path."""

    model = 2


class CpuModel3(PathwayNetwork):
    """MODEL-3, small and on the surroundings of the path."""

    model = 3


class CpuModel4(PathwayNetwork):
    """MODEL-4, small and on the surroundings of the path."""

    model = 4


class PaperModel1(PathwayNetwork):
    """MODEL-1 by the published recipe."""

    model, config = 1, "paper"


class PaperModel2(PathwayNetwork):
    """MODEL-2 by the published recipe."""

    model, config = 2, "paper"


class PaperModel3(PathwayNetwork):
    """MODEL-3 by the published recipe."""

    model, config = 3, "paper"


class PaperModel4(PathwayNetwork):
    """MODEL-4 by the published recipe."""

    model, config = 4, "paper"


def prepare_cpu_ends(entries: Dataset) -> None:
    """Make the graphs of both ends of the hops and leave them in the cache."""
    _prepare(entries, 1, "cpu")


def prepare_cpu_bands(entries: Dataset) -> None:
    """Make the graphs of the bands and of the surroundings of their images and leave them in the cache."""
    _prepare(entries, 4, "cpu")


def prepare_paper_ends(entries: Dataset) -> None:
    """Make the published graphs of both ends of the hops and leave them in the cache."""
    _prepare(entries, 1, "paper")


def prepare_paper_bands(entries: Dataset) -> None:
    """Make the published graphs of the bands and of their images and leave them in the cache."""
    _prepare(entries, 4, "paper")

"""MODEL-1 to MODEL-4 at the published size as baselines: what a session on a lent machine trains, on this one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from embench.baselines.base import CheckedBaseline, Prediction
from embench.common.shipped import resource_folder
from embench.errors import BaselineError

if TYPE_CHECKING:
    import torch

    from embench.baselines.alignn.device.network import Sizes
    from embench.baselines.alignn.device.tasks import Hops
    from embench.baselines.alignn.device.training import Recipe
    from embench.dataset import Dataset

OWN_WEIGHTS = "EMBENCH_ALIGNN_WEIGHTS"
SHIPPED_WEIGHTS = "alignn-full.safetensors"
"""Weights of the pre-training, where a session has made some and ``embench alignn take`` has put them there."""


class FullNetwork(CheckedBaseline):
    """A network of the published size, trained on the training side of a fold; subclasses say which, and from what."""

    model: ClassVar[int]
    pretrained: ClassVar[bool] = True

    def __init__(self, *, seed: int, recipe: Recipe | None = None, sizes: Sizes | None = None) -> None:
        self.seed, self.recipe, self.sizes = seed, recipe, sizes

    def _fit(self, train: Dataset) -> None:
        """Train on `train`.

        Raises :class:`~embench.errors.BaselineError` where it starts from weights and there are none.
        """
        from dataclasses import replace

        import torch

        from embench.baselines.alignn.device.layers import Kernels, Kind
        from embench.baselines.alignn.device.network import FULL
        from embench.baselines.alignn.device.tasks import FINETUNING, PRETRAINED, SCRATCH, Job, finetuning

        weights = pretrained_weights() if self.pretrained else None
        device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
        recipe = self.recipe or FINETUNING
        kind: Kind = "eager"
        if device.type == "cpu":
            # There arithmetic costs more than memory: neither 16 bits nor doing things twice is faster.
            recipe, kind = replace(recipe, precision="32"), "plain"
        job = Job(model=self.model, start=PRETRAINED if weights else SCRATCH, protocol=_OWN, fold=_OWN)
        self._trained = finetuning(
            _hops(train, device, barriers=True),
            job,
            sizes=self.sizes or FULL,
            recipe=replace(recipe, seed=self.seed),
            kernels=Kernels.of(kind),
            weights=weights,
        )
        self._trained.training.run(float("inf"))
        self._device = device
        self.choices: dict[str, Any] = {
            "parameters": sum(value.numel() for value in self._trained.network.parameters()),
            "epochs": self._trained.training.epoch,
            "weights": "none: trained from scratch" if weights is None else weights.name,
        }
        if weights is not None:
            self.choices["weights_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers, eV."""
        return Prediction(mean=self._trained.barriers_of(_hops(entries, self._device, barriers=False)))


_OWN = "all"


def _hops(entries: Dataset, device: torch.device, *, barriers: bool) -> Hops:
    """Return entries as what a session carries, with one fold that trains on all of them."""
    from embench.baselines.alignn.device.prepare import hop_sets
    from embench.baselines.alignn.device.tasks import Hops
    from embench.baselines.alignn.graphs.batch import atom_features
    from embench.baselines.alignn.graphs.cache import CLASSIC

    arrays = {
        "elements": np.array(atom_features()),
        f"{_OWN}.train": np.ones((1, len(entries)), bool),
        f"{_OWN}.test": np.zeros((1, len(entries)), bool),
    }
    if barriers:
        arrays["barriers"] = entries.column("migration_barrier").astype(np.float64)
    about = {"entry_ids": list(entries.entry_ids), "protocols": {_OWN: {"folds": [_OWN]}}, "canonise": True}
    return Hops(hop_sets(entries, CLASSIC), arrays, about, device)


def pretrained_weights() -> Path:
    """Return the weights to start from: those that the user names, or those that are shipped.

    Raises :class:`~embench.errors.BaselineError` where there are neither.
    """
    own = os.environ.get(OWN_WEIGHTS)
    path = Path(own) if own else resource_folder("weights") / SHIPPED_WEIGHTS
    if not path.is_file():
        raise BaselineError(
            f"there are no pre-trained weights: {path} is no file. Make some with benchmarks/gpu/run.sh and name them "
            f"in {OWN_WEIGHTS}, or take the baseline whose name ends in -scratch"
        )
    return path


class Pretrained1(FullNetwork):
    """MODEL-1 from pre-trained weights."""

    model = 1


class Pretrained2(FullNetwork):
    """MODEL-2 from pre-trained weights."""

    model = 2


class Pretrained3(FullNetwork):
    """MODEL-3 from pre-trained weights."""

    model = 3


class Pretrained4(FullNetwork):
    """MODEL-4 from pre-trained weights."""

    model = 4


class Scratch1(FullNetwork):
    """MODEL-1 from random weights."""

    model, pretrained = 1, False


class Scratch2(FullNetwork):
    """MODEL-2 from random weights."""

    model, pretrained = 2, False


class Scratch3(FullNetwork):
    """MODEL-3 from random weights."""

    model, pretrained = 3, False


class Scratch4(FullNetwork):
    """MODEL-4 from random weights."""

    model, pretrained = 4, False

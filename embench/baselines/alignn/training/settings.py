"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "32", "bf16"]


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of one training run.

    `learning_rate` is the highest one of the OneCycle schedule; AdamW decays weights by `weight_decay`, biases and
    the parameters of normalisation never. `clip` bounds the norm of the gradient, 0 for no bound. `accumulate` batches
    make one step. `precision` ``auto`` takes bf16 where a GPU has it. `devices` is the number of devices, or
    ``auto``; more than one train by DDP. With `patience` above 0 training stops when the validation loss has not
    fallen for so many epochs, and the best weights are taken.
    """

    epochs: int = 16
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 1e-5
    clip: float = 5.0
    accumulate: int = 1
    shuffle: bool = True
    precision: Precision = "auto"
    devices: int | Literal["auto"] = "auto"
    patience: int = 0
    seed: int = 0

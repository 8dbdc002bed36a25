"""The Lightning module: masked L1 loss, AdamW, OneCycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import lightning
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embench.baselines.alignn.training.data import TrainingBatch

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


def masked_l1(output: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Return the mean absolute error of the values that there are, each head by its weight.

    `output` and `target` are (n, heads), NaN in `target` where there is no value; `weights` is (heads,).
    """
    known = torch.isfinite(target)
    errors = (output - torch.where(known, target, torch.zeros_like(target))).abs()
    weighted = known * weights
    return (errors * weighted).sum() / weighted.sum().clamp_min(1e-12)


class Regression(lightning.LightningModule):
    """A network that gives (n, heads) for a batch, and how it is trained."""

    def __init__(self, network: nn.Module, settings: TrainingSettings, *, weights: NDArray[np.float64] | None) -> None:
        super().__init__()
        self.network, self.settings = network, settings
        heads = torch.ones(1) if weights is None else torch.as_tensor(weights, dtype=torch.float32)
        self.register_buffer("weights", heads, persistent=False)

    def forward(self, inputs: Any) -> Tensor:
        """Return the outputs of the network, (n, heads)."""
        output: Tensor = self.network(inputs)
        return output

    def _loss(self, batch: TrainingBatch) -> Tensor:
        return masked_l1(self(batch.inputs).float(), batch.targets, self.weights)  # type: ignore[arg-type]

    def training_step(self, batch: TrainingBatch, index: int) -> Tensor:
        """Return the loss of a batch."""
        # What is random in a step (dropout) depends on seed, epoch, step and process: a resumed run draws the same.
        key = np.random.SeedSequence([self.settings.seed, self.current_epoch, index, self.global_rank])
        torch.manual_seed(int(key.generate_state(1)[0]))
        loss = self._loss(batch)
        self.log("train", loss, on_step=False, on_epoch=True, batch_size=len(batch.targets), sync_dist=True)
        return loss

    def validation_step(self, batch: TrainingBatch, _: int) -> None:
        """Record the loss of a validation batch."""
        loss = self._loss(batch)
        self.log("validation", loss, prog_bar=True, batch_size=len(batch.targets), sync_dist=True)

    def transfer_batch_to_device(self, batch: TrainingBatch, device: torch.device, _: int) -> TrainingBatch:
        """Return the batch on the device."""
        return batch.to(device)

    def configure_optimizers(self) -> Any:
        """Return AdamW, without decay of biases and normalisation, and its OneCycle schedule."""
        settings = self.settings
        decayed = [value for value in self.network.parameters() if value.ndim > 1]
        others = [value for value in self.network.parameters() if value.ndim <= 1]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=settings.learning_rate,
        )
        # Lightning knows how many processes share an epoch, and how many batches make a step.
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

"""One training run: fit a network, and read predictions from it."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from embench.baselines.alignn.training.data import GraphData, loader
from embench.baselines.alignn.training.module import Regression, TrainingSettings

LAST, LOG = "last.ckpt", "metrics.csv"


def fit(
    network: nn.Module,
    train: GraphData,
    settings: TrainingSettings,
    *,
    validation: GraphData | None = None,
    folder: Path | None = None,
    progress: bool = False,
) -> nn.Module:
    """Train `network` and return it, on the CPU and in evaluation mode.

    Parameters
    ----------
    validation
        Samples to watch; needed for early stopping.
    folder
        Where checkpoints (after every epoch) and the log ``metrics.csv`` go. A run whose checkpoint is there goes on
        from it and ends as it would have without the interruption; its log until then is kept as ``metrics-1.csv``.
    progress
        Show a progress bar.

    Raises
    ------
    ValueError
        Early stopping is asked for without validation samples, or there are no samples.
    """
    import lightning

    if settings.patience and validation is None:
        raise ValueError("early stopping (patience > 0) needs validation samples")
    if not len(train):
        raise ValueError("there are no samples to train on")
    lightning.seed_everything(settings.seed, workers=True, verbose=False)
    module = Regression(network, settings, weights=train.weights)
    with contextlib.ExitStack() as stack:
        if folder is None and settings.patience:
            # The weights of the best epoch have to be kept somewhere.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="embench-")))
        elif folder is not None:
            _keep_log(folder)
        trainer = _trainer(settings, folder=folder, progress=progress, validated=validation is not None)
        stack.enter_context(warnings.catch_warnings())
        # Batches are made in this process on purpose, and may be few.
        warnings.filterwarnings("ignore", message=".*(does not have many workers|number of training batches).*")
        trainer.fit(
            module,
            loader(train, batch_size=settings.batch_size, seed=settings.seed, shuffle=settings.shuffle),
            None if validation is None else loader(validation, batch_size=settings.batch_size),
            ckpt_path=_resumable(folder),
            weights_only=False,
        )
        best = _best_weights(trainer) if settings.patience else None
        if best is not None:
            module.load_state_dict(best)
    return network.cpu().eval()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make what torch draws inside depend on `seed` only, and leave its generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def predict(
    network: nn.Module, samples: Sequence[Any], collate: Callable[[Sequence[Any]], Any], *, batch_size: int = 32
) -> NDArray[np.float64]:
    """Return the outputs of a network for samples, (n, heads)."""
    network.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(samples), batch_size):
            parts.append(network(collate(samples[start : start + batch_size])).double().numpy())
    return np.concatenate(parts)


def _trainer(settings: TrainingSettings, *, folder: Path | None, progress: bool, validated: bool) -> Any:
    import lightning
    from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
    from lightning.pytorch.loggers import CSVLogger

    callbacks: list[Callback] = []
    # At the end of an epoch: what is saved after its validation only, Lightning does not resume as it was.
    saving: dict[str, Any] = {"dirpath": folder, "save_on_train_epoch_end": True, "enable_version_counter": False}
    if settings.patience:
        callbacks.append(EarlyStopping("validation", patience=settings.patience))
        callbacks.append(ModelCheckpoint(monitor="validation", filename="best", **saving))
    if folder is not None:
        # After the best weights, so that what is resumed knows of them. By its name, not by save_last: with that alone
        # Lightning writes the file when training ends.
        callbacks.append(ModelCheckpoint(filename=LAST.removesuffix(".ckpt"), save_top_k=1, **saving))
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    several = settings.devices not in ("auto", 1)
    return lightning.Trainer(
        max_epochs=settings.epochs,
        accelerator="auto",
        devices=settings.devices,
        strategy="ddp" if several else "auto",
        precision=_precision(settings),
        gradient_clip_val=settings.clip or None,
        accumulate_grad_batches=settings.accumulate,
        logger=CSVLogger(folder, name="", version="", flush_logs_every_n_steps=1) if folder is not None else False,
        callbacks=callbacks,
        enable_checkpointing=bool(callbacks),
        enable_progress_bar=progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        check_val_every_n_epoch=1,
        limit_val_batches=None if validated else 0,
        log_every_n_steps=1,
        deterministic=True,
    )


def _precision(settings: TrainingSettings) -> Any:
    if settings.precision == "auto":
        has_bf16 = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
        return "bf16-mixed" if has_bf16 else "32-true"
    return {"32": "32-true", "bf16": "bf16-mixed"}[settings.precision]


def _resumable(folder: Path | None) -> str | None:
    path = None if folder is None else folder / LAST
    return str(path) if path is not None and path.is_file() else None


def _keep_log(folder: Path) -> None:
    """Put the log of an interrupted run aside: Lightning begins a new one."""
    log = folder / LOG
    if log.is_file():
        log.rename(folder / f"metrics-{len(list(folder.glob('metrics-*.csv'))) + 1}.csv")


def _best_weights(trainer: Any) -> dict[str, Any] | None:
    from lightning.pytorch.callbacks import ModelCheckpoint

    for callback in trainer.callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_path:
            state: dict[str, Any] = torch.load(callback.best_model_path, weights_only=False)["state_dict"]
            return state
    return None

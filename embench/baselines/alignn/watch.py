"""How the network of a baseline learns: trained with some hosts set aside, its losses by epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.baselines.alignn.configs import configuration
from embench.baselines.alignn.finetune import finetune, split
from embench.baselines.alignn.models import PathwayNetwork
from embench.baselines.registry import BASELINES, baseline_spec, load_object
from embench.errors import UnknownNameError

if TYPE_CHECKING:
    from embench.baselines.alignn.local.model import Scratch
    from embench.dataset import Dataset


def watchable() -> tuple[str, ...]:
    """Return the names of the baselines whose training can be watched."""
    return tuple(spec.name for spec in BASELINES if spec.name.startswith("alignn-"))


def watch(
    name: str, train: Dataset, *, folder: Path, seed: int = 0, epochs: int | None = None, progress: bool = False
) -> None:
    """Train one network of a baseline on nine tenths of the hosts of `train`, and leave its log in `folder`.

    The other hosts are only looked at, after every epoch; they are the same for every baseline of the same seed.

    Parameters
    ----------
    folder : where ``metrics.csv`` and checkpoints go; an interrupted run goes on from there.
    epochs : other than those of the baseline.

    Raises
    ------
    UnknownNameError
        `name` is no baseline with such a network.
    InvalidValueError
        There are too few entries to set some aside.
    """
    if name not in watchable():
        raise UnknownNameError("network", name, watchable())
    spec = baseline_spec(name)
    system: Any = load_object(spec.factory, extra=spec.extra)(seed=seed)
    if isinstance(system, PathwayNetwork):
        config = replace(configuration(system.config), validation="host")
        settings = config.settings(system.model, seed=seed, devices=1, epochs=epochs)
        finetune(train, model=system.model, config=config, settings=settings, folder=folder, progress=progress)
        return
    if spec.prepare is not None:
        load_object(spec.prepare, extra=spec.extra)(train)
    _watched(type(system), train, folder, epochs, progress)(seed=seed).fit(train)


def _watched(kind: type[Scratch], train: Dataset, folder: Path, epochs: int | None, progress: bool) -> type[Scratch]:
    """Return the baseline `kind` with a single network, which is fitted to a part of what it is given."""

    class Watched(kind):  # type: ignore[misc, valid-type]
        members = 1

        def _fit_network(self, network: Any, samples: Any, target: Any, settings: Any) -> None:
            from embench.baselines.alignn.local.model import collate
            from embench.baselines.alignn.training.data import GraphData
            from embench.baselines.alignn.training.run import fit

            sides = split(train, replace(configuration("cpu"), validation="host"), seed=self.seed)
            inner, held_out = (GraphData([samples[i] for i in rows], target[rows], collate) for rows in sides)
            settings = replace(settings, epochs=epochs or settings.epochs)
            fit(network, inner, settings, validation=held_out, folder=folder, progress=progress)

    return Watched

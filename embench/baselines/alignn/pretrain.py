"""Pre-training of the published network on bulk properties, one head for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import GraphSettings, build
from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig
from embench.baselines.alignn.training.data import GraphData
from embench.baselines.alignn.training.module import TrainingSettings
from embench.baselines.alignn.training.run import fit, seeded

if TYPE_CHECKING:
    from embench.baselines.alignn.corpus import Corpus

HEAD_WIDTH = 128


@dataclass(frozen=True)
class Pretrained:
    """A network with one head for each of `properties`, trained on `n_train` crystals."""

    network: Alignn
    properties: tuple[str, ...]
    n_train: int
    n_held_out: int

    def write(self, path: Path) -> None:
        """Write the weights as safetensors, with the sizes of the network."""
        from embench.baselines.alignn.checkpoint import save

        save(path, self.network.config, self.network.state_dict())


def pretrain(
    corpus: Corpus,
    config: AlignnConfig,
    graphs: GraphSettings,
    settings: TrainingSettings,
    *,
    folder: Path | None = None,
    progress: bool = False,
) -> Pretrained:
    """Train the network on all properties of the corpus at once: the multi-property model of the published work.

    The loss is the mean absolute error of the values that there are. Crystals are drawn so that every property is seen
    as often as any other. Those that the corpus holds out are the validation samples.

    Parameters
    ----------
    config
        Sizes of the network; the number of outputs and the width of the heads are set here.
    folder
        Where checkpoints and the log go; an interrupted run goes on from there.
    """
    from dataclasses import replace

    crystals = [build(crystal, graphs) for crystal in corpus.crystals]
    train, held_out = (np.flatnonzero(of) for of in (~corpus.held_out, corpus.held_out))

    def part(rows: NDArray[np.intp], *, balanced: bool) -> GraphData:
        targets = corpus.targets[rows]
        sampling = balance(targets) if balanced else None
        return GraphData([crystals[i] for i in rows], targets, GraphBatch.of, sampling=sampling)

    with seeded(settings.seed):
        network = Alignn(replace(config, outputs=len(corpus.properties), head_width=HEAD_WIDTH))
    validation = part(held_out, balanced=False) if len(held_out) else None
    fit(network, part(train, balanced=True), settings, validation=validation, folder=folder, progress=progress)
    return Pretrained(network, corpus.properties, len(train), len(held_out))


def balance(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how often each crystal is drawn, (n,), for targets (n, p) that are NaN where there is none.

    It is the sum over its properties of one over the number of crystals that have the property.
    """
    known = np.isfinite(targets)
    share: NDArray[np.float64] = (known / np.maximum(known.sum(axis=0), 1)).sum(axis=1)
    return share

"""The configurations of MODEL-1 to MODEL-4: the published recipe, and one that two cores can train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from embench.baselines.alignn.graphs.cache import GraphSettings
from embench.baselines.alignn.model.backbone import AlignnConfig
from embench.baselines.alignn.training.module import TrainingSettings
from embench.errors import UnknownNameError

# Barriers are learned as they are, or as their logarithm (embench.baselines.scale).
Target = Literal["linear", "log"]
Validation = Literal["none", "last", "host"]


@dataclass(frozen=True, kw_only=True)
class PathwayConfig:
    """How MODEL-1 to MODEL-4 are built and trained.

    Attributes
    ----------
    network : sizes of the backbone.
    graphs : how a graph is made of a crystal.
    radius : atoms farther than this from the path are left out, Å; None for none.
    angle_cutoff : bonds longer than this take part in no angle, Å; None for all.
    marks : whether the network is told which atoms are images of the migrating ion.
    target : what is learned, standardised over the training entries.
    validation : entries set aside to choose the best epoch: ``none``; the ``last`` ones in the order of the dataset;
        or, at random, those of whole ``host`` frameworks.
    validation_share : how many, as a part of the training entries.
    training : how it is trained; the batch size is that of `batch_size` where the model is named there.
    batch_size : of each model.
    pretraining : how the network of this name is pre-trained on a corpus.
    most_atoms : larger crystals of the corpus are left out; None for none.
    pretrained : whether weights of a pre-trained backbone are taken where there are some.
    """

    name: str
    network: AlignnConfig = field(default_factory=AlignnConfig)
    graphs: GraphSettings = field(default_factory=GraphSettings)
    radius: float | None = None
    angle_cutoff: float | None = None
    marks: bool = False
    target: Target = "linear"
    validation: Validation = "none"
    validation_share: float = 0.1
    training: TrainingSettings = field(default_factory=TrainingSettings)
    batch_size: Mapping[int, int] = field(default_factory=dict)
    pretraining: TrainingSettings = field(default_factory=TrainingSettings)
    most_atoms: int | None = None
    pretrained: bool = False

    def settings(self, model: int | None, *, seed: int, **changes: Any) -> TrainingSettings:
        """Return how MODEL-`model` is trained, or how it is pre-trained for None.

        `changes` that are not None replace what the configuration says.
        """
        settings = self.pretraining
        if model is not None:
            settings = replace(self.training, batch_size=self.batch_size.get(model, self.training.batch_size))
        return replace(settings, seed=seed, **{name: value for name, value in changes.items() if value is not None})


CONFIGS: tuple[PathwayConfig, ...] = (
    # The published scripts ask for no canonical edges, and stop after 500 epochs without an improvement in 500: never,
    # but the weights of the best epoch are those that they use. AdamW decays by the default of torch.
    PathwayConfig(
        name="paper",
        graphs=GraphSettings(canonise=False),
        validation="last",
        training=TrainingSettings(
            epochs=500,
            batch_size=16,
            learning_rate=1e-3,
            weight_decay=1e-2,
            clip=0.0,
            shuffle=False,
            precision="32",
            patience=500,
        ),
        batch_size={3: 128, 4: 64},
        # Of the pre-training the papers leave length and batch open.
        pretraining=TrainingSettings(
            epochs=500, batch_size=64, learning_rate=1e-3, weight_decay=1e-2, clip=0.0, precision="32"
        ),
        pretrained=True,
    ),
    PathwayConfig(
        name="cpu",
        network=AlignnConfig(alignn_layers=2, gcn_layers=1, distance_bins=40, angle_bins=20, embedding=32, hidden=64),
        radius=4.0,
        angle_cutoff=2.5,
        marks=True,
        target="log",
        training=TrainingSettings(epochs=16, batch_size=16, learning_rate=2e-3, clip=5.0, precision="32"),
        pretraining=TrainingSettings(epochs=12, batch_size=64, learning_rate=3e-3, precision="32"),
        most_atoms=12,
    ),
)


def config_names() -> tuple[str, ...]:
    """Return the names of all configurations."""
    return tuple(config.name for config in CONFIGS)


def configuration(name: str) -> PathwayConfig:
    """Return the configuration called `name`; raises :class:`~embench.errors.UnknownNameError`."""
    for config in CONFIGS:
        if config.name == name:
            return config
    raise UnknownNameError("configuration", name, config_names())

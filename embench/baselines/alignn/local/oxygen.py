"""The small network with oxygen vacancies in its training: do hops of another ion help with those of cations?

There are two ways to learn from them. One takes their barriers only, which is all that is known of cations; the other
takes the shape of their energy profiles too, which the second dataset has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from embench.baselines.alignn.local.model import PRETRAINED, WithProfiles, collate
from embench.common.shipped import weights_file
from embench.dataset import load
from embench.schema import OXYGEN

if TYPE_CHECKING:
    from embench.baselines.alignn.local.network import LocalAlignn
    from embench.dataset import Dataset, Entry

Floats = NDArray[np.float64]

# A shape weighs as much as a barrier, half for each of its two numbers; chosen beforehand, and nothing else was tried.
_WEIGHTS = (1.0, 0.5, 0.5)
# Below this height, eV, the numbers of a shape are learned about as they are, above it about as their logarithm.
_HEIGHT = 0.3


class WithOxygen(WithProfiles):
    """The networks of alignn-local, with the barriers of all oxygen vacancies added to the training side.

    The cheap energy profiles of oxygen ions are those of the crystal with all charges reversed, as in mirrored-stack.
    """

    shapes: ClassVar[bool] = False

    def _train_all(self, train: Dataset) -> None:
        both = _Both((train, load(OXYGEN.name)))
        self._shapes = both.shapes() if self.shapes else np.empty((len(both), 0))
        super()._train_all(cast("Dataset", both))
        self.choices |= {"further_training_entries": len(both) - len(train)}

    def _inputs(self, entries: Dataset) -> Floats | None:
        parts = entries.parts if isinstance(entries, _Both) else (entries,)
        return np.concatenate([cast("Floats", super(WithOxygen, self)._inputs(part)) for part in parts])

    def _barriers_of_profiles(self, entries: Dataset) -> tuple[Floats, list[str]]:
        from embench.baselines.features.mirrored import mirrored_table

        anions = bool((entries.column("mobile_ion_charge") < 0).all())
        return mirrored_table(entries, ("barriers",)) if anions else super()._barriers_of_profiles(entries)

    def _train(self, samples: list[Any], target: Floats, *, seed: int) -> LocalAlignn:
        from embench.baselines.alignn.local.network import LocalAlignn
        from embench.baselines.alignn.local.pretrain import load_backbone
        from embench.baselines.alignn.training.data import GraphData
        from embench.baselines.alignn.training.run import fit, seeded

        targets = np.hstack([target, self._shapes])
        heads = targets.shape[1]
        with seeded(seed):
            network = LocalAlignn(self.network, outputs=heads)
        load_backbone(network, weights_file(PRETRAINED))
        weights = np.array(_WEIGHTS[:heads])
        fit(network, GraphData(samples, targets, collate, weights=weights), replace(self.training, seed=seed))
        return network


class WithOxygenProfiles(WithOxygen):
    """The same networks, which also learn how high the quarters and the middle of an oxygen ion's profile are.

    Heights are above the mean of both ends, so that a hop and its reverse have the same; they are outputs beside the
    barrier and are not read when the network predicts.
    """

    shapes = True


@dataclass(frozen=True)
class _Both:
    """Two datasets to train on, one after the other: what the network reads of a dataset."""

    parts: tuple[Dataset, Dataset]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Entry]:
        return chain(*self.parts)

    def column(self, name: str) -> NDArray[Any]:
        """Return a column of both, (n,)."""
        return np.concatenate([part.column(name) for part in self.parts])

    def shapes(self) -> Floats:
        """Return the standardised shapes, (n, 2); NaN where a dataset has no energies of images."""
        cations, oxygen = self.parts
        found = shapes(np.stack(cast("tuple[Floats, ...]", oxygen.arrays("image_energies"))))
        return np.vstack([np.full((len(cations), 2), np.nan), (found - found.mean(axis=0)) / found.std(axis=0)])


def shapes(energies: Floats) -> Floats:
    """Return how high quarters and middle of profiles are above the mean of their ends, (n, 2), as arsinh(E / 0.3 eV).

    `energies` are (n, 5), eV, of evenly spaced images. The first number is the mean of both quarters.
    """
    ends, quarters = (energies[:, 0] + energies[:, 4]) / 2, (energies[:, 1] + energies[:, 3]) / 2
    return np.arcsinh(np.stack([quarters - ends, energies[:, 2] - ends], axis=1) / _HEIGHT)

"""The pathway stack for oxygen ions: they are cations in the crystal with all charges reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench.baselines.models.stack import WITH_SOAP, PathwayStack
from embench.baselines.scale import from_log, to_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embench.dataset import Dataset

    Floats = NDArray[np.float64]


class MirroredStack(PathwayStack):
    """The pathway stack, with the mirrored features of entries whose migrating ion is an anion.

    Cations keep the features that they have, so that a stack trained on them can be asked about anions. Predictions are
    kept to 0 to 10 eV, as those of the stack.
    """

    def learned(self, names: Sequence[str], table: Floats, barriers: Floats, unknown: Floats) -> Floats:
        """Return the barriers (m,), eV, of features (m, k) after learning those of `table` (n, k); no deviations.

        `names` are those of the k features, as :func:`stack_table` returns them.
        """
        model = self._regressor(names).fit(table, to_log(barriers))
        return from_log(model.predict_members(unknown).mean(axis=0))

    def _table(self, entries: Dataset) -> tuple[Floats, list[str]]:
        return stack_table(entries)


def stack_table(entries: Dataset) -> tuple[Floats, list[str]]:
    """Return the features of the stack, (n, n_features), and their names, sorted; mirrored ones for anions.

    Raises as :func:`~embench.baselines.features.feature_table` does.
    """
    from embench.baselines.features import feature_table
    from embench.baselines.features.mirrored import mirrored_table

    # A dataset is one of cations or one of anions.
    anions = bool((entries.column("mobile_ion_charge") < 0).all())
    table, names = (mirrored_table if anions else feature_table)(entries, WITH_SOAP)
    order = sorted(range(len(names)), key=names.__getitem__)
    return table[:, order], [names[i] for i in order]


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    stack_table(entries)

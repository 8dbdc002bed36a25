"""A model on the columns that every entry carries: whoever loads the dataset has them, and nothing is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.scale import OFFSET, from_log, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]

# Numbers, and what is true, false or not known, of the pathway. What counts the other entries of a structure
# (`n_pathways`) is left out: it tells nothing of a crystal of one's own.
COLUMNS = (
    "mobile_ion_charge",
    "n_sites",
    "n_mobile_ions",
    "hop_distance",
    "hop_distance_minimum_image",
    "endpoints_equivalent",
    "path_symmetric",
    "coordination_initial",
    "coordination_final",
    "effective_coordination_initial",
    "effective_coordination_final",
    "nearest_anion_initial",
    "nearest_anion_final",
    "straight_line_minimum_distance",
    "straight_line_bottleneck_anion",
    "straight_line_bottleneck_position",
    "straight_line_bottleneck_cation",
    "straight_line_bottleneck_mobile",
    "straight_line_free_radius",
    "straight_line_coordination_midpoint",
    "straight_line_effective_coordination_midpoint",
)
# What stands for a value that is not known; the known ones of such columns are zero or more.
UNKNOWN = -1.0
_INNER_FOLDS = 5
_CENTRAL_95 = 1.959964


class ShippedColumns(CheckedBaseline):
    """A random forest of scikit-learn, untuned, on numeric columns, composition, migrating ion and functional.

    It learns log(E + 0.3). The standard deviation of a prediction E is q (E + 0.3), with one q such that 95 % of the
    residuals on inner folds grouped by host framework lie within 1.96 standard deviations.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def _fit(self, train: Dataset) -> None:
        """Fit to the training side of a fold, whose elements and functionals become the features."""
        self._vocabulary = {name: sorted({x for row in _words(train, name) for x in row}) for name in _WORDS}
        table = self._table(train)
        barriers = train.column("migration_barrier").astype(np.float64)
        guess = np.empty_like(barriers)
        for test in grouped_folds([str(group) for group in train.column("group_host")], _INNER_FOLDS, self.seed):
            seen = np.setdiff1d(np.arange(len(barriers)), test)
            guess[test] = from_log(self._forest(table[seen], barriers[seen]).predict(table[test]))
        self._spread = float(np.quantile(np.abs(guess - barriers) / (guess + OFFSET), 0.95)) / _CENTRAL_95
        self._model = self._forest(table, barriers)

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        mean = from_log(self._model.predict(self._table(entries)))
        return Prediction(mean=mean, std=self._spread * (mean + OFFSET))

    def _forest(self, table: Floats, barriers: Floats) -> Any:
        from sklearn.ensemble import RandomForestRegressor

        # A third of the features at each split, as L. Breiman, Mach. Learn. 45, 5 (2001), has it for regression.
        forest = RandomForestRegressor(max_features=1 / 3, random_state=self.seed)
        return forest.fit(table, to_log(barriers))

    def _table(self, entries: Dataset) -> Floats:
        """Return the features (n, n_features): the columns, and shares of what is in the vocabulary."""
        numbers = np.column_stack([_numbers(entries, name) for name in COLUMNS])
        shares = [
            [[row.get(word, 0.0) for word in words] for row in _words(entries, name)]
            for name, words in self._vocabulary.items()
        ]
        return np.column_stack([numbers, *(np.array(share, np.float64) for share in shares)])


_WORDS = ("formula", "mobile_ion", "functional")


def _words(entries: Dataset, column: str) -> list[dict[str, float]]:
    """Return for each entry what a column of text says: shares of the elements, or one word."""
    if column != "formula":
        return [{str(word): 1.0} for word in entries.column(column)]
    from pymatgen.core import Composition

    shares = (Composition(str(formula)).fractional_composition for formula in entries.column(column))
    return [{str(element): float(share) for element, share in one.items()} for one in shares]


def _numbers(entries: Dataset, column: str) -> Floats:
    """Return a column as numbers, UNKNOWN where there is none."""
    values = np.array([UNKNOWN if value is None else value for value in entries.column(column)], np.float64)
    return np.where(np.isnan(values), UNKNOWN, values)

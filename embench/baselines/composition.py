"""A model that knows the composition and the migrating ion, and no geometry.

This is the comparison with which a structure-based model has to justify itself: statistics of tabulated properties
of the elements (as in Ward et al., npj Comput. Mater. 2, 16028 (2016), eq. 1-2) and common regression models.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.baselines.base import CheckedBaseline, FloatArray, Prediction
from embench.baselines.scale import LEAST, OFFSET, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset
    from embench.dataset.entry import Entry

HEAVIEST = 94
PROPERTIES = (
    "number",
    "mass",
    "electronegativity",
    "atomic_radius",
    "ionic_radius",
    "group",
    "row",
    "mendeleev_number",
    "ionisation_energy",
    "electron_affinity",
    "molar_volume",
    "highest_oxidation_state",
)
STATISTICS = ("mean", "deviation", "minimum", "maximum", "range")
IONS = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Zn", "Al")
FUNCTIONALS = ("GGA", "GGA+U", "SCAN", "LDA")

INNER_FOLDS = 5
_CENTRAL_95 = 1.959964


class Composition(CheckedBaseline):
    """The model with the lowest MAE in an inner cross-validation, fitted to the whole training side.

    The inner folds keep host frameworks together. The standard deviation of a prediction E is q (E + OFFSET), with
    one q such that 95 % of the inner out-of-fold residuals lie within 1.96 standard deviations.

    Attributes
    ----------
    chosen
        Name of the chosen model, a key of :func:`candidates`.
    inner_errors
        Inner out-of-fold MAE (eV) of every candidate.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.chosen = ""
        self.inner_errors: dict[str, float] = {}
        self._model: Any = None
        self._spread = float("nan")

    def _fit(self, train: Dataset) -> None:
        """Choose a model in the training side and fit it there."""
        features, barriers = composition_features(train), train.column("migration_barrier").astype(np.float64)
        groups = train.column("group_host")
        makers = candidates(self.seed)
        inner = {name: _out_of_fold(make, features, barriers, groups) for name, make in makers.items()}
        self.inner_errors = {name: float(np.abs(guess - barriers).mean()) for name, guess in inner.items()}
        self.chosen = min(self.inner_errors, key=lambda name: self.inner_errors[name])
        guess = inner[self.chosen]
        self._spread = float(np.quantile(np.abs(guess - barriers) / (guess + OFFSET), 0.95)) / _CENTRAL_95
        self._model = makers[self.chosen]().fit(features, to_log(barriers))

    @property
    def choices(self) -> dict[str, Any]:
        """The chosen model and the inner errors, for the record of a run."""
        return {"model": self.chosen, "inner_mae": {name: round(error, 4) for name, error in self.inner_errors.items()}}

    def _predict(self, entries: Dataset) -> Prediction:
        """Return the predictions of the chosen model."""
        mean = _barriers(self._model, composition_features(entries))
        return Prediction(mean, self._spread * (mean + OFFSET))


def candidates(seed: int) -> dict[str, Callable[[], Any]]:
    """Return the models to choose from, by name: each call makes a new, unfitted one."""
    from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    def ridge(alpha: float) -> Callable[[], Any]:
        return lambda: make_pipeline(StandardScaler(), Ridge(alpha=alpha))

    def svr(cost: float, width: float) -> Callable[[], Any]:
        return lambda: make_pipeline(StandardScaler(), SVR(C=cost, gamma=width, epsilon=0.05))

    trees: dict[str, Any] = {"n_estimators": 100, "max_features": 0.33, "min_samples_leaf": 2, "random_state": seed}
    return {
        **{f"ridge, alpha {alpha:g}": ridge(alpha) for alpha in (10.0, 100.0, 1000.0)},
        **{
            f"svr, C {cost:g}, gamma {width:g}": svr(cost, width) for cost in (0.3, 1.0, 3.0) for width in (0.003, 0.01)
        },
        "random forest": lambda: RandomForestRegressor(**trees),
        "extra trees": lambda: ExtraTreesRegressor(**trees),
        "gradient boosting": lambda: GradientBoostingRegressor(
            n_estimators=150, learning_rate=0.06, max_depth=3, subsample=0.7, max_features=0.33, random_state=seed
        ),
    }


def composition_features(entries: Dataset) -> FloatArray:
    """Return the features (n_entries, n_features) in the order of :func:`feature_names`."""
    return np.array([_features(entry) for entry in entries], dtype=np.float64).reshape(
        len(entries), len(feature_names())
    )


def feature_names() -> tuple[str, ...]:
    """Return the names of the features."""
    return (
        *(f"host_{statistic}_{name}" for name in PROPERTIES for statistic in STATISTICS),
        *(f"ion_{name}" for name in PROPERTIES),
        *(f"ion_is_{ion}" for ion in IONS),
        *(f"functional_is_{name}" for name in FUNCTIONALS),
        "ion_charge",
        "ion_fraction",
        "ion_is_dilute",
        "host_elements",
        "host_anion_fraction",
        "host_anion_electronegativity",
    )


def _features(entry: Entry) -> list[float]:
    """Return the features of one entry; the host is every site that does not hold the element of the migrating ion."""
    table = element_properties()
    ion = int(entry.atomic_numbers[0])
    counts = Counter(int(number) for number in entry.atomic_numbers if number != ion)
    numbers = np.array(sorted(counts) or [ion])
    weights = np.array([counts[number] for number in sorted(counts)] or [1], dtype=np.float64)
    weights /= weights.sum()
    host = table[numbers]
    mean = weights @ host
    deviation = weights @ np.abs(host - mean)
    low, high = host.min(axis=0), host.max(axis=0)
    # The most electronegative element stands for the anions: it is what the migrating ion touches.
    electronegativity = host[:, PROPERTIES.index("electronegativity")]
    anion = int(electronegativity.argmax())
    return [
        *np.stack([mean, deviation, low, high, high - low], axis=1).ravel().tolist(),
        *table[ion].tolist(),
        *(float(entry.mobile_ion == name) for name in IONS),
        *(float(entry.functional == name) for name in FUNCTIONALS),
        float(entry.mobile_ion_charge),
        entry.n_mobile_ions / entry.n_sites,
        float(entry.concentration_limit == "dilute"),
        float(len(counts)),
        float(weights[anion]),
        float(electronegativity[anion]),
    ]


@lru_cache(maxsize=1)
def element_properties() -> FloatArray:
    """Return the properties (HEAVIEST + 1, n_properties) of the elements, by atomic number; row 0 is empty.

    Masses in u, radii in Å, energies in eV, molar volumes in cm³/mol, electronegativities of Pauling; from
    pymatgen, which names its sources. What is not known of an element is the mean over those of which it is.
    """
    from pymatgen.core.periodic_table import Element

    def value(element: Element, attribute: str) -> float:
        found = getattr(element, attribute)
        return float("nan") if found is None else float(found)

    attributes = (
        "Z",
        "atomic_mass",
        "X",
        "atomic_radius",
        "average_ionic_radius",
        "group",
        "row",
        "mendeleev_no",
        "ionization_energy",
        "electron_affinity",
        "molar_volume",
        "max_oxidation_state",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one for every property that is not known
        elements = [Element.from_Z(number) for number in range(1, HEAVIEST + 1)]
        rows = np.array([[value(element, name) for name in attributes] for element in elements])
    rows = np.where(np.isfinite(rows), rows, np.nanmean(rows, axis=0))
    table = np.vstack([np.zeros(len(PROPERTIES)), rows])
    table.flags.writeable = False
    return table


def _out_of_fold(make: Callable[[], Any], features: FloatArray, barriers: FloatArray, groups: Any) -> FloatArray:
    """Return predictions (n,) of every barrier by a model that has not seen its host framework."""
    from sklearn.model_selection import GroupKFold

    guess = np.empty_like(barriers)
    for inside, outside in GroupKFold(INNER_FOLDS).split(features, barriers, groups):
        model = make().fit(features[inside], to_log(barriers[inside]))
        guess[outside] = _barriers(model, features[outside])
    return guess


def _barriers(model: Any, features: FloatArray) -> FloatArray:
    """Return predictions (n,) in eV; a barrier is not negative."""
    barriers: FloatArray = np.maximum(np.exp(model.predict(features)) - OFFSET, LEAST)
    return barriers

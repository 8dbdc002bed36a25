"""Descriptors of the pathway without energies, and the regressor that does best with them on the training side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from embench.baselines.base import CheckedBaseline, Prediction
from embench.baselines.features.soap import whitened_components
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.scale import OFFSET, from_log, to_log

if TYPE_CHECKING:
    from embench.dataset import Dataset

Floats = NDArray[np.float64]
Maker = Callable[[], Any]

SETS = ("composition", "geometry", "radial", "functional", "soap")
# A principal component of SOAP counts for a regressor that measures distances as this many standard deviations of a
# descriptor.
COMPONENT_WEIGHT = 2.0
# Added to the names of models that see SOAP.
WITH_SOAP = "+soap"
_INNER_FOLDS = 5
_CENTRAL_95 = 1.959964


class PathwayDescriptors(CheckedBaseline):
    """Composition, geometry and SOAP of the straight line; one of several scikit-learn models, chosen in `fit`.

    The support vector machines, which take the least time, are tried with and without SOAP; the other models then
    with the features of the better one. The choice is the lowest error on inner folds grouped by host framework,
    whose residuals also scale the standard deviation: q (E + 0.3), with one q such that 95 % of them lie within 1.96
    standard deviations.

    Attributes
    ----------
    chosen : name of the chosen model, one of :func:`support_vector_machines` or :func:`other_models`, with WITH_SOAP
        added where it sees SOAP.
    inner_errors : inner out-of-fold MAE of every model that was tried, eV.
    """

    def __init__(self, *, seed: int) -> None:
        self.seed = seed
        self.chosen = ""
        self.inner_errors: dict[str, float] = {}

    def _fit(self, train: Dataset) -> None:
        """Choose features and a model on the training side and fit it there."""
        table, names = _table(train)
        barriers = train.column("migration_barrier").astype(np.float64)
        target = to_log(barriers)
        folds = grouped_folds([str(group) for group in train.column("group_host")], _INNER_FOLDS, self.seed)
        guesses: dict[str, Floats] = {}
        self.inner_errors = {}

        def compare(makers: Mapping[str, Maker], *, soap: bool) -> None:
            for name, guess in _out_of_fold(makers, _inputs(names, soap=soap), table, target, folds).items():
                label = name + WITH_SOAP * soap
                guesses[label] = guess
                self.inner_errors[label] = float(np.abs(guess - barriers).mean())

        machines = support_vector_machines()
        compare(machines, soap=False)
        compare(machines, soap=True)
        soap = self._best().endswith(WITH_SOAP)
        inputs = _inputs(names, soap=soap)
        others = other_models(self.seed, fitted_kernel(inputs.fit_transform(table), target))
        compare(others, soap=soap)
        self.chosen = self._best()
        guess = guesses[self.chosen]
        self._spread = float(np.quantile(np.abs(guess - barriers) / (guess + OFFSET), 0.95)) / _CENTRAL_95
        self._inputs = _inputs(names, soap=self.chosen.endswith(WITH_SOAP))
        self._model = (machines | others)[self.chosen.removesuffix(WITH_SOAP)]()
        self._model.fit(self._inputs.fit_transform(table), target)

    def _best(self) -> str:
        return min(self.inner_errors, key=lambda name: self.inner_errors[name])

    @property
    def choices(self) -> dict[str, Any]:
        """What :meth:`fit` has chosen, and the inner error (eV) of every model that was tried."""
        return {"model": self.chosen, "inner_mae": {name: round(mae, 4) for name, mae in self.inner_errors.items()}}

    def _predict(self, entries: Dataset) -> Prediction:
        """Return barriers and standard deviations, eV."""
        mean = _barriers(self._model, self._inputs.transform(_table(entries)[0]))
        return Prediction(mean=mean, std=self._spread * (mean + OFFSET))


def prepare(entries: Dataset) -> None:
    """Compute the features of `entries` and leave them in the cache."""
    _table(entries)


def support_vector_machines() -> dict[str, Maker]:
    """Return makers of the models that are tried with and without SOAP, by name."""
    from sklearn.svm import SVR

    return {
        "svr-C2": lambda: SVR(C=2.0, epsilon=0.05, gamma=0.0007),
        "svr-C6": lambda: SVR(C=6.0, epsilon=0.05, gamma=0.0007),
    }


def other_models(seed: int, kernel: Any) -> dict[str, Maker]:
    """Return makers of the other models by name; the Gaussian process has the `kernel` that is given."""
    from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor

    return {
        "gaussian-process": lambda: GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True),
        "extra-trees": lambda: ExtraTreesRegressor(100, min_samples_leaf=2, max_features=30, random_state=seed),
        "gradient-boosting": lambda: HistGradientBoostingRegressor(
            max_iter=100, learning_rate=0.08, max_leaf_nodes=8, max_features=0.2, random_state=seed
        ),
    }


def fitted_kernel(inputs: Floats, target: Floats) -> Any:
    """Return the kernel of the Gaussian process with the largest marginal likelihood on the whole training side.

    The inner folds share it: it has three parameters, and to find them takes longer than all the rest.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    kernel = ConstantKernel(0.5) * RBF(20.0) + WhiteKernel(0.05)
    return GaussianProcessRegressor(kernel, normalize_y=True).fit(inputs, target).kernel_


def _inputs(names: Sequence[str], *, soap: bool) -> Any:
    """Return what makes the inputs of a model: standardised descriptors and, with `soap`, components of SOAP."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    of_soap = [position for position, name in enumerate(names) if name.startswith("soap:")]
    others = sorted(set(range(len(names))) - set(of_soap))
    blocks: list[tuple[str, Any, list[int]]] = [("descriptors", StandardScaler(), others)]
    if soap:
        components = whitened_components(len(of_soap))
        blocks.append(("soap", make_pipeline(components, FunctionTransformer(_weighted)), of_soap))
    return ColumnTransformer(blocks)


def _weighted(components: Floats) -> Floats:
    return COMPONENT_WEIGHT * components


def _table(entries: Dataset) -> tuple[Floats, list[str]]:
    from embench.baselines.features import feature_table

    return feature_table(entries, SETS)


def _out_of_fold(
    makers: Mapping[str, Maker], inputs: Any, table: Floats, target: Floats, folds: list[NDArray[np.intp]]
) -> dict[str, Floats]:
    """Return the out-of-fold barriers (n,), eV, of every model; `inputs` is fitted anew in every fold."""
    guesses = {name: np.empty_like(target) for name in makers}
    for test in folds:
        train = np.setdiff1d(np.arange(len(target)), test)
        seen, held_out = inputs.fit_transform(table[train]), inputs.transform(table[test])
        for name, make in makers.items():
            guesses[name][test] = _barriers(make().fit(seen, target[train]), held_out)
    return guesses


def _barriers(model: Any, inputs: Floats) -> Floats:
    return from_log(model.predict(inputs))

"""What a baseline is: the class that the runner fits on the training side of a fold and asks for predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from embench.errors import BaselineError

if TYPE_CHECKING:
    from embench.dataset import Dataset

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted barriers `mean` (n,) and, where the model has them, their standard deviations `std` (n,); eV."""

    mean: FloatArray
    std: FloatArray | None = None

    def check(self, n: int) -> None:
        """Raise :class:`~embench.errors.BaselineError` unless this is a finite prediction for `n` entries.

        Standard deviations must be positive.
        """
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is None:
                continue
            if np.shape(values) != (n,):
                raise BaselineError(f"{name} has shape {np.shape(values)}, expected ({n},): one value for each entry")
            odd = ~np.isfinite(values) | (np.asarray(values) <= 0.0 if name == "std" else False)
            if odd.any():
                row = int(np.flatnonzero(odd)[0])
                raise BaselineError(
                    f"{name} of entry {row} of {n} is {values[row]}; every value must be finite and every std positive"
                )


class Baseline(Protocol):
    """The interface of a baseline.

    One instance serves one fold. All that is fitted or chosen (scalers, projections, hyper-parameters) must be
    fitted or chosen in :meth:`fit`, from `train` alone. Equal seeds and data must give equal predictions.

    What :meth:`fit` has chosen may be told in an attribute ``choices``, a dictionary of plain values; it becomes part
    of the record.
    """

    def __init__(self, *, seed: int) -> None:
        """Take the seed of everything random; no work is done here."""

    def fit(self, train: Dataset) -> Self:
        """Fit to the training side of a fold and return the baseline itself."""
        ...

    def predict(self, entries: Dataset) -> Prediction:
        """Predict the barriers of `entries`, whose targets are hidden, in their order."""
        ...


class CheckedBaseline(ABC):
    """A baseline that says in words what it cannot be fitted to or asked for.

    Those that ship with embench derive from it and define :meth:`_fit` and :meth:`_predict`, which are only called for
    at least one entry, and :meth:`_predict` only after :meth:`_fit`.
    """

    _fitted = False

    def fit(self, train: Dataset) -> Self:
        """Fit to the training side of a fold and return the baseline itself.

        Raises :class:`~embench.errors.BaselineError` for anything but a dataset of at least one entry, and
        :class:`~embench.errors.HiddenTargetError` where its targets are hidden.
        """
        _check_entries(train, f"{type(self).__name__} is fitted to", "protocol.folds[0].train")
        self._fitted = False
        self._fit(train)
        self._fitted = True
        return self

    def predict(self, entries: Dataset) -> Prediction:
        """Return the predicted barriers (eV) of `entries`, in their order, and what the model says of their spread.

        Raises :class:`~embench.errors.BaselineError` for anything but a dataset of at least one entry, and where
        nothing was fitted before.
        """
        if not self._fitted:
            raise BaselineError(f"{type(self).__name__}: predict was called before fit; call fit(train) first")
        _check_entries(entries, f"{type(self).__name__} predicts", "protocol.folds[0].test")
        return self._predict(entries)

    @abstractmethod
    def _fit(self, train: Dataset) -> None:
        """Fit to a dataset of at least one entry."""

    @abstractmethod
    def _predict(self, entries: Dataset) -> Prediction:
        """Predict the barriers of a dataset of at least one entry."""


def _check_entries(entries: Any, does: str, example: str) -> None:
    """Raise :class:`~embench.errors.BaselineError` unless `entries` is a dataset of at least one entry."""
    # What answers like a Dataset is one: entries of one's own are fitted to and predicted as well.
    if not (hasattr(entries, "column") and hasattr(entries, "__len__")):
        n = f" of {len(entries)}" if isinstance(entries, list | tuple) else ""
        raise BaselineError(
            f"{does} a Dataset, not a {type(entries).__name__}{n}: give embench.load().select(entry_ids) or {example}; "
            "a crystal that is not in the dataset is predicted by embench.predict"
        )
    if not len(entries):
        raise BaselineError(f"{does} at least one entry, and this Dataset holds none: see what chose its entries")

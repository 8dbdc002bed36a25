"""What a baseline is: the class that the runner fits on the training side of a fold and asks for predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

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

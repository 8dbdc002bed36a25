"""The features of the elements that the network reads."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from embench.errors import MissingDependencyError

N_FEATURES = 92
_HEAVIEST = 118


@lru_cache(maxsize=1)
def atom_features() -> npt.NDArray[np.float32]:
    """Return the features (119, 92) of every element by its atomic number, row 0 empty.

    They are the one-hot features of group, period, electronegativity, radius and more of CGCNN (Xie and Grossman,
    Phys. Rev. Lett. 120, 145301, 2018) as jarvis-tools ships them. It has none beyond fermium and gives fermium's
    there, and so does this table.

    Raises :class:`~embench.errors.MissingDependencyError` without jarvis-tools.
    """
    try:
        from jarvis.core.specie import cgcnn_feature_json
    except ImportError:
        raise MissingDependencyError("jarvis-tools", "alignn", "the features of the elements") from None
    with open(cgcnn_feature_json, encoding="utf-8") as file:
        known = {int(number): row for number, row in json.load(file).items()}
    table = np.zeros((_HEAVIEST + 1, N_FEATURES), dtype=np.float32)
    for number in range(1, _HEAVIEST + 1):
        table[number] = known[min(number, max(known))]
    table.flags.writeable = False
    return table

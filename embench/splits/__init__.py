"""The protocols: which entries are scored, and what a model may train on for each of them.

>>> import embench
>>> for fold in embench.protocol("host-10fold"):
...     model = fit(fold.train)  # doctest: +SKIP
...     barriers = model.predict(fold.test)  # doctest: +SKIP

The folds are files, ``splits/<protocol>.csv``, described and checksummed in ``splits/manifest.json``; they are
made by :mod:`embench.splits.make` and never at run time.
"""

from __future__ import annotations

from embench.splits.load import Fold, Protocol, protocol
from embench.splits.registry import (
    PROTOCOLS,
    SPLITS_VERSION,
    TRANSFER_PROTOCOLS,
    ProtocolSpec,
    all_protocol_names,
    protocol_names,
)

__all__ = [
    "PROTOCOLS",
    "SPLITS_VERSION",
    "TRANSFER_PROTOCOLS",
    "Fold",
    "Protocol",
    "ProtocolSpec",
    "all_protocol_names",
    "protocol",
    "protocol_names",
]

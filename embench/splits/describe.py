"""What a protocol's folds contain."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.splits.load import Fold, Protocol

if TYPE_CHECKING:
    from embench.dataset import Dataset

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, kw_only=True)
class FoldDescription:
    """Sizes of one fold, and for its scored side the quantiles of the target (eV), ions and hosts."""

    fold: str
    n_train: int
    n_test: int
    quantiles: tuple[float, ...]
    ions: dict[str, int]
    n_hosts: int


def describe_folds(protocol: Protocol, data: Dataset) -> list[FoldDescription]:
    """Return a description of each fold; ``quantiles`` are those of :data:`QUANTILES`, ions the most frequent first."""
    return [_describe(fold, data.select(fold.test_ids)) for fold in protocol]


def _describe(fold: Fold, scored: Dataset) -> FoldDescription:
    import numpy as np

    return FoldDescription(
        fold=fold.name,
        n_train=len(fold.train_ids),
        n_test=len(scored),
        quantiles=tuple(np.quantile(scored.column("migration_barrier"), QUANTILES).tolist()),
        ions=dict(Counter(scored.column("mobile_ion").tolist()).most_common()),
        n_hosts=len(set(scored.column("group_host").tolist())),
    )

"""Other folds by the rules of a protocol: to confirm a choice on folds that had no say in it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from embench.errors import SplitsError
from embench.splits.load import Fold, Protocol
from embench.splits.make import Assignment, assign
from embench.splits.registry import protocol_spec

if TYPE_CHECKING:
    from embench.dataset import Dataset

_FIRST_SEED = 1000


def fresh_protocol(name: str, number: int, data: Dataset) -> Protocol:
    """Return the k-fold protocol `name` with new folds of the entries of `data`, made with its rules from another seed.

    Equal numbers give equal folds; none is chosen for being even, unlike those of the released protocols.

    Raises
    ------
    UnknownNameError
        There is no such protocol.
    SplitsError
        The protocol has no folds to make anew, `number` is negative, or a rule of the protocol would be broken.
    """
    spec = protocol_spec(name)
    if spec.kind != "k-fold":
        raise SplitsError(f"{name} has folds that are given, not drawn: name a protocol with random folds")
    if number < 0:
        raise SplitsError(f"the assignment {number} is negative: count assignments from 0")
    made = assign(replace(spec, first_seed=_FIRST_SEED + number, n_seeds=1), data)
    return _protocol(made, data)


def _protocol(made: Assignment, data: Dataset) -> Protocol:
    folds = tuple(
        Fold(
            fold,
            tuple(i for i in made.fold_of if made.fold_of[i] != fold),
            tuple(i for i in made.fold_of if made.fold_of[i] == fold),
            made.spec.train_dataset,
            made.spec.dataset,
        )
        for fold in made.folds
    )
    return Protocol(made.spec.name, folds, hashlib.sha256(made.csv().encode()).hexdigest(), data.version)

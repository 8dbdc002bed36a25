"""Baselines for the tests: slow, cheating and broken ones."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from embench.baselines.base import Prediction

LOG = "EMBENCH_TEST_LOG"
PAUSE = "EMBENCH_TEST_PAUSE"


def log(word: str) -> None:
    """Append a word to the log file of the test; short appends are not torn, whoever else writes."""
    if path := os.environ.get(LOG):
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{word}\n")


def logged(path: Path, word: str) -> int:
    return path.read_text(encoding="utf-8").split().count(word) if path.exists() else 0


def slow_features(entries) -> None:
    assert entries.targets_hidden
    log("features")


class Slow:
    """Random numbers around the training mean, after a pause."""

    def __init__(self, *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def fit(self, train) -> Self:
        log("started")
        self.choices = {"pause": float(os.environ.get(PAUSE, "0.2"))}
        time.sleep(self.choices["pause"])
        self.mean = train.column("migration_barrier").mean()
        log("fitted")
        return self

    def predict(self, entries) -> Prediction:
        return Prediction(self.mean + self.rng.random(len(entries)), 0.1 + self.rng.random(len(entries)))


class Spy(Slow):
    """Keeps what it is given."""

    seen: ClassVar[list[tuple[tuple[str, ...], tuple[str, ...]]]] = []

    def fit(self, train) -> Self:
        self.train_ids = train.entry_ids
        return super().fit(train)

    def predict(self, entries) -> Prediction:
        assert entries.targets_hidden
        self.seen.append((self.train_ids, entries.entry_ids))
        return super().predict(entries)


class ReadsColumn(Slow):
    def predict(self, entries) -> Prediction:
        return Prediction(entries.column("migration_barrier"))


class ReadsEntries(Slow):
    def predict(self, entries) -> Prediction:
        return Prediction(np.array([entry.migration_barrier for entry in entries]))


class ReadsFlags(Slow):
    def predict(self, entries) -> Prediction:
        known = set(entries.filter(include_flags="outlier").entry_ids)
        return Prediction(np.array([5.0 if name in known else 0.6 for name in entries.entry_ids]))


class Short(Slow):
    def predict(self, entries) -> Prediction:
        return Prediction(np.zeros(len(entries) - 1))


class NotFinite(Slow):
    def predict(self, entries) -> Prediction:
        return Prediction(np.full(len(entries), np.nan))


class Certain(Slow):
    def predict(self, entries) -> Prediction:
        return Prediction(np.ones(len(entries)), np.zeros(len(entries)))


class SometimesCertain(Slow):
    calls: ClassVar[int] = 0

    def predict(self, entries) -> Prediction:
        type(self).calls += 1
        return Prediction(np.ones(len(entries)), np.ones(len(entries)) if self.calls % 2 else None)

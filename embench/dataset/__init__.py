"""The dataset: entries, their structures, and how they are loaded, filtered and exported."""

from __future__ import annotations

from embench.dataset.dataset import Dataset, load
from embench.dataset.entry import Entry

__all__ = ["Dataset", "Entry", "load"]

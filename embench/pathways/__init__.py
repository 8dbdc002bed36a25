"""Paths of the migrating ion that are no straight lines."""

from __future__ import annotations

from embench.pathways.relaxed import CLEARANCE, RelaxedPath, relaxed_band, relaxed_path

__all__ = ["CLEARANCE", "RelaxedPath", "relaxed_band", "relaxed_path"]

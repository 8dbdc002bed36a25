"""Hops of a crystal: between two end structures, or all that its ions can make; and the network that they form."""

from __future__ import annotations

from embench.migration.between import hop_between
from embench.migration.find import Hops, find_hops
from embench.migration.hop import MigrationHop

__all__ = ["Hops", "MigrationHop", "find_hops", "hop_between"]

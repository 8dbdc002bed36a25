"""Hops of a crystal: between two end structures, or all that its ions can make; and the network that they form."""

from __future__ import annotations

from embench.migration.between import hop_between
from embench.migration.find import find_hops
from embench.migration.hop import MigrationHop
from embench.migration.hops import Hops
from embench.migration.network import HopBarrier, NetworkBarriers, Way, hopping_rate, network_barriers

__all__ = [
    "HopBarrier",
    "Hops",
    "MigrationHop",
    "NetworkBarriers",
    "Way",
    "find_hops",
    "hop_between",
    "hopping_rate",
    "network_barriers",
]

"""The entry explorer: a table of all entries, and a view of each with its pathway in three dimensions.

The page loads what it shows of an entry from ``entries/part-NN.js`` when it is asked for; the address
``entries.html#<entry_id>`` leads to an entry.
"""

from __future__ import annotations

from embench.leaderboard.site.entries.page import entry_address, filter_address, write_entries

__all__ = ["entry_address", "filter_address", "write_entries"]

"""The entry explorer: a table of all entries, and a view of each with its pathway in three dimensions.

Each page holds what it shows of its entry, packed; the frame that all share is in ``assets/entry-data.js``.
"""

from __future__ import annotations

from embench.leaderboard.site.entries.page import entry_address, filter_address, write_entries

__all__ = ["entry_address", "filter_address", "write_entries"]

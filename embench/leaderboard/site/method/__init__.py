"""The page on the method: what is predicted, how it is measured, what leaks, how reliable labels are, how to submit."""

from __future__ import annotations

from embench.leaderboard.site.method.page import write_method

__all__ = ["write_method"]

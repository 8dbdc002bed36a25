"""Intervals, paired comparisons and ranks: bootstrap and permutation by host framework, seeded."""

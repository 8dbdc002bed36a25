"""The words that documents choose from, each a closed set."""

from __future__ import annotations

from typing import Literal

Direction = Literal["lower", "higher", "zero", "nominal"]
"""Which values of a metric are better: lower, higher, nearer to zero, nearer to its nominal value."""

Family = Literal["regression", "classification", "pathway", "uncertainty"]
"""What a metric is about."""

Method = Literal["bca", "percentile", "none"]
"""How an interval was made."""

Outcome = Literal["true_positive", "false_positive", "false_negative", "true_negative"]
"""What became of an entry where barriers below the threshold are to be found."""

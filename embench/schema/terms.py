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

Functional = Literal["LDA", "PBE", "PBEsol", "SCAN", "r2SCAN", "HSE06", "mixed", "other"]
"""The exchange-correlation functional of the data that a potential was trained on."""

Dispersion = Literal["none", "D3", "D3(BJ)", "D4", "other"]
"""The dispersion correction of these data."""


def level_name(functional: Functional, hubbard_u: bool, dispersion: Dispersion) -> str:
    """Return a level of theory as one name to sort and filter by, such as ``PBE+U`` or ``r2SCAN+D4``."""
    parts = [functional, *(["U"] if hubbard_u else []), *([dispersion] if dispersion != "none" else [])]
    return "+".join(parts)

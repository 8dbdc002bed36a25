"""Formulas with their amounts as subscripts, as text and as markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_SUBSCRIPTS = str.maketrans("0123456789.", "₀₁₂₃₄₅₆₇₈₉.")
_PART = re.compile(r"(\d[\d.]*)")


def subscripted(formula: str) -> str:
    """Return a formula with its amounts as subscript characters: ``LiFePO4`` is LiFePO₄."""
    return _PART.sub(lambda found: found[1].translate(_SUBSCRIPTS), formula)


def marked(formula: str) -> Markup:
    """Return a formula with its amounts as subscripts, escaped."""
    from markupsafe import Markup, escape

    parts = _PART.split(formula)
    return Markup("").join(Markup("<sub>{}</sub>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts))

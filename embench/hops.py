"""The public name of :mod:`embench.crystal` in 0.1.0, kept for code that imports it."""

from __future__ import annotations

from embench.crystal import Hop, Pathway, hop_of

__all__ = ["Hop", "Pathway", "hop_of"]

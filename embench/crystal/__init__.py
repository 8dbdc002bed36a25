"""A hop and what surrounds it: the line, the neighbours, their formal charges and radii, and cheap pair energies.

The baselines make their features from it, and relaxed pathways their energy landscape. Only the structure, the end of
the hop and tabulated parameters go in.
"""

from __future__ import annotations

from embench.crystal.hop import Hop, Pathway, hop_of

__all__ = ["Hop", "Pathway", "hop_of"]

"""Compare the labels of the dataset with independent calculations and with each other.

Nothing here changes an entry: what the audit finds becomes the flag ``label_suspect`` and a page of the
documentation.
"""

from __future__ import annotations

from embench.audit.barriers import Potential, read_potentials
from embench.audit.noise import Duplicates, find_duplicates
from embench.audit.suspects import Suspect, find_suspects

__all__ = ["Duplicates", "Potential", "Suspect", "find_duplicates", "find_suspects", "read_potentials"]

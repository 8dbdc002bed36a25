"""Published and audited figures of the dataset, computed from the raw release apart from this project."""

from __future__ import annotations

# Migrating ion: entries of the published training and test part.
IONS = {
    "Li": (154, 21),
    "Ca": (141, 12),
    "Na": (104, 5),
    "Mg": (92, 14),
    "K": (32, 4),
    "Zn": (21, 2),
    "Rb": (7, 1),
    "Al": (6, 1),
    "Sr": (2, 0),
}
FUNCTIONALS = {"GGA": 545, "GGA+U": 45, "SCAN": 19, "LDA": 10}

"""What the card, the Croissant file and the commands say of the dataset as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION

if TYPE_CHECKING:
    from embench.schema import Layout

REPOSITORY = "embench/migration-barriers"
"""The dataset repository on the hub."""

TAG = f"v{DATASET_VERSION}"
"""The tag under which the hub keeps the version of the dataset that this embench loads by default."""

PREDICTIONS_REPOSITORY = "embench/predictions"
"""The repository on the hub of the predictions of the submissions; it has versions of its own."""

HUB_URL = f"https://huggingface.co/datasets/{REPOSITORY}"
CODE_URL = "https://github.com/embench/embench"
"""The repository of the code, where submissions are pull requests; pyproject.toml and the notebooks are compared."""

SITE_URL = "https://embench-leaderboard.static.hf.space/"
"""Where the leaderboard is published: the Space embench/leaderboard."""

DOCS_URL = f"{SITE_URL}docs/"
"""Where the documentation is published."""

TITLE = "Ionic migration barriers"
PUBLISHED = "2026-11-29"
"""The date of dataset :data:`~embench._version.DATASET_VERSION`, ISO 8601; changes with it."""

LICENCE = "mit"
LICENCE_URL = "https://spdx.org/licenses/MIT.html"

SUMMARY = (
    "Migration barriers of ions in crystalline solids, collected from the literature of density functional theory "
    "nudged elastic band calculations, each with its structure, hop, annotations, relations to other entries and "
    "documented faults; with fixed splits."
)

PREDICTIONS_SUMMARY = (
    "Migration barriers of ions in crystalline solids as predicted by the systems on the embench leaderboard: the "
    "submissions as they were handed in, one row a system, protocol and entry."
)

KEYWORDS = (
    "chemistry",
    "materials science",
    "migration barrier",
    "ionic conductor",
    "battery",
    "nudged elastic band",
    "density functional theory",
    "benchmark",
)

UPSTREAM_URL = "https://github.com/sai-mat-group/predicting-migration-barriers"
UPSTREAM_COMMIT = "577fbc45d8edb081a7b67b82f135c55ad0a4a256"
OXYGEN_URL = "https://github.com/sandialabs/d2gnn"
OXYGEN_COMMIT = "4ccc2fa82e33c6f05e77298343317a3f340331c2"
POTENTIALS_URL = "https://github.com/sai-mat-group/mlips-migration-barriers"


def tag_of(layout: Layout) -> str:
    """Return the tag under which the hub keeps a version of a dataset."""
    return TAG if layout.current else f"v{layout.version}"

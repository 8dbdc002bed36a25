"""Published predictions as submissions, made from the files that their authors released.

Every system is one entry of :data:`SYSTEMS`; the numbers come from the released files, none is typed here.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from embench.audit.potentials import SOURCES, Rows, checked, from_sheet
from embench.curation.sheet import TEST_SHEET
from embench.leaderboard.submission.write import make_submission
from embench.leaderboard.submission.write import write_submission as write

_MODEL_PAPER = {
    "authors": ["R. Devi", "K. T. Butler", "G. Sai Gautam"],
    "paper": "npj Comput. Mater. (2026), doi:10.1038/s41524-026-01972-8, arXiv:2508.06436",
    "code": "https://github.com/sai-mat-group/predicting-migration-barriers",
    "licence": "MIT (2023, Simulations and Informatics of Materials Group)",
    "date": "2026",
}
_POTENTIAL_PAPER = {
    "authors": ["A. K. Bheemaguli", "P. Xiao", "G. Sai Gautam"],
    "paper": "Digital Discovery (2026), doi:10.1039/d5dd00534e, arXiv:2512.03642",
    "code": "https://github.com/sai-mat-group/mlips-migration-barriers",
    "licence": "MIT (2025)",
    "date": "2026",
}
_DEFINITIONS = (
    "The barrier is the one that the source reports: the highest minus the lowest energy of the five images, endpoints "
    "included. The column barrier_max_minus_start holds the highest energy minus that of the initial state."
)
_NO_TRAINING = {
    "description": "trained on general DFT data of inorganic crystals, not on migration barriers",
    "overlaps_scored_entries": "structures",
    "overlap_details": "no barriers; relaxed structures of the same compounds may be in it",
}
MAX_MINUS_MIN = "max-minus-min"


@dataclass(frozen=True, kw_only=True)
class LiteratureSystem:
    """One published set of predictions: where it is read from and what its submission says."""

    slug: str
    name: str
    kind: str
    description: str
    source: dict[str, Any]
    training_data: dict[str, str]
    file: str
    read: Callable[[Path], Rows]
    protocols: tuple[str, ...] = ("published",)
    barrier: str | None = None


def _potential(slug: str, name: str, *, entries: str, all_protocols: bool) -> LiteratureSystem:
    return LiteratureSystem(
        slug=slug,
        name=name,
        kind="potential-neb",
        description=f"{name} with ASE NEB on five images, {entries}. {_DEFINITIONS}",
        source=_POTENTIAL_PAPER,
        training_data=_NO_TRAINING,
        file="barriers.csv",
        read=SOURCES[slug],
        protocols=("all",) if all_protocols else ("published",),
        barrier=MAX_MINUS_MIN,
    )


def _mace_of_the_sheet(slug: str, column: str, endpoints: str) -> LiteratureSystem:
    return LiteratureSystem(
        slug=slug,
        name=f"MACE ({endpoints} endpoints)",
        kind="potential-neb",
        description=f"MACE barriers with {endpoints} endpoints, column {column} of the table of the raw release.",
        source=_MODEL_PAPER,
        training_data=_NO_TRAINING,
        file="barriers.csv",
        read=SOURCES[slug],
        protocols=("all",),
    )


SYSTEMS: tuple[LiteratureSystem, ...] = (
    LiteratureSystem(
        slug="model-3",
        name="MODEL-3 (fine-tuned ALIGNN)",
        kind="literature",
        description=(
            "ALIGNN pre-trained on seven bulk properties and fine-tuned on the published training part, reading one "
            "graph that holds five images of the migrating ion. Predictions from the table of the raw release."
        ),
        source=_MODEL_PAPER,
        training_data={
            "description": "seven bulk properties (Materials Project origin), then the published training part",
            "overlaps_scored_entries": "structures",
            "overlap_details": "no barriers; structures of the same compounds may be in the pre-training data",
        },
        file="published.csv",
        read=partial(from_sheet, TEST_SHEET, "SYS_NAME", "PREDICTION"),
    ),
    _mace_of_the_sheet("mace-relax", "MACE-RELAX", "relaxed"),
    _mace_of_the_sheet("mace-no-relax", "MACE-NO-RELAX", "unrelaxed"),
    _potential(
        "orb-v3",
        "Orb-v3",
        entries="all entries for which the source has a result",
        all_protocols=True,
    ),
    *(
        _potential(slug, name, entries="published test part", all_protocols=False)
        for slug, name in (
            ("sevennet-mf-ompa", "SevenNet-MF-ompa"),
            ("mace-mp-0", "MACE-MP-0"),
            ("chgnet", "CHGNet"),
            ("m3gnet", "M3GNet"),
        )
    ),
)


def write_submission(system: LiteratureSystem, shared: Path, folder: Path) -> int:
    """Write the submission of `system` into `folder`/slug; return how many entries it predicts.

    Parameters
    ----------
    shared : folder that holds ``upstream/`` and ``umlip_neb/``.

    Raises
    ------
    UpstreamError
        A source file is missing or names an entry twice or one that the dataset does not have.
    """
    from embench.dataset import load

    rows = checked(system.slug, system.read(shared), load().entry_ids)
    files = {system.file: _csv_text(rows).encode()}
    write(make_submission(folder / system.slug, _description(system, len(rows)), files), replace=True)
    return len(rows)


def _csv_text(rows: Rows) -> str:
    buffer = StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _description(system: LiteratureSystem, n_entries: int) -> dict[str, Any]:
    source = system.source
    return {
        "name": system.name,
        "version": "as published",
        "kind": system.kind,
        "authors": source["authors"],
        "date": source["date"],
        "description": system.description,
        "paper": source["paper"],
        "code": source["code"],
        "licence": source["licence"],
        # What follows as null is not in the sources.
        "parameters": None,
        "barrier": system.barrier,
        "training_data": system.training_data,
        "uncertainty": None,
        "hardware": None,
        "cost_device_hours": None,
        "cost_by_protocol": {},
        "upstream": None,
        "seeds": [],
        "versions": {},
        "reproduce": f"embench leaderboard literature SHARED --only {system.slug}",
        "predictions": dict.fromkeys(system.protocols, system.file),
        "n_predicted": n_entries,
    }

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
from embench.neb.columns import above_first, energies_cell
from embench.neb.failures import Profile, failures_of
from embench.schema.predicted import ENERGIES, FAILURES, MAX_MINUS_START

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
    "included. The column barrier_max_minus_start holds the highest energy minus that of the initial state, energies "
    "those of the images that the source tells, and failures what the rules of embench find in them; nothing is known "
    "of structures and forces."
)
_MATERIALS_PROJECT = {"functional": "PBE", "hubbard_u": True, "dispersion": "none"}
_NO_TRAINING = {
    "description": "trained on general DFT data of inorganic crystals, not on migration barriers",
    "overlaps_scored_entries": "structures",
    "overlap_details": "no barriers; relaxed structures of the same compounds may be in it",
}
MAX_MINUS_MIN = "max-minus-min"
_EVERY = "all entries for which the source has a result"


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
    level_of_theory: dict[str, Any] | None = None


def _potential(slug: str, name: str, *, data: str, entries: str, all_protocols: bool) -> LiteratureSystem:
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
        level_of_theory={**_MATERIALS_PROJECT, "details": data},
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
    *(
        _potential(slug, name, data=data, entries=_EVERY, all_protocols=True)
        for slug, name, data in (
            ("orb-v3", "Orb-v3", "OMat24"),
            ("sevennet-mf-ompa", "SevenNet-MF-ompa", "OMat24, sAlex and MPtrj; the modal that was used is omat24"),
        )
    ),
    *(
        _potential(slug, name, data=data, entries="published test part", all_protocols=False)
        for slug, name, data in (
            ("mace-mp-0", "MACE-MP-0", "MPtrj"),
            ("chgnet", "CHGNet", "MPtrj"),
            ("m3gnet", "M3GNet", "MPF.2021.2.8"),
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
    """Return a predictions file with the numbers as the source has them, and what the rules say of its bands."""
    from embench.dataset import load

    data, buffer = load(), StringIO()
    names = [name for name in ("entry_id", "prediction", MAX_MINUS_START, ENERGIES) if name in rows[0]]
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*names, FAILURES] if ENERGIES in names else names)
    for row in rows:
        cells = [row[name] for name in names if name != ENERGIES]
        energies: Any = row.get(ENERGIES)
        if energies is not None:
            cells.append(energies_cell(above_first(energies)))
            first, *inner, last = (each for each in energies if each is not None)
            # The sources tell the highest image of every band, so that those that they do not tell are no higher.
            known = (first, *inner, max(first, *inner, last), last) if None in energies else energies
            equivalent = data[str(row["entry_id"])].endpoints_equivalent
            cells.append(" ".join(failures_of(Profile(energies=known, ends_equivalent=equivalent))))
        writer.writerow(cells)
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
        **({} if system.level_of_theory is None else {"level_of_theory": system.level_of_theory}),
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

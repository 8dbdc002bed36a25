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

from embench.common.files import write_together
from embench.curation.sheet import TABLE_FILE, TABLE_SHEET, TEST_SHEET, read_sheet
from embench.errors import UpstreamError

TEST_BARRIERS_FILE = "umlip_test_barriers.csv"
ALL_BARRIERS_FILE = "umlip_all_barriers.csv"
# The protocol of the source; the few results with another number of images belong to another one.
N_IMAGES = 5

Rows = list[dict[str, object]]

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


def _from_sheet(sheet: str, key: str, column: str, shared: Path) -> Rows:
    """Return the predictions in a column of the table of the raw release; blank cells were not computed."""
    rows = read_sheet(shared / "upstream" / TABLE_FILE, sheet)
    return [{"entry_id": row[key], "prediction": float(row[column])} for row in rows if row[column] is not None]


def _read_csv(path: Path) -> list[dict[str, str]]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise UpstreamError(f"{path} cannot be read: {error.strerror}") from error


def _from_test_barriers(model: str, shared: Path) -> Rows:
    rows = _read_csv(shared / "umlip_neb" / TEST_BARRIERS_FILE)
    return [
        {
            "entry_id": row["sys_name"],
            "prediction": float(row["reported_barrier_eV"]),
            # The energies are given to 1e-6 eV or worse: what follows in the difference is noise.
            "barrier_max_minus_start": round(float(row["emax"]) - float(row["e0"]), 6),
        }
        for row in rows
        if row["model"] == model and int(row["n_images"]) == N_IMAGES
    ]


def _from_all_barriers(model: str, shared: Path) -> Rows:
    rows = _read_csv(shared / "umlip_neb" / ALL_BARRIERS_FILE)
    return [
        {
            "entry_id": row["sys_name"],
            "prediction": float(row["barrier_max_minus_min_eV"]),
            "barrier_max_minus_start": float(row["barrier_max_minus_start_eV"]),
        }
        for row in rows
        if row["model"] == model
    ]


def _potential(
    slug: str, name: str, read: Callable[[Path], Rows], *, entries: str, all_protocols: bool
) -> LiteratureSystem:
    return LiteratureSystem(
        slug=slug,
        name=name,
        kind="potential-neb",
        description=f"{name} with ASE NEB on five images, {entries}. {_DEFINITIONS}",
        source=_POTENTIAL_PAPER,
        training_data=_NO_TRAINING,
        file="barriers.csv",
        read=read,
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
        read=partial(_from_sheet, TABLE_SHEET, "sys_name", column),
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
        read=partial(_from_sheet, TEST_SHEET, "SYS_NAME", "PREDICTION"),
    ),
    _mace_of_the_sheet("mace-relax", "MACE-RELAX", "relaxed"),
    _mace_of_the_sheet("mace-no-relax", "MACE-NO-RELAX", "unrelaxed"),
    _potential(
        "orb-v3",
        "Orb-v3",
        partial(_from_all_barriers, "Orb-v3"),
        entries="all entries for which the source has a result",
        all_protocols=True,
    ),
    *(
        _potential(slug, name, partial(_from_test_barriers, model), entries="published test part", all_protocols=False)
        for slug, name, model in (
            ("sevennet-mf-ompa", "SevenNet-MF-ompa", "SevenNet"),
            ("mace-mp-0", "MACE-MP-0", "MACE"),
            ("chgnet", "CHGNet", "CHGNet"),
            ("m3gnet", "M3GNet", "M3GNet"),
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

    rows = system.read(shared)
    ids = [str(row["entry_id"]) for row in rows]
    odd = sorted({entry_id for entry_id in ids if ids.count(entry_id) > 1 or entry_id not in load()})
    if odd or not rows:
        raise UpstreamError(
            f"{system.slug}: no rows, or entries that are unknown or given twice: {', '.join(odd[:10])}"
        )
    order = {entry_id: position for position, entry_id in enumerate(load().entry_ids)}
    rows.sort(key=lambda row: order[str(row["entry_id"])])
    target = folder / system.slug
    texts = {target / system.file: _csv_text(rows), target / "submission.yaml": _yaml_text(system, len(rows))}
    write_together({path: partial(_write, text) for path, text in texts.items()})
    return len(rows)


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _csv_text(rows: Rows) -> str:
    buffer = StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _yaml_text(system: LiteratureSystem, n_entries: int) -> str:
    import yaml

    source = system.source
    content: dict[str, Any] = {
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
        "seeds": [],
        "versions": {},
        "reproduce": f"embench leaderboard literature SHARED --only {system.slug}",
        "predictions": dict.fromkeys(system.protocols, system.file),
        "n_predicted": n_entries,
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text

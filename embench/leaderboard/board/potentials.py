"""What the board knows of potentials beside their scores: energy profiles, failures by kind, costs, flagged entries.

All of it is read from the predictions files and descriptions of the submissions; see
:data:`embench.schema.predicted.BAND_COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from embench.dataset import load
from embench.neb.columns import BandRow, read_bands
from embench.neb.failures import FAILURES, FROM_ENERGIES
from embench.schema.terms import level_name

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import (
        CheckpointCard,
        CostPoint,
        ErrorOf,
        ErrorsByFailure,
        FailureKind,
        LevelOfTheoryCard,
        NebCard,
        PotentialCard,
        PotentialsSection,
    )
    from embench.leaderboard.submission import Submission

DECIMALS = 4


def potentials_section(submissions: Sequence[Submission]) -> PotentialsSection:
    """Return what the board says of all submissions that tell of their bands, or are potentials.

    Raises :class:`~embench.errors.PredictionsError` for a file whose columns are not as they must be.
    """
    found = {submission.slug: (submission, band_rows(submission)) for submission in submissions}
    told = {slug: each for slug, each in found.items() if each[0].kind == "potential-neb" or _tells(each[1].values())}
    return {
        "kinds": failure_kinds(),
        "systems": {slug: potential_card(submission, rows) for slug, (submission, rows) in told.items()},
        "profiles": energy_profiles({slug: rows for slug, (_, rows) in told.items()}),
        "flags": flags_by_entry({slug: rows for slug, (_, rows) in told.items()}),
    }


def band_rows(submission: Submission) -> dict[str, BandRow]:
    """Return the lines of all predictions files of a submission, by entry_id; raises PredictionsError."""
    files = sorted(set(submission.predictions.values()))
    read = (read_bands(submission.files[name], name=str(submission.folder / name)) for name in files)
    return {row.entry_id: row for rows in read for row in rows}


def failure_kinds() -> list[FailureKind]:
    """Return the kinds of failure, in the order in which they are shown."""
    return [
        {
            "name": kind.name,
            "description": kind.description,
            "has_value": kind.has_value,
            "from_energies": kind.name in FROM_ENERGIES,
        }
        for kind in FAILURES
    ]


def energy_profiles(rows: Mapping[str, Mapping[str, BandRow]]) -> dict[str, dict[str, list[float | None]]]:
    """Return the energies of all images above the first one, eV, by entry_id (as in the dataset) and slug."""
    profiles: dict[str, dict[str, list[float | None]]] = {}
    for entry_id in load().entry_ids:
        told = {slug: of[entry_id].energies for slug, of in rows.items() if entry_id in of}
        known = {slug: energies for slug, energies in told.items() if energies is not None}
        if known:
            profiles[entry_id] = {slug: [_rounded(each) for each in energies] for slug, energies in known.items()}
    return profiles


def flags_by_entry(rows: Mapping[str, Mapping[str, BandRow]]) -> dict[str, dict[str, list[str]]]:
    """Return the failures of all bands that have any, by entry_id (as in the dataset) and slug."""
    found: dict[str, dict[str, list[str]]] = {}
    for entry_id in load().entry_ids:
        flagged = {slug: list(of[entry_id].failures or ()) for slug, of in rows.items() if entry_id in of}
        if any(flagged.values()):
            found[entry_id] = {slug: flags for slug, flags in flagged.items() if flags}
    return found


def potential_card(submission: Submission, rows: Mapping[str, BandRow]) -> PotentialCard:
    """Return what the board says of one potential."""
    neb = submission.neb
    return {
        "protocol": None if neb is None else neb.protocol,
        "n": len(rows) if neb is None else neb.n,
        "share_converged": None if neb is None else neb.share_converged,
        "failures": _failures(submission, rows),
        "errors": errors_by_failure(rows),
        "cost": _costs(rows),
    }


def _failures(submission: Submission, rows: Mapping[str, BandRow]) -> dict[str, int] | None:
    """Return how many bands have each kind of failure; None where nobody has looked.

    What has no barrier is in no file: of those kinds the description tells. Of a file alone only the kinds are known
    that energies show.
    """
    neb, told = submission.neb, [row.failures for row in rows.values() if row.failures is not None]
    if neb is not None:
        return {kind.name: neb.failures.get(kind.name, 0) for kind in FAILURES}
    if not told:
        return None
    counts = {kind.name: sum(kind.name in failures for failures in told) for kind in FAILURES}
    return {name: count for name, count in counts.items() if count or name in FROM_ENERGIES}


def errors_by_failure(rows: Mapping[str, BandRow]) -> ErrorsByFailure | None:
    """Return the mean absolute error of the predicted entries, all and by whether their bands have a failure.

    None where the file does not tell of failures.
    """
    told = [row for row in rows.values() if row.failures is not None]
    if not told:
        return None
    return {
        "all": _error(told),
        "flagged": _error([row for row in told if row.failures]),
        "not_flagged": _error([row for row in told if not row.failures]),
    }


def _error(rows: Sequence[BandRow]) -> ErrorOf:
    data = load()
    errors = [abs(row.prediction - data[row.entry_id].migration_barrier) for row in rows]
    return {"n": len(errors), "mae": _rounded(sum(errors) / len(errors)) if errors else None}


def _costs(rows: Mapping[str, BandRow]) -> list[CostPoint]:
    data = load()
    points: list[CostPoint] = [
        {"entry_id": row.entry_id, "n_sites": data[row.entry_id].n_sites, "cpu_seconds": row.cpu_seconds}
        for row in rows.values()
        if row.cpu_seconds is not None
    ]
    return sorted(points, key=lambda point: (point["n_sites"], point["entry_id"]))


def level_card(submission: Submission) -> LevelOfTheoryCard | None:
    """Return the level of theory that a submission states."""
    level = submission.level_of_theory
    if level is None:
        return None
    return {
        "name": level_name(level.functional, level.hubbard_u, level.dispersion),
        "functional": level.functional,
        "hubbard_u": level.hubbard_u,
        "dispersion": level.dispersion,
        "details": level.details,
    }


def neb_card(submission: Submission) -> NebCard | None:
    """Return what a submission states about its bands."""
    neb = submission.neb
    if neb is None:
        return None
    return {
        "protocol": neb.protocol,
        "digest": neb.digest,
        "n": neb.n,
        "share_converged": neb.share_converged,
        "failures": {str(name): count for name, count in neb.failures.items()},
    }


def checkpoint_card(submission: Submission) -> CheckpointCard | None:
    """Return the weights that a submission states."""
    weights = submission.checkpoint
    if weights is None:
        return None
    return {"address": weights.address, "sha256": weights.sha256, "licence": weights.licence}


def _tells(rows: Iterable[BandRow]) -> bool:
    return any(row.energies is not None or row.failures is not None for row in rows)


def _rounded(value: float | None) -> float | None:
    # Adding zero turns a rounded -0.0 into 0.0.
    return None if value is None else round(value, DECIMALS) + 0.0

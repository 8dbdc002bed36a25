"""Energy profiles in a predictions file, scored: both barriers, and the whole profile where the truth is known.

A predictions file may hold the energies of all images (:mod:`embench.neb.columns`). The barrier of a cation is all that
the literature gives, so that its forward barrier is scored, and the backward one where symmetry makes both the same. Of
oxygen vacancies the energies of five images are known: there the profile itself is scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embench.dataset import Entry, load
from embench.errors import PredictionsError
from embench.evaluation.find import find_predictions
from embench.evaluation.predictions import parse_predictions
from embench.evaluation.predictions_files import read_content
from embench.neb.columns import BandRow, read_bands
from embench.schema.predicted import ENERGIES
from embench.splits import protocol as read_protocol
from embench.statistics.intervals import Estimate, estimate
from embench.statistics.resampling import bootstrap_blocks, cluster_codes

Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000
# A maximum at an end by less than this is rounding, eV.
_FLAT = 1e-6


@dataclass(frozen=True)
class ProfileError:
    """The mean of an error (eV) over `n` entries from `n_hosts` host frameworks, with its 95 % interval."""

    mean: Estimate
    n: int
    n_hosts: int


@dataclass(frozen=True)
class ProfileScores:
    """What the profiles of a system are worth on a protocol.

    `forward` and `backward` are the mean absolute errors of the highest image above the first and above the last one;
    `profile` is the mean over entries of the root mean square difference between the images, each above its first one.
    `ends` is the mean absolute error of the energy of the last image above the first. None where nothing is known to
    compare with. `without_saddle` are the entries whose highest image is an end.
    """

    name: str
    protocol: str
    n_scored: int
    n: int
    forward: ProfileError
    backward: ProfileError | None
    ends: ProfileError | None
    profile: ProfileError | None
    without_saddle: tuple[str, ...]


def score_profiles(
    source: str | Path,
    protocol: str,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    dataset_version: str | None = None,
) -> ProfileScores:
    """Return the scores of the energy profiles in a predictions file, or in that of a submission, on a protocol.

    Entries that the protocol does not score are passed over, and so are those without energies: how many have some is
    part of the result. `dataset_version` is that of the dataset to score on, by default the one of the leaderboard.

    Raises
    ------
    PredictionsError
        The file is no table of predictions, has no column ``energies``, or no profile of a scored entry; a profile
        contradicts its prediction.
    UnknownNameError
        There is no such protocol or version of the dataset.
    """
    found = read_protocol(protocol, dataset_version)
    data = load(found.dataset)
    rows = _rows(source, protocol, data.entry_ids)
    scored = data.select(sorted(found.scored_ids))
    told = [(entry, rows[entry.entry_id]) for entry in scored if entry.entry_id in rows]
    if not told:
        raise PredictionsError(f"{source} has energies of none of the {len(scored)} entries that {protocol} scores")
    hosts = [entry.group_host for entry, _ in told]
    profiles = [np.array(row.known) for _, row in told]

    def mean(values: Sequence[float | None]) -> ProfileError | None:
        chosen = [i for i, value in enumerate(values) if value is not None]
        if not chosen:
            return None
        kept = np.array([values[i] for i in chosen], dtype=np.float64)
        return _mean(kept, [hosts[i] for i in chosen], seed=seed, resamples=resamples)

    pairs = [(entry, profile) for (entry, _), profile in zip(told, profiles, strict=True)]
    forward = mean([abs(_above(profile, profile[0]) - entry.migration_barrier) for entry, profile in pairs])
    assert forward is not None, "there is a profile"
    return ProfileScores(
        name=str(source),
        protocol=protocol,
        n_scored=len(scored),
        n=len(told),
        forward=forward,
        backward=mean([_backward_error(entry, profile) for entry, profile in pairs]),
        ends=mean([_ends_error(entry, profile) for entry, profile in pairs]),
        profile=mean([_profile_error(entry, row) for entry, row in told]),
        without_saddle=tuple(
            entry.entry_id
            for entry, profile in pairs
            if profile[1:-1].max(initial=-np.inf) < max(profile[0], profile[-1]) - _FLAT
        ),
    )


def _rows(source: str | Path, protocol: str, known: Sequence[str]) -> dict[str, BandRow]:
    """Return the rows with energies by entry; both ends are among them, as the reader sees to."""
    path = find_predictions(source, protocol)
    content = read_content(path)
    parse_predictions(content, name=str(path), known=known, plain=True)
    rows = [row for row in read_bands(content, name=str(path)) if row.energies is not None]
    if not rows:
        raise PredictionsError(
            f"{path} has no column {ENERGIES}: the energies of all images above the first one, eV, with blanks between "
            "them"
        )
    return {row.entry_id: row for row in rows}


def _above(profile: Floats, reference: float) -> float:
    return float(profile.max() - reference)


def _truth(entry: Entry) -> Floats | None:
    """Return the known energies of the images of an entry above the first one, where there are any."""
    return np.asarray(entry.image_energies) if "image_energies" in entry.columns else None


def _backward_error(entry: Entry, profile: Floats) -> float | None:
    truth = _truth(entry)
    if truth is not None:
        return abs(_above(profile, profile[-1]) - _above(truth, truth[-1]))
    # Both ways are the same where a symmetry operation of the crystal maps the ends onto each other.
    return abs(_above(profile, profile[-1]) - entry.migration_barrier) if entry.endpoints_equivalent else None


def _ends_error(entry: Entry, profile: Floats) -> float | None:
    truth = _truth(entry)
    if truth is not None:
        return abs(float(profile[-1] - profile[0] - truth[-1]))
    return abs(float(profile[-1] - profile[0])) if entry.endpoints_equivalent else None


def _profile_error(entry: Entry, row: BandRow) -> float | None:
    """Return the root mean square difference over the images of the truth but the first, eV.

    The images of either side are evenly spaced; where there are others in number, the prediction is interpolated.
    """
    truth = _truth(entry)
    if truth is None or row.energies is None:
        return None
    places = [i / (len(row.energies) - 1) for i, energy in enumerate(row.energies) if energy is not None]
    predicted = np.interp(np.linspace(0.0, 1.0, len(truth)), places, row.known) - row.known[0]
    return float(np.sqrt(np.mean((predicted - truth)[1:] ** 2)))


def _mean(values: Floats, hosts: Sequence[str], *, seed: int, resamples: int) -> ProfileError:
    codes = cluster_codes(hosts)
    n_hosts = int(codes.max()) + 1
    sums, counts = np.bincount(codes, weights=values), np.bincount(codes).astype(np.float64)
    replicates = np.empty(resamples)
    for rows, drawn in bootstrap_blocks(n_hosts, resamples=resamples, seed=seed, entries=len(values)):
        replicates[rows] = (drawn @ sums) / (drawn @ counts)
    without = (sums.sum() - sums) / np.maximum(counts.sum() - counts, 1.0)
    found = estimate(float(values.mean()), replicates, without, clusters=n_hosts)
    return ProfileError(found, len(values), n_hosts)

"""Where predictions would stand among the submissions that are at hand, without building the board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embench.common.text import plural
from embench.errors import EmbenchError
from embench.evaluation.find import find_predictions, submissions_folder
from embench.evaluation.scored import match
from embench.evaluation.sources import read_source

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.evaluation.scored import Matched

# Systems that the sentence names; further ones are counted.
_MOST_NAMES = 4


@dataclass(frozen=True)
class Rival:
    """Another system: its folder, its name on the leaderboard, and its MAE, eV."""

    slug: str
    name: str
    mae: float


@dataclass(frozen=True)
class Standing:
    """The place of a system by MAE among `n` systems, itself included.

    `rank` is 1 for the lowest MAE; equal ones share the mean of their ranks. `best` has the lowest MAE of the others.
    `tied` are those whose MAE cannot be distinguished statistically from that of the system: the paired interval of the
    difference holds zero, or the sign-flip test gives p ≥ 0.05, each pair by itself. `own` is the folder of the
    submission that these predictions are, or None.
    """

    rank: float
    n: int
    best: Rival
    tied: tuple[Rival, ...]
    own: str | None = None


def standing(evaluation: Evaluation, folder: Path | None = None) -> Standing | None:
    """Return where an evaluation stands among the submissions for its protocol.

    None where there are no others, or where the predictions are too few for a rank. Systems that predict too few
    entries have none either, and are not counted. The submissions are those in `folder`, or where
    :func:`~embench.evaluation.find.submissions_folder` says. One that cannot be read is left out: that is for the check
    of that one to say.
    """
    from embench.statistics.pairs import compare_all
    from embench.statistics.rounding import midranks

    if not evaluation.coverage.enough:
        return None
    folder = folder or submissions_folder()
    own, rivals = None, []
    for slug, matched in _others(evaluation, folder) if folder else ():
        if matched.predictions.sha256 == evaluation.checksums["predictions"]:
            own = slug
        elif matched.coverage.enough:
            rivals.append((slug, matched))
    if folder is None or not rivals:
        return None
    errors = np.stack([evaluation.sample.absolute_error, *(matched.sample.absolute_error for _, matched in rivals)])
    maes = errors.mean(axis=1)
    pairs = compare_all(
        errors,
        evaluation.sample.codes,
        resamples=evaluation.resamples,
        seed=evaluation.seed,
        pairs=[(0, position) for position in range(1, len(errors))],
    )
    order = sorted(range(1, len(errors)), key=lambda position: (maes[position], rivals[position - 1][0]))
    tied = {pair.b for pair in pairs if not pair.resolved}

    def rival(position: int) -> Rival:
        slug = rivals[position - 1][0]
        return Rival(slug, _name(folder / slug), float(maes[position]))

    return Standing(
        rank=float(midranks(errors.sum(axis=1)[None])[0, 0]),
        n=len(errors),
        best=rival(order[0]),
        tied=tuple(rival(position) for position in order if position in tied),
        own=own,
    )


def standing_sentence(found: Standing, protocol: str) -> str:
    """Return where a system stands, in words."""
    verb = "stands" if found.own else "would stand"
    start = f"This system {verb} {found.rank:g} of {found.n} on {protocol}"
    if not found.tied:
        return f"{start}, tied with none."
    names = [rival.name for rival in found.tied]
    shown, more = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    if more > 0:
        return f"{start}, tied with {', '.join(shown)} and {plural(more, 'other')}."
    return f"{start}, tied with {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))}."


def _others(evaluation: Evaluation, folder: Path) -> Iterator[tuple[str, Matched]]:
    """Yield the submissions that have predictions for the protocol, by folder."""
    scored, protocol = evaluation.scored, evaluation.protocol
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        # A file with the name of the protocol is found without reading the description, which costs more than the rest.
        path = place / f"{protocol}.csv"
        try:
            path = path if path.is_file() and not path.is_symlink() else find_predictions(place, protocol)
            predictions = read_source(path, protocol, known=scored.known_ids)
            yield place.name, match(predictions, scored, threshold=evaluation.threshold, fill_missing=True)
        except EmbenchError:
            continue


def _name(place: Path) -> str:
    """Return what a submission calls itself."""
    from embench.evaluation.submission_folder import SUBMISSION_FILE, read_description

    try:
        described = read_description(place / SUBMISSION_FILE).value
    except EmbenchError:
        return place.name
    return str(described["name"]) if isinstance(described, dict) and "name" in described else place.name

"""What is wrong with a sound description: it contradicts its predictions, or takes the name of another submission."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from embench.errors import PredictionsError
from embench.evaluation.submission_folder import SUBMISSION_FILE
from embench.leaderboard.submission.looks import plain_name, skeleton
from embench.neb.columns import BandRow, read_bands
from embench.neb.failures import FAILURES

if TYPE_CHECKING:
    from embench.leaderboard.submission.model import Submission


def statement_problems(submission: Submission) -> Iterator[str]:
    """Yield where the description says something else than the predictions files."""
    where = submission.folder / SUBMISSION_FILE
    protocols = (*submission.protocols(), *submission.transfer_protocols())
    found = [submission.predicted(protocol) for protocol in protocols]
    n = len({entry_id for predictions in found for entry_id in predictions.entry_ids})
    if n != submission.n_predicted:
        yield f"{where}: n_predicted is {submission.n_predicted}, but the files predict {n} entries; write {n}"
    if submission.uncertainty is None and any(predictions.uncertainties for predictions in found):
        yield f"{where}: the predictions have a column uncertainty; say under uncertainty: what it holds"
    yield from _band_problems(submission)


def _band_problems(submission: Submission) -> Iterator[str]:
    """Yield what is wrong with the columns that tell of bands, and where ``neb`` says something else than they do."""
    rows: dict[str, BandRow] = {}
    try:
        for name in sorted(set(submission.predictions.values())):
            found = read_bands(submission.files[name], name=str(submission.folder / name))
            rows |= {row.entry_id: row for row in found}
    except PredictionsError as error:
        yield str(error)
        return
    where, neb = submission.folder / SUBMISSION_FILE, submission.neb
    told = [row.failures for row in rows.values() if row.failures is not None]
    if neb is None or not told:
        return
    if neb.n < len(rows):
        yield f"{where}: neb.n is {neb.n}, but the files hold {len(rows)} barriers; count all bands that were tried"
    for kind in FAILURES:
        stated, counted = neb.failures.get(kind.name, 0), sum(kind.name in failures for failures in told)
        # What has no barrier is in no file: of such failures there may be more.
        if stated < counted or (stated > counted + (neb.n - len(rows))):
            yield f"{where}: neb.failures says {stated} {kind.name}, but the files have {counted}; write {counted}"


def name_problems(submission: Submission, others: Collection[Submission]) -> Iterator[str]:
    """Yield which of the `others` has the name of a submission; it may be among them itself.

    Versions of one system share its name; a name that only looks like that of another system is taken, whatever the
    version.
    """
    where = submission.folder / SUBMISSION_FILE
    for other in others:
        if other.slug == submission.slug or skeleton(other.name) != skeleton(submission.name):
            continue
        if plain_name(other.name) != plain_name(submission.name):
            yield f"{where}: the name {submission.name!r} looks like {other.name!r}, that of {other.slug}; change it"
        elif skeleton(other.version) == skeleton(submission.version):
            yield (
                f"{where}: the name {submission.name!r} and version {submission.version!r} are those of {other.slug}; "
                "change one of them"
            )

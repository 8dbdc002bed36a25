"""For which protocol a predictions file is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embench.common.text import plural
from embench.errors import SubmissionError, UnknownNameError
from embench.evaluation.protocols import protocol_of_name, protocols_of_entries
from embench.leaderboard.submission.folder import MOST_BYTES_OF_PREDICTIONS
from embench.splits.registry import protocol_names

ALL = "all"
UNTRAINED = "potential-neb"


def assign_protocols(files: Sequence[Path], *, named: Sequence[str] = (), kind: str | None = None) -> dict[str, Path]:
    """Return the file of each protocol, or of ``all``, in the order of the registry.

    Parameters
    ----------
    files
        Predictions files; each is read and checked.
    named
        The protocols of the files, in their order; empty to take them from the names of the files, or from the
        entries where those belong to one protocol only.
    kind
        The kind of the submission, where it is known: what needs no training serves all protocols with one file.

    Raises
    ------
    SubmissionError
        A file is too large, there are not as many names as files, two files are for one protocol, or it cannot be told
        for which one a file is.
    PredictionsError
        A file is no table of predictions.
    UnknownNameError
        There is no such protocol.
    """
    known = (*protocol_names(), ALL)
    for name in named:
        if name not in known:
            raise UnknownNameError("protocol", name, known)
    if named and len(named) != len(files):
        raise SubmissionError(
            f"{plural(len(files), 'file')} and {plural(len(named), 'protocol')}: give --protocol once for each file, "
            "in the same order, or not at all"
        )
    found: dict[str, Path] = {}
    for position, path in enumerate(files):
        name = _checked(path, named[position] if named else None, kind)
        if name in found:
            raise SubmissionError(
                f"{found[name]} and {path} are both for {name}; name the protocols with --protocol, once for each file"
            )
        found[name] = path
    return {name: found[name] for name in known if name in found}


def check_tables(files: Sequence[Path]) -> None:
    """Raise what :func:`assign_protocols` raises for files that are too large or no tables of predictions."""
    for path in files:
        _read_ids(path)


def _checked(path: Path, named: str | None, kind: str | None) -> str:
    """Read the predictions in `path`, and return the protocol that they are for."""
    entry_ids = _read_ids(path)
    return named or protocol_of_name(path) or _from_entries(path, entry_ids, kind)


def _read_ids(path: Path) -> frozenset[str]:
    from embench.dataset import load
    from embench.evaluation.predictions import read_predictions

    try:
        size = path.stat().st_size
    except OSError:
        size = 0  # reading it says what is wrong
    if size > MOST_BYTES_OF_PREDICTIONS:
        raise SubmissionError(
            f"{path} is larger than {MOST_BYTES_OF_PREDICTIONS >> 20} MiB; keep the columns entry_id, prediction and "
            "uncertainty"
        )
    return frozenset(read_predictions(path, known=load().entry_ids).entry_ids)


def _from_entries(path: Path, entry_ids: frozenset[str], kind: str | None) -> str:
    """Return the protocol that scores what is predicted; raise where several do."""
    fits = protocols_of_entries(entry_ids)
    if len(fits) == 1:
        return fits[0]
    if kind == UNTRAINED:
        return ALL
    which = ", ".join(fits or protocol_names())
    raise SubmissionError(
        f"{path} predicts {plural(len(entry_ids), 'entry')}, and it cannot be told which of {which} it is for: name "
        f"it with --protocol, or the file after it ({fits[0] if fits else 'host-10fold'}.csv)"
    )

"""For which protocol a predictions file is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.text import plural
from embench.errors import SubmissionError, UnknownNameError
from embench.evaluation.submission_folder import ALL, MOST_BYTES_OF_PREDICTIONS
from embench.splits.registry import protocol_names

if TYPE_CHECKING:
    from embench.evaluation.predictions import Predictions

UNTRAINED = "potential-neb"


@dataclass(frozen=True)
class GivenFile:
    """A predictions file that somebody wants to submit: where it is, what it holds, and what that means."""

    path: Path
    content: bytes
    predictions: Predictions


def assign_protocols(
    files: Sequence[GivenFile], *, named: Sequence[str] = (), kind: str | None = None
) -> dict[str, GivenFile]:
    """Return the file of each protocol, or of ``all``, in the order of the registry.

    Parameters
    ----------
    files
        Predictions files, as :func:`read_given` returns them.
    named
        The protocols of the files, in their order; empty to take them from the names of the files, or from the
        entries where those belong to one protocol only.
    kind
        The kind of the submission, where it is known: what needs no training serves all protocols with one file.

    Raises
    ------
    SubmissionError
        There are not as many names as files, two files are for one protocol, or it cannot be told for which one a file
        is.
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
    found: dict[str, GivenFile] = {}
    for position, file in enumerate(files):
        name = named[position] if named else _from_name(file.path) or _from_entries(file, kind)
        if name in found:
            raise SubmissionError(
                f"{found[name].path} and {file.path} are both for {name}; name the protocols with --protocol, once for "
                "each file"
            )
        found[name] = file
    return {name: found[name] for name in known if name in found}


def read_given(paths: Sequence[Path]) -> tuple[GivenFile, ...]:
    """Read predictions files, each once.

    Raises :class:`~embench.errors.SubmissionError` for one that is too large and
    :class:`~embench.errors.PredictionsError` for one that is no table of predictions.
    """
    return tuple(_read_given(path) for path in paths)


def _read_given(path: Path) -> GivenFile:
    from embench.dataset import load
    from embench.evaluation.predictions import parse_predictions
    from embench.evaluation.predictions_csv import read_content

    content = read_content(path, most_bytes=MOST_BYTES_OF_PREDICTIONS)
    if len(content) > MOST_BYTES_OF_PREDICTIONS:
        raise SubmissionError(
            f"{path} is larger than {MOST_BYTES_OF_PREDICTIONS >> 20} MiB; keep the columns entry_id, prediction and "
            "uncertainty"
        )
    return GivenFile(path, content, parse_predictions(content, name=str(path), known=load().entry_ids))


def _from_name(path: Path) -> str | None:
    """Return the only protocol whose name is a word of the file name, if there is one."""
    words = [
        name
        for name in protocol_names()
        if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", path.stem.casefold())
    ]
    return words[0] if len(words) == 1 else None


def _from_entries(file: GivenFile, kind: str | None) -> str:
    """Return the protocol that scores what is predicted; raise where several do."""
    from embench.splits import protocol

    entry_ids = frozenset(file.predictions.entry_ids)
    fits = [name for name in protocol_names() if entry_ids <= frozenset(protocol(name).scored_ids)]
    smallest = min((len(protocol(name).scored_ids) for name in fits), default=0)
    closest = [name for name in fits if len(protocol(name).scored_ids) == smallest]
    if len(closest) == 1:
        return closest[0]
    if kind == UNTRAINED:
        return ALL
    which = ", ".join(closest or protocol_names())
    raise SubmissionError(
        f"{file.path} predicts {plural(len(entry_ids), 'entry')}, and it cannot be told which of {which} it is for: "
        f"name it with --protocol, or the file after it ({closest[0] if closest else 'host-10fold'}.csv)"
    )

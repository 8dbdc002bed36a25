"""For which protocol a predictions file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.text import plural
from embench.errors import SubmissionError, UnknownNameError
from embench.evaluation.protocols import protocol_of_name, protocols_of_entries
from embench.evaluation.submission_folder import ALL, MOST_BYTES_OF_PREDICTIONS
from embench.schema import LAYOUTS
from embench.splits.registry import all_protocol_names

if TYPE_CHECKING:
    from embench.evaluation.predictions import Predictions

UNTRAINED = "potential-neb"


@dataclass(frozen=True)
class GivenFile:
    """A predictions file that somebody wants to submit: where it is, what goes into the submission, what that means.

    `content` is CSV in eV: the file itself where it is that, else what its predictions are written as.
    """

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
    known = (*all_protocol_names(), ALL)
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
        name = named[position] if named else protocol_of_name(file.path) or _from_entries(file, kind)
        if name in found:
            raise SubmissionError(
                f"{found[name].path} and {file.path} are both for {name}; name the protocols with --protocol, once for "
                "each file"
            )
        found[name] = file
    return {name: found[name] for name in known if name in found}


def read_given(paths: Sequence[Path], *, unit: str | None = None) -> tuple[GivenFile, ...]:
    """Read predictions files, each once; `unit` is that of their numbers.

    Raises :class:`~embench.errors.SubmissionError` for one that is too large and
    :class:`~embench.errors.PredictionsError` for one that is no table of predictions.
    """
    return tuple(_read_given(path, unit) for path in paths)


def _read_given(path: Path, unit: str | None) -> GivenFile:
    from embench.dataset import load
    from embench.evaluation.predictions import canonical_csv, parse_predictions
    from embench.evaluation.predictions_files import read_content

    content = read_content(path, most_bytes=MOST_BYTES_OF_PREDICTIONS)
    if len(content) > MOST_BYTES_OF_PREDICTIONS:
        raise SubmissionError(
            f"{path} is larger than {MOST_BYTES_OF_PREDICTIONS >> 20} MiB; keep the columns entry_id, prediction and "
            "uncertainty"
        )
    known = [entry_id for layout in LAYOUTS for entry_id in load(layout.name).entry_ids]
    found = parse_predictions(content, name=str(path), known=known, unit=unit)
    if found.plain:
        return GivenFile(path, content, found)
    written = canonical_csv(found.entry_ids, found.values, found.uncertainties).encode()
    return GivenFile(path, written, parse_predictions(written, name=str(path), known=known))


def _from_entries(file: GivenFile, kind: str | None) -> str:
    """Return the protocol that scores what is predicted; raise where several do."""
    fits = protocols_of_entries(file.predictions.entry_ids)
    if len(fits) == 1:
        return fits[0]
    if kind == UNTRAINED:
        return ALL
    which = ", ".join(fits or all_protocol_names())
    raise SubmissionError(
        f"{file.path} predicts {plural(len(file.predictions), 'entry')}, and it cannot be told which of {which} it is "
        f"for: name it with --protocol, or the file after it ({fits[0] if fits else 'host-10fold'}.csv)"
    )

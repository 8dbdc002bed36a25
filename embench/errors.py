"""One exception class per kind of failure; all of them derive from :class:`EmbenchError`.

The command line turns each into a message on standard error and the exit code of its class, so a message must
name the offending value, where it stands, and the way out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EmbenchError(Exception):
    """Base of everything that embench raises on purpose."""

    exit_code = 1


class PredictionsError(EmbenchError):
    """A predictions file cannot be scored as it is."""

    exit_code = 2


class UnknownEntryError(EmbenchError, KeyError):
    """An ``entry_id`` that the dataset does not contain."""

    exit_code = 2

    def __init__(self, entry_id: str, known: Iterable[str]) -> None:
        self.entry_id = entry_id
        self.nearest = nearest_names(entry_id, known)
        super().__init__(f"no entry {entry_id!r} in the dataset{did_you_mean(self.nearest)}")

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0])


class UnknownNameError(EmbenchError, ValueError):
    """A name (column, flag, protocol, metric, …) that is not among the known ones."""

    exit_code = 2

    def __init__(self, kind: str, name: str, known: Iterable[str], *, way_out: str | None = None) -> None:
        known = sorted(known)
        if way_out is None:
            nearest = nearest_names(name, known)
            way_out = did_you_mean(nearest) if nearest else f"; known: {', '.join(known)}"
        super().__init__(f"unknown {kind} {name!r}{way_out}")


class InvalidValueError(EmbenchError, ValueError):
    """A setting is out of range."""

    exit_code = 2


class UpstreamError(EmbenchError):
    """The raw release is missing, damaged, or not the one that the curation was written for."""


class LedgerError(EmbenchError):
    """The curation ledger contradicts the raw release or itself."""


class DatasetError(EmbenchError):
    """The dataset files are missing, damaged, or of another version."""


class SplitsError(EmbenchError):
    """The split files are missing, damaged, or break a rule of their protocol."""


class HiddenTargetError(EmbenchError, AttributeError):
    """The target of an entry on the scored side of a fold was asked for."""


class MissingStructureError(EmbenchError):
    """A structure that the release does not contain was asked for."""


class StructureError(EmbenchError, ValueError):
    """A crystal or a pair of structures from which no hop can be read as it is."""

    exit_code = 2


class FeatureError(EmbenchError):
    """A structure has something that the features of a baseline have no model for."""


class CorpusError(EmbenchError):
    """A file of the pre-training corpus cannot be read or built."""


class CheckpointError(EmbenchError):
    """A file with the weights of a network cannot be read, or they do not fit the network."""


class OutputError(EmbenchError):
    """A file or folder cannot be written."""


class StaleFileError(EmbenchError):
    """A generated file is not what its command writes now."""


class HubError(EmbenchError):
    """A folder cannot be published as it is, or the hub did not do what it was asked for."""


class BaselineError(EmbenchError):
    """A baseline does not keep its contract, or could not be run."""


class NebError(EmbenchError):
    """A calculation with a potential cannot be done, or its results cannot be read."""


class PotentialError(NebError):
    """A potential has raised, or its energies or forces are no finite numbers."""


class SubmissionError(EmbenchError):
    """A submission to the leaderboard cannot be taken as it is."""

    exit_code = 2


ON_PYPI = False
"""Whether the release is on PyPI. Until then embench is installed from a checkout; the release sets this to True."""


def install_command(extra: str = "") -> str:
    """Return the command that installs embench, with an extra; what the documentation says is compared with it."""
    what = "embench-barriers" if ON_PYPI else "."
    return f"pip install '{what}[{extra}]'" if extra else f"pip install {what}"


class MissingDependencyError(EmbenchError, ImportError):
    """An optional library that the call needs is not installed."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        self.library = library
        self.extra = extra
        self.purpose = purpose
        where = "" if ON_PYPI else ", in a checkout of embench"
        super().__init__(f"{purpose} needs {library}, which is not installed: {install_command(extra)}{where}")


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names that resemble `name` most, best first, compared without regard to case."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=count, cutoff=0.5)
    return [by_folded[match] for match in close]


def did_you_mean(names: list[str]) -> str:
    """Return ``'; did you mean A, B or C?'``, or an empty string for no names."""
    if not names:
        return ""
    *front, last = names
    return f"; did you mean {', '.join(front) + ' or ' if front else ''}{last}?"

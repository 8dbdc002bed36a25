"""What is to be scored, read before the protocol is known, and the protocol that follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from embench.common.text import plural
from embench.errors import PredictionsError
from embench.evaluation.find import find_predictions
from embench.evaluation.predictions import Predictions, Source, read_predictions, read_runs
from embench.evaluation.protocols import protocol_of_name, protocols_of_entries
from embench.schema import LAYOUTS
from embench.splits.registry import all_protocol_names, protocol_names


@dataclass(frozen=True)
class Inferred:
    """A protocol, and what told it."""

    protocol: str
    told_by: str


def infer_protocol(
    sources: Sequence[Source], *, unit: str | None = None, version: str | None = None
) -> tuple[Inferred, tuple[Source, ...]]:
    """Return the one protocol that all `sources` can be for, and the sources, those that were read as predictions.

    `version` is that of the dataset to score on.

    Each source is asked in turn: for the name of a protocol in the name of its file, for the only protocol that a
    submission has predictions for, then for the only protocol that scores its entries and the fewest others. What
    leaves it open follows those that do not; where all do, or two disagree, the protocol must be given.

    Raises :class:`~embench.errors.PredictionsError` there, and for predictions that cannot be read.
    """
    found: dict[str, tuple[str, str]] = {}
    read: list[Source] = []
    reasons: list[str] = []
    for source in sources:
        taken, told, reason = _ask(source, unit, version)
        read.append(taken)
        if told is None:
            reasons.append(reason)
        else:
            found.setdefault(told, (_name(taken), reason))
    if not found:
        raise PredictionsError(f"{reasons[0]}: name the protocol to score with --protocol (protocol=...)")
    if len(found) > 1:
        told = " and ".join(f"{name} for {protocol}" for protocol, (name, _) in found.items())
        raise PredictionsError(f"predictions for several protocols ({told}): name the one to score with --protocol")
    ((protocol, (_, reason)),) = found.items()
    return Inferred(protocol, reason), tuple(read)


def read_source(source: Source, protocol: str, *, known: Sequence[str], unit: str | None = None) -> Predictions:
    """Return the predictions of a source for `protocol`: an object, a file, or a submission by folder or name."""
    if not isinstance(source, str | Path):
        return read_predictions(source, known=known, unit=unit)
    return read_predictions(find_predictions(source, protocol), known=known, name=str(source), unit=unit)


def read_runs_of(
    source: Source, protocol: str, *, known: Sequence[str], unit: str | None = None
) -> tuple[Predictions, ...]:
    """Return the predictions of all runs of a system: those of its seeds, or of several files or objects in a list."""
    if is_runs(source):
        runs = [run for one in source for run in read_runs_of(one, protocol, known=known, unit=unit)]
        names = [run.name for run in runs]
        return tuple(
            replace(run, name=f"{run.name}, run {i}") if names.count(run.name) > 1 else run
            for i, run in enumerate(runs, start=1)
        )
    if not isinstance(source, str | Path):
        return read_runs(source, known=known, unit=unit)
    return read_runs(find_predictions(source, protocol), known=known, name=str(source), unit=unit)


def is_runs(source: Source) -> TypeGuard[Sequence[Source]]:
    """Return whether a source is a list of runs: of paths, of mappings by entry, of frames, of predictions read."""
    if not isinstance(source, list | tuple) or not source:
        return False
    return all(_is_one_source(item) for item in source)


def _is_one_source(item: object) -> bool:
    if isinstance(item, Mapping):
        # A record of a list of records names its columns; a run maps entries to barriers.
        return "entry_id" not in item or isinstance(item["entry_id"], list | tuple)
    return isinstance(item, str | Path | Predictions) or hasattr(item, "columns") or hasattr(item, "items")


def _name(source: Source) -> str:
    if is_runs(source):
        return _name(source[0])
    return source.name if isinstance(source, Predictions) else str(source)


def _ask(source: Source, unit: str | None, version: str | None) -> tuple[Source, str | None, str]:
    """Return the source, read where need be, the protocol that it tells, and what told it or why nothing did."""
    if is_runs(source):
        # All runs are of one system: what the first tells holds for all.
        _, told, reason = _ask(source[0], unit, version)
        return source, told, reason
    if isinstance(source, str | Path):
        submitted = _submitted(source)
        if submitted is None:
            named = protocol_of_name(Path(source))
            if named is not None:
                return source, named, "the name of the file"
        elif len(submitted) == 1:
            return source, submitted[0], "the only predictions of the submission"
        elif submitted:
            return source, None, f"{source} has predictions for {', '.join(submitted)}, and any of them can be meant"
    from embench.dataset import load

    known = [entry_id for layout in LAYOUTS for entry_id in load(layout.name).entry_ids]
    runs = read_runs_of(source, protocol_names()[0], known=known, unit=unit)
    predictions = runs[0]
    fits = protocols_of_entries(predictions.entry_ids, version)
    if len(fits) == 1:
        return list(runs) if len(runs) > 1 else predictions, fits[0], "the entries"
    size = plural(len(predictions), "entry")
    if fits:
        return predictions, None, f"{predictions.name} predicts {size}, which {', '.join(fits)} all score"
    return predictions, None, f"{predictions.name} predicts {size}, which no protocol scores without others"


def _submitted(source: str | Path) -> tuple[str, ...] | None:
    """Return the protocols that a submission has a file for, none where one file is for all; None for a file.

    Raises :class:`~embench.errors.PredictionsError` for what is neither a file nor a submission with predictions.
    """
    found: dict[str, Path] = {}
    refused: PredictionsError | None = None
    for protocol in all_protocol_names():
        try:
            path = find_predictions(source, protocol)
        except PredictionsError as error:
            refused = refused or error
            continue
        if path == Path(source):
            return None
        found[protocol] = path
    if not found and refused is not None:
        raise refused
    for_all = len(found) == len(protocol_names()) and len(set(found.values())) == 1
    return () if for_all else tuple(found)

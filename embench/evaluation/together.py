"""All systems side by side: one table of entries and predictions, :func:`embench.load_predictions`."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

from embench.errors import MissingDependencyError, PredictionsError, SubmissionError, UnknownNameError
from embench.evaluation.find import find_predictions, submissions_folder
from embench.evaluation.predictions import Predictions, read_predictions
from embench.evaluation.scored import ScoredSet, scored_set
from embench.evaluation.submission_folder import left_by_system

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("migration_barrier", "fold", "mobile_ion", "functional", "structure_class", "group_host", "group_prototype")
"""The columns before those of the systems."""


def load_predictions(
    protocol: str = "host-10fold",
    *,
    systems: Collection[str] | None = None,
    uncertainties: bool = False,
    dataset_version: str | None = None,
) -> pd.DataFrame:
    """Return what every system on the leaderboard predicts for the entries of a protocol, as one table.

    Parameters
    ----------
    protocol
        Name of the protocol; each entry that it scores is a row, indexed by ``entry_id``.
    systems
        Names of submissions; None for all that have predictions for the protocol.
    uncertainties
        Add a column ``<system> uncertainty`` (1σ, eV) for each system that has them.
    dataset_version
        Version of the dataset that says which entries are scored, and their flags; None for that of the leaderboard.

    Returns
    -------
    pandas.DataFrame
        The columns of :data:`LABELS`, ``flags`` (tuples of names), and one column a system with its predictions (eV),
        NaN where it has none. The predictions are those that embench ships, or of the checkout around the working
        directory: nothing is downloaded.

    Raises
    ------
    UnknownNameError
        There is no such protocol, or no such system.
    PredictionsError
        A system that is asked for has no predictions for the protocol, or there are no submissions here.
    MissingDependencyError
        Without pandas.

    Examples
    --------
    >>> import embench
    >>> table = embench.load_predictions("published", systems=["model-3", "orb-v3"])
    >>> round(float((table["model-3"] - table["migration_barrier"]).abs().mean()), 4)
    0.2607
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependencyError("pandas", "pandas", "embench.load_predictions") from None
    scored = scored_set(protocol, dataset_version)
    columns = _labels(scored)
    for system in _chosen(systems, protocol):
        found = _predictions(system, protocol, scored, asked_for=systems is not None)
        if found is None:
            continue
        value = dict(zip(found.entry_ids, found.values, strict=True))
        columns[system] = [value.get(entry_id, math.nan) for entry_id in scored.entry_ids]
        if uncertainties and found.uncertainties is not None:
            spread = dict(zip(found.entry_ids, found.uncertainties, strict=True))
            columns[f"{system} uncertainty"] = [spread.get(entry_id, math.nan) for entry_id in scored.entry_ids]
    return pd.DataFrame(columns, index=pd.Index(scored.entry_ids, name="entry_id"))


def _labels(scored: ScoredSet) -> dict[str, list[object]]:
    from embench.dataset import load

    data = load(scored.dataset).select(scored.entry_ids)
    found: dict[str, list[object]] = {
        name: scored.fold.tolist() if name == "fold" else data.column(name).tolist() for name in LABELS
    }
    return found | {"flags": list(data.flags)}


def system_names() -> tuple[str, ...]:
    """Return the names of all submissions here, sorted; raises PredictionsError where there are none."""
    folder = submissions_folder()
    if folder is None:
        raise PredictionsError("there are no submissions here: reinstall embench-barriers, or work in a checkout of it")
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not left_by_system(path.name)))


def _chosen(systems: Collection[str] | None, protocol: str) -> tuple[str, ...]:  # noqa: ARG001
    known = system_names()
    if isinstance(systems, str):
        raise TypeError(f"systems are several names, not the one string {systems!r}")
    for name in systems or ():
        if name not in known:
            raise UnknownNameError("system", name, known)
    return known if systems is None else tuple(dict.fromkeys(systems))


def _predictions(system: str, protocol: str, scored: ScoredSet, *, asked_for: bool) -> Predictions | None:
    """Return what a system predicts for a protocol; None where it predicts nothing there and nobody asked for it."""
    folder = submissions_folder()
    assert folder is not None, "the names are from there"
    try:
        path = find_predictions(folder / system, protocol)
    except (PredictionsError, SubmissionError):
        if asked_for:
            raise
        return None
    found = read_predictions(path, known=scored.known_ids, name=system)
    return found if asked_for or set(found.entry_ids) & set(scored.entry_ids) else None

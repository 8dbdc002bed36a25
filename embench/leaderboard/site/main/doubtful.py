"""The board once more, without the entries whose labels independent calculations contradict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench.leaderboard.board.standings import place_without

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardDocument, BoardRow, ProtocolSection


def without_contradicted(content: BoardDocument) -> BoardDocument:
    """Return a board whose figures, ranks and sentences are those without contradicted labels, best systems first.

    What has not been computed without them is empty: the difference that can be detected, and the MAE by another
    definition.
    """
    return {**content, "protocols": [section_without(section) for section in content["protocols"]]}


def section_without(section: ProtocolSection) -> ProtocolSection:
    """Return a protocol as :func:`without_contradicted` shows it."""
    found = section["not_contradicted"]
    rows = sorted(section["rows"], key=place_without)
    return {
        **section,
        "n": found["n"],
        "n_hosts": found["n_hosts"],
        "sentence": found["sentence"],
        "detectable": None,
        "reference": found["reference"],
        "support": found["support"],
        "rows": [row_without(row) for row in rows],
        "pairs": found["pairs"],
    }


def row_without(row: BoardRow) -> BoardRow:
    """Return a row as :func:`without_contradicted` shows it."""
    found = row["not_contradicted"]
    of_these = found["mae_predicted"]
    return {
        **row,
        "rank": found["rank"],
        "rank_low": found["rank_low"],
        "rank_high": found["rank_high"],
        "p_best": found["p_best"],
        "p_adjusted": found["p_adjusted"],
        "best_set": found["best_set"],
        "metrics": found["metrics"],
        "mae_predicted": None if of_these is None else {"value": of_these, "low": None, "high": None},
        "coverage": found["coverage"],
        "other_definition": None,
    }

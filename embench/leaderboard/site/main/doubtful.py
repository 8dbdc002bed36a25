"""The second score of every system: its error without the entries whose labels independent calculations contradict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument, BoardMetric, BoardRow, ProtocolSection

CLEAN = "mae_clean"
"""What the main page calls this score, beside the metrics of the registry."""


def with_clean_scores(board: Board) -> BoardDocument:
    """Return the content of `board` with :data:`CLEAN` as a further metric of every row."""
    content = board.content
    mae = next(metric for metric in content["metrics"] if metric["name"] == "mae")
    clean: BoardMetric = {
        **mae,
        "name": CLEAN,
        "symbol": "MAE, clean",
        "title": "Mean absolute error without contradicted labels",
        "description": "Mean of |prediction − target| without entries whose label independent calculations contradict.",
    }
    return {
        **content,
        "more_metrics": [clean, *content["more_metrics"]],
        "protocols": [_with_clean(section) for section in content["protocols"]],
    }


def n_clean(board: Board, protocol: str) -> int:
    """Return how many entries of a protocol are left."""
    section = next(each for each in board.content["protocols"] if each["name"] == protocol)
    return section["rows"][0]["not_contradicted"]["n"]


def _with_clean(section: ProtocolSection) -> ProtocolSection:
    rows: list[BoardRow] = [
        {**row, "metrics": {**row["metrics"], CLEAN: row["not_contradicted"]["mae"]}} for row in section["rows"]
    ]
    # The training median is a system of the board as well; where it is not, the axis has no line.
    median = next((row["metrics"][CLEAN] for row in rows if row["slug"] == "median"), None)
    support = section["support"]["mae"]
    return {
        **section,
        "rows": rows,
        "reference": {**section["reference"], CLEAN: median and median["value"]},
        "support": {**section["support"], CLEAN: {**support, "n": rows[0]["not_contradicted"]["n"]}},
    }

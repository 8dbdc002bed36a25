"""Write the page that scores a file in the browser, and what its script needs to know of the protocols."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.site.assets import environment, write_packed, write_page

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import ProtocolSection


class ScoredPayload(TypedDict):
    """A protocol: lists over its scored entries, sorted by name, and the MAE (eV) of the systems that have a rank.

    `enough` is the number of predictions from which on there is a rank. `target` and `fill`, what stands in for a
    missing prediction, are in eV; `cluster` numbers the host frameworks.
    """

    title: str
    enough: int
    ids: list[str]
    target: list[float]
    fill: list[float]
    cluster: list[int]
    flags: list[list[str]]
    board: list[tuple[str, float]]


class ScorePayload(TypedDict):
    """What the script needs: the protocols, the start of the random numbers (PCG64), and the settings of the board."""

    protocols: dict[str, ScoredPayload]
    generator: dict[str, str]
    resamples: int
    threshold: float


def write_score(board: Board, folder: Path) -> None:
    """Write ``score.html`` and its data to `folder`.

    Raises
    ------
    MissingDependencyError
        jinja2 is not installed.
    OutputError
        `folder` cannot be written.
    """
    sections = board.content["protocols"]
    write_packed(folder / "assets" / "score-data.js", "score-data", score_payload(board))
    context = {"root": "", "page": "score", "protocols": sections, "main": sections[0]}
    write_page(folder / "score.html", environment().get_template("score.html.j2"), context)


def score_payload(board: Board) -> ScorePayload:
    """Return what the script scores with: the same targets, clusters, random numbers as the evaluator in Python."""
    import numpy as np

    settings = board.content["settings"]
    state = np.random.default_rng(settings["seed"]).bit_generator.state["state"]
    return {
        "protocols": {section["name"]: _scored(board, section) for section in board.content["protocols"]},
        # As texts: they have 128 bits.
        "generator": {name: str(state[name]) for name in ("state", "inc")},
        "resamples": settings["resamples"],
        "threshold": settings["threshold"],
    }


def _scored(board: Board, section: ProtocolSection) -> ScoredPayload:
    from embench.evaluation.coverage import enough_for_a_rank
    from embench.evaluation.scored import scored_set, stand_in
    from embench.statistics.resampling import cluster_codes

    scored = scored_set(section["name"])
    names = board.content["submissions"]
    return {
        "title": section["title"],
        "enough": next(n for n in range(len(scored) + 1) if enough_for_a_rank(n, len(scored))),
        "ids": list(scored.entry_ids),
        "target": scored.target.tolist(),
        "fill": stand_in(scored).tolist(),
        "cluster": cluster_codes(scored.labels["group_host"].tolist()).tolist(),
        "flags": [list(flags) for flags in scored.flags],
        "board": [
            (names[row["slug"]]["name"], mae["value"])
            for row in section["rows"]
            if row["rank"] is not None and (mae := row["metrics"]["mae"]) is not None and mae["value"] is not None
        ],
    }

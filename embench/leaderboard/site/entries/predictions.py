"""What every system on the board predicts for each entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embench.leaderboard.board import Board

_DECIMALS = 4


def protocols(board: Board) -> list[dict[str, Any]]:
    """Return the protocols of the board with their systems, best rank first."""
    submissions = board.content["submissions"]
    return [
        {
            "name": section["name"],
            "title": section["title"],
            "description": section["description"],
            "systems": [
                {
                    "slug": row["slug"],
                    "name": submissions[row["slug"]]["name"],
                    "kind": submissions[row["slug"]]["kind"],
                    "rank": row["rank"],
                }
                for row in section["rows"]
            ],
        }
        for section in board.content["protocols"]
    ]


def predictions(board: Board) -> dict[str, dict[str, Any]]:
    """Return by entry and protocol: fold, whether its host was seen, and a list for each system of the protocol.

    Such a list holds the prediction (eV), its standard deviation (eV) or None, and whether the training median
    stands in for a missing prediction; the systems are in the order of :func:`protocols`.
    """
    found: dict[str, dict[str, Any]] = {}
    for section in board.content["protocols"]:
        name = section["name"]
        for position, row in enumerate(section["rows"]):
            for entry in board.details[row["slug"], name]["entries"]:
                here = found.setdefault(entry["entry_id"], {}).setdefault(name, _start(entry, len(section["rows"])))
                here["systems"][position] = _prediction(entry)
    return found


def best_errors(board: Board) -> tuple[str, dict[str, float]]:
    """Return the name of the system that leads the main protocol, and its errors (eV) by entry."""
    section = board.content["protocols"][0]
    slug = section["rows"][0]["slug"]
    name: str = board.content["submissions"][slug]["name"]
    return name, {entry["entry_id"]: entry["error"] for entry in board.details[slug, section["name"]]["entries"]}


def _start(entry: Mapping[str, Any], n_systems: int) -> dict[str, Any]:
    return {"fold": entry["fold"], "seen_host": entry["seen_host"], "systems": [None] * n_systems}


def _prediction(entry: Mapping[str, Any]) -> list[Any]:
    sigma = entry["uncertainty"]
    return [
        round(entry["prediction"], _DECIMALS),
        None if sigma is None else round(sigma, _DECIMALS),
        int(entry["filled"]),
    ]

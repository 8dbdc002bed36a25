"""What every system on the board predicts for each entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.submission.model import Kind
    from embench.schema.documents import EntryDocument

Prediction: TypeAlias = int | tuple[int, int | None, int]
"""Prediction in meV; where there is more to tell, with its standard deviation (meV) and 1 where it is missing
and a reference stands in."""


class SystemOfProtocol(TypedDict):
    """A system, as the table of predictions names it."""

    slug: str
    name: str
    kind: Kind
    rank: float | None


class ProtocolSystems(TypedDict):
    """A protocol and its systems, best rank first."""

    name: str
    title: str
    description: str
    systems: list[SystemOfProtocol]


class EntryPredictions(TypedDict):
    """What is predicted for an entry on a protocol; None for a system without it. The order is that of the systems."""

    fold: str
    seen_host: bool
    systems: list[Prediction | None]


def protocols(board: Board) -> list[ProtocolSystems]:
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


def predictions(board: Board) -> dict[str, dict[str, EntryPredictions]]:
    """Return what is predicted by entry and protocol; the systems are in the order of :func:`protocols`."""
    found: dict[str, dict[str, EntryPredictions]] = {}
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
    name = board.content["submissions"][slug]["name"]
    return name, {entry["entry_id"]: entry["error"] for entry in board.details[slug, section["name"]]["entries"]}


def _start(entry: EntryDocument, n_systems: int) -> EntryPredictions:
    return {"fold": entry["fold"], "seen_host": entry["seen_host"], "systems": [None] * n_systems}


def _prediction(entry: EntryDocument) -> Prediction:
    value, sigma = round(1000 * entry["prediction"]), entry["uncertainty"]
    if sigma is None and not entry["filled"]:
        return value
    return value, None if sigma is None else round(1000 * sigma), int(entry["filled"])


class Profile(TypedDict):
    """The energies of all images of a band in meV above the first one, null where unknown, and its failures."""

    potential: str
    energies: list[int | None]
    flags: list[str]


def profiles(board: Board) -> dict[str, list[Profile]]:
    """Return the energy profiles of potentials by entry, in the order of the board's submissions."""
    known, names = board.content["potentials"], board.content["submissions"]
    return {
        entry_id: [
            {
                "potential": names[slug]["name"] if slug in names else slug,
                "energies": [None if energy is None else round(1000 * energy) for energy in energies],
                "flags": known["flags"].get(entry_id, {}).get(slug, []),
            }
            for slug, energies in sorted(found.items())
        ]
        for entry_id, found in known["profiles"].items()
    }

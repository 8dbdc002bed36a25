"""How far the label of an entry can be trusted: a badge with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.audit.barriers import UNRELAXED
from embench.schema import FLAGS
from embench.web.wording import number

if TYPE_CHECKING:
    from embench.dataset.entry import Entry
    from embench.leaderboard.board import Board

Level = Literal["supported", "unconfirmed", "contradicted", "damaged"]

_DAMAGED = ("structure_corrupt", "elements_misplaced")
_CONTRADICTED = ("label_suspect", "label_conflict")
# An independent barrier within this of the label supports it, eV.
_NEAR = 0.2
_ENOUGH = 2


class Trust(TypedDict):
    """The level, and why."""

    level: Level
    reason: str


def potential_barriers(board: Board) -> dict[str, dict[str, float]]:
    """Return by entry what potentials with NEB predict (eV), by the name of the system: values of their own only."""
    found: dict[str, dict[str, float]] = {}
    for (slug, _), detail in sorted(board.details.items()):
        card = board.content["submissions"][slug]
        if card["kind"] != "potential-neb" or slug in UNRELAXED:
            continue
        for entry in detail["entries"]:
            if not entry["filled"]:
                found.setdefault(entry["entry_id"], {})[card["name"]] = entry["prediction"]
    return found


def trust(entry: Entry, barriers: Mapping[str, float]) -> Trust:
    """Return how far the label of `entry` can be trusted, from its flags and the barriers of potentials (eV)."""
    about = {flag.name: flag.description for flag in FLAGS}
    for level, flags in (("damaged", _DAMAGED), ("contradicted", _CONTRADICTED)):
        raised = [flag for flag in flags if flag in entry.flags]
        if raised:
            return {"level": "damaged" if level == "damaged" else "contradicted", "reason": about[raised[0]]}
    told = ", ".join(f"{name} {number(value, decimals=2)}" for name, value in sorted(barriers.items()))
    near = [name for name, value in barriers.items() if abs(value - entry.migration_barrier) <= _NEAR]
    # The versions of one potential are no independent witnesses.
    if len({name.split()[0].split("-")[0] for name in near}) >= _ENOUGH:
        return {
            "level": "supported",
            "reason": f"Independent potentials come within {_NEAR:g} eV of it. They give {told} eV.",
        }
    if not barriers:
        return {"level": "unconfirmed", "reason": "No calculation with a potential is known for this hop."}
    return {
        "level": "unconfirmed",
        "reason": f"Fewer than two potentials come within {_NEAR:g} eV of it. They give {told} eV.",
    }

"""The data files that the pages of submissions load: pathways, and for each submission and protocol its predictions.

The charts are made from them by the script ``figures.js``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.site.assets import write_packed
from embench.web.theme import hover_flags, hover_pathway, ion_marker

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import Detail
    from embench.schema.documents import EntryDocument

# eV: what the predictions files hold.
_DECIMALS = 6


class PathwaysPayload(TypedDict):
    """What ``pathways.js`` holds: lists over all pathways, and what draws them.

    `before` and `after` are the lines of the text on pointing that stand before and after those of a prediction.
    `markers` are colour and symbol by ion.
    """

    id: list[str]
    ion: list[str]
    structure_class: list[str]
    target: list[float]
    before: list[str]
    after: list[str]
    markers: dict[str, tuple[str, str]]


class ErrorsPayload(TypedDict):
    """The predictions of a submission for a protocol (eV): lists in the order of the scored entries.

    `places` are those of the entries in ``pathways.js``; `filled` are the numbers of the entries without a prediction.
    `calibration` holds the probability of a central interval and the share of targets inside.
    """

    places: list[int]
    prediction: list[float]
    uncertainty: list[float | None] | None
    filled: list[int]
    calibration: list[tuple[float, float]]


def write_pathways(board: Board, folder: Path) -> dict[str, int]:
    """Write what is known of every scored pathway, whoever predicts it, and return the place of each in that file."""
    found: dict[str, EntryDocument] = {}
    for _, detail in sorted(board.details.items()):
        found |= {entry["entry_id"]: entry for entry in detail["entries"]}
    entries = [found[entry_id] for entry_id in sorted(found)]
    value: PathwaysPayload = {
        "id": [entry["entry_id"] for entry in entries],
        "ion": [entry["mobile_ion"] for entry in entries],
        "structure_class": [entry["structure_class"] for entry in entries],
        "target": [round(entry["target"], _DECIMALS) for entry in entries],
        "before": [hover_pathway(entry) for entry in entries],
        "after": ["".join(f"<br>{line}" for line in hover_flags(entry)) for entry in entries],
        "markers": {ion: ion_marker(ion) for ion in sorted({entry["mobile_ion"] for entry in entries})},
    }
    write_packed(folder / "assets" / "pathways.js", "pathways", value)
    return {entry["entry_id"]: place for place, entry in enumerate(entries)}


def write_errors(slug: str, detail: Detail, places: Mapping[str, int], folder: Path) -> None:
    """Write the predictions of a submission for a protocol."""
    entries = detail["entries"]
    value: ErrorsPayload = {
        "places": [places[entry["entry_id"]] for entry in entries],
        "prediction": [round(entry["prediction"], _DECIMALS) for entry in entries],
        "uncertainty": [_rounded(entry["uncertainty"]) for entry in entries] if detail["calibration"] else None,
        "filled": [number for number, entry in enumerate(entries) if entry["filled"]],
        "calibration": [(point["expected"], round(point["observed"], 4)) for point in detail["calibration"]],
    }
    protocol = detail["protocol"]
    write_packed(folder / "submissions" / slug / f"{protocol}.js", f"{slug}/{protocol}", value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)

"""The data files that the pages of submissions load: pathways, and for each submission and protocol its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.site.assets import write_data
from embench.web.figures import figures
from embench.web.theme import Figure, PlotFrame, hover_flags, hover_pathway, ion_marker, plot_frame

if TYPE_CHECKING:
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import Detail
    from embench.schema.documents import EntryDocument

# eV: far below what is printed.
_DECIMALS = 5


class PathwaysPayload(TypedDict):
    """What ``pathways.js`` holds: lists over all pathways, and what draws them.

    `before` and `after` are the lines of the text on pointing that stand before and after those of a prediction.
    `markers` are colour and symbol by ion.
    """

    id: list[str]
    ion: list[str]
    target: list[float]
    before: list[str]
    after: list[str]
    markers: dict[str, tuple[str, str]]
    layout: PlotFrame


class ErrorsPayload(TypedDict):
    """The predictions of a submission for a protocol (eV): lists in the order of the scored entries.

    `places` are those of the entries in ``pathways.js``; `filled` are the numbers of the entries without a prediction.
    """

    places: list[int]
    prediction: list[float]
    uncertainty: list[float | None] | None
    filled: list[int]
    figures: dict[str, Figure]


def write_pathways(board: Board, folder: Path) -> dict[str, int]:
    """Write what is known of every scored pathway, whoever predicts it, and return the place of each in that file."""
    found: dict[str, EntryDocument] = {}
    for _, detail in sorted(board.details.items()):
        found |= {entry["entry_id"]: entry for entry in detail["entries"]}
    entries = [found[entry_id] for entry_id in sorted(found)]
    value: PathwaysPayload = {
        "id": [entry["entry_id"] for entry in entries],
        "ion": [entry["mobile_ion"] for entry in entries],
        "target": [entry["target"] for entry in entries],
        "before": [hover_pathway(entry) for entry in entries],
        "after": ["".join(f"<br>{line}" for line in hover_flags(entry)) for entry in entries],
        "markers": {ion: ion_marker(ion) for ion in sorted({entry["mobile_ion"] for entry in entries})},
        "layout": plot_frame(),
    }
    write_data(folder / "assets" / "pathways.js", "pathways", value)
    return {entry["entry_id"]: place for place, entry in enumerate(entries)}


def write_errors(slug: str, detail: Detail, places: Mapping[str, int], folder: Path) -> None:
    """Write the predictions of a submission for a protocol, and the plots of them.

    The texts that the plots show on pointing are left out: the script of the page makes them from the predictions
    and the file of pathways, of which the plots hold the places.
    """
    entries = [_rounded(entry) for entry in detail["entries"]]
    numbers = {entry["entry_id"]: number for number, entry in enumerate(entries)}
    drawn = detail.copy()
    drawn["entries"] = entries
    value: ErrorsPayload = {
        "places": [places[entry["entry_id"]] for entry in entries],
        "prediction": [entry["prediction"] for entry in entries],
        "uncertainty": [entry["uncertainty"] for entry in entries] if detail["calibration"] else None,
        "filled": [number for number, entry in enumerate(entries) if entry["filled"]],
        "figures": figures(drawn, hover=lambda entry: numbers[entry["entry_id"]]),
    }
    protocol = detail["protocol"]
    write_data(folder / "submissions" / slug / f"{protocol}.js", f"{slug}/{protocol}", value)


def _rounded(entry: EntryDocument) -> EntryDocument:
    sigma = entry["uncertainty"]
    return {
        **entry,
        "target": round(entry["target"], _DECIMALS),
        "prediction": round(entry["prediction"], _DECIMALS),
        "error": round(entry["error"], _DECIMALS),
        "uncertainty": None if sigma is None else round(sigma, _DECIMALS),
    }

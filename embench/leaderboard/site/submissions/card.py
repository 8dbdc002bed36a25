"""The card of a submission: everything that it says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embench.leaderboard.site.assets import web_address
from embench.leaderboard.site.main.rows import duration
from embench.leaderboard.site.scores import KINDS

if TYPE_CHECKING:
    from embench.leaderboard.board.cards import SubmissionCard, TrainingDataCard
    from embench.leaderboard.board.documents import BoardDocument
    from embench.leaderboard.submission.model import Barrier, Overlap

_OVERLAPS: Mapping[Overlap, str] = {
    "none": "holds none of the scored entries",
    "structures": "holds structures of the same compounds, without their barriers",
    "barriers": "holds barriers of scored entries",
    "unknown": "whether it holds scored entries is not known",
}
_BARRIERS: Mapping[Barrier, str] = {
    "max-minus-start": "highest energy of the band minus that of the initial state, as in the targets",
    "max-minus-min": "highest minus lowest energy of the band; the targets are the highest minus the initial one",
}


@dataclass(frozen=True)
class Line:
    """One line of the card. `address` is where its text leads, `code` tells that it is a command."""

    label: str
    text: str
    address: str | None = None
    code: bool = False
    more: tuple[str, ...] = field(default=())


def card_of(content: BoardDocument, slug: str) -> list[Line]:
    """Return the lines of the card; what a submission leaves out is said to be missing where a reader would ask."""
    return list(_lines(content["submissions"][slug]))


def _lines(card: SubmissionCard) -> Iterator[Line]:
    kind = KINDS[card["kind"]]
    yield Line("Kind", kind.title, more=(kind.description,))
    yield Line("Version", card["version"])
    yield Line("Authors", ", ".join(card["authors"]))
    yield Line("Date", card["date"])
    yield Line("Paper", card["paper"] or "none stated", web_address(card["paper_url"]))
    yield Line("Code", card["code"] or "none stated", web_address(card["code_url"]))
    yield Line("Licence", card["licence"])
    yield Line("Training data", card["training_data"]["description"], more=_overlap(card["training_data"]))
    if card["barrier"]:
        yield Line("Barrier", _BARRIERS[card["barrier"]])
    if card["level_of_theory"]:
        yield Line(
            "Level of theory", card["level_of_theory"]["name"], more=_details(card["level_of_theory"]["details"])
        )
    yield Line("Uncertainty", card["uncertainty"] or "none given")
    yield Line("Parameters", "not stated" if card["parameters"] is None else f"{card['parameters']:,}")
    yield Line("Hardware", card["hardware"] or "not stated")
    yield Line("Cost", _cost(card["cost_device_hours"]))
    if card["seeds"]:
        yield Line("Seeds", ", ".join(map(str, card["seeds"])))
    if card["versions"]:
        yield Line("Versions", ", ".join(f"{name} {version}" for name, version in card["versions"].items()))
    yield Line("Predictions", f"{card['n_predicted']:,} entries", more=tuple(_files(card["predictions"])))
    yield Line("To reproduce", card["reproduce"] or "not stated", code=card["reproduce"] is not None)


def _overlap(training: TrainingDataCard) -> tuple[str, ...]:
    details = training["overlap_details"]
    return (_OVERLAPS[training["overlaps_scored_entries"]], *([details] if details else []))


def _details(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


def _cost(hours: float | None) -> str:
    return "not stated" if hours is None else f"{duration(hours)} for training and prediction, all protocols together"


def _files(predictions: Mapping[str, str]) -> Iterator[str]:
    for protocol, name in predictions.items():
        yield f"{'every protocol' if protocol == 'all' else protocol}: {name}"

"""A page for each submission: its card, its scores, where its errors are, and how it compares with any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.common.files import write_text
from embench.leaderboard.site.assets import environment, web_address
from embench.leaderboard.site.main.rows import cost_text
from embench.leaderboard.site.scores import KINDS, Kind
from embench.leaderboard.site.submissions.card import Line, card_of
from embench.leaderboard.site.submissions.pairs import Pair, pairs_of
from embench.leaderboard.site.submissions.payload import write_errors, write_pathways
from embench.leaderboard.site.submissions.scores import Column, ScoreRow, columns, scores_of
from embench.report.page import Tile, headline
from embench.web import tables
from embench.web.figures import beyond_limit
from embench.web.parity import below_range

if TYPE_CHECKING:
    from jinja2 import Template

    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import (
        BoardDocument,
        Detail,
        ProtocolSection,
        Settings,
        SubmissionCard,
    )
    from embench.schema.documents import CoverageDocument, EntryDocument, MetricDocument

_WORST_SHOWN = 15


class Panel(TypedDict):
    """What the page shows of one protocol."""

    about: ProtocolSection
    coverage: CoverageDocument
    tiles: list[Tile]
    confusion: list[tables.ConfusionCell]
    pairs: Sequence[Pair]
    metrics: list[tables.MetricTable]
    breakdown: list[tables.GroupTable]
    subsets: list[tables.SubsetRow]
    uncertain: bool
    worst: list[EntryDocument]
    many_folds: bool
    below_range: str
    beyond_limit: str


class PairState(TypedDict):
    """What the script says of the comparison with another submission."""

    slug: str
    verdict: str
    outcome: str


class State(TypedDict):
    """What the script of the page needs besides the data files: names by slug, comparisons by protocol."""

    slug: str
    threshold: float
    names: dict[str, str]
    protocols: dict[str, list[PairState]]


class SubmissionContext(TypedDict):
    """What ``submission.html.j2`` is given; `links` are titles and addresses, `costs` are by protocol."""

    links: list[tuple[str, str]]
    headline: ScoreRow
    costs: dict[str, str]

    root: str
    page: str
    slug: str
    submission: SubmissionCard
    kind: Kind
    card: list[Line]
    columns: dict[str, Column]
    coverage_rule: str
    scores: list[ScoreRow]
    panels: list[Panel]
    subset_metrics: list[MetricDocument]
    flags: list[tables.FlagText]
    settings: Settings
    state: State


def write_submission_pages(board: Board, folder: Path) -> None:
    """Write ``submissions/<slug>.html`` for every submission of the board, and the data files that the pages load.

    Raises
    ------
    MissingDependencyError
        jinja2 is not installed.
    OutputError
        `folder` cannot be written.
    """
    places = write_pathways(board, folder)
    template = environment().get_template("submission.html.j2")
    for slug, submission in board.content["submissions"].items():
        for name in submission["protocols"]:
            write_errors(slug, board.details[slug, name], places, folder)
        write_text(folder / "submissions" / f"{slug}.html", _page(board, slug, template))


def _page(board: Board, slug: str, template: Template) -> str:
    content, submission = board.content, board.content["submissions"][slug]
    protocols = [protocol for protocol in content["protocols"] if protocol["name"] in submission["protocols"]]
    details = [board.details[slug, protocol["name"]] for protocol in protocols]
    pairs = [pairs_of(content, protocol, slug) for protocol in protocols]
    rows = {p["name"]: next(row for row in p["rows"] if row["slug"] == slug) for p in protocols}
    scores = scores_of(content, protocols, slug)
    context = SubmissionContext(
        links=_links(submission),
        headline=scores[0],
        costs={name: cost_text(row["cost"], submission["hardware"]) for name, row in rows.items()},
        root="../",
        page="submission",
        slug=slug,
        submission=submission,
        kind=KINDS[submission["kind"]],
        card=card_of(content, slug),
        columns=columns(content),
        coverage_rule=content["coverage_rule"],
        scores=scores,
        panels=[_panel(*parts) for parts in zip(protocols, details, pairs, strict=True)],
        subset_metrics=[details[0]["metrics"][name] for name in tables.SUBSET_METRICS],
        flags=tables.flags_explained([entry for detail in details for entry in detail["entries"]]),
        settings=content["settings"],
        state=_state(content, slug, protocols, pairs),
    )
    return template.render(context)


def _links(submission: SubmissionCard) -> list[tuple[str, str]]:
    """Return the pages of a system elsewhere, as far as its submission names them."""
    named = (("Paper", submission["paper_url"]), ("Code", submission["code_url"]))
    return [(title, address) for title, found in named if (address := web_address(found)) is not None]


def _panel(protocol: ProtocolSection, detail: Detail, pairs: Sequence[Pair]) -> Panel:
    return {
        "about": protocol,
        "coverage": detail["coverage"],
        "tiles": headline(detail),
        "confusion": tables.confusion_cells(detail),
        "pairs": pairs,
        "metrics": tables.metric_tables(detail),
        "breakdown": tables.breakdown_tables(detail),
        "subsets": tables.subset_rows(detail),
        "uncertain": bool(detail["calibration"]),
        "worst": tables.worst_first(detail)[:_WORST_SHOWN],
        "many_folds": len({entry["fold"] for entry in detail["entries"]}) > 1,
        "below_range": below_range(detail["entries"]),
        "beyond_limit": beyond_limit(detail["entries"]),
    }


def _state(
    content: BoardDocument, slug: str, protocols: Sequence[ProtocolSection], pairs: Sequence[Sequence[Pair]]
) -> State:
    return {
        "slug": slug,
        "threshold": content["settings"]["threshold"],
        "names": {other: submission["name"] for other, submission in content["submissions"].items()},
        "protocols": {
            protocol["name"]: [{"slug": pair.slug, "verdict": pair.verdict, "outcome": pair.outcome} for pair in found]
            for protocol, found in zip(protocols, pairs, strict=True)
        },
    }

"""A page for each submission: its card, its scores, where its errors are, and how it compares with any other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.board.detail import NOT_CONTRADICTED
from embench.leaderboard.site.assets import environment, packed, slim, web_address, write_packed, write_quickly
from embench.leaderboard.site.main.rows import cost_text
from embench.leaderboard.site.scores import KINDS, Kind
from embench.leaderboard.site.submissions.card import Line, card_of
from embench.leaderboard.site.submissions.costs import BandCosts, band_costs
from embench.leaderboard.site.submissions.heat import ErrorTable, error_table
from embench.leaderboard.site.submissions.pairs import Pair, pairs_of
from embench.leaderboard.site.submissions.payload import write_errors, write_pathways
from embench.leaderboard.site.submissions.scores import Column, ScoreRow, columns, scores_of
from embench.leaderboard.site.transfer import TransferColumn, TransferPlace, transfer_columns, transfer_places
from embench.report.page import Tile, headline
from embench.web import tables
from embench.web.figures import beyond_limit
from embench.web.parity import below_range

if TYPE_CHECKING:
    from jinja2 import Template

    from embench.leaderboard.board import Board
    from embench.leaderboard.board.cards import ErrorOf, PotentialCard, SubmissionCard
    from embench.leaderboard.board.documents import BoardDocument, Detail, ProtocolSection, Settings
    from embench.schema.documents import CoverageDocument, EntryDocument, MetricDocument

_WORST_SHOWN = 10


class Panel(TypedDict):
    """What the page shows of one protocol."""

    about: ProtocolSection
    coverage: CoverageDocument
    tiles: list[Tile]
    confusion: list[tables.ConfusionCell]
    pairs: Sequence[Pair]
    metrics: list[tables.MetricTable]
    heat: ErrorTable | None
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


class Bands(TypedDict):
    """What is known of the bands of a potential: failures with what they mean, errors with and without them, costs."""

    card: PotentialCard
    failures: list[tuple[str, str, int]]
    errors: list[tuple[str, ErrorOf]]
    costs: BandCosts | None


class AloneContext(TypedDict):
    """What ``submission_alone.html.j2`` is given; `links` are titles and addresses, `costs` are by protocol."""

    links: list[tuple[str, str]]
    costs: dict[str, str]
    root: str
    page: str
    slug: str
    submission: SubmissionCard
    kind: Kind
    card: list[Line]
    places: list[TransferPlace]
    place_columns: list[TransferColumn]


class SubmissionContext(AloneContext):
    """What ``submission.html.j2`` is given: what every submission has, and its scores; `state` is a packed State."""

    bands: Bands | None
    headline: ScoreRow
    columns: dict[str, Column]
    coverage_rule: str
    scores: list[ScoreRow]
    panel: Panel
    uncertain: bool
    subset_metrics: list[MetricDocument]
    flags: list[tables.FlagText]
    settings: Settings
    state: str


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
        if not submission["protocols"]:
            page = _page_alone(board, slug)
            write_quickly(folder / "submissions" / f"{slug}.html", page.encode())
            continue
        for name in submission["protocols"]:
            write_errors(slug, board.details[slug, name], places, folder)
        first, *others = _pages(board, slug, template)
        write_quickly(folder / "submissions" / f"{slug}.html", first.encode())
        if others:
            panels = _by_section(dict(zip(_shown(board.content, slug)[1:], map(_sections, others), strict=True)))
            write_packed(folder / "submissions" / slug / "panels.js", f"{slug}/panels", panels)


def _shown(content: BoardDocument, slug: str) -> list[str]:
    """Return the protocols of a submission, in the order of the board."""
    named = content["submissions"][slug]["protocols"]
    return [protocol["name"] for protocol in content["protocols"] if protocol["name"] in named]


def _sections(page: str) -> dict[str, str]:
    """Return the parts of a page that belong to one protocol, by the name of their section."""
    found = re.findall(r'<div class="panel" data-section="(\w+)">(.*?)<!-- end of panel -->', page, flags=re.DOTALL)
    return dict(found)


def _by_section(panels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return what `panels` holds by protocol and section by section and protocol.

    A section says much the same on each protocol: side by side, the repeated text packs away.
    """
    sections = next(iter(panels.values()))
    return {section: {name: found[section] for name, found in panels.items()} for section in sections}


def _pages(board: Board, slug: str, template: Template) -> list[str]:
    """Return the page of a submission as it is for each of its protocols."""
    content, submission = board.content, board.content["submissions"][slug]
    protocols = [protocol for protocol in content["protocols"] if protocol["name"] in submission["protocols"]]
    details = [board.details[slug, protocol["name"]] for protocol in protocols]
    pairs = [pairs_of(content, protocol, slug) for protocol in protocols]
    rows = {p["name"]: next(row for row in p["rows"] if row["slug"] == slug) for p in protocols}
    scores, places = scores_of(content, protocols, slug), transfer_places(board, slug)
    context = SubmissionContext(
        links=_links(submission),
        bands=_bands(content, slug),
        headline=scores[0],
        costs={name: cost_text(row["cost"], submission["hardware"]) for name, row in rows.items()}
        | _costs_of(places, submission),
        root="../",
        page="submission",
        slug=slug,
        submission=submission,
        kind=KINDS[submission["kind"]],
        card=card_of(content, slug),
        columns=columns(content),
        coverage_rule=content["coverage_rule"],
        scores=scores,
        panel=_panel(protocols[0], details[0], pairs[0]),
        uncertain=any(detail["calibration"] for detail in details),
        subset_metrics=[details[0]["metrics"][name] for name in tables.SUBSET_METRICS],
        flags=tables.flags_explained([entry for detail in details for entry in detail["entries"]]),
        settings=content["settings"],
        state=packed(_state(content, slug, protocols, pairs)),
        places=places,
        place_columns=transfer_columns(content),
    )
    found = []
    for parts in zip(protocols, details, pairs, strict=True):
        context["panel"] = _panel(*parts)
        found.append(slim(template.render(context)))
    return found


def _page_alone(board: Board, slug: str) -> str:
    """Return the page of a submission that has predictions for the second dataset only."""
    content, submission = board.content, board.content["submissions"][slug]
    places = transfer_places(board, slug)
    context = AloneContext(
        links=_links(submission),
        costs=_costs_of(places, submission),
        root="../",
        page="submission",
        slug=slug,
        submission=submission,
        kind=KINDS[submission["kind"]],
        card=card_of(content, slug),
        places=places,
        place_columns=transfer_columns(content),
    )
    return slim(environment().get_template("submission_alone.html.j2").render(context))


def _costs_of(places: Sequence[TransferPlace], submission: SubmissionCard) -> dict[str, str]:
    """Return in words what a system costs on the protocols of the second dataset, by their names."""
    return {place["about"]["name"]: cost_text(place["cost"], submission["hardware"]) for place in places}


def _links(submission: SubmissionCard) -> list[tuple[str, str]]:
    """Return the pages of a system elsewhere, as far as its submission names them."""
    named = (("Paper", submission["paper_url"]), ("Code", submission["code_url"]))
    return [(title, address) for title, found in named if (address := web_address(found)) is not None]


def _bands(content: BoardDocument, slug: str) -> Bands | None:
    """Return what is known of the bands of a potential; None for every other system."""
    known = content["potentials"]
    card = known["systems"].get(slug)
    if card is None:
        return None
    counts, errors = card["failures"] or {}, card["errors"]
    titles = (("all", "all bands"), ("flagged", "with a failure"), ("not_flagged", "without one"))
    parts = (
        {}
        if errors is None
        else {"all": errors["all"], "flagged": errors["flagged"], "not_flagged": errors["not_flagged"]}
    )
    return {
        "card": card,
        "failures": [
            (kind["name"], kind["description"], counts[kind["name"]])
            for kind in known["kinds"]
            if kind["name"] in counts
        ],
        "errors": [(title, parts[name]) for name, title in titles if name in parts],
        "costs": band_costs(card["cost"]),
    }


def _panel(protocol: ProtocolSection, detail: Detail, pairs: Sequence[Pair]) -> Panel:
    return {
        "about": protocol,
        "coverage": detail["coverage"],
        "tiles": headline(detail),
        "confusion": tables.confusion_cells(detail),
        "pairs": pairs,
        "metrics": tables.metric_tables(detail, beside=NOT_CONTRADICTED),
        "heat": error_table(detail["entries"], protocol["reference"].get("mae")),
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

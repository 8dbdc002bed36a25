"""Write the page on the method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.audit.leakage import RELATIONS
from embench.errors import HubError
from embench.hub.about import UPSTREAM_URL
from embench.leaderboard.site.assets import CITATION, environment, write_page
from embench.leaderboard.site.method import facts, figures
from embench.leaderboard.site.scores import KINDS, Kind
from embench.release.references import read_references
from embench.statistics.paired import FLIPS, POWER
from embench.statistics.ranking import SIGNIFICANCE

if TYPE_CHECKING:
    from embench.audit.leakage import Leakage
    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument, ProtocolSection
    from embench.web.theme import Figure


class StatisticsFacts(TypedDict):
    """The constants of the tests: power, level of significance, number of sign patterns drawn."""

    power: float
    significance: float
    flips: int


class MetalSite(TypedDict):
    """R² of the leader of a protocol, with and without the paths through a metal site."""

    name: str
    r2: float | None
    without: float | None


class SubmissionField(TypedDict):
    """A field of the description of a submission."""

    name: str
    description: str
    required: bool


class Reference(TypedDict):
    """A paper to cite, and what for."""

    authors: str
    title: str
    where: str
    url: str
    notes: str


class MethodContext(TypedDict):
    """What ``method.html.j2`` is given; `beyond` names the systems that the plot of growing errors leaves out."""

    root: str
    page: str
    content: BoardDocument
    main: ProtocolSection
    barrier: facts.BarrierFacts
    protocols: list[facts.ProtocolRow]
    ranked: list[ProtocolSection]
    beyond: list[str]
    relations: list[str]
    leakage: list[facts.RelationRow]
    published: Leakage | None
    labels: facts.LabelFacts
    flags: list[facts.FlagRow]
    statistics: StatisticsFacts
    metal: MetalSite
    fields: list[SubmissionField]
    kinds: Mapping[str, Kind]
    references: list[Reference]
    upstream_url: str
    figures: dict[str, Figure]


def write_method(board: Board, folder: Path) -> None:
    """Write ``method.html`` to `folder`; every figure on it is computed from `board`, the dataset and the splits.

    Raises
    ------
    MissingDependencyError
        jinja2 or pydantic is not installed.
    OutputError
        `folder` cannot be written.
    """
    from embench.dataset import load

    data, content = load(), board.content
    growth, beyond = figures.error_growth(content)
    sections = {section["name"]: section for section in content["protocols"]}
    names = {slug: submission["name"] for slug, submission in content["submissions"].items()}
    potentials = {slug: name for slug, name in names.items() if content["submissions"][slug]["kind"] == "potential-neb"}
    threshold = content["settings"]["threshold"]
    measured = facts.leakage(data, list(sections))
    plots = {"distribution": figures.distribution(data, threshold)}
    if growth is not None:
        plots["growth"] = growth
    ranked = [section for section in content["protocols"][:2] if len(section["rows"]) > 1]
    plots |= {f"ranks-{section['name']}": figures.rank_intervals(section, names) for section in ranked}
    context = MethodContext(
        root="",
        page="method",
        content=content,
        main=content["protocols"][0],
        barrier=facts.barrier_facts(data, threshold),
        protocols=facts.protocol_rows(content),
        ranked=ranked,
        beyond=beyond,
        relations=list(RELATIONS),
        leakage=facts.relation_rows(measured, {name: section["title"] for name, section in sections.items()}),
        published=next((found for found in measured if found.protocol == "published"), None),
        labels=facts.label_facts(data, board.details, potentials),
        flags=facts.flag_rows(data),
        statistics={"power": POWER, "significance": SIGNIFICANCE, "flips": FLIPS},
        metal=_without_metal_site(content["protocols"][0], names),
        fields=_fields(),
        kinds=KINDS,
        references=_references(),
        upstream_url=UPSTREAM_URL,
        figures=plots,
    )
    write_page(folder / "method.html", environment().get_template("method.html.j2"), context)


def _without_metal_site(section: ProtocolSection, names: Mapping[str, str]) -> MetalSite:
    row = section["rows"][0]
    r2 = row["metrics"]["r2"]
    return {
        "name": names[row["slug"]],
        "r2": None if r2 is None else r2["value"],
        "without": row["without_metal_site"]["r2"],
    }


def _fields() -> list[SubmissionField]:
    """Return what a submission says of itself: the fields of its description, those it needs first."""
    from embench.leaderboard.submission.model import Submission

    fields: list[SubmissionField] = [
        {"name": name, "description": field.description or "", "required": field.is_required()}
        for name, field in Submission.model_fields.items()
    ]
    return sorted(fields, key=lambda field: not field["required"])


def _references() -> list[Reference]:
    """Return the papers to cite; none where this embench was installed without its citation file."""
    try:
        papers = read_references(CITATION)
    except HubError:
        return []
    return [
        {
            "authors": ", ".join(f"{person['given-names']} {person['family-names']}" for person in paper["authors"]),
            "title": paper["title"],
            "where": ", ".join(str(part) for part in (paper.get("journal"), paper["year"]) if part),
            "url": f"https://doi.org/{paper['doi']}" if "doi" in paper else paper["url"],
            "notes": paper["notes"],
        }
        for paper in papers
    ]

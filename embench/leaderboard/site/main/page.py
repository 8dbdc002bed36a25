"""The main page: what the barrier is, and a table of all systems for each protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from embench.leaderboard.board.documents import BoardMetric
from embench.leaderboard.site.assets import environment, slim, write_packed, write_page
from embench.leaderboard.site.main import charts, hero, matrices, summaries
from embench.leaderboard.site.main import rows as main_rows
from embench.leaderboard.site.main.doubtful import without_contradicted
from embench.leaderboard.site.main.payload import board_payload
from embench.leaderboard.site.scores import KINDS, Kind, Order, first_order
from embench.leaderboard.site.transfer import TransferPart, transfer_part
from embench.metrics import FAMILIES
from embench.metrics.regression import EV_PER_DECADE
from embench.web.tables import explanation

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument, ProtocolSection


class ShownMetric(BoardMetric):
    """A metric, what it means in words, and the order in which the best system comes first."""

    explanation: str
    first: Order


class MetricFamily(TypedDict):
    """The metrics of one family that can be chosen."""

    title: str
    metrics: list[BoardMetric]


class ChartsContext(TypedDict):
    """What ``main_charts.html.j2`` is given; `labels` is the choice of the page that the figures belong to."""

    labels: Literal["all", "clean"]
    protocols: list[main_rows.ProtocolTable]
    kinds: dict[str, Kind]
    ranks: list[matrices.RankRow]
    heat: matrices.HeatMap
    charts: dict[str, Markup | None]


class MainContext(ChartsContext):
    """What ``main.html.j2`` is given."""

    figures: list[hero.Figure]
    facts: list[str]
    clean: dict[str, int]
    levels: list[str]
    transfer: TransferPart

    root: str
    page: str
    content: BoardDocument
    metrics: dict[str, ShownMetric]
    families: list[MetricFamily]
    chosen: str
    columns: tuple[str, ...]
    coverage_rule: str
    resolution: Callable[[ProtocolSection], str]
    decade: str


def write_main(board: Board, folder: Path) -> None:
    """Write ``index.html`` and the scores that its script shows when another metric is chosen.

    Raises
    ------
    MissingDependencyError
        jinja2 is not installed.
    OutputError
        `folder` cannot be written.
    """
    from embench.dataset import load

    content = board.content
    protocols = [main_rows.table(content, protocol) for protocol in content["protocols"]]
    without = without_contradicted(content)
    clean = [
        main_rows.table(without, protocol, like=found)
        for protocol, found in zip(without["protocols"], protocols, strict=True)
    ]
    known = main_rows.metrics(content)
    kinds = {name: kind for name, kind in KINDS.items() if name in _kinds_of(content)}
    context = MainContext(
        **_charts_context(board, content, protocols, kinds, labels="all"),
        root="",
        page="leaderboard",
        content=content,
        metrics={name: _shown(metric) for name, metric in known.items()},
        families=_families(known, protocols),
        chosen=main_rows.DEFAULT_METRIC,
        columns=main_rows.COLUMNS,
        coverage_rule=content["coverage_rule"],
        resolution=main_rows.resolution,
        decade=f"{EV_PER_DECADE:.2f}",
        figures=hero.figures(content),
        facts=hero.facts(content, len(load())),
        clean={section["name"]: section["not_contradicted"]["n"] for section in content["protocols"]},
        levels=sorted({main_rows.level_of(card) for card in content["submissions"].values()} - {""}),
        transfer=transfer_part(content),
    )
    write_page(folder / "index.html", environment().get_template("main.html.j2"), context)
    parts = _parts(_charts_context(board, without, clean, kinds, labels="clean"))
    write_packed(folder / "assets" / "board.js", "board", board_payload(known, protocols, clean, parts))


def _charts_context(
    board: Board,
    content: BoardDocument,
    protocols: list[main_rows.ProtocolTable],
    kinds: dict[str, Kind],
    *,
    labels: Literal["all", "clean"],
) -> ChartsContext:
    """Return what the charts of the page are made from; `content` and `protocols` are those of the chosen `labels`."""
    return {
        "labels": labels,
        "protocols": protocols,
        "kinds": kinds,
        "ranks": matrices.rank_matrix(content),
        "heat": matrices.heat_map(board, content["protocols"][0], clean=labels == "clean"),
        "charts": _charts(content),
    }


def _parts(context: ChartsContext) -> dict[str, str]:
    """Return the parts of the charts' template that follow the choice of labels, by their names, as markup."""
    text = slim(environment().get_template("main_charts.html.j2").render(context))
    return dict(re.findall(r'<div data-part="(\w+)">(.*?)<!-- end of part --></div>', text, flags=re.DOTALL))


def _charts(content: BoardDocument) -> dict[str, Markup | None]:
    """Return the charts by name; each that has names in it is drawn for wide and for narrow pages."""
    main = content["protocols"][0]
    return {
        "cost": charts.cost_chart(content, main, width=1180, named=True),
        "cost-narrow": charts.cost_chart(content, main, width=350, named=False),
        "progress": summaries.progress_chart(content, main, width=570),
        "progress-narrow": summaries.progress_chart(content, main, width=350),
        "resolution": summaries.resolution_chart(content, width=570),
        "resolution-narrow": summaries.resolution_chart(content, width=350, beside=False),
    }


def _kinds_of(content: BoardDocument) -> set[str]:
    return {submission["kind"] for submission in content["submissions"].values()}


def _shown(metric: BoardMetric) -> ShownMetric:
    return {**metric, "explanation": explanation(metric), "first": first_order(metric)}


def _families(known: Mapping[str, BoardMetric], protocols: Iterable[main_rows.ProtocolTable]) -> list[MetricFamily]:
    """Return the metrics that can be chosen, by family."""
    used = {name for protocol in protocols for name in protocol["axes"]}
    order = list(FAMILIES)
    found = sorted((m for m in known.values() if m["name"] in used), key=lambda metric: order.index(metric["family"]))
    return [
        {"title": FAMILIES[family], "metrics": list(members)}
        for family, members in groupby(found, key=lambda metric: metric["family"])
    ]

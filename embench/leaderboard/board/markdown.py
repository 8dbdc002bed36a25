"""The board as a page in Markdown, and its main table for the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.markdown import between_marks, escape, fill_page, markdown_table
from embench.common.text import plural
from embench.errors import SubmissionError
from embench.leaderboard.board.standings import place_without
from embench.leaderboard.board.transfer import TRANSFER_ANCHOR, TRANSFER_TEXT, TRANSFER_TITLE
from embench.splits.registry import MAIN_PROTOCOL
from embench.statistics.intervals import CONFIDENCE, MINIMUM_CLUSTERS

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import (
        BoardDocument,
        BoardMetric,
        BoardRow,
        CostDocument,
        PairDocument,
        Place,
        ProtocolSection,
        TransferSection,
    )
    from embench.schema.documents import Interval

COMMAND = "embench leaderboard build"
BEGIN = "<!-- leaderboard: the lines up to the end mark are written by make board -->"
END = "<!-- leaderboard: end -->"

_NONE = "–"
_TIED = "tied with"
# Of the systems in the README.
_SHOWN = 5
_MAE_PREDICTED = "MAE on these (eV)"
_LEFT = ("system", "kind", _TIED)
_KINDS = {"property-model": "property model", "potential-neb": "potential + NEB"}


def board_page(content: BoardDocument, *, submissions: str = "submissions") -> str:
    """Return the page, with a section for each protocol.

    `submissions` is the address of the folder of the submissions, as seen from the page.
    """
    columns = "\n".join(f"- **{_symbol(metric)}**: {_sentence(metric)}" for metric in content["metrics"])
    return fill_page(
        "embench.leaderboard.board",
        "page.md",
        {
            **{f"{name}_version": value for name, value in content["versions"].items()},
            "command": COMMAND,
            "confidence": f"{CONFIDENCE:.0%}".replace("%", " %"),
            "resamples": f"{content['settings']['resamples']:,}",
            "threshold": f"{content['settings']['threshold']:g}",
            "columns": columns,
            "coverage_rule": escape(content["coverage_rule"]),
            "sections": "\n\n".join(
                [
                    *(_section(protocol, content, submissions=submissions) for protocol in content["protocols"]),
                    *_transfer(content, submissions=submissions),
                ]
            ),
        },
    )


def main_table(content: BoardDocument, *, submissions: str) -> str:
    """Return the first systems of the main protocol with few columns, and what the whole table says in words.

    Raises :class:`~embench.errors.SubmissionError` where no submission has predictions for the main protocol.
    """
    protocol = next((found for found in content["protocols"] if found["main"]), None)
    if protocol is None:
        raise SubmissionError(
            f"no submission has predictions for {MAIN_PROTOCOL}, the main protocol, and the short table shows the "
            "first systems of it; leave out --page, or add a submission with predictions for it"
        )
    rows = [
        [
            _ranks(row),
            _linked(row["slug"], content, submissions),
            _kind(content["submissions"][row["slug"]]["kind"]),
            _estimate(row["metrics"]["mae"], 3),
            _estimate(row["metrics"]["r2"], 2),
            _ranks(row["not_contradicted"]),
            _estimate(row["not_contradicted"]["metrics"]["mae"], 3),
            _estimate(row["not_contradicted"]["metrics"]["r2"], 2),
        ]
        for row in protocol["rows"][:_SHOWN]
    ]
    header = ["rank", "system", "kind", "MAE (eV)", "R²"]
    # The same three figures once more; Markdown has no heads over several columns.
    header += [f"{name}, labels not contradicted" for name in ("rank", "MAE (eV)", "R²")]
    return (
        f"{markdown_table(header, rows, left=_LEFT)}\n\n"
        f"The first {len(rows)} of {len(protocol['rows'])} systems on `{protocol['name']}`, dataset "
        f"{content['versions']['dataset']}. {escape(protocol['sentence'])} {escape(content['coverage_rule'])}"
        f"{_apart(content)}"
    )


def _apart(content: BoardDocument) -> str:
    """Return where the systems on the second dataset are; empty where there are none."""
    slugs = {row["slug"] for section in content["transfer"] for row in section["rows"]}
    if not slugs:
        return ""
    return (
        f"\n\nApart from this ranking, {plural(len(slugs), 'system')} predicted the barriers of oxygen vacancies in "
        f"{content['transfer'][0]['n_hosts']} oxides, [a second dataset](leaderboard/leaderboard.md#{TRANSFER_ANCHOR})."
    )


def renewed(page: Path, content: BoardDocument) -> str:
    """Return the text of `page` with the main table between its marks, :data:`BEGIN` and :data:`END`.

    Raises :class:`~embench.errors.OutputError` where the page cannot be read or does not have each mark once, and
    :class:`~embench.errors.SubmissionError` as :func:`main_table`.
    """
    return between_marks(page, BEGIN, END, main_table(content, submissions="leaderboard/submissions"))


def tied_positions(protocol: ProtocolSection) -> dict[str, list[int]]:
    """Return for each system the lines of the table, from 1, that are tied with it."""
    line = {row["slug"]: number for number, row in enumerate(protocol["rows"], start=1)}
    found: dict[str, list[int]] = {slug: [] for slug in line}
    for pair in protocol["pairs"]:
        if not pair["resolved"]:
            found[pair["a"]].append(line[pair["b"]])
            found[pair["b"]].append(line[pair["a"]])
    return {slug: sorted(lines) for slug, lines in found.items()}


def _section(protocol: ProtocolSection, content: BoardDocument, *, submissions: str) -> str:
    metrics = content["metrics"]
    ties = tied_positions(protocol)
    header = ["", "rank", "system", "kind", *(_symbol(metric) for metric in metrics)]
    header += ["predicted", _MAE_PREDICTED, "device-hours", "parameters", _TIED]
    rows = []
    for number, row in enumerate(protocol["rows"], start=1):
        card = content["submissions"][row["slug"]]
        cells = [_estimate(row["metrics"][metric["name"]], metric["decimals"]) for metric in metrics]
        cells += [_share(row["coverage"]["share"]), _estimate(row["mae_predicted"], 3)]
        cells += [_cost(row["cost"]), _count(card["parameters"])]
        name = _linked(row["slug"], content, submissions)
        rows.append([number, _ranks(row), name, _kind(card["kind"]), *cells, _positions(ties[row["slug"]])])
    main = " (main protocol)" if protocol["main"] else ""
    parts = [
        f"## {escape(protocol['title'])}{main}",
        f"`{protocol['name']}`: {escape(protocol['description'])}. {protocol['n']} entries from "
        f"{protocol['n_hosts']} host frameworks. Predicting the median of the training side gives an MAE of "
        f"{protocol['reference']['mae']:.3f} eV.",
        markdown_table(header, rows, left=_LEFT),
        escape(protocol["sentence"]),
        f"{_told_apart(protocol['pairs'], protocol['rows'])}{_detectable(protocol)}",
        *_weak_metrics(protocol, metrics),
        *_signs(protocol, content),
        *_other_definitions(protocol, content),
        _contradicted(protocol, content, submissions=submissions),
    ]
    return "\n\n".join(part for part in parts if part)


def _transfer(content: BoardDocument, *, submissions: str) -> Iterator[str]:
    """Yield the sections of the second dataset, after a heading that sets them apart; nothing where there are none."""
    if not content["transfer"]:
        return
    yield f"## {TRANSFER_TITLE}\n\n{TRANSFER_TEXT} More is in [docs/oxygen-vacancies.md](../docs/oxygen-vacancies.md)."
    for section in content["transfer"]:
        yield _transfer_section(section, content, submissions=submissions)


def _transfer_section(section: TransferSection, content: BoardDocument, *, submissions: str) -> str:
    known = {metric["name"]: metric for metric in (*content["metrics"], *content["more_metrics"])}
    columns = [known[name] for name in content["transfer_columns"]]
    header = ["", "rank", "system", "kind", *(_symbol(metric) for metric in columns)]
    header += ["predicted", _MAE_PREDICTED, "device-hours"]
    rows = [
        [
            number,
            _ranks(row),
            _linked(row["slug"], content, submissions),
            _kind(content["submissions"][row["slug"]]["kind"]),
            *(_estimate(row["metrics"][metric["name"]], 2) for metric in columns),
            _share(row["coverage"]["share"]),
            _estimate(row["mae_predicted"], 2),
            _cost(row["cost"]),
        ]
        for number, row in enumerate(section["rows"], start=1)
    ]
    reference = _rounded(section["reference"].get("mae"), 2)
    parts = [
        f"### {escape(section['title'])}",
        f"`{section['name']}`: {escape(section['description'])}. {section['n']} entries of {section['dataset']} "
        f"{section['dataset_version']}, from {section['n_hosts']} materials. Predicting the median of the training "
        f"side gives an MAE of {reference} eV.",
        markdown_table(header, rows, left=_LEFT),
        escape(section["sentence"]),
        *_signs(section, content),
    ]
    return "\n\n".join(part for part in parts if part)


def _told_apart(pairs: Sequence[PairDocument], rows: Sequence[BoardRow]) -> str:
    """Return how many of the differences mean something; nothing where none were compared."""
    if not pairs:
        return ""
    resolved = sum(pair["resolved"] for pair in pairs)
    n = sum(row["rank"] is not None for row in rows)
    which = "" if len(pairs) == n * (n - 1) // 2 else ", each with the first and with those near it in rank,"
    return (
        f"Of the {len(pairs)} differences of MAE between two of these systems{which} {resolved} are statistically "
        "significant."
    )


def _detectable(protocol: ProtocolSection) -> str:
    """Return how large a difference must be to be found; nothing where there are no pairs."""
    if not protocol["pairs"] or protocol["detectable"] is None:
        return ""
    return (
        f" These entries show a difference of about {protocol['detectable']:.2f} eV between two unrelated systems "
        "(80 % power), and smaller ones between systems that fail on the same entries."
    )


def _contradicted(protocol: ProtocolSection, content: BoardDocument, *, submissions: str) -> str:
    """Return the same figures without the entries whose labels potentials contradict, best systems first."""
    without, metrics = protocol["not_contradicted"], content["metrics"]
    left_out = protocol["n"] - without["n"]
    if not left_out:
        return "Independent potentials contradict the label of none of these entries."
    rows = []
    for row in sorted(protocol["rows"], key=place_without):
        found = row["not_contradicted"]
        cells = [_estimate(found["metrics"][metric["name"]], metric["decimals"]) for metric in metrics]
        of_these = _NONE if found["mae_predicted"] is None else _rounded(found["mae_predicted"], 3)
        name = _linked(row["slug"], content, submissions)
        rows.append([_ranks(found), name, *cells, _share(found["coverage"]["share"]), of_these])
    header = ["rank", "system", *(_symbol(metric) for metric in metrics), "predicted", _MAE_PREDICTED]
    verb = "entry has" if left_out == 1 else "entries have"
    return "\n\n".join(
        (
            f"### Without contradicted labels: `{protocol['name']}`",
            f"{left_out} {verb} a label that independent potentials contradict. These are the figures of the other "
            f"{without['n']} entries from {without['n_hosts']} host frameworks. They favour the potentials that this "
            f"was found with. Predicting the median of the training side gives an MAE of "
            f"{_rounded(without['reference']['mae'], 3)} eV.",
            markdown_table(header, rows, left=_LEFT),
            escape(without["sentence"]),
            _told_apart(without["pairs"], protocol["rows"]),
        )
    ).rstrip()


def _weak_metrics(protocol: ProtocolSection, metrics: Sequence[BoardMetric]) -> Iterator[str]:
    for metric in metrics:
        support = protocol["support"].get(metric["name"])
        if support and support["n_hosts"] < MINIMUM_CLUSTERS:
            unit = support["unit"] if support["n"] != 1 else support["unit"].removesuffix("s")
            yield f"Here the {metric['symbol']} rests on {support['n']} {unit} and says nothing about the systems."


def _signs(protocol: ProtocolSection | TransferSection, content: BoardDocument) -> Iterator[str]:
    lines = [
        f"- {escape(content['submissions'][row['slug']]['name'])}: {escape(text)}"
        for row in protocol["rows"]
        for text in row["signs"]
    ]
    if lines:
        yield "\n".join(["To look at (reported, not judged):", "", *lines])


def _other_definitions(protocol: ProtocolSection, content: BoardDocument) -> Iterator[str]:
    found = "; ".join(
        f"{escape(content['submissions'][row['slug']]['name'])} {_estimate(other['mae'], 3)}"
        for row in protocol["rows"]
        if (other := row["other_definition"])
    )
    if found:
        yield (
            "Some potentials report the highest minus the lowest energy of the images, endpoints included. With the "
            f"highest energy minus that of the initial state their MAE (eV) is: {found}."
        )


def _symbol(metric: BoardMetric) -> str:
    return f"{metric['symbol']} ({metric['unit']})" if metric["unit"] else str(metric["symbol"])


def _sentence(metric: BoardMetric) -> str:
    better = {
        "lower": "Lower is better.",
        "higher": "Higher is better.",
        "zero": "Zero is best.",
        "nominal": f"{metric['nominal']} is right.",
    }
    return f"{escape(metric['description'])} {better[metric['direction']]}"


def _ranks(row: Place) -> str:
    """Return the interval of the rank, in bold for a system that may be the best; a dash where it has none."""
    if row["rank"] is None:
        return _NONE
    low, high = (f"{row[name]:g}" for name in ("rank_low", "rank_high"))
    text = low if low == high else f"{low}–{high}"
    return f"**{text}**" if row["best_set"] else text


def _linked(slug: str, content: BoardDocument, submissions: str) -> str:
    return f"[{escape(content['submissions'][slug]['name'])}]({submissions}/{slug})"


def _kind(kind: str) -> str:
    return _KINDS.get(kind, kind)


def _estimate(estimate: Interval | None, decimals: int) -> str:
    """Return a value with its interval in brackets."""
    if estimate is None or estimate["value"] is None:
        return _NONE
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    text = _rounded(value, decimals)
    return text if low is None else f"{text} [{_rounded(low, decimals)}, {_rounded(high, decimals)}]"


def _rounded(value: float | None, decimals: int) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    return _NONE if value is None else f"{round(value, decimals) + 0.0:.{decimals}f}"


def _share(share: float) -> str:
    # A share just below one must not read as complete.
    return "all" if share == 1.0 else f"{min(share, 0.999):.1%}".replace("%", " %")


def _cost(cost: CostDocument) -> str:
    """Return the device-hours of a system on one protocol, and a plus where something unreported comes before it."""
    known = cost["own"] if cost["total"] is None else cost["total"]
    if known is None:
        return "unknown"
    hours = f"{known:.2g}" if known < 10 else f"{known:,.0f}"
    return hours if cost["total"] is not None else f"{hours} + unknown"


def _count(number: int | None) -> str:
    return _NONE if number is None else f"{number:,}"


def _positions(lines: Sequence[int]) -> str:
    """Return line numbers with runs drawn together: ``2, 4–7``."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return ", ".join(texts) or _NONE

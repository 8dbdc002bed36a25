"""The repository of the predictions: what every submission predicts, with a version of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from embench._version import DATASET_VERSION
from embench.common.markdown import escape, fill_page, markdown_table
from embench.errors import InvalidValueError
from embench.hub import about
from embench.release.card import card_header, columns, configurations
from embench.release.export import CARD, CROISSANT, checkout, parquet, with_checksums
from embench.release.layout import DATASET, PREDICTED
from embench.release.tables import PREDICTIONS, SYSTEMS, System, predictions_table, systems_table

if TYPE_CHECKING:
    import pyarrow as pa

# As a day, and with a number for what comes later on the same day; also a version in the sense of https://semver.org.
_VERSION = re.compile(r"([0-9]{4})\.([1-9][0-9]?)\.([1-9][0-9]?)(?:-[1-9][0-9]*)?")


def version_of_today() -> str:
    """Return the version of predictions that are published today (UTC): ``2026.11.28``."""
    now = datetime.now(UTC)
    return f"{now.year}.{now.month}.{now.day}"


def day_of(version: str) -> date:
    """Return the day that a version of the predictions names; raises InvalidValueError for what is no version."""
    found = _VERSION.fullmatch(version)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise InvalidValueError(
        f"{version!r} is no version of the predictions: name the day, such as {version_of_today()}, and with "
        f"{version_of_today()}-2 what comes later on that day"
    )


def predictions_contents(systems: Sequence[System], *, version: str) -> dict[str, bytes]:
    """Return all files of the repository of the predictions, by path: the same bytes for the same submissions.

    Raises
    ------
    InvalidValueError
        For what is no version.
    HubError
        Outside of a checkout.
    """
    from embench.dataset import load
    from embench.release.croissant import render_croissant
    from embench.release.references import read_references

    day = day_of(version)
    (predictions,) = PREDICTED.configurations["predictions"].parts.values()
    (described,) = PREDICTED.configurations["systems"].parts.values()
    tables = {predictions: predictions_table(systems, load()), described: systems_table(systems)}
    found = {path: parquet(table) for path, table in tables.items()}
    sizes = {path: len(content) for path, content in found.items()}
    text = _text(systems, tables, predictions, version=version)
    found[CARD] = f"---\n{card_header(PREDICTED, tables, sizes)}---\n\n{text}".encode()
    found[CROISSANT] = render_croissant(
        PREDICTED,
        found,
        version=version,
        published=day.isoformat(),
        references=read_references(_citation()),
    ).encode()
    return with_checksums(found)


def _citation() -> Path:
    return checkout() / "CITATION.cff"


def _text(systems: Sequence[System], tables: dict[str, pa.Table], path: str, *, version: str) -> str:
    table = tables[path]
    pairs = list(zip(table["system"].to_pylist(), table["protocol"].to_pylist(), strict=True))
    return fill_page(
        "embench.release",
        "templates/predictions.md",
        {
            "title": PREDICTED.title,
            "summary": PREDICTED.summary,
            "version": version,
            "tag": f"v{version}",
            "repository": PREDICTED.repository,
            "dataset": DATASET.repository,
            "dataset_url": DATASET.url,
            "dataset_version": DATASET_VERSION,
            "dataset_tag": about.TAG,
            "n_systems": len(systems),
            "n_rows": f"{table.num_rows:,}",
            "configurations": configurations(PREDICTED, tables),
            "prediction_columns": columns(PREDICTIONS),
            "system_columns": columns(SYSTEMS),
            "systems": systems_listed(systems, pairs),
            "licences": licences(systems),
        },
    )


def systems_listed(found: Sequence[System], rows: Sequence[tuple[str, str]]) -> str:
    """Return the table of systems; `rows` are the pairs (system, protocol) of all predictions."""
    counts = Counter(rows)
    table = []
    for system in found:
        numbers = ", ".join(f"{name} {counts[system.slug, name]}" for name in sorted(system.predictions))
        named = f"{escape(system.name)} {escape(system.version)}".strip()
        table.append([f"`{system.slug}`", named, system.kind, numbers, escape(system.source)])
    header = ["system", "name", "kind", "entries by protocol", "source"]
    return markdown_table(header, table, left=header)


def licences(found: Sequence[System]) -> str:
    """Return the table of the licences, in the words of the submissions."""
    rows = [[f"`{system.slug}`", escape("; ".join(system.authors)), escape(system.licence)] for system in found]
    header = ["system", "authors", "licence"]
    return markdown_table(header, rows, left=header)

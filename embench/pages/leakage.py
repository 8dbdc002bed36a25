"""The page of the documentation that the leakage audit writes."""

from __future__ import annotations

from embench.audit.leakage import DESCRIPTORS, RELATIONS, UNRELATED, Leakage, measure
from embench.common.markdown import fill_page, markdown_table
from embench.splits.load import protocol
from embench.splits.registry import SPLITS_VERSION, protocol_names


def leakage_page() -> str:
    """Return the page in Markdown, every number computed from the dataset and the splits of this embench."""
    from embench.dataset import load

    data = load()
    measured = [measure(protocol(name), data) for name in protocol_names()]
    values = {
        "dataset_version": data.version,
        "splits_version": SPLITS_VERSION,
        "shared": _shared(measured),
        "errors": _errors(measured),
        "closest": _closest([found for found in measured if any(found.shared.values())]),
        "descriptors": "\n".join(f"- `{name}`" for name in DESCRIPTORS),
    }
    return fill_page("embench.pages", "leakage.md", values)


def _shared(measured: list[Leakage]) -> str:
    rows = []
    for found in measured:
        counts = [f"{count} ({count / found.n_scored:.0%})" if count else "0" for count in found.shared.values()]
        rows.append([found.protocol, found.n_scored, *counts])
    return markdown_table(["protocol", "scored", *(f"same {name}" for name in RELATIONS)], rows)


def _errors(measured: list[Leakage]) -> str:
    rows = [
        [found.protocol, *(f"{error:.3f}" for error in (found.relative_error, found.hop_error, found.median_error))]
        for found in measured
    ]
    header = ["protocol", "copy of the closest relative", "copy of the most similar hop", "training median"]
    return markdown_table(header, rows)


def _closest(measured: list[Leakage]) -> str:
    rows = []
    for name in (*RELATIONS, UNRELATED):
        cells = [
            "–" if error is None else f"{n}: {error:.2f}" for n, error in (found.closest[name] for found in measured)
        ]
        rows.append([name if name == UNRELATED else f"same {name}", *cells])
    return markdown_table(["closest relation", *(found.protocol for found in measured)], rows)

"""The page of the documentation that the label audit writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from embench.audit.barriers import UNRELAXED, Potential, compare
from embench.audit.noise import Duplicates, find_duplicates
from embench.audit.suspects import AGREEMENT, MINIMUM_DIFFERENCE, Suspect, find_suspects
from embench.common.markdown import fill_page, markdown_table

if TYPE_CHECKING:
    from embench.dataset import Dataset

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 1.0)
FRACTIONS = (0.4, 0.5, 0.6, 0.7, 1.0)


def label_page(data: Dataset, potentials: Sequence[Potential]) -> str:
    """Return the page in Markdown, every number computed from `data` and the barriers of `potentials`."""
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    suspects = find_suspects(labels, potentials)
    sides = Counter(data[found.entry_id].published_split for found in suspects)
    divided = {found.entry_id for found in find_suspects(labels, potentials, unanimous=False)}
    spared = divided - {found.entry_id for found in suspects}
    values = {
        "dataset_version": data.version,
        "n_entries": len(data),
        "potentials": _potentials(labels, potentials, suspects),
        "tails": "\n".join(f"- {potential.slug}: {_tail(potential, labels)}" for potential in potentials),
        "minimum_difference": MINIMUM_DIFFERENCE,
        "agreement": AGREEMENT,
        "unrelaxed": _names(UNRELAXED),
        "spared": _names(spared) or "none",
        "n_suspects": len(suspects),
        "n_train": sides["train"],
        "n_test": sides["test"],
        "suspects": _suspects(data, suspects),
        "sensitivity": _sensitivity(labels, potentials),
        "duplicates": _duplicates(find_duplicates(data)),
    }
    return fill_page("embench.pages", "labels.md", values)


def _names(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _potentials(labels: Mapping[str, float], potentials: Sequence[Potential], suspects: Sequence[Suspect]) -> str:
    suspect_ids = {found.entry_id for found in suspects}
    rows = []
    for potential in potentials:
        every, kept = compare(potential, labels), compare(potential, labels, without=suspect_ids)
        before = [every.n, f"{every.median:.3f}", f"{every.mean:.3f}", f"{every.bias:+.3f}"]
        rows.append([potential.slug, *before, kept.n, f"{kept.median:.3f}", f"{kept.mean:.3f}"])
    header = ["potential", "entries", "median |Δ|", "mean |Δ|", "median Δ"]
    header += ["entries without suspects", "their median |Δ|", "their mean |Δ|"]
    return markdown_table([name.replace("|", r"\|") for name in header], rows)


def _tail(potential: Potential, labels: Mapping[str, float]) -> str:
    sizes = np.sort([abs(barrier - labels[entry_id]) for entry_id, barrier in potential.barriers.items()])[::-1]
    share = sizes[: round(len(sizes) / 10)].sum() / sizes.sum()
    return f"the tenth of the entries with the largest |Δ| makes up {share:.0%} of the sum"


def _suspects(data: Dataset, suspects: Sequence[Suspect]) -> str:
    rows = []
    for found in sorted(suspects, key=lambda suspect: -abs(suspect.difference)):
        potentials = ", ".join(f"{slug} {barrier:.2f}" for slug, barrier in found.barriers.items())
        numbers = f"{found.label:.2f}", f"{found.mean:.2f}", f"{found.difference:+.2f}"
        rows.append([f"`{found.entry_id}`", data[found.entry_id].mobile_ion, *numbers, potentials])
    header = ["entry", "ion", "label", "mean of potentials", "difference", "potentials"]
    return markdown_table(header, rows, left=("ion", "potentials"))


def _sensitivity(labels: Mapping[str, float], potentials: Sequence[Potential]) -> str:
    def count(minimum_difference: float, agreement: float) -> int:
        return len(find_suspects(labels, potentials, minimum_difference=minimum_difference, agreement=agreement))

    rows = [[f"agreement: {fraction}", *(count(limit, fraction) for limit in THRESHOLDS)] for fraction in FRACTIONS]
    return markdown_table(["", *(f"more than {limit} eV" for limit in THRESHOLDS)], rows)


def _duplicates(duplicates: Duplicates) -> str:
    if not duplicates.groups:
        return "No two entries of the dataset are the same hop."
    different = [pair for pair in duplicates.pairs if pair.difference > 0]
    rows = [
        [f"`{pair.first_id}`", f"`{pair.second_id}`", *(f"{e:.3f}" for e in (pair.first, pair.second, pair.difference))]
        for pair in different
    ]
    header = ["entry", "its duplicate", "label", "its label", "difference"]
    mean = duplicates.mean_difference().value
    values = {
        "n_entries": duplicates.n_entries,
        "n_groups": len(duplicates.groups),
        "n_pairs": len(duplicates.pairs),
        "n_equal": len(duplicates.pairs) - len(different),
        "pairs": markdown_table(header, rows, left=("its duplicate",)),
        "estimates": _estimates(duplicates),
        "half": f"{mean / 2:.3f}",
        "normal": f"{mean / np.sqrt(2):.3f}",
    }
    return fill_page("embench.pages", "noise.md", values).rstrip("\n")


def _estimates(duplicates: Duplicates) -> str:
    estimates = {
        "mean difference of two labels": duplicates.mean_difference(),
        "standard deviation of one label: RMS difference / √2": duplicates.standard_deviation(),
    }
    rows = [["median difference of two labels", f"{duplicates.median_difference:.3f}", ""]]
    rows += [[name, f"{found.value:.3f}", f"{found.low:.3f} to {found.high:.3f}"] for name, found in estimates.items()]
    return markdown_table([f"eV, {len(duplicates.pairs)} pairs", "value", "95 % interval"], rows)

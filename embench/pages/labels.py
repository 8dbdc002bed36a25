"""The page of the documentation that the label audit writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from embench.audit.barriers import UNRELAXED, Potential, compare
from embench.audit.direction import ENDS_DIFFER, NEARER, opposite_bands
from embench.audit.evidence import FIRST_HAND, NO_SADDLE
from embench.audit.noise import Duplicates, find_duplicates
from embench.audit.potentials import SOURCES
from embench.audit.submitted_bands import read_submitted
from embench.audit.suspects import AGREEMENT, MINIMUM_DIFFERENCE, Suspect, find_suspects
from embench.common.markdown import fill_page, markdown_table
from embench.dataset import load
from embench.pages.mismatches import mismatch_section
from embench.schema import FIRST

if TYPE_CHECKING:
    from embench.dataset import Dataset

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 1.0)
# Entries from which the agreement of two potentials is shown.
FEWEST_SHARED = 40
FRACTIONS = (0.4, 0.5, 0.6, 0.7, 1.0)


def label_page(data: Dataset, potentials: Sequence[Potential], evidence: Sequence[Potential]) -> str:
    """Return the page in Markdown, every number computed from `data` and the barriers of potentials.

    `potentials` are compared with the labels; `evidence` are those, and those barriers, that may speak against a label.
    """
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    suspects = find_suspects(labels, evidence)
    names = {found.entry_id for found in suspects}
    flagged = {entry.entry_id for entry in data.filter(include_flags=["label_suspect"])}
    first = set(load(version=FIRST.version).filter(include_flags=["label_suspect"]).entry_ids)
    sides = Counter(data[found.entry_id].published_split for found in suspects)
    divided = {found.entry_id for found in find_suspects(labels, evidence, unanimous=False)}
    spared = divided - names
    first_hand = [potential for potential in evidence if potential.slug in FIRST_HAND]
    potentials = [*potentials, *first_hand]
    values = {
        "dataset_version": data.version,
        "n_entries": len(data),
        "potentials": _potentials(labels, potentials, suspects),
        "tails": "\n".join(f"- {potential.slug}: {_tail(potential, labels)}" for potential in potentials),
        "minimum_difference": MINIMUM_DIFFERENCE,
        "agreement": AGREEMENT,
        "unrelaxed": _names(UNRELAXED),
        "spared": _names(spared) or "none",
        "families": ", ".join(sorted({potential.family for potential in evidence})),
        "n_flagged": len(flagged),
        "come": _names(names - flagged) or "none",
        "gone": _names(flagged - names) or "none",
        "first": FIRST.version,
        "n_first": len(first),
        "first_come": _names(flagged - first) or "none",
        "first_gone": _names(first - flagged) or "none",
        "agreement_table": _agreement(evidence, labels),
        "no_saddle": _no_saddle(data),
        "opposite": _opposite(),
        "ends_differ": ENDS_DIFFER,
        "nearer": f"{NEARER:g}",
        "n_suspects": len(suspects),
        "n_train": sides["train"],
        "n_test": sides["test"],
        "suspects": _suspects(data, suspects),
        "sensitivity": _sensitivity(labels, evidence),
        "duplicates": _duplicates(find_duplicates(data)),
        "mismatches": mismatch_section(data, evidence),
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


def _agreement(evidence: Sequence[Potential], labels: Mapping[str, float]) -> str:
    """Return how far potentials of different families are from each other, where both have many barriers."""
    rows = []
    for first, second in combinations(evidence, 2):
        shared = sorted(first.barriers.keys() & second.barriers.keys())
        if first.family == second.family or len(shared) < FEWEST_SHARED:
            continue
        between = [abs(first.barriers[i] - second.barriers[i]) for i in shared]
        to_labels = [abs(potential.barriers[i] - labels[i]) for i in shared for potential in (first, second)]
        rows.append(
            [f"{first.slug}, {second.slug}", len(shared), *(f"{np.median(x):.3f}" for x in (between, to_labels))]
        )
    header = ["potentials", "entries", "median difference", "median |Δ| to the labels"]
    return markdown_table([name.replace("|", r"\|") for name in header], rows)


def _no_saddle(data: Dataset) -> str:
    """Return the test entries for which a figure is published though an end is the highest image of the band."""
    rows = []
    for slug in SOURCES:
        for entry_id, band in read_submitted(slug).items():
            if NO_SADDLE in band.failures and data[entry_id].published_split == "test":
                what = "equivalent" if data[entry_id].endpoints_equivalent else "not equivalent"
                rows.append([f"`{entry_id}`", slug, f"{band.barrier:.3f}", f"{band.energies[-1]:+.3f}", what])
    header = ["entry", "potential", "figure", "last image above the first", "ends"]
    return markdown_table(header, sorted(rows), left=("potential", "ends"))


def _opposite() -> str:
    bands = {slug: {i: band.energies for i, band in read_submitted(slug).items()} for slug in (*SOURCES, *FIRST_HAND)}
    rows = [
        [f"`{found.entry_id}`", found.first, found.second, f"{found.same:.2f}", f"{found.reversed:.2f}"]
        for found in opposite_bands(bands)
    ]
    header = ["entry", "potential", "the other", "profiles differ by", "with one reversed"]
    return markdown_table(header, rows, left=("potential", "the other"))


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

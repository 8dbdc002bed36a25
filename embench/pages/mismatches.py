"""The section of the label audit on entries that a model and two potentials all miss on the same side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embench.audit.barriers import Potential
from embench.audit.case import case_of, label_document, read_sources
from embench.audit.common_errors import COMMON_DIFFERENCE, MODEL, POTENTIALS, PROTOCOL
from embench.audit.distinct_hops import ALIKE_BARRIER, ALIKE_LENGTH
from embench.audit.mismatch import (
    FAR,
    KINDS,
    Case,
    another_hop,
    chance_of_hop,
    chance_of_pathway,
    compared_hops,
    compared_pathways,
    near_other,
)
from embench.common.markdown import fill_page, markdown_table

if TYPE_CHECKING:
    from embench.audit.case import LabelDocument
    from embench.dataset import Dataset


def mismatch_section(data: Dataset, evidence: Sequence[Potential]) -> str:
    """Return the section in Markdown, or a sentence where `evidence` lacks the potentials that common errors need."""
    if set(POTENTIALS) - {potential.slug for potential in evidence}:
        return f"Common errors are told with {' and '.join(POTENTIALS)}, which this table of barriers does not have."
    sources = read_sources(data, evidence)
    documents = [label_document(entry_id, sources) for entry_id in sources.common]
    documents.sort(key=lambda found: -abs(found["difference"] or 0.0))
    cases = [case_of(entry_id, sources) for entry_id in sources.common]
    hits, trials = chance_of_pathway(cases)
    hop_hits, hop_trials = chance_of_hop(cases)
    compared = [case for case in cases if compared_pathways(case)]
    hop_compared = [case for case in cases if compared_hops(case)]
    kinds = Counter(found["likely"] for found in documents)
    return fill_page(
        "embench.pages",
        "mismatches.md",
        {
            "model": MODEL,
            "protocol": PROTOCOL,
            "potentials": " and ".join(POTENTIALS),
            "difference": COMMON_DIFFERENCE,
            "far": FAR,
            "n": len(documents),
            "n_test": sum(found["published_split"] == "test" for found in documents),
            "n_flagged": sum("label_suspect" in found["flags"] for found in documents),
            "n_contradicted": sum(found["label_contradicted"] for found in documents),
            "rules": "\n".join(
                f"{number}. **{kind.title}**: {kind.rule}" for number, kind in enumerate(KINDS, start=1)
            ),
            "kinds": markdown_table(["likely", "entries"], [[kind, count] for kind, count in kinds.most_common()]),
            "n_near": _count(near_other, compared),
            "n_compared": len(compared),
            "chance": _share(hits, trials),
            "trials": trials,
            "n_predicted": sum(bool(case.distinct) for case in cases),
            "n_hop": _count(another_hop, hop_compared),
            "n_hop_compared": len(hop_compared),
            "hop_chance": _share(hop_hits, hop_trials),
            "hop_trials": hop_trials,
            "alike_length": ALIKE_LENGTH,
            "alike_barrier": ALIKE_BARRIER,
            "hops": _hops(documents),
            "barriers": _barriers(documents),
            "findings": _findings(documents),
            "swaps": _swaps(data, evidence),
        },
    ).rstrip("\n")


def _count(rule: Callable[[Case], str | None], cases: Sequence[Case]) -> int:
    """Return for how many cases that need an explanation a rule holds."""
    return sum(case.needs_explanation and rule(case) is not None for case in cases)


def _share(hits: int, trials: int) -> str:
    return f"{100 * hits / trials:.0f} %" if trials else "none"


def _hops(documents: Sequence[LabelDocument]) -> str:
    rows = []
    for found in documents:
        released = [hop for hop in found["distinct_hops"] if hop["released"]]
        others = [hop for hop in found["distinct_hops"] if not hop["released"]]
        if not released:
            continue
        texts = [f"{hop['hop_distance']:.2f} Å {hop['barrier']:.2f}" for hop in others]
        numbers = [f"{found['migration_barrier']:.2f}", *(f"{hop['barrier']:.2f}" for hop in released)]
        rows.append([f"`{found['entry_id']}`", *numbers, ", ".join(texts) or "none"])
    header = ["entry", "label", "released hop, by the model", "other direct hops, by the model"]
    return markdown_table(header, rows, left=("other direct hops, by the model",))


def _barriers(documents: Sequence[LabelDocument]) -> str:
    rows = []
    for found in documents:
        systems = ", ".join(
            f"{each['system']} {each['barrier']:.2f} ({each['difference']:+.2f})"
            for each in found["barriers"]
            if each["evidence"] or each["system"] == MODEL
        )
        structure = f"{found['formula']}, {found['space_group']}, {found['functional']}, {found['concentration_limit']}"
        hop = f"{found['hop_distance']:.2f}"
        numbers = [found["mobile_ion"], structure, hop, f"{found['migration_barrier']:.2f}"]
        rows.append([f"`{found['entry_id']}`", *numbers, systems])
    header = ["entry", "ion", "structure", "hop (Å)", "label", "barrier (minus label)"]
    return markdown_table(header, rows, left=("ion", "structure", "barrier (minus label)"))


def _findings(documents: Sequence[LabelDocument]) -> str:
    rows = []
    for found in documents:
        why = ". ".join(f"{each['title']}: {each['text']}" for each in found["findings"]) or "–"
        difference = "–" if found["difference"] is None else f"{found['difference']:+.2f}"
        rows.append([f"`{found['entry_id']}`", difference, found["likely"], why])
    return markdown_table(["entry", "consensus minus label", "likely", "why"], rows, left=("likely", "why"))


def _swaps(data: Dataset, evidence: Sequence[Potential]) -> str:
    """Return all pairs of labels in the dataset whose swap repairs both, common errors or not."""
    from embench.audit.swaps import find_swaps

    rows = []
    for found in find_swaps(data, evidence):
        labels, said = (f"{first:.2f}, {second:.2f}" for first, second in (found.labels, found.consensus))
        rows.append(
            [f"`{found.first}`", f"`{found.second}`", labels, said, f"{found.before:.2f}", f"{found.after:.2f}"]
        )
    if not rows:
        return "There is no such pair."
    header = ["entry", "other entry", "labels", "potentials", "mean difference", "with the labels swapped"]
    return markdown_table(header, rows, left=("other entry",))

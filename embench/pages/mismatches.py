"""The section of the label audit on entries that a model and two potentials all miss on the same side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from embench.audit.barriers import Potential
from embench.audit.case import case_of, label_document, read_sources
from embench.audit.common_errors import COMMON_DIFFERENCE, MODEL, POTENTIALS, PROTOCOL
from embench.audit.mismatch import FAR, KINDS, chance_of_pathway
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
    compared = [found for found in documents if _has_compared(found)]
    near = [found for found in compared if "is that of the pathway" in _texts(found)]
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
            "n_near": len(near),
            "n_compared": len(compared),
            "chance": f"{100 * hits / trials:.0f} %" if trials else "none",
            "trials": trials,
            "barriers": _barriers(documents),
            "findings": _findings(documents),
            "swaps": _swaps(data, evidence),
        },
    ).rstrip("\n")


def _has_compared(found: LabelDocument) -> bool:
    return any(not other["equivalent"] and other["consensus"] is not None for other in found["other_pathways"])


def _texts(found: LabelDocument) -> str:
    return "; ".join(each["text"] for each in found["findings"])


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

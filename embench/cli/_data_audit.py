"""What ``embench data audit ENTRY`` prints of one label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench.cli._terminal import plain_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from embench.audit.case import LabelDocument


def render(found: LabelDocument) -> RenderableType:
    """Return for a person what the audit knows of an entry."""
    from rich.console import Group
    from rich.text import Text

    title = Text.assemble((found["entry_id"], "bold"), "   label ", (f"{found['migration_barrier']:.3f} eV", "bold"))
    parts: list[RenderableType] = [title, *_facts(found), "", Text("What is said of the barrier (eV)", style="bold")]
    table = plain_table("system", "barrier", "minus label", "", right=("barrier", "minus label"))
    for each in found["barriers"]:
        evidence = "" if each["evidence"] or each["system"].startswith("pathway") else "no evidence"
        table.add_row(each["system"], f"{each['barrier']:.3f}", f"{each['difference']:+.3f}", evidence)
    parts.append(table)
    if found["other_pathways"]:
        parts += ["", Text("Other pathways of the structure (eV)", style="bold"), _pathways(found)]
    if found["distinct_hops"]:
        parts += ["", Text("Direct hops of the structure, by the model without its host (eV)", style="bold")]
        parts.append(_hops(found))
    parts += ["", Text.assemble("Likely: ", (found["likely"], "bold"))]
    parts += [f"  {each['title']}: {each['text']}" for each in found["findings"]]
    return Group(*parts)


def _facts(found: LabelDocument) -> list[str]:
    facts = [
        f"{found['mobile_ion']} in {found['formula']} ({found['structure_class']}, {found['space_group']}), "
        f"{found['functional']}, {found['concentration_limit']} limit, {found['n_sites']} sites, "
        f"{found['published_split']} side",
        f"hop of {found['hop_distance']:.2f} Å"
        + (f" past {found['sites_passed']} other sites of {found['mobile_ion']}" if found["sites_passed"] else "")
        + _direct(found["direct_hops"]),
    ]
    if found["flags"]:
        facts.append(f"flags: {', '.join(found['flags'])}")
    if found["consensus"] is not None:
        facts.append(
            f"potentials of {found['n_families']} families agree on {found['consensus']:.3f} eV, "
            f"{found['difference']:+.3f} from the label"
        )
    if found["forward"] is not None:
        facts.append(f"in their bands {found['forward']:.3f} from the start, {found['backward']:.3f} from the end")
    said = [
        text
        for text, holds in (
            ("the label is contradicted", found["label_contradicted"]),
            ("a common error of model and potentials", found["common_error"]),
        )
        if holds
    ]
    return [*facts, *said]


def _direct(lengths: list[float]) -> str:
    if not lengths:
        return ""
    shown = ", ".join(f"{length:.2f}" for length in lengths[:5])
    return f"; direct hops of the crystal: {shown}{' and more' if len(lengths) > 5 else ''} Å"


def _pathways(found: LabelDocument) -> RenderableType:
    table = plain_table("entry", "label", "potentials", "", right=("label", "potentials"))
    for other in found["other_pathways"]:
        said = "–" if other["consensus"] is None else f"{other['consensus']:.3f}"
        same = "equivalent hop" if other["equivalent"] else ""
        table.add_row(other["entry_id"], f"{other['migration_barrier']:.3f}", said, same)
    return table


def _hops(found: LabelDocument) -> RenderableType:
    numbers = ("length (Å)", "in the cell", "barrier", "minus label")
    table = plain_table(*numbers, "", right=numbers)
    for hop in found["distinct_hops"]:
        values = f"{hop['hop_distance']:.2f}", str(hop["multiplicity"]), f"{hop['barrier']:.3f}"
        table.add_row(*values, f"{hop['difference']:+.3f}", "the released hop" if hop["released"] else "")
    return table

"""All that the audit of the labels knows of one entry: what is said of its barrier, and what the rules find."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from embench.audit.barriers import Potential
from embench.audit.common_errors import CommonError, common_errors, read_model
from embench.audit.consensus import Consensus, find_consensus
from embench.audit.distinct_hops import DistinctHop, read_hops
from embench.audit.evidence import read_evidence
from embench.audit.mismatch import KINDS, NONE_FOUND, Case, Finding, Other, find_mismatches
from embench.audit.submitted_bands import Band, read_submitted
from embench.crystal.ions import assign_ions
from embench.crystal.periodic import pairs_within
from embench.errors import FeatureError, StructureError

if TYPE_CHECKING:
    from embench.dataset import Dataset, Entry

Floats = NDArray[np.float64]


class BarrierDocument(TypedDict):
    """What one system says (eV): its barrier, that minus the label, and whether it may speak for or against a label."""

    system: str
    barrier: float
    difference: float
    evidence: bool


class PathwayDocument(TypedDict):
    """Another pathway of the structure: its label and what potentials agree on, eV."""

    entry_id: str
    migration_barrier: float
    consensus: float | None
    equivalent: bool


class HopDocument(TypedDict):
    """A symmetry-distinct direct hop of the structure, with its predicted barrier, eV; lengths in Å."""

    hop_distance: float
    multiplicity: int
    barrier: float
    difference: float
    released: bool


class FindingDocument(TypedDict):
    """A kind of mismatch that is likely, and why."""

    kind: str
    title: str
    text: str


class LabelDocument(TypedDict):
    """What ``embench data audit ENTRY --json`` writes; energies in eV, lengths in Å, None for what is not known."""

    dataset_version: str
    entry_id: str
    migration_barrier: float
    consensus: float | None
    difference: float | None
    n_families: int
    label_contradicted: bool
    common_error: bool
    formula: str
    mobile_ion: str
    structure_class: str
    space_group: str
    functional: str
    concentration_limit: str
    published_split: str
    n_sites: int
    hop_distance: float
    flags: list[str]
    forward: float | None
    backward: float | None
    sites_passed: int
    direct_hops: list[float]
    barriers: list[BarrierDocument]
    other_pathways: list[PathwayDocument]
    distinct_hops: list[HopDocument]
    findings: list[FindingDocument]
    likely: str


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What cases are made from: labels (eV), evidence, the consensus of potentials, the model, bands, common errors.

    `hops` are the direct hops of structures with predicted barriers, by entry_id, as far as they were predicted.
    """

    data: Dataset
    evidence: tuple[Potential, ...]
    consensus: Mapping[str, Consensus]
    model: Potential
    bands: Mapping[str, Mapping[str, Band]]
    common: Mapping[str, CommonError]
    hops: Mapping[str, tuple[DistinctHop, ...]]


def read_sources(data: Dataset, evidence: Sequence[Potential] | None = None) -> Sources:
    """Return what cases of `data` are made from; `evidence` is by default all that there is now.

    Raises :class:`~embench.errors.PredictionsError` where barriers or predictions cannot be read.
    """
    evidence = tuple(read_evidence(data.entry_ids) if evidence is None else evidence)
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    return Sources(
        data=data,
        evidence=evidence,
        consensus={row.entry_id: row for row in find_consensus(labels, evidence)},
        model=read_model(),
        bands={potential.slug: read_submitted(potential.slug) for potential in evidence},
        common={found.entry_id: found for found in common_errors(labels, evidence)},
        hops=read_hops(),
    )


def case_of(entry_id: str, sources: Sources) -> Case:
    """Return what the rules look at; raises :class:`~embench.errors.UnknownEntryError` for an unknown entry."""
    entry = sources.data[entry_id]
    forward, backward = _both_ways(entry_id, sources)
    anions, metal_charge, cell_charge = _charges(entry)
    return Case(
        entry_id=entry_id,
        label=entry.migration_barrier,
        consensus=sources.consensus[entry_id].barrier_median,
        functional=entry.functional,
        ion=entry.mobile_ion,
        elements=frozenset(_symbols(entry)),
        anions=anions,
        metal_charge=metal_charge,
        cell_charge=cell_charge,
        forward=forward,
        backward=backward,
        between=sites_passed(entry),
        hop_distance=entry.hop_distance,
        direct=_direct_hops(entry),
        others=tuple(
            Other(
                entry_id=other.entry_id,
                label=other.migration_barrier,
                consensus=sources.consensus[other.entry_id].barrier_median,
                equivalent=other.group_duplicate == entry.group_duplicate,
            )
            for other in sources.data.filter(group_structure=entry.group_structure)
            if other.entry_id != entry_id
        ),
        distinct=sources.hops.get(entry_id, ()),
    )


def label_document(entry_id: str, sources: Sources) -> LabelDocument:
    """Return all that the audit knows of an entry; raises as :func:`case_of`."""
    case = case_of(entry_id, sources)
    entry, row = sources.data[entry_id], sources.consensus[entry_id]
    findings = find_mismatches(case)
    return {
        "dataset_version": sources.data.version,
        "entry_id": entry_id,
        "migration_barrier": case.label,
        "consensus": case.consensus,
        "difference": case.difference,
        "n_families": row.n_families,
        "label_contradicted": row.label_contradicted,
        "common_error": entry_id in sources.common,
        "formula": entry.formula,
        "mobile_ion": entry.mobile_ion,
        "structure_class": entry.structure_class,
        "space_group": entry.space_group,
        "functional": entry.functional,
        "concentration_limit": entry.concentration_limit,
        "published_split": entry.published_split,
        "n_sites": entry.n_sites,
        "hop_distance": entry.hop_distance,
        "flags": list(entry.flags),
        "forward": case.forward,
        "backward": case.backward,
        "sites_passed": case.between,
        "direct_hops": list(case.direct),
        "barriers": _barriers(case, sources),
        "other_pathways": [
            {
                "entry_id": other.entry_id,
                "migration_barrier": other.label,
                "consensus": other.consensus,
                "equivalent": other.equivalent,
            }
            for other in case.others
        ],
        "distinct_hops": [
            {
                "hop_distance": hop.hop_distance,
                "multiplicity": hop.multiplicity,
                "barrier": hop.barrier,
                "difference": hop.barrier - case.label,
                "released": hop.released,
            }
            for hop in case.distinct
        ],
        "findings": [{"kind": each.kind, "title": title_of(each.kind), "text": each.text} for each in findings],
        "likely": likely(case, findings),
    }


def likely(case: Case, findings: Sequence[Finding]) -> str:
    """Return in words which kind of mismatch is likely."""
    if case.consensus is None:
        return "no potential has a barrier to compare with"
    if not case.needs_explanation:
        return "nothing to explain: the potentials' consensus is near the label"
    return title_of(findings[0].kind) if findings else NONE_FOUND


def title_of(kind: str) -> str:
    """Return what a kind of mismatch is called."""
    return next(each.title for each in KINDS if each.name == kind)


def sites_passed(entry: Entry) -> int:
    """Return how many other sites of the ion lie in the sphere over the ends of the released hop."""
    sites = entry.frac_coords[1:][entry.atomic_numbers[1:] == entry.atomic_numbers[0]]
    start, end = entry.frac_coords[0] @ entry.lattice, entry.path_end @ entry.lattice
    if not len(sites):
        return 0
    radius = float(np.linalg.norm(end - start)) / 2
    return len(pairs_within(entry.lattice, ((start + end) / 2)[None], sites @ entry.lattice, reach=radius).distances)


def _direct_hops(entry: Entry) -> tuple[float, ...]:
    """Return the lengths (Å) of the symmetry-distinct direct hops of the crystal with the end of the hop occupied."""
    from pymatgen.core import Lattice, Structure

    from embench.migration.find import find_hops

    coords = np.vstack([entry.frac_coords, entry.path_end])
    crystal = Structure(Lattice(entry.lattice), [*_symbols(entry), entry.mobile_ion], coords)
    try:
        found = find_hops(crystal, entry.mobile_ion, longest=max(entry.hop_distance, 4.0) + 0.1)
    except (StructureError, FeatureError):
        return ()
    return tuple(sorted({round(hop.hop_distance, 2) for hop in found}))


def _symbols(entry: Entry) -> list[str]:
    from pymatgen.core import Element

    return [str(Element.from_Z(int(number)).symbol) for number in entry.atomic_numbers]


def _charges(entry: Entry) -> tuple[frozenset[str], float, float]:
    """Return the anions, and the charges of the metals and of the cell as :class:`Case` has them."""
    symbols = tuple(_symbols(entry))
    try:
        ions = assign_ions(entry.lattice, symbols, entry.frac_coords)
    except FeatureError:
        return frozenset(), math.nan, math.nan
    balanced = math.isfinite(ions.metal_charge)
    total = math.nan if balanced else float(sum(ions.charges[symbol] for symbol in symbols))
    return ions.anions, ions.metal_charge, total


def _both_ways(entry_id: str, sources: Sources) -> tuple[float | None, float | None]:
    """Return the barriers from the start and from the end, eV: medians over the bands of the evidence."""
    found = []
    for potential in sources.evidence:
        band = sources.bands[potential.slug].get(entry_id)
        if entry_id in potential.barriers and band is not None and band.energies:
            known = [energy for energy in band.energies if energy is not None]
            first, last = band.energies[0], band.energies[-1]
            if first is not None and last is not None:
                found.append((max(known) - first, max(known) - last))
    if not found:
        return None, None
    forward, backward = zip(*found, strict=True)
    return statistics.median(forward), statistics.median(backward)


def _barriers(case: Case, sources: Sources) -> list[BarrierDocument]:
    from embench.audit.barriers import read_potentials

    speaking = {potential.slug for potential in sources.evidence if case.entry_id in potential.barriers}
    every = {potential.slug: potential for potential in (*read_potentials(sources.data.entry_ids), *sources.evidence)}
    return [
        {
            "system": potential.slug,
            "barrier": potential.barriers[case.entry_id],
            "difference": potential.barriers[case.entry_id] - case.label,
            "evidence": potential.slug in speaking,
        }
        for potential in (sources.model, *(every[slug] for slug in sorted(every)))
        if case.entry_id in potential.barriers
    ]

"""By rule, which kind of mismatch between a released hop and its label is likely; no rule changes a label.

A rule sees one :class:`Case` and answers in words, or None. Adding a kind is one entry of :data:`KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from embench.audit.direction import ENDS_DIFFER
from embench.audit.distinct_hops import DistinctHop

NEAR = 0.15
"""eV: a barrier explains a label within this; half of the bands of a potential are nearer than 0.14 to their labels."""

FAR = 0.3
"""eV: a label that the potentials' consensus is nearer to needs no explanation."""

BETTER = 0.5
"""Swapping two labels, or taking another hop, must leave at most this part of each difference."""

SAME_LABEL = 0.005
"""eV: labels of two hops that differ by less are the same figure."""

U_AT_MOST = 0.6
"""eV: a larger difference is not laid to the Hubbard U."""

U_METALS = frozenset({"Co", "Cr", "Fe", "Mn", "Mo", "Ni", "V", "W"})
"""Metals that the training data of the potentials have a U for, in oxides and fluorides (Materials Project)."""

U_ANIONS = frozenset({"O", "F"})

MIXED = (0.25, 0.75)
"""Fraction of an electron per metal: between these the metal has two valences in comparable numbers."""

UNBALANCED = 0.5
"""Formal charges of a cell that add up to more, e, are one ion too few or too many."""


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another pathway of the same structure: its label, what potentials say (eV), and whether the hop is equivalent."""

    entry_id: str
    label: float
    consensus: float | None
    equivalent: bool


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the rules look at; energies in eV, lengths in Å.

    Attributes
    ----------
    consensus : median over the families of potentials of the highest minus the lowest energy; None without any.
    forward, backward : median over the bands whose energies are known of the highest energy above the first and above
        the last image; None without any.
    elements, anions : of the cell.
    metal_charge : mean formal charge of the metals that take what is left in the neutral cell as released, e; NaN
        where no metal can.
    cell_charge : sum of the formal charges where no metal takes the rest, e; NaN where they are not known.
    between : other sites of the ion that the hop passes, in the sphere over its ends.
    direct : lengths of the direct hops of the crystal, shortest first; empty where none were looked for or found.
    others : the other pathways of the structure in the dataset.
    distinct : the symmetry-distinct direct hops of the structure with predicted barriers, the released hop among them;
        empty where none were predicted.
    """

    entry_id: str
    label: float
    consensus: float | None
    functional: str
    ion: str
    elements: frozenset[str]
    anions: frozenset[str] = frozenset()
    metal_charge: float = math.nan
    cell_charge: float = math.nan
    forward: float | None = None
    backward: float | None = None
    between: int = 0
    hop_distance: float = 0.0
    direct: tuple[float, ...] = ()
    others: tuple[Other, ...] = ()
    distinct: tuple[DistinctHop, ...] = ()

    @property
    def difference(self) -> float | None:
        """What the potentials say minus the label."""
        return None if self.consensus is None else self.consensus - self.label

    @property
    def needs_explanation(self) -> bool:
        """Whether the consensus is farther than :data:`FAR` from the label."""
        return self.difference is not None and abs(self.difference) > FAR


@dataclass(frozen=True)
class Finding:
    """A kind of mismatch that is likely, and why, in words."""

    kind: str
    text: str


@dataclass(frozen=True)
class Kind:
    """A kind of mismatch: what the page calls it, its rule in words, and the rule."""

    name: str
    title: str
    rule: str
    find: Callable[[Case], str | None]


def find_mismatches(case: Case) -> list[Finding]:
    """Return the kinds of mismatch that are likely, the most telling first; none for a label that needs none."""
    if not case.needs_explanation:
        return []
    return [Finding(kind.name, text) for kind in KINDS if (text := kind.find(case)) is not None]


def compared_pathways(case: Case) -> bool:
    """Return whether potentials have a barrier of another hop of the structure."""
    return any(not other.equivalent and other.consensus is not None for other in case.others)


def compared_hops(case: Case) -> bool:
    """Return whether another direct hop of the structure has a predicted barrier."""
    return any(not hop.released for hop in case.distinct)


def chance_of_pathway(cases: Sequence[Case]) -> tuple[int, int]:
    """Return :func:`chance_of` the rule of the other pathways."""
    return chance_of(cases, near_other, compared_pathways)


def chance_of_hop(cases: Sequence[Case]) -> tuple[int, int]:
    """Return :func:`chance_of` the rule of the other hops."""
    return chance_of(cases, another_hop, compared_hops)


def chance_of(
    cases: Sequence[Case], rule: Callable[[Case], str | None], compared: Callable[[Case], bool]
) -> tuple[int, int]:
    """Return how often a rule holds for labels that are taken from other entries.

    Each of `cases` that is `compared` with something gets the label of every other one of another structure, as far as
    that needs an explanation. The answer is the number of hits and of trials.
    """
    hits = trials = 0
    for case in cases:
        if not compared(case):
            continue
        own = {case.entry_id, *(other.entry_id for other in case.others)}
        for donor in cases:
            if donor.entry_id in own:
                continue
            tried = replace(case, label=donor.label)
            if tried.needs_explanation:
                trials += 1
                hits += rule(tried) is not None
    return hits, trials


def swap_repairs(labels: tuple[float, float], consensus: tuple[float, float]) -> bool:
    """Return whether two labels (eV) of one structure are both far from what potentials say, and near when swapped."""
    before = [abs(label - said) for label, said in zip(labels, consensus, strict=True)]
    after = [abs(label - said) for label, said in zip(reversed(labels), consensus, strict=True)]
    return min(before) > FAR and all(new <= min(FAR, BETTER * old) for old, new in zip(before, after, strict=True))


def _swapped(case: Case) -> str | None:
    found = []
    for other in case.others:
        if other.equivalent or other.consensus is None or case.consensus is None:
            continue
        if swap_repairs((case.label, other.label), (case.consensus, other.consensus)):
            found.append(
                f"swapped with the label of {other.entry_id} ({other.label:.2f}) both agree: differences of "
                f"{abs(case.label - case.consensus):.2f} and {abs(other.label - other.consensus):.2f} eV become "
                f"{abs(other.label - case.consensus):.2f} and {abs(case.label - other.consensus):.2f}"
            )
    return "; ".join(found) or None


def near_other(case: Case) -> str | None:
    """Return in words of which other pathways of the structure the label is, by potentials."""
    found = []
    for other in case.others:
        if other.equivalent or other.consensus is None or case.consensus is None:
            continue
        left = abs(case.label - other.consensus)
        if left <= NEAR:
            found.append(f"the label is that of the pathway {other.entry_id} by potentials ({other.consensus:.2f})")
    return "; ".join(found) or None


def _same_label(case: Case) -> str | None:
    found = [
        f"{other.entry_id} has the same label for another hop, which potentials give {other.consensus:.2f}"
        for other in case.others
        if not other.equivalent and other.consensus is not None and case.consensus is not None
        if abs(case.label - other.label) <= SAME_LABEL and abs(case.consensus - other.consensus) > FAR
    ]
    return "; ".join(found) or None


def _past_a_site(case: Case) -> str | None:
    if not case.between or case.consensus is None or case.label >= case.consensus:
        return None
    sites = f"{case.between} other site{'s' if case.between > 1 else ''}"
    direct = f"; direct hops are {_lengths(case.direct)} Å long" if case.direct else ""
    return f"the released hop of {case.hop_distance:.2f} Å passes {sites} of {case.ion}, where direct ones join{direct}"


def _lengths(lengths: Sequence[float]) -> str:
    shown = ", ".join(f"{length:.2f}" for length in lengths[:3])
    return f"{shown} and more" if len(lengths) > 3 else shown


def _pathway(case: Case) -> str | None:
    found = [text for rule in (near_other, _same_label, _past_a_site) if (text := rule(case)) is not None]
    return "; ".join(found) or None


def another_hop(case: Case) -> str | None:
    """Return in words of which other direct hop of the structure the label is, by the model."""
    released = next((hop for hop in case.distinct if hop.released), None)
    if released is None or abs(case.label - released.barrier) <= FAR:
        return None
    others = [hop for hop in case.distinct if not hop.released]
    best = min(others, key=lambda hop: abs(case.label - hop.barrier), default=None)
    if best is None or abs(case.label - best.barrier) > min(NEAR, BETTER * abs(case.label - released.barrier)):
        return None
    return (
        f"the label is that of a direct hop of {best.hop_distance:.2f} Å by the model ({best.barrier:.2f}), which "
        f"predicts {released.barrier:.2f} for the released one"
    )


def _direction(case: Case) -> str | None:
    if case.forward is None or case.backward is None or abs(case.forward - case.backward) <= ENDS_DIFFER:
        return None
    forward, backward = abs(case.label - case.forward), abs(case.label - case.backward)
    if min(forward, backward) > NEAR:
        return None
    if backward < forward:
        return f"the label is the barrier from the end ({case.backward:.2f}); from the start it is {case.forward:.2f}"
    return (
        f"the label is the barrier from the start ({case.forward:.2f}); potentials are read as highest minus lowest, "
        f"here the barrier from the end ({case.backward:.2f})"
    )


def _charge(case: Case) -> str | None:
    if math.isfinite(case.metal_charge):
        fraction = case.metal_charge - math.floor(case.metal_charge)
        if MIXED[0] <= fraction <= MIXED[1]:
            return (
                f"the metals of the neutral cell have the mean charge {case.metal_charge:+.2f}: two valences, whose "
                "order a calculation has to choose"
            )
        return None
    if math.isfinite(case.cell_charge) and abs(case.cell_charge) > UNBALANCED:
        what = "removed" if case.cell_charge < 0 else "added"
        return (
            f"with the ion {what} the formal charges add up to {case.cell_charge:+g} e and no metal can take that: a "
            "charged cell and a neutral one have different barriers"
        )
    return None


def _hubbard(case: Case) -> str | None:
    metals = sorted(case.elements & U_METALS)
    without_u = case.functional in ("GGA", "LDA")
    if not (metals and case.anions & U_ANIONS and without_u) or abs(case.difference or math.inf) > U_AT_MOST:
        return None
    return f"{case.functional} without U for {', '.join(metals)}, where the potentials learned from GGA+U"


KINDS: tuple[Kind, ...] = (
    Kind(
        "swapped",
        "labels swapped",
        f"Two labels of one structure are each more than {FAR} eV from what potentials say of their hop. Swapped, each "
        f"is within {FAR} eV, and at most {BETTER:g} of the difference is left.",
        _swapped,
    ),
    Kind(
        "pathway",
        "another pathway",
        f"The label is within {NEAR} eV of what potentials say of another pathway of the structure in the dataset; or "
        f"another hop, for which potentials differ by more than {FAR} eV, has the same label; or the label is the "
        "lower one and the released hop passes another site of the ion, so that the ion would take two direct hops.",
        _pathway,
    ),
    Kind(
        "direction",
        "direction",
        f"In the bands of potentials the ends differ by more than {ENDS_DIFFER} eV, and the label is within {NEAR} eV "
        "of the barrier from one of them.",
        _direction,
    ),
    Kind(
        "charge",
        "charge state",
        "By formal charges, the cell with the ion taken out or put in is charged and holds no metal of variable "
        f"valence; or its metals have a mean charge that is between {MIXED[0]} and {MIXED[1]} above a whole number.",
        _charge,
    ),
    Kind(
        "hubbard",
        "GGA+U",
        f"A label without U for an oxide or fluoride of {', '.join(sorted(U_METALS))}, and a difference of at most "
        f"{U_AT_MOST} eV.",
        _hubbard,
    ),
    Kind(
        "hop",
        "another hop",
        f"The model's barrier of the released hop is more than {FAR} eV from the label, and that of another "
        f"symmetry-distinct direct hop of the structure is within {NEAR} eV of it, with at most {BETTER:g} of the "
        "difference left.",
        another_hop,
    ),
)

NONE_FOUND = "none found"

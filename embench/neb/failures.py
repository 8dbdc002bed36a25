"""What can go wrong with a band: one rule for each kind of failure, the same for every potential.

The rules read a :class:`Profile`, so that they can judge the literature's bands, of which only energies are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from embench.neb.protocol import STATIC
from embench.neb.results import NebResult

# eV: differences that the fit of a potential or the noise of a relaxation does not explain.
ENERGY_TOLERANCE = 0.05
ENDS_APART = 0.5
# Å: an end that moves further has left its site; a pair of atoms nearer than the second overlaps.
ION_MOVED = 0.5
CLASH = 1.3
# The part of its length below which a hop has collapsed.
HOP_SHRUNK = 0.7
# eV between the highest and the lowest image, twice the most that a relaxed band of the literature shows: of the 1,089
# with all energies (Orb-v3, SevenNet-MF-ompa) a1-NaVOPO4_3 reaches 9.71 eV, the next one 5.22 eV.
EXPLODED_SPAN = 20.0
# eV/Å left after the last stage, a hundred times what a protocol aims at; CHGNet's unconverged bands keep up to 0.5.
EXPLODED_FORCE = 10.0


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the rules read; None where it is not known.

    `energies` are those of all images, eV, ends included. `ends_equivalent` says whether symmetry makes the ends of the
    hop equal. `ion_moved` is the larger displacement of the migrating ion at the two ends, Å, and `clearance` the
    shortest distance between atoms in any image, bonds of the given structure left out, Å. `hop_ratio` is the length of
    the hop after over that before the relaxations.
    """

    energies: tuple[float, ...] = ()
    ends_equivalent: bool | None = None
    ion_moved: float | None = None
    hop_ratio: float | None = None
    clearance: float | None = None
    converged: bool | None = None
    fmax: float | None = None
    relaxed: bool = True


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A kind of failure: its name in the column `flags`, what it says, its rule, and whether a barrier is left."""

    name: str
    description: str
    rule: Callable[[Profile], bool]
    has_value: bool = True


def _below_ends(profile: Profile) -> bool:
    inner = profile.energies[1:-1]
    return bool(inner) and min(inner) < min(profile.energies[0], profile.energies[-1]) - ENERGY_TOLERANCE


def _end_is_maximum(profile: Profile) -> bool:
    energies = profile.energies
    return len(energies) > 2 and max(energies[0], energies[-1]) >= max(energies[1:-1])


def _ends_differ(profile: Profile) -> bool:
    return profile.ends_equivalent is True and _apart(profile) > ENERGY_TOLERANCE


def _exploded(profile: Profile) -> bool:
    if not profile.relaxed or not profile.energies:
        return False
    span = max(profile.energies) - min(profile.energies)
    return span > EXPLODED_SPAN or (profile.fmax or 0.0) > EXPLODED_FORCE


def _apart(profile: Profile) -> float:
    return abs(profile.energies[0] - profile.energies[-1]) if profile.energies else 0.0


FAILURES: tuple[Failure, ...] = (
    Failure(
        name="image_below_ends",
        description=f"an image lies more than {ENERGY_TOLERANCE:g} eV below both ends: they are no minima of this path",
        rule=_below_ends,
    ),
    Failure(
        name="end_is_maximum",
        description="no image is higher than the higher end: there is no saddle in the band",
        rule=_end_is_maximum,
    ),
    Failure(
        name="equivalent_ends_differ",
        description=f"symmetry makes the ends equal, but their energies differ by more than {ENERGY_TOLERANCE:g} eV",
        rule=_ends_differ,
    ),
    Failure(
        name="ends_apart",
        description=f"the energies of the ends differ by more than {ENDS_APART:g} eV",
        rule=lambda profile: _apart(profile) > ENDS_APART,
    ),
    Failure(
        name="ion_left_site",
        description=f"the migrating ion moved by more than {ION_MOVED:g} Å when an end was relaxed",
        rule=lambda profile: (profile.ion_moved or 0.0) > ION_MOVED,
    ),
    Failure(
        name="hop_shrunk",
        description=f"the relaxations of the ends left less than {HOP_SHRUNK:g} of the length of the hop",
        rule=lambda profile: profile.hop_ratio is not None and profile.hop_ratio < HOP_SHRUNK,
    ),
    Failure(
        name="not_converged",
        description="an end or the band did not reach the force of the protocol in its steps",
        rule=lambda profile: profile.converged is False,
    ),
    Failure(
        name="clash",
        description=f"two atoms of an image are nearer than {CLASH:g} Å that are not bonded in the given structure",
        rule=lambda profile: profile.clearance is not None and profile.clearance < CLASH,
    ),
    Failure(
        name="exploded",
        description=(
            f"the relaxed images span more than {EXPLODED_SPAN:g} eV, or a force of more than {EXPLODED_FORCE:g} eV/Å "
            "is left: no barrier is read from it"
        ),
        rule=_exploded,
        has_value=False,
    ),
    Failure(
        name="crash",
        description="the potential or its process failed: there is no barrier",
        rule=lambda profile: not profile.energies,
        has_value=False,
    ),
)
FROM_ENERGIES: frozenset[str] = frozenset(
    ("image_below_ends", "end_is_maximum", "equivalent_ends_differ", "ends_apart")
)
"""The kinds that energies show: all that can be told of published bands."""
WITHOUT_VALUE: frozenset[str] = frozenset(failure.name for failure in FAILURES if not failure.has_value)


def profile_of(result: NebResult, *, ends_equivalent: bool | None) -> Profile:
    """Return what the rules read of a result."""
    moved = [each for each in (result.start_ion, result.end_ion) if each is not None]
    lengths = result.hop_length, result.hop_guess
    return Profile(
        energies=result.energies,
        ends_equivalent=ends_equivalent,
        ion_moved=max(moved, default=None),
        hop_ratio=lengths[0] / lengths[1] if lengths[0] is not None and lengths[1] else None,
        clearance=result.clearance,
        converged=result.status == "converged",
        fmax=result.fmax,
        relaxed=result.protocol != STATIC.name,
    )


def failures_of(profile: Profile) -> tuple[str, ...]:
    """Return the names of the failures of a band, in the order of the registry."""
    return tuple(failure.name for failure in FAILURES if failure.rule(profile))


def without_exploded(result: NebResult) -> NebResult:
    """Return a result without its barriers where its band has exploded, else the result itself.

    The energies stay, so that what happened can be seen; results that were stored before there was this rule lose their
    barriers when they are read.
    """
    if not result.has_value or not _exploded(profile_of(result, ends_equivalent=None)):
        return result
    span = max(result.energies) - min(result.energies)
    found = [failure.name for failure in FAILURES if failure.name == "exploded" or failure.name in result.flags]
    return replace(
        result,
        status="failed",
        reason=f"exploded: the images span {span:.4g} eV, and a force of {result.fmax or 0.0:.3g} eV/Å is left",
        flags=tuple(found),
        barrier_max_minus_min=None,
        barrier_max_minus_start=None,
        barrier_backward=None,
    )

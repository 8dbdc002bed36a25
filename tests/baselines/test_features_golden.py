"""Features of three entries, computed again from their definitions.

Charges and radii are written out by hand, neighbours are found by going through periodic images, and every formula is
written here anew, one atom at a time. The three entries have a high-spin metal beside an anion-forming non-metal,
two anions, and a softBV pair that is not listed; in none of them are the two ends of the hop alike.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np
import pytest
from ase.data import chemical_symbols
from scipy.optimize import minimize

import embench
from embench.baselines.features import FEATURE_SETS
from embench.baselines.features.composition import PROPERTIES, element_properties
from embench.baselines.features.geometry import RADIAL_CENTRES, geometry_features
from embench.baselines.features.profiles import PROFILES, profile
from embench.crystal import Hop, hop_of
from tests.crystal.made import Made


@dataclass(frozen=True, kw_only=True)
class Chemistry:
    """What is known of the ions of an entry; `softbv` has r0, r_min, alpha and d0 for the migrating ion."""

    counts: dict[str, int]
    charges: dict[str, float]
    radii: dict[str, float]
    anions: set[str]
    metal_charge: float
    softbv: dict[str, tuple[float, float, float, float]]


# Radii: R. D. Shannon, Acta Crystallogr. A 32, 751 (1976), six-fold coordination, high spin. Charges: the oxidation
# states of a textbook, and for the metal named last what is left over. softBV: H. Chen and S. Adams, IUCrJ 4, 614
# (2017).
CHEMISTRY = {
    # 48 - 4 - 36 = 8 charges on 4 Fe: Fe2+, high spin 0.78 Å (low spin 0.61 Å).
    "CaFe2S3O12": Chemistry(
        counts={"Ca": 2, "Fe": 4, "S": 6, "O": 24},
        charges={"Ca": 2.0, "O": -2.0, "S": 6.0, "Fe": 2.0},
        radii={"Ca": 1.00, "O": 1.40, "S": 0.29, "Fe": 0.78},
        anions={"O"},
        metal_charge=2.0,
        softbv={"O": (1.79519, 2.32032, 2.10084, 0.994291)},
    ),
    # 64 - 15 = 49 charges on 16 Mn: nearest to Mn3+, high spin 0.645 Å (low spin 0.58 Å).
    "NaMnOF2": Chemistry(
        counts={"Na": 15, "Mn": 16, "O": 16, "F": 32},
        charges={"Na": 1.0, "O": -2.0, "F": -1.0, "Mn": 49 / 16},
        radii={"Na": 1.02, "O": 1.40, "F": 1.33, "Mn": 0.645},
        anions={"O", "F"},
        metal_charge=49 / 16,
        softbv={"O": (1.56225, 2.374335, 2.074689, 0.575227), "F": (1.42885, 2.232158, 2.109705, 0.295862)},
    ),
    # Sc is always Sc3+. Mg-Se is not listed: Mg-S, longer by the 1.98 Å of Se2- less the 1.84 Å of S2-.
    "MgSc2Se4": Chemistry(
        counts={"Mg": 7, "Sc": 16, "Se": 32},
        charges={"Mg": 2.0, "Sc": 3.0, "Se": -2.0},
        radii={"Mg": 0.72, "Sc": 0.745, "Se": 1.98},
        anions={"Se"},
        metal_charge=math.nan,
        softbv={"Se": (1.82372 + 0.14, 2.457529 + 0.14, 1.540832, 1.645364)},
    ),
}
# B. Cordero et al., Dalton Trans. 2832 (2008), Å, and the rows of the periodic table.
COVALENT = {"Ca": 1.76, "Fe": 1.32, "S": 1.05, "Na": 1.66, "Mn": 1.39, "Mg": 1.41, "Sc": 1.70}
ROW = {"Ca": 4, "Fe": 4, "S": 3, "Na": 3, "Mn": 4, "Mg": 3, "Sc": 4}
ENTRIES = sorted(CHEMISTRY)


@dataclass(frozen=True)
class Surroundings:
    """The 17 points of a hop, and for each neighbour its element, its distance to each point, Å, and its weight."""

    mobile: str
    symbols: list[str]
    volume: float
    length: float
    atoms: list[tuple[str, list[float], float]]
    chemistry: Chemistry

    def of_kind(self, kind: str) -> list[tuple[str, list[float], float]]:
        return [atom for atom in self.atoms if self.kind(atom[0]) == kind]

    def kind(self, element: str) -> str:
        return "anion" if element in self.chemistry.anions else "mobile" if element == self.mobile else "cation"

    def contact(self, element: str) -> float:
        return self.chemistry.radii[element] + self.chemistry.radii[self.mobile]


def fading(distance: float, end: float) -> float:
    """The cubic that falls from 1 to 0 with level ends over the last half ångström before `end`."""
    x = min(1.0, max(0.0, (end - distance) / 0.5))
    return 3 * x**2 - 2 * x**3


@lru_cache(maxsize=3)
def surroundings(entry_id: str) -> Surroundings:
    entry, chemistry = embench.load()[entry_id], CHEMISTRY[entry_id]
    symbols = [chemical_symbols[number] for number in entry.atomic_numbers]
    start, end = entry.frac_coords[0] @ entry.lattice, entry.path_end @ entry.lattice
    points = [start + (end - start) * i / 16 for i in range(17)]
    shifts = [np.array([a, b, c]) for a in range(-3, 4) for b in range(-3, 4) for c in range(-3, 4)]
    atoms = []
    for symbol, site in zip(symbols[1:], entry.frac_coords[1:], strict=True):
        for shift in shifts:
            place = (site - np.floor(site) + shift) @ entry.lattice
            share = float(np.dot(place - start, end - start) / np.dot(end - start, end - start))
            foot = start + min(1.0, max(0.0, share)) * (end - start)
            if np.linalg.norm(place - foot) <= 8.0:
                apart = [float(np.linalg.norm(place - point)) for point in points]
                atoms.append((symbol, apart, fading(float(np.linalg.norm(place - foot)), 8.0)))
    volume = abs(float(np.dot(entry.lattice[0], np.cross(entry.lattice[1], entry.lattice[2]))))
    return Surroundings(symbols[0], symbols, volume, float(np.linalg.norm(end - start)), atoms, chemistry)


@lru_cache(maxsize=4)
def hop(entry_id: str) -> Hop:
    return hop_of(embench.load()[entry_id])


@cache
def features(entry_id: str, name: str) -> dict[str, float]:
    return FEATURE_SETS[name].compute(hop(entry_id), embench.load()[entry_id])


def assert_features(found: dict[str, float], expected: dict[str, float], *, abs: float = 1e-9) -> None:
    unlike = {
        name: (found[name], value) for name, value in expected.items() if found[name] != pytest.approx(value, abs=abs)
    }
    assert not unlike


# ------------------------------------------------------------------------------------------- ions and surroundings


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_formal_charges_and_radii_are_those_of_shannon(entry_id: str) -> None:
    ions, known = hop(entry_id).ions, CHEMISTRY[entry_id]
    assert dict(ions.charges) == known.charges
    assert dict(ions.radii) == known.radii
    assert ions.anions == known.anions
    assert ions.metal_charge == pytest.approx(known.metal_charge, nan_ok=True)


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_every_neighbour_is_found_once(entry_id: str) -> None:
    made, known = hop(entry_id), surroundings(entry_id)
    assert sorted(made.symbols) == sorted(s for s, count in known.chemistry.counts.items() for _ in range(count))
    assert sorted(made.elements.tolist()) == sorted(element for element, _, _ in known.atoms)
    found = sorted(zip(made.elements.tolist(), made.distances.T.round(6).tolist(), strict=True))
    for (element, apart), (expected_element, expected, _) in zip(found, sorted(known.atoms), strict=True):
        assert element == expected_element
        assert apart[0] == pytest.approx(expected[0], abs=2e-6)
    for point in range(17):
        expected = sorted(apart[point] for _, apart, _ in known.atoms)
        np.testing.assert_allclose(np.sort(made.distances[point]), expected, atol=1e-8)
    np.testing.assert_allclose(np.sort(made.weights), sorted(weight for _, _, weight in known.atoms), atol=1e-8)
    assert 0 < (made.weights < 1).sum() < len(made.weights) / 3


# -------------------------------------------------------------------------------------------------------- geometry


def receding(distance: float, weight: float, farthest: float) -> float:
    return min(farthest, weight * distance + (1 - weight) * farthest)


def approach(kind: str, known: Surroundings) -> dict[str, float]:
    atoms = known.of_kind(kind)
    nearest, reduced, coordination = [], [], []
    for point in range(17):
        nearest.append(min([8.0, *(receding(apart[point], weight, 8.0) for _, apart, weight in atoms)]))
        reduced.append(
            min(
                [
                    4.0,
                    *(receding(apart[point] / known.contact(element), weight, 4.0) for element, apart, weight in atoms),
                ]
            )
        )
        beyond = [((known.contact(element) - apart[point]) / 0.37, weight) for element, apart, weight in atoms]
        coordination.append(sum(weight * math.exp(min(x, 3.0)) for x, weight in beyond))
    found = {}
    for name, values in {"nearest": nearest, "reduced": reduced, "coordination": coordination}.items():
        ends = 0.5 * values[0] + 0.5 * values[16]
        extreme = max(values) if name == "coordination" else min(values)
        found |= {
            f"{kind}_{name}_ends": ends,
            f"{kind}_{name}_unlike": math.fabs(values[16] - values[0]),
            f"{kind}_{name}_middle": values[8],
            f"{kind}_{name}_gain": values[8] - ends,
            f"{kind}_{name}_extreme": extreme,
            f"{kind}_{name}_extreme_gain": extreme - ends,
            f"{kind}_{name}_mean": math.fsum(values) / 17,
        }
    return found


@pytest.mark.parametrize("entry_id", ENTRIES)
@pytest.mark.parametrize("kind", ["anion", "cation", "mobile"])
def test_how_near_the_ion_comes(entry_id: str, kind: str) -> None:
    assert_features(features(entry_id, "geometry"), approach(kind, surroundings(entry_id)))


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_shells_and_windows(entry_id: str) -> None:
    known = surroundings(entry_id)
    anions = known.of_kind("anion")
    reduced = [
        sorted(receding(apart[i] / known.contact(element), weight, 3.0) for element, apart, weight in anions)
        for i in range(17)
    ]
    free = [
        sorted(receding(apart[i] - known.contact(element), weight, 8.0) for element, apart, weight in anions)
        for i in range(17)
    ]
    expected = {"length": known.length}
    for i in range(8):
        expected |= {
            f"shell_ends_{i + 1}": (reduced[0][i] + reduced[16][i]) / 2,
            f"shell_middle_{i + 1}": reduced[8][i],
            f"shell_quarters_{i + 1}": (reduced[4][i] + reduced[12][i]) / 2,
        }
    expected["shell_distortion_start"] = float(np.std(reduced[0][:6]))
    expected["shell_distortion_end"] = float(np.std(reduced[16][:6]))
    for size in (1, 2, 3, 4, 6):
        expected[f"window_{size}"] = min(sum(row[:size]) / size for row in free)
    triangles = [sum(row[:3]) / 3 for row in free]
    counts = [math.exp(-(triangle - min(triangles)) / 0.05) for triangle in triangles]
    expected["window_position"] = sum(c * math.fabs(i / 16 - 1 / 2) for i, c in enumerate(counts)) / sum(counts)
    squeeze = [sum(math.exp(min(-x / 0.3, 5.0)) for x in row) for row in free]
    expected["squeeze"] = math.log(1 + max(0.0, max(squeeze) - (squeeze[0] + squeeze[16]) / 2))
    assert_features(features(entry_id, "geometry"), expected, abs=1e-8)


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_packing(entry_id: str) -> None:
    known, chemistry = surroundings(entry_id), CHEMISTRY[entry_id]
    sites = sum(chemistry.counts.values())
    anions = sum(chemistry.counts[symbol] for symbol in chemistry.anions)
    mobile = chemistry.counts[known.mobile]
    spheres = sum(count * 4.1887902 * chemistry.radii[symbol] ** 3 for symbol, count in chemistry.counts.items())
    expected = {
        "volume_per_atom": known.volume / sites,
        "volume_per_anion": known.volume / anions,
        "packing": spheres / known.volume,
        "mobile_per_anion": mobile / anions,
        "alone": 0.0,
        "log_sites": math.log(sites),
        "mobile_density": mobile / (known.volume / 1000),
    }
    assert_features(features(entry_id, "geometry"), expected, abs=1e-7)


def test_a_single_ion_is_alone() -> None:
    # Ca1 Fe4 S6 O24.
    assert features("Fe2S3O12_Ca", "geometry")["alone"] == 1.0
    assert features("Fe2S3O12_Ca", "geometry")["mobile_nearest_mean"] == 8.0
    assert features("Fe2S3O12_Ca", "geometry")["mobile_reduced_mean"] == 4.0
    assert features("Fe2S3O12_Ca", "geometry")["mobile_coordination_mean"] == 0.0


# Centre and width of each smooth count by hand: 0.6 times half the distance between the neighbours of the centre, at
# either end the whole distance to the only neighbour.
WIDTHS = (0.15, 0.15, 0.15, 0.15, 0.225, 0.35, 0.40, 0.40)


@pytest.mark.parametrize("entry_id", ENTRIES)
@pytest.mark.parametrize("kind", ["anion", "cation", "mobile"])
def test_smooth_counts(entry_id: str, kind: str) -> None:
    known, expected = surroundings(entry_id), {}
    for centre, width in zip(RADIAL_CENTRES, WIDTHS, strict=True):
        counts = []
        for i in range(17):
            beyond = [
                ((apart[i] / known.contact(element) - centre) / (0.6 * width), weight)
                for element, apart, weight in known.of_kind(kind)
            ]
            counts.append(sum(weight * math.exp(-(x**2) / 2) for x, weight in beyond))
        expected |= {
            f"{kind}_ends_{centre:g}": (counts[0] + counts[16]) / 2,
            f"{kind}_unlike_{centre:g}": math.fabs(counts[16] - counts[0]),
            f"{kind}_middle_{centre:g}": counts[8],
            f"{kind}_mean_{centre:g}": math.fsum(counts) / 17,
        }
    assert_features(features(entry_id, "radial"), expected)


# -------------------------------------------------------------------------------------------------------- energies


def site_energy(element: str, r: float, known: Surroundings) -> float:
    """Half a softBV Morse potential with an anion, screened Coulomb repulsion of a cation; eV."""
    if element in known.chemistry.anions:
        _, r_min, alpha, d0 = known.chemistry.softbv[element]
        return d0 / 2 * ((math.exp(alpha * (r_min - r)) - 1) ** 2 - 1)
    charges = known.chemistry.charges[element] * known.chemistry.charges[known.mobile]
    screening = 0.74 * (COVALENT[element] + COVALENT[known.mobile])
    return 14.399645 * charges / math.sqrt(ROW[element] * ROW[known.mobile]) * math.erfc(r / screening) / r


def repulsion(element: str, r: float, known: Surroundings) -> float:
    return 0.2 * math.exp((known.contact(element) - r) / 0.33)


POTENTIALS = {"site": site_energy, "repulsion": repulsion}


def yielding(potential, element: str, r: float, known: Surroundings, *, stiffness: float) -> float:
    """The least energy when the neighbour moves along the line to the ion in steps of 0.03 Å."""
    moves = [0.03 * step for step in range(-10, 51)]
    return min(potential(element, max(r + u, 0.3), known) + stiffness * u * u / 2 for u in moves)


@pytest.mark.parametrize("entry_id", ENTRIES)
@pytest.mark.parametrize("name", ["site", "repulsion"])
def test_rigid_and_yielding_profiles(entry_id: str, name: str) -> None:
    known, potential = surroundings(entry_id), POTENTIALS[name]
    rigid = [sum(w * potential(element, apart[i], known) for element, apart, w in known.atoms) for i in range(17)]
    np.testing.assert_allclose(profile(hop(entry_id), PROFILES[name]).energy, rigid, rtol=1e-6, atol=1e-6)
    gives = [
        sum(
            yielding(potential, element, apart[i], known, stiffness=4.0 / max(fading(min(apart), 5.0), 1e-6))
            if min(apart) <= 5.0
            else weight * potential(element, apart[i], known)
            for element, apart, weight in known.atoms
        )
        for i in (0, 4, 8, 13, 16)
    ]
    found = profile(hop(entry_id), PROFILES[f"{name}_yielding"])
    np.testing.assert_allclose(found.energy[[0, 4, 8, 13, 16]], gives, rtol=1e-6, atol=1e-6)
    assert not found.displacement.any()


@pytest.mark.parametrize(
    ("name", "stiffness"), [("site_relaxing", 4.0), ("site_relaxing_hard", 10.0), ("repulsion_relaxing", 4.0)]
)
def test_neighbours_relax_to_the_minimum_that_scipy_finds(name: str, stiffness: float) -> None:
    """Every neighbour by itself: pair energy, spring, and the force that keeps it in place at the start."""
    known, made = surroundings("CaFe2S3O12"), hop("CaFe2S3O12")
    potential = POTENTIALS[name.split("_")[0]]
    start, found = made.points[0], profile(made, PROFILES[name])
    for at in (0, 6, 9, 16):
        total = 0.0
        for element, place, weight in zip(made.elements.tolist(), made.neighbours, made.weights, strict=True):
            line = made.points[-1] - start
            foot = start + np.clip((place - start) @ line / (line @ line), 0, 1) * line
            closest = float(np.linalg.norm(made.points - place, axis=1).min())
            if closest > 5.0:
                total += weight * potential(element, float(np.linalg.norm(place - made.points[at])), known)
                continue
            assert np.linalg.norm(place - foot) <= 5.0
            r, h = float(np.linalg.norm(place - start)), 1e-5
            slope = (potential(element, r + h, known) - potential(element, r - h, known)) / (2 * h)
            counter = -slope * (place - start) / r
            # None overlaps with the ion at the start so that it would not stay there.
            spring = stiffness / max(fading(closest, 5.0), 1e-6)
            assert spring > -1.5 * slope / r

            def energy(u, element=element, apart=place - made.points[at], counter=counter, spring=spring):
                distance = float(np.linalg.norm(apart + u))
                return potential(element, max(distance, 0.3), known) + spring * u @ u / 2 + counter @ u

            total += minimize(energy, np.zeros(3)).fun
        assert found.energy[at] == pytest.approx(total, abs=1e-4), at
    assert not found.displacement.any()


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_bond_valence_sums(entry_id: str) -> None:
    known = surroundings(entry_id)
    sums = [0.0] * 17
    for element, apart, weight in known.of_kind("anion"):
        r0, _, alpha, _ = known.chemistry.softbv[element]
        sums = [total + weight * math.exp(alpha * (r0 - r)) for total, r in zip(sums, apart, strict=True)]
    excess = [total / known.chemistry.charges[known.mobile] - 1 for total in sums]
    expected = {
        "valence_start": excess[0],
        "valence_ends": (excess[0] + excess[16]) / 2,
        "valence_change": math.fabs(excess[16] - excess[0]),
        "valence_middle": min(3.0, excess[8]),
        "valence_least": min(excess),
        "valence_most": min(3.0, max(excess)),
        "valence_mismatch": math.sqrt(min(9.0, sum(x * x for x in excess) / 17)),
    }
    assert_features(features(entry_id, "barriers"), expected, abs=1e-6)


def test_valence_sums_within_an_atom_are_cut_off() -> None:
    """Li goes from one side of F to the other. 0.3 Å counts where it is nearer: 4.70 valence units, 3.70 too many."""
    through = replace(lone_pair(), path_end=np.array([0.1, 0.0, 0.0]))
    found = FEATURE_SETS["barriers"].compute(hop_of(through), through)
    # softBV: r0 = 1.08674 Å, alpha = 1.968504 / Å; F is 2 Å away at both ends.
    ends = math.exp(1.968504 * (1.08674 - 2.0)) - 1
    assert math.exp(1.968504 * (1.08674 - 0.3)) - 1 > 3.7
    expected = {"valence_start": ends, "valence_ends": ends, "valence_least": ends, "valence_change": 0.0}
    assert_features(found, expected | {"valence_middle": 3.0, "valence_most": 3.0}, abs=1e-6)


def signed_root(x: float) -> float:
    """A root beyond about 0.01 eV, nearly linear below."""
    return math.copysign(math.sqrt(math.fabs(x) + 0.01) - 0.1, x)


def share_above_half(heights: list[float]) -> float:
    """The share of a polyline above a half, by 20,000 points on each of its pieces."""
    pieces = [np.linspace(a, b, 20001) for a, b in itertools.pairwise(heights)]
    return float(np.mean([(piece > 0.5).mean() for piece in pieces]))


def signed_log(x: float) -> float:
    return math.copysign(math.log(1 + math.fabs(x) / 0.1), x) if x else 0.0


@pytest.mark.parametrize("entry_id", ENTRIES)
def test_what_a_rigid_profile_says_of_the_barrier(entry_id: str) -> None:
    known = surroundings(entry_id)
    energy = [sum(w * site_energy(element, apart[i], known) for element, apart, w in known.atoms) for i in range(17)]
    top, bottom, start, end = max(energy), min(energy), energy[0], energy[16]
    values = {
        "forward": top - start,
        "reverse": top - end,
        "mean": top - (start + end) / 2,
        "low": top - max(start, end),
        "high": top - min(start, end),
        "range": top - bottom,
        "middle": energy[8] - (start + end) / 2,
        "depth": top - energy[8],
        "start_depth": start - bottom,
        "first_half": max(energy[:9]) - start,
        "rise": energy[8] - start,
    }
    expected = {f"site_log_{name}": signed_log(value) for name, value in values.items()}
    expected |= {f"site_root_{name}": signed_root(value) for name, value in values.items()}
    heights = [(value - bottom) / (top - bottom) for value in energy]
    counts = [math.exp((value - top) / 0.02) for value in energy]
    expected |= {
        "site_log_change": math.fabs(signed_log(end - start)),
        "site_signed_change": signed_log(end - start),
        "site_filling": sum(heights) / 17,
        "site_off_centre": sum(count * math.fabs(i - 8) / 16 for i, count in enumerate(counts)) / sum(counts),
    }
    assert features(entry_id, "barriers")["site_width"] == pytest.approx(share_above_half(heights), abs=1e-4)
    assert expected["site_log_change"] > 0.3
    assert_features(features(entry_id, "barriers"), expected, abs=1e-5)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_features_of_its_own(name: str) -> None:
    found, made = features("CaFe2S3O12", "barriers"), profile(hop("CaFe2S3O12"), PROFILES[name])
    energy = made.energy.tolist()
    expected = {
        f"{name}_log_forward": signed_log(max(energy) - energy[0]),
        f"{name}_log_reverse": signed_log(max(energy) - energy[16]),
        f"{name}_signed_change": signed_log(energy[16] - energy[0]),
    }
    if "bending" in name:
        expected[f"{name}_bend"] = max(made.displacement.tolist())
        expected[f"{name}_bow"] = sum(made.displacement.tolist()) / 17
        assert 0 < expected[f"{name}_bow"] < expected[f"{name}_bend"] <= 1
    assert_features(found, expected)


def test_softer_surroundings_give_way_more() -> None:
    """Energies of the bending profiles rise with the stiffness, and lie below those of the straight line."""
    soft, middle, hard = (
        profile(hop("CaFe2S3O12"), PROFILES[f"site_bending{kind}"]).energy[8] for kind in ("_soft", "", "_hard")
    )
    rigid = profile(hop("CaFe2S3O12"), PROFILES["site"]).energy[8]
    assert soft < middle < hard < rigid


# ----------------------------------------------------------------------------------------------------- composition


def test_composition_of_calcium_iron_sulphate_by_hand() -> None:
    """The framework Fe4 S6 O24 around Ca. Electronegativities of Pauling; Slater's atomic radii."""
    found = features("CaFe2S3O12", "composition")
    number = (4 * 26 + 6 * 16 + 24 * 8) / 34
    expected = {
        "framework_mean_number": number,
        "framework_spread_number": math.sqrt(
            (4 * (26 - number) ** 2 + 6 * (16 - number) ** 2 + 24 * (8 - number) ** 2) / 34
        ),
        "framework_least_number": 8,
        "framework_most_number": 26,
        "framework_mean_electronegativity": (4 * 1.83 + 6 * 2.58 + 24 * 3.44) / 34,
        "framework_mean_row": (4 * 4 + 6 * 3 + 24 * 2) / 34,
        "framework_mean_group": (4 * 8 + 6 * 16 + 24 * 16) / 34,
        "framework_mean_radius": (4 * 1.40 + 6 * 1.00 + 24 * 0.60) / 34,
        "framework_mean_d_electrons": 4 * 6 / 34,
        "anion_mean_number": 8,
        "anion_spread_number": 0,
        "anion_most_electronegativity": 3.44,
        "cation_mean_number": (4 * 26 + 6 * 16) / 10,
        "cation_least_group": 8,
        "cation_most_group": 16,
        "cation_most_d_electrons": 6,
        "cation_least_d_electrons": 0,
        "share_O": 24 / 34,
        "share_S": 6 / 34,
        "share_Fe": 4 / 34,
        "share_P": 0,
        "share_anions": 24 / 34,
        "cation_charge": (4 * 2 + 6 * 6) / 10,
        "cation_charge_most": 6,
        "cation_radius": (4 * 0.78 + 6 * 0.29) / 10,
        "metal_charge": 2,
        "has_metal": 1,
        "anion_charge": -2,
        "anion_radius": 1.40,
        "ion_charge": 2,
        "ion_radius": 1.00,
        "ion_potential": 2.0,
        "ion_electronegativity": 1.00,
        "ion_row": 4,
        "ion_Ca": 1,
        "ion_Li": 0,
    }
    assert_features(found, expected)


def test_charges_of_the_framework_by_hand() -> None:
    oxyfluoride, selenide = features("NaMnOF2", "composition"), features("MgSc2Se4", "composition")
    # 16 O2- and 32 F-.
    assert oxyfluoride["anion_charge"] == pytest.approx(-(2 * 16 + 32) / 48)
    assert oxyfluoride["anion_radius"] == pytest.approx((1.40 * 16 + 1.33 * 32) / 48)
    assert oxyfluoride["metal_charge"] == 49 / 16
    assert oxyfluoride["ion_potential"] == pytest.approx(1 / 1.02)
    # No metal whose charge follows from the balance; Sc has one d electron, Se none.
    assert (selenide["metal_charge"], selenide["has_metal"]) == (0.0, 0.0)
    assert selenide["cation_charge"] == 3.0
    assert selenide["cation_mean_d_electrons"] == 1.0
    assert selenide["anion_mean_d_electrons"] == 0.0


def test_a_framework_without_cations_by_hand() -> None:
    """Li23 Br8 O8: nothing but anions around the lithium."""
    found = features("Li3OBr_2", "composition")
    expected = {
        "framework_mean_number": (35 + 8) / 2,
        "anion_spread_number": (35 - 8) / 2,
        "anion_least_number": 8,
        "share_Br": 0.5,
        "share_anions": 1.0,
        "cation_charge": 0,
        "cation_charge_most": 0,
        "cation_radius": 0,
        "metal_charge": 0,
        "has_metal": 0,
        "anion_charge": -1.5,
        "anion_radius": (1.96 + 1.40) / 2,
        "ion_Li": 1,
        "ion_Ca": 0,
    }
    assert_features(found, expected)
    assert not any(value for name, value in found.items() if name.startswith("cation_"))


@pytest.mark.filterwarnings("ignore:No Pauling electronegativity", "ignore:No data available for atomic_radius")
def test_properties_of_the_elements() -> None:
    """Number, Pauling electronegativity, row, group, Slater's radius (Å), and d electrons of the neutral atom."""
    kept = [PROPERTIES.index(name) for name in ("number", "electronegativity", "row", "group", "radius", "d_electrons")]
    known = {
        "Fe": (26, 1.83, 4, 8, 1.40, 6),
        "Sc": (21, 1.36, 4, 3, 1.60, 1),
        "Zn": (30, 1.65, 4, 12, 1.35, 10),
        "O": (8, 3.44, 2, 16, 0.60, 0),
        "Al": (13, 1.61, 3, 13, 1.25, 0),
        # Pauling gives argon no electronegativity.
        "Ar": (18, 0.0, 3, 18, 0.71, 0),
        # Slater gives krypton no radius.
        "Kr": (36, 3.00, 4, 18, 1.5, 0),
    }
    for symbol, expected in known.items():
        found = element_properties(symbol)
        assert [found[i] for i in kept] == pytest.approx(expected), symbol


def lone_pair() -> Made:
    """Li 2.0 Å from F, and nothing else within 8 Å; it hops 1.6 Å towards it. Contact at 0.76 + 1.33 = 2.09 Å."""
    return Made(
        lattice=np.eye(3) * 40.0,
        atomic_numbers=np.array([3, 9], dtype=np.int16),
        frac_coords=np.array([[0.0, 0.0, 0.0], [0.05, 0.0, 0.0]]),
        path_end=np.array([0.04, 0.0, 0.0]),
    )


def test_geometry_where_there_is_hardly_anything_by_hand() -> None:
    found = geometry_features(hop_of(lone_pair()))
    expected = {
        "length": 1.6,
        "anion_nearest_ends": 1.2,
        "anion_nearest_unlike": 1.6,
        "anion_nearest_extreme": 0.4,
        "anion_reduced_middle": 1.2 / 2.09,
        # exp(0.09 / 0.37) at the start, cut off at exp(3) at the end.
        "anion_coordination_ends": (math.exp(0.09 / 0.37) + math.exp(3)) / 2,
        "anion_coordination_extreme": math.exp(3),
        # No such neighbour: as far as 8 Å, or four contact distances.
        "cation_nearest_mean": 8.0,
        "cation_reduced_mean": 4.0,
        "cation_coordination_extreme": 0.0,
        "mobile_nearest_extreme": 8.0,
        # Missing shells count as three contact distances, missing atoms of a window as 8 Å of room.
        "shell_ends_1": 1.2 / 2.09,
        "shell_ends_2": 3.0,
        "shell_middle_8": 3.0,
        "shell_quarters_1": 1.2 / 2.09,
        "window_1": 0.4 - 2.09,
        "window_2": (0.4 - 2.09 + 8) / 2,
        "window_6": (0.4 - 2.09 + 5 * 8) / 6,
        # At the end 0.1 / 3 Å less room than at the point before: 1 and exp(-0.1 / 3 / 0.05), and so on.
        "window_position": sum(math.exp(-i / 1.5) * abs(0.5 - i / 16) for i in range(17))
        / sum(math.exp(-i / 1.5) for i in range(17)),
        # Repulsion is cut off at exp(5); at the start it is exp(0.09 / 0.3), of each missing atom exp(-8 / 0.3).
        "squeeze": math.log(1 + math.exp(5) - (math.exp(5) + math.exp(0.3)) / 2),
        "volume_per_atom": 32000.0,
        "volume_per_anion": 64000.0,
        "mobile_per_anion": 1.0,
        "alone": 1.0,
        "log_sites": math.log(2),
        "mobile_density": 1 / 64,
    }
    assert_features(found, expected, abs=1e-7)


def test_neighbours_further_than_eight_angstroms_count_as_eight() -> None:
    """Beyond the cutoff nothing is seen; a contact of 2.09 Å is a quarter of 8.36 Å."""
    far = replace(lone_pair(), frac_coords=np.array([[0.0, 0.0, 0.0], [0.22, 0.0, 0.0]]))
    found = geometry_features(hop_of(far))
    # From 8.8 to 7.2 Å.
    assert found["anion_nearest_ends"] == pytest.approx((8.0 + 7.2) / 2)
    assert found["anion_reduced_ends"] == pytest.approx((4.0 + 7.2 / 2.09) / 2)


def test_functional_is_one_of_four() -> None:
    assert features("NaMnOF2", "functional") == {"GGA": 1.0, "GGA+U": 0.0, "SCAN": 0.0, "LDA": 0.0}
    assert features("CaFe2S3O12", "functional") == {"GGA": 0.0, "GGA+U": 0.0, "SCAN": 1.0, "LDA": 0.0}

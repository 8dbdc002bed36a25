"""Relaxed paths: hand-made cages and channels, the pieces one by one, and entries of the dataset."""

from __future__ import annotations

import heapq
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from embench.cli.app import app
from embench.crystal import hop_of
from embench.crystal.potentials import Repulsion, SiteEnergy
from embench.dataset import Dataset, load, structures
from embench.errors import FeatureError, MissingDependencyError
from embench.pages.paths import HEADER, table_row
from embench.pathways import CLEARANCE, relaxed_path
from embench.pathways import grid as grid_module
from embench.pathways import relaxed as relaxed_module
from embench.pathways import string as string_module
from embench.pathways.grid import Grid, grid_around, minimax_path
from embench.pathways.landscape import CUTOFF, landscape_of
from embench.pathways.string import evenly_spaced, relax_string
from tests.crystal.made import Made, rocksalt

PAGE = Path(__file__).parents[2] / "docs" / "relaxed-paths.md"
# Round a metal site, through a channel, not the minimum image, blocked on the way, an end within another atom.
SOME = ("LiRuO2_1", "CaCu2O3", "e-VOPO4_Na_3", "Ca2Co2O5_2", "Na4MnAlP3O12_2", "O-MnPO4_Li", "d-AlV2O5")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


def with_atom(made: Made, number: int, place: list[float]) -> Made:
    made.atomic_numbers = np.append(made.atomic_numbers, number).astype(np.int16)
    made.frac_coords = np.vstack([made.frac_coords, place])
    return made


def channel(*, start: float, end: float) -> Made:
    """Li in a straight tube along z with square windows of O every 3 Å, 2 Å from the axis; z in thirds of the cell."""
    oxygen = [[0.0, 0.0, z] for z in (1 / 6, 3 / 6, 5 / 6)]
    return Made(
        lattice=np.diag([np.sqrt(8.0), np.sqrt(8.0), 9.0]),
        atomic_numbers=np.array([3, 8, 8, 8], dtype=np.int16),
        frac_coords=np.array([[0.5, 0.5, start], *oxygen]),
        path_end=np.array([0.5, 0.5, end]),
    )


def axes_along(vector: np.ndarray) -> np.ndarray:
    """Three orthonormal rows, the first along a vector."""
    axes = np.linalg.qr(np.column_stack([vector, np.eye(3)[:2].T]))[0].T
    return axes * np.sign(axes[0] @ vector)


def cartesian(made: Made) -> np.ndarray:
    return relaxed_path(made).points @ made.lattice


# ------------------------------------------------------------------------------------------------ hand-made cases


def test_the_path_goes_round_an_atom_in_the_middle() -> None:
    """Two octahedral sites of a wide rock salt; the tetrahedral sites beside the line are 6.4 / 4 = 1.6 Å from it."""
    made = with_atom(rocksalt(cation=3, anion=17, length=6.4), 3, [0.0, 0.25, 0.25])
    path = relaxed_path(made)
    assert path.straight_clearance == pytest.approx(0.0, abs=1e-9)
    assert path.straight_length == pytest.approx(6.4 / np.sqrt(2))
    assert path.clearance > 1.5
    assert path.length > path.straight_length + 0.5
    assert not path.blocked
    assert path.reason is None


def test_a_free_channel_stays_straight() -> None:
    path = cartesian(channel(start=1 / 3, end=2 / 3))
    np.testing.assert_allclose(path[:, :2], np.sqrt(2.0), atol=0.05)
    np.testing.assert_allclose(path[:, 2], np.linspace(3.0, 6.0, len(path)), atol=0.05)


def test_a_hop_across_the_boundary_ends_at_the_minimum_image() -> None:
    made = channel(start=2 / 3, end=0.0)
    path = relaxed_path(made)
    assert path.straight_length == pytest.approx(3.0)
    assert path.clearance == pytest.approx(2.0, abs=0.05)
    np.testing.assert_array_equal(path.points[0], made.frac_coords[0])
    np.testing.assert_array_equal(path.points[-1], [0.5, 0.5, 1.0])
    inside = cartesian(channel(start=1 / 3, end=2 / 3))
    np.testing.assert_allclose(path.points @ made.lattice, inside + np.array([0.0, 0.0, 3.0]), atol=0.02)


@pytest.mark.parametrize(
    ("clearances", "margins", "chosen"),
    [
        ([1.4, 9.9], [2.25], 0),  # the first leaves room: nothing else is tried
        ([1.0, 1.2], [2.25, 3.5], 1),  # neither does: the roomier one
        ([1.2, 1.0], [2.25, 3.5], 0),
        ([1.0, 1.4], [2.25, 3.5], 1),
    ],
)
def test_which_margin_is_tried_and_which_path_kept(monkeypatch, clearances, margins, chosen) -> None:
    tried: list[float] = []
    paths = [np.full((3, 3), 1.0 + i) for i in range(2)]

    def clearance(path: np.ndarray) -> tuple[float, str]:
        # The elements, last in the pair, are in the opposite order of the distances: they decide nothing.
        place = int(path[0, 0]) - 1
        return (5.0, "O") if place < 0 else (clearances[place], "ZA"[int(clearances[place] > min(clearances))])

    landscape = SimpleNamespace(clearance=clearance, energy=lambda points: np.zeros(len(points)))
    monkeypatch.setattr(grid_module, "grid_around", lambda *ends, margin, axes: tried.append(margin))
    monkeypatch.setattr(grid_module, "minimax_path", lambda *_: (np.zeros((2, 3)), 0.0))
    monkeypatch.setattr(string_module, "relax_string", lambda *_: paths[len(tried) - 1])
    hop = SimpleNamespace(points=np.array([[0.0, 0, 0], [0.9, 0, 0]]), length=0.9, axes=np.eye(3))
    assert relaxed_module._best(landscape, hop) is paths[chosen]
    assert tried == margins


def test_a_hop_across_most_of_a_skewed_cell_ends_where_it_was_said_to() -> None:
    """The straight tube in a cell whose third vector leans over two others: the hop is (-2/3, 0, 1/3) of it."""
    made, skew = channel(start=1 / 3, end=2 / 3), np.array([[1.0, 0, 0], [0, 1, 0], [2, 0, 1]])
    straight = cartesian(made)
    made.lattice = skew @ made.lattice
    made.frac_coords, made.path_end = made.frac_coords @ np.linalg.inv(skew), made.path_end @ np.linalg.inv(skew)
    np.testing.assert_array_equal(relaxed_path(made).points[-1], made.path_end)
    np.testing.assert_allclose(cartesian(made), straight, atol=0.02)


def test_the_points_of_a_path_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        relaxed_path(channel(start=1 / 3, end=2 / 3)).points[0] = 0.0


def test_an_occupied_end_is_reported_and_the_line_kept() -> None:
    made = with_atom(rocksalt(cation=3, anion=17, length=6.4), 12, [0.0, 0.5, 0.6])
    path = relaxed_path(made)
    assert path.blocked
    assert path.reason == "the end of the hop is 0.64 Å from Mg"
    assert path.clearance <= 0.64 + 1e-9
    assert path.length == pytest.approx(path.straight_length)


def test_a_plug_in_a_closed_tube_is_reported() -> None:
    """Si in a window of a dense wall of O: beyond the wall is nothing but the next tube, with its own plug."""
    walls = [[x / 4, y / 4, 0.5] for x in range(4) for y in range(4) if (x, y) != (2, 2)]
    made = Made(
        lattice=np.diag([6.0, 6.0, 8.0]),
        atomic_numbers=np.array([3, 14, *[8] * len(walls)], dtype=np.int16),
        frac_coords=np.array([[0.5, 0.5, 0.25], [0.5, 0.5, 0.5], *walls]),
        path_end=np.array([0.5, 0.5, 0.75]),
    )
    # The next way from one side to the other is through the middle of four atoms 1.5 Å apart: 1.06 Å from each.
    path = relaxed_path(made)
    assert path.blocked
    assert path.clearance <= 1.5 / np.sqrt(2) + 0.01
    assert path.reason is not None
    assert path.reason.startswith("no way around ")


def test_the_same_path_every_time_and_with_any_image_of_the_sites() -> None:
    made = with_atom(rocksalt(cation=3, anion=17, length=6.4), 3, [0.0, 0.25, 0.25])
    first, again = relaxed_path(made), relaxed_path(made)
    np.testing.assert_array_equal(first.points, again.points)
    made.frac_coords[3:] += [1.0, -1.0, 2.0]
    assert relaxed_path(made).clearance == pytest.approx(first.clearance, abs=1e-6)


def test_a_hop_of_no_length_and_a_lone_neighbour_far_away() -> None:
    made = Made(np.eye(3) * 40.0, np.array([3, 9], dtype=np.int16), np.array([[0.0] * 3, [0.5] * 3]), np.zeros(3))
    with pytest.raises(FeatureError, match=r"made: the hop ends where it starts.*give its end unwrapped"):
        relaxed_path(made)
    made.path_end = np.array([0.1, 0.0, 0.0])
    path = relaxed_path(made)
    assert path.length == pytest.approx(4.0)
    assert not path.blocked


def test_a_structure_without_an_ionic_model_is_an_error() -> None:
    made = Made(np.eye(3) * 4.0, np.array([3, 29], dtype=np.int16), np.array([[0.0] * 3, [0.5] * 3]), np.full(3, 0.1))
    with pytest.raises(FeatureError, match="no element of Cu-Li is an anion"):
        relaxed_path(made)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingDependencyError, match=r"relaxed path needs scipy.*\[baselines\]"):
        relaxed_path(channel(start=1 / 3, end=2 / 3))


# ------------------------------------------------------------------------------------------------------- the parts


def test_the_tabulated_landscape_is_the_sum_of_its_parts() -> None:
    hop = hop_of(rocksalt(cation=3, anion=9, length=4.1), cutoff=CUTOFF, n_points=9)
    landscape, everything = landscape_of(hop), np.arange(len(hop.elements))
    site = SiteEnergy(hop, everything)(hop.distances)[0].sum(axis=1)
    repulsion = Repulsion(hop, everything)(hop.distances)[0][:, ~hop.is_anion].sum(axis=1)
    wall = 15.0 * (np.maximum(1.6 - hop.distances, 0.0) ** 2).sum(axis=1)
    np.testing.assert_allclose(landscape.energy(hop.points), site + repulsion + wall, atol=0.03)


def test_the_gradient_is_that_of_the_energy() -> None:
    hop = hop_of(rocksalt(cation=3, anion=9, length=4.1), cutoff=CUTOFF, n_points=9)
    landscape, points, h = landscape_of(hop), hop.points[1:-1] + np.array([0.31, -0.12, 0.05]), 0.04
    numeric = [
        (landscape.energy(points + h * axis) - landscape.energy(points - h * axis)) / 2 / h for axis in np.eye(3)
    ]
    energy, gradient, _ = landscape.gradient(points)
    np.testing.assert_allclose(gradient, np.transpose(numeric), atol=0.15, rtol=0.05)
    np.testing.assert_allclose(energy, landscape.energy(points), atol=1e-9)


def test_clearance_is_measured_between_the_points_too() -> None:
    hop = hop_of(rocksalt(cation=3, anion=9, length=4.0), cutoff=CUTOFF, n_points=2)
    # The line between the ends of <110> passes the middle of an edge of the octahedron, a / (2 √2) from both F.
    distance, element = landscape_of(hop).clearance(hop.points)
    assert distance == pytest.approx(4.0 / np.sqrt(8.0))
    assert element == "F"


@dataclass
class Fixed:
    """A landscape with given values on the inner grid points."""

    values: np.ndarray

    def energy(self, points: np.ndarray) -> np.ndarray:
        return self.values[: len(points)]


def brute_force(energy: np.ndarray, grid: Grid) -> float:
    """The lowest possible maximum by a search that always extends the lowest point."""
    heap, seen = [(energy[grid.start], grid.start)], set()
    while heap:
        highest, at = heapq.heappop(heap)
        if at == grid.end:
            return float(highest)
        if at in seen:
            continue
        seen.add(at)
        for step in itertools.product((-1, 0, 1), repeat=3):
            to = tuple(np.add(at, step).tolist())
            if all(0 <= i < n for i, n in zip(to, energy.shape, strict=True)) and to not in seen:
                heapq.heappush(heap, (max(highest, energy[to]), to))
    raise AssertionError


@pytest.mark.parametrize("seed", range(3))
def test_the_grid_path_has_the_lowest_possible_maximum(seed: int) -> None:
    start, end = np.array([0.3, -1.0, 2.0]), np.array([0.9, 0.1, 2.4])
    grid = grid_around(start, end, margin=0.9, axes=axes_along(end - start))
    np.testing.assert_allclose(grid.points[grid.start], start, atol=1e-12)
    np.testing.assert_allclose(grid.points[grid.end], end, atol=1e-12)
    values = np.random.default_rng(seed).uniform(0.0, 10.0, int(grid.inside.sum()))
    energy = np.full(grid.inside.shape, np.inf)
    energy[grid.inside] = values
    path, highest = minimax_path(Fixed(values), grid)
    assert highest == brute_force(energy, grid)
    np.testing.assert_allclose(path[[0, -1]], [start, end], atol=1e-12)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 0.25 * np.sqrt(3) + 1e-9
    at = [np.linalg.norm(grid.points[grid.inside] - point, axis=1).argmin() for point in path]
    assert values[at].max() <= highest + 0.05


def cheapest_cost(energy: np.ndarray, grid: Grid, highest: float) -> float:
    """The least sum of length times exp(E / 0.5 eV), the mean of both ends of each step, by a search of our own."""
    allowed = energy <= highest + 0.05
    price = np.exp((energy - energy[allowed].min()) / 0.5)
    heap, best = [(0.0, grid.start)], {grid.start: 0.0}
    while heap:
        cost, at = heapq.heappop(heap)
        if at == grid.end:
            return cost
        for step in itertools.product((-1, 0, 1), repeat=3):
            to = tuple(np.add(at, step).tolist())
            if any(step) and all(0 <= i < n for i, n in zip(to, energy.shape, strict=True)) and allowed[to]:
                length = float(np.linalg.norm(grid.points[to] - grid.points[at]))
                further = cost + length * (price[at] + price[to]) / 2
                if further < best.get(to, np.inf):
                    best[to] = further
                    heapq.heappush(heap, (further, to))
    raise AssertionError


@pytest.mark.parametrize("seed", range(3))
def test_among_the_lowest_paths_the_cheapest_is_taken(seed: int) -> None:
    start, end = np.array([0.3, -1.0, 2.0]), np.array([0.9, 0.1, 2.4])
    grid = grid_around(start, end, margin=0.9, axes=axes_along(end - start))
    values = np.random.default_rng(seed).uniform(0.0, 1.0, int(grid.inside.sum()))
    energy = np.full(grid.inside.shape, np.inf)
    energy[grid.inside] = values
    path, highest = minimax_path(Fixed(values), grid)
    inside = grid.points[grid.inside]
    price = np.exp((values - values.min()) / 0.5)
    at = [int(np.linalg.norm(inside - point, axis=1).argmin()) for point in path]
    cost = sum(
        float(np.linalg.norm(inside[b] - inside[a])) * (price[a] + price[b]) / 2 for a, b in itertools.pairwise(at)
    )
    assert cost == pytest.approx(cheapest_cost(energy, grid, highest))


def test_the_grid_by_hand() -> None:
    """A hop of 1 Å along x with 0.6 Å to all sides: steps of 0.25 Å, two of them beyond each end and to each side."""
    grid = grid_around(np.zeros(3), np.array([1.0, 0.0, 0.0]), margin=0.6, axes=np.eye(3))
    assert grid.inside.shape == (9, 5, 5)
    assert (grid.start, grid.end) == ((2, 2, 2), (6, 2, 2))
    along = np.unique(grid.points[..., 0].round(9))
    np.testing.assert_allclose(along, np.arange(-0.5, 1.51, 0.25))
    for axis in (1, 2):
        np.testing.assert_allclose(np.unique(grid.points[..., axis].round(9)), [-0.5, -0.25, 0.0, 0.25, 0.5])
    # Nearer to the line than the margin: by the distance to its nearest end, or to the line beside it.
    beyond = np.maximum(np.abs(grid.points[..., 0] - 0.5) - 0.5, 0.0)
    expected = np.sqrt(beyond**2 + grid.points[..., 1] ** 2 + grid.points[..., 2] ** 2) <= 0.6
    np.testing.assert_array_equal(grid.inside, expected)
    # A hop of 1.1 Å is divided into five steps of 0.22 Å.
    longer = grid_around(np.zeros(3), np.array([0.0, 0.0, 1.1]), margin=0.6, axes=np.eye(3)[[2, 0, 1]])
    assert longer.end[0] - longer.start[0] == 5
    assert longer.inside.shape == (10, 5, 5)


class Ring:
    """A circular valley of radius 1 Å around the z axis."""

    def gradient(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        radius = np.linalg.norm(points[:, :2], axis=1)
        along = points * [1.0, 1.0, 0.0] / radius[:, None]
        gradient = 40.0 * (radius - 1.0)[:, None] * along + points * [0.0, 0.0, 40.0]
        return 20.0 * (radius - 1.0) ** 2, gradient, np.full(len(points), 40.0)


def test_the_string_follows_a_valley_with_evenly_spaced_points() -> None:
    start = np.array([[-1.0, 0.0, 0.0], [-0.4, 1.6, 0.3], [0.6, 0.5, -0.2], [1.0, 0.0, 0.0]])
    path = relax_string(Ring(), start)
    np.testing.assert_allclose(np.linalg.norm(path[:, :2], axis=1), 1.0, atol=0.03)
    assert path[len(path) // 2] == pytest.approx([0.0, 1.0, 0.0], abs=0.05)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.ptp(steps) < 0.02 * steps.mean()
    np.testing.assert_array_equal(path[[0, -1]], start[[0, -1]])


@pytest.mark.parametrize(("slope", "moved"), [(0.88, 0.01), (1000.0, 0.05)])
def test_the_first_step_of_a_string_by_hand(monkeypatch, slope: float, moved: float) -> None:
    """Points 0.1 Å apart have a stiffness of 8 + 0 + 4 × 0.2 / 0.1² = 88 eV/Å²; no step is longer than 0.05 Å."""
    monkeypatch.setattr(string_module, "_ITERATIONS", 1)
    level = SimpleNamespace(
        gradient=lambda points: (
            np.zeros(len(points)),
            np.tile([0.0, slope, 0.0], (len(points), 1)),
            np.zeros(len(points)),
        )
    )
    path = relax_string(level, np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]))
    assert path[20] == pytest.approx([2.0, -moved, 0.0], abs=1e-9)


def test_evenly_spaced_by_hand() -> None:
    corner = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]])
    np.testing.assert_allclose(evenly_spaced(corner, 5), [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]])


# ----------------------------------------------------------------------------------------- entries of the dataset


@pytest.mark.parametrize("entry_id", SOME)
def test_bands_of_entries(data: Dataset, entry_id: str) -> None:
    entry, path = data[entry_id], relaxed_path(data[entry_id])
    assert np.linalg.norm((path.points[-1] - path.points[0]) @ entry.lattice) == pytest.approx(
        entry.hop_distance_minimum_image, abs=0.011
    )
    for n in (2, 5, 9):
        band = structures.band(entry, n, path="relaxed")
        assert band.shape == (n, entry.n_sites, 3)
        np.testing.assert_array_equal(band[0], entry.frac_coords)
        np.testing.assert_array_equal(band[:, 1:], np.repeat(entry.frac_coords[None, 1:], n, axis=0))
        np.testing.assert_array_equal(band[-1, 0], path.points[-1])
        shift = band[-1, 0] - entry.path_end
        np.testing.assert_allclose(shift, np.rint(shift), atol=1e-12)
    five, nine = (structures.band(entry, n, path="relaxed") for n in (5, 9))
    np.testing.assert_allclose(nine[::2], five, atol=1e-9)


def test_clearance_as_pymatgen_measures_it(data: Dataset) -> None:
    for entry_id in ("LiRuO2_1", "Ca2Co2O5_2", "e-VOPO4_Na_3"):
        path = relaxed_path(data[entry_id])
        images = data[entry_id].images(61, path="relaxed")
        nearest = min(
            image.lattice.get_all_distances(image.frac_coords[:1], image.frac_coords[1:]).min() for image in images
        )
        assert path.clearance == pytest.approx(nearest, abs=0.02)
        assert path.clearance <= nearest + 1e-3
        assert path.blocked == (nearest < CLEARANCE)


def test_the_way_round_a_metal_site(data: Dataset) -> None:
    """The straight line of LiRuO2_1 runs through a Ru site; beside it is room, if little: 1.4 Å from a Li."""
    path = relaxed_path(data["LiRuO2_1"])
    assert path.straight_clearance < 0.05
    assert CLEARANCE < path.clearance < 1.6
    assert not path.blocked


# ------------------------------------------------------------------------------------------------------- the page


def rows(text: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "| `" in line]
    return {row[0].strip("`"): row for row in cells if len(row) == len(HEADER)}


def test_the_page_counts_the_released_images(data: Dataset) -> None:
    """83 of 619, a count from the structures made before this package was."""
    text, table = PAGE.read_text(encoding="utf-8"), rows(PAGE.read_text(encoding="utf-8"))
    near = {entry.entry_id for entry in data if entry.straight_line_minimum_distance < CLEARANCE}
    assert len(near) == 83
    assert near <= set(table)
    blocked = [entry_id for entry_id, row in table.items() if row[-1]]
    assert f"| the five released images | 83 | {83 - len(near & set(blocked))} | {len(near & set(blocked))} |" in text
    assert 75 <= 83 - len(near & set(blocked)) <= 83
    assert {"Na4MnAlP3O12_2", "Na4MnAlP3O12_3"} <= set(blocked)
    for entry_id, row in table.items():
        assert (float(row[3]) < CLEARANCE) == bool(row[-1]), entry_id
        assert min(float(row[1]), float(row[2])) <= CLEARANCE, entry_id


def test_the_page_is_not_stale(data: Dataset) -> None:
    """Every eighth row, so that the test stays fast; distances may differ in the last digit between machines."""
    table = rows(PAGE.read_text(encoding="utf-8"))
    for entry_id in list(table)[::8]:
        now = table_row(data[entry_id], relaxed_path(data[entry_id]))
        np.testing.assert_allclose(
            [float(cell) for cell in now[1:-1]], [float(cell) for cell in table[entry_id][1:-1]], atol=0.0101
        )
        assert bool(now[-1]) == bool(table[entry_id][-1])


def test_the_command_writes_and_checks(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = data.select(SOME)
    monkeypatch.setattr("embench.dataset.load", lambda: few)
    out = tmp_path / "paths.md"
    assert CliRunner().invoke(app, ["data", "paths", "--out", str(out)]).exit_code == 0
    assert set(rows(out.read_text(encoding="utf-8"))) == set(SOME)
    assert "| the five released images | 7 | 5 | 2 |" in out.read_text(encoding="utf-8")
    assert "up to date" in CliRunner().invoke(app, ["data", "paths", "--out", str(out), "--check"]).output
    out.write_text("something else", encoding="utf-8")
    assert CliRunner().invoke(app, ["data", "paths", "--out", str(out), "--check"]).exit_code != 0

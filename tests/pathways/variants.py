"""One hop written in other ways: each is the same crystal, and must give the same path and the same features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from embench.crystal import Pathway
from tests.crystal.made import Made

Variant = Callable[[Made, np.random.Generator], tuple[Made, np.ndarray]]


def made_of(entry: Pathway) -> Made:
    return Made(
        entry.lattice, entry.atomic_numbers, entry.frac_coords, entry.path_end, entry.entry_id, entry.functional
    )


def rotated(made: Made, rng: np.random.Generator) -> tuple[Made, np.ndarray]:
    turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
    return replace(made, lattice=made.lattice @ turn), turn


def mirrored(made: Made, rng: np.random.Generator) -> tuple[Made, np.ndarray]:
    turned, turn = rotated(made, rng)
    return replace(turned, lattice=-turned.lattice), -turn


def shifted(made: Made, rng: np.random.Generator) -> tuple[Made, np.ndarray]:
    shift = rng.uniform(-2, 2, size=3)
    return replace(made, frac_coords=made.frac_coords + shift, path_end=made.path_end + shift), np.eye(3)


def permuted(made: Made, rng: np.random.Generator) -> tuple[Made, np.ndarray]:
    order = np.r_[0, 1 + rng.permutation(len(made.atomic_numbers) - 1)]
    return replace(made, frac_coords=made.frac_coords[order], atomic_numbers=made.atomic_numbers[order]), np.eye(3)


def wrapped(made: Made, _: np.random.Generator) -> tuple[Made, np.ndarray]:
    """All sites in the cell; the end of the hop follows its start."""
    inside = made.frac_coords % 1.0
    return replace(made, frac_coords=inside, path_end=made.path_end + inside[0] - made.frac_coords[0]), np.eye(3)


def in_another_cell(made: Made, _: np.random.Generator) -> tuple[Made, np.ndarray]:
    """Left-handed, and with long vectors at small angles."""
    cells = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 0.0, -1.0]])
    back = np.linalg.inv(cells)
    return (
        replace(made, lattice=cells @ made.lattice, frac_coords=made.frac_coords @ back, path_end=made.path_end @ back),
        np.eye(3),
    )


def all_at_once(made: Made, rng: np.random.Generator) -> tuple[Made, np.ndarray]:
    whole = np.eye(3)
    for variant in (rotated, shifted, permuted, wrapped):
        made, turn = variant(made, rng)
        whole = whole @ turn
    return made, whole


VARIANTS: tuple[Variant, ...] = (rotated, mirrored, shifted, permuted, wrapped, in_another_cell, all_at_once)

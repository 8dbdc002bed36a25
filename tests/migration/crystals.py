"""Published crystal structures; their networks are known from the literature that each one names."""

from __future__ import annotations

from pymatgen.core import Lattice, Structure


def olivine() -> Structure:
    """LiFePO4. V. A. Streltsov, E. L. Belokoneva, V. G. Tsirelson, N. K. Hansen, Acta Crystallogr. B 49, 147 (1993)."""
    return Structure.from_spacegroup(
        "Pnma",
        Lattice.orthorhombic(10.332, 6.010, 4.692),
        ["Li", "Fe", "P", "O", "O", "O"],
        [
            [0, 0, 0],
            [0.28222, 0.25, 0.97472],
            [0.09486, 0.25, 0.41820],
            [0.09678, 0.25, 0.74279],
            [0.45710, 0.25, 0.20602],
            [0.16558, 0.04646, 0.28478],
        ],
    )


def layered() -> Structure:
    """LiCoO2. J. Akimoto, Y. Gotoh, Y. Oosawa, J. Solid State Chem. 141, 298 (1998)."""
    return Structure.from_spacegroup(
        "R-3m",
        Lattice.hexagonal(2.8161, 14.0536),
        ["Co", "Li", "O"],
        [[0, 0, 0], [0, 0, 0.5], [0, 0, 0.2397]],
    )


def antiperovskite(cation: str = "Li", length: float = 3.91) -> Structure:
    """Li3OCl. Y. Zhao and L. L. Daemen, J. Am. Chem. Soc. 134, 15042 (2012)."""
    return Structure.from_spacegroup(
        "Pm-3m", Lattice.cubic(length), [cation, "O", "Cl"], [[0.5, 0.5, 0], [0.5, 0.5, 0.5], [0, 0, 0]]
    )


def spinel() -> Structure:
    """LiMn2O4, second origin. M. M. Thackeray, W. I. F. David, P. G. Bruce, J. B. Goodenough, Mater. Res. Bull. 18, 461 (1983)."""  # noqa: E501
    return Structure.from_spacegroup(
        "Fd-3m:2", Lattice.cubic(8.245), ["Li", "Mn", "O"], [[0.125] * 3, [0.5] * 3, [0.263] * 3]
    )


def rutile() -> Structure:
    """TiO2. J. K. Burdett et al., J. Am. Chem. Soc. 109, 3639 (1987)."""
    return Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.594, 2.959), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
    )


def nasicon() -> Structure:
    """NaZr2(PO4)3. L.-O. Hagman and P. Kierkegaard, Acta Chem. Scand. 22, 1822 (1968)."""
    return Structure.from_spacegroup(
        "R-3c",
        Lattice.hexagonal(8.8043, 22.7585),
        ["Na", "Zr", "P", "O", "O"],
        [[0, 0, 0], [0, 0, 0.1456], [0.2909, 0, 0.25], [0.1860, -0.0140, 0.1948], [0.1930, 0.1690, 0.0870]],
    )


ROCK_SALT = 5.64  # NaCl, Å


def rock_salt() -> Structure:
    """NaCl, conventional cell."""
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(ROCK_SALT), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])

from __future__ import annotations

import io

import ase.io
import numpy as np
import pytest
from pymatgen.core import Structure

import embench
from embench.errors import UnknownNameError
from embench.prediction.bands import band_files


@pytest.fixture(scope="module")
def hop():
    return embench.load()["Li3OCl_1"]


@pytest.fixture(scope="module")
def files(hop):
    return band_files(hop, ("poscar", "cif", "extxyz"))


def test_the_folders_of_vasp(hop, files):
    assert [path for path in files if path.endswith("POSCAR")] == [f"{i:02d}/POSCAR" for i in range(7)]
    first, last = (Structure.from_str(files[f"{i:02d}/POSCAR"], fmt="poscar") for i in (0, 6))
    np.testing.assert_allclose(first.frac_coords[0], hop.frac_coords[0], atol=1e-9)
    np.testing.assert_allclose(last.frac_coords[0], hop.path_end, atol=1e-9)
    np.testing.assert_allclose(first.frac_coords[1:], last.frac_coords[1:], atol=1e-9)
    # The elements stand together, or VASP would want one potential for each block.
    assert files["00/POSCAR"].splitlines()[5].split() == list(dict.fromkeys(site.specie.symbol for site in first))


def test_cif_and_extxyz_hold_the_same(hop, files):
    frames = ase.io.read(io.StringIO(files["band.extxyz"]), index=":", format="extxyz")
    assert len(frames) == 7
    np.testing.assert_allclose(frames[6].positions[0], hop.path_end @ hop.lattice, atol=1e-6)
    middle = Structure.from_str(files["03.cif"], fmt="cif")
    assert sorted(site.specie.symbol for site in middle) == sorted(frames[3].get_chemical_symbols())
    steps = np.diff([frame.positions[0] for frame in frames], axis=0)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), np.linalg.norm(steps[0]), rtol=0.05)


def test_an_unknown_format(hop):
    with pytest.raises(UnknownNameError, match="did you mean extxyz"):
        band_files(hop, ("xyz",))

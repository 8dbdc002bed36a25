"""The registry of potentials, and what a user's own factory may be."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from embench.errors import EmbenchError, InvalidValueError, MissingDependencyError, NebError, UnknownNameError
from embench.neb import POTENTIALS, potential_spec
from embench.neb.calculators import as_potential


def test_registered_potentials_say_what_they_are():
    assert len({spec.name for spec in POTENTIALS}) == len(POTENTIALS)
    for spec in POTENTIALS:
        assert spec.licence
        assert spec.paper
        assert spec.training_data
        assert spec.factory.count(":") == 1


def test_weights_are_those_of_the_registry():
    """The bytes are compared where the package of the potential is installed: CI has no weights."""
    from importlib.util import find_spec

    with_weights = [spec for spec in POTENTIALS if spec.checkpoint]
    assert {"chgnet", "sevennet-0"} <= {spec.name for spec in with_weights}
    assert len({spec.checkpoint.sha256 for spec in with_weights}) == len(with_weights)
    for spec in with_weights:
        assert re.fullmatch(r"[0-9a-f]{64}", spec.checkpoint.sha256), spec.name
        package, _, rest = spec.checkpoint.file.partition("/")
        found = find_spec(package)
        if found is not None and found.origin is not None:
            content = (Path(found.origin).parent / rest).read_bytes()
            assert hashlib.sha256(content).hexdigest() == spec.checkpoint.sha256, spec.name


def test_ase_calculator_is_asked_one_by_one():
    rng = np.random.default_rng(1)
    atoms = Atoms("Al2Cu", rng.uniform(0, 4, (3, 3)) + np.diag([0, 3, 6]), cell=[12] * 3, pbc=True)
    positions = np.stack([atoms.positions, atoms.positions + rng.normal(0, 0.1, (3, 3))])
    energies, forces = potential_spec("emt").create().evaluate(atoms.numbers, atoms.cell.array, positions)
    for i in range(2):
        image = Atoms(atoms.numbers, positions[i], cell=atoms.cell, pbc=True)
        image.calc = EMT()
        assert energies[i] == pytest.approx(image.get_potential_energy())
        assert forces[i] == pytest.approx(image.get_forces())


def test_what_has_evaluate_is_taken_as_it_is():
    potential = potential_spec("tests.neb.made:wave").create()
    assert as_potential(potential) is potential


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("chgnett", {}, UnknownNameError, "did you mean chgnet"),
        ("no_such:make", {}, NebError, "no_such"),
        ("tests.neb.made:make", {}, NebError, "has no 'make'"),
        ("tests.neb.made:wave", {"hight": 1}, UnknownNameError, "hight"),
        ("tests.neb.made:Broken", {}, InvalidValueError, "--option how=VALUE"),
        ("builtins:dict", {}, NebError, "is no calculator"),
    ],
)
def test_what_cannot_be_made_is_named(name, options, error, says):
    with pytest.raises(error, match=says):
        potential_spec(name).create(options)


def test_a_package_that_is_missing_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "chgnet.model.model", None)
    with pytest.raises(MissingDependencyError, match=r"\.\[chgnet\]"):
        potential_spec("chgnet").create()


def test_a_factory_that_raises_is_an_error_of_embench():
    with pytest.raises(EmbenchError, match="ZeroDivisionError"):
        potential_spec("tests.neb.made:impossible").create()

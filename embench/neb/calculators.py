"""The registry of potentials, and how any ASE calculator is asked for energies and forces."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embench.errors import EmbenchError, InvalidValueError, MissingDependencyError, NebError, UnknownNameError
from embench.schema.terms import Dispersion, Functional

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]


@runtime_checkable
class Potential(Protocol):
    """What computes energies and forces; a calculator that has this takes all images of a band in one call."""

    def evaluate(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        """Return energies (n,), eV, and forces (n, N, 3), eV/Å.

        `numbers` (N,) are atomic numbers, `cell` (3, 3) has rows in Å and is periodic, `positions` are (n, N, 3), Å.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class LevelOfTheory:
    """What the training data of a potential were computed with."""

    functional: Functional
    hubbard_u: bool = False
    dispersion: Dispersion = "none"
    details: str | None = None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The weights of a potential: where they can be had, the sha256 of their file, and their licence (SPDX).

    `file` says where a package brings them, below the folder of the package.
    """

    address: str
    sha256: str
    licence: str
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class PotentialSpec:
    """A named potential.

    `factory` is ``module:function``; called with `options` it returns an ASE calculator or a :class:`Potential`.
    `distribution` is the package whose version is the version of the code, `extra` what installs it, `checkpoint` which
    weights it loads, and `licence` that of the weights. `overlap` is what of the scored entries is in `training_data`,
    as a submission states it; empty where it is for somebody else to say. `note` ends the description of a submission.
    """

    name: str
    title: str
    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)
    distribution: str | None = None
    extra: str = "neb"
    checkpoint: Checkpoint | None = None
    licence: str = ""
    parameters: int | None = None
    level_of_theory: LevelOfTheory | None = None
    paper: str = ""
    training_data: str = ""
    overlap: Literal["", "none", "structures", "barriers", "unknown"] = ""
    overlap_details: str = ""
    note: str = ""

    @property
    def version(self) -> str:
        """The version of its package, empty where it has none."""
        try:
            return metadata.version(self.distribution) if self.distribution else ""
        except metadata.PackageNotFoundError:
            raise MissingDependencyError(str(self.distribution), self.extra, f"the potential {self.name}") from None

    def create(self, options: Mapping[str, Any] | None = None) -> Potential:
        """Return the potential, with `options` over those of the registry; raises as :func:`load_factory` does."""
        factory = load_factory(self.factory)
        chosen = {**self.options, **(options or {})}
        _check_options(self.factory, factory, chosen)
        try:
            made = factory(**chosen)
        except EmbenchError:
            raise
        except Exception as error:  # whatever a user's own code may raise
            raise NebError(f"{self.factory} has raised {type(error).__name__}: {error}") from error
        return as_potential(made)


_MPTRJ = LevelOfTheory(
    functional="PBE",
    hubbard_u=True,
    details="MPtrj; U of the Materials Project for oxides and fluorides of Co, Cr, Fe, Mn, Mo, Ni, V, W",
)
_R2SCAN = LevelOfTheory(functional="r2SCAN", details="MP-r2SCAN, after MPtrj (PBE+U)")
_CHGNET = "B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023), doi:10.1038/s42256-023-00716-3"
_SEVENNET = "Y. Park et al., J. Chem. Theory Comput. 20, 4857 (2024), doi:10.1021/acs.jctc.4c00190"

_NO_BARRIERS = "no barriers; relaxed structures of the same compounds may be in it"

POTENTIALS: tuple[PotentialSpec, ...] = (
    PotentialSpec(
        name="chgnet",
        title="CHGNet 0.3.0",
        factory="embench.neb.adapters:chgnet",
        options={"model": "0.3.0"},
        distribution="chgnet",
        extra="chgnet",
        checkpoint=Checkpoint(
            address="https://github.com/CederGroupHub/chgnet",
            sha256="d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1",
            licence="BSD-3-Clause-LBNL",
            file="chgnet/pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
        ),
        licence="BSD-3-Clause-LBNL",
        parameters=412_525,
        level_of_theory=_MPTRJ,
        paper=_CHGNET,
        training_data="MPtrj",
        overlap="structures",
        overlap_details=_NO_BARRIERS,
        note="The literature ran the same potential by another protocol (submission chgnet): the two are alike.",
    ),
    PotentialSpec(
        name="chgnet-r2scan",
        title="CHGNet r2SCAN",
        factory="embench.neb.adapters:chgnet",
        options={"model": "r2scan"},
        distribution="chgnet",
        extra="chgnet",
        checkpoint=Checkpoint(
            address="https://github.com/CederGroupHub/chgnet",
            sha256="8eba3db0f35a2788bb3ae22885ad340591e27996f213c6643af522a633b50dad",
            licence="BSD-3-Clause-LBNL",
            file="chgnet/pretrained/r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
        ),
        licence="BSD-3-Clause-LBNL",
        parameters=412_525,
        level_of_theory=_R2SCAN,
        paper=_CHGNET,
        training_data="MPtrj, then MP-r2SCAN",
        overlap="structures",
        overlap_details=_NO_BARRIERS,
    ),
    PotentialSpec(
        name="sevennet-0",
        title="SevenNet-0 (11 July 2024)",
        factory="embench.neb.adapters:sevennet",
        options={"model": "7net-0"},
        distribution="sevenn",
        extra="sevennet",
        checkpoint=Checkpoint(
            address="https://github.com/MDIL-SNU/SevenNet",
            sha256="7052cb42b7b3be42b40b97fa0d21077a48c54b5548948fc4dcf346629f813c36",
            licence="MIT",
            file="sevenn/pretrained_potentials/SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth",
        ),
        licence="MIT",
        parameters=842_623,
        level_of_theory=_MPTRJ,
        paper=_SEVENNET,
        training_data="MPtrj",
        overlap="structures",
        overlap_details=_NO_BARRIERS,
    ),
    PotentialSpec(
        name="sevennet-l3i5",
        title="SevenNet-l3i5",
        factory="embench.neb.adapters:sevennet",
        options={"model": "7net-l3i5"},
        distribution="sevenn",
        extra="sevennet",
        checkpoint=Checkpoint(
            address="https://github.com/MDIL-SNU/SevenNet",
            sha256="a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d",
            licence="MIT",
            file="sevenn/pretrained_potentials/SevenNet_l3i5/checkpoint_l3i5.pth",
        ),
        licence="MIT",
        parameters=1_171_327,
        level_of_theory=_MPTRJ,
        paper=_SEVENNET,
        training_data="MPtrj",
        overlap="structures",
        overlap_details=_NO_BARRIERS,
    ),
    PotentialSpec(
        name="emt",
        title="Effective medium theory of ASE",
        factory="ase.calculators.emt:EMT",
        distribution="ase",
        extra="neb",
        licence="LGPL-2.1-or-later",
        paper="K. W. Jacobsen, P. Stoltze and J. K. Nørskov, Surf. Sci. 366, 394 (1996)",
        training_data="a few metals; for trying things out",
    ),
)


def potential_spec(name: str) -> PotentialSpec:
    """Return a registered potential, or one that is made by the factory ``module:function``.

    Raises :class:`~embench.errors.UnknownNameError` for a name that is neither.
    """
    for spec in POTENTIALS:
        if spec.name == name:
            return spec
    if ":" in name:
        module = name.partition(":")[0].partition(".")[0]
        return PotentialSpec(name=name, title=name, factory=name, distribution=_distribution_of(module))
    raise UnknownNameError("potential", name, [spec.name for spec in POTENTIALS])


def load_factory(path: str) -> Any:
    """Return the object that ``module:name`` names.

    Raises :class:`~embench.errors.NebError` where there is none, and
    :class:`~embench.errors.MissingDependencyError` for a calculator of ASE without ASE.
    """
    module, _, name = path.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # the factory may be in the working directory, where console scripts do not look
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        if error.name == "ase":
            raise MissingDependencyError("ase", "neb", f"the factory {path}") from None
        raise NebError(f"cannot import {module!r} of the factory {path!r}: {error}") from None
    except AttributeError:
        raise NebError(f"module {module!r} has no {name!r}; a factory is written module:function") from None


def as_potential(calculator: Any) -> Potential:
    """Return a calculator as a potential: itself where it has ``evaluate``, else an ASE calculator asked one by one.

    Raises :class:`~embench.errors.NebError` for what is neither.
    """
    if isinstance(calculator, Potential):
        return calculator
    if hasattr(calculator, "get_potential_energy") or hasattr(calculator, "get_property"):
        return AsePotential(calculator)
    raise NebError(
        f"{type(calculator).__name__} is no calculator: give an ASE calculator, or an object with "
        "evaluate(numbers, cell, positions) -> energies, forces"
    )


class AsePotential:
    """Any ASE calculator."""

    def __init__(self, calculator: Any) -> None:
        self.calculator = calculator

    def evaluate(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        """Return energies (n,), eV, and forces (n, N, 3), eV/Å, image by image."""
        from ase import Atoms

        energies, forces = np.empty(len(positions)), np.empty(positions.shape)
        for i, each in enumerate(positions):
            atoms = Atoms(numbers, each, cell=cell, pbc=True)
            atoms.calc = self.calculator
            energies[i], forces[i] = atoms.get_potential_energy(), atoms.get_forces()
        return energies, forces


def _check_options(path: str, factory: Any, options: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):  # compiled code does not tell
        return
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in options:
        if name not in parameters:
            raise UnknownNameError(f"option of {path}", name, parameters)
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise InvalidValueError(f"{path} needs the option {name!r}: give --option {name}=VALUE")


def _distribution_of(module: str) -> str | None:
    return next(iter(metadata.packages_distributions().get(module, ())), None)

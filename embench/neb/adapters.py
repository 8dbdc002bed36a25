"""Potentials that take all images of a band in one pass."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import InvalidValueError, MissingDependencyError

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]

# Structures in a pass on a processor, where more gain nothing and cost memory, and on an accelerator.
_BATCH = {"cpu": 1, "cuda": 8}


class ChgnetPotential:
    """CHGNet; the same energies and forces as those of its own calculator, at less cost.

    Its own calculator keeps the graph of the forces, as training needs it, and computes stresses and magnetic moments.
    Source: B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023), and the package ``chgnet``.
    """

    def __init__(self, *, model: str = "0.3.0", device: str = "cpu") -> None:
        try:
            from chgnet.model.model import CHGNet

            from embench.neb.chgnet_model import with_less_work
        except ImportError:
            raise MissingDependencyError("chgnet", "chgnet", "the potential CHGNet") from None
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it greets whatever it is told
                self._model: Any = CHGNet.load(model_name=model, use_device=device, verbose=False)
        except ValueError as error:
            raise InvalidValueError(f"CHGNet has no model {model!r} ({error})") from None
        self._model.eval()
        for parameter in self._model.parameters():
            parameter.requires_grad_(False)
        with_less_work(self._model)
        self.device = device

    def evaluate(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        """Return energies (n,), eV, and forces (n, N, 3), eV/Å, of `positions` (n, N, 3), Å."""
        return _in_batches(self._pass, _batch_size(self.device), numbers, cell, positions)

    def _pass(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        import torch
        from chgnet.model.model import BatchedGraph

        from embench.neb.chgnet_model import graph_of

        model = self._model
        graphs = [graph_of(model, numbers, cell, each).to(self.device) for each in positions]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Converting a tensor with requires_grad")  # its volumes, not used here
            batch = BatchedGraph.from_graphs(
                graphs,
                bond_basis_expansion=model.bond_basis_expansion,
                angle_basis_expansion=model.angle_basis_expansion,
                compute_stress=False,
            )
        # Without compute_force the model does not differentiate; its own way would keep a second graph (create_graph).
        per_atom = model._compute(batch)["e"]
        scale = len(numbers) if model.is_intensive else 1
        slopes = torch.autograd.grad((per_atom * scale).sum(), batch.atom_positions)
        composition = 0.0 if model.composition_model is None else model.composition_model(graphs)
        energies = (per_atom.detach() + composition) * scale
        forces = np.stack([-slope.cpu().numpy() for slope in slopes])
        return energies.cpu().numpy().astype(np.float64), forces.astype(np.float64)


class SevennetPotential:
    """SevenNet; the same energies and forces as those of its own calculator.

    Source: Y. Park et al., J. Chem. Theory Comput. 20, 4857 (2024), and the package ``sevenn``.
    """

    def __init__(self, *, model: str = "7net-0", device: str = "cpu", modal: str | None = None) -> None:
        try:
            from sevenn.calculator import SevenNetCalculator
        except ImportError:
            raise MissingDependencyError("sevenn", "sevennet", "the potential SevenNet") from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of accelerators that may be missing, and of what torch deprecates
                self._calculator: Any = SevenNetCalculator(model=model, device=device, modal=modal)
        except ValueError as error:
            raise InvalidValueError(f"SevenNet has no model {model!r} ({error})") from None
        for parameter in self._calculator.model.parameters():
            parameter.requires_grad_(False)
        self.device = device

    def evaluate(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        """Return energies (n,), eV, and forces (n, N, 3), eV/Å, of `positions` (n, N, 3), Å."""
        return _in_batches(self._pass, _batch_size(self.device), numbers, cell, positions)

    def _pass(self, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
        import sevenn._keys as keys
        from ase import Atoms
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph
        from torch_geometric.loader.dataloader import Collater

        calculator = self._calculator
        frames = [Atoms(numbers, each, cell=cell, pbc=True) for each in positions]
        calculator.set_atoms(frames[0])
        graphs = [
            AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(frame, calculator.cutoff, with_shift=False))
            for frame in frames
        ]
        for graph in graphs:
            if calculator.modal:
                graph[keys.DATA_MODALITY] = calculator.modal
        single = len(graphs) == 1
        data = graphs[0] if single else Collater(graphs)(graphs)
        calculator.model.set_is_batch_data(not single)
        output = calculator.model(data.to(calculator.device))
        energies = output[keys.PRED_TOTAL_ENERGY].detach().cpu().numpy().reshape(-1)
        forces = output[keys.PRED_FORCE].detach().cpu().numpy().reshape(positions.shape)
        return energies.astype(np.float64), forces.astype(np.float64)


def chgnet(*, model: str = "0.3.0", device: str = "cpu") -> ChgnetPotential:
    """Return CHGNet with the weights that its package brings."""
    return ChgnetPotential(model=model, device=device)


def sevennet(*, model: str = "7net-0", device: str = "cpu", modal: str | None = None) -> SevennetPotential:
    """Return SevenNet; `model` and `modal` as its own calculator takes them."""
    return SevennetPotential(model=model, device=device, modal=modal)


def _batch_size(device: str) -> int:
    return _BATCH.get(device.partition(":")[0], 1)


def _in_batches(function: Any, size: int, numbers: Numbers, cell: Floats, positions: Floats) -> tuple[Floats, Floats]:
    parts = [function(numbers, cell, positions[i : i + size]) for i in range(0, len(positions), size)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

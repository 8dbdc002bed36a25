"""CHGNet as published with less work: a graph without Python objects, and layers that multiply before they copy.

A gated layer of CHGNet joins the features of the atoms and bonds that meet in a bond or an angle, and multiplies what
it joined by its first weights. As that product is linear, the features of an atom or bond can be multiplied once and
then copied to all places where they are needed: a bond has two directions and is in many angles, so that is several
times less work. The sums are the same but for the rounding of single precision.

Source of the model: B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023); the weights and all other layers are those of
the package ``chgnet``.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench.errors import PotentialError

Floats = NDArray[np.float64]
Numbers = NDArray[np.integer[Any]]
Integers = NDArray[np.int64]


def with_less_work(model: Any) -> Any:
    """Return a loaded ``CHGNet`` whose convolutions and angles multiply first; it must not be trained afterwards."""
    for layer in model.atom_conv_layers:
        _replace(layer, _gated(layer.twoBody_atom, 3), _atom_convolution)
    for layer in model.bond_conv_layers:
        _replace(layer, _gated(layer.twoBody_bond, 4), _bond_convolution)
    for layer in model.angle_layers:
        _replace(layer, _gated(layer.twoBody_bond, 4), _angle_update)
    if model.n_conv == len(model.angle_layers) + 1:
        # The last convolution reads no angles, so nobody asks what the last update made of them.
        model.angle_layers[-1].forward = _angles_as_they_are
    return model


def graph_of(model: Any, numbers: Numbers, cell: Floats, positions: Floats) -> Any:
    """Return the ``CrystalGraph`` of a structure as the converter of `model` makes it, edges in another order.

    `positions` (N, 3), Å. Raises :class:`~embench.errors.PotentialError` where an atom has no neighbour within the
    cutoff, for which CHGNet has no answer.
    """
    import torch
    from chgnet.graph import CrystalGraph
    from pymatgen.optimization.neighbors import find_points_in_spheres

    reach, reach_of_angles = model.graph_converter.atom_graph_cutoff, model.graph_converter.bond_graph_cutoff
    cell = np.ascontiguousarray(cell, np.float64)
    points = np.ascontiguousarray(positions, np.float64)
    i, j, image, distance = find_points_in_spheres(
        points, points, r=float(reach), pbc=np.ones(3, np.int64), lattice=cell, tol=1e-8
    )
    apart = (i != j) | (distance > 1e-8)
    i, j, image, distance = i[apart], j[apart], np.rint(image[apart]).astype(np.int64), distance[apart]
    alone = np.setdiff1d(np.arange(len(points)), i)
    if len(alone):
        raise PotentialError(f"site {alone[0]} has no neighbour within the {reach:g} Å that CHGNet looks")
    undirected, first = _undirected(i, j, image)
    angles = _angles(i, np.flatnonzero(distance < reach_of_angles), undirected)
    real = torch.get_default_dtype()
    return CrystalGraph(
        atomic_number=torch.tensor(np.asarray(numbers), dtype=torch.int32),
        atom_frac_coord=torch.tensor(points @ np.linalg.inv(cell), dtype=real, requires_grad=True),
        atom_graph=torch.tensor(np.stack([i, j], axis=1), dtype=torch.int32),
        atom_graph_cutoff=reach,
        neighbor_image=torch.tensor(image, dtype=real),
        directed2undirected=torch.tensor(undirected, dtype=torch.int32),
        undirected2directed=torch.tensor(first, dtype=torch.int32),
        bond_graph=torch.tensor(angles, dtype=torch.int32),
        bond_graph_cutoff=reach_of_angles,
        lattice=torch.tensor(cell, dtype=real, requires_grad=True),
    )


def _undirected(i: Integers, j: Integers, image: Integers) -> tuple[Integers, Integers]:
    """Return the bond (E,) that each direction (E,) belongs to, and one direction (E / 2,) of each bond."""
    there, back = np.column_stack([i, j, image]), np.column_stack([j, i, -image])
    low = np.minimum(there.min(axis=0), back.min(axis=0))
    span = np.maximum(there.max(axis=0), back.max(axis=0)) - low + 1
    # One number for each direction; a bond is named by the smaller one of its two.
    weights = np.concatenate([np.cumprod(span[:0:-1])[::-1], [1]])
    name = np.minimum((there - low) @ weights, (back - low) @ weights)
    _, first, undirected = np.unique(name, return_index=True, return_inverse=True)
    return undirected.reshape(-1), first


def _angles(i: Integers, short: Integers, undirected: Integers) -> Integers:
    """Return the angles (A, 5): atom, bond and direction of one side, bond and direction of the other.

    Every two of the `short` directions from an atom make an angle, in both orders.
    """
    order = short[np.argsort(i[short], kind="stable")]
    count = np.bincount(i[order], minlength=int(i.max(initial=-1)) + 1)
    begin = np.concatenate([[0], np.cumsum(count)[:-1]])
    mates = count[i[order]]
    one = np.repeat(np.arange(len(order)), mates)
    other = np.arange(len(one)) + np.repeat(begin[i[order]] - (np.cumsum(mates) - mates), mates)
    apart = one != other
    one, other = order[one[apart]], order[other[apart]]
    return np.column_stack([i[one], undirected[one], one, undirected[other], other])


class _Branch:
    """One of the two branches of a gated layer: its first weights cut into those of its inputs."""

    def __init__(self, layers: Any, norm: Any, n_inputs: int) -> None:
        import torch

        linear = next(layer for layer in layers if isinstance(layer, torch.nn.Linear))
        later = list(layers)[list(layers).index(linear) + 1 :]
        self.rest = [layer for layer in later if not isinstance(layer, torch.nn.Dropout)]
        self.rest += [] if norm is None else [norm]
        self.bias = linear.bias
        self.weights = [part.T.contiguous() for part in linear.weight.detach().chunk(n_inputs, dim=1)]

    def __call__(self, inputs: list[tuple[Any, Any]]) -> Any:
        """Return the branch for features (n, d) and the places that need them (m,); None where these are the rows."""
        import torch

        total = None
        for (features, places), weights in zip(inputs, self.weights, strict=True):
            # The bias goes to the first input: before it is copied there are fewest rows to add it to.
            first = total is None and self.bias is not None
            part = torch.addmm(self.bias, features, weights) if first else features @ weights
            part = part if places is None else torch.index_select(part, 0, places)
            total = part if total is None else total + part
        for layer in self.rest:
            total = layer(total)
        return total


def _gated(layer: Any, n_inputs: int) -> Any:
    """Return the function of inputs that a ``GatedMLP`` of `n_inputs` joined inputs of equal width is."""
    core = _Branch(layer.mlp_core.layers, layer.bn1, n_inputs)
    gate = _Branch(layer.mlp_gate.layers, layer.bn2, n_inputs)

    def gated(inputs: list[tuple[Any, Any]]) -> Any:
        return layer.activation(core(inputs)) * gate(inputs).sigmoid()

    return gated


def _replace(layer: Any, gated: Any, forward: Any) -> None:
    layer.gated = gated
    layer.forward = MethodType(forward, layer)


def _summed(values: Any, owners: Any, n_owners: int) -> Any:
    return values.new_zeros(n_owners, values.shape[1]).index_add(0, owners, values)


def _finished(layer: Any, new: Any, old: Any, norm: Any) -> Any:
    if getattr(layer, "use_mlp_out", False):
        new = layer.mlp_out(new)
    new = new + old if layer.resnet else new
    return new if norm is None else norm(new)


def _atom_convolution(
    layer: Any, atom_feas: Any, bond_feas: Any, bond_weights: Any, atom_graph: Any, directed2undirected: Any
) -> Any:
    import torch

    centre, neighbour = atom_graph[:, 0].contiguous(), atom_graph[:, 1].contiguous()
    messages = layer.gated([(atom_feas, centre), (bond_feas, directed2undirected), (atom_feas, neighbour)])
    messages = messages * torch.index_select(bond_weights, 0, directed2undirected)
    return _finished(layer, _summed(messages, centre, len(atom_feas)), atom_feas, layer.atom_norm)


def _bond_convolution(
    layer: Any, atom_feas: Any, bond_feas: Any, bond_weights: Any, angle_feas: Any, bond_graph: Any
) -> Any:
    import torch

    centre, one, other = (bond_graph[:, column].contiguous() for column in range(3))
    update = layer.gated([(bond_feas, one), (bond_feas, other), (angle_feas, None), (atom_feas, centre)])
    update = update * torch.index_select(bond_weights, 0, one) * torch.index_select(bond_weights, 0, other)
    return _finished(layer, _summed(update, one, len(bond_feas)), bond_feas, layer.bond_norm)


def _angle_update(layer: Any, atom_feas: Any, bond_feas: Any, angle_feas: Any, bond_graph: Any) -> Any:
    centre, one, other = (bond_graph[:, column].contiguous() for column in range(3))
    new = layer.gated([(bond_feas, one), (bond_feas, other), (angle_feas, None), (atom_feas, centre)])
    return _finished(layer, new, angle_feas, layer.angle_norm)


def _angles_as_they_are(angle_feas: Any, **_: Any) -> Any:
    return angle_feas

"""CHGNet with less work: the graph by hand, and the layers beside what they stand for; see test_adapter_chgnet."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from embench.neb import chgnet_model


def test_bonds_have_two_directions_each():
    # Two atoms, bonded once directly and once through the cell face; the second atom with its own image.
    i, j = np.array([0, 0, 1, 1, 1, 1]), np.array([1, 1, 0, 0, 1, 1])
    image = np.array([[0, 0, 0], [-1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, -1, 0]])
    undirected, first = chgnet_model._undirected(i, j, image)
    pairs = {frozenset(np.flatnonzero(undirected == bond).tolist()) for bond in range(3)}
    assert pairs == {frozenset({0, 2}), frozenset({1, 3}), frozenset({4, 5})}
    assert undirected[first].tolist() == [0, 1, 2]


def test_every_two_short_bonds_of_an_atom_make_an_angle_in_both_orders():
    i = np.array([1, 0, 1, 0, 0, 2])
    undirected = np.array([0, 0, 1, 2, 3, 1])
    angles = chgnet_model._angles(i, np.array([0, 1, 2, 3]), undirected)
    # Atom 0 has the short directions 1 and 3 (4 is long), atom 1 has 0 and 2, atom 2 has none.
    expected = {(0, 0, 1, 2, 3), (0, 2, 3, 0, 1), (1, 0, 0, 1, 2), (1, 1, 2, 0, 0)}
    assert {tuple(row) for row in angles.tolist()} == expected
    assert len(angles) == 4
    assert chgnet_model._angles(i, np.array([5]), undirected).shape == (0, 5)


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("normed", [True, False])
def test_multiplying_first_is_the_layer(hidden, normed):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn

    def branch():
        layers = [nn.Linear(12, 5), nn.SiLU(), nn.Dropout(0), nn.Linear(5, 4)] if hidden else [nn.Dropout(0)]
        return SimpleNamespace(layers=nn.Sequential(*layers, *([] if hidden else [nn.Linear(12, 4)])))

    norms = [nn.LayerNorm(4), nn.LayerNorm(4)] if normed else [None, None]
    layer = SimpleNamespace(mlp_core=branch(), mlp_gate=branch(), bn1=norms[0], bn2=norms[1], activation=nn.SiLU())
    atoms, angles = torch.randn(3, 4), torch.randn(7, 4)
    here, there = torch.tensor([0, 2, 1, 1, 0, 2, 2]), torch.tensor([1, 1, 0, 2, 2, 0, 1])
    joined = torch.cat([atoms[here], angles, atoms[there]], dim=1)
    core, gate = layer.mlp_core.layers(joined), layer.mlp_gate.layers(joined)
    if normed:
        core, gate = norms[0](core), norms[1](gate)
    expected = nn.functional.silu(core) * torch.sigmoid(gate)
    found = chgnet_model._gated(layer, 3)([(atoms, here), (angles, None), (atoms, there)])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)

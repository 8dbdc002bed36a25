"""The passes that are written out, against the automatic gradients of torch in 64 bits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from embench.baselines.alignn.device.layers import Dense, EdgeGated, Gaussians, Kernels, norm_silu

pytestmark = pytest.mark.xdist_group("alignn-training")


@pytest.fixture
def edges():
    random = torch.Generator().manual_seed(3)
    src, dst = torch.randint(0, 5, (2, 14), generator=random)
    x = torch.randn(6, 4, generator=random, dtype=torch.float64)  # the last node has no edge
    y = torch.randn(14, 4, generator=random, dtype=torch.float64)
    return src, dst, x, y


def layer(kind: str) -> EdgeGated:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return EdgeGated(4, Kernels.of(kind)).double()


@pytest.mark.parametrize("training", [True, False])
def test_gradients_of_the_layer(edges, training):
    src, dst, x, y = edges
    made = layer("eager").train(training)

    def function(x, y, *_):
        return made(src, dst, x, y)

    inputs = (x.requires_grad_(), y.requires_grad_(), *made.parameters())
    # Running statistics move with every call, and change nothing in training.
    assert torch.autograd.gradcheck(function, inputs, eps=1e-6, atol=1e-6)


def test_what_nobody_reads_gives_no_gradient(edges):
    src, dst, x, y = edges
    results = []
    for kind in ("plain", "eager"):
        made, (a, b) = layer(kind), (x.clone().requires_grad_(), y.clone().requires_grad_())
        made(src, dst, a, b)[0].square().sum().backward()
        results.append((a.grad, b.grad))
        made(src, dst, a, b)[1].square().sum().backward()
        results[-1] += (a.grad, b.grad)
    for plain, eager in zip(*results, strict=True):
        torch.testing.assert_close(eager, plain)


@pytest.mark.parametrize("residual", [True, False])
def test_normalisation_is_that_of_torch(residual):
    random = torch.Generator().manual_seed(5)
    x = 3 + 2 * torch.randn(20, 3, generator=random)
    extra = torch.randn(20, 3, generator=random) if residual else None
    norms = [nn.BatchNorm1d(3) for _ in range(2)]
    plain, fused = (
        norm_silu(Kernels.of(kind), norm, x, extra) for kind, norm in zip(("plain", "eager"), norms, strict=True)
    )
    torch.testing.assert_close(fused, plain)
    for name, value in norms[0].state_dict().items():
        torch.testing.assert_close(norms[1].state_dict()[name], value)


def test_in_16_bits_sums_keep_32(edges):
    _, _, x, y = edges
    made = layer("eager").float()
    many = torch.zeros(4000, dtype=torch.int64)  # one node with 4000 edges
    with torch.autocast("cpu", dtype=torch.bfloat16):
        narrow = made(many, many, x.float(), y.float().repeat(300, 1)[:4000])
    wide = made(many, many, x.float(), y.float().repeat(300, 1)[:4000])
    assert narrow[1].dtype == torch.bfloat16
    torch.testing.assert_close(narrow[0].float(), wide[0], rtol=0.05, atol=0.05)


def test_gaussians_are_those_of_alignn():
    from alignn.models.utils import RBFExpansion

    values = torch.linspace(0, 9, 31)
    torch.testing.assert_close(Gaussians(0, 8, 80)(values), RBFExpansion(vmin=0, vmax=8, bins=80)(values))


def test_names_of_the_parameters():
    from alignn.models.alignn_atomwise_pure import EdgeGatedGraphConvPure
    from alignn.models.utils import MLPLayer

    parameters = [set(dict(module.named_parameters())) for module in (Dense(3, 4, Kernels.of("eager")), MLPLayer(3, 4))]
    assert parameters[0] == parameters[1]
    assert set(dict(layer("eager").named_parameters())) == set(dict(EdgeGatedGraphConvPure(4, 4).named_parameters()))


@pytest.mark.slow
def test_compiled_gives_the_same(edges):
    """As far as torch traces it: what inductor makes of it needs minutes of a compiler, and a GPU to matter."""
    src, dst, x, y = (each.float() if each.is_floating_point() else each for each in edges)
    results = []
    for kernels in (Kernels.of("eager"), Kernels.of("compiled", backend="aot_eager")):
        made, (a, b) = layer("eager").float(), (x.clone().requires_grad_(), y.clone().requires_grad_())
        made.kernels = kernels
        new_x, new_y = made(src, dst, a, b)
        (new_x.square().sum() + new_y.square().sum()).backward()
        results.append((new_x, new_y, a.grad, b.grad, made.src_gate.weight.grad, made.bn_edges.weight.grad))
    for eager, compiled in zip(*results, strict=True):
        torch.testing.assert_close(compiled, eager, rtol=1e-4, atol=1e-5)

"""The layers of ALIGNN with forward and backward passes written out, so that little is kept and little is moved.

What costs in this network is not arithmetic but reading and writing features of angles. Of a layer only two arrays of
them are kept for the way back; gates and normalised values are computed once more there. All four functions below are
plain functions of tensors and can be compiled; what is summed over edges is summed in 32 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# plain: operations of torch one by one, as alignn has them. eager: the functions of this module. compiled: the same
# through torch.compile.
Kind = Literal["plain", "eager", "compiled"]
_EPSILON = 1e-6
_MOMENTUM, _NORM_EPSILON = 0.1, 1e-5


def _wide(x: Tensor) -> Tensor:
    """Return `x` in 32 bits where it has fewer."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def gate_forward(a: Tensor, b: Tensor, v: Tensor, c: Tensor, src: Tensor, dst: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the messages m (e, f), what arrives at every node h (n, f), and the sum of the gates (n, f).

    m = a[src] + b[dst] + c, and h is the mean of v[src] with the weights sigmoid(m) over the edges that end at a node.
    """
    m = a.index_select(0, src) + b.index_select(0, dst) + c
    gate = torch.sigmoid(_wide(m))
    total = torch.zeros(a.shape, dtype=gate.dtype, device=a.device)
    weights = total.index_add(0, dst, gate)
    arriving = total.index_add(0, dst, gate * v.index_select(0, src))
    return m, arriving / (weights + _EPSILON), weights


def gate_backward(
    grad_m: Tensor | None,
    grad_h: Tensor,
    m: Tensor,
    v: Tensor,
    h: Tensor,
    weights: Tensor,
    src: Tensor,
    dst: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of a, b, v (n, f) and c (e, f) of :func:`gate_forward`."""
    gate = torch.sigmoid(_wide(m))
    share = grad_h.to(weights.dtype) / (weights + _EPSILON)
    arriving = share.index_select(0, dst)
    grad_gate = arriving * v.index_select(0, src) - (share * h).index_select(0, dst)
    grad_c = grad_gate * gate * (1 - gate)
    if grad_m is not None:
        grad_c = grad_c + grad_m
    zero = torch.zeros_like(weights)
    grad_v = zero.index_add(0, src, arriving * gate)
    return zero.index_add(0, src, grad_c), zero.index_add(0, dst, grad_c), grad_v, grad_c.to(m.dtype)


def norm_forward(x: Tensor, mean: Tensor, scale: Tensor, bias: Tensor, residual: Tensor | None) -> Tensor:
    """Return SiLU((x − mean) · scale + bias), plus `residual` where there is one, (m, f)."""
    out = F.silu((x.to(mean.dtype) - mean) * scale + bias)
    if residual is not None:
        out = out + residual
    return out.to(x.dtype)


def norm_backward(
    grad: Tensor, x: Tensor, mean: Tensor, deviation: Tensor, weight: Tensor, bias: Tensor, of_batch: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of x (m, f), weight and bias (f,) of SiLU(weight · (x − mean) / deviation + bias).

    `of_batch` says that mean and deviation are those of x, so that they depend on it.
    """
    normal = (x.to(mean.dtype) - mean) / deviation
    inner = normal * weight + bias
    sigmoid = torch.sigmoid(inner)
    grad_inner = grad * (sigmoid * (1 + inner * (1 - sigmoid)))
    grad_bias, grad_weight = grad_inner.sum(dim=0), (grad_inner * normal).sum(dim=0)
    if of_batch:
        grad_inner = grad_inner - grad_bias / len(x) - normal * (grad_weight / len(x))
    return (grad_inner * (weight / deviation)).to(x.dtype), grad_weight, grad_bias


@dataclass(frozen=True)
class Kernels:
    """How the layers of a network are computed; one object serves all of them."""

    kind: Kind
    gate_forward: Callable[..., Any] = gate_forward
    gate_backward: Callable[..., Any] = gate_backward
    norm_forward: Callable[..., Any] = norm_forward
    norm_backward: Callable[..., Any] = norm_backward

    @classmethod
    def of(cls, kind: Kind, *, backend: str = "inductor") -> Kernels:
        """Return the functions of a kind; compiled ones are compiled by `backend` when they are first called."""
        if kind != "compiled":
            return cls(kind)
        # Batches differ in size: compiled once for all sizes.
        functions = (gate_forward, gate_backward, norm_forward, norm_backward)
        return cls(kind, *(torch.compile(each, dynamic=True, backend=backend) for each in functions))


class _Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernels: Kernels, src: Tensor, dst: Tensor, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        a, b, v, c = inputs
        m, h, weights = kernels.gate_forward(a, b, v, c, src, dst)
        ctx.kernels = kernels
        ctx.dtypes = tuple(each.dtype for each in inputs)
        ctx.save_for_backward(m, v, h, weights, src, dst)
        ctx.set_materialize_grads(False)
        return m, h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        grad_m, grad_h = grads
        m, v, h, weights, src, dst = ctx.saved_tensors
        if grad_h is None:
            grad_h = torch.zeros_like(h)
        found = ctx.kernels.gate_backward(grad_m, grad_h, m, v, h, weights, src, dst)
        return (None, None, None, *(each.to(dtype) for each, dtype in zip(found, ctx.dtypes, strict=True)))


class _NormSilu(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        kernels: Kernels,
        norm: nn.BatchNorm1d,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
    ) -> Tensor:
        wide = _wide(x)
        if norm.training:
            variance, mean = torch.var_mean(wide, dim=0, correction=0)
            _follow(norm, mean, variance, len(x))
        else:
            mean, variance = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
        deviation = torch.sqrt(variance + _NORM_EPSILON)
        ctx.kernels, ctx.of_batch = kernels, norm.training
        ctx.residual = None if residual is None else residual.dtype
        ctx.save_for_backward(x, mean, deviation, weight, bias)
        out: Tensor = kernels.norm_forward(x, mean, weight / deviation, bias, residual)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        found = ctx.kernels.norm_backward(grad, *ctx.saved_tensors, ctx.of_batch)
        return (None, None, *found, None if ctx.residual is None else grad.to(ctx.residual))


def _follow(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running statistics, as :class:`torch.nn.BatchNorm1d` does."""
    with torch.no_grad():
        cast(Tensor, norm.running_mean).lerp_(mean, _MOMENTUM)
        cast(Tensor, norm.running_var).lerp_(variance * (count / max(count - 1, 1)), _MOMENTUM)
        cast(Tensor, norm.num_batches_tracked).add_(1)


def norm_silu(kernels: Kernels, norm: nn.BatchNorm1d, x: Tensor, residual: Tensor | None = None) -> Tensor:
    """Return SiLU of the batch normalisation of x (m, f), plus `residual` where there is one."""
    if kernels.kind == "plain":
        out = F.silu(norm(x))
        return out if residual is None else residual + out
    return cast(Tensor, _NormSilu.apply(kernels, norm, x, norm.weight, norm.bias, residual))  # type: ignore[no-untyped-call]


class Dense(nn.Module):
    """A linear layer, batch normalisation and SiLU; its parameters have the names of alignn's ``MLPLayer``."""

    def __init__(self, inputs: int, outputs: int, kernels: Kernels) -> None:
        super().__init__()
        self.kernels = kernels
        self.layer = nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.SiLU())

    def forward(self, x: Tensor) -> Tensor:
        """Return (m, outputs) for (m, inputs)."""
        return norm_silu(self.kernels, cast(nn.BatchNorm1d, self.layer[1]), self.layer[0](x))


class Gaussians(nn.Module):
    """Expansion on evenly spaced Gaussians whose width is their distance, as alignn's ``RBFExpansion``."""

    def __init__(self, low: float, high: float, bins: int) -> None:
        super().__init__()
        self.register_buffer("centers", torch.linspace(low, high, bins))
        self.gamma = (bins - 1) / (high - low)

    def forward(self, values: Tensor) -> Tensor:
        """Return (m, bins) for (m,)."""
        return torch.exp(-self.gamma * (values[:, None] - cast(Tensor, self.centers)) ** 2)


class EdgeGated(nn.Module):
    """The edge-gated convolution; its parameters have the names of alignn's ``EdgeGatedGraphConvPure``."""

    def __init__(self, features: int, kernels: Kernels) -> None:
        super().__init__()
        self.kernels = kernels
        self.src_gate, self.dst_gate, self.edge_gate = (nn.Linear(features, features) for _ in range(3))
        self.bn_edges = nn.BatchNorm1d(features)
        self.src_update, self.dst_update = (nn.Linear(features, features) for _ in range(2))
        self.bn_nodes = nn.BatchNorm1d(features)

    def forward(self, src: Tensor, dst: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return new features of nodes (n, f) and edges (e, f) for those that there are, `x` and `y`."""
        inputs = (self.src_gate(x), self.dst_gate(x), self.dst_update(x), self.edge_gate(y))
        if self.kernels.kind == "plain":
            m, h = _plain_gate(*inputs, src, dst)
        else:
            m, h = _Gate.apply(self.kernels, src, dst, *inputs)  # type: ignore[no-untyped-call]
        updated = self.src_update(x)
        x = norm_silu(self.kernels, self.bn_nodes, updated + h.to(updated.dtype), x)
        return x, norm_silu(self.kernels, self.bn_edges, m, y)


def _plain_gate(a: Tensor, b: Tensor, v: Tensor, c: Tensor, src: Tensor, dst: Tensor) -> tuple[Tensor, Tensor]:
    m = a[src] + b[dst] + c
    gate = torch.sigmoid(m)
    index = dst[:, None].expand_as(m)
    message = v[src] * gate
    arriving = torch.zeros_like(a, dtype=message.dtype).scatter_add(0, index, message)
    weights = torch.zeros_like(a, dtype=gate.dtype).scatter_add(0, index, gate)
    return m, arriving / (weights + _EPSILON)

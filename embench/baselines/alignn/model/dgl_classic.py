"""The classic ALIGNN of alignn on DGL, with the weights of ours: to show that both are the same network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from embench.baselines.alignn.graphs.batch import N_FEATURES, GraphBatch, atom_features
from embench.baselines.alignn.model.backbone import Alignn
from embench.errors import InvalidValueError, MissingDependencyError

if TYPE_CHECKING:
    from dgl import DGLGraph


def classic(model: Alignn) -> nn.Module:
    """Return ``alignn.models.alignn.ALIGNN`` of the same sizes with the weights of `model`, in training mode.

    It takes what :func:`classic_input` returns.

    Raises
    ------
    MissingDependencyError
        Without DGL or alignn.
    InvalidValueError
        For a model with a head of its own for each property: there is none in alignn.
    """
    if not isinstance(model.head, nn.Linear):
        raise InvalidValueError("the ALIGNN of alignn has one linear layer as its head, this model has PropertyHeads")
    _dgl()
    from alignn.models.alignn import ALIGNN, ALIGNNConfig

    config = model.config
    network: nn.Module = ALIGNN(
        ALIGNNConfig(
            name="alignn",
            alignn_layers=config.alignn_layers,
            gcn_layers=config.gcn_layers,
            atom_input_features=N_FEATURES,
            edge_input_features=config.distance_bins,
            triplet_input_features=config.angle_bins,
            embedding_features=config.embedding,
            hidden_features=config.hidden,
            output_features=config.outputs,
        )
    )
    network.load_state_dict(classic_state(model))
    return network


def classic_state(model: Alignn) -> dict[str, Tensor]:
    """Return the weights of `model` under the names of alignn."""
    state = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    return state | {f"fc.{name}": value.clone() for name, value in model.head.state_dict().items()}


def classic_input(batch: GraphBatch) -> tuple[DGLGraph, DGLGraph, None]:
    """Return a batch as DGL's graph, line graph, and a place that alignn leaves empty."""
    dgl = _dgl()
    graph = dgl.graph((batch.src, batch.dst), num_nodes=len(batch.atomic_numbers))
    graph.set_batch_num_nodes(batch.n_nodes)
    graph.set_batch_num_edges(batch.graph[batch.src].bincount(minlength=len(batch)))
    graph.ndata["atom_features"] = batch.vectors.new_tensor(atom_features())[batch.atomic_numbers]
    graph.edata["r"] = batch.vectors
    line = dgl.graph((batch.first, batch.second), num_nodes=len(batch.src))
    line.edata["h"] = batch.cosines
    return graph, line, None


def _dgl() -> Any:
    try:
        import dgl
    except ImportError:
        raise MissingDependencyError("DGL", "dgl", "the classic ALIGNN") from None
    return dgl

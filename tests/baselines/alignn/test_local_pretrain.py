"""Pre-training of the small network, and its weights on disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from embench.baselines.alignn.corpus import Corpus
from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.local.network import LocalAlignn, NetworkConfig
from embench.baselines.alignn.local.pretrain import load_backbone, pretrain, write_pretrained
from embench.baselines.alignn.training.module import TrainingSettings
from embench.errors import CheckpointError

CONFIG = NetworkConfig(hidden=8, embedding=4, head=8, readout="mean")


def cubic_corpus(n: int = 60) -> Corpus:
    """Caesium chloride cells of many sizes; one property is the length of the cell, the other its negative."""
    lengths = np.linspace(3.0, 5.0, n)
    crystals = tuple(
        Crystal(np.eye(3) * a, np.array([[0.0] * 3, [0.5] * 3]), np.array([55, 17], np.uint8)) for a in lengths
    )
    targets = np.column_stack([lengths, -lengths])
    targets[::3, 1] = np.nan
    return Corpus(("length", "minus"), tuple(f"{i:03d}" for i in range(n)), crystals, targets, np.arange(n) % 5 == 2)


@pytest.mark.slow
@pytest.mark.xdist_group("alignn")
def test_it_learns_and_can_be_loaded(tmp_path: Path) -> None:
    trained = pretrain(cubic_corpus(), CONFIG, TrainingSettings(epochs=60, batch_size=8, learning_rate=1e-2, devices=1))
    assert (trained.n_train, trained.n_held_out) == (48, 12)
    assert trained.skill["length"] > 0.7
    assert trained.skill["minus"] > 0.7
    path = tmp_path / "weights.safetensors"
    write_pretrained(trained, path)
    network = LocalAlignn(NetworkConfig(hidden=8, embedding=4, head=8))
    head = network.head[0].weight.clone()
    load_backbone(network, path)
    assert torch.equal(
        network.layers[0].node_update.src_gate.weight, trained.network.layers[0].node_update.src_gate.weight
    )
    assert torch.equal(network.head[0].weight, head)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    trained = pretrain(cubic_corpus(10), CONFIG, TrainingSettings(epochs=1, devices=1))
    path = tmp_path / "weights.safetensors"
    write_pretrained(trained, path)
    with pytest.raises(CheckpointError, match=r"atom\.0\.weight is \(8, 92\), this network has \(16, 92\)"):
        load_backbone(LocalAlignn(dataclasses.replace(CONFIG, hidden=16)), path)
    with pytest.raises(CheckpointError, match=r"has no 'layers\.2"):
        load_backbone(LocalAlignn(dataclasses.replace(CONFIG, layers="agg")), path)
    path.write_bytes(b"no weights")
    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        load_backbone(LocalAlignn(CONFIG), path)


def test_isolated_atoms_are_left_out() -> None:
    corpus = cubic_corpus(10)
    lonely = dataclasses.replace(corpus.crystals[0], lattice=np.eye(3) * 40.0)
    corpus = dataclasses.replace(corpus, crystals=(lonely, *corpus.crystals[1:]))
    trained = pretrain(corpus, CONFIG, TrainingSettings(epochs=1, devices=1))
    assert trained.n_train + trained.n_held_out == 9

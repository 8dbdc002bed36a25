"""What a run is gone on from, and weights to keep: files of safetensors that are small enough to be brought back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from embench.baselines.alignn.weights import read_weights, write_weights
from embench.errors import CheckpointError

MOST_BYTES = 15 * 2**20
# The format of embench.baselines.alignn.checkpoint, which needs alignn: what is written here is read there.
NETWORK = "embench-alignn-1"
_STATE = "embench-device-state-1"
# Of what is kept to go on with, the moments of Adam and the parameters of the best epoch have 16 bits: with 32, what
# comes back from the device could not be carried there again.
_NARROW = ("exp_avg", "exp_avg_sq", "best")


def write_state(folder: Path, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> list[Path]:
    """Write what :meth:`~embench.baselines.alignn.device.training.Training.kept` returns, in as many files as it takes.

    Older files are removed; the first one has all plain values and says how many there are.
    """
    forget_state(folder)
    kept = {name: narrow(value) if name.startswith(_NARROW) else value.cpu() for name, value in tensors.items()}
    shards = _shards(kept)
    written = []
    for number, shard in enumerate(shards, start=1):
        about = {"format": _STATE, "files": str(len(shards)), "plain": json.dumps(plain) if number == 1 else "{}"}
        path = folder / f"state-{number}.safetensors"
        write_weights(path, shard, about)
        written.append(path)
    return written


def read_state(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Return what :func:`write_state` wrote into `folder`, or None where there is none.

    Raises :class:`~embench.errors.CheckpointError` where some of its files are missing or of another kind.
    """
    first = folder / "state-1.safetensors"
    if not first.is_file():
        return None
    tensors, about = read_weights(first)
    if about.get("format") != _STATE:
        raise CheckpointError(f"{first} is no state of a run (format {about.get('format')!r})")
    for number in range(2, int(about["files"]) + 1):
        path = folder / f"state-{number}.safetensors"
        more, other = read_weights(path)
        if other.get("files") != about["files"]:
            raise CheckpointError(f"{path} and {first} are of two states: bring back all files of one run")
        tensors |= more
    return tensors, json.loads(about["plain"])


def forget_state(folder: Path) -> None:
    """Remove the state in `folder`: the run is finished."""
    for path in folder.glob("state-*.safetensors"):
        path.unlink()


def narrow(value: Tensor) -> Tensor:
    """Return matrices in 16 bits (bf16), all else as it is, on the CPU."""
    wide = value.is_floating_point() and value.ndim > 1
    return value.to(torch.bfloat16).cpu() if wide else value.cpu()


def write_network(path: Path, state: Mapping[str, Tensor], sizes: Mapping[str, Any], about: Mapping[str, str]) -> None:
    """Write the weights of a network with its sizes; `embench.baselines.alignn.checkpoint.load` reads them."""
    kept = {name: narrow(value) for name, value in state.items()}
    write_weights(path, kept, {"format": NETWORK, "config": json.dumps(dict(sizes)), **about})


def _shards(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in tensors.items():
        more = value.numel() * value.element_size()
        if shards[-1] and size + more > MOST_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = value
        size += more
    return shards


def backbone(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the parameters of the backbone, by their names in it."""
    prefix = "backbone."
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def load_backbone(network: torch.nn.Module, file: Path) -> None:
    """Copy the backbone in a file of weights into `network.backbone`.

    Raises :class:`~embench.errors.CheckpointError` where the file is none, or its network has other sizes.
    """
    state, about = read_weights(file)
    if about.get("format") != NETWORK:
        raise CheckpointError(f"{file} holds no network of embench (format {about.get('format')!r}, not {NETWORK!r})")
    target: Any = network.backbone
    try:
        target.load_state_dict(backbone(state))
    except RuntimeError as error:
        raise CheckpointError(
            f"{file} is of a network with other sizes: {_first_lines(str(error).splitlines())}"
        ) from error


def _first_lines(lines: Iterable[str]) -> str:
    return " ".join(line.strip() for line in list(lines)[:2])

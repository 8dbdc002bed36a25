"""Weights of networks as safetensors: written whole or not at all, and refused in words where they are damaged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from embench.common.files import atomic_path
from embench.common.foreign import lfs_hint_of
from embench.errors import CheckpointError, MissingDependencyError

if TYPE_CHECKING:
    from torch import Tensor


def write_weights(file: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write parameters by name, and what describes them.

    Raises :class:`~embench.errors.OutputError` where `file` cannot be written.
    """
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise MissingDependencyError(error.name or "safetensors", "alignn", "writing weights") from None
    with atomic_path(file) as temporary:
        save_file({name: value.contiguous() for name, value in state.items()}, temporary, metadata=dict(metadata))


def read_weights(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return parameters by name, and what describes them.

    Raises :class:`~embench.errors.CheckpointError` for what is no file of safetensors.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise MissingDependencyError("safetensors", "alignn", "reading weights") from None
    try:
        with safe_open(file, framework="pt") as stored:
            state = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (no mapping)
            return state, stored.metadata() or {}
    except (OSError, SafetensorError) as error:
        why = lfs_hint_of(file) or f"cannot be read as safetensors: {error}"
        raise CheckpointError(f"{file} {why}") from error

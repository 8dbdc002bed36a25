"""Weights of other people: checkpoints of alignn and of the published multi-property models, read for our network.

Every parameter is accounted for by name and shape; nothing is filled in or left out in silence.
"""

from __future__ import annotations

import json
import pickle
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embench.baselines.alignn.weights import read_weights, write_weights
from embench.common.foreign import lfs_hint_of
from embench.errors import CheckpointError, InvalidValueError, MissingDependencyError

if TYPE_CHECKING:
    from torch import Tensor

    from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig

FORMAT = "embench-alignn-1"
# What else checkpoints of PyTorch Ignite hold (the schedule of the learning rate) and torch does not read without
# running code: it is not needed, so an inert stand-in is read in its place.
_NOT_NEEDED = ("builtins.getattr", "torch.optim.lr_scheduler.OneCycleLR")
# More of either no network of this kind has. A name in a file is enough to ask for any number of layers, and making
# them takes time and memory before a single shape is compared.
MOST_LAYERS = 64
MOST_OUTPUTS = 1024
_FOLDER = 0x10  # among the attributes of a part of a zip file
_UNSUPPORTED = {
    "attention": "attention pooling (MODEL-4)",
    "alignn_layers_1": "a second backbone (MODEL-2)",
    "extra_feature_embedding": "extra features of the structure",
}


@dataclass(frozen=True)
class Checkpoint:
    """A network read from a file: its sizes and its weights, under our names."""

    config: AlignnConfig
    state: dict[str, Tensor]

    def model(self) -> Alignn:
        """Return the network with these weights, in evaluation mode."""
        from embench.baselines.alignn.model.backbone import Alignn

        model = Alignn(self.config)
        model.load_state_dict(self.state)
        return model.eval()


def import_checkpoint(file: Path) -> Checkpoint:
    """Read a checkpoint of the classic ALIGNN, with its single head or with one head for each property.

    Read are the files that alignn writes (``checkpoint_*.pt``, ``best_model.pt``) and those of the published
    multi-property models (sai-mat-group, MPT and MODEL-3), where the weights stand under ``model`` or alone.
    No code of the file is run. The sizes of the network are read off the shapes.

    Raises
    ------
    CheckpointError
        The file cannot be read, or a parameter is missing, unknown, or of a shape that does not fit; it is named.
    MissingDependencyError
        Without torch or alignn.
    """
    foreign = _read(file)
    config = _config(foreign, file)
    return Checkpoint(config, _checked(_rename(foreign, config, file), config, file))


def import_checkpoint_file(source: Path, target: Path) -> Checkpoint:
    """Read the checkpoint `source` and write it as safetensors, with the sizes of the network, to `target`.

    Raises what :func:`import_checkpoint` raises, and :class:`~embench.errors.OutputError` where `target` cannot be
    written.
    """
    checkpoint = import_checkpoint(source)
    save(target, checkpoint.config, checkpoint.state)
    return checkpoint


def save(target: Path, config: AlignnConfig, state: Mapping[str, Tensor]) -> None:
    """Write the weights of an :class:`~embench.baselines.alignn.model.backbone.Alignn`, and its sizes, to `target`.

    Raises :class:`~embench.errors.OutputError` where `target` cannot be written.
    """
    write_weights(target, state, {"format": FORMAT, "config": json.dumps(asdict(config))})


def load(file: Path) -> Checkpoint:
    """Read what :func:`save` wrote.

    Raises :class:`~embench.errors.CheckpointError` for any other file, or where a parameter does not fit.
    """
    try:
        from embench.baselines.alignn.model.backbone import AlignnConfig
    except ImportError as error:
        raise MissingDependencyError(error.name or "torch", "alignn", "reading weights") from None
    state, metadata = read_weights(file)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{file} holds no network of embench (format {metadata.get('format')!r}, not {FORMAT!r}); other "
            "checkpoints are read by embench alignn import-checkpoint"
        )
    try:
        config = AlignnConfig(**json.loads(metadata["config"]))
    except (KeyError, ValueError, TypeError, RecursionError, InvalidValueError) as error:
        raise CheckpointError(f"{file} does not say the sizes of its network: {_first_line(error)}") from error
    return Checkpoint(config, _checked(state, config, file))


def _read(file: Path) -> dict[str, Tensor]:
    """Return the weights of a file of torch, by the names that they have there."""
    try:
        import torch
    except ImportError:
        raise MissingDependencyError("torch", "alignn", "reading a checkpoint") from None
    try:
        with torch.serialization.safe_globals([(_inert, name) for name in _NOT_NEEDED]):
            content: Any = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        pointer = lfs_hint_of(file)
        if pointer:
            raise CheckpointError(f"{file} {pointer}") from error
        raise CheckpointError(
            f"{file} holds more than weights, and reading that could run code of others: {_first_line(error)}; where "
            "you trust the file, save its weights alone: "
            "torch.save(torch.load(FILE, weights_only=False)['model'], NEW)"
        ) from error
    except Exception as error:  # torch lets through whatever its readers of zip files and pickles stumble over
        why = lfs_hint_of(file) or f"cannot be read as a checkpoint of torch: {_first_line(error)}"
        raise CheckpointError(f"{file} {why}") from error
    if damaged := _damaged_part(file):
        raise CheckpointError(
            f"{file} is damaged: {damaged} does not agree with its checksum; fetch it again (or, where it was saved "
            "with set_crc32_options(False), save it again without)"
        )
    weights = content.get("model", content) if isinstance(content, dict) else content
    if not isinstance(weights, dict) or not weights or not all(isinstance(x, torch.Tensor) for x in weights.values()):
        held = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(f"{file} has no weights under 'model' and is none itself; it holds: {held or 'nothing'}")
    for name, value in weights.items():
        if not isinstance(name, str):
            raise CheckpointError(f"{file} has a parameter that is called {name!r}, which is no name")
        if problem := _tensor_problem(value):
            raise CheckpointError(
                f"{name} in {file} {problem}; save plain tensors, as a state_dict on the CPU has them"
            )
    # Training on several GPUs puts a prefix before every name.
    plain = {name.removeprefix("module."): value for name, value in weights.items()}
    if len(plain) < len(weights):
        twice = next(name for name in plain if name in weights and f"module.{name}" in weights)
        raise CheckpointError(f"{file} holds {twice} twice, with the prefix module. and without; save one of them")
    return plain


def _damaged_part(file: Path) -> str | None:
    """Return the first part of a checkpoint that differs from its checksum, which torch does not compare; or None.

    Checkpoints of torch before 1.6 are no zip files and have no checksums.
    """
    try:
        if not zipfile.is_zipfile(file):
            return None
        with zipfile.ZipFile(file) as archive:
            # torch takes a part that is marked as a folder for empty, and leaves its tensor unset.
            folders = (part.filename for part in archive.infolist() if part.external_attr & _FOLDER or part.is_dir())
            return next(folders, None) or archive.testzip()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        return f"a part of it ({_first_line(error)})"


def _tensor_problem(value: Tensor) -> str | None:
    """Return what makes a tensor none that holds the numbers of a parameter, in words that follow its name."""
    import torch

    if value.layout != torch.strided or value.is_quantized:
        return "is sparse or quantised"
    if value.device.type != "cpu":
        return "holds no numbers (a tensor on the device meta)"
    if value.is_complex():
        return "holds complex numbers"
    # One number can stand for a tensor of any shape, whose network then fills the memory.
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        return f"has the shape {tuple(value.shape)} and fewer numbers"
    if value.is_floating_point() and not bool(torch.isfinite(value).all()):
        return "holds values that are no finite numbers"
    return None


def _inert(*_: object) -> None:
    return None


def _config(weights: Mapping[str, Tensor], file: Path) -> AlignnConfig:
    """Return the sizes of the network that `weights` belong to."""
    from embench.baselines.alignn.model.backbone import AlignnConfig

    for part, what in _UNSUPPORTED.items():
        if found := next((name for name in weights if name.startswith(f"{part}.")), None):
            raise CheckpointError(f"{file} is of a network with {what} ({found}), not of ALIGNN on one graph")

    def shape(name: str, axis: int) -> int:
        if name not in weights:
            raise CheckpointError(f"{file} has no parameter {name}: it is no checkpoint of ALIGNN")
        if weights[name].ndim <= axis:
            raise CheckpointError(f"{name} in {file} has the shape {tuple(weights[name].shape)}, a matrix is expected")
        return weights[name].shape[axis]

    heads = _count(weights, "fc_out")
    return AlignnConfig(
        alignn_layers=_count(weights, "alignn_layers"),
        gcn_layers=_count(weights, "gcn_layers"),
        distance_bins=shape("edge_embedding.1.layer.0.weight", 1),
        angle_bins=shape("angle_embedding.1.layer.0.weight", 1),
        embedding=shape("edge_embedding.1.layer.0.weight", 0),
        hidden=shape("atom_embedding.layer.0.weight", 0),
        outputs=heads or shape("fc.weight", 0),
        head_width=shape("conv_to_fc.0.weight", 0) if heads else None,
        head_layers=1 + _count(weights, "fc_hp.0") if heads else AlignnConfig.head_layers,
    )


def _count(weights: Mapping[str, Tensor], list_name: str) -> int:
    """Return how many modules the list `list_name` has."""
    # A number of more digits is no place in a list; what carries it is then unknown, and named.
    pattern = re.compile(rf"{re.escape(list_name)}\.(\d{{1,9}})\.")
    return max((int(match[1]) + 1 for name in weights if (match := pattern.match(name))), default=0)


def _rename(weights: Mapping[str, Tensor], config: AlignnConfig, file: Path) -> dict[str, Tensor]:
    """Return the weights under our names."""
    renamed = {}
    for name, value in weights.items():
        part, _, rest = name.partition(".")
        if part in _BACKBONE:
            renamed[f"backbone.{name}"] = value
        elif part == "fc" and config.head_width is None:
            renamed[f"head.{rest}"] = value
        elif part == "fc":
            raise CheckpointError(
                f"{file} is of a network that joins two graphs ({name}; MODEL-1 or MODEL-4), not of ALIGNN on one graph"
            )
        elif our := _head_name(name, config.head_layers):
            renamed[our] = value
        else:
            raise CheckpointError(f"{file} has the parameter {name}, which ALIGNN on one graph does not have")
    return renamed


_BACKBONE = {"atom_embedding", "edge_embedding", "angle_embedding", "alignn_layers", "gcn_layers"}


def _head_name(name: str, layers: int) -> str | None:
    """Return our name of a parameter of one of several heads: SiLU and linear layers in turn."""
    if match := re.fullmatch(r"conv_to_fc\.(\d+)\.(weight|bias)", name):
        return f"head.heads.{match[1]}.1.{match[2]}"
    if match := re.fullmatch(r"fc_hp\.(\d+)\.(\d+)\.(weight|bias)", name):
        return f"head.heads.{match[1]}.{3 + 2 * int(match[2])}.{match[3]}"
    if match := re.fullmatch(r"fc_out\.(\d+)\.(weight|bias)", name):
        return f"head.heads.{match[1]}.{1 + 2 * layers}.{match[2]}"
    return None


def _checked(state: dict[str, Tensor], config: AlignnConfig, file: Path) -> dict[str, Tensor]:
    """Return `state`; raises where it is not exactly what a network of these sizes has."""
    import torch

    from embench.baselines.alignn.model.backbone import Alignn

    for what, count, most in (
        ("ALIGNN layers", config.alignn_layers, MOST_LAYERS),
        ("GCN layers", config.gcn_layers, MOST_LAYERS),
        ("layers in each head", config.head_layers, MOST_LAYERS),
        ("outputs", config.outputs, MOST_OUTPUTS),
    ):
        if not count <= most:
            raise CheckpointError(f"{file} asks for {count} {what}; a network has at most {most} of them")
    held = sum(value.numel() for value in state.values())
    if held < (least := _least_numbers(config)):
        raise CheckpointError(
            f"{file} holds {held:,} numbers, and a network of its sizes has more than {least:,}: it lacks "
            f"parameters, or does not belong to {config}"
        )
    expected = Alignn(config).state_dict()
    if missing := [name for name in expected if name not in state]:
        raise CheckpointError(f"{file} lacks {_some(missing)}")
    if unknown := [name for name in state if name not in expected]:
        raise CheckpointError(f"{file} has {_some(unknown)}, which a network of its sizes does not have: {config}")
    for name, value in expected.items():
        if state[name].shape != value.shape:
            shapes = f"{tuple(state[name].shape)}, and the network needs {tuple(value.shape)}"
            raise CheckpointError(f"{name} in {file} has the shape {shapes}")
        if state[name].is_floating_point() != value.is_floating_point():
            raise CheckpointError(f"{name} in {file} holds {state[name].dtype}, and the network needs {value.dtype}")
        if problem := _tensor_problem(state[name]):
            raise CheckpointError(f"{name} in {file} {problem}")
        if name.endswith(".centers") and not torch.allclose(state[name].float(), value, atol=1e-4):
            raise CheckpointError(
                f"{name} in {file} spans {float(state[name].min()):g} to {float(state[name].max()):g}, and the network "
                f"expands on {float(value.min()):g} to {float(value.max()):g}: it was made for other graphs"
            )
    return {name: state[name].to(value.dtype) for name, value in expected.items()}


def _least_numbers(config: AlignnConfig) -> int:
    """Return a number that the parameters of a network exceed: one square matrix a layer, and the first of each list.

    Before the network is made: a file of a few megabytes could otherwise ask for one that fills the memory.
    """
    body = (config.alignn_layers + config.gcn_layers) * config.hidden**2
    width = config.head_width
    head = config.hidden if width is None else width * (config.hidden + (config.head_layers - 1) * width)
    return body + config.embedding * (config.hidden + config.distance_bins) + config.outputs * head


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more parameters"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]

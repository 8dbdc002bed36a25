from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional
from typer.testing import CliRunner

from embench.baselines.alignn.checkpoint import import_checkpoint, import_checkpoint_file, load, save
from embench.baselines.alignn.graphs.batch import GraphBatch
from embench.baselines.alignn.graphs.cache import build
from embench.baselines.alignn.model.backbone import Alignn, AlignnConfig, mean_pool
from embench.cli.app import app
from embench.errors import CheckpointError
from tests.baselines.alignn.graph_checks import SYMMETRIC, settled

pytestmark = pytest.mark.xdist_group("alignn-network")

SIZES = AlignnConfig(hidden=16, embedding=8, alignn_layers=2, gcn_layers=3, distance_bins=12, angle_bins=6)


class OldSchedule:
    """What checkpoints hold that were written with OneCycleLR of torch 1: a reference to a function of the class."""

    def __reduce__(self):
        return getattr, (torch.optim.lr_scheduler.OneCycleLR, "_format_param")


class Harmful:
    """What runs a command when it is read."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.fixture(autouse=True)
def one_thread_and_seed():
    torch.set_num_threads(1)
    torch.manual_seed(11)


@pytest.fixture(scope="module")
def batch() -> GraphBatch:
    return GraphBatch.of([build(SYMMETRIC["perovskite"]), build(SYMMETRIC["rock salt"])])


@pytest.fixture
def multi_property(batch) -> dict[str, torch.Tensor]:
    """The weights of a multi-property model with the names that its authors gave them: three heads."""
    weights = settled(Alignn(SIZES), batch).backbone.state_dict()
    for number in range(3):
        layers = {
            f"conv_to_fc.{number}": nn.Linear(16, 128),
            f"fc_hp.{number}.0": nn.Linear(128, 128),
            f"fc_out.{number}": nn.Linear(128, 1),
        }
        weights |= {f"{name}.{key}": x for name, layer in layers.items() for key, x in layer.state_dict().items()}
    return weights


def written(path, content):
    torch.save(content, path)
    return path


def classic_weights(model: Alignn) -> dict[str, torch.Tensor]:
    return model.backbone.state_dict() | {f"fc.{name}": x for name, x in model.head.state_dict().items()}


@pytest.mark.dgl
def test_a_checkpoint_of_alignn(tmp_path, batch):
    from alignn.models.alignn import ALIGNN, ALIGNNConfig

    from embench.baselines.alignn.model.dgl_classic import classic_input

    names = {"hidden_features": 32, "embedding_features": 16, "alignn_layers": 2, "gcn_layers": 1}
    theirs = ALIGNN(ALIGNNConfig(name="alignn", **names))
    theirs(classic_input(batch))
    theirs.eval()
    optimizer = torch.optim.AdamW(theirs.parameters())
    content = {"model": theirs.state_dict(), "optimizer": optimizer.state_dict(), "lr_scheduler": {}, "trainer": {}}
    found = import_checkpoint(written(tmp_path / "checkpoint_500.pt", content))
    assert found.config == AlignnConfig(hidden=32, embedding=16, alignn_layers=2, gcn_layers=1)
    torch.testing.assert_close(found.model()(batch).squeeze(), theirs(classic_input(batch)), rtol=1e-5, atol=1e-5)


def test_a_multi_property_checkpoint(tmp_path, batch, multi_property):
    found = import_checkpoint(written(tmp_path / "best_model.pt", {"model": multi_property}))
    assert (found.config.outputs, found.config.head_width, found.config.head_layers) == (3, 128, 2)
    model = found.model()
    pooled = functional.silu(mean_pool(model.backbone(batch), batch))
    expected = []
    for number in range(3):
        x = functional.silu(nn_linear(pooled, multi_property, f"conv_to_fc.{number}"))
        x = functional.silu(nn_linear(x, multi_property, f"fc_hp.{number}.0"))
        expected.append(nn_linear(x, multi_property, f"fc_out.{number}"))
    torch.testing.assert_close(model(batch), torch.cat(expected, dim=1))
    for name, value in model.backbone.state_dict().items():
        torch.testing.assert_close(value, multi_property[name])


def nn_linear(x, weights, name):
    return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def test_heads_of_one_hidden_layer_and_names_of_several_gpus(tmp_path, multi_property):
    weights = {f"module.{name}": x for name, x in multi_property.items() if not name.startswith("fc_hp")}
    found = import_checkpoint(written(tmp_path / "bare.pt", weights))
    assert found.config.head_layers == 1
    torch.testing.assert_close(found.state["head.heads.2.3.weight"], multi_property["fc_out.2.weight"])


def test_round_trip_through_safetensors(tmp_path, batch):
    model = settled(Alignn(SIZES), batch)
    source = written(tmp_path / "classic.pt", {"model": classic_weights(model)})
    found = import_checkpoint_file(source, tmp_path / "ours.safetensors")
    read = load(tmp_path / "ours.safetensors")
    assert read.config == found.config == SIZES
    torch.testing.assert_close(read.model()(batch), model(batch))


def test_the_command(tmp_path, multi_property):
    source = written(tmp_path / "best_model.pt", {"model": multi_property})
    result = CliRunner().invoke(app, ["alignn", "import-checkpoint", str(source)])
    assert result.exit_code == 0, result.output
    assert "2 + 3 layers of 16 features, 3 outputs" in result.output
    assert load(tmp_path / "best_model.safetensors").config.outputs == 3


def test_a_schedule_of_old_torch_is_passed_over(tmp_path, multi_property):
    content = {"model": multi_property, "lr_scheduler": {"anneal_func": OldSchedule()}}
    assert import_checkpoint(written(tmp_path / "old.pt", content)).config.outputs == 3


def test_code_in_a_file_is_not_run(tmp_path, multi_property):
    mark = tmp_path / "mark"
    file = written(tmp_path / "harmful.pt", {"model": multi_property, "trainer": Harmful(f"touch {mark}")})
    with pytest.raises(CheckpointError, match=r"harmful\.pt holds more than weights"):
        import_checkpoint(file)
    assert not mark.exists()


def changed(weights, **changes):
    return {name: x for name, x in {**weights, **changes}.items() if x is not None}


NAME = "gcn_layers.1.src_gate.weight"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({NAME: None}, rf"lacks backbone\.{NAME}$"),
        ({NAME: torch.zeros(16, 17)}, rf"{NAME} in .* has the shape \(16, 17\), and the network needs \(16, 16\)"),
        ({"gcn_layers.1.bias": torch.zeros(2)}, r"has backbone\.gcn_layers\.1\.bias, which"),
        ({"extra.weight": torch.zeros(2)}, r"the parameter extra\.weight, which ALIGNN on one graph does not have"),
        ({"fc.weight": torch.zeros(16, 32)}, r"joins two graphs \(fc\.weight"),
        ({"attention.norm.weight": torch.zeros(16)}, r"attention pooling \(MODEL-4\) \(attention\.norm\.weight\)"),
        ({"fc_out.1.bias": None}, r"lacks head\.heads\.1\.5\.bias$"),
        ({"edge_embedding.0.centers": torch.linspace(0, 5, 12)}, r"spans 0 to 5, .* expands on 0 to 8"),
        (
            {"atom_embedding.layer.0.weight": None},
            r"no parameter atom_embedding\.layer\.0\.weight: it is no checkpoint",
        ),
        ({"atom_embedding.layer.0.weight": torch.zeros(())}, r"a matrix is expected"),
        ({"atom_embedding.layer.1.running_mean": None}, r"lacks .*running_mean"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, multi_property, changes, message):
    file = written(tmp_path / "file.pt", {"model": changed(multi_property, **changes)})
    with pytest.raises(CheckpointError, match=message):
        import_checkpoint(file)


def test_many_missing_parameters_are_counted(tmp_path, multi_property):
    weights = {name: x for name, x in multi_property.items() if not name.startswith("gcn_layers.1.")}
    with pytest.raises(CheckpointError, match=r"lacks backbone\.gcn_layers\.1\..* and \d+ more parameters"):
        import_checkpoint(written(tmp_path / "file.pt", weights))


def test_files_that_are_no_checkpoint(tmp_path):
    for content, message in (({"epoch": 3}, "holds: epoch"), (torch.zeros(3), "holds: Tensor"), ({}, "holds: nothing")):
        with pytest.raises(CheckpointError, match=message):
            import_checkpoint(written(tmp_path / "file.pt", content))
    (tmp_path / "text.pt").write_text("no checkpoint")
    for name in ("text.pt", "absent.pt"):
        with pytest.raises(CheckpointError, match=name):
            import_checkpoint(tmp_path / name)


def test_safetensors_of_others_are_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="import-checkpoint"):
        load(tmp_path / "other.safetensors")
    (tmp_path / "text.safetensors").write_text("no weights")
    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        load(tmp_path / "text.safetensors")


def test_weights_of_another_size_are_refused(tmp_path):
    model = Alignn(SIZES)
    save(tmp_path / "wrong.safetensors", AlignnConfig(hidden=8), model.state_dict())
    with pytest.raises(CheckpointError, match=r"lacks .* more parameters"):
        load(tmp_path / "wrong.safetensors")


def test_the_examples_of_the_page(tmp_path, monkeypatch):
    page = (Path(__file__).parents[3] / "docs" / "alignn.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    save(tmp_path / "weights.safetensors", SIZES, Alignn(SIZES).state_dict())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    model, graphs = names["model"], names["batch"]
    assert isinstance(model, Alignn)
    assert isinstance(graphs, GraphBatch)
    assert model(graphs).shape == (1, 1)

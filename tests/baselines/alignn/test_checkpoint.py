from __future__ import annotations

import os
import random
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


# What torch reads, and what is no network all the same.
ODD_TENSORS = {
    "sparse": (lambda x: x.to_sparse(), "is sparse or quantised"),
    "quantised": (lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.qint8), "is sparse or quantised"),
    "meta": (lambda x: x.to("meta"), "holds no numbers"),
    "complex": (lambda x: x.to(torch.complex64), "holds complex numbers"),
    "expanded": (lambda x: torch.zeros(1).expand(x.shape), r"has the shape \(16, 16\) and fewer numbers"),
    "infinite": (lambda x: x / 0, "no finite numbers"),
    "whole numbers": (lambda x: x.to(torch.int32), r"holds torch\.int32, and the network needs torch\.float32"),
}


@pytest.mark.parametrize("kind", ODD_TENSORS)
def test_tensors_of_odd_kinds_are_refused(tmp_path, multi_property, kind):
    make, message = ODD_TENSORS[kind]
    weights = changed(multi_property, **{NAME: make(multi_property[NAME])})
    with pytest.raises(CheckpointError, match=f"gcn_layers.1.src_gate.weight in .* {message}"):
        import_checkpoint(written(tmp_path / "file.pt", weights))


def test_names_of_odd_kinds_are_refused(tmp_path, multi_property):
    with pytest.raises(CheckpointError, match="is called 3, which is no name"):
        import_checkpoint(written(tmp_path / "file.pt", {**multi_property, 3: torch.zeros(1)}))
    twice = {**multi_property, f"module.{NAME}": torch.zeros(16, 16)}
    with pytest.raises(CheckpointError, match=f"holds {NAME} twice"):
        import_checkpoint(written(tmp_path / "file.pt", twice))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gcn_layers.99999999.bias", "asks for 100000000 GCN layers; a network has at most 64 of them"),
        ("alignn_layers.70.x", "asks for 71 ALIGNN layers"),
        ("fc_out.5000.bias", "asks for 5001 outputs"),
        ("fc_hp.0.123456.bias", "asks for 123458 layers in each head"),
        (f"gcn_layers.{'9' * 5000}.bias", "has backbone"),
        ("gcn_layers.60.bias", "lacks parameters"),
    ],
)
def test_a_forged_number_of_layers_makes_no_network(tmp_path, multi_property, monkeypatch, name, message):
    file = written(tmp_path / "file.pt", {**multi_property, name: torch.zeros(1)})
    with pytest.raises(CheckpointError, match=message):
        import_checkpoint(file)


def test_sizes_that_the_numbers_in_the_file_do_not_bear_out_make_no_network(tmp_path, multi_property):
    """A network of 8 million features would fill the memory before its shapes are compared."""
    sizes = {"atom_embedding.layer.0.weight": torch.zeros(1 << 23, 1)}
    with pytest.raises(CheckpointError, match=r"holds 8,\d+,\d+ numbers, and a network of its sizes has more than 3"):
        import_checkpoint(written(tmp_path / "file.pt", {**multi_property, **sizes}))
    save(tmp_path / "large.safetensors", AlignnConfig(hidden=1 << 40), {"x": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="holds 1 numbers"):
        load(tmp_path / "large.safetensors")


@pytest.mark.parametrize("config", ["", "[]", "3", '{"hidden": "x"}', '{"width": 3}', '{"hidden": -1}', "[" * 100000])
def test_sizes_that_are_none_are_refused(tmp_path, config):
    from embench.baselines.alignn.weights import write_weights

    write_weights(tmp_path / "a.safetensors", {"x": torch.zeros(1)}, {"format": "embench-alignn-1", "config": config})
    with pytest.raises(CheckpointError, match="does not say the sizes of its network"):
        load(tmp_path / "a.safetensors")


def test_damaged_files_are_refused_in_words(tmp_path, multi_property):
    """Cut short, or with a byte changed: an error in words, or the same weights."""
    sound = written(tmp_path / "sound.pt", multi_property).read_bytes()
    numbers = random.Random(7)
    cut = [sound[: numbers.randrange(len(sound))] for _ in range(15)]
    spoiled = []
    for _ in range(40):
        content = bytearray(sound)
        # Names, sizes and the pickle are at the beginning and the end.
        place = numbers.randrange(3000) if numbers.random() < 0.5 else -numbers.randrange(1, 12000)
        content[place] ^= 1 << numbers.randrange(8)
        spoiled.append(bytes(content))
    expected, refused = import_checkpoint(tmp_path / "sound.pt").state, 0
    for content in (*cut, *spoiled):
        (tmp_path / "file.pt").write_bytes(content)
        try:
            found = import_checkpoint(tmp_path / "file.pt").state
        except CheckpointError:
            refused += 1
        else:
            assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert refused >= len(cut)


def test_a_bit_of_the_numbers_is_noticed(tmp_path, multi_property):
    """torch reads on past the checksums of its own files."""
    file = written(tmp_path / "file.pt", multi_property)
    content = bytearray(file.read_bytes())
    place = content.index(multi_property[NAME].numpy().tobytes())
    content[place + 100] ^= 1
    file.write_bytes(content)
    assert not torch.equal(torch.load(file)[NAME], multi_property[NAME])
    with pytest.raises(CheckpointError, match=r"is damaged: .* does not agree with its checksum"):
        import_checkpoint(file)


def test_a_part_that_is_marked_as_a_folder_is_noticed(tmp_path, multi_property):
    """One bit of the list of parts, on which torch gives a tensor whatever its memory held before."""
    import zipfile

    file = written(tmp_path / "file.pt", multi_property)
    content = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        begun, name = archive.start_dir, next(x for x in archive.namelist() if "/data/" in x and x[-1].isdigit())
    # The name stands 46 bytes behind the beginning of its entry, the attributes 38.
    entry = content.index(name.encode(), begun) - 46
    assert content[entry : entry + 4] == b"PK\1\2"
    content[entry + 38] |= 0x10
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"is damaged: {name} does not agree"):
        import_checkpoint(file)

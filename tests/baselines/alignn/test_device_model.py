"""The networks of a session as baselines: fit and predict on this machine."""

from __future__ import annotations

import pytest
import torch

from embench.baselines.alignn.device import model as module
from embench.baselines.alignn.device.layers import Kernels
from embench.baselines.alignn.device.model import OWN_WEIGHTS, Pretrained3, Scratch3, Scratch4
from embench.baselines.alignn.device.network import pathway_model
from embench.baselines.alignn.device.state import backbone, write_network
from embench.baselines.alignn.device.training import Recipe
from embench.baselines.registry import BASELINES, baseline_spec, load_object
from embench.errors import BaselineError
from tests.baselines.alignn.device_checks import TINY, elements, small_entries

pytestmark = pytest.mark.xdist_group("alignn-training")

RECIPE = Recipe(epochs=2, batch_size=4)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def entries():
    return small_entries(12)


@pytest.mark.parametrize("network", [Scratch3, Scratch4])
def test_fit_and_predict(network, entries):
    train, test = entries.select(entries.entry_ids[:10]), entries.select(entries.entry_ids[10:]).without_targets()
    found = [network(seed=0, recipe=RECIPE, sizes=TINY).fit(train) for _ in range(2)]
    first, second = (each.predict(test) for each in found)
    first.check(2)
    assert first.mean.tolist() == second.mean.tolist()
    assert found[0].choices["epochs"] == 2
    assert found[0].choices["weights"] == "none: trained from scratch"
    # Alone or beside others an entry is predicted alike.
    alone = found[0].predict(test.select(test.entry_ids[1:])).mean
    assert alone == pytest.approx(first.mean[1:], abs=1e-5)


def test_it_starts_from_weights(entries, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "resource_folder", lambda _: tmp_path)
    made = Pretrained3(seed=0, recipe=Recipe(epochs=1, batch_size=4, learning_rate=1e-12), sizes=TINY)
    with pytest.raises(BaselineError, match="no pre-trained weights"):
        made.fit(entries)
    weights = tmp_path / "own.safetensors"
    other = pathway_model(3, TINY, Kernels.of("eager"), elements())
    write_network(weights, other.state_dict(), TINY.plain(), {})
    monkeypatch.setenv(OWN_WEIGHTS, str(weights))
    fitted = made.fit(entries)
    assert fitted.choices["weights"] == "own.safetensors"
    # With next to no learning the backbone is that of the file, to the 16 bits that it has there.
    state = backbone(fitted._trained.network.state_dict())
    for name, value in backbone(other.state_dict()).items():
        if name.endswith("weight") and value.ndim > 1:
            torch.testing.assert_close(state[name], value.detach(), rtol=1e-2, atol=1e-6)


def test_every_entry_of_the_registry_has_its_class():
    names = [spec.name for spec in BASELINES if spec.name.startswith("alignn-full-")]
    assert len(names) == 8
    for name in names:
        spec = baseline_spec(name)
        made = load_object(spec.factory, extra=spec.extra)
        assert made.model == int(name.split("-")[2])
        assert made.pretrained == (not name.endswith("-scratch")) == bool(spec.training_data)

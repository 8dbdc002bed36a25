from __future__ import annotations

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest

import embench
from embench.baselines.registry import baseline_spec
from embench.common.shipped import resource_folder
from embench.errors import DatasetError, UnknownNameError
from embench.prediction import load_model, shipped_models
from embench.prediction.model import parse_model
from embench.prediction.train import storable, train_model

FILE = "pathway-stack.npz"
TEN_MEGABYTES = 10 * 10**6


@pytest.fixture(scope="module")
def content():
    return (resource_folder("weights") / FILE).read_bytes()


def rewritten(content, change):
    """Return the file with its description changed, as somebody could who knows the format."""
    with np.load(io.BytesIO(content)) as found:
        arrays = {name: found[name] for name in found.files}
    about = json.loads(arrays["about"].tobytes())
    change(about, arrays)
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_the_shipped_model(model, content):
    assert shipped_models() == ("pathway-stack",)
    assert len(content) < TEN_MEGABYTES
    assert model.about.n == len(model.entry_ids) == 616
    assert model.about.dataset_version == "1.0.0"  # no reason to train it again: one entry less
    assert model.about.dataset_digest == embench.load(version="1.0.0").digest
    assert sum(model.about.ions.values()) == 616
    assert set(model.calibrations) == {"host-10fold", "prototype-10fold"}
    assert load_model() is load_model("pathway-stack")


def test_it_is_the_model_of_its_code_and_its_predictions(model):
    """A card that is not of this file, or a calibration of older predictions, is noticed."""
    from embench.prediction.calibration import calibrate
    from embench.prediction.card import card_text

    for name, found in model.calibrations.items():
        again = calibrate("pathway-stack", name, embench.load(version=model.about.dataset_version))
        assert dataclasses.replace(found, bands=()) == again, "embench model train pathway-stack"
        assert sum(band.n for band in found.bands) >= 616
        # Far entries are predicted worse; with a table of distances that had lost its order they would not be.
        assert found.bands[-1].median_error > 1.2 * found.bands[0].median_error
    card = resource_folder("weights") / "pathway-stack.md"
    assert card.read_text(encoding="utf-8") == card_text(model)


@pytest.mark.slow
def test_it_predicts_as_the_baseline_that_is_fitted_in_memory(model):
    # The shipped model stays that of the version that it was trained on.
    fitted = train_model("pathway-stack", dataset_version=model.about.dataset_version)
    frozen = parse_model(fitted.to_bytes(), FILE)
    entries = list(embench.load().without_targets())[::20]
    table = model.table(entries)
    expected = fitted.fitted.predict_table(table)
    # A file of it is the same model; the shipped one was fitted on another machine, whose last bits differ.
    for each, within, width in ((frozen, 1e-8, 1e-8), (model, baseline_spec("pathway-stack").tolerance, 0.05)):
        found = each.fitted.predict_table(table)
        np.testing.assert_allclose(found.mean, expected.mean, rtol=0, atol=within)
        np.testing.assert_allclose(found.std, expected.std, rtol=0, atol=width)
        np.testing.assert_allclose(each.nearest["host-10fold"], fitted.nearest["host-10fold"], rtol=0, atol=1e-6)
        assert each.relatives.hosts == fitted.relatives.hosts


def test_equal_models_are_equal_files(content, tmp_path):
    model = parse_model(content, FILE)
    assert model.to_bytes() == model.to_bytes()
    model.write(tmp_path / "own.npz")
    own = load_model(tmp_path / "own.npz")
    assert own.about == model.about
    assert own.sha256 != ""


def test_no_pickle_is_in_the_file(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert all(b"'|O'" not in archive.read(name)[:200] for name in archive.namelist())


def test_a_pickle_is_not_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trapped"), "w"))

    path = tmp_path / "trap.npz"
    with path.open("wb") as file:
        np.savez(file, about=np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="no model of embench"):
        load_model(path)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("spoilt", [b"", b"PK\x03\x04", b"no archive", b"\x93NUMPY"])
def test_other_files_are_refused(tmp_path, spoilt):
    path = tmp_path / "spoilt.npz"
    path.write_bytes(spoilt)
    with pytest.raises(DatasetError, match="no model of embench"):
        load_model(path)


def test_a_file_that_was_cut_is_refused(content):
    with pytest.raises(DatasetError):
        parse_model(content[: len(content) // 2], "cut")


def test_changed_arrays_are_refused(content):
    def change(about, arrays):
        arrays["array_3"] = arrays["array_3"] + 1

    with pytest.raises(DatasetError, match="arrays are not those"):
        parse_model(rewritten(content, change), "changed")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda about, _: about.update(format="embench-model-9"), "embench-model-9"),
        (lambda about, _: about["about"]["features"].update(geometry="0"), "features geometry"),
        (lambda about, _: about["about"].update(dataset_digest="0" * 64), "trained on dataset"),
        (lambda about, _: about.pop("kin"), "no model of embench"),
        (lambda about, _: about["fitted"].update(object="Popen"), "what no model is made of"),
    ],
)
def test_a_model_of_other_features_or_data_is_refused(content, change, said):
    with pytest.raises(DatasetError, match=said):
        parse_model(rewritten(content, change), "other")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="pathway-stack"):
        load_model("gnome")


def test_which_baselines_can_be_trained():
    assert storable() == ("pathway-stack", "pathway-distilled", "pathway-hybrid", "pathway-neb")

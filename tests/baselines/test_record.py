from __future__ import annotations

import platform

import numpy as np
import pytest

from embench.baselines import record
from embench.baselines.record import code_digest, hardware, library_versions, peak_memory_mib
from embench.errors import BaselineError, MissingDependencyError

FACTORY = "embench.baselines.simple:NearestNeighbour"


def test_the_code_of_other_packages_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "my_own_model.py"
    module.write_text("class A: pass\n")
    before = code_digest("my_own_model:A")
    assert code_digest("my_own_model:A") == before
    module.write_text("class A: pass  # changed\n")
    assert code_digest("my_own_model:A") != before
    with pytest.raises(BaselineError, match="no module 'my_other_model'"):
        code_digest("my_other_model:A")


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("embench.baselines.simple", True),
        ("embench.baselines.base", True),  # imported at the top
        ("embench.splits.leakage", True),  # imported inside a function
        ("embench.baselines.composition", False),
        ("embench.dataset", False),  # covered by the checksum of the dataset
    ],
)
def test_imported_code_counts(tmp_path, monkeypatch, changed, counts):
    before, find = code_digest(FACTORY), record._source_file
    copy = tmp_path / "copy.py"
    copy.write_bytes(find(changed).read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(record, "_source_file", lambda name: copy if name == changed else find(name))
    assert (code_digest(FACTORY) != before) is counts


def test_data_files_beside_the_code_count(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("radii.csv", "notes.md", "data/charges.json"):
        (tmp_path / name).write_text("1")
    assert [path.name for path in record._data_files(tmp_path)] == ["charges.json", "radii.csv"]


def test_parameters_of_the_pair_energies_count(monkeypatch):
    find = record._data_files
    before = code_digest("embench.baselines.models.stack:PathwayStack")
    seen = []
    monkeypatch.setattr(record, "_data_files", lambda folder: seen.extend(find(folder)) or [])
    assert code_digest("embench.baselines.models.stack:PathwayStack") != before
    assert "softbv.csv" in {path.name for path in seen}


def test_versions():
    assert library_versions(["numpy"], extra="baselines") == {"numpy": np.__version__}
    with pytest.raises(MissingDependencyError, match=r"no-such-library.*'embench-barriers\[baselines\]'"):
        library_versions(["no-such-library"], extra="baselines")


def test_hardware_says_what_computes_and_not_which_machine():
    found = hardware()
    assert found["cores"] >= 1
    assert found["system"] == platform.system()
    assert platform.node() not in str(found)


def test_peak_memory_grows_with_what_is_held():
    before = peak_memory_mib()
    held = np.ones(int((before + 200) * 2**20 / 8))
    assert peak_memory_mib() > before + 150
    assert held[0] == 1.0

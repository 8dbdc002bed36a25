from __future__ import annotations

import pytest

from embench.baselines.registry import baseline_spec
from embench.common import code
from embench.common.code import code_digest
from embench.errors import BaselineError

FACTORY = "embench.baselines.simple:NearestNeighbour"


def test_what_is_treated_apart_exists():
    # A package that moved would silently count again, or its data files no longer.
    named = (*code._NOT_COUNTED, *code._WITH_DATA)
    assert [name for name in named if code._source_file(name) is None] == []


def test_a_package_is_meant_with_all_that_is_in_it():
    found = [
        code._is_in(name, ("embench.dataset", "embench.errors"))
        for name in ("embench.dataset", "embench.dataset.entry", "embench.errors", "embench.datasets", "embench")
    ]
    assert found == [True, True, True, False, False]


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


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Somebody's code: a script, a module beside it, and a package whose modules import each other."""
    monkeypatch.syspath_prepend(str(tmp_path))
    texts = {
        "my_script.py": "import json, my_helper, no_such_module\nclass A: pass\n",
        "my_helper.py": "def f():\n    from my_package.models import deep\n",
        "my_package/__init__.py": "raise RuntimeError('nothing is imported')\n",
        "my_package/base.py": "import my_script\n",
        "my_package/models/__init__.py": "",
        "my_package/models/deep.py": "from ..base import B\nfrom . import near\nfrom .... import nowhere\n",
        "my_package/models/near.py": "this is no Python\n",
        "my_package/models/unused.py": "",
        "elsewhere.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("my_script.py", True),
        ("my_helper.py", True),
        ("my_package/__init__.py", True),
        ("my_package/base.py", True),
        ("my_package/models/__init__.py", True),
        ("my_package/models/deep.py", True),
        ("my_package/models/near.py", True),
        ("my_package/models/unused.py", False),
        ("elsewhere.py", False),
    ],
)
def test_what_somebodys_factory_imports_counts(project, changed, counts):
    before = code_digest("my_script:A")
    path = project / changed
    path.write_text(path.read_text() + "# changed\n")
    assert (code_digest("my_script:A") != before) is counts


def test_installed_packages_do_not_count(project, monkeypatch):
    read = []
    monkeypatch.setattr(code, "_source_file", lambda name, find=code._source_file: read.append(name) or find(name))
    (project / "my_script.py").write_text("import json, numpy.linalg\nfrom yaml import nodes\nimport my_helper\n")
    code_digest("my_script:A")
    assert {name.partition(".")[0] for name in read} == {"my_script", "my_helper", "my_package"}
    installed = code._installed()
    monkeypatch.setattr(code, "_installed", lambda: (*installed, project.resolve()))
    read.clear()
    code_digest("my_script:A")
    assert set(read) == {"my_script"}  # the factory itself counts wherever it lies


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("embench.baselines.simple", True),
        ("embench.baselines.base", True),  # imported at the top
        ("embench.audit.leakage", True),  # imported inside a function
        ("embench.baselines.composition", False),
        ("embench.dataset", False),  # covered by the checksum of the dataset
        ("embench.dataset.structures", False),
    ],
)
def test_imported_code_counts(tmp_path, monkeypatch, changed, counts):
    before, find = code_digest(FACTORY), code._source_file
    copy = tmp_path / "copy.py"
    copy.write_bytes(find(changed).read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(code, "_source_file", lambda name: copy if name == changed else find(name))
    assert (code_digest(FACTORY) != before) is counts


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("embench.baselines.scale", True),
        ("embench.crystal.periodic", True),
        ("embench.crystal.ions", True),
        ("embench.baselines.features.profiles", True),  # imported inside a function
        ("embench.common.cache", False),  # gives back what was computed, or nothing
        ("embench.common.code", False),
    ],
)
def test_what_the_models_share_counts(tmp_path, monkeypatch, changed, counts):
    factory = "embench.baselines.models.stack:PathwayStack"
    before, find = code_digest(factory), code._source_file
    copy = tmp_path / "copy.py"
    copy.write_bytes(find(changed).read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(code, "_source_file", lambda name: copy if name == changed else find(name))
    assert (code_digest(factory) != before) is counts


def test_data_files_beside_the_code_count(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("radii.csv", "notes.md", "data/charges.json"):
        (tmp_path / name).write_text("1")
    assert [path.name for path in code._data_files(tmp_path)] == ["charges.json", "radii.csv"]


def test_parameters_of_the_pair_energies_count(monkeypatch):
    find = code._data_files
    before = code_digest("embench.baselines.models.stack:PathwayStack")
    seen = []
    monkeypatch.setattr(code, "_data_files", lambda folder: seen.extend(find(folder)) or [])
    assert code_digest("embench.baselines.models.stack:PathwayStack") != before
    assert "softbv.csv" in {path.name for path in seen}


def test_shipped_files_count(tmp_path, monkeypatch):
    (tmp_path / "barriers.csv").write_text("entry_id,orb-v3\nx,0.5\n")
    monkeypatch.setattr(code, "resource_folder", lambda name: tmp_path)
    before = code_digest(FACTORY, resources=("potentials",))
    assert code_digest(FACTORY, resources=("potentials",)) == before
    (tmp_path / "barriers.csv").write_text("entry_id,orb-v3\nx,0.6\n")
    assert code_digest(FACTORY, resources=("potentials",)) != before
    assert baseline_spec("pathway-hybrid").resources == ("potentials",)


def test_packages_without_init_files_are_followed(tmp_path, monkeypatch):
    # One in the other: Python itself finds the inner one only where the outer one is imported.
    inner = tmp_path / "my_outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "my_factory.py").write_text("from my_outer.inner.model import Model\n")
    (inner / "model.py").write_text("class Model: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = code_digest("my_factory:Model")
    (inner / "model.py").write_text("class Model: pass  # changed\n")
    assert code_digest("my_factory:Model") != before


def test_what_is_unpacked_elsewhere_counts_as_installed(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (tmp_path / "my_own_factory.py").write_text("import my_library\n")
    (folder / "my_library.py").write_text("A = 1\n")
    for place in (tmp_path, folder):
        monkeypatch.syspath_prepend(str(place))
    before = code_digest("my_own_factory:A")
    (folder / "my_library.py").write_text("A = 2\n")
    assert code_digest("my_own_factory:A") == before

"""The wheel, in an empty environment, outside the repository, without a network: what it holds, and every extra alone.

The core is installed by pip into an environment of its own. For an extra, pip says which wheels of the wheelhouse it
would install, and these, unpacked, are all that the interpreter finds besides the core.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from embench.errors import install_command

REPOSITORY = Path(__file__).parent.parent
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
EXTRAS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]
# Not installed here: dgl is there for Python 3.11 only, matminer wants an older pandas, and all wants both; the two
# potentials and the graphs bring libraries that nothing else needs, and have tests of their own; docs, test, lint are
# for developers.
NOT_TRIED = ("all", "chgnet", "dgl", "docs", "matminer", "pyg", "sevennet", "test", "lint")
TRIED = tuple(name for name in EXTRAS if name not in NOT_TRIED)
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.slow]

# Loaded by the interpreter at its start: any attempt to reach a network fails.
NO_NETWORK = """
import socket

def refuse(*args, **kwargs):
    raise OSError("the test allows no network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheelhouse() -> str:
    """The folder with the wheels of all dependencies."""
    folder = os.environ.get("EMBENCH_WHEELHOUSE")
    if folder is None:
        pytest.skip("EMBENCH_WHEELHOUSE names no folder with the wheels of the dependencies: run make test")
    return folder


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory, wheelhouse: str) -> Callable[..., str]:
    """Run pip of an empty environment, with the wheelhouse as the only source."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}

    def run(*arguments: object) -> str:
        command = [folder / "bin" / "pip", "--disable-pip-version-check", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, env={**environment, "PIP_CONFIG_FILE": os.devnull}, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.programs = folder / "bin"  # type: ignore[attr-defined]
    run.source = ("--no-index", "--find-links", wheelhouse)  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def installed(wheel: Path, pip: Callable[..., str]) -> Path:
    """An environment that holds the wheel and its core dependencies only; gives its folder of programs."""
    pip("install", *pip.source, wheel)
    return pip.programs


@pytest.fixture(scope="module")
def places(
    wheel: Path, installed: Path, pip: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], list[Path]]]:
    """Where what an extra installs is found: one folder for each wheel that pip takes for it, unpacked."""
    store = tmp_path_factory.mktemp("unpacked")

    def unpacked(path: Path) -> Iterator[Path]:
        # Libraries (dill) take a module for installed by this name in its path.
        folder = store / path.stem / "site-packages"
        if not folder.exists():
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        yield folder
        for part in ("purelib", "platlib"):
            yield from folder.glob(f"*.data/{part}")

    def of(extra: str) -> list[Path]:
        options = ("--dry-run", "--ignore-installed", "--quiet", "--report", "-")
        report = json.loads(pip("install", *options, *pip.source, f"{wheel}[{extra}]"))
        wheels = [Path(unquote(urlparse(item["download_info"]["url"]).path)) for item in report["install"]]
        return [folder for path in wheels for folder in unpacked(path)]

    yield of
    shutil.rmtree(store)  # a gigabyte and more


def _run(
    installed: Path, tmp_path: Path, *command: object, found: list[Path] | None = None
) -> subprocess.CompletedProcess[str]:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    path = os.pathsep.join(map(str, [tmp_path, *(found or [])]))
    environment = {"PATH": os.defpath, "PYTHONPATH": path, "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    program, *arguments = map(str, command)
    return subprocess.run(
        [installed / program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


def _copy(name: str, tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_bytes((SUBMISSIONS / name / "published.csv").read_bytes())


# What is in it


def test_the_sdist_holds_all_that_is_committed_and_its_tests_run(tmp_path):
    """A distribution packager has nothing else: all files of the repository, none that lies about, tests that run."""
    listed = subprocess.run(["git", "-C", str(REPOSITORY), "ls-files"], capture_output=True, text=True, check=False)
    command = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / path.name.removesuffix(".tar.gz")
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {"PKG-INFO"}
    if listed.returncode == 0:  # not where these tests themselves run from an sdist
        # A file that git has forgotten is not there, and one that is new may be.
        expected = {name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()}
        assert expected <= found
        assert {name.partition("/")[0] for name in found} <= {name.partition("/")[0] for name in expected}
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    tests = ["tests/test_layout.py", "tests/common/test_shipped.py", "tests/test_readme.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-m", "not slow", *tests],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_content(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "embench/py.typed",
        "embench/_shipped/dataset/train.parquet",
        "embench/_shipped/dataset/test.parquet",
        "embench/_shipped/dataset/checksums.txt",
        "embench/_shipped/splits/published.csv",
        "embench/_shipped/splits/manifest.json",
        "embench/_shipped/splits/manifest-1.1.0.json",
        "embench/_shipped/versions/default-1.1.0.parquet",
        "embench/_shipped/potentials/barriers.csv",
        "embench/_shipped/neb-inputs/chgnet.parquet",
        "embench/_shipped/consensus/potential_consensus.parquet",
        "embench/_shipped/submissions/mace-relax/barriers.csv",
        "embench/_shipped/submissions/mace-relax/submission.yaml",
        "embench/_shipped/weights/alignn-local.safetensors",
        "embench/_shipped/weights/pathway-stack.npz",
        "embench/curation/tables/ledger.csv",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "leaderboard/"))]


def test_all_is_everything():
    (found,) = EXTRAS["all"]
    listed = found.partition("[")[2].removesuffix("]").split(",")
    assert set(listed) == EXTRAS.keys() - {"all", "docs", "test", "lint"}


# The core


def test_nothing_heavy_comes_with_the_core(installed):
    listed = subprocess.run([installed / "pip", "list"], check=True, capture_output=True, text=True).stdout.lower()
    for heavy in ("torch", "pandas", "scipy", "pymatgen", "scikit-learn", "plotly", "datasets", "pydantic"):
        assert f"\n{heavy} " not in listed


def test_network_is_really_refused(installed, tmp_path):
    result = _run(installed, tmp_path, "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9/')")
    assert "the test allows no network" in result.stderr


def test_loads(installed, tmp_path):
    program = "import embench; data = embench.load(); print(len(data), embench.__file__)"
    result = _run(installed, tmp_path, "python", "-c", program)
    assert result.returncode == 0, result.stderr
    count, file = result.stdout.split()
    assert count == "619"
    assert not Path(file).is_relative_to(REPOSITORY)


def test_evaluates(installed, tmp_path):
    _copy("model-3", tmp_path)
    result = _run(installed, tmp_path, "embench", "evaluate", "predictions.csv", "-p", "published")
    assert result.returncode == 0, result.stderr
    assert "0.261" in result.stdout  # MAE that the paper prints


def test_compares_with_a_submission(installed, tmp_path):
    _copy("model-3", tmp_path)
    result = _run(
        installed, tmp_path, "embench", "evaluate", "predictions.csv", "-p", "published", "--against", "mace-relax"
    )
    assert result.returncode == 0, result.stderr
    assert "mace-relax" in result.stdout
    assert "0.340" in result.stdout  # FACTS: MACE-RELAX has MAE 0.3397


@pytest.mark.parametrize(
    "command",
    [
        "data stats",
        "data show LiRuO2_1",
        "splits list",
        "splits show host-10fold",
        "baseline list",
        "baseline run median -p published",
        "baseline run nearest-neighbour -p published",
        "--version",
    ],
)
def test_commands_of_the_core(installed, tmp_path, command):
    result = _run(installed, tmp_path, "embench", *command.split())
    assert result.returncode == 0, result.stderr


WITHOUT = {
    "evaluate predictions.csv -p published --report page.html": "report",
    "data export out --format extxyz": "structures",
    "data audit": "curation",
    "data paths": "baselines",
    "build RELEASE": "curation",
    "splits make --out out": "splits",
    "baseline run composition -p published": "baselines",
    "baseline run pathway-hybrid -p published": "baselines",
    "baseline run alignn-scratch -p published": "alignn",
    "baseline run median -p published --scheduler tcp://127.0.0.1:9": "dask",
    "alignn pretrain corpus": "alignn",
    "alignn finetune --out out": "alignn",
    "neb estimate ase.calculators.lj:LennardJones -p O-LiFePO4": "neb",
    "neb estimate chgnet -p O-LiFePO4": "chgnet",
    "model list": "predict",
    "hub check CARD": "hub",
    "hub push CARD --dry-run": "hub",
    "hub push-space SITE --repo a/b --dry-run": "hub",
    "hub pull out": "hub",
    "leaderboard check --submissions SUBMISSIONS": "leaderboard",
    "leaderboard build --submissions SUBMISSIONS --out out": "leaderboard",
    "leaderboard serve --submissions SUBMISSIONS": "leaderboard",
    "leaderboard schema": "leaderboard",
    "leaderboard literature SHARED": "curation",
    "submit predictions.csv --name x --version 1 --kind property-model --author A --description d --licence MIT "
    "--training-data t --overlap none": "leaderboard",
}


@pytest.fixture
def work(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    """Fill in the names of a command, with copies of what they stand for."""

    def words(command: str) -> list[str]:
        _copy("model-3", tmp_path)
        if "CARD" in command:
            shutil.copytree(REPOSITORY / "dataset_card", tmp_path / "CARD")
        if "SITE" in command:
            (tmp_path / "SITE").mkdir()
            (tmp_path / "SITE" / "index.html").write_text("<!doctype html>")
        if "SUBMISSIONS" in command:
            for slug in ("median", "model-3", "orb-v3"):
                shutil.copytree(SUBMISSIONS / slug, tmp_path / "SUBMISSIONS" / slug)
        found = shlex.split(command)
        for name, place in (("RELEASE", "upstream"), ("SHARED", "")):
            if name in found:
                found[found.index(name)] = str(request.getfixturevalue("shared") / place)
        return found

    return words


@pytest.mark.parametrize(("command", "extra"), WITHOUT.items(), ids=lambda value: value[:40])
def test_says_which_extra_is_missing(installed, tmp_path, work, command, extra):
    result = _run(installed, tmp_path, "embench", *work(command))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.lstrip().startswith("error: ")
    assert install_command(extra) in result.stderr


@pytest.mark.parametrize(
    ("program", "extra"),
    [
        ("embench.load()['O-LiFePO4'].structure()", "structures"),
        ("embench.load()['O-LiFePO4'].atoms()", "structures"),
        ("embench.load().to_pandas()", "pandas"),
        ("embench.load(source='hub')", "hub"),
        ("embench.to_hf(embench.load())", "hub"),
    ],
)
def test_python_says_which_extra_is_missing(installed, tmp_path, program, extra):
    result = _run(installed, tmp_path, "python", "-c", f"import embench; {program}")
    assert "MissingDependencyError" in result.stderr.splitlines()[-1]
    assert install_command(extra) in result.stderr


# Every extra alone

LOAD = "import embench; entry = embench.load()['O-LiFePO4']; "
FIT = (
    "import embench, importlib, sys; data = embench.load(); "
    "some = data.select(sorted(data.entry_ids, key=lambda name: data[name].n_sites)[:40]); "
    "module, _, name = sys.argv[1].partition(':'); "
    "model = getattr(importlib.import_module(module), name)(seed=0).fit(some); "
    "print(model.predict(some.select(some.entry_ids[:5]).without_targets()).mean)"
)
CURATE = (
    "import sys; from pathlib import Path; from embench.curation.annotate import annotate; "
    "from embench.curation.same_structure import group_structures; from embench.curation.normalise import normalise; "
    "from embench.curation.read import read_release; entries = read_release(Path(sys.argv[1])); "
    "normalise(entries); [annotate(entry) for entry in entries[:10]]; group_structures(entries[:40])"
)
WITH: dict[str, tuple[str, ...]] = {
    "pandas": ("python -c 'import embench; assert len(embench.load().to_pandas()) == 619'",),
    "structures": (
        f'python -c "{LOAD}entry.structure(), entry.atoms(), entry.images(7)"',
        "embench data export out --format extxyz",
    ),
    "curation": (
        f'python -c "{CURATE}" RELEASE',  # the parts of embench build, the slow one for a few entries only
        "embench data potentials SHARED --out barriers.csv",
    ),
    "report": ("embench evaluate predictions.csv -p published --report page.html",),
    "splits": ("embench splits make --out out",),
    "baselines": (
        f'python -c "{FIT}" embench.baselines.composition:Composition',
        f'python -c "{FIT}" embench.baselines.models.descriptors:PathwayDescriptors',
        f'python -c "{FIT}" embench.baselines.models.hybrid:PathwayHybrid',
        f'python -c "{LOAD}from embench.pathways import relaxed_path; relaxed_path(entry)"',
    ),
    "alignn": (
        'python -c "from embench.baselines.registry import BASELINES; '
        'print([spec.create(seed=0) for spec in BASELINES])"',
        'python -c "from embench.baselines.alignn.checkpoint import read_weights"',
    ),
    "predict": (
        "embench model list",
        f'python -c "{LOAD}print(embench.predict([entry]))"',
    ),
    "neb": ("embench neb estimate ase.calculators.lj:LennardJones -p O-LiFePO4",),
    "dask": ('python -c "from distributed import Client, LocalCluster; import embench.common.executor"',),
    "hub": (
        "embench hub check CARD",
        "python -c 'import embench; assert embench.to_hf(embench.load()).num_rows == 619'",
    ),
    "leaderboard": (
        "embench leaderboard check --submissions SUBMISSIONS",
        "embench leaderboard build --submissions SUBMISSIONS --out out",
        "embench leaderboard schema",
        "embench submit predictions.csv --name x --version 1 --kind property-model --author A --description d "
        "--licence MIT --training-data t --overlap none --submissions SUBMISSIONS --dry-run",
    ),
}


def test_every_extra_is_tried():
    assert tuple(sorted(WITH)) == tuple(sorted(TRIED))


@pytest.mark.parametrize("extra", TRIED)
def test_an_extra_alone(installed, places, tmp_path, work, extra):
    found = places(extra)
    for number, command in enumerate(WITH[extra]):
        folder = tmp_path / str(number)
        folder.mkdir()
        program, *arguments = work(command)
        if program == "embench":
            program, arguments = "python", ["-m", "embench", *arguments]
        for name in ("predictions.csv", "CARD", "SUBMISSIONS"):
            if (tmp_path / name).exists():
                (tmp_path / name).rename(folder / name)
        result = _run(installed, folder, program, *arguments, found=found)
        assert result.returncode == 0, f"{command}\n{result.stderr}"

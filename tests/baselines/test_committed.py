"""Reproducing, submitting and tabulating committed predictions, and the commands that do it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml
from sklearn.metrics import mean_absolute_error, r2_score
from typer.testing import CliRunner

import embench
from embench.baselines.registry import BASELINES, STUDIES, baseline_spec
from embench.cli.app import app
from embench.common.code import code_digest
from embench.errors import BaselineError, StaleFileError, UnknownNameError
from embench.leaderboard.entrants.baseline import write_submission
from embench.pages.baselines import results_page
from embench.splits.registry import protocols_of_baselines

REPOSITORY = Path(__file__).parents[2]
QUICK = ("median", "nearest-neighbour")


def embench_baseline(*arguments: object):
    return CliRunner().invoke(app, ["baseline", *map(str, arguments)])


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A folder with the predictions of the median for two protocols, and a cache of its own."""
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path / "cache"))
    made = embench_baseline(
        "run", "median", "-p", "published", "-p", "host-10fold", "--out", tmp_path / "results" / "median"
    )
    assert made.exit_code == 0, made.output
    return tmp_path / "results"


def test_list():
    """One line each, with the score that the board has."""
    board = json.loads((REPOSITORY / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
    maes = {row["slug"]: row["metrics"]["mae"]["value"] for row in board["protocols"][0]["rows"]}
    lines = {line.split()[0]: line for line in embench_baseline("list").output.splitlines() if line.strip()}
    assert max(map(len, lines.values())) <= 80
    for spec in BASELINES:
        assert spec.title in lines[spec.name]
        if spec.name in maes:
            assert lines[spec.name].rstrip().endswith(f"{maes[spec.name]:.3f}")
    long = embench_baseline("list", "--long").output
    assert "extremely randomised trees" in " ".join(long.split())


def test_unknown_names(tmp_path):
    assert isinstance(embench_baseline("run", "medain").exception, UnknownNameError)
    found = embench_baseline("run", "median", "-p", "host", "--out", tmp_path).exception
    assert "did you mean" in str(found)
    assert "has no 'Nothing'" in str(
        embench_baseline("run", "x", "--factory", "embench.baselines.simple:Nothing").exception
    )
    assert "no module" in str(embench_baseline("run", "x", "--factory", "no.such.module:X").exception)


@pytest.mark.parametrize("name", QUICK)
def test_the_committed_predictions_are_reproduced(name, tmp_path):
    committed = ("--results", REPOSITORY / "baselines", "--submissions", REPOSITORY / "leaderboard" / "submissions")
    found = embench_baseline("reproduce", name, *committed, "--work", tmp_path)
    assert found.exit_code == 0, found.output or found.exception
    assert found.output.count(" entries reproduced ") == len(baseline_spec(name).protocols)
    assert not list(tmp_path.rglob("*.json"))  # what was kept on the way is removed


def test_some_folds_are_compared_with_their_part_of_the_file(results):
    ids = {fold.name: fold.test_ids for fold in embench.protocol("host-10fold")}
    first, second, third = list(ids)[:3]
    path = results / "median" / "host-10fold.csv"

    def reproduce(*changed: str):
        """Reproduce two folds of predictions in which those of the first entries of some folds are others."""
        altered = {ids[name][0] for name in changed}
        rows = [(r["entry_id"], r["prediction"], r["uncertainty"]) for r in read(path)]
        lines = [f"{i},{float(p) + (i in altered):.6f},{u}" for i, p, u in rows]
        path.write_text("\n".join(["entry_id,prediction,uncertainty", *lines]) + "\n")
        where = (*both(results), "-p", "host-10fold", "-p", "published", "--folds", 2)
        return embench_baseline("reproduce", "median", *where)

    found = reproduce(third)
    assert found.exit_code == 0, found.output
    n = len(ids[first]) + len(ids[second])
    assert f"median, host-10fold, 2 of 10 folds: {n} entries reproduced" in found.output
    assert "median, published, 1 of 1 fold: 60 entries reproduced" in found.output
    found = reproduce(second)
    assert found.exit_code == 1
    assert f"2 of 10 folds: {n} entries NOT reproduced: 1 number differs" in found.output
    assert f"  {ids[second][0]}: prediction" in found.output


def test_a_record_is_reproduced_with_the_version_of_the_dataset_that_it_names(results, tmp_path):
    """The leaderboard may have moved on; without the version the folds would not be those of the record."""
    before = tmp_path / "before"
    earlier = ("--dataset-version", "1.0.0", "--out", before / "median", "--work", tmp_path / "work")
    made = embench_baseline("run", "median", "-p", "host-10fold", *earlier)
    assert "616 predictions" in made.output
    for folder, n in ((before, 616), (results, 615)):
        found = embench_baseline("reproduce", "median", *both(folder), "-p", "host-10fold")
        assert f"median, host-10fold: {n} entries reproduced" in found.output
    record = results / "median" / "host-10fold.record.json"
    record.write_text(record.read_text().replace('"dataset": "1.1.0"', '"dataset": "1.0.0"'))
    found = embench_baseline("reproduce", "median", *both(results), "-p", "host-10fold")
    assert isinstance(found.exception, StaleFileError)
    record.write_text(record.read_text().replace('"dataset": "1.0.0"', '"dataset": "0.9"'))
    found = embench_baseline("reproduce", "median", *both(results), "-p", "host-10fold")
    assert "unknown version of the dataset default, '0.9'" in str(found.exception)


def test_versions_of_the_dataset_are_not_mixed_in_a_folder(results):
    """Neither by a run that goes on with an old folder, nor in a submission."""
    folder = results / "median"
    refused = embench_baseline("run", "median", "-p", "random-10fold", "--dataset-version", "1.0.0", "--out", folder)
    assert isinstance(refused.exception, StaleFileError)
    assert "made with dataset 1.1.0, and this run is with 1.0.0: go on with --dataset-version 1.1.0" in str(
        refused.exception
    )
    assert not (folder / "random-10fold.csv").exists()
    assert embench_baseline("run", "median", "-p", "random-10fold", "--out", folder).exit_code == 0
    other = results / "other"
    arguments = ("-p", "host-10fold", "--dataset-version", "1.0.0", "--out", other)
    assert embench_baseline("run", "median", *arguments).exit_code == 0
    for name in ("host-10fold.csv", "host-10fold.record.json"):
        (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(StaleFileError, match=r"several versions of the dataset \(published with 1\.1\.0, host-10fold"):
        write_submission(baseline_spec("median"), folder, folder, results / "submission")


def test_a_record_is_renewed_where_the_predictions_are_reproduced(results):
    folder = results / "median"
    before = {}
    for name in ("published", "host-10fold"):
        path = folder / f"{name}.record.json"
        record = json.loads(path.read_text())
        record["checksums"]["code"] = "0" * 64
        record["seconds"]["fit"] = 12.5
        path.write_text(json.dumps(record))
        before[name] = record
    text = (folder / "host-10fold.csv").read_text()
    (folder / "host-10fold.csv").write_text(text.replace("\nLi", "\nX", 1))
    where = (*both(results), "-p", "published", "-p", "host-10fold")
    assert embench_baseline("reproduce", "median", *where).exit_code == 1
    assert json.loads((folder / "published.record.json").read_text()) == before["published"]
    found = embench_baseline("reproduce", "median", *where, "--renew")
    assert found.exit_code == 1
    assert found.output.count("renewed the record") == 1
    assert json.loads((folder / "host-10fold.record.json").read_text()) == before["host-10fold"]
    after = json.loads((folder / "published.record.json").read_text())
    assert after.pop("reproduced").keys() == {"date", "largest_difference_ev", "versions", "hardware"}
    assert after["checksums"].pop("code") == code_digest(baseline_spec("median").factory)
    del before["published"]["checksums"]["code"]
    assert after == before["published"]
    found = embench_baseline("reproduce", "median", *where, "--renew", "--folds", 1)
    assert found.exit_code == 2
    assert "exclude each other" in found.output


def test_what_is_not_reproduced_is_listed(results):
    path = results / "median" / "host-10fold.csv"
    lines = path.read_text().splitlines()
    entry_id, prediction, uncertainty = lines[7].split(",")
    lines[7] = f"{entry_id},{float(prediction) + 2e-5:.6f},{uncertainty}"
    gone = lines.pop(9).split(",")[0]
    path.write_text("\n".join(lines) + "\n")
    found = embench_baseline("reproduce", "median", *both(results), "-p", "published", "-p", "host-10fold")
    assert found.exit_code == 1
    assert "median, published: 60 entries reproduced" in found.output
    assert "median, host-10fold: 614 entries NOT reproduced: 3 numbers differ" in found.output
    assert f"  {entry_id}: prediction {float(prediction) + 2e-5:.6f}".rstrip("0") in found.output
    assert f"  {gone}: uncertainty None eV committed" in found.output


def test_predictions_of_another_dataset_are_told(results):
    path = results / "median" / "published.record.json"
    record = json.loads(path.read_text())
    record["checksums"]["dataset"] = "0" * 64
    path.write_text(json.dumps(record))
    found = embench_baseline("reproduce", "median", *both(results), "-p", "published")
    assert isinstance(found.exception, StaleFileError)
    assert "belong to another dataset" in str(found.exception)
    with pytest.raises(StaleFileError):
        results_page([baseline_spec("median")], results, results)
    path.unlink()
    found = embench_baseline("reproduce", "median", *both(results), "-p", "published")
    assert isinstance(found.exception, BaselineError)


def test_a_submission(results, tmp_path):
    target = tmp_path / "submissions" / "median"
    target.mkdir(parents=True)
    for name in ("published", "host-10fold"):
        (target / f"{name}.csv").write_bytes((results / "median" / f"{name}.csv").read_bytes())
    (target / "README.md").write_text("A card.")
    made = embench_baseline("submit", "median", "--results", results, "--submissions", tmp_path / "submissions")
    assert made.exit_code == 0, made.output
    found = sorted(path.name for path in target.iterdir())
    assert found == ["README.md", "host-10fold.csv", "published.csv", "submission.yaml"]
    described = yaml.safe_load((target / "submission.yaml").read_text())
    assert described["kind"] == "property-model"
    assert described["predictions"] == {"published": "published.csv", "host-10fold": "host-10fold.csv"}
    ids = {row["entry_id"] for name in ("published", "host-10fold") for row in read(target / f"{name}.csv")}
    assert described["n_predicted"] == len(ids)
    assert (target / "published.csv").read_bytes() == (results / "median" / "published.csv").read_bytes()


def both(results: Path) -> tuple[object, ...]:
    """Where a command finds what ``run --out`` wrote: predictions and records lie in one folder."""
    return "--results", results, "--submissions", results


def read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_submission_of_altered_predictions_is_refused(results, tmp_path):
    with open(results / "median" / "published.csv", "a", encoding="utf-8") as file:
        file.write("Li4P2S7,0.1,0.2\n")
    with pytest.raises(StaleFileError, match="not the file that its record describes"):
        write_submission(baseline_spec("median"), results / "median", results / "median", tmp_path / "s" / "median")
    with pytest.raises(BaselineError, match="holds no predictions"):
        write_submission(baseline_spec("median"), results / "median", tmp_path, tmp_path / "s" / "median")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("spec", [spec for spec in BASELINES if spec.finished], ids=lambda spec: spec.name)
def test_committed_baselines_are_complete(spec, tmp_path):
    folder = REPOSITORY / "baselines" / spec.name
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"**{part}.**" in card for part in ("Idea", "Inputs", "Uncertainty", "Cost", "Limits"))
    committed = REPOSITORY / "leaderboard" / "submissions" / spec.name
    target = tmp_path / "submissions" / spec.name
    assert write_submission(spec, folder, committed, target) == spec.finished
    assert {path.name for path in target.iterdir()} == {path.name for path in committed.iterdir()}
    for path in target.iterdir():
        assert path.read_bytes() == (committed / path.name).read_bytes(), path.name
    with_uncertainty = {"uncertainty" in read(committed / f"{name}.csv")[0] for name in spec.finished}
    assert with_uncertainty == {bool(spec.uncertainty)}


def test_nothing_is_committed_of_what_is_pending():
    for spec in BASELINES:
        predictions = (REPOSITORY / "leaderboard" / "submissions" / spec.name).glob("*.csv")
        assert {path.stem for path in predictions} == set(spec.finished), spec.name
        records = (REPOSITORY / "baselines" / spec.name).glob("*.record.json")
        assert {path.name.removesuffix(".record.json") for path in records} == set(spec.finished), spec.name


def test_predictions_lie_in_one_place():
    """With the submission, or, of a study, which makes none, beside its record."""
    kept = {path.parent.name for path in (REPOSITORY / "baselines").rglob("*-10fold.csv")}
    assert kept == {spec.name for spec in STUDIES}
    contents: dict[bytes, Path] = {}
    for path in sorted([*REPOSITORY.glob("baselines/**/*.csv"), *REPOSITORY.glob("leaderboard/**/*.csv")]):
        assert contents.setdefault(path.read_bytes(), path) == path


@pytest.mark.parametrize("spec", STUDIES, ids=lambda spec: spec.name)
def test_committed_studies_are_complete(spec):
    folder = REPOSITORY / "baselines" / spec.name
    assert spec.name in (folder / "README.md").read_text(encoding="utf-8")
    for name in spec.protocols:
        record = json.loads((folder / f"{name}.record.json").read_text(encoding="utf-8"))
        text = (folder / f"{name}.csv").read_bytes()
        assert record["checksums"]["predictions"] == hashlib.sha256(text).hexdigest()
        folds = embench.protocol(name, record["versions"]["dataset"])
        assert {row[0] for row in csv.reader(text.decode().splitlines()[1:])} == set(folds.scored_ids)


def test_the_table_against_scikit_learn(results):
    (results / "median" / "host-10fold.csv").unlink()
    page = results_page([baseline_spec("median")], results, results)
    found = pd.read_csv(results / "median" / "published.csv").set_index("entry_id")
    data = embench.load().select(found.index)
    mae = mean_absolute_error(data.column("migration_barrier"), found["prediction"])
    r2 = r2_score(data.column("migration_barrier"), found["prediction"])
    inside = (data.column("migration_barrier") - found["prediction"]).abs() < 1.95996 * found["uncertainty"]
    section = page.partition("## published")[2].partition("##")[0]
    (line,) = [line for line in section.splitlines() if line.startswith("| median")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == f"{mae:.3f}"
    low, high = map(float, cells[2].split(" to "))
    assert low < mae < high
    assert cells[5] == f"{r2:.2f}"
    assert cells[-1] == f"{inside.mean():.2f}"
    assert f"| median | {mae:.3f} [" in page


def test_the_table_as_a_page(results, tmp_path):
    (results / "median" / "host-10fold.csv").unlink()  # scoring takes its time
    page = tmp_path / "page.md"
    arguments = ("table", "median", *both(results), "--out", page)
    assert embench_baseline(*arguments).exit_code == 0
    assert embench_baseline(*arguments, "--check").exit_code == 0
    page.write_text("something else")
    assert isinstance(embench_baseline(*arguments, "--check").exception, StaleFileError)
    with pytest.raises(BaselineError, match="has no predictions"):
        results_page([baseline_spec("median")], results, tmp_path / "nowhere")


def test_run_all(tmp_path):
    folders = (
        "--results",
        tmp_path / "results",
        "--submissions",
        tmp_path / "submissions",
        "--work",
        tmp_path / "work",
    )
    found = embench_baseline("run-all", "median", *folders)
    assert found.exit_code == 0, found.output
    for name in protocols_of_baselines():
        path = tmp_path / "submissions" / "median" / f"{name}.csv"
        assert len(read(path)) == len(embench.protocol(name).scored_ids)
        record = json.loads((tmp_path / "results" / "median" / f"{name}.record.json").read_text())
        assert record["checksums"]["predictions"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not list((tmp_path / "results").rglob("*.csv"))


def test_run_all_with_the_folds_of_an_earlier_version(tmp_path, monkeypatch):
    monkeypatch.setattr("embench.baselines.registry.BaselineSpec.finished", ("host-10fold",))
    folders = {f"--{name}": tmp_path / name for name in ("results", "submissions", "work")}
    options = [part for pair in folders.items() for part in pair]
    found = embench_baseline("run-all", "median", *options, "--dataset-version", "1.0.0")
    assert found.exit_code == 0, found.output
    assert len(read(tmp_path / "submissions" / "median" / "host-10fold.csv")) == 616
    record = json.loads((tmp_path / "results" / "median" / "host-10fold.record.json").read_text())
    assert record["versions"]["dataset"] == "1.0.0"
    described = yaml.safe_load((tmp_path / "submissions" / "median" / "submission.yaml").read_text())
    described = yaml.safe_load((tmp_path / "submissions" / "median" / "submission.yaml").read_text())
    assert described["versions"]["dataset"] == "1.0.0"


def test_the_example_of_the_documentation(tmp_path, monkeypatch):
    text = (REPOSITORY / "docs" / "baselines.md").read_text(encoding="utf-8")
    code = next(block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class IonMedian" in block)
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text("\n".join(line[3:] for line in code.splitlines()))
    monkeypatch.syspath_prepend("")
    where = ("-p", "host-10fold", "--out", "results", "--work", "work")
    found = embench_baseline("run", "ion-median", "--factory", "my_model:IonMedian", *where)
    assert found.exit_code == 0, found.output or found.exception
    rows = {row["entry_id"]: float(row["prediction"]) for row in read(Path("results/host-10fold.csv"))}
    # The median of all other folds, for an ion with entries in most of them.
    fold = embench.protocol("host-10fold").folds[0]
    table = fold.train.to_pandas()
    calcium = next(entry for entry in fold.test if entry.mobile_ion == "Ca")
    expected = table[table["mobile_ion"] == "Ca"]["migration_barrier"].median()
    assert rows[calcium.entry_id] == pytest.approx(expected, abs=1e-6)

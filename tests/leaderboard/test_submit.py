"""``embench submit``: from predictions files to a folder on the leaderboard."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scipy.constants as constants
import yaml
from sklearn.metrics import mean_absolute_error
from typer.testing import CliRunner, Result

import embench
from embench.cli import _submit_questions as questions
from embench.cli.app import app
from embench.common import folders
from embench.errors import EmbenchError, OutputError, PredictionsError, SubmissionError, UnknownNameError
from embench.leaderboard.check import check_submissions
from embench.leaderboard.submission import read_submission
from embench.leaderboard.submission.read import fields_by_place
from embench.leaderboard.submit import assign_protocols, read_given, standing
from embench.leaderboard.submit.fields import COMPUTED, read_template
from embench.leaderboard.submit.questions import QUESTIONS
from embench.splits import protocol_names
from tests.leaderboard.make import FIELDS, write_csv

REPOSITORY = Path(__file__).parents[2]
COMMITTED = REPOSITORY / "leaderboard" / "submissions"
TEMPLATE = REPOSITORY / "leaderboard" / "template" / "submission.yaml"
PUBLISHED = embench.protocol("published").scored_ids
SOUND = embench.protocol("host-10fold").scored_ids
DESCRIBED = (
    *("--name", "My model", "--version", "1.0", "--kind", "property-model", "--author", "A. Author"),
    *("--author", "B. Author", "--description", "It works.", "--licence", "MIT", "--date", "2026-11-22"),
    *("--training-data", "the training side", "--overlap", "none"),
)


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """A leaderboard with a few of the committed submissions."""
    for slug in ("model-3", "chgnet", "median"):
        shutil.copytree(COMMITTED / slug, tmp_path / "leaderboard" / "submissions" / slug)
    return tmp_path / "leaderboard" / "submissions"


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Predictions for the published protocol, worse than those of MODEL-3."""
    rows = (line.split(",") for line in (COMMITTED / "model-3" / "published.csv").read_text().split()[1:])
    values = {row[0]: float(row[1]) + (0.2 if i % 3 else -0.4) for i, row in enumerate(rows)}
    return write_csv(tmp_path / "published.csv", values)


def run(submissions: Path, *arguments: object, answers: str | None = None) -> Result:
    return CliRunner().invoke(
        app,
        ["submit", *map(str, arguments), "--submissions", str(submissions)],
        input=answers,
        env={"COLUMNS": "120"},
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# The whole


def test_a_submission(submissions, predictions):
    result = run(submissions, predictions, *DESCRIBED)
    assert result.exit_code == 0, result.output or result.exception
    found = read_submission(submissions / "my-model")
    assert (found.name, found.kind, found.authors) == ("My model", "property-model", ("A. Author", "B. Author"))
    assert found.predictions == {"published": "published.csv"}
    assert found.n_predicted == 60
    assert found.versions["dataset"] == embench.DATASET_VERSION
    assert (found.folder / "published.csv").read_bytes() == predictions.read_bytes()
    (checked,) = check_submissions(submissions, slugs=["my-model"])
    assert checked.problems == ()
    assert "git add" in result.output
    assert "embench leaderboard check my-model" in result.output
    assert names(submissions.parent) == ["submissions"]  # nothing temporary is left


def test_the_description_states_the_version_that_the_predictions_were_made_with(submissions, predictions):
    result = run(submissions, predictions, *DESCRIBED, "--dataset-version", "1.0.0")
    assert result.exit_code == 0, result.output or result.exception
    found = read_submission(submissions / "my-model").versions
    assert (found["dataset"], found["splits"]) == ("1.0.0", "1.0.0")
    refused = run(submissions, predictions, *DESCRIBED, "--dataset-version", "2.0.0", "--replace")
    assert "unknown version of the dataset default, '2.0.0'; known: 1.1.0, 1.0.0" in str(refused.exception)
    assert read_submission(submissions / "my-model").versions == found


def test_where_it_would_stand(submissions, predictions):
    output = run(submissions, predictions, *DESCRIBED, "--dry-run").output
    rows = [line.split(",") for line in predictions.read_text().split()[1:]]
    target = embench.load().select([row[0] for row in rows]).column("migration_barrier")
    mae = mean_absolute_error(target, [float(row[1]) for row in rows])
    assert f"published: MAE {mae:.3f} eV (" in output
    against = embench.evaluate(predictions, against=COMMITTED / "model-3").comparison
    assert against is not None
    assert against.resolved
    difference = against.metrics["mae"].difference
    (line,) = [line for line in output.splitlines() if "MODEL-3" in line]
    assert f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})" in line
    assert line.rstrip().endswith("worse")
    (line,) = [line for line in output.splitlines() if "Training median" in line]
    assert not embench.evaluate(predictions, against=COMMITTED / "median").comparison.resolved
    assert line.rstrip().endswith("tied")
    assert "of 4" in output


def test_the_main_protocol_comes_first(submissions, tmp_path):
    files = [COMMITTED / "composition" / f"{name}.csv" for name in ("published", "host-10fold")]
    output = run(submissions, *files, *DESCRIBED, "--dry-run", "--uncertainty", "of the model").output
    assert output.index("host-10fold: MAE") < output.index("published: MAE")


def test_a_dry_run_shows_the_standing_before_it_asks(submissions, predictions, monkeypatch):
    monkeypatch.setattr(questions, "on_terminal", lambda: True)
    monkeypatch.chdir(submissions.parent.parent)
    output = run(submissions, predictions, "--dry-run", answers="My model\n").output
    whole = run(submissions, predictions, *DESCRIBED, "--dry-run", answers="\n" * 20).output
    rank = re.search(r", rank (\d) \(", whole)[1]
    assert f"This system would stand {rank} of 4 on published" in output
    assert output.index("would stand") < output.index("My model")


def test_a_dry_run_elsewhere_compares_with_what_ships(predictions, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    result = CliRunner().invoke(app, ["submit", str(predictions), *DESCRIBED, "--dry-run"])
    assert "MODEL-3" in result.output
    assert "There is no other submission" not in result.output


def test_dry_run_writes_nothing(submissions, predictions):
    before = names(submissions)
    result = run(submissions, predictions, *DESCRIBED, "--dry-run")
    assert result.exit_code == 0
    assert result.output.endswith("dry run: nothing was written\n")
    assert names(submissions) == before
    assert names(submissions.parent) == ["submissions"]
    new = submissions.parent / "new" / "submissions"
    assert run(new, predictions, *DESCRIBED, "--dry-run").exit_code == 0
    assert not new.parent.exists()


def test_signs_of_trouble_are_told(submissions):
    result = run(submissions, COMMITTED / "model-3" / "published.csv", *DESCRIBED)
    assert result.exit_code == 0
    assert "sign of trouble: published: The predictions file is, byte for byte, that of MODEL-3" in result.output


def test_the_first_submission_of_all(tmp_path, predictions):
    result = run(tmp_path / "new" / "submissions", predictions, *DESCRIBED)
    assert result.exit_code == 0, result.exception
    assert "There is no other submission to compare with." in result.output
    assert names(tmp_path / "new" / "submissions") == ["my-model"]


def test_a_broken_submission_beside_it_is_no_obstacle(submissions, predictions):
    (submissions / "chgnet" / "submission.yaml").write_text("name: [")
    (submissions / "median" / "published.csv").write_text("no table")
    result = run(submissions, predictions, *DESCRIBED)
    assert result.exit_code == 0, result.exception
    assert "MODEL-3" in result.output
    assert "Training median" not in result.output


# What is missing, and what is wrong


def test_what_is_missing_is_listed(submissions, predictions):
    result = run(submissions, predictions, "--name", "My model", "--kind", "hybrid")
    assert isinstance(result.exception, SubmissionError)
    message = str(result.exception)
    for option in ("--version", "--author", "--description", "--licence", "--training-data", "--overlap"):
        assert option in message
    assert "--name" not in message
    assert "--date" not in message  # today
    assert "none, structures, barriers, unknown" in message


def test_what_is_missing_is_asked_for(submissions, predictions, monkeypatch):
    monkeypatch.setattr(questions, "on_terminal", lambda: True)
    answers = [
        *("", "My model", "2.0", "neb", "potential-neb", "A. Author; B. Author", "22.11.2026", "2026-11-22"),
        *("It works.", "MIT", "DFT data", "structures"),
        # Optional from here: overlap details, ORCID iDs, paper, code, parameters, barrier.
        *("", "A. Author", "A. Author = 0000-0002-1825-0098", "B. Author = 0000-0002-1825-0097"),
        *("arXiv:2508.06436", "javascript:x", "https://example.org", "many", "4000000", "max-minus-start"),
        # Level of theory, whose other parts must follow the first; NEB; no checkpoint.
        *("PBE", "", "perhaps", "yes", "D3", "embench-neb-1", "60", "0.9", "clash: 3", "clash = 3", ""),
        # Uncertainty, hardware, cost, seeds, how to make them again.
        *("", "one GPU", "-1", "2.5", "1, 2", ""),
    ]
    result = run(submissions, predictions, answers="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.output
    found = read_submission(submissions / "my-model")
    assert (found.version, found.kind, found.authors) == ("2.0", "potential-neb", ("A. Author", "B. Author"))
    assert (found.paper, found.code, found.parameters) == ("arXiv:2508.06436", "https://example.org", 4_000_000)
    assert (found.barrier, found.hardware, found.cost_device_hours) == ("max-minus-start", "one GPU", 2.5)
    assert (found.seeds, found.reproduce, found.uncertainty) == ((1, 2), None, None)
    assert found.orcid == {"B. Author": "0000-0002-1825-0097"}
    assert found.level_of_theory.model_dump() == {
        "functional": "PBE", "hubbard_u": True, "dispersion": "D3", "details": None
    }  # fmt: skip
    assert (found.neb.n, found.neb.share_converged, found.neb.failures) == (60, 0.9, {"clash": 3})
    assert found.checkpoint is None
    assert "'A. Author' is not written NAME = VALUE" in result.output
    assert "has a wrong last sign" in result.output
    assert "'perhaps' is neither yes nor no" in result.output
    assert "sha256" not in result.output  # of weights that nobody named
    assert "kind: 'neb' is none of" in result.output
    assert "is no date" in result.output
    assert "no web page" in result.output
    assert "'many' is no number" in result.output
    assert "too small" in result.output


def test_answers_are_kept(submissions, predictions, monkeypatch, tmp_path):
    monkeypatch.setattr(questions, "on_terminal", lambda: True)
    monkeypatch.chdir(tmp_path)
    result = run(submissions, predictions, *DESCRIBED[2:], "--slug", "median", answers="My model\n" + "\n" * 10)
    assert isinstance(result.exception, SubmissionError)  # there is one called median
    assert yaml.safe_load(Path("median.draft.yaml").read_text())["name"] == "My model"
    again = run(submissions, predictions, "--from-template", "median.draft.yaml", "--dry-run", answers="\n" * 10)
    assert again.exit_code == 0, again.exception
    assert "Your answers are in my-model.draft.yaml" in again.stderr
    done = run(submissions, predictions, "--from-template", "my-model.draft.yaml", answers="\n" * 10)
    assert done.exit_code == 0, done.exception
    assert "draft" not in done.stderr


def test_predictions_are_read_before_anything_is_asked(submissions, tmp_path, monkeypatch):
    monkeypatch.setattr(questions, "on_terminal", lambda: True)
    (tmp_path / "published.csv").write_text("no table")
    result = run(submissions, tmp_path / "published.csv", answers="")
    assert isinstance(result.exception, PredictionsError)
    assert "Name of the system" not in result.output


def test_only_what_is_missing_is_asked_for(submissions, predictions, monkeypatch):
    monkeypatch.setattr(questions, "on_terminal", lambda: True)
    result = run(submissions, predictions, *DESCRIBED, answers="\n" * 10)
    assert result.exit_code == 0, result.output
    assert "Name of the system" not in result.output
    assert "Which barrier" not in result.output  # asked of potentials
    assert "The rest may be left out" in result.output


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--kind", "neb"), "kind: 'neb' is none of"),
        (("--overlap", "no"), "is none of none, structures"),
        (("--date", "tomorrow"), "is no date"),
        (("--code", "javascript:alert(1)"), "no web page"),
        (("--slug", "../x"), "the slug '../x' is no name for a submission"),
        (("--slug", "x..1"), "is no name for a submission"),
        (("--slug", "page.html"), "is no name for a submission"),
        (("--slug", "1."), "is no name for a submission"),
        (("--slug", "index"), "is reserved"),
        (("--cost", "nan"), "cost_device_hours"),
    ],
)
def test_a_wrong_value(submissions, predictions, change, words):
    before = names(submissions)
    result = run(submissions, predictions, *DESCRIBED, *change)
    assert isinstance(result.exception, SubmissionError)
    assert words in str(result.exception)
    assert names(submissions) == before
    assert names(submissions.parent) == ["submissions"]


def test_wrong_predictions(submissions, predictions, tmp_path):
    before = names(submissions)
    predictions.write_text(predictions.read_text().replace("0.", "O.", 1))
    assert isinstance(run(submissions, predictions, *DESCRIBED).exception, PredictionsError)
    assert isinstance(run(submissions, tmp_path / "nowhere.csv", *DESCRIBED).exception, PredictionsError)
    half = write_csv(tmp_path / "half" / "published.csv", dict.fromkeys(PUBLISHED[:30], 0.5))
    error = run(submissions, half, *DESCRIBED).exception
    assert isinstance(error, SubmissionError)
    assert f"{half} lacks 30 of the 60 entries" in str(error)
    assert ".submit-" not in str(error)
    with_spread = tmp_path / "spread" / "published.csv"
    with_spread.parent.mkdir()
    with_spread.write_text("entry_id,prediction,uncertainty\n" + "".join(f"{i},0.5,0.1\n" for i in PUBLISHED))
    assert "uncertainty" in str(run(submissions, with_spread, *DESCRIBED).exception)
    assert names(submissions) == before


def test_a_potential_may_miss_entries(submissions, tmp_path):
    some = write_csv(tmp_path / "barriers.csv", {entry_id: 0.5 + 0.01 * i for i, entry_id in enumerate(PUBLISHED[:50])})
    options = (*DESCRIBED, "--kind", "potential-neb")
    error = run(submissions, some, *options).exception
    assert isinstance(error, PredictionsError)
    assert f"{some} lacks 10 of the 60 entries" in str(error)
    assert "--fill-missing" in str(error)
    result = run(submissions, some, *options, "--fill-missing")
    assert result.exit_code == 0, result.exception
    assert "50 of 60 entries predicted, the others scored with the worst reference prediction" in result.output
    assert isinstance(run(submissions, some, *DESCRIBED, "--fill-missing").exception, SubmissionError)


POTENTIAL = (
    "--kind", "potential-neb", "--barrier", "max-minus-min",
    "--functional", "PBE", "--hubbard-u", "--dispersion", "none",
    "--neb-protocol", "embench-neb-1", "--neb-bands", "60", "--neb-converged", "0.95", "--neb-failures", "clash = 2",
    "--checkpoint", "https://example.org/w.pt", "--checkpoint-sha256", "0f" * 32, "--checkpoint-licence", "MIT",
    "--orcid", "A. Author=0000-0002-1825-0097",
)  # fmt: skip


def test_what_a_potential_says_has_options(submissions, predictions):
    result = run(submissions, predictions, *DESCRIBED, *POTENTIAL)
    assert result.exit_code == 0, result.exception
    found = read_submission(submissions / "my-model")
    assert found.level_of_theory.hubbard_u is True
    assert found.checkpoint.model_dump() == {
        "address": "https://example.org/w.pt", "sha256": "0f" * 32, "licence": "MIT"
    }  # fmt: skip
    assert (found.neb.share_converged, found.neb.failures) == (0.95, {"clash": 2})
    assert found.orcid == {"A. Author": "0000-0002-1825-0097"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--functional", "pbe"), "level_of_theory.functional: 'pbe' is none of"),
        (("--dispersion", "D5"), "level_of_theory.dispersion"),
        (("--neb-converged", "95"), "neb.share_converged: 95.0 is too large"),
        (("--neb-failures", "clash"), "--neb-failures: 'clash' is not written NAME = VALUE"),
        (("--neb-failures", "clash = two"), "--neb-failures: 'clash = two' is no number"),
        (("--neb-failures", "clashes = 2"), "neb.failures.clashes"),
        (("--checkpoint", "http://localhost/w"), "others cannot reach"),
        (("--checkpoint-sha256", "0f"), "checkpoint.sha256: '0f' is no sha256"),
        (("--checkpoint-licence", "free"), "is no SPDX licence"),
        (("--orcid", "A. Author=1"), "is no ORCID iD"),
    ],
)
def test_a_wrong_value_of_a_potential(submissions, predictions, change, words):
    before = names(submissions)
    result = run(submissions, predictions, *DESCRIBED, *POTENTIAL, *change)
    assert isinstance(result.exception, EmbenchError)
    assert words in str(result.exception)
    assert names(submissions) == before


def test_half_a_level_of_theory_is_asked_for(submissions, predictions):
    result = run(submissions, predictions, *DESCRIBED, "--kind", "potential-neb", "--functional", "PBE")
    assert isinstance(result.exception, SubmissionError)
    assert "--hubbard-u" in str(result.exception)
    assert "--checkpoint" not in str(result.exception)


def test_counts_of_failures_that_the_file_denies(submissions, tmp_path):
    """The file has one band with a clash; a description may not say none, nor more than bands without a barrier."""
    rows = "".join(f"{entry_id},0.5,{'clash' if i == 0 else ''}\n" for i, entry_id in enumerate(PUBLISHED))
    (tmp_path / "published.csv").write_text("entry_id,prediction,failures\n" + rows)
    for counted, sound in (("clash = 1", True), ("clash = 0", False), ("clash = 2", False)):
        options = (*DESCRIBED, *POTENTIAL, "--neb-failures", counted, "--dry-run")
        error = run(submissions, tmp_path / "published.csv", *options).exception
        assert (error is None) is sound
        assert sound or "but the files have 1; write 1" in str(error)
    (tmp_path / "published.csv").write_text("entry_id,prediction,failures\n" + rows.replace("clash", "clsh"))
    error = run(submissions, tmp_path / "published.csv", *DESCRIBED, *POTENTIAL, "--dry-run").exception
    assert "published.csv, line 2, column failures: 'clsh' is no kind of failure" in str(error)


# Replacing


def test_an_existing_submission(submissions, predictions):
    assert run(submissions, predictions, *DESCRIBED).exit_code == 0
    before = (submissions / "my-model" / "submission.yaml").read_bytes()
    error = run(submissions, predictions, *DESCRIBED, "--version", "2.0").exception
    assert isinstance(error, SubmissionError)
    assert "--slug" in str(error)
    assert "--replace" in str(error)
    assert (submissions / "my-model" / "submission.yaml").read_bytes() == before
    result = run(
        submissions, COMMITTED / "composition" / "host-10fold.csv", *DESCRIBED, "--version", "2.0", "--replace"
    )
    assert "uncertainty" in str(result.exception)
    assert (submissions / "my-model" / "submission.yaml").read_bytes() == before
    result = run(submissions, COMMITTED / "nearest-neighbour" / "host-10fold.csv", *DESCRIBED, "--replace")
    assert result.exit_code == 0, result.exception
    assert names(submissions / "my-model") == ["host-10fold.csv", "submission.yaml"]
    assert names(submissions.parent) == ["submissions"]


def test_when_moving_fails_the_old_one_stays(submissions, predictions, monkeypatch):
    assert run(submissions, predictions, *DESCRIBED).exit_code == 0
    before = (submissions / "my-model" / "submission.yaml").read_bytes()
    rename = os.rename

    def fail(source: Path, target: Path) -> None:
        if Path(source).parent.name.startswith(".submit.") and Path(source).name == "my-model":
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    monkeypatch.setattr(os, "rename", fail)
    error = run(submissions, predictions, *DESCRIBED, "--version", "2.0", "--replace").exception
    assert isinstance(error, OutputError)
    assert "No space left" in str(error)
    assert (submissions / "my-model" / "submission.yaml").read_bytes() == before
    assert names(submissions.parent) == ["submissions"]


def test_an_interrupt_costs_nothing(submissions, predictions, monkeypatch):
    assert run(submissions, predictions, *DESCRIBED).exit_code == 0
    before = (submissions / "my-model" / "submission.yaml").read_bytes()
    rename = os.rename

    def interrupt(source: Path, target: Path) -> None:
        if Path(target) == submissions / "my-model" and Path(source).name == "my-model":
            raise KeyboardInterrupt
        rename(source, target)

    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    monkeypatch.setattr(os, "rename", interrupt)
    assert run(submissions, predictions, *DESCRIBED, "--version", "2.0", "--replace").exit_code != 0
    assert (submissions / "my-model" / "submission.yaml").read_bytes() == before
    assert names(submissions.parent) == ["submissions"]


def test_what_a_killed_run_has_set_aside_is_brought_back(submissions, predictions):
    """Killed between the two renames, where two names cannot be exchanged: the next run has the old one again."""
    assert run(submissions, predictions, *DESCRIBED).exit_code == 0
    before = files(submissions / "my-model")
    os.rename(submissions / "my-model", submissions.parent / ".submit.my-model.before")
    error = run(submissions, predictions, *DESCRIBED).exception
    assert isinstance(error, SubmissionError)
    assert "my-model already" in str(error)
    assert files(submissions / "my-model") == before
    assert names(submissions.parent) == ["submissions"]


def test_a_name_and_version_that_are_taken(submissions, predictions):
    taken = yaml.safe_load((submissions / "chgnet" / "submission.yaml").read_text())
    options = ("--name", taken["name"].upper(), "--version", taken["version"], "--slug", "mine")
    error = run(submissions, predictions, *DESCRIBED, *options).exception
    assert isinstance(error, SubmissionError)
    assert "are those of chgnet" in str(error)


def test_a_link_in_the_place_of_a_submission(submissions, predictions, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (submissions / "my-model").symlink_to(tmp_path / "elsewhere")
    error = run(submissions, predictions, *DESCRIBED, "--replace").exception
    assert isinstance(error, SubmissionError)
    assert names(tmp_path / "elsewhere") == []


# Protocols


def assigned(*paths: Path, **options: Any) -> dict[str, Path]:
    return {name: file.path for name, file in assign_protocols(read_given(paths), **options).items()}


@pytest.mark.parametrize("name", protocol_names())
def test_protocol_by_file_name(tmp_path, name):
    path = write_csv(tmp_path / f"my-{name}_v2.csv", {PUBLISHED[0]: 0.5})
    assert assigned(path) == {name: path}


def test_protocol_by_entries(tmp_path):
    published = write_csv(tmp_path / "a.csv", dict.fromkeys(PUBLISHED, 0.5))
    sound = write_csv(tmp_path / "b.csv", dict.fromkeys(SOUND, 0.5))
    everything = write_csv(tmp_path / "c.csv", dict.fromkeys(embench.load().entry_ids, 0.5))
    assert assigned(published) == {"published": published}
    assert assigned(sound, kind="potential-neb") == {"all": sound}
    assert assigned(everything, kind="potential-neb") == {"all": everything}
    for path in (sound, everything):
        with pytest.raises(SubmissionError, match=r"it cannot be told which of .*host-10fold.*--protocol"):
            assigned(path, kind="property-model")


def test_protocol_by_name(tmp_path):
    paths = [write_csv(tmp_path / f"{name}.csv", dict.fromkeys(SOUND, 0.5)) for name in ("a", "b")]
    assert assigned(*paths, named=["random-10fold", "host-10fold"]) == {
        "host-10fold": paths[1],
        "random-10fold": paths[0],
    }
    with pytest.raises(UnknownNameError, match="did you mean host-10fold"):
        assigned(*paths, named=["host-10-fold", "published"])
    with pytest.raises(SubmissionError, match="2 files and 1 protocol"):
        assigned(*paths, named=["host-10fold"])
    with pytest.raises(SubmissionError, match="are both for published"):
        assigned(*paths, named=["published", "published"])


def test_a_huge_file(tmp_path):
    with open(tmp_path / "published.csv", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SubmissionError, match="larger than 1 MiB"):
        read_given([tmp_path / "published.csv"])


# Templates


def test_the_template_has_all_fields():
    assert read_template(TEMPLATE) == {}
    raw = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    for place, names in fields_by_place().items():
        found = raw[place[0]] if place else raw
        assert list(found) == [name for name in names if place or name not in COMPUTED]
    text = TEMPLATE.read_text(encoding="utf-8")
    for question in QUESTIONS:
        assert f"{question.place[-1]}:" in text


def test_a_filled_template(submissions, predictions, tmp_path):
    filled = tmp_path / "filled.yaml"
    filled.write_text(yaml.safe_dump(FIELDS | {"seeds": [1, 2], "predictions": {"published": "old.csv"}}))
    result = run(submissions, predictions, "--from-template", filled, "--version", "3.0")
    assert result.exit_code == 0, result.exception
    found = read_submission(submissions / "a-system")
    assert (found.version, found.description, found.seeds) == ("3.0", "What it does.", (1, 2))
    assert found.predictions == {"published": "published.csv"}


def test_a_new_version_of_a_committed_submission(submissions, predictions):
    described = COMMITTED / "model-3" / "submission.yaml"
    result = run(submissions, predictions, "--from-template", described, "--version", "2", "--slug", "model-3-2")
    assert result.exit_code == 0, result.exception
    old, new = (
        yaml.safe_load((submissions / slug / "submission.yaml").read_text()) for slug in ("model-3", "model-3-2")
    )
    assert {name for name in old if (old[name] or None) != (new.get(name) or None)} == {"version", "versions"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nmae: x\n", "line 1: unknown field nmae; did you mean name"),
        ("training_data:\n  overlap: none\n", "line 2: unknown field training_data.overlap"),
        ("a: &a x\nb: *a\n", "line 1: anchors"),
        ("- x\n", "holds no fields"),
        ("training_data: everything\n", "line 1: training_data must be a mapping"),
    ],
)
def test_a_broken_template(submissions, predictions, tmp_path, text, words):
    (tmp_path / "template.yaml").write_text(text)
    result = run(submissions, predictions, "--from-template", tmp_path / "template.yaml", *DESCRIBED)
    assert isinstance(result.exception, SubmissionError)
    assert words in str(result.exception)


def test_standing_of_a_committed_submission():
    systems = [read_submission(COMMITTED / slug) for slug in ("model-3", "median", "chgnet", "orb-v3")]
    found = standing(systems[0], systems, "published", fill_missing=False)
    assert [row.slug for row in found.rivals] == sorted(
        (row.slug for row in found.rivals), key=lambda slug: {row.slug: row.mae for row in found.rivals}[slug]
    )
    assert {row.slug for row in found.rivals} == {system.slug for system in systems}
    assert found.own.slug == "model-3"
    assert found.own.rank_low <= found.own.rank <= found.own.rank_high


# Formats and units


@pytest.mark.parametrize("form", ["csv.gz", "json", "semicolons", "kJ/mol"])
def test_a_submission_is_plain_csv_in_ev_whatever_was_given(form, submissions, predictions, tmp_path):
    frame = pd.read_csv(predictions)
    path, options = tmp_path / "given" / "published.csv", ("--unit", form) if form == "kJ/mol" else ()
    path.parent.mkdir()
    if form == "csv.gz":
        path.write_bytes(gzip.compress(predictions.read_bytes()))
    elif form == "json":
        frame.to_json(path, orient="records")
    elif form == "semicolons":
        frame.to_csv(path, sep=";", decimal=",", index=False)
    else:
        # One mole of electron volts, scipy.
        factor = constants.electron_volt * constants.Avogadro / constants.kilo
        frame.assign(prediction=frame.prediction * factor).to_csv(path, index=False)
        refused = run(submissions, path, *DESCRIBED)
        assert isinstance(refused.exception, PredictionsError | SubmissionError)
        assert "these look like kJ/mol: give --unit kJ/mol" in str(refused.exception)
    result = run(submissions, path, *DESCRIBED, *options)
    assert result.exit_code == 0, result.output or result.exception
    written = pd.read_csv(submissions / "my-model" / "published.csv")
    assert list(written.columns) == ["entry_id", "prediction"]
    merged = written.merge(frame, on="entry_id", suffixes=("", "_given"))
    assert len(merged) == 60
    assert merged.prediction.to_numpy() == pytest.approx(merged.prediction_given.to_numpy(), rel=1e-12)
    (checked,) = check_submissions(submissions, slugs=["my-model"])
    assert checked.problems == ()


def test_a_packed_file_in_a_submission_is_refused(submissions, predictions):
    assert run(submissions, predictions, *DESCRIBED).exit_code == 0
    file = submissions / "my-model" / "published.csv"
    file.write_bytes(gzip.compress(file.read_bytes()))
    (checked,) = check_submissions(submissions, slugs=["my-model"])
    assert "must be plain CSV here" in "\n".join(checked.problems)

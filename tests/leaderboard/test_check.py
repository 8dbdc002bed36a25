"""``embench leaderboard check``: what it computes, what it refuses, and what only is reported."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from sklearn.metrics import mean_absolute_error, r2_score
from typer.testing import CliRunner, Result

import embench
from embench.cli.app import app
from embench.errors import SubmissionError
from embench.leaderboard.check import check_submissions
from tests.leaderboard.make import write_csv, write_submission

REPOSITORY = Path(__file__).parents[2]
SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"
PUBLISHED = embench.protocol("published").scored_ids


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """A folder with two sound submissions on the published protocol."""
    folder = tmp_path / "submissions"
    for slug, value in (("first", 0.5), ("second", 0.6)):
        values = {entry_id: value + 0.001 * i**1.5 for i, entry_id in enumerate(PUBLISHED)}
        write_submission(folder / slug, {"published": values}, name=slug)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["leaderboard", "check", *map(str, arguments)])


def problems(submissions: Path, slug: str) -> str:
    (checked,) = check_submissions(submissions, slugs=[slug])
    return "\n".join(checked.problems)


def change(folder: Path, **changes: object) -> None:
    content = yaml.safe_load((folder / "submission.yaml").read_text())
    (folder / "submission.yaml").write_text(yaml.safe_dump(content | changes))


@pytest.mark.slow
def test_committed_submissions_are_sound():
    result = run("--submissions", SUBMISSIONS)
    assert result.exit_code == 0, result.output
    slugs = sorted(path.name for path in SUBMISSIONS.iterdir())
    assert [line for line in result.output.splitlines() if not line.startswith(" ")][:-1] == [
        f"{slug}: sound" for slug in slugs
    ]
    # Signs of trouble in what a pull request brings are for a person to judge.
    assert result.output.splitlines()[-1].startswith(f"{len(slugs)} checked, 0 with problems, ")


def test_published_figures():
    # FACTS: MODEL-3 has MAE 0.2607 and R² 0.7027 on the 60 test entries, MACE-RELAX 0.3397 and 0.1849.
    model_3, mace = check_submissions(SUBMISSIONS, slugs=["model-3", "mace-relax"])[::-1]
    assert (round(model_3.scores[0].mae, 4), round(model_3.scores[0].r2, 4)) == (0.2607, 0.7027)
    assert (round(mace.scores[0].mae, 4), round(mace.scores[0].r2, 4)) == (0.3397, 0.1849)


def test_figures_are_computed_from_the_predictions(submissions):
    (checked,) = check_submissions(submissions, slugs=["first"])
    rows = (line.split(",") for line in (submissions / "first" / "published.csv").read_text().split()[1:])
    predicted = {entry_id: float(value) for entry_id, value in rows}
    target = embench.load().select(predicted).column("migration_barrier")
    (score,) = checked.scores
    assert score.mae == pytest.approx(mean_absolute_error(target, list(predicted.values())))
    assert score.r2 == pytest.approx(r2_score(target, list(predicted.values())))
    # A score that is stored with the predictions is not read, but refused.
    change(submissions / "first", mae=0.001)
    assert "unknown field mae" in problems(submissions, "first")


def test_one_submission(submissions):
    result = run("second", "--submissions", submissions)
    assert result.exit_code == 0, result.output
    assert "first:" not in result.output
    missing = run("thrid", "--submissions", submissions)
    assert isinstance(missing.exception, SubmissionError)
    assert "did you mean" in str(run("secnd", "--submissions", submissions).exception)
    assert isinstance(run("--submissions", submissions / "nowhere").exception, SubmissionError)


def test_a_problem_fails_and_does_not_hide_the_others(submissions):
    change(submissions / "first", kind="neb")
    result = run("--submissions", submissions)
    assert result.exit_code == 1
    assert "first: cannot be taken" in result.output
    assert "line " in result.output
    assert "second: sound" in result.output
    assert "2 checked, 1 with problems" in result.output
    # Another one is not made responsible for it.
    assert run("second", "--submissions", submissions).exit_code == 0


def test_incomplete_predictions(submissions):
    values = dict.fromkeys(PUBLISHED[:50], 0.5)
    write_submission(submissions / "first", {"published": values}, name="first")
    message = problems(submissions, "first")
    assert "lacks 10 of the 60 entries that the protocol published scores" in message
    assert PUBLISHED[50] in message
    assert message.endswith("A property-model must predict every entry that is scored")
    for kind, complete in (("hybrid", True), ("potential-neb", False), ("literature", False)):
        change(submissions / "first", kind=kind)
        (checked,) = check_submissions(submissions, slugs=["first"])
        assert bool(checked.problems) == complete
    assert (checked.scores[0].predicted, checked.scores[0].scored) == (50, 60)
    assert "50 of 60 entries" in run("first", "--submissions", submissions).output


def test_predictions_of_the_wrong_protocol(submissions):
    folder = submissions / "first"
    (folder / "published.csv").rename(folder / "host-10fold.csv")
    change(folder, predictions={"host-10fold": "host-10fold.csv"})
    assert "lacks 555 of the 615 entries that the protocol host-10fold scores" in problems(submissions, "first")
    training = embench.protocol("published").folds[0].train_ids
    write_submission(folder, {"published": dict.fromkeys(training, 0.5)}, name="first")
    assert "predicts none of the 60 entries" in problems(submissions, "first")
    write_submission(folder, {"all": dict.fromkeys(PUBLISHED, 0.5)}, name="first")
    assert "host-10fold: " in problems(submissions, "first")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("id,value\nLi4P2S7,1\n", "no column 'entry_id'"),
        ("entry_id,prediction\nNoSuchEntry,1\n", "unknown entry 'NoSuchEntry'"),
        (f"entry_id,prediction\n{PUBLISHED[0]},nan\n", "is not a number"),
        (f"entry_id,prediction\n{PUBLISHED[0]},1e999\n", "is infinite"),
        (f"entry_id,prediction\n{PUBLISHED[0]},1\n{PUBLISHED[0]},1\n", "is there already"),
        (f"entry_id,prediction\n{PUBLISHED[0]},=cmd|'/c calc'!A1\n", "is not a number"),
        (f"entry_id,prediction\n{PUBLISHED[0]},__import__('os').system('x')\n", "is not a number"),
        ("entry_id,prediction\n<script>alert(1)</script>,1\n", "unknown entry '<script>"),
        ("entry_id,prediction\n\x00,1\n", "NUL byte"),
        ("entry_id,prediction\n::set-output name=x::y,1\n", "unknown entry '::set-output"),
    ],
)
def test_malicious_predictions(submissions, text, words):
    (submissions / "first" / "published.csv").write_text(text)
    result = run("first", "--submissions", submissions)
    assert result.exit_code == 1
    assert words in result.output
    # What begins a line with :: is a command to the runner of GitHub Actions.
    assert not any(line.lstrip().startswith("::") for line in result.output.splitlines())


def test_statements_about_the_predictions(submissions):
    folder = submissions / "first"
    change(folder, n_predicted=61)
    assert "n_predicted is 61, but the files predict 60 entries; write 60" in problems(submissions, "first")
    rows = "".join(f"{entry_id},0.5,0.1\n" for entry_id in PUBLISHED)
    (folder / "published.csv").write_text(f"entry_id,prediction,uncertainty\n{rows}")
    change(folder, n_predicted=60)
    assert "have a column uncertainty; say under uncertainty" in problems(submissions, "first")
    change(folder, uncertainty="one standard deviation of an ensemble")
    assert problems(submissions, "first") == ""


def test_names_are_not_taken_twice(submissions):
    change(submissions / "second", name="FIRST")
    assert "the name 'FIRST' and version '1.0' are those of first" in problems(submissions, "second")
    change(submissions / "second", version="2.0")
    assert problems(submissions, "second") == ""


@pytest.mark.parametrize("name", ["f\u0456rst", "f1rst", "fir\u0455t"])
def test_names_that_look_like_others_are_taken_whatever_the_version(submissions, name):
    change(submissions / "second", name=name, version="2.0")
    assert f"the name {name!r} looks like 'first', that of first" in problems(submissions, "second")


def test_escapes_do_not_reach_the_terminal(submissions):
    (submissions / "first" / "a\x1b[2Jb.csv").write_text("")
    (submissions / "x\x1b]0;owned\x07").mkdir()
    result = run("--submissions", submissions)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


def test_two_slugs_that_differ_by_case_only(submissions):
    shutil.copytree(submissions / "first", submissions / "First")
    result = run("--submissions", submissions)
    assert result.exit_code == 1
    assert "First: cannot be taken" in result.output
    assert "first: sound" in result.output


def test_an_enemy_in_the_folder(submissions, tmp_path):
    secret = write_csv(tmp_path / "secret.csv", dict.fromkeys(PUBLISHED, 0.5))
    (submissions / "link").symlink_to(submissions / "first")
    (submissions / "fifo").mkdir()
    os.mkfifo(submissions / "fifo" / "submission.yaml")
    (submissions / "a\n::error::b").mkdir()
    (submissions / "second" / "published.csv").unlink()
    (submissions / "second" / "published.csv").symlink_to(secret)
    result = run("--submissions", submissions)
    assert result.exit_code == 1
    assert "5 checked, 4 with problems" in result.output
    assert "first: sound" in result.output
    assert not any(line.lstrip().startswith("::") for line in result.output.splitlines())


def test_signs_are_reported_and_do_not_fail(submissions):
    target = embench.load().select(PUBLISHED).column("migration_barrier").tolist()
    write_submission(submissions / "first", {"published": dict(zip(PUBLISHED, target, strict=True))}, name="first")
    result = run("first", "--submissions", submissions)
    assert result.exit_code == 0
    assert "sign of trouble: published: Half of the predictions are within 0.000 eV of the label" in result.output
    assert "1 with signs of trouble" in result.output
    assert run("first", "--submissions", submissions, "--strict").exit_code == 1
    assert run("second", "--submissions", submissions, "--strict").exit_code == 0


def test_only_what_has_changed(submissions, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(submissions, base)
    assert run("--submissions", submissions, "--base", base).output.startswith("no submission in")
    shutil.copytree(submissions / "first", submissions / "third")
    change(submissions / "third", name="third")
    with open(submissions / "second" / "published.csv", "a") as file:
        file.write("\n")
    assert [checked.slug for checked in check_submissions(submissions, base=base)] == ["second", "third"]
    result = run("--submissions", submissions, "--base", base)
    assert result.exit_code == 0, result.output
    assert "second: sound" in result.output
    assert "2 checked" in result.output
    (submissions / "second" / "extra.csv").write_text("")
    assert run("--submissions", submissions, "--base", base).exit_code == 1
    both = run("second", "--submissions", submissions, "--base", base)
    assert both.exit_code == 2


def test_a_pull_request_against_its_base(submissions, tmp_path):
    """It is compared with the submissions as they are on the base branch, whatever it makes of them."""
    base = tmp_path / "base"
    shutil.copytree(submissions, base)

    def found(**by_slug: str) -> None:
        result = check_submissions(submissions, base=base)
        assert {item.slug: "; ".join(item.problems) for item in result}.keys() == by_slug.keys()
        for item in result:
            wanted = by_slug[item.slug]
            assert bool(item.problems) == bool(wanted), item.problems
            assert wanted in "; ".join(item.problems)

    # A rival is deleted.
    shutil.rmtree(submissions / "second")
    found(second="is on the base branch and missing here")
    # A copy of a few submissions, such as a pull request on the hub, says nothing about the others.
    assert check_submissions(submissions, base=base, partial=True) == ()
    assert "no submission in" in run("--submissions", submissions, "--base", base, "--partial").output
    assert run("--submissions", submissions, "--partial").exit_code == 2
    # Renamed to oneself: its name is still taken, and the same predictions are a sign.
    shutil.copytree(base / "second", submissions / "mine")
    found(mine="the name 'second' and version '1.0' are those of second", second="missing here")
    change(submissions / "mine", name="Mine")
    found(mine="", second="missing here")
    (mine, _) = check_submissions(submissions, base=base)
    assert "like-another" in {sign.kind for sign in mine.signs} or any("second" in sign.text for sign in mine.signs)
    shutil.rmtree(submissions / "mine")
    # Taken over in its place.
    shutil.copytree(base / "second", submissions / "second")
    change(submissions / "second", authors=["M. Allory"])
    found(second="none of the authors of second (A. Author, B. Author) is among its authors now")
    # A new version by one of its authors is sound, and somebody is asked to look who brings it.
    change(submissions / "second", authors=["b. author"], version="2.0")
    found(second="")
    (second,) = check_submissions(submissions, base=base)
    assert second.notes == (
        "replaces second 1.0 by A. Author, B. Author: is this their pull request?",
        "the name was second 1.0 and is second 2.0",
    )
    # A rival is spoilt so that one does not look like it: it counts as it was.
    shutil.copytree(base / "first", submissions / "copy")
    change(submissions / "copy", name="Copy")
    write_submission(submissions / "first", {"published": dict.fromkeys(PUBLISHED, 1.0)}, name="first")
    signs = {item.slug: item.signs for item in check_submissions(submissions, base=base)}
    assert any("first" in sign.text for sign in signs["copy"])


def test_the_summary(submissions, tmp_path):
    base, out = tmp_path / "base", tmp_path / "summary.md"
    shutil.copytree(submissions, base)
    result = run("--submissions", submissions, "--base", base, "--summary", out)
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf-8") == "No submission is new or has changed.\n"
    target = embench.load().select(PUBLISHED).column("migration_barrier").tolist()
    name = "<img src=x> [a](https://evil.example) @somebody | **b**"
    write_submission(submissions / "third", {"published": dict(zip(PUBLISHED, target, strict=True))}, name=name)
    shutil.rmtree(submissions / "second")
    result = run("--submissions", submissions, "--base", base, "--summary", out)
    assert result.exit_code == 1
    text = out.read_text(encoding="utf-8")
    assert "2 submissions checked" in text
    assert "1 with problems, 1 with signs of trouble" in text
    assert "- second is on the base branch and missing here" in text
    (row,) = (line for line in text.splitlines() if line.startswith("| `published`"))
    # The labels themselves: no error, and the first of the three that are on the board with it.
    assert "| 60 of 60 | 0.000 [0.000, 0.000] | 1.000 | 1 (1–1) of 3 |" in row
    assert "Half of the predictions are within 0.000 eV of the label" in text
    # What strangers write stays words.
    assert "<img" not in text
    assert "@somebody" not in text
    assert "https://" not in text
    assert r"\[a\]" in text
    assert r"\*\*b\*\*" in text


def test_schema_command(tmp_path):
    out = tmp_path / "schema.json"
    assert CliRunner().invoke(app, ["leaderboard", "schema", "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text())["title"]
    assert CliRunner().invoke(app, ["leaderboard", "schema", "--out", str(out), "--check"]).exit_code == 0
    out.write_text("{}")
    assert CliRunner().invoke(app, ["leaderboard", "schema", "--out", str(out), "--check"]).exit_code == 1

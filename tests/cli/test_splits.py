"""``embench splits`` and ``embench data audit`` as a user meets them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from embench.cli import data as data_audit
from embench.cli import splits
from embench.errors import PredictionsError, StaleFileError, UnknownNameError
from embench.splits import all_protocol_names, protocol_names
from embench.splits.registry import MAIN_PROTOCOL

REPOSITORY = Path(__file__).parent.parent.parent
runner = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"})


def run(*arguments: str) -> str:
    result = runner.invoke(splits.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def audit(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(data_audit.audit)
    result = runner.invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_names_all_protocols_and_sizes():
    lines = {line.split()[0]: line.split() for line in run("list").splitlines() if line.strip()}
    assert set(protocol_names()) <= set(lines)
    assert next(name for name in lines if name in protocol_names()) == MAIN_PROTOCOL
    assert lines["published"][1:3] == ["60", "1"]
    assert lines["host-10fold"][1:4] == ["615", "10", "group_host"]
    assert lines["random-10fold"][3] == "nothing"


@pytest.mark.parametrize("name", protocol_names())
def test_show_fits_the_terminal_and_adds_up(name):
    output = run("show", name)
    assert max(map(len, output.splitlines()[2:])) <= 80
    assert "…" not in output
    scored = 60 if name == "published" else 615
    folds = json.loads((REPOSITORY / "splits" / "manifest-1.1.0.json").read_text())["protocols"][name]["folds"]
    sizes = 0
    for fold in folds:
        (line,) = (line for line in output.splitlines() if re.match(rf"{re.escape(fold)} +\d+ +\d+ ", line))
        train, test = map(int, line[len(fold) :].split()[:2])
        sizes += test
        assert train + test == (619 if name == "published" else 615)
    assert sizes == scored


def test_show_refuses_an_unknown_protocol():
    with pytest.raises(UnknownNameError, match="random-10fold"):
        runner.invoke(splits.app, ["show", "random10fold"], catch_exceptions=False)


def test_make_writes_what_check_accepts(tmp_path, monkeypatch):
    # What is made is tested in tests/test_splits.py; here the files stand for it.
    later = "manifest-1.1.0.json"  # of another command
    files = {path.name: path.read_text() for path in (REPOSITORY / "splits").iterdir() if path.name != later}
    monkeypatch.setattr("embench.splits.make.make_splits", lambda _: files)
    run("make", "--out", str(tmp_path / "new"))
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        *(f"{n}.csv" for n in all_protocol_names()),
        "manifest.json",
    }
    assert f"all {len(files)} files" in run("make", "--check", "--out", str(tmp_path / "new"))
    path = tmp_path / "new" / "random-10fold.csv"
    path.write_text(path.read_text().replace(",1\n", ",2\n", 1))
    with pytest.raises(StaleFileError, match=r"random-10fold\.csv"):
        runner.invoke(splits.app, ["make", "--check", "--out", str(tmp_path / "new")], catch_exceptions=False)
    assert not list(tmp_path.glob("new/.*")), "a temporary file was left behind"


@pytest.mark.parametrize(("command", "page"), [(run, "leakage.md"), (audit, "label-audit.md")], ids=["splits", "data"])
def test_audits_print_write_and_check(tmp_path, command, page):
    first = ["audit"] if command is run else []
    out = tmp_path / page
    assert "wrote" in command(*first, "--out", str(out))
    assert out.read_text(encoding="utf-8") == command(*first)
    assert "up to date" in command(*first, "--out", str(out), "--check")
    out.write_text("something else")
    with pytest.raises(StaleFileError, match=page):
        command(*first, "--out", str(out), "--check")
    assert out.read_text() == "something else"


def test_check_without_a_file_is_a_usage_error():
    result = runner.invoke(splits.app, ["audit", "--check"])
    assert result.exit_code == 2
    assert "--out" in result.output


def test_audit_takes_another_table_of_barriers(tmp_path):
    app = typer.Typer()
    app.command()(data_audit.audit)
    table = tmp_path / "mine.csv"
    with pytest.raises(PredictionsError, match=r"mine\.csv"):
        runner.invoke(app, ["--barriers", str(table)], catch_exceptions=False)
    with open(REPOSITORY / "leaderboard" / "submissions" / "orb-v3" / "barriers.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(table, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("entry_id", "mine"), *((row["entry_id"], row["prediction"]) for row in rows)]
        )
    result = runner.invoke(app, ["--barriers", str(table)], catch_exceptions=False)
    # One potential alone suspects nothing: it takes two families that agree.
    assert "| mine | 572 |" in result.output
    assert "**0 entries**" in result.output


def test_write_table_writes_where_the_curation_reads(tmp_path, monkeypatch):
    monkeypatch.setattr("embench.audit.suspects.table_path", lambda of: tmp_path / f"label_suspect_{of.version}.csv")
    audit("--out", str(tmp_path / "page.md"), "--write-table")
    assert len((tmp_path / "label_suspect_1.0.0.csv").read_text().splitlines()) == 1 + 27
    # That of a later version is written from all evidence there is, which grows.
    audit("--out", str(tmp_path / "page.md"), "--write-table", "--dataset-version", "1.1.0")
    assert "\nKTiPO4F," in (tmp_path / "label_suspect_1.1.0.csv").read_text()
    assert "\nKTiPO4F," not in (tmp_path / "label_suspect_1.0.0.csv").read_text()

"""``embench evaluate`` as a user meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import embench
from embench.cli import main

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    data = embench.load()
    return dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))


def write(path: Path, truth: dict[str, float], protocol: str, *, offset: float, sigma: float | None = None) -> Path:
    """Predictions that are off by `offset`, up and down in turn."""
    lines = ["entry_id,prediction" + (",uncertainty" if sigma else "")]
    for i, name in enumerate(sorted(embench.protocol(protocol).scored_ids)):
        value = truth[name] + offset * (-1) ** i
        lines.append(f"{name},{value}" + (f",{sigma}" if sigma else ""))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def files(truth, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("predictions")
    return {
        "good": write(folder / "good.csv", truth, "published", offset=0.1),
        "bad": write(folder / "bad.csv", truth, "published", offset=0.5),
        "sure": write(folder / "sure.csv", truth, "published", offset=0.1, sigma=0.1),
        "all": write(folder / "all.csv", truth, "host-10fold", offset=0.2, sigma=0.2),
    }


def run(monkeypatch, capsys, *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command in this process, as the entry point does; return exit code, output and messages."""
    monkeypatch.setattr(sys, "argv", ["embench", "evaluate", *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "80")
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    return code, *capsys.readouterr()


@pytest.fixture
def command(monkeypatch, capsys):
    return lambda *arguments: run(monkeypatch, capsys, *arguments)


FAST = ("--resamples", "200")


def test_one_screen(command, files):
    code, output, messages = command(files["good"], *FAST)
    assert (code, messages) == (0, "")
    lines = output.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in output
    rows = {line.split("  ")[0]: line for line in lines}
    assert "0.100 eV" in rows["MAE"]
    assert "Protocol published: 60 entries from" in output
    assert "all predicted" in output
    for name in ("R²", "accuracy", "precision", "recall", "pathway ranking"):
        assert name in rows


def test_the_rest_with_full(command, files):
    code, output, _ = command(files["sure"], "--full", *FAST)
    assert code == 0
    for text in (
        "MCC",
        "ROC-AUC",
        "NLL",
        "Confusion",
        "Migrating ion",
        "Structure class",
        "Barrier range",
        "labels not in doubt",
    ):
        assert text in output
    assert max(map(len, output.splitlines())) <= 80
    assert "…" not in output


def test_json_to_a_file_and_to_the_output(command, files, tmp_path):
    code, output, _ = command(files["good"], "--json", tmp_path / "scores.json", *FAST)
    assert code == 0
    assert "MAE" in output
    content = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert content["metrics"]["mae"]["value"] == pytest.approx(0.1)
    code, output, _ = command(files["good"], "--json", "-", *FAST)
    assert json.loads(output) == content


def test_at_a_terminal(command, files, monkeypatch):
    """Rich takes the output for a terminal; warnings come after the result, and nothing is lost to colour."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    code, output, _ = command(files["good"], *FAST)
    words = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", output).split())
    assert code == 0
    assert "This system would stand 1 of " in words
    assert "worst entries" in words
    assert "this MAE: 0.100" in words
    code, output, _ = command(files["good"], "--full", *FAST)
    assert "Confusion" in output


def test_the_json_has_what_the_terminal_draws(command, files):
    code, output, _ = command(files["good"], "--json", "-", *FAST)
    overview = json.loads(output)["overview"]
    assert code == 0
    assert sum(each["n"] for each in overview["histogram"]) == 60
    assert len(overview["worst"]) == 5
    assert overview["standing"]["rank"] == 1
    assert overview["standing"]["n"] > 5


def test_warnings_come_after_the_result(files, tmp_path):
    lines = files["good"].read_text().splitlines()
    (tmp_path / "short.csv").write_text("\n".join(lines[:-3]))
    process = subprocess.run(
        [sys.executable, "-m", "embench", "evaluate", "short.csv", "--protocol", "published", "--fill-missing", *FAST],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.returncode == 0
    assert process.stdout.splitlines()[-1].startswith("warning: short.csv: 3 scored entries")


def test_against(command, files):
    code, output, _ = command(files["good"], "--against", files["bad"], *FAST)
    assert code == 0
    words = " ".join(output.split())
    assert "The MAE is 0.400 eV lower" in words
    assert "the difference is statistically significant" in words


def test_ranking_of_several(command, files, tmp_path):
    code, output, _ = command(files["bad"], files["good"], "--json", tmp_path / "ranking.json", *FAST)
    assert code == 0
    assert output.index("good.csv") < output.index("bad.csv")
    content = json.loads((tmp_path / "ranking.json").read_text(encoding="utf-8"))
    assert [system["rank"]["value"] for system in content["systems"]] == [1, 2]
    assert [system["best_set"] for system in content["systems"]] == [True, False]
    assert content["evaluations"][0]["metrics"]["mae"]["value"] == pytest.approx(0.1)


def test_missing_entries(command, files, tmp_path):
    lines = files["good"].read_text().splitlines()
    short = tmp_path / "short.csv"
    short.write_text("\n".join(lines[:-3]))
    code, output, messages = command(short)
    assert (code, output) == (2, "")
    assert messages.startswith("error: ")
    assert "lacks 3 of the 60 entries" in messages
    assert "Traceback" not in messages
    code, output, messages = command(short, "--fill-missing", *FAST)
    assert code == 0
    assert "57 predicted, 3 filled" in " ".join(output.split())
    assert "warning: " in messages


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no.csv",), "does not exist"),
        (("good", "--protocol", "publishd"), "did you mean published"),
        (("good", "--threshold", "nan"), "threshold"),
        (("good", "--resamples", "5"), "between 100 and 1000000"),
        (("good", "--seed", "-1"), "seed"),
        (("good", "bad", "--against", "bad"), "single"),
        (("good", "--against", "no.csv"), "does not exist"),
        ((), "Missing argument"),
    ],
)
def test_bad_use_ends_with_exit_code_2(command, files, arguments, message):
    code, output, messages = command(*(files.get(argument, argument) for argument in arguments))
    assert (code, output) == (2, "")
    assert message.casefold() in " ".join(messages.split()).casefold()


def test_names_in_brackets_are_printed_as_they_are(command, files, tmp_path):
    odd = tmp_path / "[bold]x :smile:.csv"
    odd.write_bytes(files["good"].read_bytes())
    code, output, _ = command(odd, *FAST)
    assert code == 0
    # The name is wrapped at its blank where the folder is long.
    assert "[bold]x:smile:.csv" in "".join(output.split())


# The whole process

MEASURE = """
import resource, sys
from embench.cli import main
sys.argv = ["embench", "evaluate", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
usage = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: a process inherits that of the one that started it.
memory = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
loaded = [name for name in HEAVY if name in sys.modules]
print()
print(usage.ru_utime + usage.ru_stime, int(memory) / 1024, *loaded)
"""
HEAVY = ("torch", "datasets", "scipy", "sklearn", "pandas", "pymatgen", "ase", "plotly", "jinja2", "matplotlib")


@pytest.mark.parametrize(("name", "protocol"), [("good", "published"), ("all", "host-10fold")])
def test_a_run_is_light(files, name, protocol):
    """CPU time and memory of the whole process; the bounds leave room for a busy machine without compiled modules."""
    code = MEASURE.replace("HEAVY", repr(HEAVY))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.run(
        [sys.executable, "-c", code, str(files[name]), "--protocol", protocol],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "\x1b" not in process.stdout
    cpu, memory, *loaded = process.stdout.splitlines()[-1].split()
    assert loaded == []
    assert float(memory) < 200
    assert float(cpu) < 3.0


def test_the_reader_of_the_output_may_leave(files):
    process = subprocess.Popen(
        [sys.executable, "-m", "embench", "evaluate", str(files["good"]), *FAST, "--full"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.wait()


def test_a_terminal_without_greek_letters(files):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "ascii"}
    process = subprocess.run(
        [sys.executable, "-m", "embench", "evaluate", str(files["good"]), *FAST],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "MAE" in process.stdout

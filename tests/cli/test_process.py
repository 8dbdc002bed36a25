"""What surrounds every command: encodings, full and closed streams, interrupts, places that cannot be read."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from embench.cli import _process, main
from embench.cli.app import app
from embench.common.cache import cache_folder
from embench.errors import OutputError

REPOSITORY = Path(__file__).parent.parent.parent
MODEL_3 = "leaderboard/submissions/model-3/published.csv"
ENCODINGS = ("ascii", "latin-1", "cp1252", "cp437", "cp932", "utf-8")

# One sound run of each command that prints without a network, a graph network or minutes of work.
COMMANDS = (
    ("--version",),
    ("evaluate", MODEL_3, "--resamples", "100", "--full"),
    ("evaluate", MODEL_3, "model-3", "--resamples", "100"),
    ("evaluate", MODEL_3, "--resamples", "100", "--json", "-"),
    ("data", "show", "LiRuO2_1"),
    ("data", "show", "LiRuO2_1", "--json"),
    ("data", "list", "--ion", "Zn"),
    ("data", "stats"),
    ("data", "describe"),
    ("data", "audit"),
    ("splits", "list"),
    ("splits", "show", "published"),
    ("splits", "audit"),
    ("baseline", "list"),
    ("leaderboard", "check", "model-3"),
    ("leaderboard", "schema"),
)


def embench(*arguments: str, **options) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **options.pop("environment", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [sys.executable, "-m", "embench", *arguments], env=environment, cwd=REPOSITORY, check=False, **streams
    )


def run(monkeypatch, *arguments: str) -> int:
    """Run the command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["embench", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code or 0


def all_commands(group: typer.Typer = app, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    names = [command.name or command.callback.__name__.replace("_", "-") for command in group.registered_commands]
    found = [path, *((*path, name) for name in names)]
    for inner in group.registered_groups:
        found += all_commands(inner.typer_instance, (*path, inner.name))
    return found


class Output:
    """Standard output with an encoding of its own, as a redirect on Windows has it."""

    def __init__(self, folder: Path, encoding: str) -> None:
        self.path = folder / "out.txt"
        self.encoding = encoding

    def __enter__(self) -> None:
        self.kept = sys.stdout
        sys.stdout = self.path.open("w", encoding=self.encoding)

    def __exit__(self, *_: object) -> None:
        sys.stdout.close()
        sys.stdout = self.kept

    def text(self) -> str:
        return self.path.read_bytes().decode(self.encoding)


# Encodings


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_writes_in_every_encoding(encoding, monkeypatch, tmp_path):
    monkeypatch.chdir(REPOSITORY)
    for command in COMMANDS:
        output = Output(tmp_path, encoding)
        with output:
            code = run(monkeypatch, *command)
        assert code == 0, command
        assert output.text().strip(), command


def test_every_help_writes_in_ascii(monkeypatch, tmp_path):
    commands = all_commands()
    assert len(commands) > 35
    for command in commands:
        output = Output(tmp_path, "ascii")
        with output:
            code = run(monkeypatch, *command, "-h")
        assert code == 0, command
        assert "Usage:" in output.text(), command


def test_similar_characters_stand_in_one_for_one():
    text = "R² of Li⁺: 0.1–0.2 Å, −3 σ ≤ 5 × 10 … é漢🙂"
    _process.codecs.register_error("embench.similar", _process._similar)
    shown = text.encode("ascii", errors="embench.similar").decode()
    assert shown == "R2 of Li+: 0.1-0.2 A, -3 ? ? 5 ? 10 . e??"
    assert len(shown) == len(text)
    assert text.encode("utf-8", errors="embench.similar").decode() == text


def test_a_name_that_is_no_text_is_printed(tmp_path):
    """A file name of other bytes comes as surrogates, which UTF-8 cannot write."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/published-\xff.csv")
    Path(odd).write_bytes((REPOSITORY / MODEL_3).read_bytes())
    done = embench("evaluate", odd, "--resamples", "100", environment={"PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stderr


# Streams


@pytest.mark.parametrize("command", [COMMANDS[1], ("data", "describe"), ("data", "show", "LiRuO2_1", "--json")])
def test_a_full_disk(command):
    with open("/dev/full", "w") as full:
        done = embench(*command, stdout=full)
    assert done.returncode == 1
    assert done.stderr.decode() == "error: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("redirect", [">&-", ">&- 2>&-"])
def test_a_closed_output(redirect):
    line = f'"{sys.executable}" -m embench data show LiRuO2_1 {redirect}'
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}
    )
    assert done.returncode == 1
    assert done.stderr.decode() in ("", "error: standard output is closed; send it to /dev/null if it is not wanted\n")


@pytest.mark.parametrize("command", [("data", "describe"), (*COMMANDS[1][:-1], "--full"), ("splits", "audit")])
def test_a_reader_that_leaves(command):
    line = f'"{sys.executable}" -m embench {" ".join(command)} | true; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, check=False, cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode in (0, 1, _process.READER_GONE)
    assert done.stderr == b""


# Places


@pytest.mark.parametrize("arguments", [("evaluate", "{}"), ("evaluate", "{}.csv"), ("leaderboard", "check", "{}")])
def test_paths_that_are_too_long(arguments, monkeypatch, capsys):
    code = run(monkeypatch, *(argument.format("x" * 300) for argument in arguments))
    assert code in (1, 2)
    messages = capsys.readouterr().err
    assert messages.startswith("error: ")
    assert "Traceback" not in messages


def test_what_may_not_be_read(monkeypatch, capsys, tmp_path):
    """Root may read everything: the refusal is a fake."""

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    for method in ("is_dir", "iterdir", "open", "read_bytes", "exists"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, method, refuse)
            code = run(patched, "leaderboard", "check", "--submissions", str(tmp_path))
        messages = capsys.readouterr().err
        assert "Traceback" not in messages
        assert code == 0 or messages.startswith("error: "), (method, messages)


def test_no_home(monkeypatch, capsys):
    # As the standard library answers where HOME is not set and the user has no account.
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    for name in ("EMBENCH_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    assert run(monkeypatch, "evaluate", str(REPOSITORY / MODEL_3), "--resamples", "100") == 0
    capsys.readouterr()
    assert run(monkeypatch, "baseline", "run", "median", "-p", "published", "--factory", "no.such:Thing") != 0
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(OutputError, match="EMBENCH_CACHE"):
        cache_folder()


def test_outputs_where_nothing_can_be_written(monkeypatch, capsys, tmp_path):
    source = tmp_path / "published.csv"
    source.write_bytes((REPOSITORY / MODEL_3).read_bytes())
    before = source.read_bytes()
    for options, says in (
        (("--json", source), "read as well"),
        (("--report", source), "read as well"),
        (("--report", tmp_path / "no" / "x.html"), "there is no folder"),
        (("--json", tmp_path), "is a folder"),
        (("--json", tmp_path / "x", "--report", tmp_path / "x"), "the same file"),
    ):
        assert run(monkeypatch, "evaluate", str(source), *map(str, options)) != 0
        assert says in " ".join(capsys.readouterr().err.split())
    for command in (("data", "describe"), ("data", "audit"), ("splits", "audit")):
        assert run(monkeypatch, *command, "--out", str(tmp_path / "no" / "page.md")) == 1
        assert "there is no folder" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


# Interrupts

INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "{}":
            sys.meta_path.remove(self)
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                if "{}":  # what extension modules make of it
                    raise {}("half an import")
                raise
sys.meta_path.insert(0, Interrupt())
sys.argv = ["embench", "evaluate", "{}"]
from embench.cli import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "numpy", "pyarrow", "rich.console", "embench.evaluation.scored"])
@pytest.mark.parametrize("becomes", ["", "ImportError", "SystemError"])
def test_an_interrupt_during_an_import(module, becomes):
    code = INTERRUPTED_IMPORT.format(module, becomes, becomes or "KeyboardInterrupt", REPOSITORY / MODEL_3)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == _process.INTERRUPTED, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_handler_of_interrupts_is_given_back(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT)
    assert run(monkeypatch, "--version") == 0
    assert signal.getsignal(signal.SIGINT) is before
    assert re.fullmatch(r"embench \S+, dataset \S+\n", capsys.readouterr().out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_offered(shell):
    code = "import sys; from embench.cli import main; sys.argv[0] = 'embench'; main()"
    words = {"COMP_WORDS": "embench data s", "COMP_CWORD": "2", "_TYPER_COMPLETE_ARGS": "embench data s"}
    asked = words | {"_EMBENCH_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **asked}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "show" in found.stdout
    assert "export" not in found.stdout

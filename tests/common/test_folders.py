"""Whatever happens, the old folder or the new one is in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from embench.common import folders
from embench.common.folders import bring_back, put_in_place, working_folder


@pytest.fixture(params=["exchange", "aside"])
def way(request, monkeypatch) -> str:
    """Both ways: where two names can be exchanged in one step, and where not."""
    if request.param == "aside":
        monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    return str(request.param)


def folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(text)
    return path


@pytest.mark.usefixtures("way")
def test_a_folder_is_replaced(tmp_path):
    made, target, aside = folder(tmp_path / "made", "new"), folder(tmp_path / "target", "old"), tmp_path / ".aside"
    put_in_place(made, target, aside=aside)
    assert (target / "file").read_text() == "new"
    assert (made / "file").read_text() == "old"
    assert not aside.exists()


@pytest.mark.usefixtures("way")
def test_a_new_place(tmp_path):
    put_in_place(folder(tmp_path / "made", "new"), tmp_path / "target", aside=tmp_path / ".aside")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is a call of Linux")
def test_linux_exchanges_in_one_step(tmp_path, monkeypatch):
    made, target = folder(tmp_path / "made", "new"), folder(tmp_path / "target", "old")
    monkeypatch.setattr(os, "rename", lambda *_: pytest.fail("two steps"))
    put_in_place(made, target, aside=tmp_path / ".aside")
    assert (target / "file").read_text() == "new"


@pytest.mark.parametrize("error", [OSError(13, "no"), KeyboardInterrupt()])
def test_what_fails_between_the_steps_brings_the_old_one_back(tmp_path, monkeypatch, error):
    made, target = folder(tmp_path / "made", "new"), folder(tmp_path / "target", "old")
    rename = os.rename

    def failing(source: Path, to: Path) -> None:
        if source == made:
            raise error
        rename(source, to)

    monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(type(error)):
        put_in_place(made, target, aside=tmp_path / ".aside")
    assert (target / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "target"]


def test_what_a_killed_run_set_aside_is_brought_back(tmp_path):
    target, aside = tmp_path / "target", folder(tmp_path / ".aside", "old")
    bring_back(target, aside=aside)
    assert (target / "file").read_text() == "old"
    # Where the new one had arrived, the old one goes.
    bring_back(target, aside=folder(tmp_path / ".aside", "older"))
    assert (target / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_working_folder_is_removed_whatever_happens(tmp_path):
    with pytest.raises(ValueError, match="no"), working_folder(tmp_path / "new", "work") as made:  # noqa: PT012
        (made / "file").write_text("half")
        raise ValueError("no")
    assert list((tmp_path / "new").iterdir()) == []


KILLED = """
import os, sys
from pathlib import Path
from embench.common.folders import working_folder

with working_folder(Path(sys.argv[1]), "work") as made:
    (made / "file").write_text("half")
    print(made.name, flush=True)
    if sys.argv[2] == "die":
        os._exit(9)
    sys.stdin.read()
"""


def test_leftovers_of_killed_runs_are_swept_and_those_of_running_ones_stay(tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    dead = subprocess.run([*command, "die"], capture_output=True, text=True, check=False).stdout.strip()
    assert (tmp_path / dead / "file").is_file()
    others = [folder(tmp_path / name, "kept") for name in (".work.notes", ".other.01234567.abcdefgh.parts")]
    with subprocess.Popen([*command, "live"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        live = running.stdout.readline().strip()
        with working_folder(tmp_path, "work"):
            assert not (tmp_path / dead).exists()
            assert (tmp_path / live / "file").is_file()
        running.communicate("")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_leftovers_of_other_machines_are_swept_after_a_day(tmp_path):
    theirs = folder(tmp_path / ".work.ffffffff.abcdefgh.parts", "half")
    with working_folder(tmp_path, "work"):
        assert theirs.is_dir()
    os.utime(theirs, (0, time.time() - 25 * 3600))
    with working_folder(tmp_path, "work"):
        assert not theirs.exists()
    assert shutil.disk_usage(tmp_path)  # the folder itself is there

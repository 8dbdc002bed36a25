"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from embench.common.files import atomic_path, check_output, write_text, write_together
from embench.errors import OutputError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}


def test_replaces_on_success_only(tmp_path):
    path = tmp_path / "sub" / "file.txt"
    write_text(path, "one\n")
    assert path.read_text() == "one\n"

    def write_half():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()

    assert path.read_text() == "one\n"
    assert [file.name for file in path.parent.iterdir()] == ["file.txt"]


def test_is_readable_by_others(tmp_path):
    write_text(tmp_path / "file.txt", "x")
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) & 0o400


def test_several_files_are_replaced_together(tmp_path):
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path in paths:
        write_text(path, "old")

    def write_new(path):
        path.write_text("new")

    def fail(path):
        path.write_text("ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        write_together({paths[0]: write_new, paths[1]: write_new, paths[2]: fail})
    assert [path.read_text() for path in paths] == ["old"] * 3
    write_together(dict.fromkeys(paths, write_new))
    assert [path.read_text() for path in paths] == ["new"] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "file" / "below", "x")


# What is no regular file, and links


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    target = tmp_path / "elsewhere" / "file.txt"
    write_text(target, "old")
    for name, to in (("absolute", target), ("relative", Path("elsewhere/file.txt")), ("chain", Path("relative"))):
        (tmp_path / name).symlink_to(to)
        write_text(tmp_path / name, name)
        assert (tmp_path / name).is_symlink()
        assert target.read_text() == name
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere" / "new.txt")
    write_text(tmp_path / "dangling", "made")
    assert (tmp_path / "elsewhere" / "new.txt").read_text() == "made"
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError, match=r"circle"):
        write_text(tmp_path / "a", "x")


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    (tmp_path / "null").symlink_to("/dev/null")
    for path in (Path("/dev/null"), tmp_path / "null"):
        write_text(path, "x" * 100_000)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OutputError, match="No space left"):
        write_text(Path("/dev/full"), "x")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_fifo_delivers_to_its_reader(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(fifo.read_text)
        write_text(fifo, "through")
        assert reading.result(timeout=20) == "through"
    assert stat.S_ISFIFO(fifo.stat().st_mode)


PRINTS = """
from pathlib import Path
from embench.common.files import write_text
print("before")
write_text(Path("{}"), "text\\n")
print("after")
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_keeps_its_order(name, tmp_path):
    for output in (tmp_path / "out.txt", None):
        with ExitStack() as stack:
            stream = stack.enter_context(output.open("wb")) if output else subprocess.PIPE
            done = subprocess.run(
                [sys.executable, "-c", PRINTS.format(name)], stdout=stream, check=True, env=ENVIRONMENT
            )
        assert (output.read_bytes() if output else done.stdout).split() == [b"before", b"text", b"after"]


# Killed runs


HOLDS = """
import sys, time
from pathlib import Path
from embench.common.files import atomic_path
with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is about to write ``file.txt``, and its temporary file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "file.txt")], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert process.stdout is not None
    with process:
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_what_a_killed_run_leaves_is_swept_and_what_a_running_one_needs_is_not(writer, tmp_path):
    process, temporary = writer
    assert temporary.parent == tmp_path
    write_text(tmp_path / "other.txt", "x")
    assert temporary.read_text() == "half"
    process.kill()
    process.wait()
    (tmp_path / ".file.txt.swp").write_text("of an editor")
    (tmp_path / "mine.part").write_text("of a download")
    write_text(tmp_path / "other.txt", "y")
    assert {path.name for path in tmp_path.iterdir()} == {"other.txt", ".file.txt.swp", "mine.part"}


def test_leftovers_of_other_machines_are_swept_after_a_day(tmp_path):
    fresh, old = (tmp_path / f".file.txt.{'0' * 8}.{name}.part" for name in ("aaaaaaaa", "bbbbbbbb"))
    for path in (fresh, old):
        path.write_text("half")
    os.utime(old, (0, 0))
    write_text(tmp_path / "file.txt", "x")
    assert sorted(tmp_path.iterdir()) == sorted([fresh, tmp_path / "file.txt"])


def test_a_writer_that_renames_keeps_the_others(tmp_path):
    """`write_text` as the writer of `write_together` replaces the temporary files by new ones, without their locks."""
    paths = [tmp_path / name for name in "abc"]
    write_together({path: partial(write_text, text=path.name) for path in paths})
    assert [path.read_text() for path in paths] == ["a", "b", "c"]
    assert len(list(tmp_path.iterdir())) == 3


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    write_text(tmp_path / "file.txt", "x")
    assert done == ["fsync", "replace"]


def test_permissions_of_the_old_file_are_kept(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    path.chmod(0o640)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


# Places where nothing can be written


@pytest.mark.parametrize(
    ("name", "message"),
    [("x" * 300, "too long"), (".", "is a folder"), ("a\0b", "null"), ("file/below", "cannot write")],
)
def test_places_that_cannot_be_written(name, message, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=message):
        write_text(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_names_as_long_as_the_file_system_allows(tmp_path):
    for name in ("x" * 255, "é" * 127, "漢" * 85):
        write_text(tmp_path / name, "x")
        assert (tmp_path / name).read_text() == "x"


def test_outputs_are_checked_before_anything_is_computed(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("x")
    (tmp_path / "hard").hardlink_to(source)
    (tmp_path / "soft").symlink_to(source)
    for path in (source, tmp_path / "hard", tmp_path / "soft", tmp_path / "." / "in.csv"):
        with pytest.raises(OutputError, match="read as well"):
            check_output(path, inputs=[tmp_path / "no", source, "a\0b"])
    with pytest.raises(OutputError, match="there is no folder"):
        check_output(tmp_path / "no" / "out.csv")
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path)
    check_output(tmp_path / "out.csv", inputs=[source])
    check_output(Path("/dev/null"), inputs=["/dev/null"])

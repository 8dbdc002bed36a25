"""Files are written whole or not at all."""

from __future__ import annotations

import stat

import pytest

from embench.common.files import atomic_path, write_text, write_together
from embench.errors import OutputError


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

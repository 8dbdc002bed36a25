"""One cache folder on every platform, and files that count only as they were written."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from embench.common.cache import ResultCache, cache_folder, digest_of, read_checked, write_checked
from embench.errors import OutputError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """No setting for the cache, and a home of its own."""
    for name in ("EMBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return monkeypatch


linux = pytest.mark.skipif(sys.platform != "linux", reason="XDG folders")


@linux
@pytest.mark.parametrize(
    ("xdg", "expected"),
    [
        (None, ".cache/embench"),
        ("", ".cache/embench"),  # set and empty is not set
        ("relative", ".cache/embench"),  # the XDG specification: relative paths must be ignored
        ("./", ".cache/embench"),
        ("{home}/elsewhere", "elsewhere/embench"),
    ],
)
def test_the_folder_on_linux(bare, tmp_path, xdg, expected):
    if xdg is not None:
        bare.setenv("XDG_CACHE_HOME", xdg.format(home=tmp_path))
    assert cache_folder() == tmp_path / expected
    assert cache_folder("features") == tmp_path / expected / "features"
    assert list(tmp_path.iterdir()) == []  # asking makes no folder


@pytest.mark.parametrize("xdg", [None, "", "{home}/elsewhere"])
def test_the_own_variable_wins(bare, tmp_path, xdg):
    if xdg is not None:
        bare.setenv("XDG_CACHE_HOME", xdg.format(home=tmp_path))
    bare.setenv("EMBENCH_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    bare.setenv("EMBENCH_CACHE", "")
    assert cache_folder() != Path()
    assert cache_folder().is_absolute()


@linux
@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_the_working_directory_stays_clean(bare, tmp_path, home):
    """An account that the system does not know, as in containers: no folder can be named, and that is said."""
    bare.setattr("pwd.getpwuid", lambda number: (_ for _ in ()).throw(KeyError(number)))
    if home is None:
        bare.delenv("HOME")
    else:
        bare.setenv("HOME", home)
    with pytest.raises(OutputError, match="set EMBENCH_CACHE"):
        cache_folder()
    bare.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache/embench"


@linux
def test_the_command_says_so_without_a_home(tmp_path):
    code = "import pwd\ndef unknown(n): raise KeyError(n)\npwd.getpwuid = unknown\nfrom embench.cli import main\nmain()"
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "EMBENCH_CACHE", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code, "baseline", "run", "median", "--out", str(tmp_path)],
        env={**environment, "PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "set EMBENCH_CACHE" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_folder_on_macos(bare, tmp_path):
    from platformdirs.macos import MacOS

    bare.setattr("platformdirs.PlatformDirs", MacOS)
    assert cache_folder() == tmp_path / "Library/Caches/embench"


def test_a_file_counts_only_as_it_was_written(tmp_path):
    path = tmp_path / "sub" / "file"
    payload = b"first line\nsecond\x00line\n"
    assert read_checked(path, "key") is None
    write_checked(path, "key", payload)
    assert read_checked(path, "key") == payload
    assert read_checked(path, "other key") is None
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        assert read_checked(path, "key") is None, at
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert read_checked(path, "key") is None, at
    path.write_bytes(whole + b" ")
    assert read_checked(path, "key") is None
    write_checked(path, "key", b"")
    assert read_checked(path, "key") == b""
    path.unlink()
    path.mkdir()
    assert read_checked(path, "key") is None


def test_results_are_what_json_gives_back(tmp_path):
    kept, key = ResultCache(tmp_path), digest_of({"a": 1})
    first = kept.get(key, lambda: {"pair": (1, 0.1 + 0.2), "none": float("nan"), "é": "Å"})
    assert first["pair"] == [1, 0.1 + 0.2]
    again = kept.get(key, lambda: pytest.fail("computed again"))
    assert math.isnan(first.pop("none"))
    assert math.isnan(again.pop("none"))
    assert again == first
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1}) != digest_of({"a": 1, "b": 3})


def test_what_is_no_mapping_is_not_given_back(tmp_path):
    kept = ResultCache(tmp_path)
    kept.write("key", {"a": 1})
    (path,) = tmp_path.rglob("*.json")
    for payload in (b"[]", b"{", b"\xff"):
        write_checked(path, "key", payload)
        assert kept.read("key") is None


def test_without_a_folder_nothing_is_kept():
    kept = ResultCache(None)
    assert [kept.get("key", lambda value=value: {"a": value}) for value in (1, 2)] == [{"a": 1}, {"a": 2}]


def test_where_nothing_can_be_kept_the_way_out_is_named(tmp_path):
    """A home that is a file, as one that cannot be written is to us."""
    from embench.common.cache import write_checked
    from embench.errors import OutputError

    (tmp_path / "home").write_text("")
    with pytest.raises(OutputError, match="set EMBENCH_CACHE to a folder that can be written"):
        write_checked(tmp_path / "home" / "embench" / "a.json", "key", b"{}")

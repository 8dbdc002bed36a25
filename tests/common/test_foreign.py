"""What files are that should be others."""

from __future__ import annotations

import bz2
import lzma
import pickle

import numpy as np
import pandas as pd
import pytest

from embench.common.foreign import foreign_hint, lfs_hint, lfs_hint_of

# As git-lfs writes it (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def test_pointers_of_git_lfs(tmp_path):
    assert "git lfs pull" in (lfs_hint(POINTER) or "")
    assert "git lfs pull" in (foreign_hint(POINTER) or "")
    assert lfs_hint(b"entry_id,prediction\n") is None
    (tmp_path / "file").write_bytes(POINTER)
    assert lfs_hint_of(tmp_path / "file") == lfs_hint(POINTER)
    assert lfs_hint_of(tmp_path / "no") is None


def made(tmp_path, name: str) -> bytes:
    """Bytes as the libraries write them today."""
    frame, path = pd.DataFrame({"entry_id": ["a"], "prediction": [1.0]}), tmp_path / "file"
    if name == "numpy":
        np.save(path, [1.0])
        return path.with_suffix(".npy").read_bytes()
    if name == "feather":
        frame.to_feather(path)
        return path.read_bytes()
    text = frame.to_csv().encode()
    return {
        "bzip2": bz2.compress(text),
        "xz": lzma.compress(text),
        "pickle": pickle.dumps(frame),
        "old pickle": pickle.dumps(frame, protocol=2),
        "utf-16": text.decode().encode("utf-16"),
        "page": b"\n\n<!DOCTYPE html>\n<html lang='en'>",
    }[name]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("numpy", "a numpy array"),
        ("feather", "an Arrow or Feather file"),
        ("bzip2", "bzip2"),
        ("xz", "xz"),
        ("pickle", "runs code"),
        ("old pickle", "runs code"),
        ("utf-16", "save it as UTF-8"),
        ("page", "web page"),
    ],
)
def test_kinds_are_named(name, says, tmp_path):
    assert says in (foreign_hint(made(tmp_path, name)) or "")

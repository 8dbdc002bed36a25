"""Reading the pre-training corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embench.baselines.alignn.corpus import rank_gauss, read_corpus
from embench.errors import CorpusError


def row(name: str, value: float, sha1: str, *, held_out: bool = False, n: int = 1) -> dict[str, object]:
    return {
        "property": name,
        "target_scaled": value,
        "held_out": held_out,
        "structure_sha1": sha1,
        "lattice": (np.eye(3) * 4.0).ravel().tolist(),
        "atomic_numbers": [11] * n,
        "frac_coords": np.linspace(0, 0.9, 3 * n).tolist(),
    }


def corpus_file(path: Path, rows: list[dict[str, object]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_properties_of_one_crystal_are_joined(tmp_path: Path) -> None:
    rows = [
        row("gap", 0.5, "bb"),
        row("modulus", -0.25, "bb", held_out=True),
        row("gap", 0.1, "aa"),
        row("gap", 0.3, "aa"),
        row("gap", 0.9, "cc", n=9),
    ]
    corpus = read_corpus(corpus_file(tmp_path / "corpus.parquet", rows), most_atoms=8)
    assert corpus.properties == ("gap", "modulus")
    assert corpus.checksums == ("aa", "bb")
    assert [len(crystal.atomic_numbers) for crystal in corpus.crystals] == [1, 1]
    np.testing.assert_allclose(corpus.targets, [[0.2, np.nan], [0.5, -0.25]])
    assert corpus.held_out.tolist() == [False, True]
    assert corpus.counts() == {"gap": 2, "modulus": 1}


def test_the_public_corpus_has_the_counts_of_its_source(shared: Path) -> None:
    # The counts are printed in the README of the shared folder: pairs; some crystals have a property twice.
    corpus = read_corpus(shared / "pretraining" / "bulk_properties.parquet")
    assert len(corpus) == 28232
    assert len(corpus.properties) == 7
    assert corpus.counts()["formation_energy"] <= 8741


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lattice": [0.0] * 9}, "row 1: .* no volume"),
        ({"frac_coords": [0.0, 0.5]}, "row 1: not a crystal"),
        ({"frac_coords": [0.0, 0.5, float("nan")]}, "row 1: .*not finite"),
    ],
)
def test_a_row_that_is_no_crystal_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    rows = [row("gap", 0.5, "aa"), row("gap", 0.5, "bb") | change]
    with pytest.raises(CorpusError, match=message):
        read_corpus(corpus_file(tmp_path / "corpus.parquet", rows))


def test_a_file_that_is_no_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no Parquet")
    with pytest.raises(CorpusError, match="cannot be read as Parquet"):
        read_corpus(tmp_path / "text")
    pq.write_table(pa.table({"property": ["gap"]}), tmp_path / "lacking.parquet")
    with pytest.raises(CorpusError, match="lacks the columns target_scaled"):
        read_corpus(tmp_path / "lacking.parquet")
    with pytest.raises(CorpusError, match="at most 2 atoms"):
        read_corpus(corpus_file(tmp_path / "large.parquet", [row("gap", 0.5, "aa", n=3)]), most_atoms=2)


def test_normal_scores_of_ranks() -> None:
    # Blom's scores of three values: the quantiles of (r - 3/8) / (3 + 1/4), r = 1, 2, 3; tables give ±0.8694 and 0.
    scores = rank_gauss(np.array([[5.0, np.nan], [100.0, 1.0], [-7.0, np.nan]]))
    np.testing.assert_allclose(scores[:, 0], [0.0, 0.8694, -0.8694], atol=1e-4)
    np.testing.assert_allclose(scores[:, 1], [np.nan, 0.0, np.nan], atol=1e-12)

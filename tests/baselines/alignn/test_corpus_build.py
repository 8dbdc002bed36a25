"""The corpus that is built of public datasets, and what it shares with the dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure
from typer.testing import CliRunner

import embench
from embench.baselines.alignn.corpus import Corpus, read_corpus
from embench.baselines.alignn.corpus_build import (
    SOURCES,
    build_corpus,
    property_rows,
    property_source,
    structure_sha1,
    with_structures,
)
from embench.baselines.alignn.graphs.bands import Crystal
from embench.baselines.alignn.overlap import find_overlap, reduced, renew_table
from embench.cli.app import app
from embench.errors import CorpusError, InvalidValueError, UnknownNameError

SALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
IRON = Structure(Lattice.cubic(2.87), ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def as_matminer_saves(frame: pd.DataFrame, path: Path) -> None:
    """Write what matminer.utils.io.store_dataframe_as_json writes."""
    rows = [[x.as_dict() if isinstance(x, Structure) else x for x in row] for row in frame.itertuples(index=False)]
    path.write_text(json.dumps({"index": list(frame.index), "columns": list(frame.columns), "data": rows}))


def test_a_corpus_from_files(tmp_path):
    gaps = pd.DataFrame({"structure": [SALT, IRON, IRON], "gap pbe": [5.0, 0.0, 1.0]})
    peaks = pd.DataFrame({"structure": [IRON, SALT, None], "last phdos peak": [300.0, 250.0, 100.0]})
    as_matminer_saves(gaps, tmp_path / "gaps.json")
    as_matminer_saves(peaks, tmp_path / "peaks.json")
    sources = [f"band_gap={tmp_path / 'gaps.json'}", f"phonon_peak={tmp_path / 'peaks.json'}"]
    assert build_corpus(sources, tmp_path / "corpus.parquet") == {"band_gap": 3, "phonon_peak": 2}
    corpus = read_corpus(tmp_path / "corpus.parquet")
    assert corpus.properties == ("band_gap", "phonon_peak")
    by_formula = {reduced(crystal.atomic_numbers): row for row, crystal in enumerate(corpus.crystals)}
    salt, iron = by_formula[(11, 1), (17, 1)], by_formula[((26, 1),)]
    # 5, 0 and 1 eV are 1, -1 and -0.6; two values of one structure are averaged when the corpus is read.
    np.testing.assert_allclose(corpus.targets[salt], [1.0, -1.0])
    np.testing.assert_allclose(corpus.targets[iron], [-0.8, 1.0], rtol=1e-6)
    np.testing.assert_allclose(corpus.crystals[salt].lattice, 5.64 * np.eye(3), atol=1e-6)
    np.testing.assert_allclose(corpus.crystals[salt].frac_coords, SALT.frac_coords, atol=1e-6)


def test_columns_are_those_of_the_given_corpus(tmp_path, shared):
    import pyarrow.parquet as pq

    as_matminer_saves(pd.DataFrame({"structure": [SALT, IRON], "gap pbe": [5.0, 0.0]}), tmp_path / "gaps.json")
    build_corpus([f"band_gap={tmp_path / 'gaps.json'}"], tmp_path / "corpus.parquet")
    given = pq.read_schema(shared / "pretraining" / "bulk_properties.parquet")
    assert pq.read_schema(tmp_path / "corpus.parquet").names == given.names
    known = set(pq.read_table(shared / "pretraining" / "bulk_properties.parquet", columns=["property"])[0].to_pylist())
    assert {source.name for source in SOURCES} == known


def test_structures_by_identifier():
    gaps = pd.DataFrame({"formula": ["NaCl", "Xe"], "expt_gap": [8.5, 9.0], "likely_mpid": ["mp-1", None]})
    known = pd.DataFrame({"mpid": ["mp-2", "mp-1"], "structure": [IRON, SALT]})
    joined = with_structures(gaps, known, "likely_mpid", "mpid", "structure", "structure")
    assert joined["structure"].tolist() == [SALT, None]
    with pytest.raises(CorpusError, match="no two different values"):
        property_rows(joined, property_source("band_gap_experimental"))


def test_checksums():
    import hashlib
    import struct

    # By hand: nine floats, two bytes, six floats.
    lattice, coords = (2.0, 0, 0, 0, 2.0, 0, 0, 0, 2.0), (0, 0, 0, 0.5, 0.5, 0.5)
    expected = hashlib.sha1(struct.pack("<9f", *lattice) + bytes([55, 17]) + struct.pack("<6f", *coords)).hexdigest()
    assert structure_sha1(lattice, [55, 17], coords) == expected[:16]


def test_faults_are_named(tmp_path):
    with pytest.raises(UnknownNameError, match="band_gap"):
        build_corpus(["band_gaps"], tmp_path / "corpus.parquet")
    with pytest.raises(CorpusError, match="no column 'gap pbe'; it has: structure, gap"):
        property_rows(pd.DataFrame({"structure": [SALT], "gap": [1.0]}), property_source("band_gap"))
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(CorpusError, match="no dataset that matminer saved"):
        build_corpus([f"band_gap={tmp_path / 'bad.json'}"], tmp_path / "corpus.parquet")
    assert not (tmp_path / "corpus.parquet").exists()


def corpus_of(*structures: Structure) -> Corpus:
    crystals = tuple(Crystal(s.lattice.matrix, s.frac_coords, np.array(s.atomic_numbers, np.uint8)) for s in structures)
    checksums = tuple(map(str, range(len(crystals))))
    return Corpus(("band_gap",), checksums, crystals, np.zeros((len(crystals), 1)), np.zeros(len(crystals), bool))


def test_overlap():
    """The corpus holds the host of one entry, in another cell and 3 % larger, and a stranger of its formula."""
    entries = embench.load()
    entry = min(entries, key=lambda entry: entry.n_sites)
    host = entry.structure()
    host.remove_sites([0])
    host.make_supercell([2, 1, 1])
    host.scale_lattice(host.volume * 1.03**3)
    moved = host.copy()
    moved.perturb(0.9)
    other = next(e for e in entries if reduced(e.atomic_numbers) != reduced(entry.atomic_numbers))
    chosen = entries.select([entry.entry_id, other.entry_id])
    found = find_overlap(chosen, corpus_of(IRON, host))
    assert found[entry.entry_id].structures == (False, True, False)
    assert found[entry.entry_id].formula
    assert not any(found[other.entry_id].structures)
    assert not any(find_overlap(chosen, corpus_of(moved))[entry.entry_id].structures)
    full = entry.structure()
    assert find_overlap(chosen, corpus_of(full))[entry.entry_id].structures[0]


def test_the_page_is_renewed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- overlap: begin -->\nold\n<!-- overlap: end -->\nafter\n")
    renew_table(page, "| new |")
    assert page.read_text() == "before\n<!-- overlap: begin -->\n| new |\n<!-- overlap: end -->\nafter\n"
    page.write_text("nothing")
    with pytest.raises(InvalidValueError, match="no place for the table"):
        renew_table(page, "| new |")


def test_commands(tmp_path):
    as_matminer_saves(pd.DataFrame({"structure": [SALT, IRON], "gap pbe": [5.0, 0.0]}), tmp_path / "gaps.json")
    out = tmp_path / "corpus.parquet"
    made = CliRunner().invoke(app, ["alignn", "corpus", f"band_gap={tmp_path / 'gaps.json'}", "--out", str(out)])
    assert made.exit_code == 0, made.output
    assert "2 rows (band_gap 2)" in made.output
    for name in ("pretrain", "finetune", "corpus", "overlap", "curves", "import-checkpoint"):
        shown = CliRunner().invoke(app, ["alignn", name, "--help"])
        assert shown.exit_code == 0, shown.output
    refused = CliRunner().invoke(app, ["alignn", "finetune", "--patience", "3", "--out", str(tmp_path / "run")])
    assert refused.exit_code == 2
    assert "--validation host" in refused.output

"""What potentials agree on: by hand, as it ships, and read by no baseline."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import embench
from embench.audit import Potential
from embench.audit.consensus import COLUMNS, consensus_bytes, consensus_table, find_consensus, read_consensus
from embench.baselines.registry import BASELINES
from embench.cli.app import app
from embench.common import code
from embench.common.shipped import resource_folder

REPOSITORY = Path(__file__).parents[2]


def test_a_family_counts_once():
    potentials = [
        Potential("mace-a", {"x": 1.0, "y": 0.5}),
        Potential("mace-b", {"x": 3.0}),
        Potential("orb-v3", {"x": 1.4}),
        Potential("mace-no-relax", {"x": 90.0, "z": 5.0}),
    ]
    x, y, z = find_consensus({"x": 0.5, "y": 0.5, "z": 0.5}, potentials)
    # MACE says 2.0, the median of its two; Orb 1.4.
    assert (x.barrier_median, x.barrier_spread, x.n_families) == (1.7, 0.6, 2)
    assert x.families == ("mace", "orb")
    assert (y.barrier_median, y.barrier_spread, y.n_families) == (0.5, None, 1)
    assert (z.barrier_median, z.n_families, z.families) == (None, 0, ())
    assert [row.label_contradicted for row in (x, y, z)] == [False, False, False]


def test_contradiction_is_the_rule_of_the_label_audit():
    potentials = [Potential("orb-v3", {"x": 1.5, "y": 1.5}), Potential("mace-relax", {"x": 1.6, "y": 0.6})]
    assert [row.label_contradicted for row in find_consensus({"x": 0.5, "y": 0.5}, potentials)] == [True, False]


def test_committed_is_what_the_command_makes():
    done = CliRunner().invoke(app, ["data", "consensus", "--check"])
    assert done.exit_code == 0, done.exception


def test_shipped_table_is_typed_and_complete():
    table = pq.read_table(io.BytesIO(consensus_bytes()))
    assert table.column_names == [column.name for column in COLUMNS]
    assert table.column("entry_id").to_pylist() == list(embench.load().entry_ids)
    for column in COLUMNS:
        field = table.schema.field(column.name)
        assert field.metadata[b"description"].decode() == column.description
        assert field.nullable is column.nullable
    assert consensus_table(list(read_consensus().values())).equals(table)


def test_shipped_table_agrees_with_the_literature():
    """Orb-v3 and SevenNet of the source's files and MACE of the sheet, by hand for one training entry."""
    row = read_consensus()["AlFe2O4_1"]
    assert {"mace", "orb", "sevennet"} <= set(row.families)
    if row.families == ("mace", "orb", "sevennet"):
        assert row.barrier_median in (pytest.approx(1.178833, abs=1e-6), pytest.approx(1.234558, abs=1e-6))


def test_no_baseline_reads_it():
    """Neither the code that a baseline is made of, nor what it reads besides: it would be fitted to the labels' kin."""
    assert resource_folder("consensus").name == "consensus"
    for spec in BASELINES:
        assert "consensus" not in spec.resources
        modules = _modules_behind(spec.factory, *([spec.prepare] if spec.prepare else []))
        assert spec.factory.partition(":")[0] in modules
        assert not {name for name in modules if "consensus" in name or name == "embench.audit.evidence"}
    # The walk would find it: the evaluation does read the table.
    assert "embench.audit.consensus" in _modules_behind("embench.evaluation.breakdown:SUBSETS")


def _modules_behind(*paths):
    """Return the modules of embench that code behind ``module:name`` imports, directly or not."""
    waiting, found = [path.partition(":")[0] for path in paths], set()
    while waiting:
        name = waiting.pop()
        file = code._source_file(name)
        if name not in found and file is not None:
            found.add(name)
            waiting += [each for each in code._imports(file.read_bytes(), name, file) if each.startswith("embench.")]
    return found

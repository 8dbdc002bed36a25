"""A protocol is one entry of the registry: everything that lists protocols knows a made-up one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"

# The registry with one more entry, before anything has read it; the folds are read from a folder of the test.
PROGRAM = """
import json, sys
from pathlib import Path

from embench.splits import registry

registry.PROTOCOLS += (
    registry.ProtocolSpec(
        name="compound-5fold",
        title="Unseen compounds",
        kind="k-fold",
        column="group_compound",
        n_folds=5,
        n_bins=10,
        n_seeds=1,
        measures="barriers in compounds that the model has not seen",
    ),
)
# The package has read the registry already, by importing it.
import embench.splits

embench.splits.PROTOCOLS = registry.PROTOCOLS

folder = Path(sys.argv[1])
import embench.splits.load
from embench.common import shipped

found = shipped.resource_folder
shipped.resource_folder = lambda name: folder / "splits" if name == "splits" else found(name)
embench.splits.load.resource_folder = shipped.resource_folder

import embench
from embench.baselines.registry import BASELINES
from embench.evaluation.protocols import protocol_of_name
from embench.leaderboard.board.content import ordered_protocols
from embench.leaderboard.submission.read import json_schema, submission_from
from embench.pages import protocols
from embench.release.card import protocols as card_table
from embench.splits.make import make_splits, write_splits

from embench.schema import DEFAULT, FIRST
from embench.splits.load import made_manifest
from embench.splits.revision import manifest_name

# What make generated does: the folds, those of the version of now, and the digests of both.
first = embench.load(version=FIRST.version)
write_splits(make_splits(first), folder / "splits")
shipped.DIGESTS = shipped.digests_of_now()
(folder / "splits" / manifest_name(DEFAULT.version)).write_text(made_manifest(first, DEFAULT))
shipped.DIGESTS = shipped.digests_of_now()
fields = json.loads((folder / "fields.json").read_text())
fields["authors"] = tuple(fields["authors"])
submission = submission_from(fields, folder / "mine")
made = embench.protocol("compound-5fold")
guess = {entry_id: 0.6 for entry_id in made.scored_ids}
print(json.dumps({
    "names": list(embench.splits.protocol_names()),
    "schema": json_schema()["properties"]["predictions"],
    "board": [(spec.name, spec.title) for spec in ordered_protocols()],
    "readme": protocols.protocols_table(),
    "card": card_table(),
    "submitted": submission.protocols(),
    "told by the name": protocol_of_name(Path("compound-5fold.csv")),
    "folds": [len(fold.test_ids) for fold in made],
    "scored": embench.evaluate(guess, "compound-5fold", resamples=100).coverage.scored,
    "baselines": sorted({name for spec in BASELINES for name in spec.protocols}),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    from tests.leaderboard.make import fields

    folder = tmp_path_factory.mktemp("protocol")
    described = fields(predictions={"compound-5fold": "compound-5fold.csv"}, n_predicted=616)
    (folder / "fields.json").write_text(json.dumps(described), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_everything_knows_it(found):
    assert found["names"][-1] == "compound-5fold"
    assert "compound-5fold" in json.dumps(found["schema"])
    assert ["compound-5fold", "Unseen compounds"] in found["board"]
    for table in ("readme", "card"):
        (row,) = (line for line in found[table].splitlines() if line.startswith("| `compound-5fold` |"))
        assert row.endswith("| barriers in compounds that the model has not seen |")
    assert found["submitted"] == ["compound-5fold"]
    assert found["told by the name"] == "compound-5fold"


@pytest.mark.slow
def test_it_is_made_and_scored(found):
    assert len(found["folds"]) == 5
    assert sum(found["folds"]) == found["scored"] == 615


@pytest.mark.slow
def test_no_baseline_has_to_be_run_on_it(found):
    assert "compound-5fold" not in found["baselines"]


def test_the_table_in_readme_is_current():
    """``make generated`` renews it."""
    from embench.pages.protocols import renewed

    assert renewed(README) == README.read_text(encoding="utf-8")


def test_a_name_of_no_protocol_is_refused():
    from embench.errors import SubmissionError
    from embench.leaderboard.submission.read import submission_from
    from tests.leaderboard.make import fields

    content = fields(predictions={"compound-5fold": "compound-5fold.csv"}, n_predicted=616)
    content["authors"] = tuple(content["authors"])
    with pytest.raises(SubmissionError, match="compound-5fold"):
        submission_from(content, Path("mine"))

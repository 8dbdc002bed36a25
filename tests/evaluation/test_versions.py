"""Predictions scored on the versions of the dataset: what remains stays valid, what is dropped is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import InvalidValueError, PredictionsError
from embench.evaluation.protocols import protocols_of_entries
from embench.evaluation.ranking import rank_evaluations

DROPPED = "M-MnPO4_Na_1"


def guess(version: str) -> dict[str, float]:
    ids = embench.protocol("host-10fold", version=version).scored_ids
    return {entry_id: 0.5 + i / 1000 for i, entry_id in enumerate(ids)}


@pytest.fixture(scope="module")
def old() -> dict[str, float]:
    return guess("1.0.0")


def test_predictions_for_the_version_before_stay_valid(old):
    found = embench.evaluate(old, "host-10fold", resamples=100)
    assert (found.n, found.dataset_version) == (615, "1.1.0")
    assert found.warnings == (f"1 prediction for {DROPPED}, which dataset 1.1.0 no longer scores: ignored",)
    labels = dict(zip(embench.load().entry_ids, embench.load().column("migration_barrier").tolist(), strict=True))
    errors = [abs(value - labels[entry_id]) for entry_id, value in old.items() if entry_id != DROPPED]
    assert found.metrics["mae"].value == pytest.approx(np.mean(errors))
    assert "default-1.1.0.parquet" in found.checksums


def test_the_version_before_scores_all_of_them(old):
    found = embench.evaluate(old, "host-10fold", resamples=100, dataset_version="1.0.0")
    assert (found.n, found.dataset_version, found.warnings) == (616, "1.0.0", ())
    now = embench.evaluate(old, "host-10fold", resamples=100)
    same = embench.evaluate(old, "host-10fold", resamples=100, dataset_version="1.1.0")
    assert same.metrics == now.metrics != found.metrics


def test_predictions_of_the_later_version_are_told_where_they_are_complete(old):
    kept = {entry_id: value for entry_id, value in old.items() if entry_id != DROPPED}
    assert embench.evaluate(kept, "host-10fold", resamples=100).warnings == ()
    with pytest.raises(PredictionsError, match=r"(?s)lacks 1 of the 616.*Dataset 1\.1\.0 no longer scores it"):
        embench.evaluate(kept, "host-10fold", resamples=100, dataset_version="1.0.0")
    del kept["LiRuO2_1"]
    with pytest.raises(PredictionsError, match="lacks 2 of the 616") as raised:
        embench.evaluate(kept, "host-10fold", resamples=100, dataset_version="1.0.0")
    assert "no longer scores" not in str(raised.value)
    with pytest.raises(PredictionsError, match="lacks 1 of the 615"):
        embench.evaluate(kept, "host-10fold", resamples=100)


def test_other_entries_that_are_not_scored_are_counted_apart(old):
    more = old | {"Na4MnAlP3O12_1": 0.5}
    found = embench.evaluate(more, "host-10fold", resamples=100)
    assert found.warnings == (
        f"1 prediction for {DROPPED}, which dataset 1.1.0 no longer scores: ignored",
        "1 prediction for entries that the protocol host-10fold does not score: ignored",
    )


def test_the_protocol_is_told_by_the_entries_of_either_version(old):
    """Several protocols score all of these, so that the question stays open in the same way."""
    kept = set(old) - {DROPPED}
    assert protocols_of_entries(old) == protocols_of_entries(kept) == protocols_of_entries(old, "1.0.0")
    assert protocols_of_entries(embench.protocol("published").scored_ids, "1.0.0") == ("published",)


def test_a_subset_may_name_a_column_of_the_version(old):
    found = embench.evaluate(old, "host-10fold", resamples=100, subset={"hubbard_u": True}, metrics=["mae"])
    (own,) = (part for part in found.subsets if part.name == "subset")
    scored = embench.load().select(embench.protocol("host-10fold").scored_ids)
    assert own.n == len(scored.filter(hubbard_u=True))


def test_systems_are_not_ranked_across_versions(old):
    one, other = (
        embench.evaluate(old, "host-10fold", resamples=100, dataset_version=version) for version in ("1.0.0", "1.1.0")
    )
    with pytest.raises(InvalidValueError):
        rank_evaluations([one, other])


def test_load_predictions_has_the_rows_of_the_version():
    table = embench.load_predictions("host-10fold", systems=["median"], dataset_version="1.0.0")
    assert len(table) == 616
    assert DROPPED in table.index
    now = embench.load_predictions("host-10fold", systems=["median"])
    assert list(now.index) == [entry_id for entry_id in table.index if entry_id != DROPPED]


def test_cross_validate_takes_the_folds_of_the_version():
    class Middle:
        def fit(self, train):
            self.value = float(np.median(train.column("migration_barrier")))
            return self

        def predict(self, test):
            return np.full(len(test), self.value)

    found = embench.cross_validate(Middle(), "host-10fold", dataset_version="1.0.0")
    assert len(found) == 616
    assert DROPPED in found.entry_ids
    now = embench.cross_validate(Middle(), "host-10fold")
    assert len(now) == 615
    assert DROPPED not in now.entry_ids


def test_the_command_line_scores_on_a_version(tmp_path, old):
    path = tmp_path / "host-10fold.csv"
    path.write_text("entry_id,prediction\n" + "".join(f"{key},{value}\n" for key, value in old.items()))
    arguments = ["evaluate", str(path), "--resamples", "100", "--json", "-"]
    document = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert (document["dataset_version"], document["n"]) == ("1.1.0", 615)
    before = json.loads(CliRunner().invoke(app, [*arguments, "--dataset-version", "1.0.0"]).stdout)
    assert (before["dataset_version"], before["n"]) == ("1.0.0", 616)
    refused = CliRunner().invoke(app, [*arguments, "--dataset-version", "3"])
    assert refused.exit_code != 0

"""The model that knows first-hand NEB bands: what is missing is masked, no label of the scored side is read."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import embench
from embench.baselines.models import conformal, distilled, gated, neb_tables, pathway_neb, stack
from embench.baselines.models.conformal import grouped_folds
from embench.baselines.models.neb_tables import HEIGHTS, NAMES, POTENTIALS, features_of, of_entries, shipped_tables
from embench.baselines.models.pathway_neb import FirstLevel, OfPotential, PathwayNeb
from embench.baselines.registry import baseline_spec
from embench.common.shipped import resource_folder
from embench.dataset import Dataset
from embench.errors import BaselineError
from embench.neb.inputs import NebInputs, NebTable, table_bytes
from embench.neb.store import RunStore
from tests.baselines.test_models import quick_table

# ------------------------------------------------------------------------------------------------------ the tables


def test_features_by_hand() -> None:
    row = NebInputs(
        entry_id="a",
        barrier=1.2,
        forward=1.2,
        backward=0.7,
        failures="ends_apart clash",
        start_ion=0.1,
        end_ion=0.3,
        start_framework=0.5,
        end_framework=0.2,
        hop_guess=2.0,
        hop_length=3.0,
        path_length=3.6,
        clearance=1.8,
        saddle_anion=1.8,
        ends_anion=2.4,
    )
    found = dict(zip(NAMES, features_of([row])[0], strict=True))
    assert found["highest"] == pytest.approx(np.log(1.5))
    assert (found["lower"], found["higher"]) == (pytest.approx(0.0), pytest.approx(np.log(1.5)))
    assert found["apart"] == pytest.approx(0.5)
    assert (found["ends_apart"], found["not_converged"]) == (1.0, 0.0)
    assert found["path_log"] == pytest.approx(np.log(3.6))
    assert (found["detour"], found["hop_ratio"]) == (pytest.approx(1.2), pytest.approx(1.5))
    assert (found["framework_most"], found["framework_least"], found["ion_moved"]) == (0.5, 0.2, 0.3)
    assert found["squeeze"] == pytest.approx(0.75)
    assert np.isnan(found["squeeze_three"])


def test_a_hop_without_a_band_has_no_features() -> None:
    assert np.isnan(features_of([None])).all()
    assert features_of([]).shape == (0, len(NAMES))
    entries = embench.load().select(["KNiF3", "Li3OBr_1"])
    row = NebInputs(entry_id="Li3OBr_1", barrier=0.4, forward=0.4, backward=0.4)
    found = of_entries({"chgnet": {"Li3OBr_1": row}, "sevennet-0": {}}, entries)
    assert found.shape == (2, 2 * len(NAMES))
    assert found[1, 0] == pytest.approx(np.log(0.7))
    assert np.isfinite(found).sum() == np.isfinite(found[1, : len(NAMES)]).sum()


def test_shipped_tables_are_those_of_the_runs() -> None:
    """The barriers are those of the lines that the runs have written, and whatever was computed later is missing."""
    found = shipped_tables()
    assert tuple(found) == POTENTIALS
    for name, run in (("chgnet", "chgnet-0.3.0"), ("sevennet-0", "sevennet-0")):
        results = RunStore(resource_folder("neb-inputs").parent / "neb" / run).results()
        assert len(found[name]) >= 40
        for entry_id, row in found[name].items():
            assert row.barrier == results[entry_id].barrier_max_minus_min
            assert row.failures.split() == list(results[entry_id].flags)
            assert row.saddle_anion is not None


def test_a_table_that_does_not_ship_is_said(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(neb_tables, "resource_folder", lambda _: tmp_path)
    with pytest.raises(BaselineError, match=r"chgnet\.parquet: No such file.*keyword tables"):
        shipped_tables()
    table = NebTable(
        potential="chgnet",
        protocol="p",
        version="1",
        rows={"a": NebInputs(entry_id="a", barrier=1.0, forward=1.0, backward=1.0)},
    )
    (tmp_path / "chgnet.parquet").write_bytes(table_bytes(table))
    with pytest.raises(BaselineError, match="is not the file that this embench was released with"):
        shipped_tables()


def test_a_table_of_another_potential_is_said(monkeypatch, tmp_path) -> None:
    content = (resource_folder("neb-inputs") / "sevennet-0.parquet").read_bytes()
    (tmp_path / "chgnet.parquet").write_bytes(content)
    monkeypatch.setattr(neb_tables, "resource_folder", lambda _: tmp_path)
    from embench.common import shipped

    monkeypatch.setitem(shipped.DIGESTS["neb-inputs"], "chgnet.parquet", hashlib.sha256(content).hexdigest())
    with pytest.raises(BaselineError, match="bands of sevennet-0, not of chgnet"):
        shipped_tables()


def test_what_it_reads_counts_as_code(monkeypatch, tmp_path) -> None:
    from embench.common import code

    spec = baseline_spec("pathway-neb")
    assert spec.resources == ("neb-inputs",)
    assert {path.stem for path in resource_folder("neb-inputs").glob("*.parquet")} == set(POTENTIALS)
    before = code.code_digest(spec.factory, resources=spec.resources)
    (tmp_path / "chgnet.parquet").write_bytes(b"another")
    monkeypatch.setattr(code, "resource_folder", lambda _: tmp_path)
    assert code.code_digest(spec.factory, resources=spec.resources) != before


# ------------------------------------------------------------------------------------------------------- the parts


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("embench.baselines.features.feature_table", quick_table)
    monkeypatch.setattr(stack, "_WEIGHTINGS", stack._WEIGHTINGS[:1])
    monkeypatch.setattr(distilled, "_WEIGHTINGS", stack._WEIGHTINGS[:1])
    monkeypatch.setattr(pathway_neb, "LEAST_BARRIERS", 20)
    monkeypatch.setattr(conformal, "_TREES", 20)


def made_tables(entries, every: int = 2) -> dict[str, dict[str, NebInputs]]:
    """Bands that know the label but for a factor, of every second entry."""
    rows = {}
    for place, entry in enumerate(entries):
        if place % every == 0:
            barrier = 0.7 * float(entry.migration_barrier)
            rows[entry.entry_id] = NebInputs(
                entry_id=entry.entry_id, barrier=barrier, forward=barrier, backward=barrier, path_length=3.0
            )
    return {"chgnet": rows, "sevennet-0": {}}


@pytest.fixture(scope="module")
def tables(sides):
    train, test = sides
    first, second = made_tables(train), made_tables(test)
    return {name: first[name] | second[name] for name in POTENTIALS}


def learned(train, tables):
    """Return the features of the training side, their names, its targets and its hosts."""
    table, names = PathwayNeb(seed=0, tables=tables)._table(train)
    target = np.log(train.column("migration_barrier").astype(float) + 0.3)
    return table, names, target, [str(group) for group in train.column("group_host")]


def test_entries_without_a_band_have_no_candidate_of_it(quick, sides, tables) -> None:
    train, test = sides
    table, names, target, hosts = learned(train, tables)
    level = FirstLevel(names, [0]).fit(table, target, hosts)
    seen = level.predict(PathwayNeb(seed=0, tables=tables)._table(test)[0])
    known = np.array([entry_id in tables["chgnet"] for entry_id in test.entry_ids])
    assert known.any()
    assert not known.all()
    np.testing.assert_array_equal(np.isnan(seen.candidates[:, 1:3]), ~np.repeat(known[:, None], 2, axis=1))
    assert np.isnan(seen.candidates[:, 3:]).all()
    assert np.isfinite(seen.candidates[:, 0]).all()
    assert np.isfinite(seen.inputs).all()


def test_the_line_is_that_of_the_labels() -> None:
    """Barriers that are the label but for a line in log(E + 0.3), and one label that is far off."""
    rng = np.random.default_rng(0)
    heights = rng.normal(size=41)
    target = 0.2 + 1.5 * heights
    target[7] += 9.0
    names = ["composition:ion_a", "composition:b", "geometry:c", "radial:d", "functional:e"]
    names += [f"barriers:{profile}_x" for profile in stack.PROFILE_WEIGHTS]
    band = np.full((41, 2 * len(NAMES)), np.nan)
    band[:, 0] = heights
    table = np.column_stack([rng.normal(size=(41, len(names))), band])
    expected = rng.normal(size=(41, 1))
    _, line = OfPotential(names, 0).fit(table, expected, target).predict(table, expected)
    np.testing.assert_allclose(line, 0.2 + 1.5 * heights, atol=1e-9)


def test_what_a_band_does_not_tell_is_its_mean(quick, sides, tables) -> None:
    train, _ = sides
    table, names, target, _ = learned(train, tables)
    expected = np.zeros((len(train), 1))
    part = OfPotential(names[: -2 * len(NAMES)], 0).fit(table, expected, target)
    changed = table.copy()
    start = table.shape[1] - 2 * len(NAMES)
    place = start + NAMES.index("path_log")
    assert part._fill[NAMES.index("path_log")] == pytest.approx(np.log(3.0))
    changed[:, place] = np.nan
    np.testing.assert_allclose(part.predict(changed, expected)[0], part.predict(table, expected)[0])
    assert part._fill[NAMES.index("saddle_anion")] == 0.0


def test_inner_predictions_do_not_know_the_labels_of_their_fold(quick, sides, tables) -> None:
    train, _ = sides
    table, names, target, hosts = learned(train, tables)
    folds = grouped_folds(hosts, 5, 0)
    poisoned = target.copy()
    poisoned[folds[2]] = 5.0
    level = FirstLevel(names, [0])
    found, other = (level.out_of_fold(table, values, hosts, folds).candidates for values in (target, poisoned))
    np.testing.assert_array_equal(found[folds[2]], other[folds[2]])
    assert np.nanmax(np.abs(found - other)) > 0.1


# ---------------------------------------------------------------------------------------------------- the baseline


@pytest.mark.slow
def test_equal_seeds_give_equal_predictions(quick, sides, tables) -> None:
    train, test = sides
    first, again = (PathwayNeb(seed=1, tables=tables).fit(train).predict(test.without_targets()) for _ in range(2))
    first.check(len(test))
    np.testing.assert_array_equal(first.mean, again.mean)
    np.testing.assert_array_equal(first.std, again.std)


def test_no_label_of_the_scored_side_is_read(quick, sides, tables, monkeypatch) -> None:
    train, test = sides
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    before = model.predict(test.without_targets())
    read = Dataset.column
    monkeypatch.setattr(Dataset, "column", lambda self, name: _poisoned(read(self, name), name))
    after = model.predict(test)
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.std, after.std)


def _poisoned(values, name):
    return np.full(len(values), 9.9) if name == "migration_barrier" else values


def test_inner_folds_keep_hosts_together(quick, sides, tables, monkeypatch) -> None:
    train, _ = sides
    asked = []

    def spy(groups, n_folds, seed):
        found = grouped_folds(groups, n_folds, seed)
        asked.append((list(groups), found, seed))
        return found

    monkeypatch.setattr(gated, "grouped_folds", spy)
    PathwayNeb(seed=4, tables=tables).fit(train)
    hosts = train.column("group_host").tolist()
    assert [seed for *_, seed in asked] == [12, 13, 14]
    for groups, folds, _ in asked:
        assert groups == hosts
        assert sum(len({hosts[i] for i in fold}) for fold in folds) == len(set(hosts))


def test_bands_help_where_they_are_and_change_little_elsewhere(quick, sides, tables) -> None:
    """Barriers that are 0.7 of the label let the model find it: errors where there are bands fall by half at least."""
    train, test = sides
    labels = test.column("migration_barrier").astype(float)
    with_bands = PathwayNeb(seed=0, tables=tables).fit(train).predict(test.without_targets()).mean
    empty = {name: {} for name in POTENTIALS}
    without = PathwayNeb(seed=0, tables=empty).fit(train).predict(test.without_targets()).mean
    known = np.array([entry_id in tables["chgnet"] for entry_id in test.entry_ids])
    errors, before = np.abs(with_bands - labels), np.abs(without - labels)
    assert errors[known].mean() < 0.5 * before[known].mean()
    assert errors[~known].mean() < 1.1 * before[~known].mean()


def test_without_any_band_it_is_the_stack(quick, sides) -> None:
    train, test = sides
    model = PathwayNeb(seed=0, tables={name: {} for name in POTENTIALS}).fit(train)
    expected = stack.PathwayStack(seed=0).fit(train).predict(test.without_targets()).mean
    np.testing.assert_allclose(model.predict(test.without_targets()).mean, expected)
    weights = model.choices["mean_weights"]
    assert weights["structure"] == 1.0
    assert sum(weights.values()) == 1.0


def test_a_potential_with_few_barriers_takes_no_part(quick, sides, tables, monkeypatch) -> None:
    train, test = sides
    monkeypatch.setattr(pathway_neb, "LEAST_BARRIERS", 31)  # of 60 training entries 30 have a band
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    assert model.choices["barriers"] == {"chgnet": 30, "sevennet-0": 0}
    assert model.choices["mean_weights"]["structure"] == 1.0
    expected = stack.PathwayStack(seed=0).fit(train).predict(test.without_targets()).mean
    np.testing.assert_allclose(model.predict(test.without_targets()).mean, expected)


def test_bands_of_a_hop_of_ones_own_are_used(quick, sides, tables) -> None:
    train, test = sides
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    whole = model.predict(test.without_targets())
    model.use_tables({"chgnet": {}})
    structure_alone = model.predict(test.without_targets())
    one = test.entry_ids[0]
    model.use_tables({"chgnet": {one: tables["chgnet"][one]}})
    found = model.predict(test.without_targets())
    assert found.mean[0] == whole.mean[0]
    np.testing.assert_array_equal(found.mean[1:], structure_alone.mean[1:])
    assert found.mean[0] != structure_alone.mean[0]


def test_distances_are_those_of_the_structure(quick, sides, tables) -> None:
    train, test = sides
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    table = model.table(test)
    changed = table.copy()
    changed[:, -2 * len(NAMES) :] = np.nan
    np.testing.assert_array_equal(model.distances(table), model.distances(changed))


def test_tables_of_a_potential_that_are_not_given_are_said(sides) -> None:
    with pytest.raises(BaselineError, match="tables lacks sevennet-0"):
        PathwayNeb(seed=0, tables={"chgnet": {}}).fit(sides[0])


def test_heights_come_first() -> None:
    """The line is fitted to the first feature of a band."""
    assert NAMES[: len(HEIGHTS)] == HEIGHTS
    assert HEIGHTS[0] == "highest"


def test_a_frozen_model_predicts_the_same(quick, sides, tables) -> None:
    from embench.prediction.frozen import freeze, thaw

    train, test = sides
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    table = model.table(test)
    expected = model.predict_table(table)
    arrays: dict = {}
    again = thaw(freeze(model, arrays), arrays)
    found = again.predict_table(table)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.std, expected.std, rtol=1e-6)
    again.use_tables(tables)
    np.testing.assert_array_equal(again.table(test), table)


def test_replacing_a_barrier_changes_only_its_entry(quick, sides, tables) -> None:
    train, test = sides
    model = PathwayNeb(seed=0, tables=tables).fit(train)
    before = model.predict(test.without_targets()).mean
    one = next(entry_id for entry_id in test.entry_ids if entry_id in tables["chgnet"])
    row = tables["chgnet"][one]
    higher = replace(row, barrier=row.barrier + 1, forward=row.forward + 1, backward=row.backward + 1)
    model.use_tables({"chgnet": {**tables["chgnet"], one: higher}})
    after = model.predict(test.without_targets()).mean
    place = test.entry_ids.index(one)
    assert after[place] > before[place]
    np.testing.assert_array_equal(np.delete(after, place), np.delete(before, place))

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

import embench
from embench.baselines import features
from embench.baselines.features import FEATURE_SETS, feature_table
from embench.common.cache import cache_folder
from embench.crystal.hop import structure_digest
from embench.errors import FeatureError, UnknownNameError
from tests.crystal.made import Made, rocksalt

QUICK = ["composition", "geometry", "radial", "functional"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def salt() -> Made:
    return rocksalt(cation=12, anion=8, length=4.212)


def values(pathway: Made, sets=(*QUICK, "barriers")) -> dict[str, float]:
    table, names = feature_table([pathway], list(sets))
    return dict(zip(names, table[0], strict=True))


def assert_same(a: dict[str, float], b: dict[str, float], *, tolerance: float = 1e-6) -> None:
    assert a.keys() == b.keys()
    unlike = {name: (a[name], b[name]) for name in a if abs(a[name] - b[name]) > tolerance}
    assert not unlike


def test_a_hop_across_the_boundary_is_the_same_hop(salt: Made) -> None:
    shifted = replace(salt, frac_coords=(salt.frac_coords + np.array([0.8, 0.9, 0.7])) % 1.0)
    shifted.path_end = shifted.frac_coords[0] + salt.path_end
    assert_same(values(salt), values(shifted))


def test_a_hop_that_goes_the_long_way_round_is_shortened(salt: Made) -> None:
    assert_same(values(salt), values(replace(salt, path_end=salt.path_end + np.array([0.0, 1.0, -1.0]))))


def test_rotation_and_order_of_sites_do_not_matter(salt: Made) -> None:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    order = [0, *np.random.default_rng(2).permutation(range(1, 7))]
    turned = replace(
        salt,
        lattice=salt.lattice @ turn,
        atomic_numbers=salt.atomic_numbers[order],
        frac_coords=salt.frac_coords[order],
    )
    assert_same(values(salt), values(turned), tolerance=1e-4)


def test_another_cell_of_the_same_crystal_has_the_same_distances(salt: Made) -> None:
    skewed = np.array([[1, 0, 0], [1, 1, 0], [0, 2, 1]], dtype=float)
    back = np.linalg.inv(skewed)
    same = replace(
        salt, lattice=skewed @ salt.lattice, frac_coords=salt.frac_coords @ back, path_end=salt.path_end @ back
    )
    assert_same(values(salt), values(same), tolerance=1e-4)


def test_targets_are_not_read() -> None:
    data = embench.load().select(["AlFe2O4_1", "LiAlPO4F_1"])
    open_table, names = feature_table(data, QUICK)
    hidden_table, _ = feature_table(data.without_targets(), QUICK)
    assert open_table.shape == (2, len(names))
    np.testing.assert_array_equal(open_table, hidden_table)


def test_features_are_read_back_and_not_computed_again(salt: Made, monkeypatch) -> None:
    first = values(salt)

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr("embench.crystal.hop_of", never)
    assert values(salt) == first


def test_a_damaged_cache_file_is_replaced(salt: Made) -> None:
    first = values(salt, QUICK)
    folder = cache_folder("features") / f"geometry-{features.FEATURE_SETS['geometry'].version}"
    (file,) = folder.rglob("*.json")
    assert file.stem == structure_digest(salt)
    whole = file.read_bytes()
    # The last is well-formed: one digit of one value has changed.
    changed = whole.replace(b"1", b"2") if b"1" in whole.partition(b"\n")[2] else b""
    for damaged in (b"", whole[: len(whole) // 2], b'{"length": "long"}', b"[]", changed):
        file.write_bytes(damaged)
        assert values(salt, QUICK) == first
        assert file.read_bytes() == whole
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_cache_that_cannot_be_written_is_no_error(salt: Made, tmp_path, monkeypatch) -> None:
    first = values(salt, QUICK)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMBENCH_CACHE", str(tmp_path / "file"))
    assert values(salt, QUICK) == first


@pytest.mark.parametrize("change", ["lattice", "frac_coords", "path_end", "atomic_numbers", "functional"])
def test_the_digest_depends_on_all_that_features_are_made_from(salt: Made, change: str) -> None:
    changed = replace(salt)
    if change == "functional":
        changed.functional = "SCAN"
    else:
        array = getattr(salt, change).copy()
        array[-1] += 1
        setattr(changed, change, array)
    assert structure_digest(changed) != structure_digest(salt)
    assert structure_digest(replace(salt, entry_id="other")) == structure_digest(salt)


def test_unknown_feature_set_is_named_with_a_hint(salt: Made) -> None:
    with pytest.raises(UnknownNameError, match="geometry"):
        feature_table([salt], ["geometri"])


def test_an_ion_without_parameters_is_named(salt: Made) -> None:
    numbers = salt.atomic_numbers.copy()
    numbers[0] = 10  # neon
    with pytest.raises(FeatureError, match="Ne"):
        feature_table([replace(salt, atomic_numbers=numbers)], ["barriers"])


def test_the_first_feature_that_is_no_number_is_named(salt: Made, monkeypatch) -> None:
    broken = replace(features.FEATURE_SETS["functional"], compute=lambda *_: {"a": 1.0, "b": np.inf, "c": np.nan})
    monkeypatch.setitem(features.FEATURE_SETS, "functional", broken)
    with pytest.raises(FeatureError, match="the feature functional:b of structure 0 is inf"):
        feature_table([salt, salt], ["functional"])


class Changed:
    """An entry with some of its attributes changed, as a user's own class would have them."""

    def __init__(self, entry, **changes):
        self._entry, self._changes = entry, changes

    def __getattr__(self, name):
        return self._changes[name] if name in self._changes else getattr(self._entry, name)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"functional": "PBE"}, "unknown functional 'PBE'; known: GGA, GGA+U, SCAN, LDA; PBE and PBEsol are GGA"),
        ({"functional": "B3LYP"}, "unknown functional 'B3LYP'; known: GGA, GGA+U, SCAN, LDA"),
        ({"mobile_ion": "O"}, "the first site is Li and the migrating ion O; site 0 must be the one that migrates"),
    ],
)
def test_what_would_be_the_features_of_another_hop_is_refused(changes, says):
    entry = embench.load()["O-LiFePO4"]
    with pytest.raises(FeatureError, match=re.escape(f"O-LiFePO4: {says}")):
        feature_table([Changed(entry, **changes)], ["functional"])
    assert feature_table([Changed(entry)], ["functional"])[0].tolist() == [[1.0, 0.0, 0.0, 0.0]]


def test_no_entries_are_refused():
    with pytest.raises(FeatureError, match="there is no entry"):
        feature_table([], ["functional"])


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_columns_do_not_depend_on_what_is_in_the_crystal(name):
    """Hosts without cations (Li3OCl), with one and with many kinds of atoms, and every migrating ion."""
    if name == "soap":
        pytest.importorskip("dscribe")
    data = embench.load()
    ions = {entry.mobile_ion: entry.entry_id for entry in data if entry.n_sites < 60}
    chosen = ["Li3OCl_1", "O-LiFePO4", "Na3SI", *ions.values()]
    tables = [feature_table([data[entry_id] for entry_id in order], (name,)) for order in (chosen, chosen[::-1])]
    assert tables[0][1] == tables[1][1]
    np.testing.assert_array_equal(tables[0][0], tables[1][0][::-1])

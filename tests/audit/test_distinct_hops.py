"""The table of direct hops: written, read, and hops that nothing tells apart."""

from __future__ import annotations

import pytest

import embench
from embench.audit.distinct_hops import DistinctHop, alike, hops_text, read_hops
from embench.errors import DatasetError


def hop(length: float, barrier: float, *, count: int = 1, released: bool = False) -> DistinctHop:
    return DistinctHop(hop_distance=length, multiplicity=count, barrier=barrier, released=released)


def test_what_is_written_is_read(tmp_path):
    found = {"b": (hop(3.25, 0.4321, released=True), hop(3.5, 1.0, count=4)), "a": (hop(2.0, 0.1),)}
    path = tmp_path / "hops.csv"
    path.write_text(hops_text(found), encoding="utf-8")
    assert dict(read_hops(path)) == found
    assert path.read_text(encoding="utf-8").splitlines()[:2] == [
        "entry_id,released,hop_distance,multiplicity,barrier",
        "a,no,2.000,1,0.1000",
    ]


@pytest.mark.parametrize("text", ["", "entry_id,released\nx,yes\n"])
def test_a_damaged_table_is_told(tmp_path, text):
    path = tmp_path / "hops.csv"
    if text:
        path.write_text(text)
    with pytest.raises(DatasetError, match=r"hops\.csv.*embench data hops writes it"):
        read_hops(path)


def test_hops_that_nothing_tells_apart_are_one():
    split = [hop(3.02, 0.51, count=2), hop(3.0, 0.5, released=True), hop(3.03, 0.9), hop(3.2, 0.5, count=3)]
    assert alike(split) == [hop(3.0, 0.5, count=3, released=True), hop(3.03, 0.9), hop(3.2, 0.5, count=3)]


def test_the_table_that_ships():
    data = embench.load()
    for entry_id, hops in read_hops().items():
        entry = data[entry_id]
        (released,) = [each for each in hops if each.released]
        assert released.hop_distance == pytest.approx(entry.hop_distance, abs=1e-3)
        assert all(each.hop_distance <= max(entry.hop_distance, 4.0) + 0.2 for each in hops)
        assert [each.hop_distance for each in hops] == sorted(each.hop_distance for each in hops)

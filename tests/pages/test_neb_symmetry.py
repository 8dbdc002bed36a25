"""What symmetry would save in NEB, on results made by hand."""

from __future__ import annotations

import pytest

import embench
from embench.neb import NebResult
from embench.pages.neb_symmetry import change, share_saved, symmetric_results, symmetry_section


def made(entry_id, energies, **cpu):
    top, bottom = max(energies), min(energies)
    return NebResult(
        entry_id=entry_id, potential="chgnet", protocol="embench-neb-1", status="converged", n_sites=40,
        energies=energies, barrier_max_minus_min=top - bottom, barrier_max_minus_start=top - energies[0],
        cpu_seconds=cpu,
    )  # fmt: skip


def test_an_end_below_the_start_changes_the_barrier_and_one_above_does_not():
    assert change(made("KNiF3", (0.0, 0.5, -0.004))) == pytest.approx(0.004)
    assert change(made("KNiF3", (0.0, 0.5, 0.004))) == pytest.approx(0.0)


def test_half_of_the_ends_and_a_third_of_the_band():
    # 6 / 2 + 3 / 3 + 3 / 3 of 20; an image that climbs alone is computed once anyway.
    assert share_saved([made("KNiF3", (0.0, 1.0, 0.0), ends=6.0, band=3.0, full=3.0, climb=8.0)]) == pytest.approx(0.25)
    assert share_saved([]) == 0.0


def test_section_counts_what_would_change():
    data = embench.load()
    symmetric = [entry.entry_id for entry in data if entry.path_symmetric and entry.endpoints_deviation < 0.001][:2]
    other = next(entry.entry_id for entry in data if entry.path_symmetric is False)
    results = {
        symmetric[0]: made(symmetric[0], (0.0, 0.5, -0.03), ends=2.0),
        symmetric[1]: made(symmetric[1], (0.0, 0.5, 0.0), ends=2.0),
        other: made(other, (0.0, 0.5, -0.2), ends=50.0),
    }
    assert [row.entry_id for row in symmetric_results(data, results)] == symmetric
    text = symmetry_section(
        data, {"A": results, "B": {symmetric[1]: results[symmetric[1]]}, "C": {other: results[other]}}
    )
    assert f"| A | 2 | 50% | 1 | 30.0 (`{symmetric[0]}`) |" in text
    assert f"| B | 1 | 50% | 0 | 0.0 (`{symmetric[1]}`) |" in text
    assert "| C |" not in text
    assert symmetry_section(data, {"C": {other: results[other]}}) == ""

"""Bands in opposite directions, on profiles made by hand and on those of the literature."""

from __future__ import annotations

from embench.audit.direction import opposite_bands
from embench.audit.submitted_bands import read_submitted

UPHILL = (0.0, 0.6, 1.0, 0.8, 0.4)
# The same band from its other end: every energy minus 0.4, in reverse.
DOWNHILL = (0.0, 0.4, 0.6, 0.2, -0.4)


def _found(first, second):
    return [(each.same, each.reversed) for each in opposite_bands({"a": {"x": first}, "b": {"x": second}})]


def test_a_band_from_its_other_end_is_found():
    ((same, turned),) = _found(UPHILL, DOWNHILL)
    assert abs(turned) < 1e-12
    assert abs(same - 0.8) < 1e-12


def test_what_does_not_tell_a_direction():
    assert _found(UPHILL, UPHILL) == []
    assert _found((0.0, 0.6, 1.0, 0.6, 0.04), (0.0, 0.6, 1.0, 0.6, -0.04)) == []
    # Ends of opposite signs, but the profiles agree as they are.
    assert _found((0.0, 3.0, 5.0, 3.0, 0.1), (0.0, 3.1, 5.1, 3.0, -0.1)) == []
    assert _found(UPHILL, (0.0, 0.4, None, 0.2, -0.4)) == []
    assert _found(UPHILL, DOWNHILL[:3]) == []


def test_in_the_literature():
    bands = {
        slug: {i: band.energies for i, band in read_submitted(slug).items()} for slug in ("orb-v3", "sevennet-mf-ompa")
    }
    assert [found.entry_id for found in opposite_bands(bands)] == ["Ca1.5Ti2F7_3", "Mg2RuO4_bmab"]
    # The energies of AlFe2O4_1 are symmetric within 4 meV: they tell no direction.
    orb = bands["orb-v3"]["AlFe2O4_1"]
    assert max(abs(a - b) for a, b in zip(orb, reversed(orb), strict=True)) < 0.004

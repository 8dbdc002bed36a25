"""A hop to the ion's own periodic image: as long as the lattice vector, and refused where no end is given."""

from __future__ import annotations

import numpy as np
import pytest

from embench.errors import FeatureError
from embench.neb.ends import guess_of
from tests.crystal.own_image import small_cell


@pytest.mark.parametrize("kind", ["straight", "relaxed"])
def test_both_ends_are_a_lattice_vector_apart(kind: str) -> None:
    guess = guess_of(small_cell(end=(0.0, 0.0, -1.0)), kind)
    assert guess.kind == kind
    assert guess.hop_length == pytest.approx(4.0)
    np.testing.assert_allclose(guess.final - guess.framework, [[0.0, 0.0, -4.0], [0.0, 0.0, 0.0]], atol=1e-9)


@pytest.mark.parametrize("kind", ["straight", "relaxed"])
def test_an_end_that_is_the_start_is_refused(kind: str) -> None:
    with pytest.raises(FeatureError, match="the hop ends where it starts"):
        guess_of(small_cell(end=(0.0, 0.0, 0.0)), kind)

"""The easiest way through small networks that can be worked out by hand."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from scipy.stats import norm

from embench.errors import InvalidValueError
from embench.migration import HopBarrier, Hops, find_hops, hopping_rate, network_barriers
from embench.migration.cells import Network
from embench.migration.connections import Connection
from embench.migration.hop import MigrationHop
from tests.migration import crystals


def network(n_sites, *links, turns=True):
    """Hops of a made-up network; each link is start, end and image, and a hop of its own."""
    hops = tuple(
        MigrationHop(
            entry_id=f"made_{number}",
            lattice=np.eye(3) * 4,
            atomic_numbers=np.array([3, 8], np.int16),
            frac_coords=np.zeros((2, 3)),
            path_end=np.array([1.0, 0, 0]),
            start_site=start,
            end_site=end,
            image=image,
            ends_equivalent=turns,
        )
        for number, (start, end, image) in enumerate(links)
    )
    return Hops(
        formula="made",
        ion="Li",
        space_group="P1",
        hops=hops,
        lattice=np.eye(3) * 4,
        network=Network(np.zeros((n_sites, 3)), ("occupied",) * n_sites, np.full(n_sites, np.nan)),
        connections=tuple(Connection(a, b, image, number) for number, (a, b, image) in enumerate(links)),
        connecting_lengths={},
        supercell=np.eye(3, dtype=np.int64),
        notes=(),
    )


X, Y, Z = (1, 0, 0), (0, 1, 0), (0, 0, 1)
# One site and a hop along each axis.
CUBE = network(1, (0, 0, X), (0, 0, Y), (0, 0, Z))


def barriers(found):
    return {dimension: round(way.barrier, 6) for dimension, way in found.ways.items()}


def test_each_further_dimension_costs_the_next_hop():
    found = network_barriers(CUBE, [0.5, 0.2, 0.9])
    assert barriers(found) == {1: 0.2, 2: 0.5, 3: 0.9}
    assert [found.ways[n].limiting for n in (1, 2, 3)] == [(1,), (0,), (2,)]


def test_a_hop_that_is_not_known_is_closed():
    found = network_barriers(CUBE, [0.5, None, 0.9])
    assert barriers(found) == {1: 0.5, 2: 0.9}
    assert "1 of 3 hops have no barrier and count as closed" in found.notes
    assert network_barriers(CUBE, [None, None, None]).ways == {}


def test_a_way_of_several_hops_is_as_high_as_its_highest_saddle_point():
    """A zigzag 0-1-0': from 0 up 0.6, down 0.4 to 1, which lies 0.2 higher; from there 0.3 up and 0.5 down."""
    zigzag = network(2, (0, 1, (0, 0, 0)), (1, 0, X), turns=False)
    found = network_barriers(zigzag, [HopBarrier(forward=0.6, backward=0.4), HopBarrier(forward=0.3, backward=0.5)])
    np.testing.assert_allclose(found.site_energies, [0.0, 0.2], atol=1e-9)
    assert found.mismatch == pytest.approx(0.0, abs=1e-9)
    # Saddle points at 0.6 and at 0.2 + 0.3.
    assert barriers(found) == {1: 0.6}
    assert found.ways[1].limiting == (0,)
    # Without the backward barriers the sites count as equally deep, and that is said.
    blind = network_barriers(zigzag, [0.6, 0.7])
    assert barriers(blind) == {1: 0.7}
    assert any(note.startswith("hops 0, 1 have one barrier for both ways") for note in blind.notes)


def test_the_start_of_the_way_is_its_lowest_site():
    """The way begins at site 1, 0.3 below site 0, whichever end the hop is listed from."""
    found = network_barriers(
        network(2, (0, 1, (0, 0, 0)), (0, 1, X)),
        [HopBarrier(forward=0.1, backward=0.4), HopBarrier(forward=0.2, backward=0.5)],
    )
    np.testing.assert_allclose(found.site_energies, [0.3, 0.0], atol=1e-9)
    assert barriers(found) == {1: 0.5}


def test_a_deep_site_beside_the_way_is_not_on_it():
    """Site 1 is 0.5 below site 0, but 1.3 deep: the way along x goes from one site 0 to the next, 0.3 up."""
    found = network_barriers(
        network(2, (0, 0, X), (0, 1, (0, 0, 0))), [HopBarrier(forward=0.3), HopBarrier(forward=0.8, backward=1.3)]
    )
    np.testing.assert_allclose(found.site_energies, [0.5, 0.0], atol=1e-9)
    assert barriers(found) == {1: 0.3}


def test_hops_that_contradict_each_other_are_said_to():
    found = network_barriers(
        network(2, (0, 1, (0, 0, 0)), (0, 1, X)),
        [HopBarrier(forward=0.6, backward=0.4), HopBarrier(forward=0.4, backward=0.6)],
    )
    # One says +0.2, the other -0.2: the mean is 0.
    np.testing.assert_allclose(found.site_energies, [0.0, 0.0], atol=1e-9)
    assert found.mismatch == pytest.approx(0.2)
    assert any("contradict each other by up to 0.20 eV" in note for note in found.notes)


def test_a_part_that_runs_nowhere_has_no_way():
    assert network_barriers(network(2, (0, 1, (0, 0, 0))), [0.1]).ways == {}


def test_one_hop_gives_back_its_interval_and_its_probability():
    """sigma = 0.1 and 0.65 is half a sigma above 0.6."""
    half = 1.959964 * 0.1
    found = network_barriers(
        network(1, (0, 0, X)), [HopBarrier(forward=0.6, interval=(0.6 - half, 0.6 + half))], n_samples=40_000
    )
    way = found.ways[1]
    assert way.interval == pytest.approx((0.6 - half, 0.6 + half), abs=0.006)
    assert way.probability_good == pytest.approx(norm.cdf(0.5), abs=0.01)
    assert way.limiting_shares == {0: 1.0}
    assert way.rate == pytest.approx(hopping_rate(0.6))
    assert way.rate_interval == pytest.approx((hopping_rate(way.interval[1]), hopping_rate(way.interval[0])))


def test_two_hops_in_a_row_are_the_higher_of_the_two():
    """Quantiles of the maximum of two normal values are those of one at the square root; with one error, at itself."""
    half = 1.959964 * 0.1
    zigzag = network(2, (0, 1, (0, 0, 0)), (1, 0, X))
    both = [HopBarrier(forward=0.6, interval=(0.6 - half, 0.6 + half))] * 2
    apart = network_barriers(zigzag, both, n_samples=40_000).ways[1]
    expected = [0.6 + 0.1 * norm.ppf(np.sqrt(q)) for q in (0.025, 0.975)]
    assert apart.interval == pytest.approx(expected, abs=0.006)
    assert apart.probability_good == pytest.approx(norm.cdf(0.5) ** 2, abs=0.01)
    assert apart.limiting_shares[0] == pytest.approx(0.5, abs=0.02)
    together = network_barriers(zigzag, both, n_samples=40_000, shared=1.0).ways[1]
    assert together.interval == pytest.approx((0.6 - half, 0.6 + half), abs=0.006)
    assert together.limiting_shares == {0: 1.0, 1: 1.0}


def test_an_interval_that_is_wider_above():
    found = network_barriers(
        network(1, (0, 0, X)), [HopBarrier(forward=0.5, interval=(0.4, 1.0))], n_samples=40_000
    ).ways[1]
    assert found.interval == pytest.approx((0.4, 1.0), abs=0.02)


def test_the_same_seed_gives_the_same_numbers():
    both = [HopBarrier(forward=0.6, interval=(0.4, 0.9)), HopBarrier(forward=0.5, interval=(0.1, 0.9)), 0.7]
    one, same, other = (network_barriers(CUBE, both, seed=seed).ways[2].interval for seed in (1, 1, 2))
    assert one == same != other


def test_hopping_rate():
    """At 300 K kT = 25.852 meV: a factor of ten for each 59.53 meV, and 1e13 per second without a barrier."""
    assert hopping_rate(0.0) == pytest.approx(1e13)
    assert hopping_rate(0.5953) == pytest.approx(1e3, rel=0.01)
    assert hopping_rate(0.5, 600.0) == pytest.approx(1e13 * exp(-0.5 / 0.0517040), rel=1e-4)
    assert log(hopping_rate(0.1) / hopping_rate(0.2)) == pytest.approx(0.1 / 0.0258520, rel=1e-4)


def test_olivine_with_the_barriers_of_the_literature():
    """270 meV along [010], 2.5 eV and more across: D. Morgan et al., Electrochem. Solid-State Lett. 7, A30 (2004)."""
    hops = find_hops(crystals.olivine())
    found = network_barriers(hops, [0.27, 2.5, 2.6])
    assert barriers(found) == {1: 0.27, 2: 2.5, 3: 2.6}
    assert found.ways[1].limiting == (0,)
    assert found.ways[1].probability_good == 1.0
    assert found.ways[3].probability_good == 0.0
    # [101] alone makes a crystal three-dimensional: it joins chains along b in both other directions.
    assert barriers(network_barriers(hops, [0.27, 2.5, 0.4])) == {1: 0.27, 2: 0.4, 3: 0.4}


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ([0.1], {}, "1 barriers for 3 hops"),
        ([0.1, float("nan"), 0.2], {}, "barrier of hop 1 is no finite"),
        ([0.1, -0.3, 0.2], {}, "barrier of hop 1 is no finite"),
        ([HopBarrier(forward=0.5, backward=-0.1), 0.1, 0.2], {}, "barrier of hop 0 is no finite"),
        ([HopBarrier(forward=0.5, interval=(0.6, 0.7)), 0.1, 0.2], {}, "hop 0 is not within its interval"),
        ([0.1, 0.2, 0.3], {"level": 1.0}, "level 1.0 is not between"),
        ([0.1, 0.2, 0.3], {"temperature": 0.0}, "temperature 0.0 is not"),
        ([0.1, 0.2, 0.3], {"shared": 1.5}, "shared 1.5"),
        ([0.1, 0.2, 0.3], {"n_samples": 0}, "n_samples 0"),
    ],
)
def test_numbers_that_do_not_fit(given, options, words):
    with pytest.raises(InvalidValueError, match=words):
        network_barriers(CUBE, given, **options)

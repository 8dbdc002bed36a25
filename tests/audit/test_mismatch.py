"""The rules for likely mismatches, on cases whose answer is known by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embench.audit.distinct_hops import DistinctHop
from embench.audit.mismatch import (
    KINDS,
    Case,
    Other,
    chance_of_hop,
    chance_of_pathway,
    find_mismatches,
    swap_repairs,
)

# A label of 0.5 eV where potentials say 1.5; nothing else is odd.
ODD = Case(
    entry_id="x",
    label=0.5,
    consensus=1.5,
    functional="GGA",
    ion="Li",
    elements=frozenset({"Li", "Ti", "S"}),
    anions=frozenset({"S"}),
    metal_charge=4.0,
)


def other(label: float, consensus: float | None, *, name: str = "y", equivalent: bool = False) -> Other:
    return Other(entry_id=name, label=label, consensus=consensus, equivalent=equivalent)


def hop(barrier: float, *, released: bool = False, length: float = 3.0) -> DistinctHop:
    return DistinctHop(hop_distance=length, multiplicity=1, barrier=barrier, released=released)


def kinds(case: Case) -> list[str]:
    return [found.kind for found in find_mismatches(case)]


def test_nothing_is_found_where_nothing_is_odd():
    assert kinds(ODD) == []


def test_a_label_near_the_potentials_needs_no_explanation():
    near = replace(ODD, label=1.25, between=1, cell_charge=-1.0, metal_charge=float("nan"))
    assert not near.needs_explanation
    assert kinds(near) == []
    assert kinds(replace(near, label=1.15)) == ["pathway", "charge"]
    assert kinds(replace(near, consensus=None)) == []


@pytest.mark.parametrize(
    ("labels", "consensus", "expected"),
    [
        pytest.param((0.5, 1.5), (1.5, 0.5), True, id="exactly swapped"),
        pytest.param((0.5, 1.5), (1.3, 0.6), True, id="within 0.3 eV"),
        pytest.param((0.5, 1.5), (1.1, 0.5), False, id="one is 0.4 eV off"),
        pytest.param((0.5, 0.75), (0.75, 0.5), False, id="both were near before"),
        # Before 0.35 and 0.35; after 0.25: nearer, but more than half is left.
        pytest.param((0.5, 0.6), (0.85, 0.25), False, id="more than half is left"),
        # The first two pathways of Na2FeSiO4: no swap can help.
        pytest.param((0.19, 0.60), (3.83, 4.08), False, id="both far too low"),
    ],
)
def test_swapped_labels(labels, consensus, expected):
    assert swap_repairs(labels, consensus) is expected
    case = replace(ODD, label=labels[0], consensus=consensus[0], others=(other(labels[1], consensus[1]),))
    assert ("swapped" in kinds(case)) is expected
    same_hop = replace(case, others=(other(labels[1], consensus[1], equivalent=True),))
    assert "swapped" not in kinds(same_hop)


@pytest.mark.parametrize(
    ("pathway", "expected"),
    [
        pytest.param(other(0.9, 0.6), True, id="potentials give the other pathway this label"),
        pytest.param(other(0.9, 0.7), False, id="0.2 eV off"),
        pytest.param(other(0.9, 0.6, equivalent=True), False, id="the same hop"),
        pytest.param(other(0.9, None), False, id="not computed"),
        pytest.param(other(0.503, 0.9), True, id="the same label for another hop"),
        pytest.param(other(0.503, 1.4), False, id="the same label for a hop that potentials find alike"),
        pytest.param(other(0.52, 0.9), False, id="another label"),
    ],
)
def test_another_pathway_of_the_dataset(pathway, expected):
    assert (kinds(replace(ODD, others=(pathway,))) == ["pathway"]) is expected


def test_a_hop_past_another_site():
    past = replace(ODD, between=1, hop_distance=6.0, direct=(3.0, 3.2, 4.0, 5.0))
    (found,) = find_mismatches(past)
    assert found.kind == "pathway"
    assert "6.00 Å passes 1 other site of Li" in found.text
    assert "3.00, 3.20, 4.00 and more Å" in found.text
    # Two short hops explain a label that is too low, and none that is too high.
    assert kinds(replace(past, label=2.5)) == []


def test_direction():
    """A band with energies 0, 1.5, 1.0: 1.5 eV from its start, 0.5 eV from its end."""
    band = replace(ODD, forward=1.5, backward=0.5)
    (found,) = find_mismatches(band)
    assert found.kind == "direction"
    assert "the barrier from the end (0.50); from the start it is 1.50" in found.text
    (found,) = find_mismatches(replace(ODD, forward=0.5, backward=1.5))
    assert "the barrier from the start (0.50)" in found.text
    assert kinds(replace(band, backward=0.66)) == []
    assert kinds(replace(band, label=1.0, consensus=1.5, forward=1.02, backward=0.99)) == []


@pytest.mark.parametrize(
    ("metal", "cell", "expected"),
    [
        pytest.param(3.0, float("nan"), False, id="one valence"),
        pytest.param(3.06, float("nan"), False, id="one ion taken out of sixteen"),
        pytest.param(3.5, float("nan"), True, id="half of the metals"),
        pytest.param(float("nan"), -1.0, True, id="a vacancy without a metal that takes the charge"),
        pytest.param(float("nan"), 2.0, True, id="an ion too many"),
        pytest.param(float("nan"), 0.0, False, id="balanced"),
        pytest.param(float("nan"), float("nan"), False, id="not known"),
    ],
)
def test_charge_state(metal, cell, expected):
    assert (kinds(replace(ODD, metal_charge=metal, cell_charge=cell)) == ["charge"]) is expected


def test_hubbard():
    oxide = replace(ODD, consensus=1.0, elements=frozenset({"Li", "Fe", "O"}), anions=frozenset({"O"}))
    assert kinds(oxide) == ["hubbard"]
    assert kinds(replace(oxide, functional="GGA+U")) == []
    assert kinds(replace(oxide, functional="SCAN")) == []
    assert kinds(replace(oxide, consensus=1.2)) == []
    assert kinds(replace(oxide, anions=frozenset({"S"}))) == []
    assert kinds(replace(oxide, elements=frozenset({"Li", "Ti", "O"}))) == []


@pytest.mark.parametrize(
    ("released", "others", "expected"),
    [
        pytest.param(1.2, (0.6,), True, id="0.1 eV from another hop"),
        pytest.param(1.2, (0.3, 0.66), False, id="0.16 and 0.2 eV from the others"),
        pytest.param(0.75, (0.5,), False, id="the model is near the label"),
        pytest.param(1.2, (), False, id="there is no other hop"),
        pytest.param(None, (0.5,), False, id="the released hop has no prediction"),
    ],
)
def test_another_hop(released, others, expected):
    hops = [hop(barrier) for barrier in others] + ([] if released is None else [hop(released, released=True)])
    assert kinds(replace(ODD, distinct=tuple(hops))) == (["hop"] if expected else [])


def test_another_hop_names_the_nearest():
    case = replace(ODD, distinct=(hop(1.2, released=True), hop(0.6, length=2.5), hop(0.48, length=3.75)))
    (found,) = find_mismatches(case)
    assert "3.75 Å by the model (0.48)" in found.text
    assert "1.20 for the released one" in found.text


def test_chance_of_another_hop():
    """x is tried with 0.5, which its other hop fits; z with 2.1, which is no hop of it."""
    x = replace(ODD, label=2.1, distinct=(hop(1.5, released=True), hop(0.6)))
    z = replace(ODD, entry_id="z", distinct=(hop(1.5, released=True), hop(0.7)))
    assert chance_of_hop([x, z]) == (1, 2)
    assert chance_of_hop([replace(x, distinct=x.distinct[:1]), z]) == (0, 1)


def test_the_most_telling_kind_comes_first():
    every = replace(
        ODD,
        consensus=1.0,
        others=(other(1.0, 0.5),),
        forward=1.0,
        backward=0.5,
        metal_charge=3.5,
        elements=frozenset({"Li", "Fe", "O"}),
        anions=frozenset({"O"}),
        distinct=(hop(0.9, released=True), hop(0.5)),
    )
    assert kinds(every) == [kind.name for kind in KINDS]


def test_chance():
    """x and z are tried with each other's label: 0.5 is near y (0.6), 2.1 is not; z has no other pathway."""
    x = replace(ODD, label=2.1, others=(other(0.9, 0.6),))
    z = replace(ODD, entry_id="z")
    assert chance_of_pathway([x, z]) == (1, 1)
    assert chance_of_pathway([z, replace(z, entry_id="w")]) == (0, 0)

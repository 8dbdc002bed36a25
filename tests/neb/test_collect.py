"""What is written of a run: predictions, the description of a submission, and counts, on results made by hand."""

from __future__ import annotations

import pytest

from embench.errors import NebError
from embench.neb import NEB1, NebResult, potential_spec
from embench.neb.check import summarise
from embench.neb.collect import chosen_results, description, predictions_csv

ABOUT = {
    "key": {"version": "0.4.2", "options": {"model": "0.3.0"}, "settings": NEB1.to_dict()},
    "versions": {"chgnet": "0.4.2", "torch": "2.13.0"},
    "machine": "x86_64 Linux",
}


def _result(entry_id, barrier, status="converged", flags=(), seconds=1800.0):
    return NebResult(
        entry_id=entry_id,
        potential="chgnet",
        protocol="embench-neb-1",
        status=status,
        flags=flags,
        energies=() if barrier is None else (0.0, barrier, 0.1),
        barrier_max_minus_min=barrier,
        barrier_max_minus_start=barrier,
        calls={"ends": 10, "band": 20},
        cpu_seconds={"ends": seconds / 4, "band": seconds * 3 / 4},
        device="cpu",
    )


RESULTS = {
    "b": _result("b", 0.25),
    "a": _result("a", 0.5, "not-converged", ("ends_apart", "not_converged")),
    "c": _result("c", None, "failed", ("crash",)),
    "d": _result("d", 1.0, flags=("clash",)),
}


def test_predictions_are_in_the_order_of_the_dataset_and_keep_failures():
    text = predictions_csv(RESULTS, ["d", "x", "c", "b", "a"])
    assert text.splitlines() == [
        "entry_id,prediction,barrier_max_minus_start,energies,failures,cpu_seconds",
        "d,1.000000,1.000000,0.000000 1.000000 0.100000,clash,1800.0",
        "b,0.250000,0.250000,0.000000 0.250000 0.100000,,1800.0",
        "a,0.500000,0.500000,0.000000 0.500000 0.100000,ends_apart not_converged,1800.0",
    ]


def test_hops_of_ones_own_are_no_predictions():
    with pytest.raises(NebError, match="a is no entry"):
        predictions_csv(RESULTS, ["b", "c", "d"])


def test_nothing_to_collect():
    with pytest.raises(NebError, match="nothing to collect"):
        predictions_csv({"c": RESULTS["c"]}, ["c"])


def test_counts():
    summary = summarise(list(RESULTS.values()))
    assert (summary.n, summary.valued, summary.converged) == (4, 3, 2)
    assert summary.share_converged == 0.5
    assert summary.cpu_hours == pytest.approx(2.0)
    assert summary.calls == {"ends": 40, "band": 80}
    assert {name: ids for name, ids in summary.failures.items() if ids} == {
        "ends_apart": ("a",),
        "not_converged": ("a",),
        "clash": ("d",),
        "crash": ("c",),
    }


def test_description_of_a_submission():
    found = description(ABOUT, potential_spec("chgnet"), list(RESULTS.values()), definition="max-minus-min")
    assert found["name"] == "CHGNet 0.3.0"
    assert found["version"] == "0.4.2"
    assert found["cost_device_hours"] == 2.0
    assert found["parameters"] == 412_525
    assert found["versions"] == {"chgnet": "0.4.2", "torch": "2.13.0"}
    assert "3 barriers, 2 converged" in found["description"]
    assert "crash 1" in found["description"]
    assert found["reproduce"] == "embench neb run chgnet --option model=0.3.0 --settings embench-neb-1 --out run"


def test_fields_for_the_board():
    found = description(ABOUT, potential_spec("chgnet"), list(RESULTS.values()), definition="max-minus-min")
    assert found["level_of_theory"]["functional"] == "PBE"
    assert found["level_of_theory"]["hubbard_u"] is True
    assert found["checkpoint"]["licence"] == "BSD-3-Clause-LBNL"
    assert found["training_data"]["overlaps_scored_entries"] == "structures"
    assert found["neb"] == {
        "protocol": "embench-neb-1",
        "digest": NEB1.digest,
        "n": 4,
        "share_converged": 0.5,
        "failures": {"ends_apart": 1, "not_converged": 1, "clash": 1, "crash": 1},
    }


def test_one_protocol_is_collected_whole_or_not_at_all():
    results = {"KNiF3": RESULTS["b"], "Na3OCl": RESULTS["a"]}
    assert list(chosen_results(results, ["KNiF3"])) == ["KNiF3"]
    assert chosen_results(results, []) == results
    with pytest.raises(NebError, match=r"58 of 60 entries have no result yet"):
        chosen_results(results, ["published"])

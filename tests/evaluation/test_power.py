"""The resolution meter against a simulation, and against what is worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import InvalidValueError
from embench.evaluation.power import _factor, _power, _standard_error, power_analysis

FAST = {"resamples": 100}


def test_standard_error_of_clusters_of_one_is_the_textbook_one():
    values = np.array([0.1, 0.4, -0.2, 0.3, 0.9])
    assert _standard_error(values, np.arange(5)) == pytest.approx(values.std(ddof=1) / math.sqrt(5))


def test_standard_error_of_copies_is_that_of_the_clusters():
    """Entries that all of a cluster share tell no more than one of them."""
    values = np.array([0.1, 0.4, -0.2, 0.3, 0.9])
    assert _standard_error(np.repeat(values, 4), np.repeat(np.arange(5), 4)) == pytest.approx(
        _standard_error(values, np.arange(5))
    )


def test_power_and_size_agree_with_a_simulation():
    """As many draws as the formula asks for are found significant in 80 % of simulated experiments."""
    rng = np.random.default_rng(1)
    difference, spread, n = 0.05, 0.4, 100
    factor = _factor(difference, spread / math.sqrt(n))
    needed = round(factor * n)
    draws = rng.normal(difference, spread, size=(4000, needed))
    z = draws.mean(axis=1) / (draws.std(axis=1, ddof=1) / math.sqrt(needed))
    assert float((np.abs(z) > 1.96).mean()) == pytest.approx(0.80, abs=0.02)
    assert _power(difference, spread / math.sqrt(needed)) == pytest.approx(0.80, abs=0.005)


def test_two_systems_of_the_board():
    first, second = (embench.evaluate(name, "published", **FAST) for name in ("model-3", "mace-relax"))
    found = power_analysis(first, second)
    # The published MAEs are 0.2607 and 0.3397 eV.
    assert found.difference == pytest.approx(0.2607 - 0.3397, abs=1e-4)
    assert found.hosts_needed > 0
    assert 0.0 < found.power < 0.8
    assert "more host frameworks" in found.sentence
    errors = np.abs(first.sample.error) - np.abs(second.sample.error)
    most = first.scored.entry_ids[int(np.argmax(np.abs(errors)))]
    assert found.telling[0].entry_id == most
    assert [abs(item.difference) for item in found.telling] == sorted(
        (abs(item.difference) for item in found.telling), reverse=True
    )
    assert list(found.kinds) == sorted(found.kinds, key=lambda kind: kind.hosts_needed)


def test_systems_that_are_told_apart_need_nothing_more():
    first, second = (embench.evaluate(name, "host-10fold", **FAST) for name in ("pathway-stack", "median"))
    found = power_analysis(first, second)
    assert found.hosts_needed == 0.0
    assert "no more entries are needed" in found.sentence


def test_a_system_against_itself():
    one = embench.evaluate("median", "published", **FAST)
    found = power_analysis(one, one)
    assert math.isinf(found.hosts_needed)
    assert "no difference to show" in found.sentence
    assert found.telling == ()


def test_other_entries_are_refused():
    with pytest.raises(InvalidValueError, match="same protocol"):
        power_analysis(
            embench.evaluate("median", "published", **FAST), embench.evaluate("median", "host-10fold", **FAST)
        )


def test_on_the_command_line():
    arguments = ["evaluate", "model-3", "mace-relax", "-p", "published", "--resamples", "100", "--power"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "New hosts of one kind alone" in result.output
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json", "-"]).stdout)
    assert document["n"] == 60
    assert document["kinds"]
    assert CliRunner().invoke(app, ["evaluate", "model-3", "-p", "published", "--power"]).exit_code == 2

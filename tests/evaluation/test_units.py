"""Units: what is converted, what is refused, and that nothing honest is."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import scipy.constants as si

import embench
from embench.errors import InvalidValueError, PredictionsError, UnknownNameError
from embench.evaluation.predictions import read_predictions
from embench.evaluation.scored import match, scored_set
from embench.evaluation.units import PER_EV, likely_unit, per_ev, unit_problem

SUBMISSIONS = Path(__file__).parent.parent.parent / "leaderboard" / "submissions"
# Of scipy, which has the CODATA values.
OF_SCIPY = {
    "eV": 1.0,
    "meV": 1e3,
    "kJ/mol": si.electron_volt * si.Avogadro / si.kilo,
    "kcal/mol": si.electron_volt * si.Avogadro / (si.kilo * si.calorie),
}


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    data = embench.load()
    return dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))


def test_factors_are_those_of_codata():
    assert set(PER_EV) == set(OF_SCIPY)
    for unit, factor in OF_SCIPY.items():
        assert PER_EV[unit] == pytest.approx(factor, rel=1e-12)
    assert per_ev(" KJ/mol ") == PER_EV["kJ/mol"]
    with pytest.raises(UnknownNameError, match="did you mean"):
        per_ev("kJ/mole")


@pytest.mark.parametrize("unit", [unit for unit in OF_SCIPY if unit != "eV"])
def test_another_unit_is_named_and_converted(unit, truth):
    ids = embench.protocol("published").scored_ids
    rows = {"entry_id": list(ids), "prediction": [truth[name] + 0.1 for name in ids], "uncertainty": [0.2] * len(ids)}
    expected = embench.evaluate(rows, "published", resamples=100)
    other = rows | {name: (np.array(rows[name]) * OF_SCIPY[unit]).tolist() for name in ("prediction", "uncertainty")}
    with pytest.raises(PredictionsError, match=rf"these look like {unit}: give --unit {unit} \(unit='{unit}'\)"):
        embench.evaluate(other, "published", resamples=100)
    found = embench.evaluate(other, "published", resamples=100, unit=unit)
    assert found.metrics["mae"].value == pytest.approx(0.1)
    assert found.metrics["nll"].value == pytest.approx(expected.metrics["nll"].value)
    assert f"converted from {unit} to eV" in found.warnings
    # Who says that it is eV is believed, and warned.
    forced = embench.evaluate(other, "published", resamples=100, unit="eV")
    assert any("times a typical barrier" in warning for warning in forced.warnings)


def committed() -> list[dict[str, float]]:
    found = []
    for path in sorted(SUBMISSIONS.glob("*/*.csv")):
        with path.open(newline="", encoding="utf-8") as lines:
            found.append({row["entry_id"]: float(row["prediction"]) for row in csv.DictReader(lines)})
    # Those of oxygen vacancies are of another dataset.
    found = [values for values in found if not any(key.startswith("mp-") for key in values)]
    assert len(found) > 30
    return found


def problem(predictions: dict[str, float], truth: dict[str, float]) -> str | None:
    typical = max(np.median(list(truth.values())), np.median([truth[name] for name in predictions]))
    return unit_problem(float(np.median(list(predictions.values()))), typical=float(typical))


def test_no_honest_predictions_are_refused_and_all_in_other_units_are(truth):
    """Every committed file, and 1000 resamples: some entries of one, scaled by up to three, with noise."""
    random = np.random.default_rng(0)
    files = committed()
    samples = list(files)
    for _ in range(1000):
        whole = files[random.integers(len(files))]
        names = random.choice(list(whole), size=random.integers(10, len(whole) + 1), replace=False).tolist()
        scale = np.exp(random.uniform(-np.log(3.0), np.log(3.0)))
        noise = random.normal(0.0, 0.3, len(names))
        samples.append({n: max(scale * whole[n] + e, 0.0) for n, e in zip(names, noise, strict=True)})
    assert [problem(sample, truth) for sample in samples] == [None] * len(samples)
    for whole in files:
        for unit, factor in OF_SCIPY.items():
            if unit == "eV":
                continue
            other = {name: value * factor for name, value in whole.items()}
            assert problem(other, truth)
            assert likely_unit(float(np.median(list(other.values()))) / 0.616) == unit


def test_few_high_barriers_are_honest(truth):
    """Two of the highest barriers alone: compared with what these entries have, not with the whole dataset."""
    two = {name: truth[name] for name in ("LiRuO2_1", "RuO2_Li_1")}
    assert problem(two, truth) is None
    scores = embench.evaluate(two, "host-10fold", fill_missing=True, resamples=100)
    assert scores.coverage.predicted == 2


def test_a_submission_in_another_unit_is_refused_wherever_it_is_scored(truth):
    scored = scored_set("published")
    found = read_predictions({name: 1000 * truth[name] for name in scored.entry_ids}, known=scored.known_ids)
    with pytest.raises(PredictionsError, match="look like meV"):
        match(found, scored, threshold=0.65, fill_missing=False)


@pytest.mark.parametrize(
    ("threshold", "says"),
    [
        (650, r"650 meV are 0\.65 eV"),
        (62.7, r"62\.7 kJ/mol are 0\.65 eV"),
        (15, r"15 kcal/mol are 0\.65 eV"),
        (9, r"above the highest barrier of the dataset \(8\.77 eV\)"),
        (0, "must be above 0 eV"),
        (-0.65, "must be above 0 eV"),
    ],
)
def test_a_threshold_in_another_unit(threshold, says, truth):
    guess = {name: truth[name] for name in embench.protocol("published").scored_ids}
    with pytest.raises(InvalidValueError, match=says):
        embench.evaluate(guess, "published", threshold=threshold, resamples=100)
    for sound in (0.0035, 0.3, 2, 8.77):
        assert embench.evaluate(guess, "published", threshold=sound, resamples=100).threshold == sound

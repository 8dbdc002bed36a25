"""Hybrids for hops of one's own, end to end with an analytic potential in the place of a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import embench
from embench.baselines.base import Prediction
from embench.baselines.models import pathway_neb
from embench.baselines.models.neb_tables import POTENTIALS, shipped_tables
from embench.baselines.models.pathway_neb import PathwayNeb
from embench.baselines.registry import baseline_spec
from embench.cli.app import app
from embench.neb import calculators
from embench.neb.results import NebResult
from embench.prediction import hybrids
from embench.prediction.calibration import calibrate
from embench.prediction.hybrids import HYBRIDS, hybrid_of, with_barriers
from embench.splits import protocol
from tests.prediction.test_potential import ends

WAVE_HEIGHT = 0.6


class Wave:
    """Every atom on a spring to where it is first seen, and a wave along the line to the end for the first one."""

    device = "cpu"

    def __init__(self) -> None:
        self.start = self.line = None

    def evaluate(self, numbers, cell, positions):
        if self.start is None:
            self.start = positions[0].copy()
        if self.line is None:
            steps = positions[:, 0] - self.start[0]
            longest = steps[np.argmax(np.linalg.norm(steps, axis=1))]
            if np.linalg.norm(longest) > 1.0:
                self.line = longest
        energies, forces = np.zeros(len(positions)), np.zeros(positions.shape)
        if self.line is not None:
            share = (positions[:, 0] - self.start[0]) @ self.line / (self.line @ self.line)
            energies += WAVE_HEIGHT * np.sin(np.pi * share) ** 2
            slope = WAVE_HEIGHT * np.pi * np.sin(2 * np.pi * share)
            forces[:, 0] = -slope[:, None] * self.line / (self.line @ self.line)
        return energies, forces


def wave() -> Wave:
    return Wave()


@pytest.fixture
def analytic(monkeypatch, tmp_path):
    """The potential chgnet is the wave; what it computes is kept in a folder of the test."""
    from embench.neb import batch
    from embench.prediction import barriers

    specs = tuple(
        replace(spec, factory="tests.prediction.test_hybrids:wave", options={}, distribution=None)
        if spec.name == "chgnet"
        else spec
        for spec in calculators.POTENTIALS
    )
    monkeypatch.setattr(calculators, "POTENTIALS", specs)
    batch.loaded_potential.cache_clear()
    monkeypatch.setattr(barriers, "cache_folder", lambda name: tmp_path / name)
    monkeypatch.setattr("embench.common.cache.cache_folder", lambda name="": tmp_path / name)
    yield
    batch.loaded_potential.cache_clear()


@pytest.fixture
def made(monkeypatch):
    """In the place of a fitted model one that tells what it was asked."""
    asked = []

    def predict(train, potential, hops, results, store):
        asked.append((len(train), potential, [hop.entry_id for hop in hops], list(results), store))
        return Prediction(np.full(len(hops), 0.5), np.full(len(hops), 0.1))

    monkeypatch.setattr(hybrids, "HYBRIDS", (replace(HYBRIDS[0], predict=predict), *HYBRIDS[1:]))
    return asked


def test_hybrids_are_baselines_and_their_potentials_those_of_them() -> None:
    from embench.baselines.models.hybrid import POTENTIALS as OF_HYBRID

    assert {hybrid.name: hybrid.potentials for hybrid in HYBRIDS} == {
        "pathway-neb": POTENTIALS,
        "pathway-hybrid": OF_HYBRID,
    }
    assert all(baseline_spec(hybrid.name).kind == "hybrid" for hybrid in HYBRIDS)
    assert hybrid_of("chgnet") is HYBRIDS[0]
    assert hybrid_of("emt") is None


def test_a_hop_of_ones_own_with_a_potential(analytic, made, model):
    hop = embench.hop_between(*ends())
    result = embench.predict(hop, model=model, potential="chgnet")
    found = result[0].potential
    assert found.result.barrier_max_minus_min == pytest.approx(WAVE_HEIGHT, abs=0.02)
    assert (found.hybrid, found.hybrid_model) == (0.5, "pathway-neb")
    n, potential, hops, results, store = made[0]
    assert n == len(protocol("host-10fold").scored_ids)
    assert (potential, hops) == ("chgnet", [hop.entry_id])
    assert results[0].barrier_max_minus_min == found.result.barrier_max_minus_min
    assert store.band_path(hop.entry_id).exists()
    # As wide as the committed predictions out of fold need it.
    low, high = found.hybrid_interval
    calibration = calibrate("pathway-neb", result[0].calibration.protocol, embench.load())
    assert (high - low) / 2 == pytest.approx(1.959964 * 0.1 * calibration.factor, rel=1e-4)
    assert "by pathway-neb (intervals from" in result.notes[-1]
    assert result.to_document()["hops"][0]["potential"]["hybrid_model"] == "pathway-neb"


def test_on_the_command_line(analytic, made, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    start, end = ends()
    files = tmp_path / "start.cif", tmp_path / "end.cif"
    for structure, file in zip((start, end), files, strict=True):
        structure.to(filename=str(file))
    command = ["predict", *map(str, files), "--ion", "Li", "--model", "pathway-neb"]
    done = CliRunner().invoke(app, [*command, "--potential", "chgnet"])
    assert done.exit_code == 0, done.output
    assert "with that known: 0.50 eV" in done.output
    assert "by pathway-neb" in done.output
    without = CliRunner().invoke(app, command)
    assert without.exit_code == 0, without.output
    said = " ".join(without.output.split())
    assert "pathway-neb needs an NEB barrier of each hop, which is missing: --potential chgnet" in said
    assert "predictions of pathway-stack" in said
    assert len(made) == 1
    many = CliRunner().invoke(app, [*command, "--crystals", "--out", str(tmp_path / "out")])
    assert many.exit_code == 2
    assert "--potential chgnet" in " ".join(many.output.split())


def test_without_a_potential_it_says_what_is_missing(model):
    hop = embench.hop_between(*ends())
    for name, way in (("pathway-neb", "potential='chgnet'"), ("pathway-hybrid", "potential='orb-v3'")):
        result = embench.predict(hop, model=name)
        assert result.barriers == embench.predict(hop, model=model).barriers
        assert result.notes[-1].startswith(name)
        assert way in result.notes[-1]


def test_why_there_is_no_hybrid_is_said(model, made, monkeypatch):
    result = embench.predict(embench.hop_between(*ends()), model=model)
    failed = NebResult(entry_id="x", potential="chgnet", protocol="embench-neb-1", status="failed")
    assert with_barriers(result, "chgnet", {0: failed}) == (
        {},
        "no hop has a barrier with chgnet, so there is nothing for pathway-neb to use",
    )
    found, note = with_barriers(result, "emt", {0: failed})
    assert found == {}
    assert "no hybrid learned from NEB barriers of emt" in note
    assert "chgnet and sevennet-0" in note


def few(barriers):
    """Return a class like PathwayNeb, fitted with so many training barriers of each potential."""

    class Few(PathwayNeb):
        def fit(self, train):
            self.choices = {"barriers": dict.fromkeys(POTENTIALS, barriers)}
            return self

    return Few


def barrier_of(potential, protocol):
    return NebResult(
        entry_id="x", potential=potential, protocol=protocol, status="converged",
        barrier_max_minus_min=0.4, barrier_max_minus_start=0.4, barrier_backward=0.4,
    )  # fmt: skip


def test_a_potential_with_few_training_barriers_is_said(model, monkeypatch):
    monkeypatch.setattr(pathway_neb, "PathwayNeb", few(43))
    result = embench.predict(embench.hop_between(*ends()), model=model)
    found, note = with_barriers(result, "sevennet-0", {0: barrier_of("sevennet-0", "embench-neb-1")})
    assert found == {}
    assert "knows 43 training barriers of sevennet-0 so far, and learns from 100 or more" in note


def test_bands_of_another_protocol_are_refused(model, monkeypatch):
    monkeypatch.setattr(pathway_neb, "PathwayNeb", few(500))
    result = embench.predict(embench.hop_between(*ends()), model=model)
    found, note = with_barriers(result, "chgnet", {0: barrier_of("chgnet", "static")})
    assert found == {}
    assert "protocol embench-neb-1, and these are of static" in note


@pytest.mark.slow
def test_an_entry_with_its_band_is_predicted_as_in_the_dataset(model):
    """With the band that CHGNet has for an entry, the prediction for a hop of one's own is that of the entry."""
    from embench.common.shipped import resource_folder
    from embench.neb.store import RunStore

    data, store = embench.load(), RunStore(resource_folder("neb-inputs").parent / "neb" / "chgnet-0.3.0")
    entry = data["Li3OCl_1"]
    assert "Li3OCl_1" in shipped_tables()["chgnet"]
    result = embench.predict(entry, model=model)
    found, note = with_barriers(result, "chgnet", {0: store.results()["Li3OCl_1"]}, store)
    fitted = PathwayNeb(seed=0).fit(data.select(protocol("host-10fold").scored_ids))
    fitted.use_tables({"chgnet": {"Li3OCl_1": shipped_tables()["chgnet"]["Li3OCl_1"]}})
    expected = fitted.predict(data.select(["Li3OCl_1"]).without_targets()).mean[0]
    assert found[0]["hybrid"] == pytest.approx(expected, abs=1e-6)
    assert "by pathway-neb" in note

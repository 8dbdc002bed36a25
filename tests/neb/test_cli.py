"""The commands of ``embench neb``, on two entries with a smooth landscape instead of a potential."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from typer.testing import CliRunner

import embench
from embench.cli.app import app
from embench.errors import InvalidValueError, NebError, UnknownEntryError, UnknownNameError
from embench.evaluation.predictions import read_predictions
from embench.neb import NEB1, SETTINGS
from embench.neb.select import chosen_entries, dataset_of_run, in_words, parse_duration, parse_options
from embench.neb.store import RunStore

POTENTIAL = "tests.neb.made:harmonic"
ENTRIES = ("Na3OCl", "KNiF3")


def invoke(*arguments):
    result = CliRunner().invoke(app, ["neb", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run; its potential has a barrier for every hop, of whatever shape."""
    folder = tmp_path_factory.mktemp("neb") / "run"
    chosen = [part for entry_id in ENTRIES for part in ("--entries", entry_id)]
    result = invoke("run", POTENTIAL, *chosen, "--out", folder, "--option", "stiffness=0.5", "--cheapest-first")
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_run_says_what_it_does(finished):
    folder, output = finished
    assert "2/2" in output
    assert set(RunStore(folder).results()) == set(ENTRIES)
    assert RunStore(folder).key["options"] == {"stiffness": 0.5}
    # Structures are those of 1.0.0 in every version: a run that was begun with one goes on with the other.
    assert RunStore(folder).key["dataset"] == embench.load(version="1.0.0").digest


def test_check_counts_failures(finished):
    folder, _ = finished
    output = invoke("check", folder).output
    results = RunStore(folder).results().values()
    converged = sum(result.status == "converged" for result in results)
    assert f"2 barriers, {converged} converged" in output
    for name in {flag for result in results for flag in result.flags}:
        assert f"\n{name}: " in output


def test_results_can_be_judged_again(finished):
    """A flag that no rule gives goes away, and the clearance is read from the band anew."""
    folder, _ = finished
    store = RunStore(folder)
    right = store.results()["KNiF3"]
    store.add(replace(right, flags=("clash", "ends_apart"), clearance=0.5), None)
    output = invoke("check", folder, "--again").output
    assert output.startswith(f"KNiF3: clash, ends_apart -> {', '.join(right.flags) or 'no failure'}\n")
    assert store.results()["KNiF3"].flags == right.flags
    assert store.results()["KNiF3"].clearance == pytest.approx(right.clearance, abs=1e-6)


def test_show_draws_the_profile(finished, tmp_path):
    folder, _ = finished
    output = invoke("show", folder, "KNiF3", "--html", tmp_path / "band.html").output
    assert "39 atoms" in output
    assert output.count("━━●━━") == 5
    assert "Plotly.newPlot" in (tmp_path / "band.html").read_text(encoding="utf-8")


def test_show_of_an_unknown_entry(finished):
    with pytest.raises(UnknownEntryError, match="did you mean KNiF3"):
        invoke("show", finished[0], "KNiF")


def test_collect_makes_predictions_and_a_description(finished, tmp_path):
    folder, _ = finished
    out, template = tmp_path / "barriers.csv", tmp_path / "mine.yaml"
    invoke("collect", folder, "-o", out, "--template", template)
    data, results = embench.load(), RunStore(folder).results()
    found = read_predictions(out, known=data.entry_ids)
    assert found.entry_ids == tuple(entry_id for entry_id in data.entry_ids if entry_id in ENTRIES)
    assert found.values == pytest.approx([results[i].barrier_max_minus_min for i in found.entry_ids], abs=1e-6)
    described = yaml.safe_load(template.read_text(encoding="utf-8"))
    assert described["kind"] == "potential-neb"
    assert described["barrier"] == "max-minus-min"
    assert described["versions"]["ase"]
    assert "--option stiffness=0.5" in described["reproduce"]
    invoke("collect", folder, "-o", out, "--barrier", "max-minus-start")
    start = read_predictions(out, known=data.entry_ids)
    assert start.values == pytest.approx([results[i].barrier_max_minus_start for i in start.entry_ids], abs=1e-6)
    with pytest.raises(UnknownNameError, match="max-minus-start"):
        invoke("collect", folder, "-o", out, "--barrier", "max-minus-begin")


def test_hop_between_two_files(tmp_path):
    """The ends of KNiF3 as files: the same band as that of the entry, whose final structure they hold."""
    from ase import Atoms
    from ase.io import write

    entry = embench.load()["KNiF3"]
    ends = (("start", entry.frac_coords), ("end", entry.final_frac_coords))
    for name, coords in ends:
        atoms = Atoms(entry.atomic_numbers, coords @ entry.lattice, cell=entry.lattice, pbc=True)
        write(tmp_path / f"{name}.extxyz", atoms)
    files = tmp_path / "start.extxyz", tmp_path / "end.extxyz"
    output = invoke("hop", POTENTIAL, *files, "--ion", "K", "--out", tmp_path / "run").output
    assert output.startswith("start-end: ")
    (result,) = RunStore(tmp_path / "run").results().values()
    assert result.n_sites == entry.n_sites
    assert result.hop_guess == pytest.approx(entry.hop_distance_minimum_image, abs=1e-3)
    with pytest.raises(NebError, match="cannot read structures"):
        invoke("hop", POTENTIAL, tmp_path / "no.cif", files[1], "--out", tmp_path / "run")


def test_protocols_are_printed():
    for name, settings in SETTINGS.items():
        lines = invoke("protocol", name).output
        assert json.loads(lines[lines.index("{") :]) == settings.to_dict()
        assert json.loads(invoke("protocol", name, "--json").output)["digest"] == settings.digest


def test_frozen_protocol():
    """What embench-neb-1 means must not change; another number is another protocol."""
    assert NEB1.digest == "4bcd8bc2dc8401bbae2a502f6eff7a87303e3e75080cc59bbfa3672ef6f12f69"


def test_static_compares_with_the_file(tmp_path):
    """A band of the potential itself with all energies shifted by 2 eV: the profile agrees, and so do the forces."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    from embench.dataset.structures import atoms_images
    from embench.neb.calculators import potential_spec

    entry, potential = embench.load()["KNiF3"], potential_spec(POTENTIAL).create()
    frames = atoms_images(entry, 3)
    for number, frame in enumerate(frames):
        energies, forces = potential.evaluate(frame.numbers, frame.cell.array, frame.positions[None])
        frame.calc = SinglePointCalculator(frame, energy=energies[0] + 2.0 + 0.1 * (number == 1), forces=forces[0])
    write(tmp_path / "band.xyz", frames, format="extxyz")
    output = invoke("static", POTENTIAL, "--images", tmp_path / "band.xyz").output
    assert output.startswith("KNiF3: max − min")
    assert "profile of the file: 0.100 eV" in output
    assert "its forces: 0.000 eV/Å" in output


def test_estimate_knows_sizes_and_total():
    output = invoke("estimate", POTENTIAL, "--entries", "Na3OCl", "--entries", "MgHo2S4").output
    assert "39" in output
    assert "55" in output
    assert "2 entries, about 115 calls each" in output


def test_limit_of_the_cost_keeps_the_small_ones():
    from embench.neb.estimate import Cost

    data = embench.load()
    chosen = [data[i] for i in ("Na3OCl", "MgHo2S4", "Li7P3S11_2")]
    cost = Cost(scale=0.01, power=1.0, calls=100.0, timed=())
    # 39, 55 and 671 s.
    assert [cost.seconds(entry.n_sites) for entry in chosen] == pytest.approx([39.0, 55.0, 671.0])
    assert [entry.entry_id for entry in cost.within(chosen, 100.0)] == ["Na3OCl", "MgHo2S4"]
    assert [entry.entry_id for entry in cost.within(chosen, 60.0, free=["Na3OCl"])] == ["Na3OCl", "MgHo2S4"]
    assert cost.within(chosen, 1.0) == []


def test_cost_of_results_is_fitted():
    """Sizes 10 … 100 at 0.002 · n^1.2 seconds a call and 50 calls: the numbers come back."""
    from embench.neb.estimate import cost_of_results
    from embench.neb.results import NebResult

    rows = [
        NebResult(
            entry_id=str(n),
            potential="p",
            protocol="q",
            status="converged",
            n_sites=n,
            calls={"ends": 20, "band": 30},
            cpu_seconds={"ends": 20 * 0.002 * n**1.2, "band": 30 * 0.002 * n**1.2},
        )
        for n in range(10, 110, 10)
    ]
    cost = cost_of_results(rows)
    assert cost is not None
    assert (cost.scale, cost.power, cost.calls) == pytest.approx((0.002, 1.2, 50.0))
    assert cost_of_results(rows[:5]) is None


def test_choice_of_entries(tmp_path):
    assert len(chosen_entries([])) == 615
    assert len(chosen_entries(["published"])) == 60
    ids = tmp_path / "ids.txt"
    ids.write_text("KNiF3\n\nMgHo2S4\n")
    assert {entry.entry_id for entry in chosen_entries([str(ids), "Na3OCl"])} == {"KNiF3", "MgHo2S4", "Na3OCl"}
    sizes = [entry.n_sites for entry in chosen_entries(["published"], cheapest_first=True)]
    assert sizes == sorted(sizes)
    with pytest.raises(UnknownEntryError, match="KNiF3"):
        chosen_entries(["KNiF"])


def test_choice_of_oxygen_vacancies(tmp_path):
    """622 hops of the second dataset, by protocol, by id and by file; never together with cations."""
    chosen = chosen_entries(["to-oxygen"], cheapest_first=True)
    assert len(chosen) == 622
    assert {entry.mobile_ion for entry in chosen} == {"O"}
    assert chosen[0].n_sites == 79  # the smallest supercell of the release, without the vacant site
    ids = tmp_path / "ids.txt"
    ids.write_text(f"{chosen[0].entry_id}\n")
    assert [entry.entry_id for entry in chosen_entries([str(ids)])] == [chosen[0].entry_id]
    with pytest.raises(InvalidValueError, match=r"several datasets \(KNiF3 of .*of oxygen-vacancies"):
        chosen_entries(["to-oxygen", "KNiF3"])
    with pytest.raises(UnknownEntryError):
        chosen_entries(["to-oxygen", "KNiF"])
    oxygen = embench.load("oxygen-vacancies")
    assert dataset_of_run([chosen[0].entry_id]).digest == oxygen.digest
    assert dataset_of_run(["my-hop"]).digest == dataset_of_run([]).digest == embench.load().digest


def test_options_and_times():
    assert parse_options(["model=large", "cut=5.5", "deep=true"]) == {"model": "large", "cut": 5.5, "deep": True}
    with pytest.raises(InvalidValueError, match="KEY=VALUE"):
        parse_options(["model"])
    assert [parse_duration(text) for text in ("90s", "1.5m", "20h", "2d")] == [90, 90, 72000, 172800]
    with pytest.raises(InvalidValueError, match="20h"):
        parse_duration("20")
    assert [in_words(seconds) for seconds in (45, 600, 7200)] == ["45 s", "10 min", "2.0 h"]


def test_unknown_names_are_named():
    with pytest.raises(UnknownNameError, match="chgnet"):
        invoke("estimate", "chgnett")
    with pytest.raises(UnknownNameError, match="embench-neb-1"):
        invoke("protocol", "embench-neb-2")
    with pytest.raises(UnknownNameError, match=r"option of tests\.neb\.made:harmonic"):
        invoke("estimate", POTENTIAL, "--option", "stifness=1")

"""``embench data``: what it prints, to which stream, with which exit code."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import ase.io
import pytest
from typer.testing import CliRunner, Result

import embench
from embench.cli import main
from embench.cli.data import app
from embench.dataset import Dataset, load
from embench.schema import FLAGS
from tests.facts import FUNCTIONALS, IONS


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load()


def run(*arguments: str, width: int = 80) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Run the whole command as the shell does, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["embench", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code


def test_show_tells_what_matters() -> None:
    result = run("show", "LiRuO2_1", width=120)
    assert result.exit_code == 0
    # The published figures of this entry: 8.77 eV, through a Ru site, one of 175 Li entries.
    first, second = result.stdout.splitlines()[:2]
    assert first.rstrip() == "LiRuO2_1   E_m 8.77 eV"
    assert second.rstrip() == "Li⁺ in Li23 Ru24 O48, train side of the published split"
    for part in ("path_clash", "runs into another atom", "Pnnm (No. 58)", "GGA", "PATH A", "5.15 Å", "LiRuO2_2"):
        assert part in result.stdout


def test_show_lists_other_pathways_of_the_structure() -> None:
    lines = run("show", "LiAlPO4F_2").stdout.splitlines()
    start = lines.index("Other pathways in the same structure")
    others = [line.split()[:3] for line in lines[start + 2 : start + 5]]
    assert {other[0] for other in others} == {"LiAlPO4F_1", "LiAlPO4F_3", "LiAlPO4F_4"}
    barriers = {name: float(barrier) for name, _, barrier in others}
    # FACTS.md: LiAlPO4F_2/3 are 0.484 eV apart, LiAlPO4F_1/4 0.307 eV and on both sides of the split.
    assert abs(barriers["LiAlPO4F_3"] - load()["LiAlPO4F_2"].migration_barrier) == pytest.approx(0.484, abs=5e-4)
    assert abs(barriers["LiAlPO4F_1"] - barriers["LiAlPO4F_4"]) == pytest.approx(0.307, abs=5e-4)


def test_show_names_labels_that_were_normalised() -> None:
    text = run("show", "VOF2_Na").stdout
    assert "OXYFLUROIDES → OXYFLUORIDES" in text
    assert "Labels that differ" not in run("show", "LiRuO2_1").stdout


@pytest.mark.parametrize("width", [80, 120])
def test_show_fits_the_terminal(data: Dataset, width: int) -> None:
    for entry_id in data.entry_ids[::25]:
        result = run("show", entry_id, width=width)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= width
        assert "…" not in result.stdout, entry_id
        assert data[entry_id].group_host in result.stdout


def test_show_as_json(data: Dataset) -> None:
    document = json.loads(run("show", "LiAlPO4F_2", "--json").stdout)
    assert document["dataset_version"] == embench.DATASET_VERSION
    assert document["entry"] == data["LiAlPO4F_2"].to_dict()
    assert {other["entry_id"] for other in document["other_pathways"]} == {f"LiAlPO4F_{n}" for n in (1, 3, 4)}
    assert "LiAlPO4F_2" in document["groups"]["group_host"]["members"]
    assert len(document["hop"]) == 3


def test_show_an_unknown_entry(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(monkeypatch, "data", "show", "LiRuO2_7") == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith("error: no entry 'LiRuO2_7' in the dataset; did you mean LiRuO2_")


@pytest.fixture(scope="module")
def statistics() -> Any:
    result = run("stats", "--json")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_stats_reproduce_the_known_figures(statistics: Any) -> None:
    assert statistics["n"] == {"train": 559, "test": 60, "all": 619}
    barriers = statistics["migration_barrier"]
    assert (barriers["all"]["min"], barriers["all"]["max"]) == (0.0035, 8.77)
    assert barriers["all"]["mean"] == pytest.approx(0.849, abs=5e-4)
    assert barriers["all"]["median"] == pytest.approx(0.616, abs=5e-4)
    assert barriers["all"]["n_below_threshold"] == 323
    assert barriers["test"]["n_below_threshold"] == 31
    assert statistics["threshold"] == 0.65


def test_stats_count_by_side(statistics: Any) -> None:
    ions = {ion: (counts["train"], counts["test"]) for ion, counts in statistics["mobile_ion"].items()}
    assert ions == IONS
    functionals = {name: counts["all"] for name, counts in statistics["functional"].items()}
    assert functionals == FUNCTIONALS
    assert len(statistics["structure_class"]) == 27
    assert statistics["flags"]["structure_corrupt"] == {"train": 3, "test": 0, "all": 3}
    assert statistics["flags"]["path_clash"]["all"] == 36
    assert set(statistics["flags"]) == {flag.name for flag in FLAGS}


def test_stats_of_sites_and_hops(statistics: Any) -> None:
    # FACTS.md counts the sites of five-image bands, where the migrating ion stands five times.
    sites = statistics["n_sites"]["all"]
    assert (sites["min"] + 4, sites["max"] + 4) == (33, 1027)
    assert sites["mean"] + 4 == pytest.approx(79_800 / 619, abs=0.1)
    hops = statistics["hop_distance"]["all"]
    assert (hops["min"], hops["median"], hops["max"]) == pytest.approx((1.52, 3.62, 8.95), abs=5e-3)


def test_stats_histogram_covers_everything(statistics: Any, data: Dataset) -> None:
    bins = statistics["histogram"]
    assert sum(entry["n"] for entry in bins) == 619
    assert bins[-1]["high"] is None
    barriers = data.column("migration_barrier")
    for entry in bins[:-1]:
        assert entry["n"] == sum(entry["low"] <= barrier < entry["high"] for barrier in barriers.tolist())


@pytest.mark.parametrize("width", [80, 120])
def test_stats_for_a_person_fit_the_terminal(width: int) -> None:
    result = run("stats", width=width)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout
    for part in (
        "619 entries: 559 train, 60 test",
        "all 323 (52 %)",
        "test 31 (52 %)",
        "8.770",
        "final_framework_differs",
    ):
        assert part in result.stdout


def test_stats_of_a_part() -> None:
    text = run("stats", "--split", "test", "--exclude-flag", "path_clash").stdout
    assert "58 entries: 58 test" in text
    document = json.loads(run("stats", "--split", "test", "--json").stdout)
    assert document["n"] == {"test": 60, "all": 60}
    assert document["mobile_ion"]["Li"] == {"test": 21, "all": 21}
    assert "Sr" not in document["mobile_ion"]


def test_an_unknown_flag(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(monkeypatch, "data", "stats", "--exclude-flag", "outlyer") == 2
    assert capsys.readouterr().err == "error: unknown flag 'outlyer'; did you mean outlier?\n"


def test_export_writes_and_refuses_to_overwrite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("data", "export", str(tmp_path), "--format", "extxyz", "--split", "test", "--images", "3")
    assert run_main(monkeypatch, *arguments, "--exclude-flag", "path_clash") == 0
    assert capsys.readouterr().out.split() == ["wrote", str(tmp_path / "test.extxyz")]
    frames = ase.io.read(tmp_path / "test.extxyz", index=":")
    assert len(frames) == 58 * 3
    assert run_main(monkeypatch, *arguments) != 0
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "exists already; give --force" in streams.err
    assert run_main(monkeypatch, *arguments, "--force") == 0
    assert len(ase.io.read(tmp_path / "test.extxyz", index=":")) == 60 * 3


@pytest.mark.parametrize(
    "arguments",
    [("--format", "csv", "--images", "3"), ("--format", "extxyz", "--images", "1"), ("--format", "xyz"), ()],
)
def test_export_refuses_wrong_options(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run("export", str(tmp_path / "out"), *arguments)
    # An error of embench has its own exit code, which the program ends with.
    assert getattr(result.exception, "exit_code", result.exit_code) == 2
    assert not (tmp_path / "out").exists()


def test_a_progress_bar_appears_after_a_second_and_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from embench.cli import data as command

    monkeypatch.setenv("FORCE_COLOR", "1")
    with command._progress("writing", 3, patience=60) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
    with command._progress("writing", 3, patience=0) as advance:
        advance()
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "writing" in streams.err


def test_list_finds_entries(data: Dataset) -> None:
    document = json.loads(run("list", "lifepo4", "--json").stdout)
    assert [entry["entry_id"] for entry in document["entries"]] == ["O-LiFePO4"]
    zinc = json.loads(run("list", "--ion", "Zn", "--split", "test", "--json").stdout)["entries"]
    assert len(zinc) == 2  # FACTS.md: Zn 21 in train, 2 in test
    flagged = json.loads(
        run("list", "--flag", "path_clash", "--exclude-flag", "path_through_metal_site", "--json").stdout
    )
    flags = dict(zip(data.entry_ids, data.flags, strict=True))
    expected = [n for n in data.entry_ids if "path_clash" in flags[n] and "path_through_metal_site" not in flags[n]]
    assert sorted(entry["entry_id"] for entry in flagged["entries"]) == sorted(expected)
    barriers = [entry["migration_barrier"] for entry in flagged["entries"]]
    assert barriers == sorted(barriers)
    host = data["O-LiFePO4"].group_host
    same = json.loads(run("list", "--host", host, "--json").stdout)["entries"]
    assert {entry["entry_id"] for entry in same} == set(data.filter(group_host=host).entry_ids)


def test_list_for_a_person() -> None:
    output = run("list", "--ion", "Sr", "--functional", "GGA").stdout
    assert output.rstrip().endswith("2 entries of dataset 1.1.0")  # FACTS.md: Sr 2 in train
    assert "nothing is found" in run("list", "no such thing").stdout


def test_list_refuses_what_does_not_occur(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for options, says in (
        (("--ion", "Xx"), "unknown mobile_ion value 'Xx'; known: Al, Ca, K"),
        (("--functional", "PBE"), "unknown functional value 'PBE'; known: GGA, GGA+U, LDA, SCAN"),
        (("--flag", "path_clsh"), "did you mean path_clash?"),
    ):
        assert run_main(monkeypatch, "data", "list", *options) == 2
        assert says in capsys.readouterr().err


def test_export_says_how_many_files_are_there(monkeypatch, capsys, tmp_path: Path) -> None:
    assert run_main(monkeypatch, "data", "export", str(tmp_path), "-f", "csv", "--split", "test") == 0
    assert run_main(monkeypatch, "data", "export", str(tmp_path), "-f", "csv", "--split", "test") == 1
    assert "test.csv exists already; give --force to replace it" in capsys.readouterr().err
    assert run_main(monkeypatch, "data", "export", str(tmp_path), "-f", "csv", "--force") == 0
    assert run_main(monkeypatch, "data", "export", str(tmp_path), "-f", "csv") == 1
    assert "test.csv exist already; give --force to replace them" in capsys.readouterr().err


def test_audit_of_an_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, as JSON to a file and to standard output; the labels of this entry and of its neighbour are swapped."""
    result = run("audit", "LiFeBO3_p21c_3", width=200)
    assert result.exit_code == 0
    for part in ("label 1.740 eV", "orb-v3", "no evidence", "LiFeBO3_p21c_4", "Likely: labels swapped", "4.91 Å"):
        assert part in result.stdout
    printed = json.loads(run("audit", "LiFeBO3_p21c_3", "--json", "-").stdout)
    file = tmp_path / "label.json"
    assert run("audit", "LiFeBO3_p21c_3", "--json", str(file)).exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == printed
    assert printed["likely"] == "labels swapped"
    assert run_main(monkeypatch, "data", "audit", "LiFeBO3_p21c_9") == 2
    assert "no entry 'LiFeBO3_p21c_9' in the dataset; did you mean" in capsys.readouterr().err


def test_audit_of_an_entry_with_the_hops_of_its_structure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from embench.audit import distinct_hops as table
    from embench.prediction import distinct_hops

    made = (
        table.DistinctHop(hop_distance=2.5, multiplicity=4, barrier=0.25),
        table.DistinctHop(hop_distance=3.654, multiplicity=32, barrier=0.5, released=True),
    )
    asked: list[str] = []

    def predicted(entry: Any) -> tuple[table.DistinctHop, ...]:
        asked.append(entry.entry_id)
        return made

    monkeypatch.setattr(distinct_hops, "distinct_hops", predicted)
    label = embench.load()["MgCr2O4"].migration_barrier
    result = run("audit", "MgCr2O4", "--hops", width=200)
    assert result.exit_code == 0
    assert asked == ["MgCr2O4"]
    assert re.search(rf"3\.65 +32 +0\.500 +{0.5 - label:+.3f} +the released hop", result.stdout)
    assert re.search(rf"2\.50 +4 +0\.250 +{0.25 - label:+.3f}", result.stdout)
    # The table that ships is of common errors, whose hops are shown without being asked for.
    monkeypatch.setattr(table, "TABLE", tmp_path / "hops.csv")
    assert run("hops").exit_code == 0
    assert len(asked) > 40
    assert table.read_hops(tmp_path / "hops.csv").keys() == set(asked[1:])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("LiFeBO3_p21c_3", "--out", "page.md"), "is printed alone"),
        (("LiFeBO3_p21c_3", "--check"), "is printed alone"),
        (("--json", "-"), "is for one entry"),
        (("--hops",), "is for one entry"),
    ],
)
def test_audit_refuses_what_does_not_go_together(arguments: tuple[str, ...], message: str) -> None:
    result = run("audit", *arguments, width=200)
    assert result.exit_code == 2
    assert message in result.stderr

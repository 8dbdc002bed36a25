"""Offered barriers: a sound one passes, and every fault is named with its entry."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from embench.audit.contribution import check_contribution
from embench.cli.app import app
from embench.errors import DatasetError
from embench.pages.contribution import renewed

PAGE = Path(__file__).parents[2] / "docs" / "new-data.md"


def entry(**changes) -> dict:
    """Rb in a 6 Å cubic cell of made-up RbBr hops 4.24 Å, along the diagonal of a face."""
    return {
        "entry_id": "RbBr_new_1",
        "migration_barrier": 0.55,
        "barrier_definition": "max-minus-start",
        "mobile_ion": "Rb",
        "lattice": [[6.0, 0, 0], [0, 6.0, 0], [0, 0, 6.0]],
        "atomic_numbers": [37, 37, 37, 35, 35, 35, 35],
        "frac_coords": [
            [0, 0, 0],
            [0.5, 0, 0.5],
            [0, 0.5, 0.5],
            [0.5, 0, 0],
            [0, 0.5, 0],
            [0, 0, 0.5],
            [0.5, 0.5, 0.5],
        ],
        "path_end": [0.5, 0.5, 0.0],
        "functional": "GGA",
        "citation": "doi:10.1000/xyz123",
        "licence": "CC BY 4.0",
        "image_energies": [0.0, 0.3, 0.55, 0.31, 0.01],
        "n_images": 5,
        "climbing_image": True,
    } | changes


def written(folder: Path, *rows: dict) -> Path:
    path = folder / "barriers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_sound_entry_passes(tmp_path):
    found = check_contribution(written(tmp_path, entry()))
    assert found.n == 1
    assert found.problems == ()


def test_parquet_as_well(tmp_path):
    path = tmp_path / "barriers.parquet"
    pq.write_table(pa.Table.from_pylist([entry(), entry(entry_id="RbBr_new_2", migration_barrier=0.7)]), path)
    found = check_contribution(path)
    assert [(one.where, one.text) for one in found.problems] == [
        ("row 2", "migration_barrier is 0.7 eV, but image_energies give 0.55 eV")
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence": None}, "licence is missing"),
        ({"citation": "a paper"}, "citation holds neither a DOI nor an arXiv number"),
        ({"entry_id": "AlSc2S4"}, "entry_id AlSc2S4 is in the dataset already"),
        ({"entry_id": "a b"}, "has blanks"),
        ({"migration_barrier": 550.0}, "must lie between 0 and 15; is it in eV?"),
        ({"migration_barrier": "0.55"}, "must be a number"),
        ({"migration_barrier": float("nan")}, "must be finite"),
        ({"barrier_definition": "forward"}, "must be max-minus-start or max-minus-min"),
        ({"functional": "GGA+U"}, "hubbard_u_values is missing"),
        ({"mobile_ion": "Br"}, "site 0 is Rb, and must be the Br that migrates"),
        ({"lattice": [[6.0, 0, 0], [0, 6.0, 0]]}, "has the shape 2 × 3, and must be 3 × 3"),
        ({"lattice": [[6.0, 0, 0], [0, 6.0, 0], [0, 6.0, 0]]}, "the volume of the cell is 0 Å³"),
        ({"atomic_numbers": [37, 37]}, "there are 2 atomic_numbers and 7 frac_coords"),
        ({"atomic_numbers": [37, 37, 37, 35, 35, 35, 999]}, "a number that is no element"),
        ({"atomic_numbers": [37, 37, 37, 35, 35, 35, 35.5]}, "numbers that are not whole"),
        ({"frac_coords": [[0, 0, 0]] * 7}, "two atoms are less than 0.5 Å apart"),
        ({"path_end": [0.0, 0.0, 0.0]}, "the hop is 0.00 Å long"),
        ({"image_energies": [0.55, 0.3, 0.2, 0.1, 0.0], "migration_barrier": 0.001}, "is an end of the path"),
        ({"image_energies": [0.0, 0.55]}, "image_energies has 2 values"),
        ({"n_images": 7}, "n_images is 7, and image_energies has 5 values"),
        ({"climbing_image": "yes"}, "must be true or false"),
    ],
)
def test_every_fault_is_a_problem(tmp_path, changes, message):
    found = check_contribution(written(tmp_path, entry(**changes)))
    assert any(message in finding.text for finding in found.problems), [finding.text for finding in found.findings]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma": 1}, "the field sigma is not known"),
        # In the dataset a yes or no that follows from the functional; a contribution gives the values.
        ({"hubbard_u": "Fe 4.0"}, "the field hubbard_u is worked out from the others; it is not read"),
        ({"mobile_ions": "Rb"}, "did you mean mobile_ion"),
        ({"functional": "PBE"}, "PBE and PBEsol are GGA"),
        ({"path_end": [-0.5, -0.5, 1.0]}, "another periodic image of the hop is shorter: 4.24 Å in place of"),
        ({"path_end": [0.52, 0.0, 0.0]}, "comes within"),
    ],
)
def test_what_is_only_to_know_is_no_problem(tmp_path, changes, message):
    found = check_contribution(written(tmp_path, entry(**changes)))
    assert any(message in finding.text for finding in found.findings if not finding.problem)
    assert found.problems == ()


def test_what_the_dataset_has_already_is_named(tmp_path):
    import embench

    old = embench.load()["MgHo2S4"]
    row = entry(
        mobile_ion="Mg",
        lattice=old.lattice.tolist(),
        atomic_numbers=old.atomic_numbers.tolist(),
        frac_coords=old.frac_coords.tolist(),
        path_end=old.path_end.tolist(),
    )
    texts = [finding.text for finding in check_contribution(written(tmp_path, row)).findings]
    assert any("the dataset has hops of Mg in" in text for text in texts)


def test_an_id_twice(tmp_path):
    found = check_contribution(written(tmp_path, entry(), entry()))
    assert [finding.where for finding in found.problems] == ["line 1", "line 2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no entry"),
        (b"entry_id,barrier\n", "line 1: not valid JSON"),
        (b"[1]\n", "is no entry"),
        (b"PAR1xxxx", "damaged Parquet"),
        (b"\xff\xfe\x00", "neither Parquet nor UTF-8"),
    ],
)
def test_what_is_no_contribution(tmp_path, content, message):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        check_contribution(path)


def test_on_the_command_line(tmp_path):
    good = CliRunner().invoke(app, ["data", "check", str(written(tmp_path, entry()))])
    assert good.exit_code == 0
    assert good.output.splitlines()[-1] == "1 entry, ready to be offered"
    bad = CliRunner().invoke(app, ["data", "check", str(written(tmp_path, entry(licence="")))])
    assert bad.exit_code == 2
    assert "line 1, RbBr_new_1: problem: licence is missing" in bad.output
    told = json.loads(CliRunner().invoke(app, ["data", "check", "--json", str(tmp_path / "barriers.jsonl")]).stdout)
    assert [finding["text"] for finding in told["findings"] if finding["problem"]] == ["licence is missing"]


def test_the_table_in_the_documentation_is_current():
    """``make pages`` renews it."""
    assert renewed(PAGE) == PAGE.read_text(encoding="utf-8")

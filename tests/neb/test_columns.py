"""The columns that tell of bands: what is written is read again, and what contradicts itself is refused."""

from __future__ import annotations

import pytest

from embench.errors import PredictionsError
from embench.neb.columns import BandRow, above_first, bands_csv, read_bands

ROWS = (
    BandRow(
        entry_id="a",
        prediction=0.7,
        max_minus_start=0.6,
        energies=(0.0, 0.6, -0.1),
        failures=("clash", "ends_apart"),
        cpu_seconds=12.5,
    ),
    BandRow(entry_id="b", prediction=0.3, max_minus_start=0.3, energies=(0.0, None, 0.3, 0.0), failures=()),
)


def _file(header, line):
    return f"entry_id,prediction,{header}\na,0.7,{line}\n".encode()


def test_what_is_written_is_read_again():
    text = bands_csv(ROWS)
    found = read_bands(text.encode(), name="barriers.csv")
    assert bands_csv(found) == text
    assert [row.energies for row in found] == [row.energies for row in ROWS]
    assert [row.failures for row in found] == [row.failures for row in ROWS]
    assert found[1].cpu_seconds is None
    assert found[1].known == (0.0, 0.3, 0.0)
    assert found[0].where == "barriers.csv, line 2"


def test_a_file_without_such_columns_tells_nothing():
    (row,) = read_bands(b"entry_id,prediction\na,0.7\n", name="x")
    assert (row.energies, row.failures, row.cpu_seconds, row.max_minus_start) == (None, None, None, None)
    assert bands_csv([row]) == "entry_id,prediction\na,0.700000\n"


def test_energies_above_the_first():
    assert above_first((-10.0, None, -9.5)) == (0.0, None, 0.5)


@pytest.mark.parametrize(
    ("header", "line", "words"),
    [
        ("energies", "0.0 0.5 0.0", "line 2: the prediction is 0.7 eV, but the images span 0.5 eV"),
        ("energies", "1.0 1.7 1.0", "the first is 1 eV; give all above the first"),
        ("energies", "0.0 0.7", "give the energies of 3 to 99 images"),
        ("energies", "0.0 0.7 -", "those of both ends"),
        ("energies", "0.0 high 0.0", "column energies: 'high' is no finite number"),
        ("energies", "0.0 nan 0.0", "no finite number"),
        ("failures", "clashes", "column failures: 'clashes' is no kind of failure"),
        ("cpu_seconds", "-1", "column cpu_seconds: -1 is negative"),
        ("cpu_seconds", "1 h", "column cpu_seconds: '1 h' is no finite number"),
        ("barrier_max_minus_start,energies", "0.3,0.0 0.7 0.0", "barrier_max_minus_start is 0.3 eV, but the images"),
    ],
)
def test_what_is_refused(header, line, words):
    with pytest.raises(PredictionsError, match=words):
        read_bands(_file(header, line), name="barriers.csv")


def test_both_definitions_of_a_barrier_agree_with_their_energies():
    for barrier in (0.7, 0.6):
        text = f"entry_id,prediction,energies\na,{barrier},0.0 0.6 -0.1\n"
        assert read_bands(text.encode(), name="x")[0].prediction == barrier

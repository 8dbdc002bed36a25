"""What submissions of potentials tell of their bands; it says nothing about labels."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from embench.common.shipped import resource_folder
from embench.errors import PredictionsError
from embench.schema.predicted import ENERGIES, FAILURES

Energies = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Band:
    """What a submission tells of one band: barrier (eV), failures, and energies above the first image (eV)."""

    barrier: float
    failures: tuple[str, ...]
    energies: Energies


def read_submitted(slug: str, submissions: Path | None = None) -> dict[str, Band]:
    """Return what the predictions of a submission tell of its bands, by entry_id; nothing where there is no such one.

    Raises :class:`~embench.errors.PredictionsError` for a file that cannot be read.
    """
    folder = (submissions or resource_folder("submissions")) / slug
    found: dict[str, Band] = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            with open(path, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    found[row["entry_id"]] = Band(
                        barrier=float(row["prediction"]),
                        failures=tuple((row.get(FAILURES) or "").split()),
                        energies=tuple(
                            None if each == "-" else float(each) for each in (row.get(ENERGIES) or "").split()
                        ),
                    )
        except (OSError, ValueError, KeyError) as error:
            raise PredictionsError(f"cannot read the bands in {path}: {error}") from None
    return found

"""Write the tables of checksums anew, for a release that has been reviewed.

``python -m embench.curation.refresh FOLDER``
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

from embench.curation.fingerprint import fingerprints
from embench.curation.read import read_files


def _write_tables(folder: Path) -> None:
    contents, records, sheet = read_files(folder)
    tables = Path(__file__).parent / "tables"
    sums = [(file, hashlib.sha256(data).hexdigest()) for file, data in sorted(contents.items())]
    entries = [(*key, value) for key, value in sorted(fingerprints(records, sheet).items())]
    for name, titles, rows in (
        ("upstream_files", ("file", "sha256"), sums),
        ("upstream_entries", ("file", "entry_id", "digest"), entries),
    ):
        with open(tables / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([titles, *rows])


if __name__ == "__main__":
    _write_tables(Path(sys.argv[1]))

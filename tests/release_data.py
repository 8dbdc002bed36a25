"""Fetch the raw release that some tests compare with: ``python -m tests.release_data FOLDER``.

What belongs into the folder is described in docs/raw-release.md; ``make release-data`` calls this. Only the standard
library is needed.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
COMMIT = "577fbc45d8edb081a7b67b82f135c55ad0a4a256"
SOURCE = f"https://raw.githubusercontent.com/sai-mat-group/predicting-migration-barriers/{COMMIT}"
# Where the files are in the release; which there are, and their checksums, stand in upstream_files.csv.
FOLDERS = {
    "BOTH-RAW-Em-TEST.json": "DATA_FILES/MODEL-1-2/RAW/",
    "RAW-Em-5-images-TEST.json": "DATA_FILES/MODEL-3-4/RAW/",
    "RAW-Em-5-images-TRAIN.json": "DATA_FILES/MODEL-3-4/RAW/",
    "SINGLE-BOTH-RAW-Em-TEST.json": "DATA_FILES/SINGLE-PATHWAY-STRUCTURES/RAW/",
    "TABULATION-GIT-HUB.xlsx": "",
}
OTHERS = ("umlip_neb", "transfer", "pretraining", "audit")


def checksums() -> dict[str, str]:
    """Return the names of the files of the release and their sha256."""
    path = REPOSITORY / "embench" / "curation" / "tables" / "upstream_files.csv"
    with open(path, encoding="utf-8", newline="") as file:
        return {row["file"]: row["sha256"] for row in csv.DictReader(file)}


def fetch(folder: Path, source: str = SOURCE) -> Iterator[str]:
    """Bring the files of the release into ``folder/upstream``; yield a line about each.

    A file that is there and right is kept, and one gets its name only when its checksum is right. Raises
    ``RuntimeError`` where a file cannot be fetched or is another one.
    """
    target = folder / "upstream"
    target.mkdir(parents=True, exist_ok=True)
    for name, wanted in checksums().items():
        path = target / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wanted:
            yield f"{name}: is there"
            continue
        address = f"{source}/{FOLDERS[name]}{name}"
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                content: bytes = answer.read()
        except (OSError, urllib.error.URLError) as error:
            raise RuntimeError(f"cannot fetch {address}: {error}") from None
        if (found := hashlib.sha256(content).hexdigest()) != wanted:
            raise RuntimeError(f"{address} has the sha256 {found} and not {wanted}: it is not the file of the release")
        part = path.with_name(f".{name}.part")
        part.write_bytes(content)
        os.replace(part, path)
        yield f"{name}: fetched, checksum right"


def main(arguments: list[str]) -> int:
    """Fetch into the folder that is named, and say what is still missing; return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tests.release_data FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        for line in fetch(folder):
            print(line)
    except (RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    missing = [name for name in OTHERS if not (folder / name).is_dir()]
    if missing:
        print(
            f"Not in the release, and not here: {', '.join(missing)}. The tests that need them are skipped; "
            "docs/raw-release.md says what they are."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

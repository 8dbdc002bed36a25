"""The licences of the dependencies, as their distributions state them: ``python -m tests.licences PAGE``."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from embench.common.files import write_text
from embench.common.markdown import markdown_table

REPOSITORY = Path(__file__).parent.parent

# Licences under which a dependency may be used and named here, and how distributions call them in their metadata.
KNOWN = {
    "MIT": r"MIT( License)?",
    "MIT-CMU": r"MIT-CMU",
    "BSD": r"(new |modified )?(\d-clause )?bsd([- ]\d-clause)?( license)?|BSD-[23]-Clause",
    "Apache-2.0": r"Apache[- ]2(\.0)?( WITH LLVM-exception)?|Apache( Software)? License(,? Version)?( 2(\.0)?)?",
    "PSF-2.0": r"PSF(-2\.0)?|Python Software Foundation License",
    "MPL-2.0": r"MPL[- ]?2\.0|Mozilla Public License 2\.0.*",
    "LGPL": r"LGPL.*|GNU Lesser General Public License.*",
    "GPL-3.0": r"GPL-?v?3.*|GNU General Public License v3.*",
    "ISC": r"ISC( License)?.*",
    "Zlib": r"zlib",
    "0BSD": r"0BSD",
    "CC0-1.0": r"CC0-1\.0",
    "BSL-1.0": r"BSL-1\.0",
    "Unlicense": r"Unlicense",
}

# Their metadata names no licence: read in their repository, at the version of constraints.txt.
READ = {"mlcroissant": "Apache-2.0", "matminer": "BSD"}


def dependencies() -> list[str]:
    """Return the names of all distributions in ``pyproject.toml``, extras included."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.split(r"[<>=!~;\[ ]", text)[0].lower() for text in wanted}
    return sorted(names - {project["name"]})


def stated(name: str) -> str:
    """Return the licence that an installed distribution states, in its own words; raises PackageNotFoundError."""
    found = metadata.metadata(name)
    if found.get("License-Expression"):
        return str(found["License-Expression"])
    classified = [
        text.rpartition(" :: ")[2] for text in found.get_all("Classifier", []) if text.startswith("License ::")
    ]
    classified = [text for text in classified if text != "OSI Approved"]
    lines = (found.get("License") or "").strip().splitlines()
    # Some put the whole text there.
    short = lines[0].strip() if lines and len(lines[0]) <= 60 else ""
    return " AND ".join(classified) or short


def licence(name: str) -> str | None:
    """Return the licence of an installed distribution as :data:`KNOWN` calls it, None for what is not known."""
    if name in READ:
        return READ[name]
    parts = [part.strip(" ()") for part in re.split(r" (?:AND|OR|and|or) ", stated(name))]
    called = {next((key for key, form in KNOWN.items() if re.fullmatch(form, text, re.I)), None) for text in parts}
    return None if None in called else " and ".join(sorted(str(key) for key in called))


def page(before: str) -> str:
    """Return the page; what is not installed here keeps its line of `before`."""
    rows = []
    kept = dict(re.findall(r"^\| ([\w.-]+) \| (.*?) \|$", before, flags=re.MULTILINE))
    for name in dependencies():
        try:
            rows.append([name, licence(name) or "unknown"])
        except metadata.PackageNotFoundError:
            rows.append([name, kept.get(name, "unknown")])
    return (
        "# Licences of the dependencies\n\n"
        "What `pyproject.toml` names, extras included; none of it is part of the wheel of embench, which is under\n"
        "the MIT licence. Written by `make licences` from what the installed distributions state. A test fails on a\n"
        "dependency without a line, and on a licence that is not among those that were looked at.\n\n"
        f"{markdown_table(['dependency', 'licence'], rows, left=('licence',))}\n"
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_text(target, page(target.read_text(encoding="utf-8") if target.is_file() else ""))

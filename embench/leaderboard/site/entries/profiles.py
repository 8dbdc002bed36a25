"""Energy profiles of interatomic potentials along the hops: what this project has run itself, image by image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

_RUNS = Path(__file__).parents[4] / "baselines" / "neb"
_RESULTS = "results.jsonl"


class Profile(TypedDict):
    """The energies of a band, start first, in meV relative to it, and whether the run has converged and was flagged."""

    potential: str
    energies: list[int]
    converged: bool
    flags: list[str]


def profiles(folder: Path = _RUNS) -> dict[str, list[Profile]]:
    """Return the profiles by entry, of all runs in `folder`; nothing where this embench came without them."""
    found: dict[str, list[Profile]] = {}
    for results in sorted(folder.glob(f"*/{_RESULTS}")):
        for line in results.read_text(encoding="utf-8").splitlines():
            # A run that was cut off may end in half a line.
            try:
                row = json.loads(line)
            except ValueError:
                continue
            energies = row.get("energies") or []
            if len(energies) < 3 or any(energy is None for energy in energies):
                continue
            found.setdefault(row["entry_id"], []).append(
                {
                    "potential": results.parent.name,
                    "energies": [round(1000 * (energy - energies[0])) for energy in energies],
                    "converged": row["status"] == "converged",
                    "flags": list(row.get("flags") or ()),
                }
            )
    return found

"""For which protocol predictions are, where nobody has said so: told by the name of the file, then by the entries."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from embench.splits.registry import all_protocol_names


def protocol_of_name(path: Path) -> str | None:
    """Return the only protocol whose name is a word of the file name, if there is one."""
    stem = path.name.partition(".")[0].casefold()
    words = [name for name in all_protocol_names() if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", stem)]
    return words[0] if len(words) == 1 else None


def protocols_of_entries(entry_ids: Collection[str], version: str | None = None) -> tuple[str, ...]:
    """Return the protocols that score all of these entries, and of those the ones that score the fewest others.

    `version` is that of the dataset; entries that only the version before it scored do not count.
    One name is an answer; several, or none, leave the question open.
    """
    from embench.splits import protocol

    wanted = frozenset(entry_ids)
    sizes = _sizes(version)
    fits: list[str] = []
    for name in sorted(sizes, key=lambda name: sizes[name]):
        if fits and sizes[name] > sizes[fits[0]]:
            break
        found = protocol(name, version)
        if wanted <= frozenset((*found.scored_ids, *found.dropped)):
            fits.append(name)
    return tuple(fits)


def _sizes(version: str | None) -> dict[str, int]:
    """Return how many entries each protocol scores, without reading its folds."""
    from embench.common.shipped import resource_folder
    from embench.schema import DEFAULT, layout
    from embench.splits.load import read_manifest

    described = read_manifest(resource_folder("splits"), of=layout(DEFAULT.name, version))["protocols"]
    return {name: int(described[name]["n_scored"]) for name in all_protocol_names() if name in described}

"""Whether ``load_dataset`` gives the entries of embench: value by value, in plain Python, without the converter.

Run as a program with the name of a repository and a revision, or with a folder, it prints what it has compared.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import embench
from embench import schema


def plain(value: Any, feature: Any) -> Any:
    """Return a value of ``datasets`` with its lists as lists; a class label would be a number, and there are none."""
    from datasets import ClassLabel, List

    assert not isinstance(feature, ClassLabel)
    if isinstance(feature, List) and value is not None:
        return [plain(item, feature.feature) for item in value]
    return value


def compare(loaded: Any, side: str) -> int:
    """Compare one side of the published split with :func:`embench.load`; return how many values agree.

    `loaded` is a ``Dataset`` or an ``IterableDataset``.
    """
    data = embench.load().filter(published_split=side)
    names = [spec.name for spec in schema.COLUMNS]
    features = loaded.features  # put together anew whenever it is asked for
    assert list(features) == names
    agreeing = 0
    for row, entry in zip(loaded, data, strict=True):
        expected = entry.to_dict()
        for name in names:
            found = plain(row[name], features[name])
            assert found == expected[name], f"{entry.entry_id}, {name}: {found!r} is not {expected[name]!r}"
            agreeing += 1
    return agreeing


def main(name: str, *, revision: str | None) -> None:
    from datasets import load_dataset

    loaded = load_dataset(name, revision=revision)
    found: dict[str, Any] = {side: compare(loaded[side], side) for side in ("train", "test")}
    found["streamed"] = compare(load_dataset(name, revision=revision, streaming=True)["test"], "test")
    found["splits"] = load_dataset(name, "splits", revision=revision).num_rows
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], revision=sys.argv[2] if len(sys.argv) > 2 else None)

"""Whether ``load_dataset`` gives the entries of embench: value by value, in plain Python, without the converter.

Run as a program, it loads the dataset from the hub that ``HF_ENDPOINT`` names, and prints what it has compared.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import embench
from embench import schema


def plain(value: Any, feature: Any) -> Any:
    """Return a value of ``datasets`` with the names of class labels in place of their numbers."""
    from datasets import ClassLabel, List

    if isinstance(feature, ClassLabel):
        return None if value is None else feature.int2str(value)
    if isinstance(feature, List) and value is not None:
        return [plain(item, feature.feature) for item in value]
    return value


def compare(loaded: Any, side: str) -> int:
    """Compare one side of the published split with :func:`embench.load`; return how many values agree.

    `loaded` is a ``Dataset`` or an ``IterableDataset``.
    """
    data = embench.load().filter(published_split=side)
    names = [spec.name for spec in schema.COLUMNS]
    assert list(loaded.features) == names
    agreeing = 0
    for row, entry in zip(loaded, data, strict=True):
        expected = entry.to_dict()
        for name in names:
            found = plain(row[name], loaded.features[name])
            assert found == expected[name], f"{entry.entry_id}, {name}: {found!r} is not {expected[name]!r}"
            agreeing += 1
    return agreeing


def main(revision: str, *, streaming: bool) -> None:
    from datasets import load_dataset

    name = "embench/migration-barriers"
    loaded = load_dataset(name, revision=revision, streaming=streaming)
    found: dict[str, Any] = {side: compare(loaded[side], side) for side in ("train", "test")}
    for configuration, split in (("splits", "folds"), ("reference_predictions", "predictions")):
        rows = load_dataset(name, configuration, split=split, revision=revision, streaming=streaming)
        found[configuration] = sum(1 for _ in rows)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], streaming="--streaming" in sys.argv)

"""The folds of a later version of the dataset: those of the version before it, without the entries that it drops.

They are never made anew, so that every entry that remains keeps its fold. Stored is what differs: a manifest with the
dropped entries, and the sha256 of what is left of each file without their rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from embench.schema import DEFAULT, Layout
from embench.splits.registry import ProtocolSpec, all_protocols

if TYPE_CHECKING:
    from embench.dataset import Dataset


def manifest_name(version: str) -> str:
    """Return the name of the manifest of a later version of the dataset."""
    return f"manifest-{version}.json"


def uses(spec: ProtocolSpec) -> bool:
    """Return whether a protocol loses what a version of the dataset no longer scores.

    The published split stays as it was published, damaged entries of its training side included.
    """
    return spec.kind != "published" and DEFAULT.name in (spec.dataset, spec.train_dataset)


def without(content: bytes, dropped: Collection[str]) -> bytes:
    """Return the file of a protocol without the rows of the entries `dropped`.

    It may be damaged: what is left is compared with its checksum.
    """
    text = io.StringIO()
    rows = csv.reader(content.decode("utf-8", errors="replace").splitlines())
    csv.writer(text, lineterminator="\n").writerows(row for row in rows if not row or row[0] not in dropped)
    return text.getvalue().encode()


def dropped_entries(base: Dataset, layout: Layout) -> tuple[str, ...]:
    """Return the entries of `base` that are scored in it and not in the later version `layout`, in their order."""
    before, now = set(base.layout.unscored), set(layout.unscored)
    pairs = zip(base.entry_ids, base.flags, strict=True)
    return tuple(entry_id for entry_id, flags in pairs if now.intersection(flags) and not before.intersection(flags))


def make_manifest(base: Dataset, layout: Layout, before: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Return the manifest of the version `layout`; `before` is that of its `base`, `files` those of its protocols."""
    dropped = dropped_entries(base, layout)
    described = {}
    for spec in all_protocols():
        old, content = before["protocols"][spec.name], files[f"{spec.name}.csv"]
        left = without(content, dropped) if uses(spec) else content
        described[spec.name] = old | _sizes(left, old["folds"]) | {"sha256": hashlib.sha256(left).hexdigest()}
    manifest = {
        "version": layout.version,
        "dataset_version": layout.version,
        "oxygen_version": before["oxygen_version"],
        "made_from": before["version"],
        "dropped": list(dropped),
        "protocols": described,
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _sizes(content: bytes, folds: Mapping[str, Any]) -> dict[str, Any]:
    kind, *values = [row[1] for row in csv.reader(content.decode("utf-8").splitlines())]
    counts = {value: values.count(value) for value in set(values)}
    if kind == "role":
        return {"n_scored": counts["test"], "folds": {"test": {"train": counts["train"], "test": counts["test"]}}}
    return {
        "n_scored": len(values),
        "folds": {fold: {"train": len(values) - counts[fold], "test": counts[fold]} for fold in folds},
    }

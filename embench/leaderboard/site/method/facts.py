"""The figures of the method page that come from the dataset and the splits alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from embench.audit.barriers import UNRELAXED, Potential, compare
from embench.audit.leakage import RELATIONS, Leakage, measure
from embench.audit.noise import find_duplicates
from embench.audit.suspects import AGREEMENT, MINIMUM_DIFFERENCE
from embench.leaderboard.site.entries import entry_address, filter_address
from embench.metrics.regression import EV_PER_DECADE
from embench.schema import FLAGS
from embench.splits.load import protocol
from embench.splits.registry import ProtocolSpec, protocol_spec

if TYPE_CHECKING:
    from embench.audit.barriers import Comparison
    from embench.audit.noise import Estimate
    from embench.dataset import Dataset
    from embench.leaderboard.board.documents import BoardDocument, Detail
    from embench.schema.documents import Interval

# Pairs of duplicates whose labels differ by more than this are listed, eV.
_CLEARLY_DIFFERENT = 0.05


class BarrierFacts(TypedDict):
    """The labels as a whole: lowest, highest, median and threshold in eV; ions and functionals with their counts."""

    n: int
    n_hosts: int
    n_prototypes: int
    lowest: float
    highest: float
    median: float
    below: int
    threshold: float
    ions: list[tuple[str, int]]
    functionals: list[tuple[str, int]]
    n_classes: int
    typical_sites: int
    ev_per_decade: float


class ProtocolRow(TypedDict):
    """A protocol: how it is made, what it scores, and its best system; `median_mae` and `detectable` are in eV."""

    name: str
    title: str
    main: bool
    measures: str
    made: str
    n_folds: int
    n: int
    n_hosts: int
    median_mae: float | None
    best_name: str
    best_slug: str
    best: Interval | None
    detectable: float | None
    sentence: str


class SharedRelation(TypedDict):
    """How many of the scored entries share a relation with a training entry, and their share."""

    relation: str
    count: int
    share: float


class RelationRow(TypedDict):
    """What the training side of a protocol shares with its `n` scored entries."""

    title: str
    n: int
    shares: list[SharedRelation]


class FlagRow(TypedDict):
    """A flag, how many entries have it, and where the explorer shows those."""

    name: str
    description: str
    rule: str
    from_target: bool
    n: int
    n_test: int
    address: str


class DuplicatePair(TypedDict):
    """Two entries with the same hop, their labels and the difference of these, eV."""

    first: str
    second: str
    first_address: str
    second_address: str
    labels: tuple[float, float]
    difference: float


class PotentialRow(TypedDict):
    """A potential against the labels: `all` of them, and those `kept` that are not in doubt."""

    slug: str
    name: str
    unrelaxed: bool
    all: Comparison
    kept: Comparison


class LabelFacts(TypedDict):
    """What duplicates and potentials say of the labels, eV.

    `floor` and `normal_floor` are the errors that a model which knows every true barrier would still be scored with:
    the least, and that for normal errors of the labels.
    """

    n_pairs: int
    n_entries: int
    n_groups: int
    median_difference: float
    mean_difference: Estimate
    deviation: Estimate
    floor: float
    normal_floor: float
    different: list[DuplicatePair]
    limit: float
    n_suspects: int
    suspect_limit: float
    agreement: float
    potentials: list[PotentialRow]


def barrier_facts(data: Dataset, threshold: float) -> BarrierFacts:
    """Return what the page says of the labels as a whole; energies in eV."""
    barriers = data.column("migration_barrier")
    return {
        "n": len(data),
        "n_hosts": len(set(data.column("group_host").tolist())),
        "n_prototypes": len(set(data.column("group_prototype").tolist())),
        "lowest": float(barriers.min()),
        "highest": float(barriers.max()),
        "median": float(np.median(barriers)),
        "below": int((barriers < threshold).sum()),
        "threshold": threshold,
        "ions": Counter(data.column("mobile_ion").tolist()).most_common(),
        "functionals": Counter(data.column("functional").tolist()).most_common(),
        "n_classes": len(set(data.column("structure_class").tolist())),
        "typical_sites": int(np.median(data.column("n_sites"))),
        "ev_per_decade": EV_PER_DECADE,
    }


def how_made(spec: ProtocolSpec) -> str:
    """Return in a sentence how the folds of a protocol are made."""
    if spec.kind == "published":
        return "One division into a training and a test set, as published."
    if spec.kind == "leave-one-out":
        what = {"mobile_ion": "migrating ion"}.get(spec.column or "", (spec.column or "").replace("_", " "))
        return f"Each {what} is left out in turn, rare ones together."
    if spec.column is None:
        return f"{spec.n_folds} folds drawn at random."
    group = {"group_host": "host framework", "group_prototype": "structure prototype"}.get(spec.column, spec.column)
    return f"{spec.n_folds} folds; no {group} is divided between them."


def protocol_rows(content: BoardDocument) -> list[ProtocolRow]:
    """Return the rows of the table of protocols, in the order of the board; energies in eV."""
    rows: list[ProtocolRow] = []
    for section in content["protocols"]:
        best = section["rows"][0]
        rows.append(
            {
                "name": section["name"],
                "title": section["title"],
                "main": section["main"],
                "measures": section["description"],
                "made": how_made(protocol_spec(section["name"])),
                "n_folds": len(protocol(section["name"])),
                "n": section["n"],
                "n_hosts": section["n_hosts"],
                "median_mae": section["reference"]["mae"],
                "best_name": content["submissions"][best["slug"]]["name"],
                "best_slug": best["slug"],
                "best": best["metrics"]["mae"],
                "detectable": section["detectable"],
                "sentence": section["sentence"],
            }
        )
    return rows


def leakage(data: Dataset, names: Sequence[str]) -> list[Leakage]:
    """Return the leakage of the protocols called `names`."""
    return [measure(protocol(name), data) for name in names]


def relation_rows(measured: Sequence[Leakage], titles: Mapping[str, str]) -> list[RelationRow]:
    """Return for each protocol how many of its scored entries share each relation with a training entry."""
    return [
        {
            "title": titles[found.protocol],
            "n": found.n_scored,
            "shares": [
                {"relation": name, "count": found.shared[name], "share": found.shared[name] / found.n_scored}
                for name in RELATIONS
            ],
        }
        for found in measured
    ]


def flag_rows(data: Dataset) -> list[FlagRow]:
    """Return the flags with their counts on both sides of the published split, the most frequent first."""
    counts = Counter(flag for flags in data.flags for flag in flags)
    in_test = Counter(
        flag
        for flags, part in zip(data.flags, data.column("published_split").tolist(), strict=True)
        for flag in flags
        if part == "test"
    )
    rows: list[FlagRow] = [
        {
            "name": flag.name,
            "description": flag.description,
            "rule": flag.rule,
            "from_target": flag.from_target,
            "n": counts[flag.name],
            "n_test": in_test[flag.name],
            "address": filter_address(flag=flag.name),
        }
        for flag in FLAGS
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["name"]))


def label_facts(data: Dataset, details: Mapping[tuple[str, str], Detail], names: Mapping[str, str]) -> LabelFacts:
    """Return what duplicates and potentials say of the labels; energies in eV.

    `names` are those of the potentials by slug; their barriers are read from `details`, where they were predicted.
    """
    duplicates = find_duplicates(data)
    mean, deviation = duplicates.mean_difference(), duplicates.standard_deviation()
    suspects = [entry.entry_id for entry in data if "label_suspect" in entry.flags]
    different = [pair for pair in duplicates.pairs if pair.difference > _CLEARLY_DIFFERENT]
    return {
        "n_pairs": len(duplicates.pairs),
        "n_entries": duplicates.n_entries,
        "n_groups": len(duplicates.groups),
        "median_difference": duplicates.median_difference,
        "mean_difference": mean,
        "deviation": deviation,
        "floor": mean.value / 2,
        "normal_floor": mean.value / float(np.sqrt(2)),
        "different": [
            {
                "first": pair.first_id,
                "second": pair.second_id,
                "first_address": entry_address(pair.first_id),
                "second_address": entry_address(pair.second_id),
                "labels": (pair.first, pair.second),
                "difference": pair.difference,
            }
            for pair in different
        ],
        "limit": _CLEARLY_DIFFERENT,
        "n_suspects": len(suspects),
        "suspect_limit": MINIMUM_DIFFERENCE,
        "agreement": AGREEMENT,
        "potentials": _potentials(data, details, names, suspects),
    }


def _potentials(
    data: Dataset,
    details: Mapping[tuple[str, str], Detail],
    names: Mapping[str, str],
    suspects: Sequence[str],
) -> list[PotentialRow]:
    labels = dict(zip(data.entry_ids, data.column("migration_barrier").tolist(), strict=True))
    rows: list[PotentialRow] = []
    for slug, name in names.items():
        barriers = {
            entry["entry_id"]: entry["prediction"]
            for (owner, _), detail in details.items()
            if owner == slug
            for entry in detail["entries"]
            if not entry["filled"]
        }
        if barriers:
            potential = Potential(slug, barriers)
            rows.append(
                {
                    "slug": slug,
                    "name": name,
                    "unrelaxed": slug in UNRELAXED,
                    "all": compare(potential, labels),
                    "kept": compare(potential, labels, without=suspects),
                }
            )
    return sorted(rows, key=lambda row: (-row["all"].n, row["all"].median))

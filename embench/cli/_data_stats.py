"""What ``embench data stats`` computes and prints."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from embench.errors import DatasetError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from embench.dataset import Dataset

SIDES = ("train", "test", "all")
QUANTILES = {"min": 0.0, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95, "max": 1.0}
LABELS = {"q05": "5 %", "q25": "25 %", "q75": "75 %", "q95": "95 %"}
CATEGORIES = {
    "mobile_ion": "migrating ion",
    "functional": "functional",
    "concentration_limit": "concentration limit",
    "structure_class": "class",
    "flags": "flag",
}
THRESHOLD = 0.65  # eV: below it a material counts as a good conductor
_BIN = 0.2  # eV
_N_BINS = 11  # the last one is open
_EIGHTHS = " ▏▎▍▌▋▊▉"


def compute(data: Dataset) -> dict[str, Any]:
    """Return the distributions as plain values, for each side of the published split and for both.

    Raises :class:`~embench.errors.DatasetError` for a dataset without entries.
    """
    if not len(data):
        raise DatasetError("no entry is left to describe; exclude fewer flags")
    ids = {"all": data.entry_ids}
    for side in ("train", "test"):
        ids[side] = tuple(entry.entry_id for entry in data if entry.published_split == side)
    sides = {side: data.select(ids[side]) for side in SIDES if ids[side]}
    return {
        "dataset_version": data.version,
        "threshold": THRESHOLD,
        "n": {side: len(part) for side, part in sides.items()},
        "migration_barrier": {side: _barriers(part) for side, part in sides.items()},
        "histogram": _histogram(data.column("migration_barrier").tolist()),
        "n_sites": {side: _distribution(part.column("n_sites")) for side, part in sides.items()},
        "hop_distance": {side: _distribution(part.column("hop_distance")) for side, part in sides.items()},
        **{name: _counts(sides, name) for name in CATEGORIES},
    }


def _distribution(values: Any) -> dict[str, float]:
    import numpy as np

    quantiles = np.quantile(values, list(QUANTILES.values())).tolist()
    return dict(zip(QUANTILES, quantiles, strict=True)) | {"mean": float(np.mean(values)), "std": float(np.std(values))}


def _barriers(data: Dataset) -> dict[str, float]:
    barriers = data.column("migration_barrier")
    return _distribution(barriers) | {"n_below_threshold": int((barriers < THRESHOLD).sum())}


def _histogram(barriers: list[float]) -> list[dict[str, float | int | None]]:
    """Return bins of 0.2 eV, the last one open to the right (its `high` is None)."""
    edges = [round(_BIN * edge, 6) for edge in range(_N_BINS)]
    counts = [0] * _N_BINS
    for barrier in barriers:
        counts[bisect_right(edges, barrier) - 1] += 1
    highs = [*edges[1:], None]
    return [{"low": low, "high": high, "n": n} for low, high, n in zip(edges, highs, counts, strict=True)]


def _counts(sides: dict[str, Dataset], name: str) -> dict[str, dict[str, int]]:
    """Return how many entries each value has on each side, the most frequent value first."""
    values = {side: _values(part, name) for side, part in sides.items()}
    known = [flag.name for flag in sides["all"].layout.flags] if name == "flags" else sorted(set(values["all"]))
    ordered = sorted(known, key=lambda value: -values["all"].count(value))
    return {value: {side: values[side].count(value) for side in sides} for value in ordered}


def _values(data: Dataset, name: str) -> list[str]:
    if name == "flags":
        return [flag for flags in data.flags for flag in flags]
    return [str(value) for value in data.column(name).tolist()]


def render(statistics: dict[str, Any]) -> RenderableType:
    """Return what :func:`compute` gives for a person."""
    from rich.columns import Columns
    from rich.console import Group
    from rich.text import Text

    sizes: dict[str, int] = statistics["n"]
    # With one side only, its figures are those of all.
    sides = list(sizes) if len(sizes) == len(SIDES) else ["all"]
    title = Text(f"embench dataset {statistics['dataset_version']}", style="bold")
    title.append(f"   {sizes['all']} entries: ")
    title.append(", ".join(f"{size} {side}" for side, size in sizes.items() if side != "all"))
    barriers = statistics["migration_barrier"]
    shares = (_share(side, barriers[side]["n_below_threshold"], sizes[side]) for side in sides)
    tables = {name: _category_table(label, statistics[name], sides) for name, label in CATEGORIES.items()}
    left = Group(tables["mobile_ion"], "", tables["structure_class"])
    right = Group(tables["functional"], "", tables["concentration_limit"], "", tables["flags"])
    return Group(
        title,
        "",
        _distribution_table(statistics, sides),
        "",
        f"E_m below {statistics['threshold']:g} eV: {', '.join(shares)}",
        "",
        _histogram_table(statistics["histogram"]),
        "",
        Columns([left, right], padding=(1, 4)),
    )


def _share(side: str, count: int, size: int) -> str:
    return f"{side} {count} ({100 * count / size:.0f} %)"


def _distribution_table(statistics: dict[str, Any], sides: list[str]) -> Table:
    table = _table("", "", *(LABELS.get(key, key) for key in (*QUANTILES, "mean")), left=(0, 1))
    for name, label, digits in (
        ("migration_barrier", "E_m / eV", 3),
        ("n_sites", "sites", 0),
        ("hop_distance", "hop / Å", 2),
    ):
        for side in sides:
            values = statistics[name][side]
            numbers = (f"{values[key]:.{digits}f}" for key in (*QUANTILES, "mean"))
            table.add_row(label if side == sides[0] else "", side, *numbers)
    return table


def _histogram_table(bins: Iterable[dict[str, Any]], *, width: int = 40) -> Table:
    table = _table("E_m / eV", "", "entries", left=(0, 1))
    bins = list(bins)
    largest = max(entry["n"] for entry in bins)
    for entry in bins:
        high = "∞" if entry["high"] is None else f"{entry['high']:.1f}"
        table.add_row(f"{entry['low']:.1f} – {high}", _bar(entry["n"] / largest * width), str(entry["n"]))
    return table


def _bar(length: float) -> str:
    """Return a bar of `length` characters, to an eighth of a character."""
    eighths = round(length * 8)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def _category_table(name: str, counts: dict[str, dict[str, int]], sides: list[str]) -> Table:
    table = _table(name, *sides)
    for value, by_side in counts.items():
        table.add_row(value, *(str(by_side[side]) for side in sides))
    return table


def _table(*names: str, left: tuple[int, ...] = (0,)) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for position, name in enumerate(names):
        table.add_column(name, justify="left" if position in left else "right", no_wrap=True)
    return table

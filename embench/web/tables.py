"""The tables of the page: rows of printed values and bars, taken from the document of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

from embench.metrics import FAMILIES
from embench.schema import FLAGS
from embench.web.bars import Bar, Scale, bar, scale_of, symmetric_scale
from embench.web.wording import count, count_plural, interval, number, percent, quantity

if TYPE_CHECKING:
    from embench.schema.documents import (
        DifferenceDocument,
        EntryDocument,
        EvaluationDocument,
        Interval,
        MetricDocument,
        MetricText,
        SubsetDocument,
    )
    from embench.schema.terms import Outcome

_BETTER = {"lower": "Lower is better.", "higher": "Higher is better.", "zero": "Nearer to zero is better."}
# R² has no lower end; bars of dimensionless metrics begin here at the latest.
_LOWEST_DIMENSIONLESS = -0.5
# Bars of groups end here, in multiples of the MAE of all entries: single entries would dwarf the rest.
_WIDEST_GROUP = 3.0
# The metrics shown for subsets; the groups of a breakdown have MAE and bias only.
SUBSET_METRICS = ("mae", "rmse", "r2", "bias", "accuracy")
_OUTCOMES: tuple[tuple[Outcome, str, bool], ...] = (
    ("true_positive", "low barrier, predicted low", True),
    ("false_negative", "low barrier, predicted high", False),
    ("false_positive", "high barrier, predicted low", False),
    ("true_negative", "high barrier, predicted high", True),
)


class MetricRow(TypedDict):
    """A line of a table of metrics: printed values, the bar of the score, and what the training median scores.

    `beside` is the value of some of the entries, empty where none is asked for.
    """

    name: str
    symbol: str
    title: str
    explanation: str
    value: str
    interval: str
    bar: Bar | None
    median: str
    support: str
    beside: str


class MetricTable(TypedDict):
    """The metrics of one family; `beside` says of which entries the values beside those of all are."""

    title: str
    beside: str
    rows: list[MetricRow]


class ComparisonRow(TypedDict):
    """A metric of two systems, and their difference with its bar."""

    symbol: str
    title: str
    explanation: str
    value: str
    other: str
    difference: str
    interval: str
    bar: Bar | None


class Cell(TypedDict):
    """A printed score and its interval."""

    value: str
    interval: str


class SubsetRow(TypedDict):
    """The scores of some of the entries, in the order of SUBSET_METRICS; `same` tells that none was left out."""

    title: str
    n: int
    n_hosts: int
    same: bool
    cells: list[Cell]


class GroupRow(TypedDict):
    """One group of a breakdown."""

    group: str
    n: int
    n_hosts: int
    small: bool
    mae: str
    interval: str
    bar: Bar | None
    bias: str


class GroupTable(TypedDict):
    """The groups of one dimension."""

    name: str
    title: str
    rows: list[GroupRow]


class ConfusionCell(TypedDict):
    """One of the four outcomes: how many entries have it, and whether it is a right one."""

    name: Outcome
    count: int
    share: str
    words: str
    right: bool


class FlagText(TypedDict):
    """What a flag means, and when it is set."""

    name: str
    description: str
    rule: str


def explanation(metric: MetricText) -> str:
    """Return what a metric means and which values are better."""
    better = _BETTER.get(metric["direction"], f"Nearer to {metric['nominal']} is better.")
    return f"{metric['description']} {better}"


def metric_tables(content: EvaluationDocument, *, beside: str | None = None) -> list[MetricTable]:
    """Return one table for each family of metrics: rows with value, interval, bar and the training median's value.

    The values of the subset called `beside` stand beside them, where it leaves any entry out.
    """
    median = content["reference"]["training_median"]
    scales = _metric_scales(content["metrics"], median)
    families = groupby(content["metrics"].items(), key=lambda item: item[1]["family"])
    part = content["subsets"][beside] if beside else None
    if part is not None and part["n"] == content["n"]:
        part = None
    return [
        {
            "title": FAMILIES[family],
            "beside": part["title"] if part else "",
            "rows": [_metric_row(content, name, median, scales, part) for name, _ in members],
        }
        for family, members in families
    ]


def _metric_row(
    content: EvaluationDocument,
    name: str,
    median: Mapping[str, float | None],
    scales: Mapping[str | None, Scale],
    part: SubsetDocument | None,
) -> MetricRow:
    metric = content["metrics"][name]
    of_part = part["metrics"].get(name) if part else None
    sign = metric["direction"] == "zero"
    mark = median.get(name)
    return {
        "name": name,
        "symbol": metric["symbol"],
        "title": metric["title"],
        "explanation": explanation(metric),
        "value": quantity(metric["value"], metric["unit"], sign=sign),
        "interval": interval(metric, sign=sign),
        "bar": bar(metric, scales[metric["unit"]], mark=mark),
        "median": number(mark, sign=sign) if name in median else "",
        "support": _support(content, metric),
        "beside": quantity(of_part["value"], metric["unit"], sign=sign) if of_part else "",
    }


def _support(content: EvaluationDocument, metric: MetricDocument) -> str:
    """Return what a metric was computed from, where that is not all scored entries; an empty string otherwise."""
    if metric["n"] == content["n"] and metric["n_hosts"] == content["n_hosts"]:
        return ""
    return f"from {count_plural(metric['n'], metric['n_unit'])} in {count(metric['n_hosts'], 'host')}"


def _metric_scales(
    metrics: Mapping[str, MetricDocument], median: Mapping[str, float | None]
) -> dict[str | None, Scale]:
    """Return one scale for each unit, so that bars of one unit can be compared."""
    units = {metric["unit"] for metric in metrics.values()}
    found: dict[str | None, Scale] = {}
    for unit in units:
        same = {name: metric for name, metric in metrics.items() if metric["unit"] == unit}
        marks = [median.get(name) for name in same]
        found[unit] = scale_of(same.values(), marks, floor=None if unit else _LOWEST_DIMENSIONLESS)
    return found


def comparison_rows(content: EvaluationDocument) -> list[ComparisonRow]:
    """Return each metric of both systems with the paired difference; nothing without a comparison."""
    if content["comparison"] is None:
        return []
    found = content["comparison"]["metrics"]
    scales: dict[str | None, Scale] = {}
    for unit in {pair["difference"]["unit"] for pair in found.values()}:
        same = [pair["difference"] for pair in found.values() if pair["difference"]["unit"] == unit]
        scales[unit] = symmetric_scale(same, limit=float("inf") if unit else 1.0)
    return [_comparison_row(content["metrics"][name], pair, scales) for name, pair in found.items()]


def _comparison_row(
    metric: MetricDocument, pair: DifferenceDocument, scales: Mapping[str | None, Scale]
) -> ComparisonRow:
    difference = pair["difference"]
    sign = metric["direction"] == "zero"
    return {
        "symbol": metric["symbol"],
        "title": metric["title"],
        "explanation": explanation(metric),
        "value": quantity(pair["value"], metric["unit"], sign=sign),
        "other": quantity(pair["other"], metric["unit"], sign=sign),
        "difference": number(difference["value"], sign=True),
        "interval": interval(difference, sign=True),
        "bar": bar(difference, scales[difference["unit"]], mark=0.0),
    }


def subset_rows(content: EvaluationDocument) -> list[SubsetRow]:
    """Return the scores of all entries, then those of each subset."""
    everything: SubsetRow = {
        "title": "all scored entries",
        "n": content["n"],
        "n_hosts": content["n_hosts"],
        "same": False,
        "cells": _cells(content["metrics"]),
    }
    parts: list[SubsetRow] = [
        {
            "title": part["title"],
            "n": part["n"],
            "n_hosts": part["n_hosts"],
            "same": part["n"] == content["n"],
            "cells": _cells(part["metrics"]),
        }
        for part in content["subsets"].values()
    ]
    return [everything, *parts]


def _cells(metrics: Mapping[str, Interval]) -> list[Cell]:
    return [_cell(metrics[name], sign=name == "bias") for name in SUBSET_METRICS]


def _cell(estimate: Interval, *, sign: bool) -> Cell:
    return {"value": number(estimate["value"], sign=sign), "interval": interval(estimate, sign=sign)}


def breakdown_tables(content: EvaluationDocument) -> list[GroupTable]:
    """Return one table for each dimension; all bars of MAE share a scale, on which the MAE of all is marked."""
    mae = content["metrics"]["mae"]["value"]
    groups = [group for part in content["breakdown"].values() for group in part["groups"]]
    fitting = scale_of((group["mae"] for group in groups), [mae])
    scale = Scale(0.0, min(fitting.high, _WIDEST_GROUP * mae) if mae else fitting.high)
    return [
        {
            "name": name,
            "title": part["title"],
            "rows": [
                {
                    "group": group["group"],
                    "n": group["n"],
                    "n_hosts": group["n_hosts"],
                    "small": group["small"],
                    "mae": number(group["mae"]["value"]),
                    "interval": interval(group["mae"]),
                    "bar": bar(group["mae"], scale, mark=mae),
                    "bias": number(group["bias"]["value"], sign=True),
                }
                for group in part["groups"]
            ],
        }
        for name, part in content["breakdown"].items()
    ]


def confusion_cells(content: EvaluationDocument) -> list[ConfusionCell]:
    """Return the four outcomes in reading order: low barriers first, low predictions first."""
    return [
        {
            "name": name,
            "count": content["confusion"][name],
            "share": percent(content["confusion"][name] / content["n"]),
            "words": words,
            "right": right,
        }
        for name, words, right in _OUTCOMES
    ]


def worst_first(content: EvaluationDocument) -> list[EntryDocument]:
    """Return the entries by falling absolute error; those without a prediction come last."""
    return sorted(content["entries"], key=lambda entry: (entry["filled"], -abs(entry["error"]), entry["entry_id"]))


def flags_explained(entries: Sequence[EntryDocument]) -> list[FlagText]:
    """Return the flags that occur among `entries`, in the order of the schema, with what they mean."""
    present = {flag for entry in entries for flag in entry["flags"]}
    return [
        {"name": flag.name, "description": flag.description, "rule": flag.rule}
        for flag in FLAGS
        if flag.name in present
    ]

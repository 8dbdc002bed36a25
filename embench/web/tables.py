"""The tables of the page: rows of printed values and bars, taken from the document of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from embench.schema import FLAGS
from embench.web.bars import Scale, bar, scale_of, symmetric_scale
from embench.web.wording import count, count_plural, interval, number, percent, quantity

Row = dict[str, Any]

FAMILIES = {
    "regression": "The barrier itself",
    "classification": "Good conductors",
    "pathway": "Pathways of one structure",
    "uncertainty": "Predicted uncertainty",
}
_BETTER = {"lower": "Lower is better.", "higher": "Higher is better.", "zero": "Nearer to zero is better."}
# R² has no lower end; bars of dimensionless metrics begin here at the latest.
_LOWEST_DIMENSIONLESS = -0.5
# Bars of groups end here, in multiples of the MAE of all entries: single entries would dwarf the rest.
_WIDEST_GROUP = 3.0
# The metrics shown for subsets; the groups of a breakdown have MAE and bias only.
SUBSET_METRICS = ("mae", "rmse", "r2", "bias", "accuracy")
_OUTCOMES = (
    ("true_positive", "low barrier, predicted low", True),
    ("false_negative", "low barrier, predicted high", False),
    ("false_positive", "high barrier, predicted low", False),
    ("true_negative", "high barrier, predicted high", True),
)


def explanation(metric: Mapping[str, Any]) -> str:
    """Return what a metric means and which values are better."""
    better = _BETTER.get(metric["direction"], f"Nearer to {metric['nominal']} is better.")
    return f"{metric['description']} {better}"


def metric_tables(content: Mapping[str, Any]) -> list[Row]:
    """Return one table for each family of metrics: rows with value, interval, bar and the training median's value."""
    median = content["reference"]["training_median"]
    scales = _metric_scales(content["metrics"], median)
    families = groupby(content["metrics"].items(), key=lambda item: item[1]["family"])
    return [
        {"title": FAMILIES[family], "rows": [_metric_row(content, name, median, scales) for name, _ in members]}
        for family, members in families
    ]


def _metric_row(
    content: Mapping[str, Any], name: str, median: Mapping[str, float | None], scales: Mapping[str | None, Scale]
) -> Row:
    metric = content["metrics"][name]
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
    }


def _support(content: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """Return what a metric was computed from, where that is not all scored entries; an empty string otherwise."""
    if metric["n"] == content["n"] and metric["n_hosts"] == content["n_hosts"]:
        return ""
    return f"from {count_plural(metric['n'], metric['n_unit'])} in {count(metric['n_hosts'], 'host framework')}"


def _metric_scales(
    metrics: Mapping[str, Mapping[str, Any]], median: Mapping[str, float | None]
) -> dict[str | None, Scale]:
    """Return one scale for each unit, so that bars of one unit can be compared."""
    units = {metric["unit"] for metric in metrics.values()}
    found: dict[str | None, Scale] = {}
    for unit in units:
        same = {name: metric for name, metric in metrics.items() if metric["unit"] == unit}
        marks = [median.get(name) for name in same]
        found[unit] = scale_of(same.values(), marks, floor=None if unit else _LOWEST_DIMENSIONLESS)
    return found


def comparison_rows(content: Mapping[str, Any]) -> list[Row]:
    """Return each metric of both systems with the paired difference; nothing without a comparison."""
    if content["comparison"] is None:
        return []
    found = content["comparison"]["metrics"]
    scales: dict[str | None, Scale] = {}
    for unit in {pair["difference"]["unit"] for pair in found.values()}:
        same = [pair["difference"] for pair in found.values() if pair["difference"]["unit"] == unit]
        scales[unit] = symmetric_scale(same, limit=float("inf") if unit else 1.0)
    return [_comparison_row(content["metrics"][name], pair, scales) for name, pair in found.items()]


def _comparison_row(metric: Mapping[str, Any], pair: Mapping[str, Any], scales: Mapping[str | None, Scale]) -> Row:
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


def subset_rows(content: Mapping[str, Any]) -> list[Row]:
    """Return the scores of all entries, then those of each subset."""
    everything = {"title": "all scored entries", "n": content["n"], "n_hosts": content["n_hosts"]}
    parts = [everything | {"metrics": content["metrics"]}, *content["subsets"].values()]
    return [
        {
            "title": part["title"],
            "n": part["n"],
            "n_hosts": part["n_hosts"],
            "same": index > 0 and part["n"] == content["n"],
            "cells": [_cell(part["metrics"][name], sign=name == "bias") for name in SUBSET_METRICS],
        }
        for index, part in enumerate(parts)
    ]


def _cell(estimate: Mapping[str, Any], *, sign: bool) -> Row:
    return {"value": number(estimate["value"], sign=sign), "interval": interval(estimate, sign=sign)}


def breakdown_tables(content: Mapping[str, Any]) -> list[Row]:
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


def confusion_cells(content: Mapping[str, Any]) -> list[Row]:
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


def worst_first(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries by falling absolute error."""
    return sorted(content["entries"], key=lambda entry: (-abs(entry["error"]), entry["entry_id"]))


def flags_explained(entries: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the flags that occur among `entries`, in the order of the schema, with what they mean."""
    present = {flag for entry in entries for flag in entry["flags"]}
    return [
        {"name": flag.name, "description": flag.description, "rule": flag.rule}
        for flag in FLAGS
        if flag.name in present
    ]

"""How a submission compares with the others of a protocol: paired differences of the mean absolute error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from embench.web.bars import Bar, bar, symmetric_scale
from embench.web.wording import interval, number

# Differences are drawn up to this multiple of the training median's error: beyond it, an arrow.
_WIDEST = 0.75
_SMALLEST_P = 1e-3


@dataclass(frozen=True)
class Pair:
    """A submission against another, `slug`: its MAE minus that of the other, in eV."""

    slug: str
    name: str
    rank: str
    difference: str
    interval: str
    bar: Bar | None
    p_value: str
    resolved: bool
    outcome: str
    verdict: str


def pairs_of(content: Mapping[str, Any], protocol: Mapping[str, Any], slug: str) -> list[Pair]:
    """Return the comparison with every other system of the protocol, by their rank."""
    found = {}
    for pair in protocol["pairs"]:
        if pair["a"] == slug:
            found[pair["b"]] = {**pair, "value": pair["difference"]}
        elif pair["b"] == slug:
            found[pair["a"]] = {**pair, **_turned(pair)}
    limit = _WIDEST * (protocol["reference"].get("mae") or 1.0)
    scale = symmetric_scale(found.values(), limit=limit)
    order = [row for row in protocol["rows"] if row["slug"] in found]
    return [_pair(content, row, found[row["slug"]], slug, bar(found[row["slug"]], scale, mark=0.0)) for row in order]


def _turned(pair: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the difference as the second of the pair sees it."""
    turned = {"value": pair["difference"], "low": pair["high"], "high": pair["low"]}
    return {name: None if value is None else -value for name, value in turned.items()}


def _pair(
    content: Mapping[str, Any], row: Mapping[str, Any], pair: Mapping[str, Any], slug: str, drawn: Bar | None
) -> Pair:
    names = {key: submission["name"] for key, submission in content["submissions"].items()}
    way = "lower" if pair["value"] < 0.0 else "higher"
    outcome = way if pair["resolved"] else "not told apart"
    return Pair(
        slug=row["slug"],
        name=names[row["slug"]],
        rank=f"{row['rank']:g}",
        difference=number(pair["value"], sign=True),
        interval=interval(pair, sign=True),
        bar=drawn,
        p_value=_p_value(pair["p_value"]),
        resolved=pair["resolved"],
        outcome=outcome,
        verdict=_verdict(names[slug], names[row["slug"]], pair, outcome),
    )


def _verdict(name: str, other: str, pair: Mapping[str, Any], outcome: str) -> str:
    size = f"{number(abs(pair['value']))} eV"
    way = "lower" if pair["value"] < 0.0 else "higher"
    known = "" if pair["low"] is None else f"95 % interval of the difference {interval(pair, sign=True)} eV, "
    end = "The data tell the two apart." if outcome != "not told apart" else "The data cannot tell the two apart."
    return f"The MAE of {name} is {size} {way} than that of {other} ({known}p {_p_phrase(pair['p_value'])}). {end}"


def _p_value(value: float | None) -> str:
    if value is None:
        return number(None)
    return f"< {_SMALLEST_P:g}" if value < _SMALLEST_P else f"{value:.2g}"


def _p_phrase(value: float | None) -> str:
    text = _p_value(value)
    return text if text.startswith("<") else f"= {text}"

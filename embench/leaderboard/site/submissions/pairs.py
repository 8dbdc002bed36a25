"""How a submission compares with the others of a protocol: paired differences of the mean absolute error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from embench.web.bars import Bar, Scale, bar, symmetric_scale
from embench.web.wording import interval, number, quantity

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardDocument, BoardRow, PairDocument, ProtocolSection
    from embench.schema.documents import Interval

Outcome = Literal["lower", "higher", "tied"]

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
    outcome: Outcome
    verdict: str
    clean: Without | None


@dataclass(frozen=True)
class Without:
    """What a pair is without contradicted labels; None where that is the same."""

    difference: str
    outcome: Outcome


def pairs_of(content: BoardDocument, protocol: ProtocolSection, slug: str) -> list[Pair]:
    """Return the comparisons with other systems of the protocol, by their rank."""
    found, without = {}, {}
    same = protocol["not_contradicted"]["n"] == protocol["n"]
    for pair, clean in zip(protocol["pairs"], protocol["not_contradicted"]["pairs"], strict=True):
        if slug in (pair["a"], pair["b"]):
            turned = pair["b"] == slug
            other = pair["a"] if turned else pair["b"]
            found[other] = (pair, _difference(pair, turned=turned))
            without[other] = None if same else _without(clean, turned=turned)
    limit = _WIDEST * (protocol["reference"].get("mae") or 1.0)
    scale = symmetric_scale([difference for _, difference in found.values()], limit=limit)
    rows = [row for row in protocol["rows"] if row["slug"] in found]
    return [_pair(content, row, *found[row["slug"]], without[row["slug"]], slug=slug, scale=scale) for row in rows]


def _without(pair: PairDocument, *, turned: bool) -> Without:
    difference = _difference(pair, turned=turned)
    return Without(number(difference["value"], sign=True), _way(difference) if pair["resolved"] else "tied")


def _difference(pair: PairDocument, *, turned: bool) -> Interval:
    """Return MAE of the first of a pair minus that of the second; `turned`: as the second of the two sees it."""
    if not turned:
        return {"value": pair["difference"], "low": pair["low"], "high": pair["high"]}
    return {"value": _minus(pair["difference"]), "low": _minus(pair["high"]), "high": _minus(pair["low"])}


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _pair(
    content: BoardDocument,
    row: BoardRow,
    pair: PairDocument,
    difference: Interval,
    clean: Without | None,
    *,
    slug: str,
    scale: Scale,
) -> Pair:
    name, other = (content["submissions"][each]["name"] for each in (slug, row["slug"]))
    outcome = _way(difference) if pair["resolved"] else "tied"
    return Pair(
        slug=row["slug"],
        name=other,
        rank=f"{row['rank']:g}",
        difference=number(difference["value"], sign=True),
        interval=interval(difference, sign=True),
        bar=bar(difference, scale, mark=0.0),
        p_value=_p_value(pair["p_value"]),
        resolved=pair["resolved"],
        outcome=outcome,
        verdict=_verdict(name, other, difference, pair),
        clean=clean,
    )


def _way(difference: Interval) -> Outcome:
    return "lower" if difference["value"] is not None and difference["value"] < 0.0 else "higher"


def _verdict(name: str, other: str, difference: Interval, pair: PairDocument) -> str:
    value = difference["value"]
    size = quantity(None if value is None else abs(value), "eV")
    known = (
        "" if difference["low"] is None else f"95 % interval of the difference {interval(difference, sign=True)} eV, "
    )
    end = (
        "The difference is statistically significant."
        if pair["resolved"]
        else "The two are statistically indistinguishable."
    )
    p_value = f"p {_p_phrase(pair['p_value'])}"
    return f"The MAE of {name} is {size} {_way(difference)} than that of {other} ({known}{p_value}). {end}"


def _p_value(value: float | None) -> str:
    if value is None:
        return number(None)
    return f"< {_SMALLEST_P:g}" if value < _SMALLEST_P else f"{value:.2g}"


def _p_phrase(value: float | None) -> str:
    text = _p_value(value)
    return text if text.startswith("<") else f"= {text}"

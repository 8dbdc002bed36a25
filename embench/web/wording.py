"""Numbers, names and commands as the page prints them."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embench.schema.documents import EvaluationDocument, Interval

from embench.common.text import plural

UNDEFINED = "–"
# What the command line takes without being told; options at these values are left out of the command.
_DEFAULTS = {"protocol": "published", "threshold": "0.65", "seed": "0", "resamples": "10000"}
_AMOUNT_OF_ONE = re.compile(r"(?<=[A-Za-z])1(?=\s|$)")


def number(value: float | None, *, sign: bool = False, decimals: int = 3) -> str:
    """Return a number with a typographic minus; an en dash where it is undefined."""
    if value is None:
        return UNDEFINED
    rounded = round(value, decimals) + 0.0  # no minus before a zero
    return f"{rounded:{'+' if sign and rounded else ''}.{decimals}f}".replace("-", "−")


def quantity(value: float | None, unit: str | None, *, sign: bool = False) -> str:
    """Return a number with its unit."""
    text = number(value, sign=sign)
    return text if value is None or not unit else f"{text} {unit}"


def interval(estimate: Interval, *, sign: bool = False) -> str:
    """Return ``low to high``, or an en dash where there is no interval."""
    if estimate["low"] is None or estimate["high"] is None:
        return UNDEFINED
    return f"{number(estimate['low'], sign=sign)} to {number(estimate['high'], sign=sign)}"


def percent(share: float) -> str:
    """Return a share as a whole percentage."""
    return f"{100.0 * share:.0f}\u00a0%"


def count(amount: int, noun: str) -> str:
    """Return ``1 entry``, ``2 entries``, ``616 host frameworks``."""
    return plural(amount, noun, thousands=True)


def count_plural(amount: int, nouns: str) -> str:
    """Return ``1 pair``, ``2 entries`` from a noun given in the plural."""
    return count(amount, f"{nouns[:-3]}y" if nouns.endswith("ies") else nouns.removesuffix("s"))


def short_name(name: str) -> str:
    """Return the last two parts of a path, which name a submission and its file, or the name as it is."""
    return "/".join(PurePath(name).parts[-2:]).lstrip("/") or name


def formula(text: str) -> str:
    """Return a formula as chemists write it: ``Ca7 Mn1 F48`` is ``Ca7MnF48``."""
    return _AMOUNT_OF_ONE.sub("", text).replace(" ", "")


def flag_name(flag: str) -> str:
    """Return a flag without underscores."""
    return flag.replace("_", " ")


def command(content: EvaluationDocument) -> str:
    """Return the command line that repeats the evaluation."""
    words = ["embench", "evaluate", content["predictions"]]
    options = {
        "protocol": content["protocol"],
        "threshold": f"{content['threshold']:g}",
        "seed": str(content["seed"]),
        "resamples": str(content["resamples"]),
    }
    for name, value in options.items():
        if value != _DEFAULTS[name]:
            words += [f"--{name}", value]
    comparison = content["comparison"]
    if comparison:
        words += ["--against", comparison["other"]]
    if content["coverage"]["filled"] or (comparison and comparison["other_coverage"]["filled"]):
        words.append("--fill-missing")
    return shlex.join(words)

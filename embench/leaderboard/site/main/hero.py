"""The first lines of the main page: what is measured, and the numbers to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from embench.web.wording import count, number

if TYPE_CHECKING:
    from embench.leaderboard.board.documents import BoardDocument


class Figure(TypedDict):
    """A number of the first line, and what it is."""

    value: str
    label: str


def figures(content: BoardDocument) -> list[Figure]:
    """Return best error, training median and detectable difference of the main protocol, eV."""
    main = content["protocols"][0]
    best = main["rows"][0]
    mae = best["metrics"]["mae"]
    name = content["submissions"][best["slug"]]["name"]
    found: list[Figure] = [{"value": number(mae and mae["value"]), "label": f"best MAE ({name})"}]
    if (median := main["reference"].get("mae")) is not None:
        found.append({"value": number(median), "label": "MAE of the training median"})
    if main["detectable"] is not None:
        found.append({"value": number(main["detectable"], decimals=2), "label": "smallest detectable difference"})
    return found


def facts(content: BoardDocument, n_entries: int) -> list[str]:
    """Return who is scored on what, in sentences: `n_entries` is the number of all entries, damaged ones included."""
    main, *others = content["protocols"]
    told = [
        f"{count(len(main['rows']), 'system')} scored on the {count(main['n'], 'entry')} of the main protocol, "
        f"from {count(main['n_hosts'], 'host framework')}"
    ]
    ranked = {row["slug"] for row in main["rows"]}
    for section in others:
        more = [row["slug"] for row in section["rows"] if row["slug"] not in ranked]
        if more:
            told.append(f"{len(more)} more on the {section['n']} of “{section['title'].lower()}” only")
            ranked.update(more)
    sentences = ["; ".join(told) + "."]
    if damaged := n_entries - main["n"]:
        sentences.append(
            f"{_words(damaged)} of the {n_entries} entries have a damaged structure and are scored nowhere."
        )
    return sentences


def _words(amount: int) -> str:
    known = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return known[amount] if amount < len(known) else str(amount)

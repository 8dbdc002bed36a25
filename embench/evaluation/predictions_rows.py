"""The rows and columns of predictions, wherever they are from: what is shared by all readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from embench.schema.predicted import BAND_COLUMNS

REQUIRED = ("entry_id", "prediction")
# One standard deviation; or the ends of a 95 % interval; and which of several runs of the system it is.
OPTIONAL = ("uncertainty", "lower", "upper", "seed")
# Columns that other parts of embench read, and those without a name that tables get when they are saved.
_NOT_READ_HERE = frozenset({*BAND_COLUMNS, "", "index", "level_0", "__index_level_0__"})
_MEANING = {
    "entry_id": "id entry entryid sys_name sysname name system key material material_id mp_id structure_id",
    "prediction": "pred preds predicted predictions y_pred yhat y_hat value barrier barriers em e_m energy "
    "migration_barrier predicted_barrier barrier_predicted prediction_ev",
    "uncertainty": "sigma std stdev stddev std_dev sd unc uncertainties error err se stderr variance var y_std "
    "pred_std prediction_std standard_deviation",
}
_LIKELY = {word: meant for meant, words in _MEANING.items() for word in words.split()}
_UNIT = re.compile(r"[\s_]*[(\[]?(?:m?ev|kj/mol|kcal/mol|a\.?u\.?)[)\]]?$")
SHOWN_NAMES = 10


class Row(NamedTuple):
    """One prediction as it stands in its source; `where` names the place in messages, the others are the columns."""

    where: str
    entry_id: str
    prediction: Any
    uncertainty: Any = None
    lower: Any = None
    upper: Any = None
    seed: Any = None


@dataclass(frozen=True)
class Table:
    """The rows of a source, the sha256 of its file (empty for what is in memory), and what to tell about it.

    `plain` tells that the file is what a submission holds: CSV with commas and decimal points, not compressed.
    """

    rows: list[Row]
    sha256: str = ""
    notes: list[str] = field(default_factory=list)
    plain: bool = False


def likely_column(name: str) -> str | None:
    """Return the column of a predictions file that `name` probably stands for."""
    folded = name.strip().casefold()
    for word in (folded, _UNIT.sub("", folded)):
        found = _LIKELY.get(word.replace(" ", "_").replace("-", "_"))
        if found:
            return found
        if word in (*REQUIRED, *OPTIONAL):
            return word
    return None


def rename_hint(names: Sequence[str], missing: Sequence[str]) -> str:
    """Return which of the columns `names` to rename where `missing` ones seem to be there by another name."""
    found = []
    for column in missing:
        candidates = [name for name in names if name not in (*REQUIRED, *OPTIONAL) and likely_column(name) == column]
        if len(candidates) == 1:
            found.append(f"did you mean {column} by {candidates[0]!r}? Rename the column")
    return "".join(f". {text[0].upper()}{text[1:]}" for text in found)


def unread_notes(names: Sequence[str]) -> list[str]:
    """Return warnings about columns that are not read: none may be dropped without a word."""
    read = {*REQUIRED, *OPTIONAL}
    others = [name for name in dict.fromkeys(names) if name not in read | _NOT_READ_HERE and not _is_unnamed(name)]
    if not others:
        return []
    shown = ", ".join(map(repr, map(shorten_name, others[:SHOWN_NAMES])))
    more = ", ..." if len(others) > SHOWN_NAMES else ""
    text = f"{'column' if len(others) == 1 else 'columns'} {shown}{more} {'is' if len(others) == 1 else 'are'} not read"
    if "uncertainty" not in names:
        meant = [name for name in others if likely_column(name) == "uncertainty"]
        if meant:
            text += f"; did you mean uncertainty (one standard deviation, eV) by {meant[0]!r}? Then rename it"
    return [text]


def _is_unnamed(name: str) -> bool:
    return name.startswith("Unnamed: ")


def shorten_name(name: str) -> str:
    """Return the name of a column, cut where it is long."""
    return name if len(name) <= 40 else f"{name[:37]}..."

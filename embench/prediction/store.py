"""A folder of predictions: what a run that was killed goes on from, and two tables for screening.

``run.json`` says what the results depend on, ``results.jsonl`` gets a document for each structure as it is finished,
``structures.csv`` and ``hops.csv`` a row for each structure and for each hop. The tables are made from the documents,
so a row that was cut short by a kill is made again.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from embench.common.files import write_text
from embench.errors import InvalidValueError, OutputError
from embench.prediction.documents import PredictionDocument, RefusedDocument

RUN, LINES, STRUCTURES, HOPS = "run.json", "results.jsonl", "structures.csv", "hops.csv"

STRUCTURE_COLUMNS = (
    "name", "formula", "ion", "space_group", "n_hops",
    *(f"{what}_{n}d" for n in (1, 2, 3) for what in ("barrier", "low", "high", "rate", "probability_good")),
    "prototype", "host", "protocol", "outside", "nearest", "published", "published_barrier", "seconds", "error",
)  # fmt: skip
# The first three are those of a predictions file.
HOP_COLUMNS = (
    "entry_id", "prediction", "uncertainty", "low", "high", "structure", "hop", "length", "multiplicity",
    "probability_good", "percentile", "outside", "nearest", "nearest_barrier", "published", "published_barrier",
)  # fmt: skip

Document = PredictionDocument | RefusedDocument


class _Rows(NamedTuple):
    """The rows of one structure in both tables; the last value of the first is the reason of a refusal."""

    row: list[Any]
    hops: list[list[Any]]


class ResultStore:
    """The predictions in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, key: Mapping[str, Any]) -> dict[str, bool]:
        """Make the folder, or go on with the one that is there; return what is done, and whether it was refused.

        Raises :class:`~embench.errors.InvalidValueError` where the folder holds the results of another run.
        """
        path = self.folder / RUN
        wanted = json.loads(json.dumps(key))
        if path.exists():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise InvalidValueError(f"{path} is damaged ({error}): give another folder with --out") from None
            if found != wanted:
                names = [name for name in wanted if not isinstance(found, dict) or found.get(name) != wanted[name]]
                raise InvalidValueError(
                    f"{self.folder} holds predictions of another run: another {names[0] if names else 'key'}; give "
                    "another folder with --out"
                )
        elif (self.folder / LINES).exists():
            raise InvalidValueError(f"{self.folder} has {LINES} but no {RUN}: give another folder with --out")
        else:
            write_text(path, json.dumps(wanted, indent=2, ensure_ascii=False) + "\n")
        self._mend()
        rows = self._rows()
        self._write_tables(rows.values())
        return {name: bool(found.row[-1]) for name, found in rows.items()}

    def documents(self) -> Iterator[Document]:
        """Yield the documents in the order in which they were finished; of several of one name the last counts."""
        last = {each["name"]: number for number, (each, _) in enumerate(self._lines())}
        for number, (each, _) in enumerate(self._lines()):
            if last[each["name"]] == number:
                yield each

    def add(self, found: Document, seconds: float, *, again: bool = False) -> None:
        """Keep a document; its rows follow, unless it is one that was there before (`again`)."""
        line = json.dumps({"seconds": seconds, **found}, ensure_ascii=False, allow_nan=False)
        _append(self.folder / LINES, line + "\n")
        if not again:
            _append(self.folder / STRUCTURES, _csv([structure_row(found, seconds)]))
            _append(self.folder / HOPS, _csv(hop_rows(found)))

    def finish(self) -> None:
        """Write both tables anew from the documents: sorted by name, each structure once."""
        rows = self._rows()
        self._write_tables(rows[name] for name in sorted(rows))

    def _write_tables(self, rows: Iterable[_Rows]) -> None:
        found = list(rows)
        write_text(self.folder / STRUCTURES, _csv([STRUCTURE_COLUMNS, *(each.row for each in found)]))
        write_text(self.folder / HOPS, _csv([HOP_COLUMNS, *(row for each in found for row in each.hops)]))

    def _rows(self) -> dict[str, _Rows]:
        # Rows only: ten thousand documents would not fit everywhere.
        return {each["name"]: _Rows(structure_row(each, seconds), hop_rows(each)) for each, seconds in self._lines()}

    def _lines(self) -> Iterator[tuple[Document, float]]:
        path = self.folder / LINES
        if not path.exists():
            return
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    content = json.loads(line)
                    seconds = float(content.pop("seconds"))
                    content["name"], content["format"]
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise InvalidValueError(
                        f"{path}, line {number}: no document of a prediction ({error}); remove the line, its structure "
                        "is computed again"
                    ) from None
                yield cast("Document", content), seconds

    def _mend(self) -> None:
        """Cut off a last line that a kill has left unfinished."""
        path = self.folder / LINES
        if not path.exists():
            return
        with path.open("rb+") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                file.truncate(whole)


def structure_row(found: Document, seconds: float) -> list[Any]:
    """Return the row of a structure, see STRUCTURE_COLUMNS."""
    if "error" in found:
        refusal = cast("RefusedDocument", found)
        return [refusal["name"], *[""] * (len(STRUCTURE_COLUMNS) - 3), seconds, refusal["error"]]
    each = found
    ways = {way["dimension"]: way for way in each["ways"] if way["known_by"] == "model"}
    numbers: list[Any] = []
    for dimension in (1, 2, 3):
        way = ways.get(dimension)
        keys = ("barrier", "low", "high", "rate", "probability_good")
        numbers += [""] * 5 if way is None else [way[key] for key in keys]  # type: ignore[literal-required]
    kin, published = each["hops"][0]["kin"], [known for hop in each["hops"] for known in hop["published"]]
    nearest = min((near for hop in each["hops"] for near in hop["relatives"]), key=lambda near: near["distance"])
    return [
        each["name"],
        each["formula"],
        each["ion"],
        each["space_group"] or "",
        len(each["hops"]),
        *numbers,
        kin["prototype"] or "",
        kin["host"] or "",
        kin["protocol"],
        "; ".join(each["warnings"]),
        nearest["entry_id"],
        published[0]["entry_id"] if published else "",
        published[0]["barrier"] if published else "",
        seconds,
        "",
    ]


def hop_rows(found: Document) -> list[list[Any]]:
    """Return the rows of the hops of a structure, see HOP_COLUMNS."""
    if "error" in found:
        return []
    each = found
    rows = []
    for hop in each["hops"]:
        near, published = hop["relatives"][0], hop["published"]
        rows.append(
            [
                hop_id(each, hop["number"]),
                hop["barrier"],
                hop["sigma"],
                hop["low"],
                hop["high"],
                each["name"],
                hop["number"] + 1,
                hop["length"],
                hop["multiplicity"],
                hop["probability_good"],
                hop["percentile"],
                "; ".join(hop["outside"]),
                near["entry_id"],
                near["barrier"],
                published[0]["entry_id"] if published else "",
                published[0]["barrier"] if published else "",
            ]
        )
    return rows


def hop_id(found: PredictionDocument, number: int) -> str:
    """Return a name of a hop that is unique in a run."""
    return found["name"] if found["network"] is None and len(found["hops"]) == 1 else f"{found['name']}/{number + 1}"


def file_name(name: str) -> str:
    """Return a name that any file system takes for the name of a structure."""
    return quote(name, safe="()+,;=@ ~-_.")[:200].lstrip(".") or "structure"


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None

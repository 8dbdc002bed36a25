"""What ``embench predict`` prints: hops with their intervals, ways through the crystal, and what to know of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Self

import typer

if TYPE_CHECKING:
    from embench.prediction.batch import Count, PredictDone
    from embench.prediction.documents import HopDocument, PredictionDocument
    from embench.prediction.store import Document


def print_prediction(found: PredictionDocument) -> None:
    """Print one prediction: what the crystal is like, its hops, and the ways through it."""
    from embench.cli._terminal import plain_table, print_table

    group = f", {found['space_group']}" if found["space_group"] else ""
    model = found["model"]
    typer.echo(f"{found['name']}: {found['ion']} in {found['formula']}{group}")
    typer.echo(f"model {model['name']} {model['version']}, dataset {model['dataset_version']}: an estimate, not DFT")
    for sentence in dict.fromkeys(hop["kin"]["sentence"] for hop in found["hops"]):
        typer.echo(sentence)
    for warning in found["warnings"]:
        typer.echo(f"warning: {warning}")
    numbers = ("hop", "length Å", "barrier eV", "as far: eV")
    columns = ("hop", "length Å", "number", "barrier eV", "95 % interval", "as far: eV", "published", "nearest entry")
    table = plain_table(*columns, right=numbers)
    for hop in found["hops"]:
        near = hop["relatives"][0]
        table.add_row(
            str(hop["number"] + 1) + ("!" if hop["outside"] else ""),
            f"{hop['length']:.2f}",
            str(hop["multiplicity"]),
            f"{hop['barrier']:.2f}",
            f"{hop['low']:.2f} to {hop['high']:.2f}",
            f"±{hop['expected_error']:.2f}",
            _published(hop),
            f"{near['entry_id']} {near['barrier']:.2f}",
        )
    typer.echo("")
    print_table(table)
    typer.echo("as far: median error of the entries that were as far from what their model had seen")
    for hop in found["hops"]:
        for reason in hop["outside"]:
            typer.echo(f"! hop {hop['number'] + 1}: {reason}")
    _print_potential(found)
    _print_ways(found)
    for note in found["notes"]:
        typer.echo(f"note: {note}")
    for text in dict.fromkeys(warning for hop in found["hops"] for warning in hop["warnings"]):
        typer.echo(f"note: {text}")


def _published(hop: HopDocument) -> str:
    if not hop["published"]:
        return "–"
    first = hop["published"][0]
    flags = f" ({', '.join(first['flags'])})" if first["flags"] else ""
    more = f" and {len(hop['published']) - 1} more" if len(hop["published"]) > 1 else ""
    return f"{first['barrier']:.2f} {first['entry_id']}{flags}{more}"


def _print_potential(found: PredictionDocument) -> None:
    for hop in found["hops"]:
        neb = hop["potential"]
        if neb is None:
            continue
        value = "no barrier" if neb["barrier"] is None else f"{neb['barrier']:.2f} eV"
        state = ", ".join([neb["status"], *neb["failures"]])
        typer.echo(
            f"hop {hop['number'] + 1}: {value} by NEB with {neb['potential']} ({state}, {neb['cpu_seconds']:.0f} s)"
        )
        if neb["hybrid"] is not None:
            typer.echo(
                f"  with that known: {neb['hybrid']:.2f} eV ({neb['hybrid_low']:.2f} to {neb['hybrid_high']:.2f}), by "
                f"{neb['hybrid_model']}"
            )


def _print_ways(found: PredictionDocument) -> None:
    from embench.cli._terminal import plain_table, print_table

    if not found["ways"]:
        return
    right = ("barrier eV", "rate 1/s", "good conductor")
    between = ("95 % interval", "limited by", "rate 1/s", "rate from … to", "good conductor")
    table = plain_table("way", "barrier eV", *between, right=right)
    for way in found["ways"]:
        limiting = " and ".join(str(hop + 1) for hop in way["limiting"])
        known = "" if way["known_by"] == "model" else ", by NEB"
        table.add_row(
            f"{way['dimension']}D{known}" + (" !" if way["outside"] else ""),
            f"{way['barrier']:.2f}",
            f"{way['low']:.2f} to {way['high']:.2f}",
            f"hop {limiting}",
            f"{way['rate']:.0e}",
            f"{way['rate_low']:.0e} … {way['rate_high']:.0e}",
            f"{way['probability_good']:.0%}",
        )
    typer.echo("")
    print_table(table)
    typer.echo(f"rates at 300 K; a good conductor has a barrier below {found['threshold']:g} eV")


def print_structures(found: Iterable[Document], *, most: int | None) -> None:
    """Print a row for each structure, at most `most` of them."""
    from embench.cli._terminal import plain_table, print_table

    table = plain_table("structure", "formula", "hops", "1D eV", "2D eV", "3D eV", "prototype", "note",
                        right=("hops", "1D eV", "2D eV", "3D eV"))  # fmt: skip
    documents = iter(found)
    for document in islice(documents, most):
        if "error" in document:
            table.add_row(document["name"], "", "", "", "", "", "", str(document["error"]))  # type: ignore[typeddict-item]
            continue
        each = document
        ways = {way["dimension"]: f"{way['barrier']:.2f}" for way in each["ways"] if way["known_by"] == "model"}
        barrier = f"{each['hops'][0]['barrier']:.2f}" if not ways else ways.get(1, "–")
        prototype = each["hops"][0]["kin"]["prototype"] or "new"
        row = [barrier, ways.get(2, "–"), ways.get(3, "–"), prototype, "; ".join(each["warnings"])]
        table.add_row(each["name"], each["formula"], str(len(each["hops"])), *row)
    if table.row_count:
        print_table(table)
    rest = sum(1 for _ in documents)
    if rest:
        typer.echo(f"… and {rest} more in structures.csv")


class ManyReport:
    """A bar on the terminal; in a log a line for each refused structure, and for every hundredth."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        from embench.prediction.batch import Count

        console = Console(stderr=True)
        columns = BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._bar = self._bars.add_task("", total=None)
        self.count: Count = Count()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.stop()

    def __call__(self, done: PredictDone | None, count: Count) -> None:
        """Say what has been finished; given to :func:`embench.prediction.batch.predict_many`."""
        self.count = count
        self._bars.update(self._bar, description=f"{count.done} structures, {count.refused} refused")
        if done is not None and "error" in done.document:
            typer.echo(f"{done.name}: {done.document['error']}", err=True)  # type: ignore[typeddict-item]
        elif done is not None and count.done % 100 == 0:
            typer.echo(f"{count.done} structures, {count.refused} refused", err=True)

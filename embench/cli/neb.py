"""``embench neb``: barriers from interatomic potentials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from embench.dataset import Entry
    from embench.neb.results import NebResult

INTERRUPTED = 130

app = typer.Typer(help="Barriers from interatomic potentials.", no_args_is_help=True)

_POTENTIAL = typer.Argument(..., metavar="POTENTIAL", help="Name of a potential, or module:function of a calculator.")
_OPTION = typer.Option([], "--option", metavar="KEY=VALUE", help="Option of the potential; repeat for several.")
_ENTRIES = typer.Option(
    [],
    "--entries",
    "--protocol",
    "-p",
    metavar="WHICH",
    help="A benchmark protocol, an entry_id, or a file with one entry_id a line; all scored entries by default.",
)
_OUT = typer.Option(..., "--out", metavar="FOLDER", help="Folder of the run; results that are there are kept.")


@app.command("run")
def run(
    potential: str = _POTENTIAL,
    entries: list[str] = _ENTRIES,
    out: Path = _OUT,
    settings: str = typer.Option("embench-neb-1", "--settings", metavar="NAME", help="Protocol of the calculation."),
    option: list[str] = _OPTION,
    workers: int = typer.Option(1, "--workers", metavar="N", help="Processes, of one thread each."),
    scheduler: str = typer.Option(None, "--scheduler", metavar="ADDRESS", help="Dask scheduler to run on."),
    cheapest_first: bool = typer.Option(False, "--cheapest-first", help="Small cells first."),
    retry: bool = typer.Option(False, "--retry", help="Compute again what has failed."),
) -> None:
    """Compute barriers; the same command goes on where it was interrupted."""
    from embench.common.executor import open_executor
    from embench.dataset import load
    from embench.neb.batch import run_hops
    from embench.neb.protocol import settings_named

    data = load()
    chosen = _chosen(entries, cheapest_first=cheapest_first)
    report = _Report()
    try:
        with open_executor(workers=workers, scheduler=scheduler) as executor:
            run_hops(
                chosen,
                potential,
                out=out,
                settings=settings_named(settings),
                options=_options(option),
                dataset=data.digest,
                executor=executor,
                progress=report,
                retry=retry,
            )
    except KeyboardInterrupt:
        typer.echo(
            f"interrupted: {report.done} of {report.total} are kept; the same command goes on from there", err=True
        )
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"wrote {out}: {report.done} of {report.total} entries, {report.failed} failed in this run")


class _Report:
    """Prints a line for each finished entry."""

    def __init__(self) -> None:
        self.done = self.total = self.failed = 0

    def __call__(self, result: NebResult | None, done: int, total: int) -> None:
        self.done, self.total = done, total
        if result is None:
            return
        self.failed += result.status == "failed"
        value = "no value" if result.barrier_max_minus_min is None else f"{result.barrier_max_minus_min:.3f} eV"
        notes = ", ".join([result.status, *result.flags])
        typer.echo(f"{done}/{total} {result.entry_id}: {value}, {result.n_calls} calls, {result.cpu:.0f} s, {notes}")


def _chosen(which: Sequence[str], *, cheapest_first: bool) -> list[Entry]:
    """Return the entries that the option names, in the order of the dataset or the small ones first."""
    from embench.dataset import load
    from embench.splits import PROTOCOLS, protocol

    data, wanted = load(), set[str]()
    names = {spec.name for spec in PROTOCOLS}
    for each in which or ("host-10fold",):
        if each in names:
            wanted |= {entry_id for fold in protocol(each) for entry_id in fold.test_ids}
        elif each not in data and Path(each).is_file():
            wanted |= {line.strip() for line in Path(each).read_text(encoding="utf-8").splitlines() if line.strip()}
        else:
            wanted.add(each)
    for entry_id in sorted(wanted):
        data[entry_id]  # names an unknown one
    chosen = [entry for entry in data if entry.entry_id in wanted]
    return sorted(chosen, key=lambda entry: entry.n_sites) if cheapest_first else chosen


def _options(pairs: Sequence[str]) -> dict[str, Any]:
    """Return ``key=value`` options; a value that is JSON is taken as such, anything else as text."""
    import json

    from embench.errors import InvalidValueError

    options: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise InvalidValueError(f"an option is written KEY=VALUE, not {pair!r}")
        try:
            options[key] = json.loads(value)
        except ValueError:
            options[key] = value
    return options

"""What ``embench neb run`` and ``embench neb static`` say while they work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import typer

from embench.cli._process import INTERRUPTED

if TYPE_CHECKING:
    from embench.neb.batch import Step


@contextlib.contextmanager
def reported(out: Path) -> Iterator[RunReport]:
    """Say how a run into the folder `out` goes on, and at the end or where it is interrupted what is kept."""
    with RunReport() as report:
        try:
            yield report
        except KeyboardInterrupt:
            kept = f"interrupted: {report.done} of {report.total} entries are kept"
            typer.echo(f"{kept}; the same command goes on from there", err=True)
            raise typer.Exit(INTERRUPTED) from None
    typer.echo(f"wrote {out}: {report.done} entries, {report.troubled} of those computed now with failures")


class RunReport:
    """Prints a line for each finished entry, and on a terminal a bar with the time left and the failures so far."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._bar = self._bars.add_task("", total=None)
        self._started = time.monotonic()
        self.done = self.total = self.troubled = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.stop()

    def __call__(self, step: Step) -> None:
        """Say what has been finished; given to :func:`embench.neb.batch.run_hops`."""
        self.done, self.total = step.done, step.total
        if step.result is not None:
            result = step.result
            self.troubled += bool(result.flags)
            value = "no barrier" if result.barrier_max_minus_min is None else f"{result.barrier_max_minus_min:.3f} eV"
            notes = ", ".join([result.status, *result.flags])
            cost = f"{result.n_calls} calls, {result.cpu:.0f} s"
            typer.echo(f"{step.done}/{step.total} {result.entry_id}: {value}, {cost}, {notes}{self._left(step)}")
        outlook = f"{self.troubled} with failures{self._left(step)}"
        self._bars.update(self._bar, completed=step.done, total=step.total, description=outlook)

    def _left(self, step: Step) -> str:
        from embench.neb.select import in_words

        if not 0.0 < step.share < 1.0:
            return ""
        elapsed = time.monotonic() - self._started
        return f", about {in_words(elapsed * (1 - step.share) / step.share)} left"

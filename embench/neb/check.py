"""What a run has come to: failures by kind, convergence and costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from embench.neb.failures import FAILURES
from embench.neb.results import NebResult

N = TypeVar("N", int, float)


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """Counts of a run.

    `failures` holds for each kind the entries that have it, kinds without entries included. `converged` and `valued`
    are numbers of entries that converged and that have a barrier; `calls` and `cpu_seconds` are sums by stage.
    """

    n: int
    valued: int
    converged: int
    failures: Mapping[str, tuple[str, ...]]
    calls: Mapping[str, int]
    cpu_seconds: Mapping[str, float]

    @property
    def share_converged(self) -> float:
        """The part of all entries that converged."""
        return self.converged / self.n if self.n else 0.0

    @property
    def cpu_hours(self) -> float:
        """Processor hours of the potential."""
        return sum(self.cpu_seconds.values()) / 3600


def summarise(results: Sequence[NebResult]) -> RunSummary:
    """Return the counts of a run."""
    return RunSummary(
        n=len(results),
        valued=sum(result.has_value for result in results),
        converged=sum(result.status == "converged" for result in results),
        failures={
            failure.name: tuple(sorted(result.entry_id for result in results if failure.name in result.flags))
            for failure in FAILURES
        },
        calls=_summed(result.calls for result in results),
        cpu_seconds=_summed(result.cpu_seconds for result in results),
    )


def _summed(parts: Iterable[Mapping[str, N]]) -> dict[str, N]:
    total: dict[str, N] = {}
    for part in parts:
        for stage, value in part.items():
            total[stage] = total[stage] + value if stage in total else value
    return total

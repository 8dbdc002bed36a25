"""What symmetry would save in a run of NEB, and by how much it would change barriers."""

from __future__ import annotations

from collections.abc import Mapping

from embench.common.markdown import markdown_table
from embench.dataset import Dataset
from embench.neb.results import NebResult

MOST_MISSED = 0.01
"""Å: a hop is symmetric here where the operation that turns it round brings every site so near to its image."""

LARGEST_CHANGE = 0.001
"""eV: what a saving may change a barrier by."""


def symmetric_results(data: Dataset, results: Mapping[str, NebResult]) -> list[NebResult]:
    """Return the results with a band whose hop symmetry turns round."""
    found = []
    for entry_id, result in results.items():
        entry = data[entry_id]
        missed = entry.endpoints_deviation
        if result.energies and entry.path_symmetric and missed is not None and missed <= MOST_MISSED:
            found.append(result)
    return found


def share_saved(results: list[NebResult]) -> float:
    """Return the part of the processor time that is spent on what the other half of a symmetric band would give.

    That is one end of two, and one of three images wherever the whole band moves.
    """
    spent = sum(sum(row.cpu_seconds.values()) for row in results)
    twice = sum(row.cpu_seconds.get("ends", 0.0) / 2 for row in results)
    thrice = sum(row.cpu_seconds.get(stage, 0.0) / 3 for row in results for stage in ("band", "full"))
    return (twice + thrice) / spent if spent else 0.0


def change(result: NebResult) -> float:
    """Return by how much the barrier would change, eV, were the energy of the start taken for the end as well."""
    measured = result.barrier_max_minus_min
    if measured is None:
        return 0.0
    with_start_twice = (*result.energies[:-1], result.energies[0])
    return abs(max(with_start_twice) - min(with_start_twice) - measured)


def symmetry_section(data: Dataset, runs: Mapping[str, Mapping[str, NebResult]]) -> str:
    """Return the section in Markdown for results by the name of their potential; empty where no hop is symmetric."""
    rows = []
    for name, results in runs.items():
        found = symmetric_results(data, results)
        if found:
            worst = max(found, key=change)
            changed = sum(change(row) > LARGEST_CHANGE for row in found)
            most = f"{change(worst) * 1000:.1f} (`{worst.entry_id}`)"
            rows.append([name, str(len(found)), f"{share_saved(found):.0%}", str(changed), most])
    if not rows:
        return ""
    limit = f"{LARGEST_CHANGE * 1000:g} meV"
    header = ["potential", "symmetric entries", "time saved", f"changed by more than {limit}", "most, meV"]
    return (
        "## What symmetry would save\n\n"
        "In symmetric entries an operation turns the hop round, with every site within "
        f"{MOST_MISSED:g} Å of its image: one end and one image could be had from the other. But each end stops at its "
        "own place below the force of the protocol, so that the energy of the start for both would change some "
        "barriers.\n\n"
        f"{markdown_table(header, rows)}\n\n"
        f"A saving that changes barriers by more than {limit} is not taken: both ends and all images are computed."
    )

"""Calls, processor time and barriers of ``embench-neb-1`` beside NEB with ASE alone, on small entries.

Run ``python benchmarks/neb.py --out docs/benchmarks.md``; it renews its section of the page. All three ways start from
the same relaxed ends, whose cost is left out. ASE's climbing image starts from the same first band, its ``eb`` from
IDPP.
"""

from __future__ import annotations

import os
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from sections import OUT, machine, show

import embench
from embench.common.markdown import markdown_table
from embench.common.threads import one_thread
from embench.neb import NEB1, potential_spec
from embench.neb.band import Band, relax
from embench.neb.ends import End, first_band, guess_of, relax_end
from embench.neb.meter import Meter

# Small cells of several ions and structures, the cheapest first.
ENTRIES = (
    "MgHo2S4",
    "ZnSc2S4",
    "MgSc2S4",
    "MgMn2S4",
    "Na3OCl",
    "KNiF3",
    "Li3OBr_1",
    "MgTi2O4",
    "d-MgV2O5",
    "Co2O4_Li",
)
WAYS = ("embench-neb-1", "ASE eb + BFGS", "ASE CI + FIRE")
FMAX, MOST_STEPS = 0.05, 300


@dataclass(frozen=True)
class Measured:
    """One way on one entry: calls of the potential, processor seconds of all of it, and the barrier, eV."""

    calls: int
    cpu: float
    barrier: float
    converged: bool


def measure(entry: embench.Entry, potential: Any) -> dict[str, Measured]:
    """Return what each way takes for the band between the same two relaxed ends."""
    numbers, cell = entry.atomic_numbers, entry.lattice
    meter = Meter(potential, numbers, cell)
    guess = guess_of(entry, "relaxed")
    start = relax_end(guess.framework, meter, numbers, cell, NEB1)
    end = relax_end(guess.final, meter, numbers, cell, NEB1)
    positions = first_band(guess, start, end, NEB1.n_images)
    return {
        "embench-neb-1": _ours(positions, start, end, potential, entry),
        "ASE eb + BFGS": _ase(positions, potential, entry, method="eb", k=5.0, climb=False),
        "ASE CI + FIRE": _ase(positions, potential, entry, method="improvedtangent", k=2.0, climb=True),
    }


def _ours(positions: Any, start: End, end: End, potential: Any, entry: embench.Entry) -> Measured:
    meter, used = Meter(potential, entry.atomic_numbers, entry.lattice), time.process_time()
    energies, forces = meter.evaluate("band", positions[1:-1])
    band = Band(
        positions,
        np.array([start.energy, *energies, end.energy]),
        np.concatenate([start.forces[None], forces, end.forces[None]]),
    )
    outcome = relax(band, meter.at, NEB1)
    cpu = time.process_time() - used
    return Measured(sum(meter.calls.values()), cpu, float(np.ptp(outcome.band.energies)), outcome.converged)


def _ase(positions: Any, potential: Any, entry: embench.Entry, *, method: str, k: float, climb: bool) -> Measured:
    from ase import Atoms
    from ase.mep import NEB
    from ase.optimize import BFGS, FIRE

    meter, used = Meter(potential, entry.atomic_numbers, entry.lattice), time.process_time()
    images = [Atoms(entry.atomic_numbers, each, cell=entry.lattice, pbc=True) for each in positions]
    for image in images:
        image.calc = meter.calculator("band")
    neb = NEB(images, k=k, method=method, climb=climb)
    if not climb:
        neb.interpolate(method="idpp")
    optimiser = FIRE(neb, logfile=None) if climb else BFGS(neb, logfile=None)
    converged = bool(optimiser.run(fmax=FMAX, steps=MOST_STEPS))
    cpu = time.process_time() - used
    energies = np.array([image.get_potential_energy() for image in images])
    return Measured(sum(meter.calls.values()) - 2, cpu, float(np.ptp(energies)), converged)


def page(potential: str, rows: dict[str, tuple[int, dict[str, Measured]]]) -> str:
    """Return the section of the page."""
    header = ["entry", "atoms", *(f"{what}, {way}" for what in ("calls", "CPU s", "eV") for way in WAYS)]
    table = markdown_table(header, [_row(entry_id, sites, found) for entry_id, (sites, found) in rows.items()])
    sums = {way: sum(found[way].calls for _, found in rows.values()) for way in WAYS}
    seconds = {way: sum(found[way].cpu for _, found in rows.values()) for way in WAYS}
    ratios = ", ".join(
        f"{way} takes {sums[way] / sums[WAYS[0]]:.1f} times its calls and "
        f"{seconds[way] / seconds[WAYS[0]]:.1f} times its processor time"
        for way in WAYS[1:]
    )
    apart = [abs(found[WAYS[0]].barrier - found[WAYS[2]].barrier) for _, found in rows.values()]
    sentences = (
        f"Beside `embench-neb-1`, {ratios}. Its barriers differ from those of ASE's climbing image by "
        f"{np.mean(apart) * 1000:.1f} meV on average and by {np.max(apart) * 1000:.1f} meV at most.",
        _cost_against_atoms([(sites, found) for sites, found in rows.values()]),
    )
    first = "" if len(rows) == len(ENTRIES) else f" --first {len(rows)}"
    return f"""## NEB

*embench {embench.__version__}. Written by `python benchmarks/neb.py{first}`; not edited by hand.*

The band alone, from the same relaxed ends, with {potential}; ASE to {FMAX:g} eV/Å in at most {MOST_STEPS} steps. A star
says that it did not get there. Machine: {machine()}, one thread; load average
meanwhile {os.getloadavg()[2]:.1f}. Calls do not depend on the machine, processor seconds do.

{table}

{textwrap.fill(" ".join(sentences), 118)}
"""


def _cost_against_atoms(rows: list[tuple[int, dict[str, Measured]]]) -> str:
    """Return how the processor time of a call grows with the number of atoms, over all ways."""
    sizes = np.array([sites for sites, _ in rows], float)
    calls = np.array([sum(way.calls for way in found.values()) for _, found in rows], float)
    seconds = np.array([sum(way.cpu for way in found.values()) for _, found in rows]) / calls
    text = f"A call takes {seconds.min():.2f} to {seconds.max():.2f} s of processor time for {sizes.min():.0f} to "
    text += f"{sizes.max():.0f} atoms"
    if len(set(sizes)) < 3:
        return text + "."
    power = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    return text + f", which is a power of {power:.1f} of their number."


def _row(entry_id: str, sites: int, found: dict[str, Measured]) -> list[str]:
    ways = [found[way] for way in WAYS]
    return [
        entry_id,
        str(sites),
        *(f"{way.calls}{'' if way.converged else '*'}" for way in ways),
        *(f"{way.cpu:.1f}" for way in ways),
        *(f"{way.barrier:.3f}" for way in ways),
    ]


def main(
    out: Path | None = OUT,
    potential: str = typer.Option("chgnet", "--potential", help="As of `embench neb run`."),
    first: int = typer.Option(len(ENTRIES), "--first", min=1, help="Entries to measure, from the top of the list."),
) -> None:
    """Measure the three ways."""
    data, loaded = embench.load(), potential_spec(potential).create()
    rows: dict[str, tuple[int, dict[str, Measured]]] = {}
    with one_thread():
        for entry_id in ENTRIES[:first]:
            rows[entry_id] = data[entry_id].n_sites, measure(data[entry_id], loaded)
            typer.echo(f"{entry_id}: {rows[entry_id][1]}", err=True)
    show(page(potential, rows), out)


if __name__ == "__main__":
    typer.run(main)

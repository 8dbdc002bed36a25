"""Processor time of a call of the adapters of embench beside the calculators of the packages themselves.

Run ``python benchmarks/calculators.py --out docs/benchmarks.md``; it renews its section of the page. Both compute
energy and forces of the same structures in turns, and for each the fastest of several calls counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import typer
from sections import OUT, machine, show

import embench
from embench.common.markdown import markdown_table
from embench.common.threads import one_thread
from embench.neb import potential_spec

# A small, a middle and a large cell of the dataset.
ENTRIES = ("MgHo2S4", "K2CoSiO4", "K2VPO4CO3")
Call = Callable[[Any], tuple[float, Any]]


def own_calculator(potential: str) -> Any:
    """Return the ASE calculator that comes with the package of a registered potential."""
    if potential == "chgnet":
        from chgnet.model.dynamics import CHGNetCalculator

        return CHGNetCalculator(use_device="cpu", verbose=False)
    from sevenn.calculator import SevenNetCalculator

    return SevenNetCalculator(model="7net-0", device="cpu")


def rows_of(potential: str, calls: int) -> list[list[str]]:
    """Return for each entry the seconds of both and how far their answers are apart."""
    from ase import Atoms

    ours, own, data, rows = potential_spec(potential).create(), own_calculator(potential), embench.load(), []
    for entry_id in ENTRIES:
        entry, seconds = data[entry_id], {"ours": np.inf, "own": np.inf}
        places = entry.frac_coords @ entry.lattice
        for number in range(calls + 1):  # the first warms up
            # Calculators remember the last positions.
            moved = places + np.random.default_rng(number).normal(0, 0.02, places.shape)
            atoms = Atoms(entry.atomic_numbers, moved, cell=entry.lattice, pbc=True)
            started = time.process_time()
            energies, forces = ours.evaluate(entry.atomic_numbers, entry.lattice, moved[None])
            between = time.process_time()
            atoms.calc = own
            energy, force = atoms.get_potential_energy(), atoms.get_forces()
            if number:
                seconds["ours"] = min(seconds["ours"], between - started)
                seconds["own"] = min(seconds["own"], time.process_time() - between)
        apart = abs(float(energies[0]) - energy) / entry.n_sites, float(np.abs(forces[0] - force).max())
        both = seconds["ours"], seconds["own"]
        cells = [potential, entry_id, str(entry.n_sites), *(f"{each:.3f}" for each in both), f"{both[1] / both[0]:.1f}"]
        rows.append([*cells, *(f"{each:.0e}" for each in apart)])
        typer.echo(" ".join(rows[-1]), err=True)
    return rows


def main(
    out: Path | None = OUT,
    potentials: list[str] = typer.Option(["chgnet", "sevennet-0"], "--potential", help="chgnet, sevennet-0."),
    calls: int = typer.Option(3, "--calls", min=1, help="Calls of each, the fastest counts."),
) -> None:
    """Measure calls."""
    with one_thread():
        rows = [row for potential in potentials for row in rows_of(potential, calls)]
    header = ["potential", "entry", "atoms", "CPU s, embench", "CPU s, its own calculator", "times"]
    header += ["energies apart, eV/atom", "forces apart, eV/Å"]
    show(
        f"""## Calculators

*embench {embench.__version__}. Written by `python benchmarks/calculators.py`; not edited by hand.*

One call for energy and forces. Its own calculator computes stresses as well, and that of CHGNet magnetic moments.
{machine()}, one thread; load average meanwhile {os.getloadavg()[2]:.1f}.

{markdown_table(header, rows)}
""",
        out,
    )


if __name__ == "__main__":
    typer.run(main)

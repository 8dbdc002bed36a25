"""Processor time and memory of ``embench.predict``, beside CHGNet NEB of the same hops.

Run ``python benchmarks/predict.py --out docs/benchmarks.md``; it renews its section of the page. What NEB costs is read
from the committed run of CHGNet, and how much more ASE takes from the section of ``benchmarks/neb.py``.
"""

from __future__ import annotations

import json
import re
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import typer
from pymatgen.core import Lattice, Structure
from sections import OUT, machine, show

import embench
from embench.baselines.record import peak_memory_mib
from embench.common.markdown import markdown_table
from embench.common.threads import one_thread
from embench.prediction.batch import predict_many
from embench.prediction.crystal import Choices
from embench.prediction.inputs import sources
from embench.prediction.model import load_model

REPOSITORY = Path(__file__).parent.parent
RUN = REPOSITORY / "baselines" / "neb" / "chgnet-0.3.0" / "results.jsonl"
DISTANCES = (6.0, 8.0, 12.0, 16.0)
MANY = (5, 10, 20)


def antiperovskite(length: float) -> Structure:
    """Return Li3OCl with a lattice parameter, Å."""
    sites = [[0.5, 0.5, 0], [0.5, 0.5, 0.5], [0, 0, 0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(length), ["Li", "O", "Cl"], sites)


def beside_neb(most: int) -> list[tuple[str, int, float, float]]:
    """Return entry, atoms, processor seconds of a prediction, and of its NEB with CHGNet."""
    lines = [json.loads(line) for line in RUN.read_text(encoding="utf-8").splitlines()]
    costs = {line["entry_id"]: sum(line["cpu_seconds"].values()) for line in lines if line["status"] == "converged"}
    data, model = embench.load(), load_model()
    chosen = sorted(costs, key=lambda entry_id: data[entry_id].n_sites)
    step = max(1, len(chosen) // most)
    rows = []
    for entry_id in chosen[::step][:most]:
        entry = data[entry_id]
        used = time.process_time()
        embench.predict(entry, model=model)
        rows.append((entry_id, entry.n_sites, time.process_time() - used, costs[entry_id]))
    return rows


def growth() -> list[tuple[float, int, float]]:
    """Return the distance of images, Å, atoms, and processor seconds of one hop of Li3OCl."""
    rows = []
    for distance in DISTANCES:
        used = time.process_time()
        hops = embench.find_hops(antiperovskite(3.91), "Li", least_distance=distance)
        embench.predict(hops)
        rows.append((distance, hops[0].n_sites, time.process_time() - used))
    return rows


def many() -> list[tuple[int, float, float]]:
    """Return numbers of structures, processor seconds, and the largest memory so far, MiB."""
    rows = []
    for count in MANY:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(count):
                path = Path(folder) / f"s{number}.cif"
                antiperovskite(3.8 + 0.01 * number).to(filename=str(path))
            used = time.process_time()
            predict_many(sources([Path(folder)]), Choices(ion="Li"), out=Path(folder) / "out")
            rows.append((count, time.process_time() - used, peak_memory_mib()))
    return rows


def page(
    neb: list[tuple[str, int, float, float]],
    cells: list[tuple[float, int, float]],
    batch: list[tuple[int, float, float]],
) -> str:
    """Return the section of the page."""
    header = ["entry", "atoms", "prediction, CPU s", "NEB with CHGNet, CPU s", "ratio"]
    rows = [[e, str(n), f"{own:.2f}", f"{other:.0f}", f"{other / own:.0f}"] for e, n, own, other in neb]
    ratios = [other / own for _, _, own, other in neb]
    per_hop = float(np.mean([own for _, _, own, _ in neb]))
    per_structure = batch[-1][1] / batch[-1][0]
    hours = 10_000 * per_structure / 3600
    ase = _ase_ratio()
    slower = "" if ase is None else f" ASE's climbing image takes {ase:g} times the processor time of that NEB for the "
    slower += (
        "" if ase is None else f"band, which makes it about {ase * float(np.median(ratios)):.0f} times a prediction."
    )
    said = (
        f"A hop costs {per_hop:.2f} s of one processor on average, {1 / per_hop:.1f} hops a CPU-second. NEB with "
        f"CHGNet by `embench-neb-1`, ends included, costs {min(ratios):.0f} to {max(ratios):.0f} times that, "
        f"{np.median(ratios):.0f} in the median; the committed run may be of a faster machine."
        f"{slower} Most of a prediction goes into the energy profiles along the "
        "hop, which depend on the atoms within 8 Å of it and hardly on the cell."
    )
    plan = (
        f"At {per_structure:.2f} s for a structure with one hop, 10,000 structures take {hours:.1f} h of one "
        f"processor, or {hours / 16 * 60:.0f} min on 16; with five hops each about {5 * hours:.0f} h. Structures are "
        "read 256 at a time and written as they are finished, so memory does not grow with their number."
    )
    small = markdown_table(["images apart, Å", "atoms", "CPU s"], [[f"{d:g}", str(n), f"{s:.2f}"] for d, n, s in cells])
    counts = [[str(n), f"{s:.1f}", f"{s / n:.2f}", f"{m:.0f}"] for n, s, m in batch]
    table = markdown_table(["structures", "CPU s", "a structure", "memory, MiB"], counts)
    return f"""## Predictions

One hop by the shipped model, features included and nothing cached, beside NEB of the same hop. Machine: {machine()},
one thread.

{markdown_table(header, rows)}

{textwrap.fill(said, 118)}

One hop of Li3OCl, hops and supercell found as well, in larger and larger cells:

{small}

Many structures of Li3OCl, one hop each, written to a folder:

{table}

{textwrap.fill(plan, 118)}
"""


def _ase_ratio() -> float | None:
    text = (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    found = re.search(r"ASE CI \+ FIRE takes [\d.]+ times its calls and\s+([\d.]+) times its processor time", text)
    return float(found[1]) if found else None


def main(
    out: Path | None = OUT,
    entries: int = typer.Option(12, "--entries", min=1, help="Entries of the CHGNet run to compare with."),
) -> None:
    """Measure predictions."""
    with one_thread():
        load_model()
        batch = many()  # first: the memory is that of the process so far
        show(page(beside_neb(entries), growth(), batch), out)


if __name__ == "__main__":
    typer.run(main)

"""An entry of the dataset as a stranger would hand it in: two POSCARs, and what is harmless done to them.

``python -m tests.prediction.round_trip`` goes through the whole dataset and prints what is not the same.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp import Poscar
from scipy.spatial.transform import Rotation

import embench
from embench.baselines.features.cache import nothing_kept
from embench.dataset import Entry
from embench.errors import EmbenchError
from embench.migration import MigrationHop
from embench.prediction import TrainedModel, load_model

CHANGES = ("as it is", "permuted", "shifted", "rotated", "wrapped")


def ends(entry: Entry) -> list[Structure]:
    """Return the initial structure, and the same with the ion at the end of the hop."""
    last = entry.frac_coords.copy()
    last[0] = entry.path_end
    species = [site.specie for site in entry.structure()]
    return [Structure(Lattice(entry.lattice), species, coords) for coords in (entry.frac_coords, last)]


def changed(structures: list[Structure], how: str, rng: np.random.Generator) -> list[Structure]:
    """Return both structures with the same harmless change."""
    first, second = structures
    if how == "permuted":
        orders = [sorted(rng.permutation(len(first)).tolist(), key=lambda i: first[i].specie) for _ in range(2)]
        return [Structure(s.lattice, [s[i].specie for i in order], s.frac_coords[order])
                for s, order in zip(structures, orders, strict=True)]  # fmt: skip
    if how == "shifted":
        shift = rng.uniform(-0.5, 0.5, 3)
        return [Structure(s.lattice, s.species, s.frac_coords + shift) for s in structures]
    if how == "rotated":
        turn = Rotation.random(rng=rng).as_matrix()
        return [Structure(Lattice(s.lattice.matrix @ turn.T), s.species, s.frac_coords) for s in structures]
    if how == "wrapped":
        return [Structure(s.lattice, s.species, s.frac_coords - np.floor(s.frac_coords)) for s in structures]
    return [first, second]


def read_back(entry: Entry, how: str, folder: Path, seed: int = 0) -> MigrationHop:
    """Write both ends as POSCARs and return the hop that is read from them."""
    found = changed(ends(entry), how, np.random.default_rng(seed))
    read = []
    for name, structure in zip(("start", "end"), found, strict=True):
        path = folder / f"{name}.vasp"
        Poscar(structure, sort_structure=True).write_file(path, significant_figures=16)
        read.append(Structure.from_file(path))
    given = "auto" if how == "wrapped" else "given"
    return embench.hop_between(*read, ion=entry.mobile_ion, image=given, functional=entry.functional)


def differences(model: TrainedModel, entry: Entry, hop: MigrationHop) -> tuple[float, float]:
    """Return the largest difference of a feature, relative to its size where that is above 1, and that of barriers."""
    own = model.fitted.table([entry])[0]  # from the cache, where it is
    with nothing_kept():
        back = model.fitted.table([hop])[0]
    feature = float((np.abs(own - back) / np.maximum(1.0, np.abs(own))).max())
    barriers = [float(model.fitted.predict_table(each[None]).mean[0]) for each in (own, back)]
    return feature, abs(barriers[0] - barriers[1])


def main(changes: tuple[str, ...] = CHANGES) -> int:
    model, data = load_model(), embench.load()
    for how in changes:
        refused, other, worst = [], [], 0.0
        with tempfile.TemporaryDirectory() as folder:
            for number, entry in enumerate(data):
                try:
                    feature, barrier = differences(model, entry, read_back(entry, how, Path(folder), seed=number))
                except EmbenchError as error:
                    refused.append(f"{entry.entry_id}: {error}")
                    continue
                worst = max(worst, barrier)
                if max(feature, barrier) > 1e-6:
                    other.append(f"{entry.entry_id}: features {feature:.2g}, barrier {barrier:.2g} eV")
        print(f"{how}: {len(data)} entries, {len(other)} differ, {len(refused)} are refused, largest {worst:.2g} eV")
        for line in (*other, *refused):
            print(f"  {line}")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or CHANGES))

"""The oxygen vacancies: the released table of hops in, the dataset ``oxygen-vacancies`` out.

The release gives the pristine supercell of each host, the two oxygen sites of a hop, five images of the moving ion and
their energies. It is checked against itself, labelled, annotated and flagged as the barriers of cations are. Every
value that the dataset gives otherwise than the release stands in the ledger (:func:`ledger`).
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embench import schema
from embench.common.files import write_text, write_together
from embench.crystal.periodic import distance_matrix, shortest_image
from embench.curation.write import to_table
from embench.errors import UpstreamError

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

FILE = "oxygen_vacancy_neb.parquet"
LEDGER = "ledger.csv"
SHA256 = "93c7c88f4adff2443f2ada8242bbfd4adce0d479ae303d664f01e6847c7b32dc"
OXYGEN = 8
N_IMAGES = 5
# Sites, images and barriers of the release agree within these, Å and eV.
SITE_TOLERANCE, BARRIER_TOLERANCE = 0.05, 1e-4
APART, BELOW, CLASH, CONFLICT = 0.5, 0.05, 1.0, 0.05
# Of spglib, for hosts as they are relaxed, Å.
_SYMPREC = 0.01
# The release gives five decimals of fractional coordinates; adding zero turns -0.0 into 0.0.
_DECIMALS = 5


@dataclass(frozen=True, kw_only=True)
class OxygenBuild:
    """What a build wrote: entries, sha256 by file, entries by flag, and how many corrections the ledger holds."""

    n_entries: int
    checksums: dict[str, str]
    flag_counts: dict[str, int]
    n_corrections: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Released:
    """One hop as released; `host` are the fractional coordinates (N, 3) of the pristine host, `path` (5, 3) the ion's.

    The ion stands on the site `start` first and moves to the site `end`, which is vacant.
    """

    hop_id: str
    material: str
    split: str
    formula: str
    start: int
    end: int
    lattice: Floats
    numbers: NDArray[np.int64]
    host: Floats
    path: Floats
    energies: Floats
    forward: float
    backward: float

    @property
    def sites(self) -> list[int]:
        """The sites of the initial state, the migrating one first."""
        return [self.start, *(site for site in range(len(self.numbers)) if site not in (self.start, self.end))]


def build_oxygen(source: Path, out: Path, *, progress: Progress | None = None) -> OxygenBuild:
    """Curate the release of oxygen vacancies in the folder or file `source` and write the dataset to `out`.

    Raises
    ------
    UpstreamError
        The file is missing, is no such table, or contradicts itself; names the hop.
    DatasetError, OutputError
        A value does not fit the schema; `out` cannot be written. What it held stays.
    """
    report = progress or (lambda *_: None)
    path = source / FILE if source.is_dir() else source
    report("reading the release", 0, 0)
    released, digest = read_oxygen(path)
    rows = curate_oxygen(released, progress=report)
    corrections = ledger(released, rows)
    table = to_table(rows, version=schema.OXYGEN.version, layout=schema.OXYGEN)
    (part,) = schema.OXYGEN.parts
    content = _parquet(table)
    checksums = {part: hashlib.sha256(content).hexdigest()}
    texts = {LEDGER: _ledger_text(corrections), "checksums.txt": f"{checksums[part]}  {part}\n"}
    report("writing", 0, 0)
    write_together(
        {
            out / part: partial(_write_bytes, content),
            **{out / name: partial(write_text, text=text) for name, text in texts.items()},
        }
    )
    known = "" if digest == SHA256 else f"{path} is not the file that this curation was written for (sha256 {digest})"
    return OxygenBuild(
        n_entries=len(rows),
        checksums=checksums,
        flag_counts={flag.name: sum(flag.name in row["flags"] for row in rows) for flag in schema.OXYGEN.flags},
        n_corrections=len(corrections),
        warnings=(known,) if known else (),
    )


def read_oxygen(path: Path) -> tuple[list[Released], str]:
    """Return the hops of the release, each checked against itself, and the sha256 of the file; raises UpstreamError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
        rows = pq.read_table(BytesIO(content)).to_pylist()
        released = [_released(row) for row in rows]
    except OSError as error:
        raise UpstreamError(f"cannot read {path}: {error.strerror or error}") from None
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise UpstreamError(f"{path} is no table of oxygen hops as released ({error!r})") from None
    twice = [hop for hop, count in Counter(hop.hop_id for hop in released).items() if count > 1]
    if twice:
        raise UpstreamError(f"{path} holds the hop {twice[0]} twice")
    for hop in released:
        _check(hop)
    return sorted(released, key=lambda hop: (hop.material, hop.start, hop.end)), hashlib.sha256(content).hexdigest()


def _released(row: Mapping[str, Any]) -> Released:
    return Released(
        hop_id=row["hop_id"],
        material=row["material_id"],
        split=row["split"],
        formula=row["formula"],
        # The vacancy starts where the ion ends.
        start=row["site_vacancy_end"],
        end=row["site_vacancy_start"],
        lattice=np.array(row["lattice"], dtype=np.float64).reshape(3, 3),
        numbers=np.array(row["atomic_numbers"], dtype=np.int64),
        host=np.array(row["frac_coords"], dtype=np.float64).reshape(-1, 3),
        path=np.array(row["image_frac_coords"], dtype=np.float64).reshape(N_IMAGES, 3),
        energies=np.array(row["image_energies"], dtype=np.float64),
        forward=row["barrier_forward"],
        backward=row["barrier_backward"],
    )


def _check(hop: Released) -> None:
    """Raise UpstreamError where a hop contradicts itself."""
    problems = []
    if hop.energies.shape != (N_IMAGES,) or not np.isfinite(hop.energies).all():
        problems.append(f"{len(hop.energies)} image energies, not {N_IMAGES} finite ones")
    elif abs(np.ptp([hop.forward, hop.energies.max() - hop.energies[0]])) > BARRIER_TOLERANCE:
        problems.append(f"the barrier {hop.forward} is not the highest image minus the first")
    if len(hop.host) != len(hop.numbers) or not {hop.start, hop.end} <= set(range(len(hop.numbers))):
        problems.append("its sites are not those of its host")
    elif {int(hop.numbers[hop.start]), int(hop.numbers[hop.end])} != {OXYGEN}:
        problems.append("an end of it is no oxygen site")
    else:
        for image, site in ((hop.path[0], hop.start), (hop.path[-1], hop.end)):
            away = float(np.linalg.norm(shortest_image(hop.lattice, image - hop.host[site]) @ hop.lattice))
            if away > SITE_TOLERANCE:
                problems.append(f"an end of its path is {away:.3f} Å from the site {site}")
        steps = np.diff(hop.path, axis=0)
        if not np.allclose(steps, steps[0], atol=1e-4):
            problems.append("its images are not evenly spaced on a line")
    if problems:
        raise UpstreamError(f"the hop {hop.hop_id} contradicts itself: {'; '.join(problems)}")


def curate_oxygen(released: Sequence[Released], *, progress: Progress) -> list[dict[str, Any]]:
    """Return one row of the dataset a hop, in the order of `released`."""
    by_material: dict[str, list[Released]] = defaultdict(list)
    for hop in released:
        by_material[hop.material].append(hop)
    rows: list[dict[str, Any]] = []
    for done, hops in enumerate(by_material.values()):
        progress("annotating hosts", done, len(by_material))
        labels = _labels(hops[0])
        twins = _duplicates(hops)
        rows += [_row(hop, labels, duplicate=twins[i], n_pathways=len(hops)) for i, hop in enumerate(hops)]
    _flag(rows)
    return rows


def _row(hop: Released, labels: Mapping[str, str], *, duplicate: str, n_pathways: int) -> dict[str, Any]:
    kept, step = hop.sites, hop.path[-1] - hop.path[0]
    host = np.round(hop.host, _DECIMALS) + 0.0
    # Images are kept relative to the site that they start on, which they do within the rounding of the release.
    coords, end = host[kept], np.round(host[hop.start] + step, _DECIMALS) + 0.0
    shortest = shortest_image(hop.lattice, step) @ hop.lattice
    relative = np.round(hop.energies - hop.energies[0], 6) + 0.0
    images = np.linspace(coords[0], end, N_IMAGES)
    return {
        "entry_id": hop.hop_id,
        "migration_barrier": float(relative.max()),
        "reverse_barrier": round(float(relative.max() - relative[-1]), 6) + 0.0,
        "image_energies": relative,
        "source_split": hop.split,
        **labels,
        "material_id": hop.material,
        "functional": "GGA",
        "pathway": f"{hop.end}-{hop.start}",
        "lattice": hop.lattice,
        "atomic_numbers": hop.numbers[kept].tolist(),
        "frac_coords": coords,
        "path_end": end,
        "mobile_ion": "O",
        "mobile_ion_charge": -2,
        "n_sites": len(kept),
        "n_mobile_ions": int((hop.numbers[kept] == OXYGEN).sum()),
        "concentration_limit": "vacancy",
        "n_pathways": n_pathways,
        "hop_distance": float(np.linalg.norm(step @ hop.lattice)),
        "hop_distance_minimum_image": float(np.linalg.norm(shortest)),
        "straight_line_minimum_distance": float(distance_matrix(hop.lattice, images, coords[1:]).min()),
        "group_duplicate": duplicate,
        "group_structure": hop.material,
        "group_host": hop.material,
        "flags": [],
    }


def _labels(hop: Released) -> dict[str, str]:
    """Return formula, family and prototype of a host."""
    from pymatgen.core import Composition, Element

    symbols = Counter(Element.from_Z(int(number)).symbol for number in hop.numbers)
    composition = Composition(symbols)
    number = _space_group(hop)
    family = composition.anonymized_formula
    return {
        "formula": composition.reduced_formula,
        "structure_class": family,
        "group_prototype": f"{family}-{number}",
    }


def _duplicates(hops: Sequence[Released]) -> list[str]:
    """Return for each hop of one host the first one that a symmetry operation of the host maps onto it."""
    found = _symmetry(hops[0])
    names: list[str] = []
    for i, hop in enumerate(hops):
        twin = next((j for j in range(i) if _maps(found, hops[j], hop)), i)
        names.append(hops[twin].hop_id)
    return names


def _space_group(hop: Released) -> int:
    """Return the number of the space group of a host, whatever the shape of its supercell."""
    from spglib import get_symmetry_dataset

    cell = (hop.lattice.tolist(), hop.host.tolist(), hop.numbers.tolist())
    for symprec in (_SYMPREC, 10 * _SYMPREC):
        found = get_symmetry_dataset(cell, symprec=symprec)
        if found is not None:
            return int(found.number)
    raise UpstreamError(f"spglib finds no space group of the host of {hop.hop_id}")


def _symmetry(hop: Released) -> Mapping[str, Any]:
    """Return the rotations and translations that map the pristine host onto itself."""
    from spglib import get_symmetry

    cell = (hop.lattice.tolist(), hop.host.tolist(), hop.numbers.tolist())
    found = get_symmetry(cell, symprec=_SYMPREC)
    if found is None:
        raise UpstreamError(f"spglib finds no symmetry of the host of {hop.hop_id}")
    return found


def _maps(symmetry: Mapping[str, Any], one: Released, other: Released) -> bool:
    """Return whether an operation maps the hop `one` onto `other`, start to start and step to step."""
    rotations, translations = symmetry["rotations"], symmetry["translations"]
    moved = rotations @ one.host[one.start] + translations - other.host[other.start]
    step = rotations @ (one.path[-1] - one.path[0]) - (other.path[-1] - other.path[0])
    off = np.abs(np.concatenate([moved - np.rint(moved), step], axis=1)).max(axis=1)
    # In units of the lattice vectors, which are ten Å and more.
    return bool((off < 2e-3).any())


def _flag(rows: Sequence[dict[str, Any]]) -> None:
    """Set the flags of all rows by the rules that the schema documents."""
    groups: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        groups[row["group_duplicate"]].append(row["migration_barrier"])
    for row in rows:
        energies, twins = row["image_energies"], groups[row["group_duplicate"]]
        found = {
            "end_is_maximum": int(np.argmax(energies)) in (0, N_IMAGES - 1),
            "ends_apart": abs(energies[0] - energies[-1]) > APART,
            "image_below_ends": energies[1:-1].min() < min(energies[0], energies[-1]) - BELOW,
            "path_clash": row["straight_line_minimum_distance"] < CLASH,
            "duplicate": len(twins) > 1,
            "label_conflict": max(twins) - min(twins) > CONFLICT,
        }
        row["flags"] = [flag.name for flag in schema.OXYGEN.flags if found[flag.name]]


def ledger(released: Sequence[Released], rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str, str]]:
    """Return every value that the dataset gives otherwise: entry, column, raw, normalised and the reason."""
    found = []
    for hop, row in zip(released, rows, strict=True):
        if hop.formula != row["formula"]:
            reason = "reduced formula with the metals first; the release lists the elements by the alphabet"
            found.append((hop.hop_id, "formula", hop.formula, row["formula"], reason))
    return found


def _ledger_text(corrections: Sequence[tuple[str, str, str, str, str]]) -> str:
    lines = ["entry_id,column,raw,normalised,reason"]
    return "\n".join([*lines, *(",".join((*head, f'"{reason}"')) for *head, reason in corrections)]) + "\n"


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq

    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=19, use_dictionary=True)
    return buffer.getvalue()


def _write_bytes(content: bytes, path: Path) -> None:
    path.write_bytes(content)

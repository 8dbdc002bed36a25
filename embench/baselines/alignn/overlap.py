"""How many entries that a protocol scores are also in a pre-training corpus, as structures: it holds no barriers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embench.common.files import write_text
from embench.common.markdown import markdown_table
from embench.errors import InvalidValueError

if TYPE_CHECKING:
    from embench.baselines.alignn.corpus import Corpus
    from embench.dataset.entry import Entry

BEGIN, END = "<!-- overlap: begin -->", "<!-- overlap: end -->"
KINDS = ("as released", "without the migrating ion", "with the ion at both ends")
_HEADER = ("protocol", "scored entries", "same formula", *(f"same structure, {kind}" for kind in KINDS), "any of these")


@dataclass(frozen=True)
class Match:
    """What of one entry is in the corpus: formulas of its three forms, and structures, in the order of ``KINDS``."""

    formula: bool
    structures: tuple[bool, bool, bool]


def find_overlap(
    entries: Iterable[Entry], corpus: Corpus, *, progress: Callable[[int], None] | None = None
) -> dict[str, Match]:
    """Return for each entry whether the corpus holds its structure.

    Compared is the structure as released, the one without the migrating ion, and the one with the ion at both ends of
    its path, which fills the vacancy that it hops into. Two structures are the same where their reduced formulas agree
    and ``StructureMatcher`` of pymatgen, with its default tolerances, maps their primitive cells onto each other,
    scaled to one volume.
    """
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.core import Element, Structure

    matcher, structures = StructureMatcher(), _by_formula(corpus)
    symbols = [Element.from_Z(z).symbol if z else "" for z in range(104)]
    kept: dict[int, Any] = {}

    def crystal(row: int) -> Any:
        if row not in kept:
            found = corpus.crystals[row]
            structure = Structure(found.lattice, [symbols[z] for z in found.atomic_numbers], found.frac_coords)
            kept[row] = structure.get_primitive_structure()
        return kept[row]

    matches = {}
    for done, entry in enumerate(entries, start=1):
        found, same = [], []
        for lattice, numbers, coords in _forms(entry):
            rows = structures.get(reduced(numbers), [])
            found.append(bool(rows))
            ours = Structure(lattice, [symbols[z] for z in numbers], coords).get_primitive_structure() if rows else None
            same.append(ours is not None and any(matcher.fit(ours, crystal(row)) for row in rows))
        matches[entry.entry_id] = Match(any(found), (same[0], same[1], same[2]))
        if progress is not None:
            progress(done)
    return matches


def reduced(numbers: Any) -> tuple[tuple[int, int], ...]:
    """Return a formula with no common divisor, as pairs of atomic number and count, for atomic numbers (n,)."""
    elements, counts = np.unique(np.asarray(numbers, dtype=np.int64), return_counts=True)
    divisor = int(np.gcd.reduce(counts))
    return tuple((int(z), int(count) // divisor) for z, count in zip(elements, counts, strict=True))


def overlap_table(matches: dict[str, Match]) -> str:
    """Return a table in Markdown with one row for each protocol."""
    from embench.splits import protocol
    from embench.splits.registry import protocol_names

    rows = []
    for name in protocol_names():
        scored = [matches[entry_id] for fold in protocol(name) for entry_id in fold.test_ids]
        structures = [sum(match.structures[kind] for match in scored) for kind in range(len(KINDS))]
        either = sum(any(match.structures) for match in scored)
        rows.append((name, len(scored), sum(match.formula for match in scored), *structures, either))
    return markdown_table(_HEADER, rows)


def _forms(entry: Entry) -> list[tuple[Any, Any, Any]]:
    lattice, numbers, coords = entry.lattice, entry.atomic_numbers, entry.frac_coords
    return [
        (lattice, numbers, coords),
        (lattice, numbers[1:], coords[1:]),
        (lattice, np.append(numbers, numbers[0]), np.vstack([coords, entry.path_end])),
    ]


def _by_formula(corpus: Corpus) -> dict[tuple[tuple[int, int], ...], list[int]]:
    rows = defaultdict(list)
    for row, crystal in enumerate(corpus.crystals):
        rows[reduced(crystal.atomic_numbers)].append(row)
    return dict(rows)


def renew_table(page: Path, table: str) -> None:
    """Put `table` between the marks in `page`, in place of what is there.

    Raises :class:`~embench.errors.InvalidValueError` where the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InvalidValueError(f"{page} has no place for the table: it needs the lines {BEGIN!r} and {END!r}")
    write_text(page, f"{before}{begin}\n{table}\n{end}{after}")

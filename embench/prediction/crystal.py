"""One source to one prediction: find the hops, predict them, say what was assumed."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from embench.errors import StructureError
from embench.migration import find_hops, hop_between
from embench.migration.between import element_of
from embench.migration.find import LEAST_DISTANCE
from embench.migration.read import read_crystal
from embench.prediction.barriers import predict
from embench.prediction.inputs import Found, Source, read_source, read_structure

if TYPE_CHECKING:
    from pathlib import Path

    from embench.migration.hops import Hops
    from embench.migration.read import AnyStructure
    from embench.prediction.model import TrainedModel
    from embench.prediction.result import PredictionResult

# Ions that the training data have, in the order in which one is taken for the migrating one where none is named.
COMMON_IONS = ("Li", "Na", "K", "Mg", "Ca", "Zn", "Al", "Rb", "Sr")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What is asked of a crystal; see :func:`embench.migration.find_hops`."""

    ion: str | None = None
    interstitials: bool = False
    longest: float | None = None
    least_distance: float = LEAST_DISTANCE
    limit: str | None = None
    order: bool = False
    functional: str = "GGA"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def predict_source(source: Source, choices: Choices, model: TrainedModel) -> PredictionResult:
    """Return the prediction for one source; raises an :class:`~embench.errors.EmbenchError` in words."""
    if source.end is not None:
        return predict_ends(source, choices, model)
    found = read_source(source)
    if found.hop is not None:
        return predict(found.hop, model=model, name=source.name)
    assert found.structure is not None  # a source holds one or the other
    hops, note = hops_of(found, choices)
    result = predict(hops, model=model, name=source.name)
    return with_notes(result, note)


def predict_ends(source: Source, choices: Choices, model: TrainedModel) -> PredictionResult:
    """Return the prediction for a hop between the structures of two files."""
    from pathlib import Path

    start, end = (read_structure(Path(path)) for path in (source.path, source.end or ""))
    hop = hop_between(start, end, choices.ion, entry_id=source.name, functional=choices.functional)
    return with_notes(predict(hop, model=model, name=source.name), "one hop, between the two structures")


def hops_of(found: Found, choices: Choices) -> tuple[Hops, str | None]:
    """Return the hops of a structure, and what to say of the ion where none was named."""
    structure = found.structure
    assert structure is not None
    ion, note = choices.ion or found.ion, None
    if ion is None:
        ion = guessed_ion(structure)
        note = f"no ion was named: {ion} is the only one of {', '.join(COMMON_IONS)} in the structure"
    hops = find_hops(
        structure,
        ion,
        interstitials=choices.interstitials,
        longest=choices.longest,
        least_distance=choices.least_distance,
        limit=choices.limit,
        order=choices.order,
        functional=choices.functional,
    )
    return hops, note


def guessed_ion(structure: AnyStructure) -> str:
    """Return the one element of COMMON_IONS in a structure; raises StructureError for none or several."""
    elements = _elements(structure)
    there = [ion for ion in COMMON_IONS if ion in elements]
    if len(there) == 1:
        return there[0]
    which = f"{' and '.join(there)} are in it" if there else f"none of {', '.join(COMMON_IONS)} is in it"
    raise StructureError(f"which ion migrates? {which}: name it, as in --ion {there[0] if there else 'Li'}")


def is_pair(paths: list[Path]) -> bool:
    """Return whether two files are the ends of one hop: both hold as many atoms of each element."""
    if len(paths) != 2 or any(not path.is_file() for path in paths):
        return False
    try:
        first, second = (_counts(read_structure(path)) for path in paths)
    except StructureError:
        return False
    return first == second


def _counts(structure: AnyStructure) -> Counter[str]:
    return Counter(read_crystal(structure, overlap=True).symbols)


def _elements(structure: Any) -> set[str]:
    species = getattr(structure, "composition", None)
    names = [str(each) for each in species] if species is not None else structure.get_chemical_symbols()
    return {element_of(name) for name in names}


def with_notes(result: PredictionResult, note: str | None) -> PredictionResult:
    """Return the result with one more note."""
    from dataclasses import replace

    return result if note is None else replace(result, notes=(note, *result.notes))

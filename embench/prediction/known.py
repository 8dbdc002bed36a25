"""Known answers: crystals whose diffusion the literature knows, predicted by a model that has not seen their hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embench.dataset import load
from embench.migration import find_hops
from embench.migration.network import GOOD_CONDUCTOR
from embench.prediction.barriers import predict
from embench.prediction.examples import EXAMPLES
from embench.prediction.train import train_model

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from embench.prediction.model import TrainedModel
    from embench.prediction.result import PredictionResult

# A way in more dimensions counts as open where it is no higher than the one-dimensional way by more than this, eV.
OPEN = 0.2


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One crystal and what is known of it.

    Attributes
    ----------
    name, ion : of the crystal.
    host : its host framework in the dataset, which is held out of the training.
    dimensions : in how many dimensions the ion is known to move.
    good : whether its barrier is known to be below that of a good conductor, 0.65 eV; None where that is not asked.
    known : the same in words.
    structure : makes the crystal.
    source : of the structure.
    lowest_along : direction along which the one-dimensional way is known to lead, as a row of the cell; None where
        there is no such one.
    """

    name: str
    ion: str
    host: str
    dimensions: int
    known: str
    structure: Callable[[], Structure]
    source: str
    good: bool | None = None
    lowest_along: int | None = None


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An answer, the prediction, and what is right and wrong of it, in words."""

    answer: Answer
    result: PredictionResult
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def _example(name: str) -> Callable[[], Structure]:
    return next(example for example in EXAMPLES if example.name == name).structure


def _sodium() -> Structure:
    from pymatgen.core import Lattice, Structure

    sites = [[0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(4.51), ["Na", "O", "Cl"], sites)


def _of_entry(entry_id: str) -> Callable[[], Structure]:
    """Return what makes the crystal of an entry in the vacancy limit: the vacancy at the end of its hop is filled."""

    def structure() -> Structure:
        entry = load()[entry_id]
        found = entry.structure()
        found.append(entry.mobile_ion, entry.path_end)
        return found.get_primitive_structure(tolerance=0.5)

    return structure


ANSWERS: tuple[Answer, ...] = (
    Answer(
        name="LiFePO4",
        ion="Li",
        host="FePO4|OLIVINE",
        dimensions=1,
        known="[010] below [001] and [100]; 1D",
        structure=_example("LiFePO4"),
        source="example",
        good=True,
        lowest_along=1,
    ),
    Answer(
        name="LiCoO2",
        ion="Li",
        host="CoO2|LAYERED-O",
        dimensions=2,
        known="2D within the layers",
        structure=_example("LiCoO2"),
        source="example",
    ),
    Answer(
        name="Li3OCl",
        ion="Li",
        host="ClO|ANTIPEROVSKITE",
        dimensions=3,
        known="3D, good",
        structure=_example("Li3OCl"),
        source="example",
        good=True,
    ),
    Answer(
        name="Na3OCl",
        ion="Na",
        host="ClO|ANTIPEROVSKITE",
        dimensions=3,
        known="3D, good",
        structure=_sodium,
        source="a = 4.51 Å, Y. Wang et al., J. Power Sources 293, 735 (2015)",
        good=True,
    ),
    Answer(
        name="LiMn2O4",
        ion="Li",
        host="MnO2|SPINEL",
        dimensions=3,
        known="3D, good",
        structure=_example("LiMn2O4"),
        source="example",
        good=True,
    ),
    Answer(
        name="Li7La3Zr2O12",
        ion="Li",
        host="La3Zr2O12|GARNET-LLZO",
        dimensions=3,
        known="3D, good",
        structure=_of_entry("Li7La3Zr2O12_1"),
        source="entry Li7La3Zr2O12_1, vacancy filled",
        good=True,
    ),
    Answer(
        name="NaZr2(PO4)3",
        ion="Na",
        host="Zr2P3O12|NASICON",
        dimensions=3,
        known="3D; 0.89 eV by DFT",
        structure=_example("NaZr2(PO4)3"),
        source="example",
        good=False,
    ),
    Answer(
        name="β-Li3PS4",
        ion="Li",
        host="PS4|LISICON",
        dimensions=3,
        known="3D, good",
        structure=_of_entry("b-Li3PS4_1"),
        source="entry b-Li3PS4_1, vacancy filled",
        good=True,
    ),
)
NOT_CHECKED = (
    "Li10GeP2S12: its published structure is disordered, no ordered one is in the dataset or in the files of pymatgen "
    "and ASE, and an ordering of our own would be no known answer",
)


def held_out_model(baseline: str = "pathway-stack", answers: Sequence[Answer] = ANSWERS) -> TrainedModel:
    """Return a model that has seen none of the hosts of the answers."""
    return train_model(baseline, without_hosts={answer.host for answer in answers})


def check_answers(
    model: TrainedModel, answers: Sequence[Answer] = ANSWERS, *, progress: Callable[[str], None] | None = None
) -> list[Checked]:
    """Return the predictions for known answers, each with what is right and wrong."""
    found = []
    for answer in answers:
        if progress is not None:
            progress(answer.name)
        result = predict(find_hops(answer.structure(), answer.ion), model=model, name=answer.name)
        found.append(judged(answer, result))
    return found


def judged(answer: Answer, result: PredictionResult) -> Checked:
    """Return what of a prediction agrees with what is known."""
    assert result.network is not None
    assert result.hops is not None
    ways = result.network.ways
    right: list[str] = []
    wrong: list[str] = []

    def check(is_right: bool, said: str) -> None:
        (right if is_right else wrong).append(said)

    dimensions = max(n for n, way in ways.items() if way.barrier <= ways[1].barrier + OPEN)
    check(dimensions == answer.dimensions, f"{dimensions}D")
    if answer.good is not None:
        is_good = ways[answer.dimensions].barrier < GOOD_CONDUCTOR
        check(is_good == answer.good, f"{'below' if is_good else 'above'} {GOOD_CONDUCTOR:g} eV")
    if answer.lowest_along is not None:
        lowest = min(range(len(result)), key=lambda number: result.barriers[number])
        axis = result.hops.lattice[answer.lowest_along]
        along = abs(float(result.hops[lowest].vector @ axis)) / float((axis @ axis) ** 0.5)
        is_along = along > 0.99 * result.hops[lowest].hop_distance
        check(is_along, f"lowest along {'that' if is_along else 'another'} axis")
    return Checked(answer=answer, result=result, right=tuple(right), wrong=tuple(wrong))


def answers_page(checked: Sequence[Checked]) -> str:
    """Return the page of the known answers as Markdown."""
    rows = []
    for each in checked:
        assert each.result.network is not None
        ways = [
            f"{way.barrier:.2f} ({way.interval[0]:.2f} to {way.interval[1]:.2f})" if way else "–"
            for way in (each.result.network.ways.get(n) for n in (1, 2, 3))
        ]
        verdict = "right" if not each.wrong else f"**wrong**: {', '.join(each.wrong)}"
        rows.append(
            f"| {each.answer.name} | {each.answer.known} | {' | '.join(ways)} | {verdict} | {_published(each)} |"
        )
    sources = "; ".join(f"{each.answer.name}: {each.answer.source}" for each in checked)
    known = [(hop, one) for each in checked for hop in each.result for one in hop.published]
    inside = sum(hop.interval[0] <= one.barrier <= hop.interval[1] for hop, one in known)
    wrong = sum(bool(each.wrong) for each in checked)
    return _PAGE.format(
        model=checked[0].result.model.label,
        n=checked[0].result.model.about.n,
        rows="\n".join(rows),
        open=OPEN,
        right=len(checked) - wrong,
        total=len(checked),
        inside=inside,
        known=len(known),
        sources=sources,
        not_checked="\n".join(f"- {line}." for line in NOT_CHECKED),
    )


def _published(each: Checked) -> str:
    found = [
        f"{one.entry_id} {one.barrier:.2f}, predicted {hop.barrier:.2f} "
        f"({hop.interval[0]:.2f} to {hop.interval[1]:.2f})"
        for hop in each.result
        for one in hop.published[:1]
    ]
    return "<br>".join(found) or "–"


_PAGE = """\
# Known answers

Crystals whose diffusion the literature knows, predicted by {model} without the hosts of all of them: {n} training
entries are left. `embench model check` writes this page.

| crystal | known | 1D (eV) | 2D (eV) | 3D (eV) | verdict | published hops (eV) |
| :--- | :--- | ---: | ---: | ---: | :--- | :--- |
{rows}

{right} of {total} are right. A way in more dimensions counts as open where it is at most {open:g} eV above the
one-dimensional one; good is a barrier below 0.65 eV in as many dimensions as the ion is known to move. Of {known}
published barriers that hops of these crystals have in the dataset, {inside} are within their interval.

Structures: {sources}.

Not checked:

{not_checked}
"""

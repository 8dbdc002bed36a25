"""Questions that two baselines answer together: a paired comparison on every protocol that both were run on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.baselines.blend import blend
from embench.common.markdown import markdown_table
from embench.evaluation import evaluate
from embench.evaluation.comparison import p_text
from embench.splits import protocol_names
from embench.splits.registry import MAIN_PROTOCOL

if TYPE_CHECKING:
    from embench.evaluation.predictions import Source

_TEXT = """\
A difference below zero is in favour of the first one; its 95 % interval and p are paired over host frameworks. A blend
is the mean of two baselines in log(E + 0.3 eV), with a weight for the second one that is chosen on the other folds
(`embench baseline blend`), and for the published test on the out-of-fold predictions of its training side. The models
behind those predictions were trained with other barriers of the scored fold among them, so the weight is not entirely
independent of it; it is one number."""


@dataclass(frozen=True)
class Question:
    """Whether `first`, averaged with `added` where there is one, has a lower MAE than `second`."""

    text: str
    first: str
    second: str
    added: str | None = None


QUESTIONS: tuple[Question, ...] = (
    Question("What does pre-training gain?", "alignn-mpt", "alignn-scratch"),
    Question("What do energy profiles give the network?", "alignn-local", "alignn-mpt"),
    Question("The band, or both ends?", "alignn-model-3", "alignn-model-1"),
    Question("What does a second backbone give to both ends?", "alignn-model-2", "alignn-model-1"),
    Question("What does attention give to the band?", "alignn-model-4", "alignn-model-3"),
    Question("Images that hear the host only, or the band?", "alignn-scratch", "alignn-model-3"),
    Question("… or the band with attention?", "alignn-scratch", "alignn-model-4"),
    Question("What does a gate gain over one model of all inputs?", "pathway-gate", "pathway-hybrid"),
    Question("What does a potential teach a model of the structure?", "pathway-distilled", "pathway-stack"),
    Question("What do bands that anyone can compute add to the structure?", "pathway-neb", "pathway-stack"),
    Question("… and how far are they from the literature's potentials?", "pathway-neb", "pathway-gate"),
    Question("What does the network add to the stack?", "pathway-stack", "pathway-stack", added="alignn-mpt"),
    Question("… and with energy profiles?", "pathway-stack", "pathway-stack", added="alignn-local"),
    Question("… and to the hybrid?", "pathway-hybrid", "pathway-hybrid", added="alignn-local"),
)


def questions_section(folder: Path) -> str:
    """Return the section, in Markdown, over the committed predictions in `folder`/<name>; empty where there are none.

    Raises as :func:`~embench.evaluation.evaluator` does.
    """
    rows = [row for question in QUESTIONS for row in _rows(question, folder)]
    if not rows:
        return ""
    header = ["question", "first", "second", "protocol", "MAE", "MAE", "difference", "95 % interval", "p", "weight"]
    table = markdown_table(header, rows, left=("first", "second", "protocol"))
    return f"## Questions\n\n{_TEXT}\n\n{table}"


def _rows(question: Question, folder: Path) -> Iterator[list[str]]:
    names = [name for name in (question.first, question.second, question.added) if name is not None]
    shown = question.text
    for protocol in protocol_names():
        # The weights of a protocol of one fold come from host-10fold.
        needed = {protocol, MAIN_PROTOCOL} if question.added else {protocol}
        if not all((folder / name / f"{each}.csv").is_file() for name in names for each in needed):
            continue
        first: Source = folder / question.first / f"{protocol}.csv"
        title, weight = question.first, ""
        if question.added is not None:
            found = blend(folder / question.first, folder / question.added, protocol)
            first = dict(zip(found.entry_ids, found.values.tolist(), strict=True))
            title = f"{question.first} + {question.added}"
            weights = sorted({f"{value:.2f}" for value in found.weights.values()})
            weight = weights[0] if len(weights) == 1 else f"{weights[0]} to {weights[-1]}"
        compared = evaluate(first, protocol, against=folder / question.second / f"{protocol}.csv").comparison
        assert compared is not None
        mae = compared.metrics["mae"]
        limits = f"{mae.difference.low:+.3f} to {mae.difference.high:+.3f}"
        p = p_text(compared.test).removeprefix("p ").removeprefix("= ")
        numbers = [f"{mae.value:.3f}", f"{mae.other:.3f}", f"{mae.difference.value:+.3f}", limits, p, weight]
        yield [shown, title, question.second, protocol, *numbers]
        shown = ""

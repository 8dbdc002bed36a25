"""The page on the second dataset: what is reached on oxygen vacancies, and whether they help with cations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embench.common.markdown import markdown_table
from embench.dataset import load
from embench.errors import BaselineError, UnknownNameError
from embench.evaluation import evaluate
from embench.evaluation.comparison import p_text
from embench.evaluation.together import load_predictions
from embench.schema import OXYGEN
from embench.splits import TRANSFER_PROTOCOLS, protocol
from embench.splits.registry import MAIN_PROTOCOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embench.dataset import Dataset
    from embench.evaluation import Evaluation
    from embench.evaluation.comparison import Difference
    from embench.evaluation.predictions import Source
    from embench.statistics.intervals import Estimate
    from embench.statistics.paired import SignFlipTest

    Floats = NDArray[np.float64]

COMMAND = "embench baseline transfer --out docs/oxygen-vacancies.md"
_SEED = 0
_RESULTS = Path("baselines")

# Called with a stage, what is done and of how much.
Progress = Callable[[str, int, int], None]


def transfer_page(*, results: Path = _RESULTS, progress: Progress | None = None) -> str:
    """Return the page, in Markdown, over the predictions of all submissions for the second dataset.

    `results` is the folder with the predictions of the studies. Raises as :func:`helps` does.
    """
    sections = [_section(spec.name) for spec in TRANSFER_PROTOCOLS]
    on_page = [name for name, model in MODELS.items() if model.on_page]
    found = [compared(name, results=results, progress=progress) for name in on_page]
    rows = [
        (
            MODELS[name].words,
            f"{mae.value:.3f}",
            f"{mae.other:.3f}",
            f"{mae.difference.value:+.3f}",
            f"{mae.difference.low:+.3f} to {mae.difference.high:+.3f}",
            f"{p_text(test)}",
            _verdict(mae.difference),
        )
        for name, (mae, test) in zip(on_page, found, strict=True)
    ]
    header = ["model", "MAE with them, eV", "without", "difference", "95 % interval", "test", "so"]
    table = markdown_table(header, rows, left=("so",))
    sections.append(f"## Do they help with cations?\n\n{_QUESTION.format(protocol=MAIN_PROTOCOL)}\n\n{table}")
    data = load(OXYGEN.name)
    head = _HEAD.format(
        version=data.version,
        command=COMMAND,
        n=len(data),
        n_materials=len(set(data.column("group_host").tolist())),
        median=float(np.median(data.column("migration_barrier"))),
        flags=markdown_table(
            ["flag", "entries", "meaning"],
            [
                [f"`{flag.name}`", sum(flag.name in found for found in data.flags), flag.description]
                for flag in OXYGEN.flags
            ],
            left=("meaning",),
        ),
    )
    return head + "\n\n".join(section.strip() for section in sections) + "\n"


def _section(name: str) -> str:
    found = protocol(name)
    systems = [column for column in load_predictions(name).columns if column not in _columns_of_labels()]
    scores = sorted((evaluate(system, name) for system in systems), key=lambda scored: scored.metrics["mae"].value)
    header = [
        "system",
        "MAE, eV",
        "95 % interval",
        "median error, eV",
        "R²",
        "95 % interval",
        "Spearman's ρ",
        "95 % covered",
    ]
    rows = [_row(scored) for scored in scores]
    return f"## {name}\n\n{len(found.scored_ids)} entries; {found.spec.measures}.\n\n{markdown_table(header, rows)}"


def _columns_of_labels() -> set[str]:
    from embench.evaluation.together import LABELS

    return {*LABELS, "flags"}


def _row(scored: Evaluation) -> list[str]:
    metrics = scored.metrics
    covered = metrics["coverage_95"].value if "coverage_95" in metrics else float("nan")
    return [
        scored.name,
        f"{metrics['mae'].value:.2f}",
        _limits(metrics["mae"]),
        f"{metrics['median_absolute_error'].value:.2f}",
        f"{metrics['r2'].value:.2f}",
        _limits(metrics["r2"]),
        "–" if np.isnan(metrics["spearman"].value) else f"{metrics['spearman'].value:.2f}",
        "–" if np.isnan(covered) else f"{covered:.2f}",
    ]


def _limits(found: Estimate) -> str:
    return f"{found.low:.2f} to {found.high:.2f}"


def helps(name: str, *, results: Path = _RESULTS, progress: Progress | None = None) -> str:
    """Return in a paragraph whether oxygen vacancies in the training side lower the error of a model on cations.

    `results` is the folder with the predictions of the studies.

    Raises
    ------
    UnknownNameError
        The model is none of :data:`MODELS`.
    BaselineError
        The predictions of a study are not there.
    """
    mae, test = compared(name, results=results, progress=progress)
    gap = mae.difference
    return _HELPS.format(
        model=MODELS[name].words,
        protocol=MAIN_PROTOCOL,
        without=mae.other,
        with_oxygen=mae.value,
        difference=gap.value,
        low=gap.low,
        high=gap.high,
        p=p_text(test),
        verdict=_verdict(gap),
    )


def compared(
    name: str, *, results: Path = _RESULTS, progress: Progress | None = None
) -> tuple[Difference, SignFlipTest]:
    """Return the MAE (eV) on cations with and without oxygen vacancies, paired over hosts; raises as :func:`helps`."""
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    without, with_oxygen = MODELS[name].predictions(results, progress or (lambda *_: None))
    scored = evaluate(with_oxygen, MAIN_PROTOCOL, against=without)
    assert scored.comparison is not None
    return scored.comparison.metrics["mae"], scored.comparison.test


def _verdict(gap: Estimate) -> str:
    if not gap.leaves_out_zero:
        return "they make no difference that these entries resolve"
    return "they help" if gap.value < 0.0 else "they do harm"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model that is asked whether oxygen vacancies help it: what it is called, and its predictions for cations.

    `predictions` takes the folder with the predictions of the studies, and what is called as the work goes on. It
    returns two sources of out-of-fold predictions: without oxygen vacancies in the training side, and with them.
    `on_page` are the models that the page has; what the others give takes minutes and is in the log of what was tried.
    """

    words: str
    predictions: Callable[[Path, Progress], tuple[Source, Source]]
    on_page: bool = True


def _computed(
    table: Callable[[Dataset], tuple[Floats, list[str]]],
    guess: Callable[[Sequence[str], Floats, Floats, Floats], Floats],
) -> Callable[[Path, Progress], tuple[Source, Source]]:
    """Return the predictions of a quick model, which are computed whenever they are asked for.

    `table` gives features (n, k) and their names. `guess` takes the names, features (n, k) and barriers (n), eV, to
    learn from, and further features (m, k), and returns the barriers (m) of these.
    """

    def both(_: Path, progress: Progress) -> tuple[Source, Source]:
        return out_of_fold(oxygen=False, progress=progress), out_of_fold(oxygen=True, progress=progress)

    def out_of_fold(*, oxygen: bool, progress: Progress) -> dict[str, float]:
        second = load(OXYGEN.name)
        (more, names), more_target = table(second), second.column("migration_barrier").astype(np.float64)
        found: dict[str, float] = {}
        folds = protocol(MAIN_PROTOCOL)
        for done, fold in enumerate(folds, start=1):
            known = table(fold.train)[0]
            target = fold.train.column("migration_barrier").astype(np.float64)
            if oxygen:
                known, target = np.concatenate([known, more]), np.concatenate([target, more_target])
            barriers = guess(names, known, target, table(fold.test)[0])
            found |= dict(zip(fold.test_ids, barriers.tolist(), strict=True))
            progress("with oxygen" if oxygen else "without", done, len(folds))
        return found

    return both


def _kept(baseline: str, study: str) -> Callable[[Path, Progress], tuple[Source, Source]]:
    """Return the committed predictions of a baseline and of a study, which take hours to compute."""

    def both(results: Path, _: Progress) -> tuple[Source, Source]:
        path = results / study / f"{MAIN_PROTOCOL}.csv"
        if not path.is_file():
            raise BaselineError(
                f"there are no predictions of {study} at {path}: compute them with embench baseline run {study} "
                f"--dataset-version 1.0.0 --out {path.parent}, or name the folder that holds them with --results"
            )
        return baseline, path

    return both


def _simple(entries: Dataset) -> tuple[Floats, list[str]]:
    from embench.baselines.features.simple import simple_table

    return simple_table(entries)


def _trees(_: Sequence[str], table: Floats, barriers: Floats, unknown: Floats) -> Floats:
    from sklearn.ensemble import ExtraTreesRegressor

    from embench.baselines.scale import from_log, to_log

    model = ExtraTreesRegressor(300, min_samples_leaf=2, max_features=0.33, random_state=_SEED)
    return from_log(model.fit(table, to_log(barriers)).predict(unknown))


def _mirrored(entries: Dataset) -> tuple[Floats, list[str]]:
    from embench.baselines.models.mirrored import stack_table

    return stack_table(entries)


def _stack(names: Sequence[str], table: Floats, barriers: Floats, unknown: Floats) -> Floats:
    from embench.baselines.models.mirrored import MirroredStack

    return MirroredStack(seed=_SEED).learned(names, table, barriers, unknown)


MODELS = {
    "trees": Model(words="the trees of simple-trees", predictions=_computed(_simple, _trees)),
    "stack": Model(words="the regressors of mirrored-stack", predictions=_computed(_mirrored, _stack), on_page=False),
    "network": Model(words="the networks of alignn-local", predictions=_kept("alignn-local", "alignn-local-oxygen")),
    "network-profiles": Model(
        words="the networks of alignn-local, with the energy profiles of oxygen ions as further targets",
        predictions=_kept("alignn-local", "alignn-local-oxygen-profiles"),
    ),
}
"""The models that are asked whether oxygen vacancies help them with cations."""

_HEAD = """# Oxygen vacancies, the second dataset

*Dataset oxygen-vacancies {version}. Written by `{command}`; not edited by hand.*

{n} DFT-NEB hops of oxygen ions into vacancies of {n_materials} oxides (median {median:.2f} eV), to test transfer on:
none of the compounds is in the first dataset. `embench.load("oxygen-vacancies")` loads them, and
`embench build-transfer` makes them from the release of their authors; the
[dataset card](../dataset_card/README.md) has the columns, the source and its licence. Their two protocols are scored
apart and are in no table with those of cations.

The barrier is the highest of five image energies minus the first. The release gives the pristine host and the straight
line between two of its sites; what the ends relax to is not in it. The pathway baselines do not run here as they are:
their ionic model takes the migrating element for a cation. mirrored-stack is the pathway stack in the crystal with all
charges reversed, where the oxygen ion is one. nearest-neighbour and shipped-columns need columns of the first dataset
(the space group, coordination along the line) that this one does not have.

{flags}

"""

_HELPS = """With {model} on {protocol}, all oxygen vacancies added to the training side of every
fold: MAE {with_oxygen:.3f} eV, and {without:.3f} eV without them. The difference is {difference:+.3f} eV (95 %
interval {low:+.3f} to {high:+.3f}, paired over host frameworks, {p}): {verdict}."""

_QUESTION = """All of them are added to the training side of every fold of {protocol}, and the cations of its scored
side are predicted. Intervals and tests are paired over host frameworks. `embench baseline transfer --helps MODEL` says
it of one model; the two networks are `embench baseline run alignn-local-oxygen` and `alignn-local-oxygen-profiles`, of
half an hour each, whose predictions are in `baselines/`. A further model, the regressors of the stack, is in
[what was tried](baselines-tried.md#oxygen-vacancies-as-further-training-data)."""

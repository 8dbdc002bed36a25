"""The page on the second dataset: what is reached on oxygen vacancies, and whether they help with cations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embench.common.markdown import markdown_table
from embench.dataset import load
from embench.errors import UnknownNameError
from embench.evaluation import evaluate
from embench.evaluation.comparison import p_text
from embench.evaluation.together import load_predictions
from embench.schema import OXYGEN
from embench.splits import TRANSFER_PROTOCOLS, protocol
from embench.splits.registry import MAIN_PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from embench.dataset import Dataset
    from embench.evaluation import Evaluation
    from embench.statistics.intervals import Estimate

    Floats = NDArray[np.float64]

COMMAND = "embench baseline transfer --out docs/oxygen-vacancies.md"
_SEED = 0
_ON_PAGE = "trees"


def transfer_page(*, progress: Callable[[str, int, int], None] | None = None) -> str:
    """Return the page, in Markdown, over the predictions of all submissions for the second dataset.

    `progress` is called with the stage, what is done and of how much.
    """
    sections = [_section(spec.name) for spec in TRANSFER_PROTOCOLS]
    sections.append(f"## Do they help with cations?\n\n{helps(_ON_PAGE, progress=progress)} {_STACK_HELPS}")
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


def helps(model: str, *, progress: Callable[[str, int, int], None] | None = None) -> str:
    """Return in a paragraph whether oxygen vacancies in the training side lower the error of `model` on cations.

    Raises :class:`~embench.errors.UnknownNameError` for a model that is none of :data:`MODELS`.
    """
    if model not in MODELS:
        raise UnknownNameError("model", model, MODELS)
    report = progress or (lambda *_: None)
    without, with_oxygen = (_predictions(model, oxygen=oxygen, progress=report) for oxygen in (False, True))
    scored = evaluate(with_oxygen, MAIN_PROTOCOL, against=without)
    assert scored.comparison is not None
    mae = scored.comparison.metrics["mae"]
    gap = mae.difference
    return _HELPS.format(
        model=MODELS[model].words,
        protocol=MAIN_PROTOCOL,
        without=mae.other,
        with_oxygen=mae.value,
        difference=gap.value,
        low=gap.low,
        high=gap.high,
        p=p_text(scored.comparison.test),
        verdict=_verdict(gap),
    )


def _verdict(gap: Estimate) -> str:
    if not gap.leaves_out_zero:
        return "they make no difference that these entries resolve"
    return "they help" if gap.value < 0.0 else "they do harm"


def _predictions(model: str, *, oxygen: bool, progress: Callable[[str, int, int], None]) -> dict[str, float]:
    """Return out-of-fold predictions for the cations of a model that sees the oxygen vacancies too, or not."""
    chosen, second = MODELS[model], load(OXYGEN.name)
    (more, names), more_target = chosen.table(second), second.column("migration_barrier").astype(np.float64)
    found: dict[str, float] = {}
    folds = protocol(MAIN_PROTOCOL)
    for done, fold in enumerate(folds, start=1):
        table = chosen.table(fold.train)[0]
        target = fold.train.column("migration_barrier").astype(np.float64)
        if oxygen:
            table, target = np.concatenate([table, more]), np.concatenate([target, more_target])
        guess = chosen.guess(names, table, target, chosen.table(fold.test)[0])
        found |= dict(zip(fold.test_ids, guess.tolist(), strict=True))
        progress("with oxygen" if oxygen else "without", done, len(folds))
    return found


@dataclass(frozen=True, kw_only=True)
class Model:
    """A cheap model of both kinds of ions: what the page calls it, its features, and how it learns from them.

    `guess` takes the names of k features, features (n, k) and barriers (n), eV, to learn from, and further features
    (m, k), and returns the barriers (m) of these.
    """

    words: str
    table: Callable[[Dataset], tuple[Floats, list[str]]]
    guess: Callable[[Sequence[str], Floats, Floats, Floats], Floats]


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
    "trees": Model(words="the trees of the baseline simple-trees", table=_simple, guess=_trees),
    "stack": Model(words="the regressors of the baseline mirrored-stack", table=_mirrored, guess=_stack),
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

# The stack takes minutes, so that its figure stands in the log of what was tried.
_STACK_HELPS = """Another model, `embench baseline transfer --helps stack`, and no
network: its figure is in [what was tried](baselines-tried.md#oxygen-vacancies-as-further-training-data)."""

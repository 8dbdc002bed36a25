"""The page that shows what every baseline reaches on every protocol."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from embench._version import DATASET_VERSION
from embench.baselines.registry import BaselineSpec
from embench.baselines.reproduce import folds_of, read_record
from embench.common.markdown import markdown_table
from embench.errors import BaselineError
from embench.evaluation import evaluate
from embench.pages.questions import questions_section
from embench.splits import SPLITS_VERSION, protocol, protocol_names

if TYPE_CHECKING:
    from embench.evaluation import Evaluation
    from embench.statistics.intervals import Estimate

# By protocol and baseline.
Scores: TypeAlias = "dict[tuple[str, str], tuple[Evaluation, dict[str, Any]]]"

_NONE = "–"
_STAGES = ("fit", "predict", "cpu")
_COST = (
    "Means over the folds of all protocols: wall time of fit and predict, and processor time of the whole fold, one\n"
    "thread each; in the last column the processor time of all folds. Features that were computed before the folds\n"
    "are not counted."
)
COMMAND = "embench baseline table --out docs/baseline-results.md"


def results_page(
    specs: Sequence[BaselineSpec],
    records: Path,
    submissions: Path,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """Return the page, in Markdown, over all committed predictions of these baselines.

    `submissions` holds a folder with the predictions of each, `records` one with their records. `progress` is called
    with the stage, how many files are scored, and how many there are.

    Raises
    ------
    BaselineError
        There are none, or no record of them.
    StaleFileError
        Predictions are of another dataset or other folds.
    PredictionsError
        Predictions cannot be scored.
    """
    scores: Scores = {}
    files = [(spec.name, name) for spec in specs for name in spec.protocols]
    files = [(spec, name) for spec, name in files if (submissions / spec / f"{name}.csv").is_file()]
    for done, (spec_name, name) in enumerate(files):
        if progress is not None:
            progress("scores", done, len(files))
        record = read_record(records / spec_name, name)
        folds_of(record, records / spec_name)
        scores[name, spec_name] = evaluate(submissions / spec_name / f"{name}.csv", name), record
    if not scores:
        raise BaselineError(f"{submissions} has no predictions of a baseline; make them with embench baseline run-all")
    # Those that run on the second dataset only are on its own page.
    found = [spec for spec in specs if any((name, spec.name) in scores for name in protocol_names())]
    sections = [_overview(found, scores)]
    sections += [_section(name, found, scores) for name in protocol_names() if any(key[0] == name for key in scores)]
    sections += [section for section in (questions_section(submissions),) if section]
    sections.append(_cost(found, scores))
    return (
        _HEAD.format(dataset=DATASET_VERSION, splits=SPLITS_VERSION, made_with=_made_with(scores), command=COMMAND)
        + "\n\n".join(section.strip() for section in sections)
        + "\n"
    )


def _made_with(scores: Scores) -> str:
    """Return which versions of the dataset the predictions were made with: an earlier one scores more entries."""
    versions = sorted({str(record["versions"]["dataset"]) for _, record in scores.values()})
    return f"The predictions were made with dataset {' and '.join(versions)}, as their records say."


def _overview(specs: list[BaselineSpec], scores: Scores) -> str:
    names = [name for name in protocol_names() if any(key[0] == name for key in scores)]
    rows = []
    for spec in specs:
        cells = [
            _interval(scores[name, spec.name][0].metrics["mae"]) if (name, spec.name) in scores else _NONE
            for name in names
        ]
        rows.append([spec.name, *cells])
    return f"## Mean absolute error (eV), 95 % interval\n\n{markdown_table(['baseline', *names], rows)}"


def _section(name: str, specs: list[BaselineSpec], scores: Scores) -> str:
    header = [
        "baseline",
        "MAE",
        "95 % interval",
        "MAE *",
        "median error",
        "R²",
        "95 % interval",
        "R² *",
        "good/bad",
        "covered",
    ]
    rows = []
    for spec in specs:
        if (name, spec.name) not in scores:
            continue
        scored = scores[name, spec.name][0]
        mae, r2 = scored.metrics["mae"], scored.metrics["r2"]
        without = next((part for part in scored.subsets if part.name == "without_metal_site"), None)
        rows.append(
            [
                spec.name,
                f"{mae.value:.3f}",
                _limits(mae, 3),
                _number(without.metrics["mae"].value if without else math.nan, 3),
                f"{scored.metrics['median_absolute_error'].value:.3f}",
                f"{r2.value:.2f}",
                _limits(r2, 2),
                f"{scored.metrics['r2_without_metal_site'].value:.2f}",
                f"{scored.metrics['accuracy'].value:.2f}",
                _number(scored.metrics["coverage_95"].value if "coverage_95" in scored.metrics else math.nan, 2),
            ]
        )
    found = protocol(name)
    return f"## {name}\n\n{len(found.scored_ids)} entries; {found.spec.measures}.\n\n{markdown_table(header, rows)}"


def _cost(specs: list[BaselineSpec], scores: Scores) -> str:
    rows = []
    for spec in specs:
        records = [record for (_, name), (_, record) in scores.items() if name == spec.name]
        folds = sum(len(record["seconds"]["folds"]) for record in records)
        times = [sum(record["seconds"].get(stage, 0.0) for record in records) / folds for stage in _STAGES]
        memory = max(record["peak_memory_mib"] for record in records)
        hours = f"{times[-1] * folds / 3600:.2f}"
        rows.append([spec.name, str(folds), *map(_seconds, times), f"{memory:.0f}", hours])
    header = [
        "baseline",
        "folds",
        "fit (s)",
        "predict (s)",
        "processor (s)",
        "peak memory (MiB)",
        "all folds (CPU-hours)",
    ]
    return f"## Cost\n\n{_COST}\n\n{markdown_table(header, rows)}"


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100.0 else f"{value:.2g}"


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{_limits(estimate, 3)}]"


def _limits(estimate: Estimate, digits: int) -> str:
    if math.isnan(estimate.low) or math.isnan(estimate.high):
        return _NONE
    return f"{estimate.low:.{digits}f} to {estimate.high:.{digits}f}"


def _number(value: float, digits: int) -> str:
    return _NONE if math.isnan(value) else f"{value:.{digits}f}"


_HEAD = """# What the baselines reach

*Dataset {dataset}, splits {splits}. Written by `{command}`; not edited by hand.*

All predictions are out of fold: everything that is fitted or chosen is fitted or chosen on the training side. Errors in
eV. Intervals hold 95 % and come from resampling host frameworks. Columns marked * leave out the two
entries whose straight line runs through a metal site. *Good/bad* is the share of entries put on the right side of
0.65 eV; *covered* the share whose barrier lies within 1.96 standard deviations of the prediction (0.95 is right).
{made_with}

"""

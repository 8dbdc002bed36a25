"""Where a submission would stand, for a person at a terminal: scores, ranks, ties and signs of trouble."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.leaderboard.signs import Sign
    from embench.leaderboard.submit import GivenFile, Rival, Standing


def preview(
    given: Sequence[GivenFile], submissions: Path, *, protocol: list[str], kind: str | None, fill_missing: bool
) -> None:
    """Print where the predictions would stand, before anything is asked about the system that made them."""
    from embench.errors import SubmissionError
    from embench.evaluation import evaluate
    from embench.evaluation.standing import standing, standing_sentence
    from embench.evaluation.submission_folder import ALL
    from embench.leaderboard.submit import assign_protocols
    from embench.splits.registry import MAIN_PROTOCOL

    try:
        files = assign_protocols(given, named=protocol, kind=kind)
    except SubmissionError:
        return  # the kind of the system, which is asked for, decides about the protocol
    for name in sorted(files, key=lambda name: name != MAIN_PROTOCOL):
        scored = MAIN_PROTOCOL if name == ALL else name
        evaluation = evaluate(files[name].predictions, scored, fill_missing=fill_missing)
        mae = evaluation.metrics["mae"]
        found = standing(evaluation, submissions if submissions.is_dir() else None)
        place = f"\n  {standing_sentence(found, scored)}" if found else ""
        typer.echo(f"{scored}: MAE {mae.value:.3f} eV ({mae.low:.3f} to {mae.high:.3f}){place}")
    typer.echo("")


def print_standings(standings: Sequence[Standing]) -> None:
    """Print the board of the first protocol, and a line for each of the others."""
    for position, found in enumerate(standings):
        _print_scores(found)
        if position == 0:
            _print_board(found)


def print_signs(signs: Sequence[Sign]) -> None:
    """Print the signs of trouble in a submission."""
    from embench.leaderboard.signs import sign_lines

    for line in sign_lines(signs):
        typer.echo(f"sign of trouble: {line}")
    if signs:
        typer.echo("Signs of trouble are shown on the leaderboard. Explain in the description what is behind them.")


def _print_scores(found: Standing) -> None:
    from embench.evaluation.coverage import COVERAGE_RULE, FILLED

    evaluation = found.evaluation
    mae, r2, coverage = evaluation.metrics["mae"], evaluation.metrics["r2"], evaluation.coverage
    line = f"{evaluation.protocol}: MAE {mae.value:.3f} eV ({mae.low:.3f} to {mae.high:.3f}), R² {r2.value:.2f}"
    if len(found.rivals) > 1:
        ranked = sum(rival.rank is not None for rival in found.rivals)
        line += f", rank {_rank(found.own)} of {ranked}" if found.own.rank is not None else ", no rank"
    if evaluation.mae_predicted is not None:
        line += (
            f"; {coverage.predicted} of {coverage.scored} entries predicted, the others scored with {FILLED} "
            f"(MAE on what is predicted {evaluation.mae_predicted.value:.3f} eV)"
        )
    typer.echo(line)
    if not coverage.enough:
        typer.echo(COVERAGE_RULE)


def _print_board(found: Standing) -> None:
    """Print the systems of the protocol by MAE, and whether each is tied with this one."""
    from embench.cli._terminal import plain_table, print_table

    if len(found.rivals) < 2:
        typer.echo("There is no other submission to compare with.")
        return
    table = plain_table(
        "rank", "system", "MAE", "this − that (eV)", "this is", right=("rank", "MAE", "this − that (eV)")
    )
    for rival in found.rivals:
        own = rival.slug == found.slug
        table.add_row(
            _rank(rival),
            f"→ {rival.name}" if own else rival.name,
            f"{rival.mae:.3f}",
            "" if own else f"{rival.difference:+.3f} ({rival.low:+.3f} to {rival.high:+.3f})",
            "" if own else _verdict(rival),
        )
    print_table(table)


def _verdict(rival: Rival) -> str:
    if not rival.resolved:
        return "tied"
    return "better" if rival.difference < 0.0 else "worse"


def _rank(rival: Rival) -> str:
    return "–" if rival.rank is None else f"{rival.rank:g} ({rival.rank_low:g}–{rival.rank_high:g})"

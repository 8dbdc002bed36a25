"""What ``embench submit`` shows of a submission before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission
    from embench.leaderboard.submit import Rival, Standing


def print_standings(standings: Sequence[Standing]) -> None:
    """Print the board of the first protocol, and a line for each of the others."""
    for position, found in enumerate(standings):
        _print_scores(found)
        if position == 0:
            _print_board(found)


def print_signs(submission: Submission, others: Sequence[Submission]) -> None:
    """Print the signs of trouble in a submission, seen beside the others."""
    from embench.leaderboard.signs import sign_lines, signs_of_trouble

    signs = signs_of_trouble([*others, submission], only=[submission.slug])[submission.slug]
    for line in sign_lines(signs):
        typer.echo(f"sign of trouble: {line}")
    if signs:
        typer.echo("Signs of trouble are shown on the board. Explain in the description what is behind them.")


def _print_scores(found: Standing) -> None:
    evaluation = found.evaluation
    mae, r2, coverage = evaluation.metrics["mae"], evaluation.metrics["r2"], evaluation.coverage
    line = f"{evaluation.protocol}: MAE {mae.value:.3f} eV ({mae.low:.3f} to {mae.high:.3f}), R² {r2.value:.2f}"
    if len(found.rivals) > 1:
        line += f", rank {_rank(found.own)} of {len(found.rivals)}"
    if coverage.filled:
        line += (
            f"; {coverage.predicted} of {coverage.scored} entries predicted, the others scored with the training median"
        )
    typer.echo(line)


def _print_board(found: Standing) -> None:
    """Print the systems of the protocol by MAE, and whether each can be told from this one."""
    from embench.cli._tables import plain_table, print_table

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
        return "not resolved"
    return "better" if rival.difference < 0.0 else "worse"


def _rank(rival: Rival) -> str:
    return f"{rival.rank:g} ({rival.rank_low:g}–{rival.rank_high:g})"

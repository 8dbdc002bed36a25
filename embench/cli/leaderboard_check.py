"""``embench leaderboard check`` and ``embench leaderboard schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.leaderboard.check import Checked

_SUBMISSIONS = typer.Option(
    Path("leaderboard/submissions"), "--submissions", metavar="DIR", help="Folder of the submissions."
)


def check(
    slugs: list[str] | None = typer.Argument(
        None, metavar="[SLUG]...", help="Submissions to check. Default: all.", show_default=False
    ),
    submissions: Path = _SUBMISSIONS,
    base: Path | None = typer.Option(
        None,
        "--base",
        metavar="DIR",
        help="Check what is new or has changed against the submissions in this folder.",
        show_default=False,
    ),
    strict: bool = typer.Option(False, "--strict", help="Fail on signs of trouble as well."),
) -> None:
    """Check submissions: description, files, coverage, and signs of trouble. Nothing in them is executed.

    All figures are computed from the predictions. Signs of trouble are for a person to look at and do not fail.
    """
    from embench.leaderboard.check import changed_slugs, check_submissions

    if base is not None:
        if slugs:
            raise typer.BadParameter("name the submissions or a folder to compare with, not both", param_hint="--base")
        slugs = list(changed_slugs(submissions, base))
        if not slugs:
            typer.echo(f"no submission in {submissions} is new or has changed")
            return
    checked = check_submissions(submissions, slugs=slugs or ())
    for item in checked:
        _show(item)
    with_problems = sum(bool(item.problems) for item in checked)
    with_signs = sum(bool(item.signs) for item in checked)
    typer.echo(f"{len(checked)} checked, {with_problems} with problems, {with_signs} with signs of trouble")
    if with_problems or (strict and with_signs):
        raise typer.Exit(1)


def schema(
    out: Path | None = typer.Option(
        None, "--out", metavar="FILE", help="Write it to this file in place of printing it.", show_default=False
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the schema of now."),
) -> None:
    """Print or write the JSON Schema of submission.yaml."""
    from embench.cli._pages import deliver
    from embench.leaderboard.submission.schema import json_schema_text

    deliver(json_schema_text, out, check=check)


def _show(item: Checked) -> None:
    from embench.leaderboard.signs import sign_lines

    name = item.slug if item.slug.isascii() and item.slug.isprintable() else repr(item.slug)
    typer.echo(f"{name}: {'cannot be taken' if item.problems else 'sound'}")
    for found in item.scores:
        r2 = "undefined" if found.r2 != found.r2 else f"{found.r2:.3f}"
        typer.echo(
            f"  {found.protocol:<20} {found.predicted} of {found.scored} entries, MAE {found.mae:.3f} eV, R² {r2}"
        )
    warnings = dict.fromkeys(text for found in item.scores for text in found.warnings)
    for label, texts in (
        ("problem", item.problems),
        ("note", warnings),
        ("sign of trouble", sign_lines(item.signs)),
    ):
        for text in texts:
            typer.echo(f"  {label}: " + text.replace("\n", "\n    "))

"""``embench submit``: predictions and a description become a submission to the leaderboard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from embench.leaderboard.submission import Submission

_OPEN: dict[str, Any] = {"show_default": False}


def submit(
    predictions: list[Path] = typer.Argument(
        ...,
        metavar="PREDICTIONS...",
        help="CSV files with the columns entry_id,prediction (eV) and optionally uncertainty (1σ, eV): one a protocol, "
        "or one for all.",
        show_default=False,
    ),
    name: str | None = typer.Option(None, "--name", help="Name of the system.", **_OPEN),
    protocol: list[str] = typer.Option(
        [],
        "--protocol",
        "-p",
        metavar="NAME",
        help="Protocol of each file, in their order; all for one that needs no training. Default: follows from "
        "the names of the files (host-10fold.csv) or from the entries in them.",
        **_OPEN,
    ),
    slug: str | None = typer.Option(None, "--slug", help="Name of the folder. Default: made from the name.", **_OPEN),
    version: str | None = typer.Option(None, "--version", help="Version of the system.", **_OPEN),
    dataset_version: str | None = typer.Option(
        None,
        "--dataset-version",
        metavar="VERSION",
        help="Version of the dataset whose folds the predictions were made with, such as 1.0.0; the description states "
        "it. Scores are of the version of the leaderboard, which is the default.",
        **_OPEN,
    ),
    kind: str | None = typer.Option(
        None, "--kind", metavar="KIND", help="property-model, potential-neb, hybrid or literature.", **_OPEN
    ),
    author: list[str] = typer.Option([], "--author", help="May be given several times.", **_OPEN),
    orcid: list[str] = typer.Option(
        [], "--orcid", metavar="AUTHOR=ID", help="ORCID iD of an author; may be given several times.", **_OPEN
    ),
    date: str | None = typer.Option(None, "--date", help="YYYY-MM-DD. Default: today.", **_OPEN),
    description: str | None = typer.Option(None, "--description", help="How it works, in a few sentences.", **_OPEN),
    paper: str | None = typer.Option(None, "--paper", help="Citation with doi, or https address.", **_OPEN),
    code: str | None = typer.Option(None, "--code", help="https address.", **_OPEN),
    licence: str | None = typer.Option(None, "--licence", help="Of the predictions, and of public code.", **_OPEN),
    parameters: int | None = typer.Option(None, "--parameters", help="Number of fitted parameters.", **_OPEN),
    barrier: str | None = typer.Option(
        None, "--barrier", metavar="WHICH", help="Of a potential: max-minus-min or max-minus-start.", **_OPEN
    ),
    functional: str | None = typer.Option(
        None,
        "--functional",
        metavar="NAME",
        help="Of the data that a potential was trained on: PBE, r2SCAN, ...",
        **_OPEN,
    ),
    hubbard_u: bool | None = typer.Option(
        None, "--hubbard-u/--no-hubbard-u", help="Whether these data have a Hubbard U.", **_OPEN
    ),
    dispersion: str | None = typer.Option(
        None,
        "--dispersion",
        metavar="NAME",
        help="Their dispersion correction: none, D3, D3(BJ), D4 or other.",
        **_OPEN,
    ),
    neb_protocol: str | None = typer.Option(
        None, "--neb-protocol", metavar="NAME", help="How the bands of a potential were computed.", **_OPEN
    ),
    neb_bands: int | None = typer.Option(None, "--neb-bands", metavar="N", help="How many were tried.", **_OPEN),
    neb_converged: float | None = typer.Option(
        None, "--neb-converged", metavar="SHARE", help="Share of them that converged, 0 to 1.", **_OPEN
    ),
    neb_failures: str | None = typer.Option(
        None, "--neb-failures", metavar="COUNTS", help="By kind, as 'clash = 3; crash = 1'.", **_OPEN
    ),
    checkpoint: str | None = typer.Option(
        None, "--checkpoint", metavar="ADDRESS", help="Where the weights of a potential can be had.", **_OPEN
    ),
    checkpoint_sha256: str | None = typer.Option(
        None, "--checkpoint-sha256", metavar="HEX", help="Checksum of their file.", **_OPEN
    ),
    checkpoint_licence: str | None = typer.Option(
        None, "--checkpoint-licence", metavar="SPDX", help="Their licence, such as MIT.", **_OPEN
    ),
    training_data: str | None = typer.Option(None, "--training-data", help="Everything it was fitted to.", **_OPEN),
    overlap: str | None = typer.Option(
        None,
        "--overlap",
        metavar="WHAT",
        help="What of the scored entries is among that: none, structures, barriers or unknown.",
        **_OPEN,
    ),
    overlap_details: str | None = typer.Option(None, "--overlap-details", help="Which, and how one knows.", **_OPEN),
    unit: str | None = typer.Option(
        None, "--unit", metavar="UNIT", help="Of the predictions: eV, meV, kJ/mol or kcal/mol; written in eV.", **_OPEN
    ),
    uncertainty: str | None = typer.Option(None, "--uncertainty", help="What the uncertainty column holds.", **_OPEN),
    hardware: str | None = typer.Option(None, "--hardware", help="What it was trained and run on.", **_OPEN),
    cost: float | None = typer.Option(None, "--cost", metavar="HOURS", help="Device-hours, all in all.", **_OPEN),
    seed: list[int] = typer.Option([], "--seed", help="May be given several times.", **_OPEN),
    reproduce: str | None = typer.Option(None, "--reproduce", help="Command that makes them again.", **_OPEN),
    from_template: Path | None = typer.Option(
        None, "--from-template", metavar="FILE", help="Take the fields from this file; options go first.", **_OPEN
    ),
    fill_missing: bool = typer.Option(
        False,
        "--fill-missing",
        help="A potential may miss entries: they score the worst of the reference predictions and are counted.",
    ),
    submissions: Path = typer.Option(
        Path("leaderboard/submissions"), "--submissions", metavar="DIR", help="Folder of the submissions."
    ),
    replace: bool = typer.Option(False, "--replace", help="Replace a submission of the same name."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check and show the standing; write nothing."),
    pull_request: bool = typer.Option(False, "--pull-request", help="Open a pull request on the hub as well."),
    repo: str = typer.Option(
        "embench/leaderboard-submissions", "--repo", metavar="NAME", help="Dataset repository for --pull-request."
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask before the pull request is opened."),
    timeout: float = typer.Option(60.0, "--timeout", min=1.0, metavar="SECONDS", help="Patience with the hub."),
) -> None:
    """Make a submission: ask for what is missing, check, score, show where it would stand, and write its folder.

    Nothing is written before everything is right. On a terminal the command asks for what is missing; elsewhere it
    lists the options. With --dry-run the standing comes before any question. For a new version, pass the
    submission.yaml of the old one to --from-template.
    """
    from embench.cli._submit_questions import complete, draft_kept, fields_given
    from embench.cli._submit_standings import preview
    from embench.leaderboard.submit.questions import read_option

    given: dict[tuple[str, ...], Any] = {
        ("name",): name,
        ("version",): version,
        ("kind",): kind,
        ("authors",): tuple(author),
        ("orcid",): read_option(("orcid",), "; ".join(orcid)),
        ("date",): date,
        ("description",): description,
        ("paper",): paper,
        ("code",): code,
        ("licence",): licence,
        ("parameters",): parameters,
        ("barrier",): barrier,
        ("level_of_theory", "functional"): functional,
        ("level_of_theory", "hubbard_u"): hubbard_u,
        ("level_of_theory", "dispersion"): dispersion,
        ("neb", "protocol"): neb_protocol,
        ("neb", "n"): neb_bands,
        ("neb", "share_converged"): neb_converged,
        ("neb", "failures"): read_option(("neb", "failures"), neb_failures or ""),
        ("checkpoint", "address"): checkpoint,
        ("checkpoint", "sha256"): checkpoint_sha256,
        ("checkpoint", "licence"): checkpoint_licence,
        ("training_data", "description"): training_data,
        ("training_data", "overlaps_scored_entries"): overlap,
        ("training_data", "overlap_details"): overlap_details,
        ("uncertainty",): uncertainty,
        ("hardware",): hardware,
        ("cost_device_hours",): cost,
        ("seeds",): tuple(seed),
        ("reproduce",): reproduce,
    }
    from embench.evaluation.find import submissions_folder
    from embench.evaluation.submission_folder import slug_from
    from embench.leaderboard.submission.write import check_free, place_of, write_submission
    from embench.leaderboard.submit import assign_protocols, fields, read_given, submission_with

    given_files = read_given(predictions, unit=unit)  # before any question is asked
    if not submissions.is_dir() and dry_run:
        submissions = submissions_folder() or submissions  # those that come with embench
    content = fields_given(given, from_template)
    # The date is nothing to ask for: it has a default.
    if dry_run and fields.missing_message({"date": fields.today()} | content):
        preview(given_files, submissions, protocol=protocol, kind=content.get("kind"), fill_missing=fill_missing)
    complete(content)
    slug = slug or slug_from(content["name"])
    with draft_kept(content, slug, wanted=dry_run):
        files = assign_protocols(given_files, named=protocol, kind=content["kind"])
        folder = place_of(submissions, slug)
        if not dry_run:
            check_free(folder, replace=replace)
        submission = submission_with(content, files, folder=folder, dataset_version=dataset_version)
        _check_and_score(submission, submissions, fill_missing=fill_missing)
        if dry_run:
            typer.echo("dry run: nothing was written")
            return
        write_submission(submission, replace=replace)
    typer.echo(f"\nwrote {folder}")
    if pull_request:
        _open_pull_request(submission, repo, replace=replace, yes=yes, timeout=timeout)
    else:
        _print_git_steps(folder, submission.name)


def _check_and_score(submission: Submission, submissions: Path, *, fill_missing: bool) -> None:
    """Check the predictions beside the other submissions, and print scores, standing and signs of trouble."""
    from embench.cli._submit_standings import print_signs, print_standings
    from embench.errors import SubmissionError
    from embench.leaderboard.check import check_submission, readable_submissions
    from embench.leaderboard.submit import standing
    from embench.splits.registry import MAIN_PROTOCOL

    others = [other for other in readable_submissions(submissions) if other.slug != submission.slug]
    checked = check_submission(submission, others)
    if checked.problems:
        # The folder is not there yet: its name would only confuse.
        raise SubmissionError("\n".join(checked.problems).replace(f"{submission.folder}{os.sep}", ""))
    protocols = sorted(submission.protocols(), key=lambda name: name != MAIN_PROTOCOL)
    print_standings([standing(submission, others, name, fill_missing=fill_missing) for name in protocols])
    print_signs(checked.signs)


def _open_pull_request(submission: Submission, repo: str, *, replace: bool, yes: bool, timeout: float) -> None:
    from embench.hub.client import Hub
    from embench.hub.push import check_login, push
    from embench.leaderboard.submit.pull_request import plan_pull_request

    hub = Hub(timeout=timeout, say=lambda text: typer.echo(text, err=True))
    typer.echo(f"logged in as {check_login(hub)}")
    plan = plan_pull_request(hub, submission, repository=repo, replace=replace)
    typer.echo(plan.describe())
    if plan.empty:
        typer.echo("nothing to do")
        return
    if not yes:
        typer.confirm("Open it?", abort=True)
    typer.echo(f"opened {push(hub, plan).url}")


def _print_git_steps(folder: Path, name: str) -> None:
    import shlex

    message = shlex.quote(f"Submission: {name}")
    typer.echo(
        f"To hand it in, open a pull request with this folder:\n"
        f"  git switch -c submission-{folder.name}\n"
        f"  git add {shlex.quote(str(folder))}\n"
        f"  git commit -m {message}\n"
        f"  git push -u origin submission-{folder.name}\n"
        f"There the same check runs again: embench leaderboard check {folder.name}"
    )

"""``embench hub``: the dataset, the predictions and the leaderboard's site on the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from embench.hub.client import Hub
    from embench.hub.plan import Upload

app = typer.Typer(
    help="Publish the dataset and the predictions on the Hugging Face hub, and get them from there.",
    no_args_is_help=True,
)

_FOLDER = Path("dataset_card")
_TIMEOUT = typer.Option(60.0, "--timeout", min=1.0, help="Seconds that the hub may stay silent.", metavar="SECONDS")
_DRY_RUN = typer.Option(False, "--dry-run", help="Say what would be done, and do nothing.")
_YES = typer.Option(False, "--yes", "-y", help="Do not ask before publishing.")
_CREATE_PR = typer.Option(False, "--create-pr", help="Open a pull request instead of committing to main.")
_OVERWRITE = typer.Option(
    False, "--overwrite", help="Replace files of the same names that no push wrote or that were edited on the hub."
)


@app.command()
def export(
    folder: Path = typer.Argument(_FOLDER, metavar="DIR", help="Folder to write; other files in it are left alone."),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where a file is not what would be written."),
) -> None:
    """Assemble the folder of the dataset for the hub: card, Parquet files, splits, Croissant, checksums."""
    from embench.errors import StaleFileError
    from embench.release import export as exporting

    made = exporting.contents()
    if check:
        if stale := exporting.stale(folder, made):
            raise StaleFileError(
                f"not what embench hub export writes: {', '.join(stale)} in {folder}; run embench hub export {folder}"
            )
        typer.echo(f"{folder} is up to date")
        return
    for path in exporting.export(folder, made):
        typer.echo(f"wrote {path}")
    typer.echo(f"{folder} is complete")


@app.command("export-predictions")
def export_predictions(
    folder: Path = typer.Argument(
        ..., metavar="DIR", help="Folder to write; other files in it are left alone.", show_default=False
    ),
    version: str | None = typer.Option(
        None, "--version", help="Version of the predictions.  [default: today, as 2026.11.28]", show_default=False
    ),
    submissions: Path | None = typer.Option(
        None, "--submissions", metavar="FOLDER", help="Default: those of the checkout.", show_default=False
    ),
) -> None:
    """Assemble the folder of the predictions for the hub: those of all submissions. The dataset stays as it is."""
    from embench.leaderboard.submission.published import published_systems
    from embench.release.export import export
    from embench.release.predictions import predictions_contents, version_of_today

    version = version or version_of_today()
    made = predictions_contents(published_systems(submissions), version=version)
    for path in export(folder, made):
        typer.echo(f"wrote {path}")
    typer.echo(f"{folder} is complete: predictions {version}")


@app.command()
def card(
    out: Path = typer.Option(_FOLDER / "README.md", "--out", help="File of the card.", metavar="FILE"),
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where FILE is not the card of now."),
) -> None:
    """Write the card of the dataset, and its line in the checksums beside it."""
    from embench.cli._terminal import deliver
    from embench.release.export import CARD, contents, renew_checksums

    deliver(lambda: contents()[CARD].decode(), out, check=check)
    if not check and renew_checksums(out.parent):
        typer.echo(f"renewed the checksums in {out.parent}")


@app.command("check")
def check_folder(
    folder: Path = typer.Argument(_FOLDER, metavar="DIR", help="Folder that embench hub export wrote."),
) -> None:
    """Check everything about the folder that can be checked without the hub."""
    from embench.release.check import check

    check(folder, say=typer.echo)
    typer.echo(f"{folder} can be published")


@app.command()
def digests(
    check: bool = typer.Option(False, "--check", help="Write nothing; fail where a file has another digest."),
) -> None:
    """Renew the digests of the files that embench ships, after they were meant to change; for a checkout."""
    from embench.common.files import write_text
    from embench.common.shipped import digests_file, digests_module, digests_of_now
    from embench.errors import OutputError, StaleFileError

    found, file = digests_module(digests_of_now()), digests_file()
    if (file.parents[1] / "_shipped").is_dir():
        raise OutputError(f"{file} belongs to an installed embench, whose files do not change; run this in a checkout")
    if not check:
        write_text(file, found)
        typer.echo(f"wrote {file}")
    elif file.read_text(encoding="utf-8") != found:
        raise StaleFileError(
            f"{file} has other digests than the files that embench ships; where these were meant to change, run "
            "embench hub digests"
        )
    else:
        typer.echo(f"{file} has the digests of the files that embench ships")


@app.command()
def push(
    folder: Path = typer.Argument(_FOLDER, metavar="DIR", help="Folder that embench hub export wrote."),
    repo: str = typer.Option("embench/migration-barriers", "--repo", help="Dataset repository.", metavar="NAME"),
    create_pr: bool = _CREATE_PR,
    dry_run: bool = _DRY_RUN,
    yes: bool = _YES,
    overwrite: bool = _OVERWRITE,
    allow_dirty: bool = typer.Option(False, "--allow-dirty", help="Push a folder with changes that are not committed."),
    if_new: bool = typer.Option(False, "--if-new", help="Do nothing where this version is published already."),
    timeout: float = _TIMEOUT,
) -> None:
    """Publish the dataset: check the folder, then one commit, then the tag of the version.

    The token is the one of hf auth login, or HF_TOKEN.
    """
    from embench.release.uploads import check_committed, dataset_upload

    if not allow_dirty:
        check_committed(folder)
    upload = dataset_upload(folder, repository=repo, create_pr=create_pr, say=typer.echo)
    if if_new and _is_published(_hub(timeout), upload):
        typer.echo(f"{upload.tag} of {repo} is published already: nothing to do")
        return
    _publish(_hub(timeout), upload, dry_run=dry_run, yes=yes, overwrite=overwrite)


@app.command("push-predictions")
def push_predictions(
    folder: Path = typer.Argument(
        ..., metavar="DIR", help="Folder that embench hub export-predictions wrote.", show_default=False
    ),
    repo: str = typer.Option("embench/predictions", "--repo", help="Dataset repository.", metavar="NAME"),
    create_pr: bool = _CREATE_PR,
    dry_run: bool = _DRY_RUN,
    yes: bool = _YES,
    overwrite: bool = _OVERWRITE,
    timeout: float = _TIMEOUT,
) -> None:
    """Publish the predictions: check the folder, then one commit, then the tag of their version."""
    from embench.release.uploads import predictions_upload

    upload = predictions_upload(folder, repository=repo, create_pr=create_pr, say=typer.echo)
    _publish(_hub(timeout), upload, dry_run=dry_run, yes=yes, overwrite=overwrite)


@app.command("push-space")
def push_space(
    folder: Path = typer.Argument(..., metavar="DIR", help="A static site: index.html at its top.", show_default=False),
    repo: str = typer.Option(
        ..., "--repo", help="Space, such as embench/leaderboard.", metavar="NAME", show_default=False
    ),
    title: str | None = typer.Option(
        None, "--title", help="Title, where the site has no README.md.", show_default=False
    ),
    create_pr: bool = _CREATE_PR,
    dry_run: bool = _DRY_RUN,
    yes: bool = _YES,
    overwrite: bool = _OVERWRITE,
    timeout: float = _TIMEOUT,
) -> None:
    """Publish a static site as a Space, in one commit: pages, scripts, styles, images and fonts, and nothing else."""
    from embench.release.uploads import space_upload

    upload = space_upload(folder, repository=repo, title=title, create_pr=create_pr, say=typer.echo)
    _publish(_hub(timeout), upload, dry_run=dry_run, yes=yes, overwrite=overwrite)


@app.command()
def pull(
    folder: Path = typer.Argument(..., metavar="DIR", help="New folder for the files.", show_default=False),
    repo: str = typer.Option("embench/migration-barriers", "--repo", help="Dataset repository.", metavar="NAME"),
    revision: str | None = typer.Option(
        None,
        "--revision",
        help="Tag, branch or commit.  [default: the version of this embench; of the predictions the newest]",
        show_default=False,
    ),
    timeout: float = _TIMEOUT,
) -> None:
    """Download a published version and compare every file with its checksum."""
    from embench.hub import about
    from embench.hub.pull import pull

    revision = revision or ("main" if repo == about.PREDICTIONS_REPOSITORY else about.TAG)
    files = pull(folder, repository=repo, revision=revision, hub=_hub(timeout))
    typer.echo(f"{folder}: {len(files)} files of {repo} at {revision}, all with their checksums")


def _hub(timeout: float) -> Hub:
    from embench.hub.client import Hub

    return Hub(timeout=timeout, say=lambda text: typer.echo(text, err=True))


def _is_published(hub: Hub, upload: Upload) -> bool:
    from embench.hub.remote import read_remote

    return read_remote(hub, upload.repository, repo_type=upload.repo_type, revision=str(upload.tag)) is not None


def _publish(hub: Hub, upload: Upload, *, dry_run: bool, yes: bool, overwrite: bool) -> None:
    from embench.hub.plan import make_plan
    from embench.hub.push import check_login, push

    if not dry_run:
        typer.echo(f"logged in as {check_login(hub)}")
    plan = make_plan(hub, upload, overwrite=overwrite)
    typer.echo(plan.describe())
    if plan.empty:
        typer.echo("nothing to do")
    elif dry_run:
        typer.echo("dry run: nothing was changed")
    else:
        if not yes:
            typer.confirm("Go on?", abort=True)
        done = push(hub, plan)
        typer.echo(f"done: {done.url}")

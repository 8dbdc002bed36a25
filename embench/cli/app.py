"""The application object: what commands exist and which module holds each."""

from __future__ import annotations

import typer

from embench.cli import (
    alignn,
    alignn_corpus,
    alignn_train,
    baseline,
    build,
    data,
    data_audit,
    data_describe,
    data_paths,
    evaluate,
    hub,
    leaderboard,
    leaderboard_build,
    leaderboard_check,
    leaderboard_paths,
    neb,
    splits,
    submit,
)

app = typer.Typer(
    name="embench",
    help="The benchmark for ionic migration barriers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("evaluate")(evaluate.evaluate)
app.command("submit")(submit.submit)
app.command("build")(build.build)
data.app.command("audit")(data_audit.audit)
data.app.command("describe")(data_describe.describe)
data.app.command("paths")(data_paths.paths)
app.add_typer(data.app, name="data")
app.add_typer(baseline.app, name="baseline")
alignn.app.command("pretrain")(alignn_train.pretrain)
alignn.app.command("finetune")(alignn_train.finetune)
alignn.app.command("watch")(alignn_train.watch)
alignn.app.command("curves")(alignn_train.curves)
alignn.app.command("corpus")(alignn_corpus.corpus)
alignn.app.command("overlap")(alignn_corpus.overlap)
app.add_typer(alignn.app, name="alignn")
app.add_typer(splits.app, name="splits")
app.add_typer(neb.app, name="neb")
leaderboard.app.command("build")(leaderboard_build.build)
leaderboard.app.command("serve")(leaderboard_build.serve)
leaderboard.app.command("check")(leaderboard_check.check)
leaderboard.app.command("schema")(leaderboard_check.schema)
leaderboard.app.command("paths")(leaderboard_paths.paths)
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(hub.app, name="hub")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the versions of code and dataset.")) -> None:
    if version:
        from embench import DATASET_VERSION, __version__

        typer.echo(f"embench {__version__}, dataset {DATASET_VERSION}")
        raise typer.Exit

"""The application object: what commands exist and which module holds each."""

from __future__ import annotations

import typer

from embench.cli import alignn, baseline, build, data, evaluate, hub, leaderboard, model, neb, predict, splits, submit

app = typer.Typer(
    name="embench",
    help="The benchmark for ionic migration barriers.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("evaluate")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("submit")(submit.submit)
app.command("build")(build.build)
app.command("build-transfer")(build.build_transfer)
app.command("build-version")(build.build_version)
app.add_typer(data.app, name="data")
app.add_typer(baseline.app, name="baseline")
app.add_typer(model.app, name="model")
app.add_typer(alignn.app, name="alignn")
app.add_typer(splits.app, name="splits")
app.add_typer(neb.app, name="neb")
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(hub.app, name="hub")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the versions of code and dataset.")) -> None:
    if version:
        from embench._version import DATASET_VERSION, __version__

        typer.echo(f"embench {__version__}, dataset {DATASET_VERSION}")
        raise typer.Exit

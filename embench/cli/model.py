"""``embench model``: the models that predict hops of one's own."""

from __future__ import annotations

from pathlib import Path

import typer

app = typer.Typer(help="The models that predict barriers of your own crystals.", no_args_is_help=True)


@app.command("list")
def list_models(
    files: list[Path] = typer.Argument(
        None, metavar="[FILE]...", help="Files of models of your own.", show_default=False
    ),
) -> None:
    """List the models that ship with embench, and those in files."""
    from embench.cli._terminal import plain_table, print_table
    from embench.prediction.model import load_model, shipped_models

    numbers = ("entries", "new host", "new prototype")
    table = plain_table("model", "version", "baseline", "dataset", *numbers, "sha256", right=numbers)
    names: list[str | Path] = [*shipped_models(), *(files or [])]
    for name in names:
        model = load_model(name)
        median = {each: f"{found.median_error:.2f} eV" for each, found in model.calibrations.items()}
        table.add_row(
            str(name),
            model.about.version,
            model.about.baseline,
            model.about.dataset_version,
            str(model.about.n),
            median["host-10fold"],
            median["prototype-10fold"],
            model.sha256[:12],
        )
    print_table(table)
    typer.echo("new host, new prototype: median error on host-10fold and prototype-10fold")


@app.command()
def train(
    baseline: str = typer.Argument(..., metavar="NAME", help="Name of a baseline.", show_default=False),
    out: Path = typer.Option(
        None, "--out", metavar="FILE", help="File of the model.  [default: NAME.npz]", show_default=False
    ),
    version: str = typer.Option("1", "--version", metavar="V", help="Version of the model."),
    predictions: Path = typer.Option(
        None,
        "--predictions",
        metavar="DIR",
        help="Out-of-fold predictions of the baseline, HOST-10FOLD.csv and so on, by which intervals are calibrated; "
        "those that ship by default.",
        show_default=False,
    ),
    seed: int = typer.Option(0, "--seed", min=0, help="Seed of everything random."),
    card: Path = typer.Option(None, "--card", metavar="FILE", help="Write the card of the model.", show_default=False),
) -> None:
    """Fit a baseline on all scored entries and write it as one file without pickles."""
    from embench.common.files import check_output, write_text
    from embench.prediction.card import card_text
    from embench.prediction.model import SUFFIX, load_model
    from embench.prediction.train import train_model

    path = out or Path(f"{baseline}{SUFFIX}")
    check_output(path)
    train_model(baseline, name=path.stem, version=version, seed=seed, predictions=predictions).write(path)
    model = load_model(path)
    size = path.stat().st_size / 2**20
    typer.echo(f"wrote {path}: {model.label}, {model.about.n} entries, {size:.1f} MiB, sha256 {model.sha256[:12]}")
    if card is not None:
        write_text(card, card_text(model))
        typer.echo(f"wrote {card}")


@app.command()
def show(
    name: str = typer.Argument("pathway-stack", metavar="[NAME]", help="A shipped model, or a file."),
) -> None:
    """Print the card of a model: training data, errors, how to read its intervals."""
    from embench.prediction.card import card_text
    from embench.prediction.model import load_model

    typer.echo(card_text(load_model(name)), nl=False)


@app.command()
def demo(
    out: Path = typer.Option(..., "--out", metavar="DIR", help="Folder for the pages.", show_default=False),
) -> None:
    """Write five worked examples as static pages: index.html, and one for each."""
    from embench.prediction.examples import write_demo

    paths = write_demo(out, progress=lambda name: typer.echo(f"{name} …", err=True))
    typer.echo(f"wrote {paths[0]} and {len(paths) - 1} more pages")


@app.command()
def examples(
    out: Path = typer.Option(None, "--out", metavar="FILE", help="Write to this file.", show_default=False),
) -> None:
    """Predict the five worked examples, and print their documents as JSON, one a line."""
    from embench.cli._terminal import deliver
    from embench.prediction.examples import example_documents, examples_text

    deliver(
        lambda: examples_text(example_documents(progress=lambda name: typer.echo(f"{name} …", err=True))),
        out,
        check=False,
    )


@app.command()
def check(
    baseline: str = typer.Argument("pathway-stack", metavar="[NAME]", help="Name of a baseline."),
    out: Path = typer.Option(None, "--out", metavar="FILE", help="Write the page to this file.", show_default=False),
) -> None:
    """Predict crystals whose diffusion is known, with their hosts held out, and say what is right and wrong."""
    from embench.cli._terminal import deliver
    from embench.prediction.known import answers_page, check_answers, held_out_model

    def page() -> str:
        typer.echo("training without the hosts …", err=True)
        return answers_page(check_answers(held_out_model(baseline), progress=lambda name: typer.echo(name, err=True)))

    deliver(page, out, check=False)

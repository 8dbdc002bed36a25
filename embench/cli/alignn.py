"""``embench alignn``: the graph network ALIGNN."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from embench.cli._process import INTERRUPTED

if TYPE_CHECKING:
    from embench.baselines.alignn.finetune import Trained
    from embench.splits import Fold

app = typer.Typer(help="The graph network ALIGNN: training, weights, corpora.", no_args_is_help=True)


@app.command("import-checkpoint")
def import_checkpoint(
    file: Path = typer.Argument(
        ..., metavar="FILE", help="A checkpoint of torch: checkpoint_500.pt, best_model.pt, …", show_default=False
    ),
    out: Path = typer.Option(
        None, "--out", metavar="FILE", help="The file to write; FILE with .safetensors by default.", show_default=False
    ),
) -> None:
    """Read weights of alignn, or of the published multi-property models, and write them for embench.

    Every parameter is checked by name and shape. No code from the file is run.
    """
    from embench.baselines.alignn.checkpoint import import_checkpoint_file
    from embench.common.files import check_output

    target = out or file.with_suffix(".safetensors")
    check_output(target, inputs=[file])
    found = import_checkpoint_file(file, target)
    config, count = found.config, sum(value.numel() for value in found.state.values())
    layers = f"{config.alignn_layers} + {config.gcn_layers} layers of {config.hidden} features"
    heads = "1 output" if config.outputs == 1 else f"{config.outputs} outputs"
    typer.echo(f"read {len(found.state)} arrays with {count:,} numbers: {layers}, {heads}")
    typer.echo(f"wrote {target}")


_CONFIG = typer.Option("cpu", "--config", metavar="NAME", help="paper (for a GPU) or cpu.")

_EPOCHS = typer.Option(None, "--epochs", min=1, help="Other than in the configuration.", show_default=False)

_BATCH = typer.Option(None, "--batch-size", min=1, help="Other than in the configuration.", show_default=False)

_SEED = typer.Option(0, "--seed", min=0, help="Seed of everything random.")

_DEVICES = typer.Option("auto", "--devices", metavar="N", help="Number of devices, or auto; several train by DDP.")

_PRECISION = typer.Option(None, "--precision", metavar="P", help="32, bf16 or auto.", show_default=False)

_ACCUMULATE = typer.Option(None, "--accumulate", min=1, help="Batches that make one step.", show_default=False)

_WORK = typer.Option(
    None, "--work", metavar="DIR", help="Folder of checkpoints and log; beside --out by default.", show_default=False
)


@app.command()
def pretrain(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus as Parquet.", show_default=False),
    config: str = _CONFIG,
    out: Path = typer.Option(Path("pretrained.safetensors"), "--out", metavar="FILE", help="Where the weights go."),
    most_atoms: int = typer.Option(
        None,
        "--most-atoms",
        min=1,
        help="Leave out larger crystals.",
        show_default=False,
    ),
    epochs: int = _EPOCHS,
    batch_size: int = _BATCH,
    seed: int = _SEED,
    devices: str = _DEVICES,
    precision: str = _PRECISION,
    accumulate: int = _ACCUMULATE,
    work: Path = _WORK,
) -> None:
    """Train a network on the bulk properties of a corpus, one head for each.

    paper: the published network. cpu: the small one of the baselines alignn-mpt and alignn-local. The same command
    goes on where an interrupted one stopped.
    """
    from embench.baselines.alignn.configs import configuration
    from embench.baselines.alignn.corpus import read_corpus

    chosen = configuration(config)
    settings = _settings(
        chosen, None, seed, epochs=epochs, batch_size=batch_size, devices=devices, precision=precision,
        accumulate=accumulate,
    )  # fmt: skip
    data = read_corpus(corpus, most_atoms=most_atoms or chosen.most_atoms)
    folder = work or out.parent / f"{out.stem}-training"
    trained: Any
    with _interruptible(folder):
        if config == "cpu":
            from embench.baselines.alignn.local.network import NetworkConfig
            from embench.baselines.alignn.local.pretrain import pretrain, write_pretrained

            trained = pretrain(data, NetworkConfig(readout="mean"), settings, folder=folder, progress=True)
            write_pretrained(trained, out)
        else:
            from embench.baselines.alignn.pretrain import pretrain as pretrain_published

            trained = pretrain_published(data, chosen.network, chosen.graphs, settings, folder=folder, progress=True)
            trained.write(out)
    if _first_process():
        typer.echo(f"wrote {out}: {len(trained.properties)} properties, {trained.n_train:,} crystals")


@app.command()
def finetune(
    model: int = typer.Option(3, "--model", min=1, max=4, help="MODEL-1 to MODEL-4."),
    config: str = _CONFIG,
    protocol: str = typer.Option("published", "--protocol", "-p", metavar="P", help="The protocol to train for."),
    fold: str = typer.Option(None, "--fold", metavar="NAME", help="One of its folds; the first by default."),
    weights: Path = typer.Option(
        None, "--weights", metavar="FILE", help="Pre-trained weights to begin with.", show_default=False
    ),
    join: str = typer.Option("cc", "--join", help="MODEL-1: add, sub or cc."),
    validation: str = typer.Option(
        None, "--validation", help="none, last or host; as in the configuration by default.", show_default=False
    ),
    patience: int = typer.Option(
        None, "--patience", min=0, help="Stop after so many epochs without an improvement.", show_default=False
    ),
    out: Path = typer.Option(Path("finetuned"), "--out", metavar="DIR", help="Where weights and predictions go."),
    epochs: int = _EPOCHS,
    batch_size: int = _BATCH,
    seed: int = _SEED,
    devices: str = _DEVICES,
    precision: str = _PRECISION,
    accumulate: int = _ACCUMULATE,
) -> None:
    """Train one model on the training side of a fold, and predict its scored side.

    The same command goes on where an interrupted one stopped.
    """
    from dataclasses import replace

    from embench.baselines.alignn.configs import configuration
    from embench.baselines.alignn.finetune import finetune, write_trained
    from embench.errors import UnknownNameError

    chosen = configuration(config)
    if validation is not None:
        known = ("none", "last", "host")
        if validation not in known:
            raise UnknownNameError("kind of validation", validation, known)
        chosen = replace(chosen, validation=validation)  # type: ignore[arg-type]
    settings = _settings(
        chosen, model, seed, epochs=epochs, batch_size=batch_size, devices=devices, precision=precision,
        accumulate=accumulate, patience=patience,
    )  # fmt: skip
    if settings.patience and chosen.validation == "none":
        raise typer.BadParameter("needs entries to watch; add --validation host", param_hint="--patience")
    part = _fold(protocol, fold)
    with _interruptible(out):
        trained = finetune(
            part.train,
            model=model,
            config=chosen,
            settings=settings,
            join=join,  # type: ignore[arg-type]
            weights=weights,
            folder=out,
            progress=True,
        )
    if _first_process():
        write_trained(trained, out / "weights.safetensors")
        _write_predictions(trained, part, out / "predictions.csv")


@app.command()
def watch(
    names: list[str] = typer.Argument(..., metavar="NAME...", help="Baselines of these networks.", show_default=False),
    protocol: str = typer.Option("published", "--protocol", "-p", metavar="P", help="The protocol to train for."),
    fold: str = typer.Option(None, "--fold", metavar="NAME", help="One of its folds; the first by default."),
    out: Path = typer.Option(Path("curves"), "--out", metavar="DIR", help="Where logs and checkpoints go."),
    epochs: int = _EPOCHS,
    seed: int = _SEED,
) -> None:
    """Train a network of each baseline with a tenth of the hosts set aside, and log its loss on both sides.

    The scored side of the fold is not touched. The same command goes on where an interrupted one stopped.
    """
    from embench.baselines.alignn.watch import watch

    part = _fold(protocol, fold)
    with _interruptible(out):
        for name in names:
            watch(name, part.train, folder=out / name, seed=seed, epochs=epochs, progress=True)
    logs = "log" if len(names) == 1 else f"{len(names)} logs"
    typer.echo(f"wrote the {logs} into {out}; next: embench alignn curves {out}")


@app.command()
def curves(
    source: Path = typer.Argument(..., metavar="SOURCE", help="Folder of a training run, or of several; or a table."),
    out: Path = typer.Option(
        Path("curves.html"), "--out", metavar="FILE", help="A page (.html), picture (.svg, .png) or table (.csv)."
    ),
) -> None:
    """Draw the losses of training runs over their epochs."""
    from embench.baselines.alignn.curves import write_curves
    from embench.common.files import check_output

    check_output(out, inputs=[source])
    count = write_curves(source, out)
    typer.echo(f"wrote {out}: {count} run{'s' * (count != 1)}")


def _settings(config: Any, model: int | None, seed: int, *, devices: str, **changes: Any) -> Any:
    if devices != "auto" and not (devices.isdigit() and int(devices) > 0):
        raise typer.BadParameter("must be a number or auto", param_hint="--devices")
    if changes.get("precision") not in (None, "32", "bf16", "auto"):
        raise typer.BadParameter("must be 32, bf16 or auto", param_hint="--precision")
    changes["devices"] = devices if devices == "auto" else int(devices)
    return config.settings(model, seed=seed, **changes)


def _fold(protocol: str, name: str | None) -> Fold:
    from embench.errors import UnknownNameError
    from embench.splits import protocol as load_protocol

    folds = {fold.name: fold for fold in load_protocol(protocol)}
    if name is None:
        return next(iter(folds.values()))
    if name not in folds:
        raise UnknownNameError(f"fold of {protocol}", name, folds)
    return folds[name]


def _write_predictions(trained: Trained, fold: Fold, path: Path) -> None:
    import numpy as np

    from embench.common.files import write_text
    from embench.evaluation.predictions import canonical_csv

    found = trained.predict(fold.test)
    write_text(path, canonical_csv(fold.test_ids, [round(float(value), 6) for value in found]))
    test = load_targets(fold)
    typer.echo(f"wrote {path}: {len(found)} predictions, MAE {np.abs(found - test).mean():.3f} eV")
    typer.echo(f"wrote {path.parent / 'weights.safetensors'}")


def load_targets(fold: Fold) -> Any:
    """Return the barriers of the scored side of a fold (n,), eV."""
    from embench.dataset import load

    return load().select(fold.test_ids).column("migration_barrier")


def _first_process() -> bool:
    """Whether this is the process that reports, of several that train together."""
    import os

    return os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0"


class _interruptible:
    """Say, when training is interrupted, that what is done is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            typer.echo(f"interrupted: finished epochs are kept in {self.folder}; the same command goes on", err=True)
            raise typer.Exit(INTERRUPTED)


@app.command()
def corpus(
    sources: list[str] = typer.Argument(
        None, metavar="[SOURCE]...", help="PROPERTY or PROPERTY=FILE.json; all seven by default.", show_default=False
    ),
    out: Path = typer.Option(..., "--out", metavar="FILE", help="The Parquet file to write.", show_default=False),
) -> None:
    """Build a corpus for pre-training from public datasets of bulk properties.

    PROPERTY is band_gap, band_gap_experimental, dielectric_constant, formation_energy, phonon_peak,
    piezoelectric_modulus or shear_modulus; matminer fetches its dataset. PROPERTY=FILE reads one saved by matminer.
    """
    from embench.baselines.alignn.corpus_build import SOURCES, build_corpus
    from embench.common.files import check_output

    check_output(out, inputs=[source.partition("=")[2] for source in sources or [] if "=" in source])
    counts = build_corpus(sources or [source.name for source in SOURCES], out)
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    typer.echo(f"wrote {out}: {sum(counts.values()):,} rows ({listed})")


@app.command()
def overlap(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus as Parquet.", show_default=False),
    page: Path = typer.Option(None, "--page", metavar="FILE", help="Renew the table in this page.", show_default=False),
) -> None:
    """Count the scored entries of every protocol whose structure is also in a corpus."""
    from embench.baselines.alignn.corpus import read_corpus
    from embench.baselines.alignn.overlap import find_overlap, overlap_table, renew_table
    from embench.cli._terminal import progress_bars
    from embench.dataset import load

    entries, data = load().without_targets(), read_corpus(corpus)
    with progress_bars("overlap") as update:
        matches = find_overlap(entries, data, progress=lambda done: update("entries", done, len(entries)))
    table = overlap_table(matches)
    if page:
        renew_table(page, table)
        typer.echo(f"wrote {page}")
    else:
        typer.echo(table)


@app.command()
def carry(
    corpus: Path = typer.Argument(None, metavar="[CORPUS]", help="A corpus as Parquet.", show_default=False),
    out: Path = typer.Option(Path("runs/gpu"), "--out", metavar="DIR", help="Folder of the arrays."),
    canonise: bool = typer.Option(
        True, "--canonise/--no-canonise", help="Count every edge once, or twice where the published scripts do."
    ),
) -> None:
    """Make the arrays that benchmarks/gpu/run.sh takes to a machine with a GPU: graphs of all hops, and of a corpus.

    Without a corpus there is no pre-training there.
    """
    from embench.baselines.alignn.corpus import read_corpus
    from embench.baselines.alignn.device.prepare import CORPUS, HOPS, carry_corpus, carry_hops
    from embench.baselines.alignn.device.tasks import PROTOCOLS
    from embench.baselines.alignn.graphs.cache import GraphSettings
    from embench.cli._terminal import progress_bars
    from embench.dataset import load
    from embench.splits import protocol

    graphs, data = GraphSettings(canonise=canonise), load()
    with progress_bars("graphs") as update:
        protocols = [protocol(name) for name in PROTOCOLS]
        made = [carry_hops(out / HOPS, data, protocols, graphs, progress=lambda done: update("hops", done, len(data)))]
        if corpus is not None:
            read = read_corpus(corpus)
            made.append(
                carry_corpus(
                    out / CORPUS, read, corpus, graphs, progress=lambda done: update("crystals", done, len(read))
                )
            )
    for each in made:
        left = "" if each.n == each.n_all else f" of {each.n_all:,}, the smallest, up to {each.most_atoms} atoms"
        typer.echo(f"wrote {each.path}: {each.n:,} structures{left}, {each.mib:.1f} MiB")


@app.command()
def take(
    folder: Path = typer.Argument(
        ..., metavar="FOLDER", help="What benchmarks/gpu/run.sh has left.", show_default=False
    ),
    results: Path = typer.Option(
        Path("baselines"), "--results", metavar="DIR", help="Folder that holds a folder of each baseline."
    ),
    submissions: Path = typer.Option(
        Path("leaderboard/submissions"), "--submissions", metavar="DIR", help="Folder of the submissions."
    ),
    weights: Path = typer.Option(
        Path("baselines/weights"), "--weights", metavar="DIR", help="Folder of the shipped weights."
    ),
    trial: bool = typer.Option(False, "--trial", help="Take a run that only tried things out; never onto the board."),
) -> None:
    """Take what a run on a GPU brought back: weights, and records and submissions of all protocols that are complete.

    Then renew what is made of them: embench hub digests, make pages board card.
    """
    from embench.baselines.alignn.device.take import take as take_over
    from embench.leaderboard.entrants.baseline import write_submission

    for taken in take_over(folder, results, submissions, weights=weights, trial=trial):
        name = taken.spec.name
        write_submission(taken.spec, results / name, submissions / name, submissions / name)
        typer.echo(f"wrote {submissions / name}: {taken.title}, {', '.join(taken.protocols)}")
    typer.echo("next: embench hub digests, make pages board card")

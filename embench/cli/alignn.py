"""``embench alignn``: the graph network ALIGNN."""

from __future__ import annotations

from pathlib import Path

import typer

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

    target = out or file.with_suffix(".safetensors")
    found = import_checkpoint_file(file, target)
    config, count = found.config, sum(value.numel() for value in found.state.values())
    layers = f"{config.alignn_layers} + {config.gcn_layers} layers of {config.hidden} features"
    heads = "1 output" if config.outputs == 1 else f"{config.outputs} outputs"
    typer.echo(f"read {len(found.state)} arrays with {count:,} numbers: {layers}, {heads}")
    typer.echo(f"wrote {target}")

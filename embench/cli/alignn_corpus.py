"""``embench alignn corpus`` and ``overlap``: the corpus for pre-training, and what it shares with the dataset."""

from __future__ import annotations

from pathlib import Path

import typer


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

    counts = build_corpus(sources or [source.name for source in SOURCES], out)
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    typer.echo(f"wrote {out}: {sum(counts.values()):,} rows ({listed})")


def overlap(
    corpus: Path = typer.Argument(..., metavar="CORPUS", help="A corpus as Parquet.", show_default=False),
    page: Path = typer.Option(None, "--page", metavar="FILE", help="Renew the table in this page.", show_default=False),
) -> None:
    """Count the scored entries of every protocol whose structure is also in a corpus."""
    from embench.baselines.alignn.corpus import read_corpus
    from embench.baselines.alignn.overlap import find_overlap, overlap_table, renew_table
    from embench.cli._progress import progress_bars
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

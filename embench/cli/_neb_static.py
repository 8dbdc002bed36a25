"""What ``embench neb static`` does with a file, and with a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer


def images_of_file(potential: str, images: Path, option: Sequence[str]) -> None:
    """Print the energies of a potential on the bands of a file, beside those that it holds."""
    from embench.neb.calculators import potential_spec
    from embench.neb.results import barriers
    from embench.neb.select import parse_options
    from embench.neb.static import static_bands

    for band in static_bands(images, potential_spec(potential).create(parse_options(option))):
        found = barriers(band.energies)
        profile = " ".join(f"{energy - band.energies[0]:+.3f}" for energy in band.energies)
        typer.echo(f"{band.name}: max − min {found['barrier_max_minus_min']:.3f} eV; above the first image: {profile}")
        if band.profile_error is not None:
            typer.echo(f"  largest difference to the profile of the file: {band.profile_error:.3f} eV")
        if band.force_error is not None:
            typer.echo(f"  mean absolute difference to its forces: {band.force_error:.3f} eV/Å")


def bands_of_run(
    potential: str, bands: Path, out: Path, which: Sequence[str], option: Sequence[str], *, workers: int, retry: bool
) -> None:
    """Compute single points of a potential on the bands of a run, and keep them in the folder `out`."""
    from embench.cli._neb_report import reported
    from embench.common.executor import open_executor
    from embench.neb.select import chosen_entries, parse_options
    from embench.neb.single_points import run_single_points
    from embench.neb.store import RunStore

    chosen = [entry.entry_id for entry in chosen_entries(which)] if which else None
    with reported(out) as report, open_executor(workers=workers) as executor:
        run_single_points(
            RunStore(bands),
            potential,
            out=out,
            entry_ids=chosen,
            options=parse_options(option),
            executor=executor,
            progress=report,
            retry=retry,
        )

"""``embench predict``: barriers of one's own crystal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from embench.cli._process import INTERRUPTED

if TYPE_CHECKING:
    from embench.prediction.crystal import Choices
    from embench.prediction.inputs import Source

_OF_ONE = "; for one structure"
_STDOUT = Path("-")


def predict(
    files: list[Path] = typer.Argument(
        ...,
        metavar="FILE...",
        help="Structures (CIF, POSCAR, JSON of pymatgen, …), a folder, a list (.txt), an extxyz, Parquet or jsonl of "
        "structures; or two files: the ends of one hop.",
        show_default=False,
    ),
    ion: str | None = typer.Option(None, "--ion", metavar="ELEMENT", help="The migrating element.", show_default=False),
    out: Path | None = typer.Option(
        None,
        "--out",
        "-o",
        metavar="DIR",
        help="Folder for tables and documents; goes on where it was.",
        show_default=False,
    ),
    model: str = typer.Option("pathway-stack", "--model", metavar="NAME", help="A shipped model, or a file of one."),
    potential: str | None = typer.Option(
        None, "--potential", metavar="NAME", help="NEB of the best hops with this potential (slow).", show_default=False
    ),
    neb_hops: int = typer.Option(3, "--neb-hops", min=1, metavar="N", help="With --potential: at most so many hops."),
    interstitials: bool = typer.Option(False, "--interstitials", help="Take sites between the atoms as well."),
    longest: float | None = typer.Option(None, "--longest", metavar="Å", help="Longest hop.", show_default=False),
    least_distance: float = typer.Option(8.0, "--least-distance", metavar="Å", help="Of the images of the ion."),
    limit: str | None = typer.Option(
        None, "--limit", metavar="WHICH", help="vacancy or dilute: do the other ions stay?", show_default=False
    ),
    order: bool = typer.Option(
        False, "--order", help="Order partially occupied sites by electrostatics (small cells)."
    ),
    one_by_one: bool = typer.Option(False, "--crystals", help="Two files are two crystals, not the ends of one hop."),
    as_json: Path | None = typer.Option(
        None, "--json", metavar="FILE", help=f"Write the document{_OF_ONE}; - prints it.", show_default=False
    ),
    html: Path | None = typer.Option(
        None, "--html", metavar="FILE", help=f"Write a page{_OF_ONE}.", show_default=False
    ),
    pages: bool = typer.Option(False, "--pages", help="Write a page for each structure into --out."),
    cif: bool = typer.Option(False, "--cif", help="Write the bands of the hops into --out, as CIF."),
    extxyz: bool = typer.Option(False, "--extxyz", help="The same as extended XYZ."),
    poscar: bool = typer.Option(False, "--poscar", help="The same as folders 00 to 06 with a POSCAR."),
    workers: int = typer.Option(1, "--workers", "-j", min=1, help="Processes on this machine, one thread each."),
    scheduler: str | None = typer.Option(
        None,
        "--scheduler",
        metavar="ADDRESS",
        help="Compute on the Dask cluster with this scheduler.",
        show_default=False,
    ),
    retry: bool = typer.Option(False, "--retry", help="Try structures again that were refused."),
) -> None:
    """Predict the migration barriers of your own crystal, with an interval and how far to trust it."""
    from embench.common.files import check_output
    from embench.prediction.crystal import Choices, is_pair
    from embench.prediction.inputs import Source

    bands = [name for name, chosen in (("cif", cif), ("extxyz", extxyz), ("poscar", poscar)) if chosen]
    if (bands or pages) and out is None:
        raise typer.BadParameter("needs a folder to write to; add --out DIR", param_hint="--" + (bands or ["pages"])[0])
    for path in (as_json, html):
        if path not in (None, _STDOUT):
            check_output(path, inputs=files)
    choices = Choices(
        ion=ion,
        interstitials=interstitials,
        longest=longest,
        least_distance=least_distance,
        limit=limit,
        order=order,
    )
    single = _single(files)
    if single is None and not one_by_one and is_pair(files):
        single = Source(name=f"{files[0].stem}-{files[1].stem}", path=str(files[0]), end=str(files[1]))
    if single is not None and out is None:
        _one(single, choices, model, as_json=as_json, html=html, potential=potential, neb_hops=neb_hops)
        return
    for path, name in ((as_json, "--json"), (html, "--html")):
        if path is not None:
            raise typer.BadParameter("is for one structure; --out DIR holds all documents", param_hint=name)
    if potential is not None:
        raise typer.BadParameter(
            "is for one structure without --out: NEB of many is embench neb", param_hint="--potential"
        )
    from embench.prediction.hybrids import hybrid_named, without_potential

    hybrid = hybrid_named(model)
    if hybrid is not None:
        raise typer.BadParameter(f"{without_potential(hybrid)}: for many structures name those", param_hint="--model")
    _many(files, single, choices, model, out, bands, pages, workers, scheduler, retry=retry)


def _single(files: list[Path]) -> Source | None:
    """Return the source of one file with one structure; None for anything else."""
    from embench.prediction.inputs import LISTS, TABLES, sources

    if len(files) != 1 or files[0].is_dir() or files[0].suffix.lower() in LISTS:
        return None
    if files[0].suffix.lower() not in (*TABLES, ".json"):
        return next(iter(sources(files)))
    found = iter(sources(files))
    first, second = next(found, None), next(found, None)
    return first if second is None else None


def _one(
    source: Source,
    choices: Choices,
    model: str,
    *,
    as_json: Path | None,
    html: Path | None,
    potential: str | None,
    neb_hops: int,
) -> None:
    from embench.cli._prediction import print_prediction
    from embench.prediction.barriers import base_of, with_what_is_missing
    from embench.prediction.crystal import predict_source
    from embench.prediction.model import load_model

    result = predict_source(source, choices, load_model(base_of(model)))
    if potential is None:
        result = with_what_is_missing(result, model)
    else:
        from embench.cli._neb_report import RunReport
        from embench.common.cache import cache_folder
        from embench.prediction.potential import with_potential

        with RunReport() as report:
            result = with_potential(
                result, potential, most=neb_hops, folder=cache_folder("predict-neb"), progress=report
            )
    if as_json == _STDOUT:
        from embench.evaluation.document import dumps

        print(dumps(result.to_document()), end="")
    else:
        print_prediction(result.to_document())
        if as_json is not None:
            result.to_json(as_json)
            typer.echo(f"wrote {as_json}")
    if html is not None:
        result.to_html(html)
        typer.echo(f"wrote {html}", err=as_json == _STDOUT)


def _many(
    files: list[Path],
    single: Source | None,
    choices: Choices,
    model: str,
    out: Path | None,
    bands: list[str],
    pages: bool,
    workers: int,
    scheduler: str | None,
    *,
    retry: bool,
) -> None:
    import tempfile

    from embench.cli._prediction import ManyReport, print_structures
    from embench.common.executor import open_executor
    from embench.prediction.batch import predict_many
    from embench.prediction.inputs import sources
    from embench.prediction.store import ResultStore

    with tempfile.TemporaryDirectory() as nowhere, ManyReport() as report:
        folder = out or Path(nowhere) / "predictions"
        try:
            with open_executor(workers=workers, scheduler=scheduler) as executor:
                count = predict_many(
                    iter([single]) if single is not None else sources(files),
                    choices,
                    model=model,
                    out=folder,
                    bands=bands,
                    pages=pages,
                    executor=executor,
                    progress=report,
                    retry=retry,
                )
        except KeyboardInterrupt:
            kept = f"interrupted: {report.count.done} structures are kept" if out else "interrupted: nothing is kept"
            typer.echo(f"{kept}{'; the same command goes on from there' if out else ''}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        print_structures(ResultStore(folder).documents(), most=None if out is None else 20)
    done = f"{count.done} structures, {count.refused} of them refused with a reason"
    typer.echo(done if out is None else f"wrote {out}: {done}; structures.csv, hops.csv, results.jsonl")
    if count.done and count.done == count.refused:
        raise typer.Exit(2)

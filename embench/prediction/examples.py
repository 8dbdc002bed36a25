"""Five worked examples: published crystals whose networks are known, and what the shipped model says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from embench.migration import find_hops
from embench.prediction.barriers import predict
from embench.prediction.model import DEFAULT, load_model

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from embench.prediction.documents import PredictionDocument
    from embench.prediction.model import TrainedModel
    from embench.prediction.result import PredictionResult

# What the shipped model says of the examples, a document a line: pages are made from it without computing features.
STORED = Path(__file__).parent / "examples.jsonl"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A published crystal: lattice parameters (Å), elements and fractional coordinates of the asymmetric unit.

    `known` says in words what is known of its diffusion; `source` is where the structure was published.
    """

    name: str
    title: str
    ion: str
    space_group: str
    lattice: tuple[float, float, float, float, float, float]
    species: tuple[str, ...]
    coords: tuple[tuple[float, float, float], ...]
    source: str
    known: str

    def structure(self) -> Structure:
        """Return the crystal."""
        from pymatgen.core import Lattice, Structure

        lattice = Lattice.from_parameters(*self.lattice)
        return Structure.from_spacegroup(
            self.space_group, lattice, list(self.species), [list(at) for at in self.coords]
        )


EXAMPLES: tuple[Example, ...] = (
    Example(
        name="LiFePO4",
        title="Olivine LiFePO4",
        ion="Li",
        space_group="Pnma",
        lattice=(10.332, 6.010, 4.692, 90.0, 90.0, 90.0),
        species=("Li", "Fe", "P", "O", "O", "O"),
        coords=(
            (0.0, 0.0, 0.0),
            (0.28222, 0.25, 0.97472),
            (0.09486, 0.25, 0.41820),
            (0.09678, 0.25, 0.74279),
            (0.45710, 0.25, 0.20602),
            (0.16558, 0.04646, 0.28478),
        ),
        source="V. A. Streltsov et al., Acta Crystallogr. B 49, 147 (1993)",
        known="Li moves along [010] only",
    ),
    Example(
        name="LiCoO2",
        title="Layered LiCoO2",
        ion="Li",
        space_group="R-3m",
        lattice=(2.8161, 2.8161, 14.0536, 90.0, 90.0, 120.0),
        species=("Co", "Li", "O"),
        coords=((0.0, 0.0, 0.0), (0.0, 0.0, 0.5), (0.0, 0.0, 0.2397)),
        source="J. Akimoto, Y. Gotoh, Y. Oosawa, J. Solid State Chem. 141, 298 (1998)",
        known="Li moves within the layers",
    ),
    Example(
        name="Li3OCl",
        title="Antiperovskite Li3OCl",
        ion="Li",
        space_group="Pm-3m",
        lattice=(3.91, 3.91, 3.91, 90.0, 90.0, 90.0),
        species=("Li", "O", "Cl"),
        coords=((0.5, 0.5, 0.0), (0.5, 0.5, 0.5), (0.0, 0.0, 0.0)),
        source="Y. Zhao and L. L. Daemen, J. Am. Chem. Soc. 134, 15042 (2012)",
        known="Li moves in three dimensions along the edges of the OLi6 octahedra",
    ),
    Example(
        name="NaZr2(PO4)3",
        title="NASICON NaZr2(PO4)3",
        ion="Na",
        space_group="R-3c",
        lattice=(8.8043, 8.8043, 22.7585, 90.0, 90.0, 120.0),
        species=("Na", "Zr", "P", "O", "O"),
        coords=(
            (0.0, 0.0, 0.0),
            (0.0, 0.0, 0.1456),
            (0.2909, 0.0, 0.25),
            (0.1860, -0.0140, 0.1948),
            (0.1930, 0.1690, 0.0870),
        ),
        source="L.-O. Hagman and P. Kierkegaard, Acta Chem. Scand. 22, 1822 (1968)",
        known="Na moves in three dimensions, through the empty Na(2) sites",
    ),
    Example(
        name="LiMn2O4",
        title="Spinel LiMn2O4",
        ion="Li",
        space_group="Fd-3m:2",
        lattice=(8.245, 8.245, 8.245, 90.0, 90.0, 90.0),
        species=("Li", "Mn", "O"),
        coords=((0.125, 0.125, 0.125), (0.5, 0.5, 0.5), (0.263, 0.263, 0.263)),
        source="M. M. Thackeray et al., Mater. Res. Bull. 18, 461 (1983)",
        known="Li moves in three dimensions, through the empty octahedra",
    ),
)


def predict_example(example: Example, model: TrainedModel | None = None) -> PredictionResult:
    """Return the prediction for an example."""
    hops = find_hops(example.structure(), example.ion)
    return predict(hops, model=model or load_model(DEFAULT), name=example.name)


def example_documents(
    examples: Sequence[Example] = EXAMPLES, *, progress: Callable[[str], None] | None = None
) -> list[PredictionDocument]:
    """Return the documents of the examples, by the shipped model."""
    documents = []
    for example in examples:
        if progress is not None:
            progress(example.name)
        found = predict_example(example).to_document()
        found["notes"] = [f"structure: {example.source}", f"known: {example.known}", *found["notes"]]
        documents.append(found)
    return documents


def examples_text(documents: Sequence[PredictionDocument]) -> str:
    """Return the documents as they are stored: JSON, one a line."""
    return "".join(f"{json.dumps(found, ensure_ascii=False, allow_nan=False)}\n" for found in documents)


def stored_examples() -> list[PredictionDocument]:
    """Return the documents of :data:`EXAMPLES` as ``embench model examples`` stored them, in their order."""
    lines = STORED.read_text(encoding="utf-8").splitlines()
    return [cast("PredictionDocument", json.loads(line)) for line in lines]


def write_demo(folder: Path, *, progress: Callable[[str], None] | None = None) -> list[Path]:
    """Write a static demonstration: ``index.html`` with all examples, and a page for each; return the paths.

    Everything on the pages is a model's estimate, and they say so. They load nothing from elsewhere.
    """
    from embench.common.files import write_text
    from embench.prediction.page import page
    from embench.prediction.store import file_name

    documents = example_documents(progress=progress)
    paths = [folder / "index.html"]
    write_text(paths[0], demo_page(documents))
    for found in documents:
        paths.append(folder / f"{file_name(found['name'])}.html")
        write_text(paths[-1], page(found))
    return paths


def demo_page(documents: Sequence[PredictionDocument]) -> str:
    """Return the page that lists the examples and links to theirs."""
    from embench.prediction.store import file_name
    from embench.web.libraries import environment
    from embench.web.palette import DARK, LIGHT, css_variables

    by_name = {example.name: example for example in EXAMPLES}
    rows: list[dict[str, Any]] = [
        {"content": found, "example": by_name[found["name"]], "address": f"{file_name(found['name'])}.html"}
        for found in documents
    ]
    template = environment("embench.prediction", "embench.report").get_template("demo.html.j2")
    return template.render(rows=rows, light=css_variables(LIGHT), dark=css_variables(DARK))

"""What the Gradio Space shows: a file in, a table, a page and a document out; the app is in ``space/app.py``."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from embench.errors import EmbenchError
from embench.prediction.crystal import Choices, predict_source
from embench.prediction.examples import EXAMPLES
from embench.prediction.inputs import Source
from embench.prediction.model import load_model

# Larger files are not for a demonstration, bytes.
LARGEST_FILE = 2 * 2**20


@dataclass(frozen=True)
class Answer:
    """Text in Markdown, the paths of the page and of the document, and the page as text; None after an error."""

    text: str
    page: str | None = None
    document: str | None = None
    html: str | None = None


def answer(path: str | None, ion: str = "", interstitials: bool = False) -> Answer:
    """Return the prediction for an uploaded structure; what is wrong with it is the text."""
    if not path:
        return Answer("Upload a structure (CIF, POSCAR, extended XYZ), or choose an example.")
    file = Path(path)
    if file.stat().st_size > LARGEST_FILE:
        return Answer(f"The file is larger than {LARGEST_FILE >> 20} MiB: install embench and run `embench predict`.")
    choices = Choices(ion=ion.strip() or None, interstitials=interstitials)
    try:
        result = predict_source(Source(name=file.stem, path=str(file)), choices, load_model())
    except EmbenchError as error:
        return Answer(f"**No prediction.** {error}".replace(str(file), file.name))
    folder = Path(tempfile.mkdtemp(prefix="embench-"))
    page, document = folder / "prediction.html", folder / "prediction.json"
    result.to_html(page)
    result.to_json(document)
    lines = ["**A model's estimate, not DFT.**", "", *(f"⚠ {warning}" for warning in result.warnings), ""]
    found = result.to_document()
    lines += [
        found["hops"][0]["kin"]["sentence"],
        "",
        "| way | barrier (eV) | 95 % interval |",
        "| :--- | ---: | :--- |",
    ]
    lines += [f"| {way['dimension']}D | {way['barrier']:.2f} | {way['low']:.2f} to {way['high']:.2f} |"
              for way in found["ways"]]  # fmt: skip
    lines += [
        "",
        "| hop | length (Å) | barrier (eV) | 95 % interval | published (eV) |",
        "| ---: | ---: | ---: | :--- | :--- |",
    ]
    for hop in found["hops"]:
        known = ", ".join(f"{each['barrier']:.2f} ({each['entry_id']})" for each in hop["published"]) or "–"
        interval = f"{hop['low']:.2f} to {hop['high']:.2f}"
        lines.append(f"| {hop['number'] + 1} | {hop['length']:.2f} | {hop['barrier']:.2f} | {interval} | {known} |")
    return Answer("\n".join(lines), str(page), str(document), page.read_text(encoding="utf-8"))


def write_examples(folder: Path) -> list[list[str]]:
    """Write the worked examples as CIF files, and return path and ion of each."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for example in EXAMPLES:
        path = folder / f"{example.name}.cif"
        example.structure().to(filename=str(path))
        found.append([str(path), example.ion])
    return found

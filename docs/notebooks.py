"""Run the notebooks of ``examples/`` and renew their outputs: ``python -m docs.notebooks [NAME]...``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "examples"
# Seconds that one cell may take: none should take more than a few.
PATIENCE = 120

VARIES = "varies"
# What a terminal understands and a page does not.
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def read(path: Path) -> Any:
    """Return a notebook."""
    import nbformat

    return nbformat.read(path, as_version=4)


def executed(path: Path, workplace: Path) -> Any:
    """Return a notebook as it is after its cells have run, from top to bottom, in the folder `workplace`.

    An error in a cell is an error here (:class:`nbclient.exceptions.CellExecutionError`), with its traceback.
    """
    from nbclient import NotebookClient

    notebook = read(path)
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(FOLDER.parent),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "OMP_NUM_THREADS": "1",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        client = NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(workplace)}})
        client.execute()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return tidied(notebook)


def tidied(notebook: Any) -> Any:
    """Return a notebook without what is different each time it runs, and without messages on standard error."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        if cell.cell_type != "code":
            continue
        cell.outputs = _merged(output for output in cell.outputs if output.get("name") != "stderr")
        for output in cell.outputs:
            if "text" in output:
                output.text = _ESCAPES.sub("", output.text)
            if output.get("execution_count"):
                output.execution_count = cell.execution_count
    return notebook


def _merged(outputs: Iterable[Any]) -> list[Any]:
    """Return outputs with what was printed in several goes in one: where it is cut is chance."""
    found: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and found and found[-1].output_type == "stream":
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def texts(notebook: Any) -> list[str]:
    """Return what the cells print and show as text, one string a cell.

    Left out are pictures, and cells with the tag ``varies``: what they show follows from submissions and models, which
    come and go without anybody thinking of a notebook.
    """
    found = []
    for cell in notebook.cells:
        if VARIES in cell.metadata.get("tags", ()):
            continue
        outputs = cell.get("outputs", [])
        parts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
        pictures = [any(kind.startswith("image/") for kind in output.get("data", {})) for output in outputs]
        found.append("".join(text for text, picture in zip(parts, pictures, strict=True) if not picture))
    return found


def main(names: list[str]) -> int:
    """Renew the outputs of the named notebooks, or of all."""
    import tempfile

    import nbformat

    from embench.common.files import write_text

    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as workplace:
            write_text(path, nbformat.writes(executed(path, Path(workplace))) + "\n")
        print(f"ran {path.relative_to(FOLDER.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

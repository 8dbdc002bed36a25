"""Assemble the folder that goes to the hub."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from embench import schema
from embench.common.files import write_text, write_together
from embench.common.shipped import check_shipped, resource_folder
from embench.errors import DatasetError, HubError
from embench.hub import about
from embench.hub.checksums import CHECKSUMS, parse_checksums, render_checksums, sha256

if TYPE_CHECKING:
    import pyarrow as pa

# Each file of the datasets, and the resource of embench that it is from.
DATA_FILES = {
    **dict.fromkeys(("data/train.parquet", "data/test.parquet", "data/checksums.txt"), schema.DEFAULT.on_hub),
    **{
        f"{schema.OXYGEN.name}/{name}": schema.OXYGEN.resource
        for name in (*schema.OXYGEN.parts, "checksums.txt", "ledger.csv")
    },
}
CARD = "README.md"
CROISSANT = "croissant.json"


def checkout() -> Path:
    """Return the checkout that embench runs from: submissions, licence and citations are not in the wheel.

    Raises :class:`~embench.errors.HubError` where embench is installed without one.
    """
    root = Path(__file__).parent.parent.parent
    if not (root / "leaderboard" / "submissions").is_dir():
        raise HubError(
            "the folder for the hub is made from a checkout of the repository, and this embench is not in one"
        )
    return root


def contents() -> dict[str, bytes]:
    """Return all files of the folder of the dataset, by path: the same bytes for the same state of the repository.

    Raises
    ------
    DatasetError
        For a dataset that is missing or damaged.
    HubError
        Outside of a checkout.
    """
    from embench.audit.consensus import consensus_bytes
    from embench.dataset import load
    from embench.release.card import render_card
    from embench.release.croissant import render_croissant
    from embench.release.layout import DATASET
    from embench.release.references import read_references
    from embench.release.tables import folds_table

    root, data = checkout(), load()
    (folds,) = DATASET.configurations["splits"].parts.values()
    (consensus,) = DATASET.configurations["potential_consensus"].parts.values()
    made = {folds: folds_table(data)}
    found = {path: _dataset_file(path, resource) for path, resource in DATA_FILES.items()}
    found |= {path: parquet(table) for path, table in made.items()}
    found[consensus] = consensus_bytes()
    tables = made | {path: _read(found[path]) for path in DATASET.files if path not in made}
    sizes = {path: len(content) for path, content in found.items()}
    found[CARD] = render_card(data, tables=tables, sizes=sizes, root=root).encode()
    found[CROISSANT] = render_croissant(
        DATASET,
        found,
        version=data.version,
        published=about.PUBLISHED,
        references=read_references(root / "CITATION.cff"),
    ).encode()
    found["LICENSE"] = (root / "LICENSE").read_bytes()
    return with_checksums(found)


def with_checksums(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files by path with the list of their checksums, sorted."""
    return dict(sorted({**found, CHECKSUMS: render_checksums(found).encode()}.items()))


def export(folder: Path, made: Mapping[str, bytes]) -> list[Path]:
    """Write files, such as those of :func:`contents`, into a folder for the hub; return those that changed.

    Other files in `folder` are left alone. All files are replaced together, after all were written in full.

    Raises
    ------
    OutputError
        For a folder that cannot be written to.
    """
    changed = {folder / path: content for path, content in made.items() if not _holds(folder / path, content)}
    # The list of checksums last: a reader who comes in between sees that the folder does not agree with it.
    order = sorted(changed, key=lambda path: (path.name == CHECKSUMS and path.parent == folder, path))
    write_together({path: partial(_write, changed[path]) for path in order})
    return order


def stale(folder: Path, made: Mapping[str, bytes]) -> list[str]:
    """Return the paths of the files in `folder` that are missing or not what :func:`export` writes."""
    return [path for path, content in made.items() if not _holds(folder / path, content)]


def renew_checksums(folder: Path) -> bool:
    """Compute the list of checksums of a folder anew from the files that it lists; return whether it changed.

    A folder without a list is left without one.
    """
    listing = folder / CHECKSUMS
    if not listing.is_file():
        return False
    text = listing.read_text(encoding="utf-8")
    listed = parse_checksums(text, source=str(listing))
    renewed = render_checksums({path: (folder / path).read_bytes() for path in listed if (folder / path).is_file()})
    if renewed != text:
        write_text(listing, renewed)
    return renewed != text


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _dataset_file(path: str, resource: str) -> bytes:
    file = resource_folder(resource) / Path(path).name
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"cannot read {file}: {error.strerror}; write it with embench build and embench build-version"
        ) from None
    check_shipped(resource, file, sha256(content), content=content)
    return content


def parquet(table: pa.Table) -> bytes:
    """Return a table as the content of a Parquet file."""
    import pyarrow.parquet as pq

    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=19)
    return buffer.getvalue()


def _read(content: bytes) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(BytesIO(content))

"""The files of one build of the dataset, verified once and read column by column."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from embench import schema
from embench.common._digests import DIGESTS
from embench.common.foreign import lfs_hint
from embench.dataset.overlay import RESOURCE, Overlay, check_entries, read_overlay
from embench.errors import DatasetError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

AnyArray = npt.NDArray[Any]

CHECKSUMS = "checksums.txt"


class Store:
    """The columns of one build; each is read when it is first asked for, and kept.

    All that it hands out is read-only and shared by every :class:`~embench.dataset.Dataset` of the build.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[pq.ParquetFile],
        *,
        layout: schema.Layout,
        version: str,
        digest: str,
        checksums: dict[str, str],
        structures: str,
        overlay: Overlay | None = None,
    ) -> None:
        self.folder = folder
        self.layout = layout
        self.checksums = checksums
        self.version = version
        self.digest = digest
        self.structures = structures
        self.n_rows = sum(file.metadata.num_rows for file in files)
        self.files = tuple(files)
        self._overlay = overlay
        self._columns: dict[str, Sequence[Any] | AnyArray] = {}
        self._table: pa.Table | None = None
        # A Parquet reader has one position in its file: two threads must not read at once.
        self._lock = threading.RLock()

    @property
    def table(self) -> pa.Table:
        """All columns as one Arrow table, training part first."""
        with self._lock:
            if self._table is None:
                self._table = self._read(None)
            return self._table

    def column(self, name: str) -> Any:
        """Return one column: an array (rows,) for scalars, otherwise a tuple of arrays or of flags."""
        with self._lock:
            if name not in self._columns:
                self._columns[name] = self._column(name)
            return self._columns[name]

    def _column(self, name: str) -> Sequence[Any] | AnyArray:
        spec = self.layout.column(name)
        if name == "flags" and self._overlay is not None:
            # Not by way of Arrow: it imports pandas to take a list.
            return tuple(map(tuple, self._overlay.flags(self._stored([name]))))
        data = self._read([name]).column(name)
        return _scalars(data, spec) if not spec.shape else _nested(data, spec)

    def value(self, row: int, name: str) -> Any:
        """Return the value of column `name` in one row as a plain Python object or read-only array."""
        value = self.column(name)[row]
        if isinstance(value, np.generic):
            value = value.item()
        # Arrays of floats mark a null by NaN; the value of an entry is None, like in any other column.
        return None if isinstance(value, float) and value != value else value

    def _read(self, columns: list[str] | None) -> pa.Table:
        if self._overlay is None:
            return self._stored(columns)
        columns = columns or [spec.name for spec in self.layout.columns]
        own = {spec.name for spec in self.layout.own_columns}
        return self._overlay.lay_over(self._stored([name for name in columns if name not in own]), columns)

    def _stored(self, columns: list[str] | None) -> pa.Table:
        """Return columns of the files, None for all."""
        import pyarrow as pa

        try:
            parts = [file.read(columns=columns, use_threads=False) for file in self.files]
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f"the dataset at {self.folder} cannot be read ({error}); {_WAY_OUT}") from None
        return pa.concat_tables(parts)


_WAY_OUT = "reinstall embench-barriers, or write the dataset again with embench build"


def open_store(folder: Path, layout: schema.Layout = schema.DEFAULT) -> Store:
    """Return the verified build in `folder`; the files are read and checked once per process.

    `layout` says which dataset it is, and in which version. A later one has files of its own, as on the hub, or is laid
    over those of its base.

    Raises :class:`~embench.errors.DatasetError` where a file is missing, differs from its checksum, or is of
    another version or schema.
    """
    folder = folder.resolve()
    stamps = []
    for name in (CHECKSUMS, *layout.parts):
        try:
            status = (folder / name).stat()
        except OSError as error:
            raise DatasetError(f"{folder / name} is missing ({error.strerror}); {_WAY_OUT}") from None
        stamps.append((status.st_mtime_ns, status.st_size, status.st_ino))
    found = _verified(folder, tuple(stamps), layout.name)
    if found.layout == layout:
        return found
    if found.layout == layout.base:
        return _laid_over(found, read_overlay(layout))
    raise DatasetError(
        f"{folder} holds dataset version {found.version}, and not {layout.version}: load it with "
        f"version={found.layout.version!r}"
    )


@lru_cache(maxsize=8)
def _laid_over(before: Store, overlay: Overlay) -> Store:
    layout = overlay.layout
    check_entries(overlay, before.column("entry_id").tolist(), before.folder)
    return Store(
        before.folder,
        before.files,
        layout=layout,
        version=layout.version + "".join(before.version.partition("+")[1:]),
        digest=_laid_digest(before.digest, overlay.sha256),
        checksums=before.checksums | {layout.overlay: overlay.sha256},
        structures=before.structures,
        overlay=overlay,
    )


def _laid_digest(before: str, overlay: str) -> str:
    return hashlib.sha256((before + overlay).encode()).hexdigest()


def _digests(checksums: dict[str, str], layout: schema.Layout) -> tuple[str, str]:
    """Return the digest of a build, and that of its structures.

    Those of a released version are the same, whether it is stored in full or laid over the files of its base.
    """
    released = DIGESTS[layout.on_hub]
    if layout.base is not None and all(checksums[name] == released.get(name) for name in layout.parts):
        before, structures = _digests(DIGESTS[layout.base.resource], layout.base)
        return _laid_digest(before, DIGESTS[RESOURCE][layout.overlay]), structures
    digest = hashlib.sha256("".join(checksums[name] for name in layout.parts).encode()).hexdigest()
    return digest, digest


@lru_cache(maxsize=8)
def _verified(folder: Path, _stamps: tuple[tuple[int, int, int], ...], name: str) -> Store:
    """Return the build in `folder` in the version that its files are of."""
    import pyarrow as pa

    layout = schema.layout(name)
    expected = _read_checksums(folder / CHECKSUMS)
    files = []
    for name in layout.parts:
        path = folder / name
        content = path.read_bytes()
        if name not in expected:
            raise DatasetError(f"{folder / CHECKSUMS} has no line for {name}; {_WAY_OUT}")
        found = hashlib.sha256(content).hexdigest()
        if found != expected[name]:
            pointer = lfs_hint(content)
            if pointer:
                raise DatasetError(f"{path} {pointer}")
            raise DatasetError(
                f"{path} is damaged or was changed: its sha256 is {found[:12]}…, {CHECKSUMS} says "
                f"{expected[name][:12]}…; {_WAY_OUT}"
            )
        files.append(_open_part(path, pa.py_buffer(content), layout.name))
    versions = {_version(file) for file in files}
    if len(versions) > 1:
        raise DatasetError(f"the files in {folder} are of different builds ({', '.join(sorted(versions))}); {_WAY_OUT}")
    version = versions.pop()
    layout = schema.layout(layout.name, _number(version))
    digest, structures = _digests(expected, layout)
    store = Store(
        folder, files, layout=layout, version=version, digest=digest, checksums=expected, structures=structures
    )
    if len(set(store.column("entry_id"))) != store.n_rows:
        raise DatasetError(f"an entry_id occurs twice in the dataset at {folder}; {_WAY_OUT}")
    return store


def _read_checksums(path: Path) -> dict[str, str]:
    """Read ``<sha256>  <file>`` lines, as ``sha256sum`` writes them."""
    checksums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        digest, _, name = line.partition(" ")
        if len(digest) != 64 or not name.strip():
            raise DatasetError(f"{path}, line {number}: {line!r} is not '<sha256>  <file>'; {_WAY_OUT}")
        checksums[name.strip().lstrip("*")] = digest.lower()
    return checksums


def _open_part(path: Path, content: pa.Buffer, name: str) -> pq.ParquetFile:
    """Open one Parquet file of the dataset `name` and check the version in its metadata and its columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path} is no readable Parquet file ({error}); {_WAY_OUT}") from None
    found = file.schema_arrow
    version = _version(file)
    known = [one.version for one in (*schema.LAYOUTS, *schema.EARLIER) if one.name == name]
    if _number(version) not in known:
        raise DatasetError(
            f"{path} holds dataset version {version}, this embench reads {' and '.join(known)}; "
            "install the embench-barriers that belongs to it, or write the dataset again with embench build"
        )
    wanted = schema.arrow_schema(of=schema.layout(name, _number(version)))
    if not found.equals(wanted, check_metadata=False):
        missing = [name for name in wanted.names if name not in found.names]
        # One that differs in type is named as it is in the file.
        strange = [f"{field.name} ({field.type})" for field in found if not _same(field, wanted)]
        raise DatasetError(
            f"{path} has other columns than this embench: missing {', '.join(missing) or 'none'}, unexpected "
            f"{', '.join(strange) or 'none'}; {_WAY_OUT}"
        )
    return file


def _version(file: pq.ParquetFile) -> str:
    metadata = file.schema_arrow.metadata or {}
    return str(metadata.get(b"embench.dataset_version", b"none").decode())


def _number(version: str) -> str:
    """Return a version without what marks a build with the authors' complete file: that has the same columns."""
    return version.partition("+")[0]


def _same(field: pa.Field, wanted: pa.Schema) -> bool:
    position = wanted.get_field_index(field.name)
    return position >= 0 and bool(field.equals(wanted.field(position)))


def read_only(array: AnyArray) -> AnyArray:
    """Return a view of `array` that nobody can make writeable again, as the owner of the memory could be."""
    array.flags.writeable = False
    return array.view()


def _scalars(data: pa.ChunkedArray, spec: schema.Column) -> AnyArray:
    """Return a scalar column as a read-only array (rows,); its dtype follows the schema, not the nulls."""
    if spec.scalar in _NUMBERS and not (spec.nullable and spec.scalar == "int16"):
        chunks = [_numbers(chunk, spec.scalar) for chunk in data.chunks]
        return read_only(np.concatenate(chunks) if chunks else np.empty(0, dtype=_NUMBERS[spec.scalar]))
    array = np.empty(len(data), dtype=np.bool_ if spec.scalar == "bool" and not spec.nullable else object)
    array[:] = data.to_pylist()
    return read_only(array)


def _nested(data: pa.ChunkedArray, spec: schema.Column) -> tuple[Any, ...]:
    """Return a list column as a tuple (rows): read-only arrays of the shape in the schema, None for null."""
    if spec.scalar == "string":
        return tuple(None if names is None else tuple(names) for names in data.to_pylist())
    values: list[AnyArray | None] = []
    for chunk in data.chunks:
        flat = chunk.values
        for _ in spec.shape[1:]:
            flat = flat.values
        numbers = read_only(_numbers(flat, spec.scalar)).reshape(-1, *spec.shape[1:])
        ends = _numbers(chunk.offsets, "int32").tolist()
        values += [
            numbers[start:stop] if present else None
            for start, stop, present in zip(ends[:-1], ends[1:], _valid(chunk).tolist(), strict=True)
        ]
    return tuple(values)


_NUMBERS = {"float64": np.float64, "int16": np.int16, "int32": np.int32}


def _numbers(array: pa.Array, scalar: str) -> AnyArray:
    """Copy an Arrow array of numbers, NaN for null.

    Its buffers are read directly: the conversions of pyarrow import pandas (where that is installed) and
    pyarrow.compute, which takes longer than all the rest of an evaluation.
    """
    buffer = array.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype=_NUMBERS[scalar])
    numbers = np.frombuffer(buffer, dtype=_NUMBERS[scalar])[array.offset : array.offset + len(array)].copy()
    if array.null_count:
        numbers[~_valid(array)] = np.nan
    return numbers


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which values of an Arrow array are not null, from its bitmap."""
    if not array.null_count:
        return np.ones(len(array), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], dtype=np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)

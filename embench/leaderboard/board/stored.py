"""Documents that the cache keeps: the one place where what JSON gives back gets the type of a document.

The key of a result holds the digest of the code that made it, and its file a checksum; a result of other names, which
code of another shape has left under the same key, counts as missing. Checksums tell what was damaged, not what was
forged: a cache is trusted as much as whoever may write to its folder, and no board that is published comes from one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from embench.common.cache import ResultCache
from embench.errors import StaleFileError
from embench.leaderboard.board.documents import BoardDocument

Document = TypeVar("Document")


def read_stored(cache: ResultCache, key: str, kind: type[Document]) -> Document | None:
    """Return what `cache` keeps under `key`; None where that is missing, damaged or no document of this `kind`."""
    found = cache.read(key)
    if found is None:
        return None
    # The names in the class itself and in those that it extends. __required_keys__ does not see through annotations
    # that are kept as text.
    required = {name for name, annotation in kind.__annotations__.items() if "NotRequired" not in str(annotation)}
    return cast(Document, found) if required <= found.keys() <= kind.__annotations__.keys() else None


def write_stored(cache: ResultCache, key: str, document: Document) -> None:
    """Keep a document in `cache`."""
    cache.write(key, cast(dict[str, object], document))


def get_stored(cache: ResultCache, key: str, kind: type[Document], compute: Callable[[], Document]) -> Document:
    """Return what `cache` keeps under `key`; otherwise compute it and keep it."""
    found = read_stored(cache, key, kind)
    if found is None:
        found = as_json(compute())
        write_stored(cache, key, found)
    return found


def as_json(document: Document) -> Document:
    """Return a document as JSON gives it back: a fresh one must not differ from a stored one."""
    return cast(Document, json.loads(json.dumps(document)))


def read_board(path: Path) -> BoardDocument:
    """Return the board that is written in a file, ``leaderboard.json``.

    Raises :class:`~embench.errors.StaleFileError` where there is none, or it is no board of this embench.
    """
    way_out = "build it with embench leaderboard build"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StaleFileError(f"cannot read {path}: {error.strerror}; {way_out}") from None
    except ValueError as error:
        raise StaleFileError(f"{path} is no JSON ({error}); {way_out}") from None
    missing = [name for name in BoardDocument.__annotations__ if not isinstance(found, dict) or name not in found]
    if missing:
        raise StaleFileError(f"{path} is no board of this embench (it lacks {', '.join(missing)}); {way_out}")
    return cast(BoardDocument, found)

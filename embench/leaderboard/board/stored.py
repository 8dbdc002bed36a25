"""Documents that the cache keeps: the one place where what JSON gives back gets the type of a document.

The key of a result holds the digest of the code that made it, and its file a checksum; a result of other names, which
code of another shape has left under the same key, counts as missing. Checksums tell what was damaged, not what was
forged: a cache is trusted as much as whoever may write to its folder, and no board that is published comes from one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar, cast

from embench.common.cache import ResultCache

Document = TypeVar("Document")


def read_stored(cache: ResultCache, key: str, kind: type[Document]) -> Document | None:
    """Return what `cache` keeps under `key`; None where that is missing, damaged or no document of this `kind`."""
    found = cache.read(key)
    # The names in the class itself and in those that it extends: all of them are required.
    return cast(Document, found) if found is not None and found.keys() == kind.__annotations__.keys() else None


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

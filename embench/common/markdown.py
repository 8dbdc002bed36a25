"""Pages in Markdown that commands generate: a text with named places, filled with tables and numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from embench.errors import OutputError


def fill_page(package: str, name: str, values: Mapping[str, object]) -> str:
    """Return the text file `name` of `package` with each ``$key`` replaced by its value.

    Raises ``KeyError`` for a place without a value.
    """
    from importlib.resources import files
    from string import Template

    return Template(files(package).joinpath(name).read_text(encoding="utf-8")).substitute(values)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, left: Collection[str] = ()) -> str:
    """Return a table; columns are aligned to the right except the first and those named in `left`."""
    marks = [":---" if name in left or name == header[0] else "---:" for name in header]
    lines = [header, marks, *([str(cell).replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def between_marks(page: Path, begin: str, end: str, content: str) -> str:
    """Return the text of `page` with `content` between the lines `begin` and `end`, in place of what is there.

    Raises :class:`~embench.errors.OutputError` where the page cannot be read or does not have each mark once.
    """
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot read {page}: {error.strerror}") from error
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise OutputError(f"{page} has no place for the table: it needs the lines {begin!r} and {end!r}, once each")
    before, rest = text.split(begin)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}"


# What means something in Markdown, and, for `<` and `&`, in the HTML that it may hold. The table escapes `|` itself.
_MARKUP = re.compile(r"[\\`*_\[\]<>&~$#!]")


def escape(text: str) -> str:
    """Return text that a stranger wrote so that a page in Markdown shows it as it is, in one line."""
    named = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return _MARKUP.sub(lambda found: named.get(found[0], f"\\{found[0]}"), " ".join(text.split()))

"""The scripts and styles of the site: all our own, nothing from elsewhere."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embench._version import DATASET_VERSION, __version__
from embench.common.files import write_text
from embench.errors import HubError, OutputError
from embench.hub.about import CODE_URL, HUB_URL, LICENCE_URL, SITE_URL
from embench.leaderboard.site.pictures import write_icons
from embench.release.references import bibtex, read_references
from embench.web.palette import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment, Template

CITATION = Path(__file__).parents[3] / "CITATION.cff"

ENTRY_SCRIPTS = ("structure.js", "exports.js", "viewer.js", "plot.js", "entry.js")
"""The scripts of the pages of entries, in the order in which they run: those pages load them as one file."""

# Of those, what other pages load as well.
_ALONE = {"plot.js"}

# Text whose spaces are seen, or are no spaces of the page.
_VERBATIM = re.compile(r"(<(?:pre|script|textarea)\b.*?</(?:pre|script|textarea)>)", re.DOTALL)

_LEFT_OUT = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<=\n)\s+(?=[<{]|\Z)",
        r"</t[dh]>\s*(?=<t[dh]\b|</tr>)",
        r"</tr>\s*(?=<tr\b|</t(?:head|body|able)>)",
        r"</t(?:head|body)>\s*(?=<tbody\b|</table>)",
        r"</option>\s*(?=<opt(?:ion|group)\b|</(?:optgroup|select)>)",
    )
)
"""What :func:`slim` leaves out, in this order: spaces at the starts of lines of markup, and end tags."""

NAVIGATION = (
    ("leaderboard", "Leaderboard", "index.html"),
    ("entries", "Entries", "entries.html"),
    ("method", "Method", "method.html"),
    ("score", "Score a file", "score.html"),
    ("predict", "Predict", "predict.html"),
    ("submit", "How to submit", "method.html#submit"),
)
"""The pages that every page links to: key, title, address from the top of the site."""


def environment() -> Environment:
    """Return the environment of the site's templates; what they print is escaped.

    A page extends ``base.html.j2``, fills the blocks ``title``, ``content`` and ``scripts``, and is given `root`, the
    relative path from the page to the top of the site (``""`` or ``"../"``), and `page`, its key in
    :data:`NAVIGATION`. Templates and macros that all pages share are found as well.

    Raises :class:`~embench.errors.MissingDependencyError` where jinja2 is not installed.
    """
    from embench.web.libraries import environment as report_environment

    found = report_environment("embench.leaderboard.site")
    found.globals.update(
        navigation=NAVIGATION,
        embench_version=__version__,
        dataset_version=DATASET_VERSION,
        site_url=SITE_URL,
        code_url=CODE_URL,
        data_url=HUB_URL,
        licence_url=LICENCE_URL,
        bibtex=_bibtex(),
    )
    found.filters["web_address"] = web_address
    return found


def _bibtex() -> str:
    """Return the papers to cite as BibTeX; nothing where this embench was installed without its citation file."""
    try:
        return bibtex(read_references(CITATION))
    except HubError:
        return ""


def web_address(text: str | None) -> str | None:
    """Return `text` where it is an address that a page may link to: http or https, with a host; None otherwise."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or any(c.isspace() for c in text):
        return None
    return text


def write_assets(folder: Path) -> None:
    """Write what all pages share to `folder`: styles, scripts, icons.

    The scripts of the pages of entries go into one file, ``entry-page.js``.

    Raises
    ------
    MissingDependencyError
        jinja2 or Pillow is not installed.
    OutputError
        `folder` cannot be written.
    """
    write_icons(folder)
    style = environment().get_template("site.css.j2").render(light=css_variables(LIGHT), dark=css_variables(DARK))
    write_text(folder / "site.css", style)
    texts = {
        source.name: source.read_text(encoding="utf-8")
        for source in sorted(files("embench.leaderboard.site").joinpath("static").iterdir(), key=lambda path: path.name)
        if source.is_file() and not source.name.startswith(".")
    }
    for name, text in texts.items():
        if name not in ENTRY_SCRIPTS or name in _ALONE:
            write_text(folder / name, text)
    write_text(folder / "entry-page.js", "".join(texts[name] for name in ENTRY_SCRIPTS))


def write_data(path: Path, name: str, value: object) -> None:
    """Write plain data as a script that hands it to the pages under `name`: the same data gives the same bytes.

    A page from ``file://`` may load scripts, but it may not fetch files.
    """
    write_text(path, f"embench.data({script_json(name)}, {script_json(value)});\n")


def write_packed(path: Path, name: str, value: object) -> None:
    """Write plain data as :func:`write_data` does, packed: for much text that few readers ask for."""
    write_data(path, name, packed(value))


def packed(value: object) -> str:
    """Return plain data as JSON, packed by gzip and base64: the function `unpack` of the pages reads it."""
    # Without a time of its own, so that the same data gives the same bytes.
    return base64.b64encode(gzip.compress(_json(value).encode(), 9, mtime=0)).decode()


class Packing:
    """Packs many values that say much the same: what they share is packed once.

    Each continues one gzip stream, whose :attr:`start` holds `examples`, line by line: what a value repeats of them
    costs a few bits. `unpack` of the pages is given the start as well and returns the last line.
    """

    def __init__(self, examples: Iterable[object]) -> None:
        self._stream = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
        text = "".join(f"{_json(example)}\n" for example in examples)
        found = self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        self.start = base64.b64encode(found).decode()

    def packed(self, value: object) -> str:
        """Return plain data as JSON, packed by gzip after the start, and base64."""
        stream = self._stream.copy()
        return base64.b64encode(stream.compress(_json(value).encode()) + stream.flush()).decode()


def slim(page: str) -> str:
    """Return a page without indentation and without the end tags that browsers add by themselves.

    The latter are those in tables and lists of options that the standard calls optional (HTML, section 13.1.2.4): what
    a browser makes of the page stays the same.
    """
    parts = _VERBATIM.split(page)
    for place in range(0, len(parts), 2):
        for left_out in _LEFT_OUT:
            parts[place] = left_out.sub("", parts[place])
    return "".join(parts)


def write_page(path: Path, template: Template, context: Mapping[str, object]) -> None:
    """Write a page of the site, slim.

    Not by :func:`~embench.common.files.write_text`, which waits for the disk each time: there are hundreds of pages,
    and the site as a whole takes the place of the old one only when all of it is there.

    Raises :class:`~embench.errors.OutputError` where it cannot be written.
    """
    write_quickly(path, slim(template.render(context)).encode())


def write_quickly(path: Path, content: bytes) -> None:
    """Write a file of a site that nobody reads yet; raises as :func:`write_page`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def script_json(value: object) -> str:
    """Return plain data as JSON that may stand in a script, whatever the texts in it."""
    text = _json(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text

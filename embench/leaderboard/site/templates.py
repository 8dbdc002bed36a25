"""What the templates of the site share."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embench._version import DATASET_VERSION, __version__

if TYPE_CHECKING:
    from jinja2 import Environment

NAVIGATION = (
    ("leaderboard", "Leaderboard", "index.html"),
    ("entries", "Entries", "entries.html"),
    ("method", "Method", "method.html"),
    ("submit", "How to submit", "method.html#submit"),
)
"""The pages that every page links to: key, title, address from the top of the site."""


def environment() -> Environment:
    """Return the environment of the site's templates; what they print is escaped.

    A page extends ``base.html.j2``, fills the blocks ``title``, ``content`` and ``scripts``, and is given `root`, the
    relative path from the page to the top of the site (``""`` or ``"../"``), and `page`, its key in
    :data:`NAVIGATION`. Templates and macros of the HTML report are found as well.

    Raises :class:`~embench.errors.MissingDependencyError` where jinja2 is not installed.
    """
    from embench.report.html.libraries import environment as report_environment

    found = report_environment("embench.leaderboard.site")
    found.globals.update(navigation=NAVIGATION, embench_version=__version__, dataset_version=DATASET_VERSION)
    found.filters["web_address"] = web_address
    return found


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

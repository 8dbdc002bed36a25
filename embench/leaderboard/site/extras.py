"""What a site needs beside its pages: changelog and feed, the page for wrong addresses, the map for search engines."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote
from xml.sax.saxutils import escape

from embench._version import DATASET_VERSION
from embench.common.files import write_text
from embench.errors import MissingDependencyError
from embench.hub.about import HUB_URL, PUBLISHED, SITE_URL
from embench.leaderboard.site.assets import environment, write_page

if TYPE_CHECKING:
    from markupsafe import Markup

    from embench.leaderboard.board import Board
    from embench.leaderboard.board.documents import BoardDocument

_CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"


class Item(TypedDict):
    """Something new: a system, or a version of the dataset. `date` is YYYY-MM-DD, or a part of that."""

    title: str
    link: str
    text: str
    date: str


class ChangelogContext(TypedDict):
    """What ``changelog.html.j2`` is given; `versions` is CHANGELOG.md as HTML, None where it is not installed."""

    root: str
    page: str
    items: list[Item]
    versions: Markup | None


def write_extras(board: Board, folder: Path) -> None:
    """Write changelog, feed, ``404.html``, ``sitemap.xml``, ``robots.txt`` and ``.nojekyll`` to `folder`.

    The map names every page that is in `folder`, so this comes last.

    Raises
    ------
    MissingDependencyError
        jinja2 or markdown-it-py is not installed.
    OutputError
        `folder` cannot be written.
    """
    items = news(board.content)
    templates = environment()
    context = ChangelogContext(root="", page="changelog", items=items, versions=_versions())
    write_page(folder / "changelog.html", templates.get_template("changelog.html.j2"), context)
    # A wrong address may lie in any folder, so that this page links from the top of the site.
    write_page(folder / "404.html", templates.get_template("404.html.j2"), {"root": SITE_URL, "page": "404"})
    write_text(folder / "feed.xml", feed(items))
    write_text(folder / "robots.txt", f"User-agent: *\nAllow: /\nSitemap: {SITE_URL}sitemap.xml\n")
    # GitHub Pages must not read the pages as sources of Jekyll.
    write_text(folder / ".nojekyll", "")
    pages = (path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    write_text(folder / "sitemap.xml", sitemap(pages))


def news(content: BoardDocument) -> list[Item]:
    """Return what is new, newest first: every system by its date, and the version of the dataset."""
    found: list[Item] = [
        {
            "title": f"New system: {card['name']}",
            "link": f"submissions/{quote(slug)}.html",
            "text": card["description"],
            "date": card["date"],
        }
        for slug, card in sorted(content["submissions"].items())
    ]
    title = f"Dataset {DATASET_VERSION}"
    found.append({"title": title, "link": HUB_URL, "text": "The dataset and its fixed splits.", "date": PUBLISHED})
    return sorted(found, key=lambda item: item["date"], reverse=True)


def feed(items: Iterable[Item]) -> str:
    """Return the news as RSS 2.0 (https://www.rssboard.org/rss-specification)."""
    entries = []
    for item in items:
        link = item["link"] if item["link"].startswith("https:") else f"{SITE_URL}{item['link']}"
        year, month, day = (*(int(part) for part in item["date"].split("-")), 1, 1)[:3]
        published = format_datetime(datetime.datetime(year, month, day, tzinfo=datetime.UTC))
        entries.append(
            f"<item><title>{escape(item['title'])}</title><link>{escape(link)}</link>"
            f'<guid isPermaLink="false">{escape(item["title"])} {escape(item["date"])}</guid>'
            f"<pubDate>{published}</pubDate><description>{escape(item['text'])}</description></item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>embench</title>'
        f"<link>{SITE_URL}</link><description>New systems on the leaderboard of ionic migration barriers, and new "
        "versions of its dataset.</description>\n" + "\n".join(entries) + "\n</channel></rss>\n"
    )


def sitemap(pages: Iterable[str]) -> str:
    """Return the map of the site (https://www.sitemaps.org); pages called index.html are known by their folder."""
    addresses = sorted(page.removesuffix("index.html") for page in pages if page != "404.html")
    lines = "\n".join(f"<url><loc>{escape(SITE_URL + quote(address))}</loc></url>" for address in addresses)
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return f"{start}\n{lines}\n</urlset>\n"


def _versions() -> Markup | None:
    """Return the changelog of the code as HTML; None where this embench was installed without it."""
    from markupsafe import Markup

    try:
        from markdown_it import MarkdownIt
    except ModuleNotFoundError as error:
        raise MissingDependencyError("markdown-it-py", "leaderboard", "the changelog of the site") from error
    try:
        text = _CHANGELOG.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    # "js-default" lets no HTML through. The title is that of the page.
    return Markup(MarkdownIt("js-default").render(text.partition("\n")[2]))

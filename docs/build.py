"""Build the documentation: ``python -m docs.build OUT`` gathers its sources in ``OUT/source`` and runs Sphinx on them.

The pages lie in several places: most in ``docs/``, notebooks in ``examples/``, and some, such as CONTRIBUTING.md,
where people look for them. Links are written so that they work in the repository. Gathering brings everything into one
folder, makes the parts that are generated, and turns links: to what is a page into a link to that page, to any other
file of the repository into its address on the web. A link to what is not there ends the build.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from docs import figures, generated
from embench.hub import about

REPOSITORY = Path(__file__).parent.parent

# Pages that lie outside of docs/, by their path in the repository: where they are in the documentation.
ELSEWHERE = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "leaderboard/leaderboard.md": "leaderboard.md",
    "leaderboard/README.md": "leaderboard-maintainers.md",
}

_LINK = re.compile(r"(?<!\\)(\]\()([^()\s]+)(\))")
_FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
# A picture from another site: readers of the documentation get its text, and no site learns that they read.
_BADGE = re.compile(r"!\[([^\]]+)\]\(https?://[^)]+\)")
_MARK = re.compile(r"^<!-- made by docs/(generated|figures)\.py: (\w+) -->$", re.MULTILINE)


class DeadLinkError(Exception):
    """A page links to what is not there."""


def pages() -> dict[str, str]:
    """Return where each page is in the documentation, by its path in the repository."""
    own = {f"docs/{path.name}": path.name for path in sorted((REPOSITORY / "docs").glob("*.md"))}
    notebooks = {
        f"examples/{path.name}": f"tutorials/{path.name}" for path in sorted(REPOSITORY.glob("examples/*.ipynb"))
    }
    return {**own, **notebooks, **ELSEWHERE}


def gather(source: Path) -> None:
    """Write the sources of the documentation to the folder `source`, which is emptied first.

    Raises :class:`DeadLinkError` for links to files that the repository lacks, with all of them.
    """
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    where = pages()
    dead: list[str] = []
    for origin, name in where.items():
        text = (REPOSITORY / origin).read_text(encoding="utf-8")
        text = _BADGE.sub(r"[\1]", _MARK.sub(_made, text))
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(turned(text, origin, where, dead), encoding="utf-8")
    for name, text in generated.api_pages().items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    for path in (REPOSITORY / "docs").iterdir():
        if path.name == "conf.py" or path.suffix in (".svg", ".csv"):
            shutil.copy(path, source)
        elif path.is_dir() and path.name != "__pycache__":
            shutil.copytree(path, source / path.name)
    if dead:
        raise DeadLinkError("\n".join(dead))


def _made(match: re.Match[str]) -> str:
    maker: Callable[[], str] = getattr({"generated": generated, "figures": figures}[match[1]], match[2])
    return maker()


def turned(text: str, origin: str, where: dict[str, str], dead: list[str]) -> str:
    """Return a page with its links turned, outside of blocks of code; what links to nothing is added to `dead`."""

    def link(match: re.Match[str]) -> str:
        target, _, anchor = match[2].partition("#")
        if not target or ":" in target.partition("/")[0]:
            return match[0]
        found = _address(target, origin, where)
        if found is None:
            dead.append(f"{origin}: there is no {target}")
            return match[0]
        return f"{match[1]}{found}{'#' + anchor if anchor else ''}{match[3]}"

    parts, start = [], 0
    for block in _FENCED.finditer(text):
        inside = block[0].startswith(("```{", "~~~{"))  # a directive of Sphinx holds text, not code
        parts += [_LINK.sub(link, text[start : block.start()]), _LINK.sub(link, block[0]) if inside else block[0]]
        start = block.end()
    return "".join([*parts, _LINK.sub(link, text[start:])])


def _address(target: str, origin: str, where: dict[str, str]) -> str | None:
    """Return where a link of the page `origin` leads in the documentation, or None where it leads to nothing."""
    path = os.path.normpath(PurePosixPath(origin).parent / target)
    here = PurePosixPath(where[origin]).parent
    if path in where:
        return os.path.relpath(where[path], here)
    if origin.startswith("docs/") and (path.removeprefix("docs/") in generated.api_pages()):
        return target
    found = REPOSITORY / path
    if path.startswith("..") or not found.exists():
        return None
    if path.startswith("docs/") and found.suffix in (".svg", ".png"):
        return os.path.relpath(path.removeprefix("docs/"), here)
    return f"{about.CODE_URL}/{'tree' if found.is_dir() else 'blob'}/main/{path}"


def main(arguments: list[str] | None = None) -> int:
    """Build the documentation and return the exit code of Sphinx, whose warnings count as errors."""
    parser = argparse.ArgumentParser(prog="python -m docs.build", description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="folder for the pages")
    parser.add_argument("--links", action="store_true", help="follow the links to other sites, which needs a network")
    given = parser.parse_args(arguments)
    from sphinx.cmd.build import main as sphinx

    out: Path = given.out
    try:
        gather(out / "source")
    except DeadLinkError as error:
        print(f"error: dead links\n{error}", file=sys.stderr)
        return 1
    builder = "linkcheck" if given.links else "html"
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--builder", builder]
    return sphinx([*options, "--doctree-dir", str(out / "doctrees"), str(out / "source"), str(out / builder)])


if __name__ == "__main__":
    sys.exit(main())

"""The papers and licence notices that the card shows, read from ``CITATION.cff`` and ``LICENSE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embench.errors import HubError


def read_references(citation_file: Path) -> list[dict[str, Any]]:
    """Return the references of a ``CITATION.cff``.

    Raises :class:`~embench.errors.HubError` where it is missing or no such file.
    """
    import yaml

    try:
        return list(yaml.safe_load(citation_file.read_text(encoding="utf-8"))["references"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError) as error:
        raise HubError(f"{citation_file} holds no references ({error!r}); restore it from the repository") from None


def listed(references: list[dict[str, Any]]) -> str:
    """Return the references as a list in Markdown."""
    lines = []
    for paper in references:
        where = f"{paper['journal']}, {paper['year']}" if "journal" in paper else str(paper["year"])
        lines.append(f"- {_names(paper, ', ')}. [{paper['title']}]({_url(paper)}) ({where}): {paper['notes']}.")
    return "\n".join(lines)


def bibtex(references: list[dict[str, Any]]) -> str:
    """Return the references as BibTeX."""
    return "\n\n".join(_bibtex(paper) for paper in references)


def _bibtex(paper: dict[str, Any]) -> str:
    author = paper["authors"][0]["family-names"].lower().replace(" ", "")
    first_word = next(word for word in paper["title"].lower().split() if len(word) > 3)
    fields = {"author": _names(paper, " and "), "title": f"{{{paper['title']}}}", "year": str(paper["year"])}
    fields |= {name: str(paper[name]) for name in ("journal", "doi") if name in paper}
    fields |= {"url": _url(paper), "note": paper["notes"]}
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items()]
    kind = "article" if "journal" in paper else "misc"
    return f"@{kind}{{{author}{paper['year']}{first_word},\n" + ",\n".join(lines) + "\n}"


def _names(paper: dict[str, Any], separator: str) -> str:
    return separator.join(f"{person['given-names']} {person['family-names']}" for person in paper["authors"])


def _url(paper: dict[str, Any]) -> str:
    return f"https://doi.org/{paper['doi']}" if "doi" in paper else str(paper["url"])


def licence_notices(licence_file: Path) -> str:
    """Return the copyright notices in a licence file as a list in Markdown."""
    try:
        lines = licence_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise HubError(f"cannot read {licence_file}: {error.strerror}; restore it from the repository") from None
    return "\n".join(f"- {line}" for line in lines if "Copyright (c)" in line)

"""The kinds of text and numbers that a description is made of, each with what it refuses. Imports pydantic."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from embench.evaluation.submission_folder import FILE_NAME
from embench.leaderboard.submission.looks import address_problem, hidden_character

_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]*)\s*:\s*//", re.IGNORECASE)
_SCRIPT = re.compile(r"\b(javascript|vbscript|data|file|blob)\s*:", re.IGNORECASE)
_WEB = re.compile(r"https?://[^\s<>\"'`{}|\\^]+", re.IGNORECASE)
_AFTER_ADDRESS = ".,;:)"
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI = re.compile(r"\bdoi:\s*(10\.\d{4,9}/[A-Za-z0-9._;()/:-]+)", re.IGNORECASE)
_ARXIV = re.compile(r"\barXiv:\s*(\d{4}\.\d{4,5}(?:v\d+)?)", re.IGNORECASE)


def _printable(text: str) -> str:
    hidden = hidden_character(text)
    if hidden:
        raise ValueError(f"holds the {hidden}; remove it")
    return text


def _one_line(text: str) -> str:
    if "\n" in _printable(text):
        raise ValueError("has more than one line; write it in one")
    return text


def _name(text: str) -> str:
    if not any(character.isalnum() for character in _one_line(text)):
        raise ValueError("has no letter or digit; give it a name that can be read")
    return text


def _reference(text: str) -> str:
    """Refuse addresses that a browser would not open as a web page."""
    _one_line(text)
    schemes = {found.casefold() for found in _SCHEME.findall(text)} - {"http", "https"}
    if schemes or _SCRIPT.search(text):
        raise ValueError("holds an address that is no web page; give one that starts with https://")
    for address in _WEB.findall(text):
        problem = address_problem(address.rstrip(_AFTER_ADDRESS))
        if problem:
            raise ValueError(f"holds an address that {problem}")
    return text


def _web_address(text: str) -> str:
    """Refuse what is not one address of a web page that others can reach, and nothing else."""
    if not _WEB.fullmatch(_reference(text)) or text[-1] in _AFTER_ADDRESS:
        raise ValueError("is no address alone; write https://... and nothing else")
    return text


def _orcid(text: str) -> str:
    """Refuse what is no ORCID iD: its last sign is a checksum of the others (ISO 7064, mod 11-2)."""
    if not _ORCID.fullmatch(text):
        raise ValueError("is no ORCID iD; write it as 0000-0002-1825-0097, without an address")
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if text[-1] != ("X" if check == 10 else str(check)):
        raise ValueError("has a wrong last sign (its checksum): correct the ORCID iD")
    return text


def _licence(text: str) -> str:
    """Refuse what is no SPDX expression in the spelling of SPDX, such as MIT or Apache-2.0 OR MIT."""
    try:
        spelled = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        raise ValueError(
            "is no SPDX licence; write its identifier (https://spdx.org/licenses), such as MIT, Apache-2.0 or "
            "CC-BY-4.0, or LicenseRef-NAME for one that has none"
        ) from None
    if spelled != text:
        raise ValueError(f"is spelled {spelled} by SPDX; write that")
    return text


def _date(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        raise ValueError("is no date; write YYYY-MM-DD, YYYY-MM or YYYY")
    try:
        datetime.date.fromisoformat(text + "-01" * (2 - text.count("-")))
    except ValueError:
        raise ValueError("is no day of the calendar; write YYYY-MM-DD, YYYY-MM or YYYY") from None
    return text


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return `values`; raises ValueError where one is there twice."""
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"names {twice[0]!r} twice; name everybody once")
    return values


def _line(most: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=most)


Line = Annotated[str, _line(200), AfterValidator(_one_line)]
ShortLine = Annotated[str, _line(80), AfterValidator(_one_line)]
Name = Annotated[str, _line(80), AfterValidator(_name)]
Text = Annotated[str, _line(2000), AfterValidator(_printable)]
Reference = Annotated[str, _line(500), AfterValidator(_reference)]
Date = Annotated[str, StringConstraints(min_length=4, max_length=10), AfterValidator(_date)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME, max_length=100)]
Address = Annotated[str, _line(500), AfterValidator(_web_address)]
Orcid = Annotated[str, StringConstraints(max_length=40), AfterValidator(_orcid)]
Licence = Annotated[str, _line(200), AfterValidator(_licence)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class Strict(BaseModel):
    """A part of a description: what it does not know is refused, and nothing is converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True)


def web_address(text: str | None) -> str | None:
    """Return the address of a web page that `text` names or refers to; nothing else can become a link."""
    if text is None:
        return None
    if found := _WEB.search(text):
        return found.group().rstrip(_AFTER_ADDRESS)
    if found := _DOI.search(text):
        return f"https://doi.org/{found[1].rstrip('.,;:)')}"
    if found := _ARXIV.search(text):
        return f"https://arxiv.org/abs/{found[1]}"
    return None

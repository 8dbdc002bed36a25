"""What a text looks like: two names that a reader cannot tell apart have one skeleton.

The idea is that of Unicode Technical Standard 39 (section 4, confusable detection); the tables here are short: letters
of other scripts that are drawn as Latin ones, and what has no shape of its own.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import urlsplit

# Not of category Cf, and yet nothing is drawn: joiners, fillers of Hangul and Khmer, an empty Braille cell.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_CATEGORIES = {"Cc": "control", "Cs": "control", "Cf": "invisible", "Cn": "unassigned", "Co": "private"}
_SEPARATORS = {"Zl", "Zp"}
# Letters of Cyrillic, Greek and Armenian that are drawn as Latin ones; capitals first, whose small letters are not.
_CAPITALS = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u051a\u051c"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABESIJKMHOPCTYXQWABEZHIKMNOPTYX",
)
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0433\u043f\u0442\u043c\u043a\u0432\u043d"
    "\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba\u03c4\u03c5\u03c7\u03b3\u03b7"
    "\u0585\u057d\u0570\u0578\u058101i|",
    "aeopcyxljshdqwrntmkbhaopvlktuxynouhngolll",
)
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")

_WELL_KNOWN = (
    "arxiv.org",
    "codeberg.org",
    "doi.org",
    "github.com",
    "gitlab.com",
    "huggingface.co",
    "materialsproject.org",
    "nature.com",
    "pypi.org",
    "zenodo.org",
)
_NOT_PUBLIC = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "onion",
)
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


def hidden_character(text: str) -> str | None:
    """Return the first character of `text` that is not drawn, as ``invisible character U+200B``; None without one."""
    for character in text:
        category = unicodedata.category(character)
        selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
        if character in _FILLERS or selector:
            return f"invisible character U+{ord(character):04X}"
        if category in _SEPARATORS or (category in _CATEGORIES and character != "\n"):
            return f"{_CATEGORIES.get(category, 'control')} character U+{ord(character):04X}"
    return None


def plain_name(name: str) -> str:
    """Return a name without what only changes how it is written: case, width, kinds of spaces and dashes."""
    return " ".join(_DASHES.sub("-", unicodedata.normalize("NFKC", name)).casefold().split())


def skeleton(name: str) -> str:
    """Return one text for all names that look like `name`."""
    latin = unicodedata.normalize("NFKC", name).translate(_CAPITALS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", plain_name(latin)) if not unicodedata.combining(c))
    return bare.translate(_ALIKE)


def address_problem(address: str) -> str | None:
    """Return why a web address is no link for strangers to follow, or None where it is one."""
    try:
        parts = urlsplit(address)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is not written as addresses are"
    if "@" in parts.netloc:
        return "holds a name or password before the host; leave out all up to the @"
    if _is_number(host):
        return "names its host by number; give its name"
    labels = tuple(host.split("."))
    if len(labels) == 1 or any(f".{host}".endswith(f".{name}") for name in _NOT_PUBLIC):
        return "leads to a machine that others cannot reach; give a public address"
    if not _HOST.fullmatch(host) or any(label.startswith("xn--") for label in labels):
        return "has a host that is not in plain letters a to z; give another address, or a DOI"
    for known in _WELL_KNOWN:
        if host == known or host.endswith(f".{known}"):
            return None
        if f".{known}." in f".{host}." or _drawn(".".join(labels[-2:])) == _drawn(known):
            return f"looks like {known} and is another host; correct it"
    return None


def _is_number(host: str) -> bool:
    """Return whether a browser reads `host` as the number of a machine, also as 127.1, 0x7f000001 or 2130706433."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        last = host.rpartition(".")[2]
        return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is not None
    return True


def _drawn(host: str) -> str:
    return skeleton(host).replace("rn", "m").replace("vv", "w").replace("cl", "d")

"""The page of the benchmarks: each script writes its own section and leaves the others as they are."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import typer

from embench.common.files import write_text

TITLE = "# Benchmarks"
OUT = typer.Option(None, "--out", help="Put the section into this page instead of printing it.")


def machine() -> str:
    """Return in words what this machine is."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show(section: str, out: Path | None) -> None:
    """Print `section`, or put it into the page `out`."""
    if out is None:
        print(section, end="")
    else:
        write_section(out, section)
        print(f"wrote {out}")


def write_section(page: Path, section: str) -> None:
    """Put `section`, which starts with its heading ``## …``, in place of the one with that heading, or at the end."""
    text = page.read_text(encoding="utf-8") if page.is_file() else f"{TITLE}\n"
    head, *sections = re.split(r"(?m)^(?=## )", text)
    heading = section.partition("\n")[0]
    kept = [old.rstrip() for old in sections]
    new = section.rstrip()
    places = [number for number, old in enumerate(kept) if old.partition("\n")[0] == heading]
    if places:
        kept[places[0]] = new
    else:
        kept.append(new)
    write_text(page, "\n\n".join([head.rstrip(), *kept]) + "\n")

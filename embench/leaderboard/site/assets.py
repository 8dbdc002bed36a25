"""The scripts and styles of the site: our own, and plotly.js as its Python package ships it; nothing from elsewhere."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from embench.files import write_text
from embench.leaderboard.site.templates import environment
from embench.report.html.libraries import plotly_js
from embench.report.html.palette import DARK, LIGHT, css_variables


def write_assets(folder: Path) -> None:
    """Write what all pages share to `folder`: styles, scripts, icon, plotly.js.

    Raises
    ------
    MissingDependencyError
        jinja2 or plotly is not installed.
    OutputError
        `folder` cannot be written.
    """
    write_text(folder / "plotly.min.js", plotly_js())
    style = environment().get_template("site.css.j2").render(light=css_variables(LIGHT), dark=css_variables(DARK))
    write_text(folder / "site.css", style)
    for source in sorted(files("embench.leaderboard.site").joinpath("static").iterdir(), key=lambda path: path.name):
        if source.is_file():
            write_text(folder / source.name, source.read_text(encoding="utf-8"))


def write_data(path: Path, name: str, value: Any) -> None:
    """Write plain data as a script that hands it to the pages under `name`: the same data gives the same bytes.

    A page from ``file://`` may load scripts, but it may not fetch files.
    """
    write_text(path, f"embench.data({script_json(name)}, {script_json(value)});\n")


def script_json(value: Any) -> str:
    """Return plain data as JSON that may stand in a script, whatever the texts in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text

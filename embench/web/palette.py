"""The colours of the pages, by the name of their CSS variable: one palette for light pages and one for dark ones.

The plots name these variables; the page resolves them when it draws. Blue to vermilion are the colours of Okabe and
Ito (https://jfly.uni-koeln.de/color/), lightened for dark pages.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "--page": "#f6f7f9",
    "--surface": "#ffffff",
    "--text": "#1b2430",
    "--muted": "#586575",
    "--rule": "#dde2e8",
    "--grid": "#e6eaef",
    "--axis": "#9aa5b1",
    "--accent": "#0b5c8f",
    "--right": "rgba(0, 114, 178, 0.07)",
    "--wrong": "rgba(213, 94, 0, 0.10)",
    "--warn": "#fff4de",
    "--warn-edge": "#b86e00",
    "--blue": "#0072b2",
    "--orange": "#e69f00",
    "--purple": "#cc79a7",
    "--sky": "#56b4e9",
    "--green": "#009e73",
    "--vermilion": "#d55e00",
    "--grey": "#77828e",
}

DARK: Mapping[str, str] = {
    "--page": "#10151b",
    "--surface": "#19212a",
    "--text": "#e7ecf1",
    "--muted": "#a3afbc",
    "--rule": "#303b47",
    "--grid": "#28323d",
    "--axis": "#6b7886",
    "--accent": "#7cc4f2",
    "--right": "rgba(86, 180, 233, 0.10)",
    "--wrong": "rgba(240, 130, 50, 0.16)",
    "--warn": "#33280f",
    "--warn-edge": "#e0a030",
    "--blue": "#4fa8e0",
    "--orange": "#f0b429",
    "--purple": "#e39bc4",
    "--sky": "#8fd0f7",
    "--green": "#35c49b",
    "--vermilion": "#f28034",
    "--grey": "#a3afbc",
}


def css_variables(colours: Mapping[str, str]) -> str:
    """Return a palette as the declarations of a CSS rule."""
    return " ".join(f"{name}: {colour};" for name, colour in colours.items())

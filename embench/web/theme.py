"""What the plots have in common. A colour is the name of a CSS variable, which the page resolves when it draws."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, TypedDict

from embench.web.wording import flag_name, formula, number, quantity

if TYPE_CHECKING:
    from embench.common.json_types import Json, JsonObject
    from embench.schema.documents import EntryDocument

# Colour and marker of each migrating ion: circles carry one charge, squares and diamonds two, triangles three, so
# that no two ions are told apart by colour alone. The colours are those of Okabe and Ito
# (https://jfly.uni-koeln.de/color/), which the common kinds of colour blindness leave distinct.
ION_MARKERS: Mapping[str, tuple[str, str]] = {
    "Li": ("--blue", "circle"),
    "Na": ("--orange", "circle"),
    "K": ("--purple", "circle"),
    "Rb": ("--sky", "circle"),
    "Mg": ("--green", "square"),
    "Ca": ("--vermilion", "diamond"),
    "Zn": ("--sky", "square"),
    "Sr": ("--purple", "diamond"),
    "Al": ("--orange", "triangle-up"),
}
_OTHER_ION = ("--grey", "cross")


class Figure(TypedDict):
    """A plot as plotly.js takes it: its traces, and its layout. What may stand in them is for plotly.js to say."""

    data: list[JsonObject]
    layout: JsonObject


def ion_marker(ion: str) -> tuple[str, str]:
    """Return colour and symbol of a migrating ion."""
    return ION_MARKERS.get(ion, _OTHER_ION)


def axis(title: str, **settings: Json) -> JsonObject:
    """Return an axis with the title `title`, which carries the unit."""
    return {
        "title": {"text": title, "standoff": 8},
        "gridcolor": "--grid",
        "zerolinecolor": "--axis",
        "linecolor": "--axis",
        "tickcolor": "--axis",
        "ticks": "outside",
        "automargin": True,
        **settings,
    }


def layout(**settings: Json) -> JsonObject:
    """Return the layout that all plots share, with `settings`."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": "--text"},
        "margin": {"l": 56, "r": 12, "t": 12, "b": 48},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": "--surface",
            "bordercolor": "--axis",
            "font": {"color": "--text", "size": 13},
            "align": "left",
        },
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
        "autosize": True,
        **settings,
    }


class PlotFrame(TypedDict):
    """Layout and axis that the plots which a script draws itself begin with."""

    frame: JsonObject
    axis: JsonObject


def plot_frame() -> PlotFrame:
    """Return the layout that all plots share, and an axis without a title."""
    return {"frame": layout(), "axis": axis("")}


def hover_text(entry: EntryDocument) -> str:
    """Return what a person sees on pointing at an entry: lines of the markup that plotly knows."""
    predicted = quantity(entry["prediction"], "eV")
    if entry["uncertainty"] is not None:
        predicted = f"{number(entry['prediction'])} ± {number(entry['uncertainty'])} eV"
    lines = [f"prediction {predicted}", f"error {quantity(entry['error'], 'eV', sign=True)}"]
    if entry["filled"]:
        lines.append("no prediction: worst reference")
    return "<br>".join([hover_pathway(entry), *map(escape, lines), *hover_flags(entry)])


def hover_pathway(entry: EntryDocument) -> str:
    """Return the lines of :func:`hover_text` that name a pathway and its target, whatever is predicted for it."""
    lines = [
        f"{entry['mobile_ion']} in {formula(entry['formula'])}, {entry['pathway'].lower()}",
        f"{entry['structure_class']}, {entry['functional']}",
        f"target {quantity(entry['target'], 'eV')}",
    ]
    return "<br>".join([f"<b>{escape(entry['entry_id'])}</b>", *map(escape, lines)])


def hover_flags(entry: EntryDocument) -> list[str]:
    """Return the lines of :func:`hover_text` that tell the flags of a pathway."""
    return [escape(f"flag: {flag_name(flag)}") for flag in entry["flags"]]


def note(x: float, y: float, text: str, side: str) -> JsonObject:
    """Return a text at a fraction of the plot's area; `side` is ``left`` or ``right``."""
    return {
        "x": x,
        "y": y,
        "xref": "x domain",
        "yref": "y domain",
        "xanchor": side,
        "yanchor": "bottom" if y < 0.5 else "top",
        "text": text,
        "showarrow": False,
        "font": {"size": 12, "color": "--muted"},
    }

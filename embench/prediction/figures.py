"""The plots of the page of a prediction, as plain data for plotly.js: the network in 3D, and the barriers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embench.web.theme import Figure, axis, layout

if TYPE_CHECKING:
    from embench.common.json_types import JsonObject
    from embench.prediction.documents import HopDocument, NetworkDocument, PredictionDocument

Floats: TypeAlias = "NDArray[np.float64]"

HOP_COLOURS = ("--blue", "--vermilion", "--green", "--purple", "--orange", "--sky", "--grey")
# Atoms up to this distance from a hop are drawn where there is no network, Å.
_AROUND = 5.0
# Atoms on an edge of the cell are drawn on all of its edges, fractional.
_EDGE = 0.02
_HEIGHT, _ROW_HEIGHT = 560, 44
_MOST_ATOMS = 2000


def figures(content: PredictionDocument) -> dict[str, Figure]:
    """Return the plots of a document by name."""
    return {"network": network_figure(content), "barriers": barrier_figure(content)}


def hop_label(hop: HopDocument) -> str:
    """Return what the legend says of a hop."""
    interval = f"{hop['low']:.2f} to {hop['high']:.2f}"
    return f"hop {hop['number'] + 1}: {hop['barrier']:.2f} eV ({interval}), {hop['length']:.2f} Å"


def network_figure(content: PredictionDocument) -> Figure:
    """Return sites, hops and framework in 3D: of one cell of the crystal, or what is around a single hop."""
    network = content["network"]
    traces = _of_network(content, network) if network is not None else _of_hops(content)
    plain: JsonObject = {"showgrid": False, "zeroline": False, "showticklabels": False, "title": {"text": ""}}
    plain = {**plain, "showbackground": False, "showspikes": False}
    scene: JsonObject = {"aspectmode": "data", "xaxis": plain, "yaxis": plain, "zaxis": plain}
    legend: JsonObject = {"orientation": "h", "x": 0, "y": 0, "yanchor": "top", "itemsizing": "constant"}
    margin: JsonObject = {"l": 0, "r": 0, "t": 0, "b": 0}
    return {
        "data": traces,
        "layout": layout(scene=scene, height=_HEIGHT, margin=margin, legend=legend, uirevision="network"),
    }


def barrier_figure(content: PredictionDocument) -> Figure:
    """Return the barrier of each hop with its interval, what is published, and the threshold of a good conductor."""
    hops = content["hops"][::-1]  # plotly fills an axis from below
    names = [f"hop {hop['number'] + 1}" for hop in hops]
    predicted: JsonObject = {
        "type": "scatter",
        "mode": "markers",
        "name": "predicted, 95 % interval",
        "x": [hop["barrier"] for hop in hops],
        "y": [*names],
        "marker": {
            "color": "--blue",
            "size": 9,
            "symbol": ["circle-open" if hop["outside"] else "circle" for hop in hops],
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [hop["high"] - hop["barrier"] for hop in hops],
            "arrayminus": [hop["barrier"] - hop["low"] for hop in hops],
            "color": "--blue",
            "thickness": 2,
            "width": 5,
        },
        "hovertext": [escape(hop_label(hop)) for hop in hops],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    known = [(f"hop {hop['number'] + 1}", each) for hop in hops for each in hop["published"]]
    published: JsonObject = {
        "type": "scatter",
        "mode": "markers",
        "name": "published",
        "x": [each["barrier"] for _, each in known],
        "y": [name for name, _ in known],
        "marker": {"color": "--vermilion", "size": 10, "symbol": "diamond"},
        "hovertext": [escape(f"{each['entry_id']}, {each['functional']}") for _, each in known],
        "hovertemplate": "%{x:.3f} eV, %{hovertext}<extra></extra>",
    }
    neb = [(f"hop {hop['number'] + 1}", found) for hop in hops if (found := hop["potential"]) is not None]
    potential: JsonObject = {
        "type": "scatter",
        "mode": "markers",
        "name": f"NEB, {neb[0][1]['potential']}" if neb else "NEB",
        "x": [found["barrier"] for _, found in neb],
        "y": [name for name, _ in neb],
        "marker": {"color": "--green", "size": 10, "symbol": "square"},
        "hovertemplate": "%{x:.3f} eV<extra></extra>",
    }
    line: JsonObject = {
        "type": "line",
        "x0": content["threshold"],
        "x1": content["threshold"],
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": "--axis", "width": 1.5, "dash": "dot"},
    }
    return {
        "data": [predicted, *([published] if known else []), *([potential] if neb else [])],
        "layout": layout(
            xaxis=axis("Migration barrier (eV)", rangemode="tozero"),
            yaxis=axis("", ticks="", showgrid=False, type="category"),
            height=_ROW_HEIGHT * len(hops) + 130,
            shapes=[line],
        ),
    }


def _of_network(content: PredictionDocument, network: NetworkDocument) -> list[JsonObject]:
    lattice, sites = np.array(network["lattice"]), np.array(network["sites"])
    traces = [_cell(lattice), *_framework(content, lattice), *_sites(content["ion"], network, sites @ lattice)]
    limiting = {hop for way in content["ways"] for hop in way["limiting"]}
    for hop in content["hops"]:
        segments = [
            np.array([sites[link["start"]], sites[link["end"]] + np.array(link["image"])]) @ lattice
            for link in network["connections"]
            if link["hop"] == hop["number"]
        ]
        traces.append(_hop(hop, segments, limits=hop["number"] in limiting))
    return traces


def _of_hops(content: PredictionDocument) -> list[JsonObject]:
    atoms = content["atoms"]
    lattice, coords = np.array(atoms["lattice"]), np.array(atoms["frac_coords"])
    start = coords[0] @ lattice
    hop = content["hops"][0]
    ends = np.array([start, start + np.array(hop["vector"])])
    from embench.crystal.periodic import surroundings

    middle = np.linalg.solve(lattice.T, ends.mean(axis=0))
    found = surroundings(lattice, middle, coords, radius=_AROUND + hop["length"] / 2)
    elements = np.array(atoms["symbols"])[found.sites]
    here = np.linalg.norm(found.coords - start, axis=1) < 1e-3
    ion: JsonObject = _points(f"{content['ion']}, start and end", ends, "--text", 9)
    return [*_by_element(found.coords[~here], elements[~here]), ion, _hop(hop, [ends], limits=True)]


def _framework(content: PredictionDocument, lattice: Floats) -> list[JsonObject]:
    """Return the atoms of the host in one cell of the network."""
    atoms = content["atoms"]
    symbols = np.array(atoms["symbols"])
    host = symbols != content["ion"]
    cart = np.array(atoms["frac_coords"])[host] @ np.array(atoms["lattice"])
    frac = np.linalg.solve(lattice.T, cart.T).T
    frac = np.round(frac - np.floor(frac + 1e-6), 3)
    rows = sorted({(*row, symbol) for row, symbol in zip(map(tuple, frac.tolist()), symbols[host], strict=True)})
    shown: list[tuple[float, float, float]] = []
    elements: list[str] = []
    for x, y, z, symbol in rows[:_MOST_ATOMS]:
        for image in np.ndindex(2, 2, 2):
            point = (x + image[0], y + image[1], z + image[2])
            if max(point) < 1 + _EDGE:
                shown.append(point)
                elements.append(symbol)
    return _by_element(np.array(shown).reshape(-1, 3) @ lattice, np.array(elements))


def _by_element(cart: Floats, elements: NDArray[np.str_]) -> list[JsonObject]:
    from ase.data import atomic_numbers, covalent_radii
    from ase.data.colors import jmol_colors

    traces: list[JsonObject] = []
    for element in sorted(set(elements.tolist())):
        number = atomic_numbers[element]
        colour = f"rgb({','.join(str(round(255 * float(part))) for part in jmol_colors[number])})"
        traces.append(_points(element, cart[elements == element], colour, 3 + 4 * float(covalent_radii[number])))
    return traces


def _sites(ion: str, network: NetworkDocument, cart: Floats) -> list[JsonObject]:
    kinds = np.array(network["kinds"])
    names = {
        "occupied": ("--text", f"{ion} site"),
        "empty": ("--grey", "empty site"),
        "interstitial": ("--axis", "interstitial"),
    }
    return [
        _points(name, cart[kinds == kind], colour, 8) for kind, (colour, name) in names.items() if (kinds == kind).any()
    ]


def _points(name: str, cart: Floats, colour: str, size: float) -> JsonObject:
    x, y, z = cart.T.round(3).tolist()
    return {
        "type": "scatter3d",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": y,
        "z": z,
        "marker": {"size": round(size, 1), "color": colour, "opacity": 0.9, "line": {"width": 0}},
        "hovertemplate": f"{escape(name)}<extra></extra>",
    }


def _hop(hop: HopDocument, segments: list[Floats], *, limits: bool) -> JsonObject:
    points: list[list[float | None]] = []
    for segment in segments:
        points += [*segment.round(3).tolist(), [None, None, None]]
    x, y, z = ([point[i] for point in points] for i in range(3))
    return {
        "type": "scatter3d",
        "mode": "lines",
        "name": hop_label(hop),
        "x": [*x],
        "y": [*y],
        "z": [*z],
        "line": {"width": 9 if limits else 5, "color": HOP_COLOURS[hop["number"] % len(HOP_COLOURS)]},
        "hovertemplate": f"{escape(hop_label(hop))}<extra></extra>",
        "connectgaps": False,
    }


def _cell(lattice: Floats) -> JsonObject:
    points: list[list[float | None]] = []
    for corner in np.ndindex(2, 2, 2):
        for i in range(3):
            if corner[i] == 0:
                other = np.array(corner) + np.eye(3)[i]
                points += [*(np.array([corner, other]) @ lattice).round(3).tolist(), [None, None, None]]
    x, y, z = ([point[i] for point in points] for i in range(3))
    return {
        "type": "scatter3d",
        "mode": "lines",
        "x": [*x],
        "y": [*y],
        "z": [*z],
        "line": {"color": "--axis", "width": 2},
        "hoverinfo": "skip",
        "showlegend": False,
    }

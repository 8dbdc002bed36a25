"""The libraries that pages are made with, or an error that names how to install them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embench.errors import MissingDependencyError
from embench.web import wording

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(*packages: str) -> Environment:
    """Return an environment that escapes what it prints, with the templates of `packages` first.

    Raises :class:`~embench.errors.MissingDependencyError` where jinja2 is not installed.
    """
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise MissingDependencyError("jinja2", "report", "the HTML report") from error
    found = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "embench.web")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "allow_nan": False}
    filters = (wording.number, wording.percent, wording.count, wording.formula, wording.flag_name)
    found.filters.update({function.__name__: function for function in filters})
    return found


def plotly_js() -> str:
    """Return the source of plotly.js, which draws the plots.

    Raises :class:`~embench.errors.MissingDependencyError` where plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ModuleNotFoundError as error:
        raise MissingDependencyError("plotly", "report", "the HTML report") from error
    return str(get_plotlyjs())

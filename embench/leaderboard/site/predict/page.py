"""Write the page with the worked examples, from what ``embench model examples`` stored: nothing is computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from embench.leaderboard.site.assets import environment, write_page
from embench.prediction.examples import EXAMPLES, Example, stored_examples
from embench.web.bars import Bar, Scale, bar

if TYPE_CHECKING:
    from embench.prediction.documents import HopDocument, ModelDocument, PredictionDocument, WayDocument


class HopRow(TypedDict):
    """A hop, and the bar of its interval."""

    hop: HopDocument
    bar: Bar | None


class Dimension(TypedDict):
    """The easiest way in a number of dimensions; None where the hops that were found make none."""

    dimension: int
    way: WayDocument | None


class Worked(TypedDict):
    """A worked example: the crystal, what the model says of it, and its id on the page."""

    example: Example
    content: PredictionDocument
    id: str
    hops: list[HopRow]
    ways: list[Dimension]


class PredictContext(TypedDict):
    """What ``predict.html.j2`` is given; `command` predicts the first example."""

    root: str
    page: str
    model: ModelDocument
    threshold: float
    command: str
    worked: list[Worked]


def write_predict(folder: Path) -> None:
    """Write ``predict.html`` to `folder`.

    Raises
    ------
    MissingDependencyError
        jinja2 is not installed.
    OutputError
        `folder` cannot be written.
    """
    write_page(folder / "predict.html", environment().get_template("predict.html.j2"), predict_context())


def predict_context() -> PredictContext:
    """Return what the template is given."""
    documents = stored_examples()
    by_name = {example.name: example for example in EXAMPLES}
    worked = [_worked(number, by_name[found["name"]], found) for number, found in enumerate(documents, start=1)]
    first = documents[0]
    return PredictContext(
        root="",
        page="predict",
        model=first["model"],
        threshold=first["threshold"],
        command=f"embench predict {first['name']}.cif --ion {first['ion']}",
        worked=worked,
    )


def _worked(number: int, example: Example, content: PredictionDocument) -> Worked:
    # One scale for the hops of a crystal: their bars are read against each other.
    scale = Scale(0.0, max([content["threshold"], *(hop["high"] for hop in content["hops"])]))
    ways = {way["dimension"]: way for way in content["ways"] if way["known_by"] == "model"}
    return Worked(
        example=example,
        content=content,
        id=f"example-{number}",
        hops=[HopRow(hop=hop, bar=_bar(hop, scale, content["threshold"])) for hop in content["hops"]],
        ways=[Dimension(dimension=dimension, way=ways.get(dimension)) for dimension in (1, 2, 3)],
    )


def _bar(hop: HopDocument, scale: Scale, threshold: float) -> Bar | None:
    return bar({"value": hop["barrier"], "low": hop["low"], "high": hop["high"]}, scale, mark=threshold)

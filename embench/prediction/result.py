"""A prediction with its ways out: a document, JSON, a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embench.prediction.data import PredictedHops
from embench.prediction.document import document

if TYPE_CHECKING:
    from embench.prediction.documents import PredictionDocument


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PredictionResult(PredictedHops):
    """What :func:`embench.predict` returns; see :class:`~embench.prediction.data.PredictedHops` for what it holds."""

    def to_document(self) -> PredictionDocument:
        """Return everything as plain data, see :mod:`embench.prediction.documents`."""
        return document(self)

    def to_json(self, path: Path | str) -> None:
        """Write the document as JSON."""
        import json

        from embench.common.files import write_text

        text = json.dumps(self.to_document(), indent=1, ensure_ascii=False, allow_nan=False)
        write_text(Path(path), text + "\n")

    def to_html(self, path: Path | str) -> None:
        """Write one page with everything on it; needs jinja2 and plotly."""
        from embench.common.files import write_text
        from embench.prediction.page import page

        write_text(Path(path), page(self.to_document()))

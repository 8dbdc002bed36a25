"""The JSON Schema of ``submission.yaml``, for editors that check while one types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embench.errors import MissingDependencyError

if TYPE_CHECKING:
    from types import ModuleType

_TITLE = "A submission to the embench leaderboard"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def import_model() -> ModuleType:
    """Return the module of the models; raises MissingDependencyError where pydantic is not installed."""
    try:
        from embench.leaderboard.submission import model
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("pydantic"):
            raise
        raise MissingDependencyError("pydantic", "leaderboard", "reading submissions") from None
    return model


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of ``submission.yaml``."""
    schema: dict[str, Any] = import_model().Submission.model_json_schema()
    return {"$schema": _DIALECT, **schema, "title": _TITLE}


def json_schema_text() -> str:
    """Return the JSON Schema as the text of its file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"

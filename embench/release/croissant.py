"""The dataset described in Croissant, the vocabulary of MLCommons for machine-readable descriptions of datasets.

The files are named relative to ``croissant.json``, so that the description works in any copy of the folder, without
a network. See https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html for the terms.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from embench import schema
from embench.hub import about
from embench.release.card import CONFIGURATIONS, columns_of
from embench.release.references import bibtex

PARQUET = "application/x-parquet"

_TERMS = (
    "arrayShape citeAs column conformsTo:dct containedIn equivalentProperty extract field fileProperty fileObject "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex "
    "repeated replace samplingRate separator source subField transform"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "description": {"@container": "@language"},
    "name": {"@container": "@language"},
}
_DATA_TYPES = {"string": "sc:Text", "float64": "cr:Float64", "int16": "cr:Int16", "bool": "sc:Boolean"}

_MEANING = {
    "default": "One record an entry: a hop of one ion in one structure, and its migration barrier.",
    "splits": "One record an entry and protocol: the fold that scores the entry.",
    "reference_predictions": "One record a system and entry: a predicted migration barrier.",
}


def render_croissant(contents: dict[str, bytes], *, version: str, references: list[dict[str, Any]]) -> str:
    """Return ``croissant.json`` for a folder that holds `contents` (bytes by path)."""
    document = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": about.REPOSITORY.partition("/")[2],
        "alternateName": f"{about.TITLE} (embench)",
        "description": about.SUMMARY,
        "url": about.HUB_URL,
        "version": version,
        "datePublished": about.PUBLISHED,
        "license": about.LICENCE_URL,
        "keywords": list(about.KEYWORDS),
        "creator": {"@type": "sc:Organization", "name": "The embench developers"},
        "isBasedOn": [about.UPSTREAM_URL, about.POTENTIALS_URL],
        "citeAs": bibtex(references),
        "distribution": [entry for name, parts in CONFIGURATIONS.items() for entry in _files(name, parts, contents)],
        "recordSet": [_record_set(name) for name in CONFIGURATIONS],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _context() -> dict[str, Any]:
    terms = dict(_CONTEXT)
    for word in _TERMS.split():
        name, _, namespace = word.partition(":")
        terms[name] = f"{namespace or 'cr'}:{name}"
    return dict(sorted(terms.items()))


def _files(name: str, parts: dict[str, str], contents: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return the files of a configuration one by one, with checksums, and as the set that its records come from."""
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "contentUrl": path,
            "encodingFormat": PARQUET,
            "contentSize": f"{len(contents[path])} B",
            "sha256": hashlib.sha256(contents[path]).hexdigest(),
        }
        for path in parts.values()
    ]
    pattern = next(iter(parts.values())).rpartition("/")[0] + "/*.parquet"
    together = {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "encodingFormat": PARQUET,
        "includes": pattern,
    }
    return [*objects, together]


def _record_set(name: str) -> dict[str, Any]:
    columns = columns_of(name)
    keys = {"default": ["entry_id"], "splits": ["entry_id", "protocol"]}
    keys["reference_predictions"] = ["entry_id", "system", "protocol"]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": _MEANING[name],
        "key": [{"@id": f"{name}/{column}"} for column in keys[name]],
        "field": [_field(name, spec) for spec in columns],
    }


def _field(record_set: str, spec: schema.Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{spec.name}",
        "name": spec.name,
        "description": spec.description + (f" Unit: {spec.unit}." if spec.unit else ""),
        "dataType": _DATA_TYPES[spec.scalar],
        "source": {"fileSet": {"@id": f"{record_set}-files"}, "extract": {"column": spec.name}},
    }
    if spec.shape:
        field["isArray"] = True
        field["arrayShape"] = ",".join("-1" if size is None else str(size) for size in spec.shape)
    return field

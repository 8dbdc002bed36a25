"""The dataset described in Croissant, the vocabulary of MLCommons for machine-readable descriptions of datasets.

The files are named relative to ``croissant.json``, so that the description works in any copy of the folder, without
a network. See https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html for the terms.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from embench import schema
from embench.hub import about
from embench.release.layout import Configuration, Package
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


def render_croissant(
    package: Package,
    contents: dict[str, bytes],
    *,
    version: str,
    published: str,
    references: list[dict[str, Any]],
) -> str:
    """Return ``croissant.json`` for a folder of `package` that holds `contents` (bytes by path).

    `published` is the date of the `version`, ISO 8601.
    """
    document = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": package.repository.partition("/")[2],
        "alternateName": f"{package.title} (embench)",
        "description": package.summary,
        "url": package.url,
        "version": version,
        "datePublished": published,
        "license": package.licence_url,
        "keywords": list(about.KEYWORDS),
        "creator": {"@type": "sc:Organization", "name": "The embench developers"},
        "isBasedOn": list(package.based_on),
        "citeAs": bibtex(references),
        "distribution": [
            entry for name, found in package.configurations.items() for entry in _files(name, found.parts, contents)
        ],
        "recordSet": [_record_set(name, found) for name, found in package.configurations.items()],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _context() -> dict[str, Any]:
    terms = dict(_CONTEXT)
    for word in _TERMS.split():
        name, _, namespace = word.partition(":")
        terms[name] = f"{namespace or 'cr'}:{name}"
    return dict(sorted(terms.items()))


def _files(name: str, parts: Mapping[str, str], contents: dict[str, bytes]) -> list[dict[str, Any]]:
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


def _record_set(name: str, configuration: Configuration) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": configuration.meaning,
        "key": [{"@id": f"{name}/{column}"} for column in configuration.key],
        "field": [_field(name, spec) for spec in configuration.columns],
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

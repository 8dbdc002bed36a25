"""Types from the evaluation to the page: no data without names, and documents that are what their types say."""

from __future__ import annotations

import ast
import json
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import embench
from embench.evaluation.document import document, ranking_document
from embench.evaluation.ranking import rank_evaluations
from embench.leaderboard.board import cards
from embench.leaderboard.board import documents as board_documents
from embench.leaderboard.board.cards import Description, TrainingDataCard
from embench.leaderboard.board.documents import BoardDocument
from embench.leaderboard.board.stored import get_stored, read_stored
from embench.prediction import documents as prediction_documents
from embench.schema import documents, terms
from tests.conftest import REPOSITORY

SUBMISSIONS = REPOSITORY / "leaderboard" / "submissions"

# What holds documents. The readers of predictions are left out: what people hand in has no type before it is read.
TYPED = ("evaluation", "report", "web", "leaderboard/board", "leaderboard/site")
READERS = (
    "predictions.py", "predictions_csv.py", "predictions_files.py", "predictions_json.py", "predictions_memory.py",
)  # fmt: skip
# Where JSON is parsed and becomes a document.
PARSING = {"evaluation/references.py", "leaderboard/board/stored.py", "leaderboard/site/entries/paths.py"}
MAPPINGS = {"dict", "Dict", "Mapping", "MutableMapping"}


def untyped(source: str) -> list[int]:
    """Return the lines of a source that say no more of a mapping than that it is one."""
    lines = []
    tree = ast.parse(source)
    named = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and name_of(node.value) in MAPPINGS:
            arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name_of(arguments[-1]) in {"Any", "object"}:
                lines.append(node.lineno)
        for annotation in annotations_of(node):
            bare = (n for n in ast.walk(annotation) if name_of(n) in MAPPINGS and id(n) not in named)
            lines += [found.lineno for found in bare if isinstance(found, ast.expr)]
            if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                lines += [annotation.lineno for _ in untyped(f"quoted: {annotation.value}")]
    return sorted(set(lines))


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def annotations_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations that a node has, and the value of an alias of a type, which may be quoted."""
    if isinstance(node, ast.AnnAssign) and name_of(node.annotation) == "TypeAlias" and node.value is not None:
        yield node.value
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
        yield node.annotation
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
        yield node.returns


def modules() -> Iterator[tuple[str, str]]:
    """Give the modules that hold documents: path from the package on, and source."""
    package = REPOSITORY / "embench"
    for part in TYPED:
        for path in sorted((package / part).rglob("*.py")):
            if path.name not in READERS:
                yield path.relative_to(package).as_posix(), path.read_text(encoding="utf-8")


def test_no_mapping_without_names() -> None:
    # JSON writes any document, so its writer may take any; a template any context.
    writers = {"evaluation/document.py": 2, "leaderboard/board/stored.py": 1, "leaderboard/site/assets.py": 1}
    found = {name: lines for name, source in modules() if (lines := untyped(source))}
    assert {name: len(lines) for name, lines in found.items()} == writers, found


def test_json_becomes_a_document_in_few_places() -> None:
    assert {name for name, source in modules() if "json.loads(" in source or "json.load(" in source} == PARSING
    assert {name for name, source in modules() if "cast(" in source} == PARSING


@pytest.mark.parametrize(
    "source",
    [
        "def f(x: dict[str, Any]) -> None: ...",
        "def f() -> list[Mapping[str, Any]]: ...",
        "Row = dict[str, Any]",
        "Row: TypeAlias = 'dict[str, typing.Any]'",
        "x: 'Mapping[str, Any]' = {}",
        "def f(x: dict) -> None: ...",
        "def f() -> Mapping | None: ...",
        "x: list[dict] = []",
        "x: Mapping[str, object] = {}",
        "x: dict[tuple[str, str], Any] = {}",
    ],
)
def test_finds_untyped_mappings(source: str) -> None:
    assert untyped(source) == [1]


@pytest.mark.parametrize(
    "source",
    ["x: dict[str, int] = dict(a=1)", "def f(x: Mapping[str, list[str]]) -> dict[str, float]: return dict(x)"],
)
def test_leaves_typed_mappings_alone(source: str) -> None:
    assert untyped(source) == []


@cache
def names() -> dict[str, Any]:
    """Return what annotations name that only the type checker imports."""
    from embench.audit.barriers import Comparison
    from embench.audit.noise import Estimate
    from embench.leaderboard.site.entries import predictions, records, trust
    from embench.leaderboard.site.main import rows
    from embench.leaderboard.submission import model, origin
    from embench.web import theme

    found = {
        name: value
        for module in (documents, terms, board_documents, cards, predictions, records, trust, theme)
        for name, value in vars(module).items()
        if not name.startswith("_")
    }
    found |= {name: getattr(model, name) for name in ("Barrier", "Kind", "Overlap")} | {"Origin": origin.Origin}
    found["Mark"] = rows.Mark
    # What plotly.js is given has names of its own.
    return found | {"Comparison": Comparison, "Estimate": Estimate, "Json": object, "JsonObject": dict}


@cache
def fields(kind: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the names of a TypedDict with their types, and those of them that must be there."""
    hints = get_type_hints(kind, localns=names())
    return hints, frozenset(name for name in hints if "NotRequired" not in str(kind.__annotations__[name]))


def mismatches(kind: Any, value: Any, where: str = "$") -> Iterator[str]:
    """Yield where a value is not what its type says, at every depth."""
    origin, arguments = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        hints, required = fields(kind)
        if not isinstance(value, dict) or not required <= value.keys() <= hints.keys():
            yield f"{where}: {sorted(required)} expected, {sorted(value) if isinstance(value, dict) else value} found"
            return
        for name, item in value.items():
            yield from mismatches(hints[name], item, f"{where}.{name}")
    elif origin is Literal:
        if value not in arguments:
            yield f"{where}: {value!r} is none of {arguments}"
    elif origin in (Union, types.UnionType):
        if all(any(mismatches(each, value, where)) for each in arguments):
            yield f"{where}: {value!r} is no {kind}"
    elif origin is tuple and arguments[-1] is not Ellipsis:
        if not isinstance(value, tuple) or len(value) != len(arguments):
            yield f"{where}: {value!r} is no {kind}"
        else:
            for number, (each, item) in enumerate(zip(arguments, value, strict=True)):
                yield from mismatches(each, item, f"{where}[{number}]")
    elif origin in (list, tuple, Sequence):
        if not isinstance(value, list | tuple):
            yield f"{where}: {value!r} is no list"
            return
        for number, item in enumerate(value):
            yield from mismatches(arguments[0], item, f"{where}[{number}]")
    elif origin in (dict, Mapping):
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no mapping"
            return
        for name, item in value.items():
            yield from mismatches(arguments[0], name, f"{where}.{name}")
            yield from mismatches(arguments[1], item, f"{where}.{name}")
    elif kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{where}: {value!r} is no number"
    elif kind is int and isinstance(value, bool):
        yield f"{where}: {value!r} is no whole number"
    elif isinstance(kind, type) and not isinstance(value, kind):
        yield f"{where}: {value!r} is no {kind.__name__}"


class _Inner(TypedDict):
    value: float | None
    kind: Literal["a", "b"]


class _Outer(TypedDict):
    rows: list[_Inner]


@pytest.mark.parametrize(
    "value",
    [
        {"rows": [{"value": "0.3", "kind": "a"}]},
        {"rows": [{"value": 0.3, "kind": "c"}]},
        {"rows": [{"value": 0.3}]},
        {"rows": [{"value": 0.3, "kind": "a", "more": 1}]},
        {"rows": None},
        {},
    ],
)
def test_mismatches_are_found(value: Any) -> None:
    assert not list(mismatches(_Outer, {"rows": [{"value": 1, "kind": "a"}, {"value": None, "kind": "b"}]}))
    assert len(list(mismatches(_Outer, value))) == 1


@pytest.fixture(scope="module")
def evaluation() -> embench.Evaluation:
    """MODEL-3 beside MACE-RELAX."""
    mace = SUBMISSIONS / "mace-relax" / "barriers.csv"
    return embench.evaluate(SUBMISSIONS / "model-3" / "published.csv", resamples=200, against=mace)


@pytest.fixture(scope="module")
def uncertain(evaluation: embench.Evaluation) -> embench.Evaluation:
    """The same predictions with uncertainties, without the last ten entries."""
    rows = [(e.entry_id, e.prediction, 0.1 + 0.01 * i) for i, e in enumerate(evaluation.entries[:-10])]
    table = dict(zip(("entry_id", "prediction", "uncertainty"), map(list, zip(*rows, strict=True)), strict=True))
    pandas = pytest.importorskip("pandas")
    return embench.evaluate(pandas.DataFrame(table), resamples=200, fill_missing=True)


@pytest.fixture(scope="module")
def content() -> Any:
    """The committed board."""
    return json.loads((REPOSITORY / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("which", ["evaluation", "uncertain"])
def test_evaluation_is_what_its_type_says(which: str, request: pytest.FixtureRequest) -> None:
    made = document(request.getfixturevalue(which))
    for found in (made, json.loads(json.dumps(made))):
        assert list(mismatches(documents.EvaluationDocument, found)) == []


def test_ranking_is_what_its_type_says(evaluation: embench.Evaluation) -> None:
    ranking = ranking_document(rank_evaluations([evaluation, evaluation]))
    assert list(mismatches(documents.RankingDocument, ranking)) == []


def test_board_is_what_its_type_says(content: Any) -> None:
    assert list(mismatches(BoardDocument, content)) == []


def test_description_has_the_fields_of_a_submission() -> None:
    from embench.leaderboard.submission.model import Submission, TrainingData

    assert list(Description.__annotations__) == list(Submission.model_fields)
    assert list(TrainingDataCard.__annotations__) == list(TrainingData.model_fields)


def check(function: Callable[..., object], *arguments: object) -> None:
    """Assert that what a function returns is what it says it returns."""
    kind = eval(function.__annotations__["return"], function.__globals__, names())
    assert list(mismatches(kind, function(*arguments))) == []


@pytest.mark.parametrize("which", ["evaluation", "uncertain"])
def test_rows_of_a_report_are_what_their_types_say(which: str, request: pytest.FixtureRequest) -> None:
    from embench.report.page import headline
    from embench.web import figures, tables

    made = document(request.getfixturevalue(which))
    for function in (
        tables.metric_tables,
        tables.comparison_rows,
        tables.subset_rows,
        tables.breakdown_tables,
        tables.confusion_cells,
        tables.worst_first,
        headline,
        figures.figures,
    ):
        check(function, made)


def test_payloads_of_the_board_are_what_their_types_say(content: Any) -> None:
    from embench.leaderboard.site.main import rows
    from embench.leaderboard.site.main.doubtful import without_contradicted
    from embench.leaderboard.site.main.payload import board_payload
    from embench.leaderboard.site.method import facts, figures
    from embench.leaderboard.site.submissions.scores import columns, scores_of

    known = rows.metrics(content)
    tables = [rows.table(content, protocol) for protocol in content["protocols"]]
    check(rows.metrics, content)
    clean = without_contradicted(content)
    assert list(mismatches(BoardDocument, clean)) == []
    without = [rows.table(clean, each, like=like) for each, like in zip(clean["protocols"], tables, strict=True)]
    check(board_payload, known, tables, without, {"matrix": "<table>"})
    check(columns, content)
    for protocol in content["protocols"]:
        check(rows.rows, content, protocol, rows.axes(content, protocol))
        for row in protocol["rows"]:
            check(scores_of, content, [protocol], row["slug"])
    check(facts.protocol_rows, content)
    check(figures.error_growth, content)


def test_records_of_entries_are_what_their_types_say() -> None:
    pytest.importorskip("pymatgen")
    pytest.importorskip("scipy")
    from embench.leaderboard.site.entries.page import _index
    from embench.leaderboard.site.entries.paths import read_paths
    from embench.leaderboard.site.entries.records import record

    entry = embench.load()["O-LiFePO4"]
    check(_index, [entry], {"O-LiFePO4": -0.1})
    predictions = {"published": {"fold": "test", "seen_host": False, "systems": [(500, None, 0), 250, None]}}
    check(record, entry, read_paths()["O-LiFePO4"], predictions, [])


@pytest.mark.parametrize("page", ["main", "submission", "entries", "method", "report"])
def test_templates_use_what_their_contexts_declare(page: str) -> None:
    meta, nodes = pytest.importorskip("jinja2.meta"), pytest.importorskip("jinja2.nodes")
    from embench.leaderboard.site import assets
    from embench.leaderboard.site.entries.page import EntriesContext
    from embench.leaderboard.site.main.page import MainContext
    from embench.leaderboard.site.method.page import MethodContext
    from embench.leaderboard.site.submissions.page import SubmissionContext
    from embench.report.page import ReportContext
    from embench.web import libraries

    contexts: dict[str, type] = {
        "main": MainContext,
        "submission": SubmissionContext,
        "entries": EntriesContext,
        "method": MethodContext,
        "report": ReportContext,
    }
    environment = libraries.environment("embench.report") if page == "report" else assets.environment()
    environment.filters["subscripts"] = str
    used: set[str] = set()
    given: set[str] = set()
    waiting = [f"{page}.html.j2", *(["base.html.j2"] if page != "report" else [])]
    assert environment.loader is not None
    while waiting:
        tree = environment.parse(environment.loader.get_source(environment, waiting.pop())[0])
        macros = {macro.name for macro in tree.find_all(nodes.Macro)}
        imported = {name for found in tree.find_all(nodes.FromImport) for name in found.names}
        used |= meta.find_undeclared_variables(tree) - macros
        # What is included sees what the template around it imports and sets.
        given |= imported | {found.target.name for found in tree.find_all(nodes.Assign) if found.target.name == "main"}
        waiting += [found.template.value for found in tree.find_all(nodes.Include)]
    assert used - given - environment.globals.keys() == set(contexts[page].__annotations__)


class TestPage:
    @pytest.fixture
    def text(self) -> str:
        """The page on the documents."""
        return (REPOSITORY / "docs" / "documents.md").read_text(encoding="utf-8")

    def test_names_types_that_there_are(self, text: str) -> None:
        named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)`", text))
        known = {name for module in (documents, board_documents, cards, prediction_documents) for name in vars(module)}
        assert {"EvaluationDocument", "RankingDocument", "BoardDocument"} <= named <= known

    def test_example_runs(self, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.chdir(REPOSITORY)
        (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
        exec(example, {})
        assert capsys.readouterr().out.startswith("host-10fold ")


class TestStored:
    def test_another_shape_counts_as_missing(self, tmp_path: Path) -> None:
        from embench.common.cache import ResultCache

        cache, key = ResultCache(tmp_path), "ab" * 32
        cache.write(key, {"value": 1.0, "kind": "a", "more": 2})
        assert read_stored(cache, key, _Inner) is None
        fresh: _Inner = {"value": None, "kind": "b"}
        assert get_stored(cache, key, _Inner, lambda: fresh) == fresh
        assert read_stored(cache, key, _Inner) == fresh

    def test_names_that_are_inherited_count(self, tmp_path: Path) -> None:
        from embench.common.cache import ResultCache

        cache, key = ResultCache(tmp_path), "cd" * 32
        cache.write(key, {"slug": "a", "metrics": {}})
        assert read_stored(cache, key, board_documents.BoardRow) is None
        content = json.loads((REPOSITORY / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))
        row = content["protocols"][0]["rows"][0]
        cache.write(key, row)
        assert read_stored(cache, key, board_documents.BoardRow) == row

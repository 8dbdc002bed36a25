"""Small changes of a source file, each of which a test ought to notice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    # One step over the bound, and the opposite.
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
FUNCTIONS = {
    one: other
    for pair in (
        ("min", "max"),
        ("argmin", "argmax"),
        ("minimum", "maximum"),
        ("any", "all"),
        ("ceil", "floor"),
        ("zeros", "ones"),
        ("log", "log1p"),
        ("exp", "expm1"),
        ("mean", "median"),
        ("startswith", "endswith"),
    )
    for one, other in (pair, pair[::-1])
}
# Arrays have no methods of these names, or their counterparts have none.
OF_NUMPY = {"mean", "median", "log", "log1p", "exp", "expm1"}
# A tolerance below this is replaced by 1: to change it by a quarter would change nothing.
TINY = 1e-5

FIELDS_LEFT_OUT = {"annotation", "returns", "decorator_list", "type_comment", "type_params"}
# Guards against mistakes of the programmer, and how an object is shown.
KEYWORDS_LEFT_OUT = {"strict", "repr"}
# What a message says is no result; imports and assertions have nothing to change.
LEFT_OUT = (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Mutant:
    """One change: the bytes `start` to `end` of the file become `new`.

    `lines` are the first and last line of the statement. `at_import` tells that the statement runs when the module is
    imported, so that every test may depend on it.
    """

    path: str
    start: int
    end: int
    new: str
    lines: tuple[int, int]
    at_import: bool

    def apply(self, source: str) -> str:
        """Return the changed text."""
        raw = source.encode()
        return (raw[: self.start] + self.new.encode() + raw[self.end :]).decode()

    def change(self, source: str) -> tuple[str, str]:
        """Return the lines that differ, before and after, each joined and without indentation."""
        raw = source.encode()
        first = raw.rfind(b"\n", 0, self.start) + 1
        last = raw.find(b"\n", self.end)
        last = len(raw) if last < 0 else last
        before, after = raw[first:last], raw[first : self.start] + self.new.encode() + raw[self.end : last]
        return " ".join(before.decode().split()), " ".join(after.decode().split())


def mutants_of(source: str, path: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of the text."""
    found = {(m.start, m.end, m.new): m for m in _Finder(source, path).mutants(ast.parse(source))}
    return [found[key] for key in sorted(found)]


class _Finder:
    def __init__(self, source: str, path: str) -> None:
        self.raw, self.path = source.encode(), path
        self.starts = [0]
        for line in self.raw.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def mutants(
        self, node: ast.AST, *, lines: tuple[int, int] = (0, 0), inside: bool = False, even: bool = False
    ) -> Iterator[Mutant]:
        """Yield the mutants of a node and of what it holds, `inside` of a function; `even` where no sign matters."""
        if isinstance(node, LEFT_OUT) or _is_for_types(node):
            return
        if isinstance(node, ast.keyword) and node.arg in KEYWORDS_LEFT_OUT:
            return
        if isinstance(node, ast.stmt):
            lines = _header(node)
        for start, end, new in self._changes(node, even=even):
            yield Mutant(self.path, start, end, new, lines, not inside)
        for name, value in ast.iter_fields(node):
            if name in FIELDS_LEFT_OUT:
                continue
            within = inside or (isinstance(node, FUNCTION) and name == "body")
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.mutants(child, lines=lines, inside=within, even=_is_even(node))

    def _changes(self, node: ast.AST, *, even: bool) -> Iterator[tuple[int, int, str]]:
        """Yield the changes (start, end, new) of one node."""
        match node:
            case ast.Compare():
                for operator, (left, right) in zip(node.ops, pairwise([node.left, *node.comparators]), strict=True):
                    pattern, others = COMPARISONS[type(operator)]
                    yield from (self._between(left, right, pattern, other) for other in others)
            case ast.BinOp() if type(node.op) in ARITHMETIC:
                old, new = ARITHMETIC[type(node.op)]
                yield self._between(node.left, node.right, re.escape(old), new)
                if isinstance(node.op, ast.Sub) and not even:
                    swapped = f"(({self._text(node.right)}) - ({self._text(node.left)}))"
                    yield self._start(node), self._end(node), swapped
            case ast.AugAssign() if type(node.op) in ARITHMETIC:
                old, new = ARITHMETIC[type(node.op)]
                yield self._between(node.target, node.value, re.escape(old) + "=", new + "=")
            case ast.BoolOp():
                old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                yield from (self._between(left, right, old, new) for left, right in pairwise(node.values))
            case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
                # Up to the operand, but for the brackets around it.
                operator = self.raw[self._start(node) : self._start(node.operand)].partition(b"(")[0]
                yield self._start(node), self._start(node) + len(operator), ""
            case ast.Constant(value=bool()):
                yield self._start(node), self._end(node), str(not node.value)
            case ast.Constant(value=int()):
                yield from ((self._start(node), self._end(node), str(node.value + step)) for step in (1, -1))
            case ast.Constant(value=float()):
                other = 1.0 if abs(node.value) < TINY else 1.25 * node.value
                yield self._start(node), self._end(node), repr(other)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in FUNCTIONS:
                if name in OF_NUMPY and not ast.unparse(node.func).startswith("np."):
                    return
                yield self._end(node.func) - len(name), self._end(node.func), FUNCTIONS[name]
            case ast.Call(func=ast.Name(id="abs") | ast.Attribute(attr="abs")):
                yield self._start(node.func), self._end(node.func), ""
            case ast.If() | ast.While() | ast.IfExp():
                yield self._negated(node.test)
            case ast.comprehension():
                yield from map(self._negated, node.ifs)
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield self._start(value), self._end(value), "None"

    def _between(self, left: ast.expr, right: ast.expr, pattern: str, new: str) -> tuple[int, int, str]:
        """Return the replacement of the operator between two operands; brackets and comments may stand there too."""
        start, end = self._end(left), self._start(right)
        found = re.search(pattern.encode(), self.raw[start:end])
        assert found is not None
        return start + found.start(), start + found.end(), new

    def _negated(self, test: ast.expr) -> tuple[int, int, str]:
        return self._start(test), self._end(test), f"(not ({self._text(test)}))"

    def _text(self, node: ast.expr) -> str:
        return self.raw[self._start(node) : self._end(node)].decode()

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset


def _header(node: ast.stmt) -> tuple[int, int]:
    """Return the first and last line of a statement, of a compound one without what it holds."""
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno
    return node.lineno, max(node.lineno, last or node.lineno)


def _is_even(node: ast.AST) -> bool:
    """Return whether a node has the same value for both signs of what it holds."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in ("abs", "norm")
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=2)):
            return True
    return False


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"

"""Plugins of pytest: which tests execute which lines, and a choice of tests in a given order."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


class LinesOfTests:
    """Records the lines of the files `paths` that each test executes, and its CPU time."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._names = {str(Path(path).resolve()): path for path in paths}
        self._modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths}
        self._lines: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self._current: set[tuple[str, int]] = set()
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace one test, with nothing kept in the caches of the code or of the tests by those before it."""
        self._forget()
        self._current = self._lines[item.nodeid]
        started = time.process_time()
        sys.settrace(self._of_call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.seconds[item.nodeid] = time.process_time() - started

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Count what a shared fixture executes for all tests that it may be shared by."""
        before = self._current
        if fixturedef.scope != "function":
            self._current = self._lines[getattr(request.node, "nodeid", "")]
        try:
            return (yield)
        finally:
            self._current = before

    def result(self) -> dict[str, Any]:
        """Return seconds by test, tests by file and line, and the names of the libraries that were imported."""
        covered: dict[str, dict[int, list[str]]] = {path: {} for path in self._names.values()}
        for owner, lines in self._lines.items():
            tests = [owner] if owner in self.seconds else [name for name in self.seconds if name.startswith(owner)]
            for file, line in lines:
                covered[self._names[file]].setdefault(line, []).extend(tests)
        own = ("embench", "tests", "conftest", "__main__", "mutate", "trace_lines")
        modules = [name for name in sys.modules if name.split(".")[0] not in own]
        return {"seconds": self.seconds, "covered": covered, "modules": modules}

    def _of_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._of_line if frame.f_code.co_filename in self._names else None

    def _of_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._current.add((frame.f_code.co_filename, frame.f_lineno))
        return self._of_line

    def _forget(self) -> None:
        for name in [name for name in sys.modules if name in self._modules or name.startswith("tests.")]:
            for value in list(vars(sys.modules[name]).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


class Only:
    """Keeps the tests called `names`, in that order."""

    def __init__(self, names: Sequence[str]) -> None:
        self._place = {name: i for i, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose and order."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._place), key=lambda item: self._place[item.nodeid]
        )

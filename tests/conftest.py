"""Fixtures that several test modules share."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import embench
from embench.baselines.registry import BaselineSpec
from embench.splits import Fold, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).parent.parent


# Where it is set, a test that is skipped counts as failed: on the project's own machine nothing may be missing.
REQUIRE_ALL = "EMBENCH_REQUIRE_ALL"


# What costs so much to make that every test with it counts as slow: a browser, the board of all submissions, the
# dataset as it is built and annotated anew, the wheel.
SLOW_FIXTURES = {"browser", "board", "built", "annotations", "wheel"}


class SharedFolder(type(Path())):  # type: ignore[misc]  # the class of paths on this machine
    """The folder of the raw release: a test that asks it for something that is not there is skipped."""

    def __truediv__(self, name: str | os.PathLike[str]) -> SharedFolder:
        found: SharedFolder = super().__truediv__(name)
        if not found.exists():
            pytest.skip(f"{found} is not here; docs/raw-release.md says what it is and where to get it")
        return found


@pytest.fixture(scope="session")
def shared() -> SharedFolder:
    """The folder with the raw release and what belongs to it, which is kept beside the repository and not in it.

    Tests that ask for it have the marker ``release``.
    """
    folder = SharedFolder(os.environ.get("EMBENCH_SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"the raw release is not here ({folder} is no folder): make release-data, or set EMBENCH_SHARED")
    return folder


@pytest.fixture(scope="session")
def upstream(shared: SharedFolder) -> SharedFolder:
    """The files of the raw release."""
    return shared / "upstream"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser, one for the tests of a module."""
    from tests.browser import launched

    with launched() as found:
        yield found


def pytest_configure() -> None:
    """Let Ctrl-C work in what tests start: a shell in the background has it ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for, so that no mark is forgotten; before pytest chooses by marks."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "shared" in fixtures:
            item.add_marker("release")
        if fixtures & SLOW_FIXTURES:
            item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where everything that the tests need must be installed."""
    report = yield
    if os.environ.get(REQUIRE_ALL) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which {REQUIRE_ALL} does not accept: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a module that is skipped as a whole."""
    report = yield
    if os.environ.get(REQUIRE_ALL) and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, which {REQUIRE_ALL} does not accept: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly how many tests did not run because the raw release is not here."""
    found = terminalreporter.stats.get("skipped", [])
    skipped = [report for report in found if "release" in getattr(report, "keywords", ())]  # a module has none
    if skipped:
        terminalreporter.section("the raw release is missing", yellow=True)
        terminalreporter.line(
            f"{len(skipped)} of the skipped tests compare with the raw release. `make release-data` fetches it; "
            "docs/raw-release.md says what it is."
        )


@pytest.fixture
def double() -> Callable[..., BaselineSpec]:
    """Make the entry of the registry that a test baseline would have."""

    def make(name: str, **fields: object) -> BaselineSpec:
        spec = BaselineSpec(name="double", title="Double", description="", factory=f"tests.baselines.doubles:{name}")
        return dataclasses.replace(spec, **fields)

    return make


@pytest.fixture(scope="session")
def small() -> Protocol:
    """Four folds of six entries each, out of the first twenty-four."""
    ids = embench.load().entry_ids[:24]
    parts = [ids[start : start + 6] for start in range(0, 24, 6)]
    folds = [Fold(str(i), tuple(x for x in ids if x not in part), part) for i, part in enumerate(parts)]
    return Protocol("small", tuple(folds), "5ma11")

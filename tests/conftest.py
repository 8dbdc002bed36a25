"""Fixtures that several test modules share."""

from __future__ import annotations

import dataclasses
import os
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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the raw release and the audit, which is kept beside the repository and not in it."""
    folder = Path(os.environ.get("EMBENCH_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have the raw release, but {folder} is no folder")
        pytest.skip(f"the raw release is not here ({folder} is no folder); set EMBENCH_SHARED to test against it")
    return folder


@pytest.fixture(scope="session")
def upstream(shared: Path) -> Path:
    """The files of the raw release."""
    return shared / "upstream"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless browser, one for the tests of a module."""
    from tests.browser import launched

    with launched() as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed in CI: there, everything that the tests need is installed."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which CI does not accept: {report.longrepr}"
    return report


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

"""A real browser for the tests that look at pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The pages need no other host; what the browser itself would fetch in the background is turned off.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def browser_path() -> str:
    """Return where the browser is: EMBENCH_CHROMIUM, or chromium on the path.

    Where there is none the test is skipped; in CI it fails.
    """
    found = os.environ.get("EMBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    reason = "there is no chromium on the path; install it or set EMBENCH_CHROMIUM to look at pages"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a headless browser."""
    path = browser_path()
    if not os.environ.get("CI"):
        pytest.importorskip("playwright", reason="looking at pages needs playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()

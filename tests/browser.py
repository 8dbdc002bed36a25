"""A real browser for the tests that look at pages."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

# The pages need no other host; what the browser itself would fetch in the background is turned off.
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
_GIVEN_UP = "net::ERR_ABORTED"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def browser_path() -> str:
    """Return where the browser is: EMBENCH_CHROMIUM, or chromium or Chrome on the path.

    Where there is none the test is skipped.
    """
    found = os.environ.get("EMBENCH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found:
        return found
    pytest.skip("there is no chromium on the path; install it or set EMBENCH_CHROMIUM to look at pages")


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a headless browser."""
    path = browser_path()
    pytest.importorskip("playwright", reason="looking at pages needs playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """An open page, what went wrong in it (errors, dialogs, requests that failed), and what it asked for."""

    page: Page
    patience: float
    trouble: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def wait_until(self, expression: str, argument: Any = None) -> None:
        """Wait for a condition; playwright's own wait needs the evaluation of strings, which pages may forbid."""
        end = time.monotonic() + self.patience
        while not self.page.evaluate(expression, argument):
            assert time.monotonic() < end, f"never true: {expression}"
            self.page.wait_for_timeout(30)

    def settle(self) -> None:
        """Wait until what was asked for is painted: what a choice changes is drawn in the next frame."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def address(self) -> str:
        """The address as the page has it now; that of playwright follows by a message of its own."""
        found: str = self.page.evaluate("location.href")
        return found

    def resize(self, width: int, height: int = 900) -> None:
        """Change the size (px) of the window, and wait until the page is laid out in it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.wait_until("([width, height]) => innerWidth === width && innerHeight === height", [width, height])
        self.settle()

    def follow(self, link: Locator, pattern: str) -> None:
        """Follow a link to a page whose address fits `pattern`.

        The link is followed by keyboard: it gets the key wherever it is, also while what stands above it is drawn.
        """
        link.focus()
        link.press("Enter")
        self.page.wait_for_url(pattern)


Kind = TypeVar("Kind", bound=Visit)


@contextmanager
def watched(
    browser: Browser, kind: type[Kind], *, own: str, patience: float, width: int = 1400, **settings: Any
) -> Iterator[Kind]:
    """Give an empty page of a new context; in the end nothing must have gone wrong in it.

    `own` is what the addresses of its requests begin with, `patience` (s) how long to wait for anything.
    """
    context = browser.new_context(**{"viewport": {"width": width, "height": 900}, "color_scheme": "light"} | settings)
    context.set_default_timeout(1000 * patience)
    found = kind(context.new_page(), patience)
    trouble, page = found.trouble, found.page
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(error.stack or str(error)))
    page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
    # What the browser itself gives up, as the request for a tab's icon when the page is left, is no fault of the page.
    page.on(
        "requestfailed",
        lambda request: trouble.extend([f"failed: {request.url}"] if request.failure != _GIVEN_UP else []),
    )
    context.on("request", lambda request: found.requests.append(request.url))
    yield found
    # What happens while the page is taken away is not its fault.
    seen = list(trouble)
    context.close()
    # What a button saves is a blob, which is a part of the page.
    elsewhere = [url for url in found.requests if not url.startswith((own, "data:", "blob:"))]
    assert not seen, "\n".join(seen)
    assert not elsewhere, "\n".join(elsewhere)

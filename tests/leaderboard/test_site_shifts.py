"""No page of the site moves under its reader: charts and what scripts fill in have their room from the start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import Visit, watched
from tests.shifts import scrolled_through, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("board")

PAGES = (
    "index.html",
    "entries.html",
    "entries.html?ion=Na&barrier-high=0.3",
    "entries/LiAlPO4F_3/index.html",
    "entries/O-LiFePO4/index.html",
    "submissions/pathway-stack.html",
    "submissions/model-3.html",
    "method.html",
    "score.html",
    "predict.html",
    "changelog.html",
)
WITHOUT_STATE = ("method.html", "changelog.html", "predict.html")
# Core Web Vitals call a cumulative layout shift of up to 0.1 good.
GOOD_SHIFT = 0.1
GROWTH = 40  # px


@pytest.mark.parametrize("width", [1400, 390], ids=["wide", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_moves(browser: Browser, site: Path, name: str, width: int) -> None:
    with watched(browser, Visit, own=site.as_uri(), patience=60.0, width=width) as found:
        watch(found.page)
        found.page.goto(f"{site.as_uri()}/{name}")
        if name not in WITHOUT_STATE:
            found.page.wait_for_selector("html[data-ready]")
        movement = scrolled_through(found)
        assert movement.shift < GOOD_SHIFT, movement.moved
        assert abs(movement.after - movement.before) < GROWTH
        # Every chart that was asked for has been drawn in the room that was kept for it.
        assert found.page.evaluate("!document.querySelector('.plot:not([data-drawn]) svg')")


def test_a_page_that_grows_is_found(browser: Browser, tmp_path: Path) -> None:
    """A block that comes late above the text, and one that grows when it comes into sight."""
    page = tmp_path / "late.html"
    page.write_text(
        """<!doctype html><title>late</title><div id="late"></div><p style="height: 3000px">text</p><div id="end"></div>
<script>
  const [late, end] = ["late", "end"].map((id) => document.getElementById(id));
  requestAnimationFrame(() => setTimeout(() => {
    late.style.height = "300px";
    document.documentElement.dataset.ready = "";
  }));
  new IntersectionObserver(([seen]) => {
    if (seen.isIntersecting) end.style.height = "200px";
  }).observe(end);
</script>""",
        encoding="utf-8",
    )
    with watched(browser, Visit, own=tmp_path.as_uri(), patience=60.0) as found:
        watch(found.page)
        found.page.goto(page.as_uri())
        found.page.wait_for_selector("html[data-ready]")
        movement = scrolled_through(found)
    assert movement.shift > GOOD_SHIFT
    assert movement.after - movement.before > GROWTH

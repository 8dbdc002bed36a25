"""How far a page moves under its reader: while it loads, and while it is scrolled through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Runs before the page does; what the browser itself counts as a shift, with what moved.
_WATCH = """(() => {
  window.seenShifts = [];
  const name = (node) => node?.id || node?.className || node?.nodeName || "";
  const y = (box) => Math.round(box.y);
  const told = (source) => `${name(source.node)} ${y(source.previousRect)} -> ${y(source.currentRect)}`;
  const keep = (entries) => {
    for (const each of entries) window.seenShifts.push([each.value, each.sources.map(told).join("; ")]);
  };
  const observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({ type: "layout-shift", buffered: true });
  window.allShifts = () => { keep(observer.takeRecords()); return window.seenShifts; };
})();"""
_HEIGHT = "document.documentElement.scrollHeight"
# Charts that are asked for have an svg, in their place or drawn.
DRAWN = """[...document.querySelectorAll(".plot")].every((plot) => {
  const { top, bottom } = plot.getBoundingClientRect();
  return top > innerHeight || bottom < 0 || !plot.querySelector("svg") || "drawn" in plot.dataset;
})"""
_STEP = 700  # px, less than a window


@dataclass(frozen=True)
class Movement:
    """The sum of the layout shifts of a page, what moved, and the heights (px) before and after it was read."""

    shift: float
    moved: list[str]
    before: int
    after: int


def watch(page: Page) -> None:
    """Look for shifts from the first moment of the pages that are opened next."""
    page.add_init_script(_WATCH)


def scrolled_through(found: Visit) -> Movement:
    """Scroll a page that is ready from its top to its end, as a reader does: what is in sight gets time to be drawn."""
    page = found.page
    found.settle()
    before: int = page.evaluate(_HEIGHT)
    while page.evaluate(f"scrollY + innerHeight < {_HEIGHT} - 1"):
        at = page.evaluate("scrollY")
        page.evaluate(f"scrollBy({{ top: {_STEP}, behavior: 'instant' }})")
        found.settle()
        found.wait_until(DRAWN)
        assert page.evaluate("scrollY") > at, "the page does not scroll"
    found.settle()
    shifts = page.evaluate("allShifts()")
    return Movement(sum(value for value, _ in shifts), [what for _, what in shifts], before, page.evaluate(_HEIGHT))

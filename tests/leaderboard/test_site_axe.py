"""Every kind of page against the rules of axe-core, in light and dark colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import Visit, watched
from tests.shifts import DRAWN

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("board")

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "index.html",
    "entries.html",
    "entries/LiRuO2_1/index.html",
    "submissions/pathway-stack.html",
    "submissions/orb-v3.html",
    "method.html",
    "score.html",
    "predict.html",
    "changelog.html",
)
# WCAG 2.2 up to level AA and what axe calls good practice; the size of targets is off in axe by default.
WITHOUT_STATE = ("method.html", "changelog.html", "predict.html")

# Without preload: axe would fetch the style sheets once more, which the policy of the pages forbids.
CHECK = """async () => {
  const rules = { "target-size": { enabled: true } };
  const { violations } = await axe.run(document, { resultTypes: ["violations"], rules, preload: false });
  const shown = (found) => found.nodes.slice(0, 4).map((node) => node.html.slice(0, 160));
  return violations.map((found) => [`${found.id}: ${found.help}`, ...shown(found)].join("\\n  "));
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_violation(browser: Browser, site: Path, name: str, dark: bool) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run npm ci (make test does)")
    scheme = "dark" if dark else "light"
    with watched(browser, Visit, own=site.as_uri(), patience=120.0, color_scheme=scheme) as found:
        found.page.goto((site / name).as_uri())
        if name not in WITHOUT_STATE:
            found.page.wait_for_selector("html[data-ready]")
        for part in found.page.locator("details").all():
            part.evaluate("details => { details.open = true; }")
        found.settle()
        found.wait_until(DRAWN)  # what was folded is filled, and charts in sight stand in their places
        found.page.evaluate(AXE.read_text(encoding="utf-8"))
        violations: list[str] = found.page.evaluate(CHECK)
        assert not violations, "\n".join(violations)


def test_a_violation_is_found(browser: Browser) -> None:
    """A picture without words and text that is hardly there: the check sees them."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run npm ci (make test does)")
    page = browser.new_page()
    page.set_content(
        '<html lang="en"><title>t</title><main><img src="data:,"><p style="color: #eee">hardly there</p></main>'
    )
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = " ".join(page.evaluate(CHECK))
    page.close()
    assert "image-alt" in found
    assert "color-contrast" in found

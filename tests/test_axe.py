"""axe on every page in every state at both widths, light and dark: no violation, and no list of
those that are let through. What axe does not see of a chart, the contrast of its text, is computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from benchmarks.screens import FIRST_HEIGHT, STATES, WIDTHS, Scheme, as_tall_as_its_content
from tests.contrast import chart_texts, contrast
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
BEHIND = {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 22, 20)"}
DRAWN = """(colour) => {
  const app = document.querySelector('.stApp');
  return app && getComputedStyle(app).backgroundColor === colour
    && document.getAnimations().every((a) => a.playState !== 'running');
}"""
"""In that theme, and no colour on its way to it any more."""
SCRIPT = Axe().axe_script
LOADED = "() => 'axe' in window"
RUN = "async (options) => (await axe.run(document, options)).violations"
UNFOLD = """() => {
  for (const e of document.querySelectorAll('details:not([open]) > summary')) e.click();
}"""
UNFOLDED = ("card", "data-used", "about", "unfolded", "risk-about")
"""Each page once with everything open that opens; whatever else a state shows is as it stands."""
ENOUGH = 4.5
FEWEST_RULES = 60
"""Of axe's rules, so that a misspelt tag cannot pass as a page without violations."""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("axe") / "audit.sqlite") as app:
        yield app.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def found(page: Page, state: str, rules: Mapping[str, object] = ALL) -> list[str]:
    """What axe says of the page as it stands: state, rule, element, and what it measured. Read in
    once for each document; of what it tells, only what is broken leaves the browser.
    """
    if not page.evaluate(LOADED):
        page.evaluate(SCRIPT)
    told = page.evaluate(RUN, {"resultTypes": ["violations"], "runOnly": rules})
    return [
        f"{state}: {v['id']}: {n['target']}: {n['failureSummary'].splitlines()[-1].strip()}"
        for v in told
        for n in v["nodes"]
    ]


def faint(page: Page, state: str) -> list[str]:
    return [
        f"{state}: {words!r} {colour} on {behind}"
        for words, colour, behind in chart_texts(page)
        if contrast(colour, behind) < ENOUGH
    ]


def seen_as(page: Page, scheme: Scheme) -> None:
    """In this theme, which changes under a page that stays, and at rest."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(DRAWN, arg=BEHIND[scheme])


def test_no_page_and_no_state_breaks_a_rule(browser, address):
    """Every rule at both widths; of the second theme, which moves and renames nothing, the rules
    of colour. As tall as its content: axe does not look at what is scrolled out of sight.
    """
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": FIRST_HEIGHT})
    page.goto(address)
    broken: list[str] = []
    for state, show in STATES.items():
        show(page)
        if state in UNFOLDED:
            page.evaluate(UNFOLD)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": FIRST_HEIGHT})
            with as_tall_as_its_content(page, width):
                seen_as(page, "light")
                broken += found(page, f"{state} {width} light")
                broken += faint(page, f"{state} {width} light")
                seen_as(page, "dark")
                broken += found(page, f"{state} {width} dark", COLOURS)
                broken += faint(page, f"{state} {width} dark")
            page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": WIDTHS[0], "height": FIRST_HEIGHT})
    page.close()
    assert not broken, "\n".join(broken)


def test_axe_knows_the_tags(browser):
    page = browser.new_page()
    page.evaluate(SCRIPT)
    known = page.evaluate("tags => axe.getRules(tags).length", TAGS)
    assert known >= FEWEST_RULES
    assert all(page.evaluate("tags => axe.getRules(tags).length", [tag]) for tag in TAGS)
    page.close()


def test_axe_finds_what_is_wrong_here(browser, address):
    """The same call on a page of ours with one faint sentence put into it."""
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("button", name="Nora").wait_for()
    put = "e => e.insertAdjacentHTML('beforeend', '<p style=\"color:#bbb\">faint</p>')"
    page.locator(".stMain .tr").last.evaluate(put)
    with as_tall_as_its_content(page, 1280):
        assert any("color-contrast" in line for line in found(page, "faint"))
    page.close()

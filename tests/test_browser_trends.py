"""Trends and Data used in real Chromium: what is drawn, what is cut, what can be reached."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.test_browser import address, browser, choose, trail, visit

__all__ = ["address", "browser", "trail"]

RICH = "Sven Example-Secondary"
CHART = ".st-key-trend-chart-cdai"


def trends(page: Page, name: str = RICH) -> None:
    choose(page, name)
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_role("heading", level=1, name="Trends")).to_be_visible()
    expect(page.locator(f"{CHART} svg.marks")).to_be_visible(timeout=30_000)
    expect(page.locator(f"{CHART} svg.marks text", has_text="DAS28-ESR")).to_be_attached()


WORDS = """() => [...document.querySelectorAll('.st-key-trend-chart-cdai svg.marks text')]
  .filter(t => t.textContent.trim()).map(t => {
    const b = t.getBoundingClientRect();
    return {said: t.textContent, fill: getComputedStyle(t).fill,
            left: b.left, right: b.right, top: b.top, bottom: b.bottom};
  })"""


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (420, "dark"), (1024, "light")])
def test_every_word_of_a_chart_over_time_is_whole_apart_and_legible(
    browser, address, width, scheme
):
    size = {"width": width, "height": 900}
    with visit(browser, address, viewport=size, color_scheme=scheme) as page:
        trends(page)
        place = page.locator(f"{CHART} svg.marks").bounding_box()
        texts = page.evaluate(WORDS)
        assert {"CDAI", "DAS28-CRP", "DAS28-ESR"} <= {t["said"] for t in texts}
        for text in texts:
            assert place["x"] - 1 <= text["left"], text
            assert text["right"] <= place["x"] + place["width"] + 1, text
            assert text["fill"] == ("rgb(238, 238, 238)" if scheme == "dark" else "rgb(34, 34, 34)")
        for one, other in itertools.combinations(texts, 2):
            beside = one["right"] <= other["left"] + 1 or other["right"] <= one["left"] + 1
            above = one["bottom"] <= other["top"] + 4 or other["bottom"] <= one["top"] + 4
            assert beside or above, (one, other)
        wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"
        assert not page.evaluate(wide)


def test_as_many_marks_as_values_and_one_picture_for_a_reader_that_sees_none(browser, address):
    with visit(browser, address) as page:
        trends(page)
        said = page.locator(".tr-trend").first.inner_text()
        counts = [int(n) for n in re.findall(r"Of (\d+) values", said)]
        marks = page.locator(f"{CHART} svg.marks .mark-symbol path")
        assert marks.count() == sum(counts)
        chart = page.locator(f"{CHART} [role=graphics-document]")
        expect(chart).to_have_attribute(
            "aria-label",
            re.compile(r"^Disease activity\. .*CDAI\): 22\.0 on 27 Oct 2026, higher by 2\.0"),
        )
        heard = page.locator(f"{CHART} svg.marks [role=graphics-symbol]:not([aria-hidden=true])")
        assert heard.count() == 0


def test_charts_take_no_tab_stop_of_their_own(browser, address):
    with visit(browser, address) as page:
        trends(page)
        inside = "[class*=st-key-trend-chart-] :is(button, a, [tabindex])"
        seen = "e => e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true})"
        stops = page.locator(inside).evaluate_all(f"all => all.filter({seen}).length")
        assert stops == 0


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (420, "light"), (1024, "dark")])
def test_data_used_scrolls_sideways_at_no_width_with_everything_open(
    browser, address, width, scheme
):
    size = {"width": width, "height": 900}
    with visit(browser, address, viewport=size, color_scheme=scheme) as page:
        choose(page, RICH)
        page.get_by_role("link", name="Data used").click()
        expect(page.get_by_role("heading", level=1, name="Data used")).to_be_visible()
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")
        cut = """() => [...document.querySelectorAll('[data-testid=stMain] tbody :is(td, th)')]
          .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""
        assert page.evaluate(cut) == []
        assert not page.evaluate(
            "() => document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"
        )

"""A risk over time in real Chromium, from the worklist to the audit entry, on loopback only."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.test_browser import address, browser, choose, trail, visit

__all__ = ["address", "browser", "trail"]

SETTLED, PROVISIONAL, NO_RISK = (
    "Jonas Example-StageTwo",
    "Lotte Example-Provisional",
    "Greta Example-Repeat",
)


def test_from_the_worklist_to_the_audit_entry(browser, address):
    with visit(browser, address) as page:
        choose(page, SETTLED)
        place = page.get_by_role("region", name="Classification")
        expect(place.get_by_role("heading", level=2)).to_have_text("Stage 2")
        risk = page.get_by_role("region", name="Risk", exact=True)
        expect(risk.locator(".tr-number")).to_have_text(re.compile(r"\d+ of 100"))
        expect(risk).to_contain_text(re.compile(r"within\s5 years"))
        expect(risk).to_contain_text("Within 1 year")
        expect(risk).to_contain_text("Within 2 years")
        page.get_by_text("Repeat the glucose test", exact=True).click()
        page.get_by_role("button", name="Record decision").click()
        expect(page.get_by_text("Recorded: Repeat the glucose test")).to_be_visible()
        page.get_by_text("Audit trail of this patient").click()
        expect(page.get_by_role("row", name=re.compile("Decided"))).to_contain_text(
            "chosen: Repeat the glucose test"
        )
        assessed = page.get_by_role("row", name=re.compile("Assessed"))
        expect(assessed).to_contain_text(re.compile(r"stage 2: \d+ of 100 within 1 year"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_class_risk_and_course_are_above_the_fold(browser, address, scheme):
    with visit(browser, address, color_scheme=scheme) as page:
        choose(page, SETTLED)
        for place in (".tr-strip", ".tr-banner", ".tr-class", ".tr-risks", ".tr-plot"):
            box = page.locator(place).bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 700, place


def test_the_chart_is_drawn_and_heard_without_a_drawing_library(browser, address):
    with visit(browser, address) as page:
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        choose(page, SETTLED)
        chart = page.get_by_role("img", name=re.compile("^The estimated risk rises from 0 now to"))
        expect(chart).to_be_visible()
        for part in (".tr-band", ".tr-curve"):
            shape = chart.locator(part).evaluate("e => getComputedStyle(e).clipPath")
            assert shape.startswith("polygon(")
        plot = chart.locator(".tr-plot").bounding_box()
        for point in chart.locator(".tr-point").all():
            box = point.bounding_box()
            assert plot["x"] - 6 <= box["x"] <= plot["x"] + plot["width"] + 6
            assert plot["y"] - 6 <= box["y"] <= plot["y"] + plot["height"] + 6
        assert [url for url in loaded if re.search(r"vega|plotly|altair", url, re.I)] == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (420, "dark"), (1024, "light")])
def test_r15_nothing_scrolls_sideways_and_every_panel_can_be_hit(browser, address, width, scheme):
    size = {"width": width, "height": 900}
    with visit(browser, address, viewport=size, color_scheme=scheme) as page:
        wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"
        low = "e => e.filter(s => s.getBoundingClientRect().height < 24).length"
        for name in (SETTLED, PROVISIONAL, NO_RISK):
            choose(page, name)
            expect(page.locator(".tr-class")).to_be_visible()
            for panel in page.locator(".tr summary").all():
                panel.evaluate("e => { e.parentElement.open = true }")
            assert not page.evaluate(wide)
            assert page.locator(".tr summary").evaluate_all(low) == 0
            assert page.evaluate("() => document.getAnimations().length") == 0
            page.get_by_role("link", name="Worklist").click()
            expect(page.get_by_role("heading", level=1, name="Worklist")).to_be_visible()


def test_r15_panels_open_by_keyboard(browser, address):
    with visit(browser, address) as page:
        choose(page, SETTLED)
        panel = page.get_by_text("The course as a table")
        panel.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name=re.compile(r"\d+ of 100")).first).to_be_visible()


def test_a_class_that_is_not_settled_is_told_apart_without_colour(browser, address):
    with visit(browser, address) as page:
        choose(page, PROVISIONAL)
        place = page.locator(".tr-class")
        expect(place).to_contain_text("Not settled")
        assert place.evaluate("e => getComputedStyle(e).borderStyle") == "dashed"
        expect(page.locator(".tr-risks .tr-number").first).to_have_text(
            re.compile(r"Between \d+ and \d+")
        )


def test_without_a_risk_the_class_stands_and_a_decision_can_be_recorded(browser, address):
    with visit(browser, address) as page:
        choose(page, NO_RISK)
        expect(page.locator(".tr-class")).to_contain_text("Stage 3 range, unconfirmed")
        expect(page.get_by_role("heading", name="No estimate.")).to_be_visible()
        expect(page.locator(".tr-icons, .tr-chart")).to_have_count(0)
        page.get_by_text("Repeat the glucose test", exact=True).click()
        expect(page.get_by_text("Reason for this decision (optional)")).to_be_visible()
        page.get_by_role("button", name="Record decision").click()
        expect(page.get_by_text("Recorded: Repeat the glucose test")).to_be_visible()

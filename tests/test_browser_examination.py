"""The figure in a real browser: by mouse, by keyboard, the right way round, and large enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from decision.clinical.scores.joints import JOINTS, Side
from decision.ui.texts import examination as texts
from tests.needed import missing
from tests.test_browser import choose, visit

if CHROMIUM is None:
    missing("Chromium is not installed")

NAME = "Julia Example-Joints"
"""Somebody without joint counts, so that the form stands open."""
SAVE = "Save and update the answer"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("examination") / "audit.sqlite") as app:
        yield app.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def joint(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}:"))


def counts(page: Page) -> Locator:
    return page.locator(".st-key-assessment [role=status]").first


def box(found: Locator) -> dict[str, float]:
    place = found.bounding_box()
    assert place is not None
    return dict(place)


def middle(found: Locator) -> tuple[float, float]:
    place = box(found)
    return place["x"] + place["width"] / 2, place["y"] + place["height"] / 2


def test_by_mouse_a_whole_assessment_is_six_taps_and_two_scores(browser, address):
    with visit(browser, address) as page:
        choose(page, NAME)
        for name in ("Right wrist", "Right MCP 2", "Left PIP 3", "Left knee"):
            joint(page, name).click()
        expect(joint(page, "Right wrist")).to_have_accessible_name(
            "Right wrist: swollen and tender"
        )
        page.get_by_role("radio", name="Tender", exact=True).click()
        joint(page, "Left shoulder").click()
        expect(counts(page)).to_have_text("Swollen 4 · tender 5 of 28 joints so far.")
        page.get_by_text(texts.COMPLETE).click()
        expect(counts(page)).to_have_text("Swollen 4 · tender 5 of 28 joints. Complete.")
        page.get_by_label("Patient global").fill("6")
        page.get_by_label("Physician global").fill("5.5")
        page.get_by_role("button", name=SAVE).click()
        expect(page.locator(".tr-icons")).to_have_count(2)
        expect(page.get_by_text("Tender joints (of 28): 5 (entered by")).to_be_visible()
        page.get_by_role("button", name=texts.UNDO_ALL).click()
        expect(page.get_by_role("heading", name="No estimate.")).to_be_visible()
        expect(counts(page)).to_have_text("Swollen 4 · tender 5 of 28 joints so far.")


def test_by_keyboard_alone_every_joint_is_reached_in_order_and_keeps_the_focus(browser, address):
    with visit(browser, address) as page:
        choose(page, NAME)
        first = joint(page, JOINTS[0].label)
        page.get_by_role("radio", name="Swollen and tender", exact=True).focus()
        for _ in range(4):
            page.keyboard.press("Tab")
            if first.evaluate("e => e === document.activeElement"):
                break
        for number, each in enumerate(JOINTS):
            expect(joint(page, each.label)).to_be_focused()
            if number in (2, 27):
                page.keyboard.press("Space")
                marked = "swollen and tender"
                expect(joint(page, each.label)).to_have_accessible_name(f"{each.label}: {marked}")
                expect(joint(page, each.label)).to_be_focused()
            page.keyboard.press("Tab")
        expect(counts(page)).to_have_text("Swollen 2 · tender 2 of 28 joints so far.")
        page.keyboard.press("Space")
        expect(counts(page)).to_have_text("Swollen 2 · tender 2 of 28 joints. Complete.")
        page.get_by_label("Patient global").focus()
        page.keyboard.type("6")
        page.keyboard.press("Tab")
        page.keyboard.type("5")
        page.keyboard.press("Enter")
        expect(page.locator(".tr-icons")).to_have_count(2)


@pytest.mark.parametrize("width", [1024, 420, 320])
def test_the_patients_right_is_on_the_readers_left_and_every_joint_can_be_hit(
    browser, address, width
):
    with visit(browser, address, viewport={"width": width, "height": 900}) as page:
        choose(page, NAME)
        expect(joint(page, "Left knee")).to_be_visible()
        centre = sum(middle(joint(page, f"{s.value.capitalize()} knee"))[0] for s in Side) / 2
        for each in JOINTS:
            across, _ = middle(joint(page, each.label))
            assert (across < centre) is (each.side is Side.RIGHT), each.label
            place = box(joint(page, each.label))
            assert place["width"] >= 24, each.label
            assert place["height"] >= 24, each.label
        heads = page.locator(".tr-side-right"), page.locator(".tr-side-left")
        assert middle(heads[0])[0] < centre < middle(heads[1])[0]
        assert heads[0].inner_text() == "Patient’s right"
        wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"
        assert not page.evaluate(wide)


def test_what_was_tapped_is_drawn_in_that_joint_and_nowhere_else(browser, address):
    """Its colour and its letter: nothing rests on colour alone."""
    with visit(browser, address) as page:
        choose(page, NAME)
        page.get_by_role("radio", name="Swollen", exact=True).click()
        joint(page, "Right wrist").click()
        expect(joint(page, "Right wrist")).to_have_accessible_name("Right wrist: swollen")
        drawn = (
            "(e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e, '::after').content]"
        )
        colour, letter = joint(page, "Right wrist").evaluate(drawn)
        assert colour == "rgb(47, 111, 222)"
        assert letter.startswith('"S"')
        others = [j.label for j in JOINTS if j.label != "Right wrist"]
        for name in others:
            assert joint(page, name).evaluate(drawn)[1] == "none"

"""Ways in which a page has been drawn wrongly before, looked at as pixels and computed styles."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from tests.contrast import contrast
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")

CARD, RISK = "Nora Example-Naive", "Jonas Example-StageTwo"
APART = 80
"""Of 255: how far a disc and a ring must differ in grey."""
COLOUR = "e => getComputedStyle(e).color"
SHIFTS = """() => { window.moved = []; new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved.push(e.value);
}).observe({ type: 'layout-shift', buffered: true }); }"""
HEIGHT = 700
FOCUSED = """() => {
  const e = document.activeElement, box = (e.closest('label') ?? e).getBoundingClientRect();
  return [e.outerHTML.slice(0, 120), box.top, box.bottom];
}"""
SCROLLED_TO = """(e, y) =>
  document.querySelector('.stMain').scrollBy(0, e.getBoundingClientRect().top - y)"""
STEADY = 0.1
"""What the web calls a good score of layout shift."""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("traps") / "audit.sqlite") as app:
        yield app.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address) -> Iterator[Page]:
    made = browser.new_page(viewport={"width": 1024, "height": 900})
    made.goto(address)
    yield made
    made.close()


def opened(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    page.locator(".tr-icons").first.wait_for()


def grey(mark: Locator) -> float:
    """The middle of a mark as a copier sees it."""
    picture = Image.open(BytesIO(mark.screenshot())).convert("L")
    return float(picture.getpixel((picture.width // 2, picture.height // 2)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_disc_and_ring_differ_in_grey_and_all_marks_are_seen(page, scheme):
    page.emulate_media(color_scheme=scheme)
    opened(page, CARD)
    marks = page.locator(".tr-icons").first
    assert abs(grey(marks.locator(".tr-disc").first) - grey(marks.locator(".tr-ring").last)) > APART
    sizes = marks.locator("i").evaluate_all("all => all.map(e => e.getBoundingClientRect().width)")
    assert len(sizes) == 100
    assert min(sizes) > 5


def test_words_follow_a_switch_of_the_theme_while_the_page_stays(page):
    opened(page, CARD)
    words = page.locator(".tr-card .tr-number").first
    light = words.evaluate(COLOUR)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(light) => getComputedStyle(document.querySelector('.tr-card "
        ".tr-number')).color !== light",
        arg=light,
    )
    assert contrast(light, "#ffffff") > 7
    assert contrast(words.evaluate(COLOUR), "#171614") > 7


def test_paper_is_printed_dark_on_white_from_a_dark_screen(page):
    page.emulate_media(color_scheme="dark")
    opened(page, RISK)
    page.emulate_media(media="print", color_scheme="dark")
    for place in (".tr-name", ".tr-number", ".tr-plot .tr-value", ".tr-card h2"):
        colour = page.locator(place).first.evaluate(COLOUR)
        assert contrast(colour, "#ffffff") > 7, place
    behind = page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert behind == "rgb(255, 255, 255)"
    kept = page.locator(".tr-disc").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert contrast(kept, "#ffffff") > 3
    assert page.locator(".st-key-pages").is_hidden()


def test_an_entry_leaves_the_order_of_the_drugs_and_each_picture_with_its_number(page):
    opened(page, CARD)
    heads = page.locator(".tr-cards .tr-card h2").all_inner_texts()
    page.get_by_text("Complete the assessment", exact=True).click()
    page.get_by_label("HAQ-DI (0 to 3)").fill("2.5")
    page.get_by_role("button", name="Save and update the answer").click()
    page.get_by_role("heading", name="Entered by clinician").wait_for()
    assert page.locator(".tr-cards .tr-card h2").all_inner_texts() == heads == sorted(heads)
    for card in page.locator(".tr-cards .tr-card").all():
        number = card.locator(".tr-number").inner_text()
        assert number == f"{card.locator('.tr-disc').count()} of 100"


def test_no_label_of_the_course_is_dropped_or_cut(page):
    opened(page, RISK)
    chart = page.locator(".tr-course").bounding_box()
    labels = page.locator(".tr-plot .tr-value, .tr-times span").all()
    assert len(labels) >= 6
    for label in labels:
        box = label.bounding_box()
        assert box["x"] >= chart["x"]
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]
    assert page.locator(".tr-plot .tr-value").count() == page.locator(".tr-plot .tr-point").count()


@pytest.mark.parametrize("width", [1024, 420])
def test_nothing_jumps_while_a_chart_is_read(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("button", name=CARD).wait_for()
    page.evaluate(SHIFTS)
    page.evaluate("() => { window.moved.length = 0 }")
    opened(page, CARD)
    page.locator(".tr-footer").last.wait_for(state="attached")
    assert page.evaluate("() => window.moved.reduce((a, b) => a + b, 0)") < STEADY


@pytest.mark.parametrize("width", [1024, 420, 320])
def test_whose_chart_it_is_stays_in_sight_and_nothing_in_focus_is_behind_it(page, width):
    """On the way up, where the head is; it is the taller the narrower the page."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    opened(page, CARD)
    page.locator(".tr-footer").last.scroll_into_view_if_needed()
    strip = page.locator(".tr-strip").bounding_box()
    banner = page.locator(".st-key-head .tr-banner").bounding_box()
    assert 0 <= strip["y"] < banner["y"] < HEIGHT / 4
    foot = banner["y"] + banner["height"]
    fold = page.get_by_text("By kind of data")
    fold.focus()
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        name, top, bottom = page.evaluate(FOCUSED)
        assert foot <= top < bottom <= HEIGHT, name
    fold.focus()
    page.keyboard.press("Shift+Tab")
    fold.evaluate(SCROLLED_TO, foot - 10)
    assert fold.bounding_box()["y"] < foot
    page.keyboard.press("Tab")
    name, top, _ = page.evaluate(FOCUSED)
    assert foot <= top, name

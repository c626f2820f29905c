"""The whole visit in real Chromium: by hand with every action counted, and by keyboard alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from pypdf import PdfReader

from benchmarks.running_app import CHROMIUM, FLAGS, served
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")

WHO = "Hanna Example-Heart"
"""An AVOID stands against one of the drug classes, so that choosing it needs a reason."""
AGAINST = "TNF inhibitor"
REASON = "Risk accepted, discussed with the patient"
JOINTS = ("Right wrist", "Left wrist", "Right MCP 2", "Right MCP 3", "Left knee", "Left elbow")
SCORES = (
    ("Patient global assessment (0 to 10)", "6"),
    ("Physician global assessment (0 to 10)", "5"),
    ("HAQ-DI (0 to 3)", "1.5"),
)
MOST_ACTIONS = 25
MOST_TABS = 160
LONGEST = 20_000
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return ['', false, false];
  const box = e.closest('label') ?? e;
  const wraps = [box, e, e.parentElement, e.parentElement?.parentElement];
  const rings = (x) => { const s = getComputedStyle(x);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none'; };
  const at = box.getBoundingClientRect();
  const head = document.querySelector('.st-key-head')?.parentElement;
  const top = !head || head.contains(e) || e.contains(head) || e.hash === '#stMain' ? 0
    : head.getBoundingClientRect().bottom;
  const named = e.tagName === 'MAIN' ? ''
    : e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText || '';
  const seen = at.width > 0 && at.top >= top - 1 && at.bottom <= innerHeight + 1
    && at.left >= -1 && at.right <= innerWidth + 1;
  const name = e.tagName + ' ' + named.trim().replace(/\\s+/g, ' ');
  return [name, wraps.some((x) => x && rings(x)), seen];
}"""
"""Its name, whether there is a ring around it, and whether all of it is in the window and none of
it behind the head, which stays while the rest scrolls.
"""


AT_REST = """() => document.querySelector('.stApp').dataset.testScriptState === 'notRunning'
  && document.querySelector('.stMain').scrollTop === 0"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("visit") / "audit.sqlite") as app:
        yield app.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=LONGEST)
        yield chromium
        chromium.close()
        expect.set_options(timeout=None)


class Hand:
    """Does what a person does with a mouse, and counts it."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def click(self, what: Locator, name: str) -> None:
        what.click()
        self.did.append(f"click {name}")

    def write(self, what: Locator, value: str, name: str) -> None:
        what.fill(value)
        self.did.append(f"write {name}")


def joint(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}: "))


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_a_visit_takes_at_most_25_actions(browser, address, capsys):
    page = browser.new_page(viewport={"width": 1024, "height": 900})
    page.goto(address)
    hand = Hand()
    hand.click(page.get_by_role("button", name=WHO), "the patient")
    before = page.locator(".tr-card .tr-number")
    expect(before).to_have_count(2)
    hand.click(page.get_by_text("Complete the assessment", exact=True), "the assessment")
    for name in JOINTS:
        hand.click(joint(page, name), name)
        expect(joint(page, name)).to_have_accessible_name(f"{name}: swollen and tender")
    hand.click(page.get_by_text("Examination complete: all other joints are normal"), "complete")
    expect(page.get_by_text(f"Swollen {len(JOINTS)} · tender {len(JOINTS)}")).to_be_visible()
    for question, value in SCORES:
        hand.write(page.get_by_label(question), value, question)
    hand.click(page.get_by_role("button", name="Save and update the answer"), "save")
    expect(page.get_by_role("heading", name="Entered by clinician")).to_be_visible()
    hand.click(page.get_by_role("link", name="Compare and reasons"), "compare")
    expect(page.get_by_role("heading", level=1, name="Compare and reasons")).to_be_visible()
    hand.click(page.get_by_role("link", name="Patient", exact=True), "back")
    expect(before).to_have_count(2)
    hand.click(page.get_by_role("radio", name=AGAINST, exact=True), AGAINST)
    hand.click(page.get_by_text(REASON, exact=True), "the reason")
    hand.click(page.get_by_role("button", name=re.compile("^Record (override|decision)")), "record")
    expect(page.get_by_text(f"Recorded: {AGAINST}")).to_be_visible()
    numbers = before.all_inner_texts()
    assert all(re.fullmatch(r"\d+ of 100", number) for number in numbers)
    with page.expect_download() as taken:
        hand.click(page.get_by_role("link", name="Record as PDF"), "PDF")
    said = text_of(Path(taken.value.path()).read_bytes())
    assert WHO in said
    assert "simulated model." in said.lower()
    assert all(number in said for number in numbers)
    with capsys.disabled():
        sys.stdout.write(f"\nA visit: {len(hand.did)} actions ({'; '.join(hand.did)})\n")
    page.close()
    assert len(hand.did) <= MOST_ACTIONS


class Keys:
    """Reaches and uses everything by keys alone; the focus is seen wherever it goes."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []

    def to(self, wanted: str) -> None:
        """Tab on until something of that name has the focus; it is met on the way around once."""
        before, stuck = "", 0
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            name = self.focused()
            if re.search(wanted, name):
                return
            stuck = stuck + 1 if name and name == before else 0
            assert stuck < 8, f"trapped at {name}"
            before = name
        raise AssertionError(f"{wanted} was not reached by Tab")

    def focused(self) -> str:
        """What has the focus; it must be in sight with a ring once the page rests."""
        for _ in range(10):
            name, ringed, seen = self.page.evaluate(FOCUSED)
            if not name or (ringed and seen):
                return str(name)
            self.page.wait_for_timeout(100)
        self.unseen.append(name)
        return str(name)

    def press(self, wanted: str, key: str = "Enter") -> None:
        self.to(wanted)
        self.page.keyboard.press(key)

    def among(self, group: str, wanted: str, arrow: str) -> None:
        """One of a group, which has one stop for Tab and its arrows within."""
        self.to(group)
        for _ in range(12):
            if re.search(wanted, self.page.evaluate(FOCUSED)[0]):
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press(arrow)
        raise AssertionError(f"{wanted} was not reached by {arrow}")

    def write(self, wanted: str, value: str) -> None:
        self.to(wanted)
        self.page.keyboard.type(value)


def test_the_whole_visit_by_keyboard_alone(browser, address):
    page = browser.new_page(viewport={"width": 1024, "height": 900})
    page.goto(address)
    page.get_by_role("button", name=WHO).wait_for()
    keys = Keys(page)
    keys.press(f"BUTTON {WHO}")
    numbers = page.locator(".tr-card .tr-number")
    expect(numbers).to_have_count(2)
    keys.press("SUMMARY.*All .* cautions")
    expect(page.locator("details[open]").first).to_be_visible()
    keys.press("SUMMARY.*Complete the assessment")
    expect(joint(page, JOINTS[0])).to_be_visible()
    for name in ("Right wrist", "Left wrist"):
        keys.press(f"BUTTON {name}:")
        expect(joint(page, name)).to_have_accessible_name(f"{name}: swollen and tender")
    keys.press("INPUT Examination complete", "Space")
    expect(page.get_by_text("Swollen 2 · tender 2")).to_be_visible()
    for question, value in SCORES:
        keys.write(re.escape(question), value)
    keys.press("BUTTON Save and update the answer")
    expect(page.get_by_role("heading", name="Entered by clinician")).to_be_visible()
    page.wait_for_function(AT_REST)  # a new answer is shown from its top
    keys.press("A Compare and reasons")
    expect(page.get_by_role("heading", level=1, name="Compare and reasons")).to_be_visible()
    page.locator(".stVegaLiteChart svg").last.wait_for()
    page.wait_for_function(AT_REST)
    keys.press("A Patient$")
    expect(numbers).to_have_count(2)
    keys.among("BUTTON .* inhibitor$", f"BUTTON {AGAINST}$", "ArrowRight")
    expect(page.get_by_role("radio", name=REASON)).to_be_visible()
    keys.among("INPUT Repeat result acceptable", f"INPUT {REASON}", "ArrowDown")
    keys.press("BUTTON Record (override|decision)")
    expect(page.get_by_text(f"Recorded: {AGAINST}")).to_be_visible()
    with page.expect_download() as taken:
        keys.press("A Record as PDF")
    assert WHO in text_of(Path(taken.value.path()).read_bytes())
    assert keys.unseen == []
    page.close()

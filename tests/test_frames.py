"""The app inside frames of another site's page, in real Chromium: two launches in one browser never
mix, an address without its cookie shows nothing, and only the chart's own site may frame a page.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from tests.fakes import CLOSED
from tests.frames import RECORDER, SHOWS, Side, portal
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")

INTERLEAVINGS = 1000
SEED = 20261102
LONGEST = 20_000
PAGES = ("Patient", "Patient", "Data used", "About this model")


@dataclass(frozen=True, slots=True)
class Served:
    """The app, the site that may frame it, and one that may not."""

    app: str
    chart: str
    stranger: str

    def framing(self, *patients: str, site: str = "") -> str:
        urls = [("url", f"{self.app}/launch?patient={p}") for p in patients]
        return f"{site or self.chart}/?{urlencode(urls)}"


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("frames")
    with (
        portal() as chart,
        portal() as stranger,
        served(folder / "audit.sqlite", script="tests/framed_app.py", PORTAL=chart) as app,
    ):
        yield Served(app.address, chart, stranger)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 950})
    made.add_init_script(RECORDER)
    yield made
    made.close()


def settle(side: Side) -> None:
    """Until the frame shows what it must and nothing else."""
    wanted = json.dumps(side.wanted(), ensure_ascii=False, separators=(",", ":"))
    try:
        side.frame.wait_for_function(SHOWS, arg=wanted, timeout=LONGEST, polling=25)
    except Exception:
        assert side.seen() == side.wanted()  # says what differs
        raise


def both(context: BrowserContext, sites: Served) -> tuple[Page, tuple[Side, Side]]:
    page = context.new_page()
    page.goto(sites.framing("p1", "p2"))
    sides = (Side(page, 0, "p1"), Side(page, 1, "p2"))
    for side in sides:
        settle(side)
    return page, sides


def act(side: Side, chance: random.Random) -> None:
    """One thing a reader may do there now; each patient has joint counts of their own."""
    roll = chance.random()
    if roll < 0.06:
        side.reload()
    elif side.at != "Patient":
        side.go(chance.choice([page for page in PAGES if page != side.at]))
    elif roll < 0.50:
        side.toggle()
    elif roll < 0.80 and side.value is None:
        side.enter(chance.randint(1, 9) + 10 * side.index)
    elif roll < 0.80:
        side.undo()
    else:
        side.go(chance.choice(PAGES[2:]))


def test_two_launches_in_one_browser_never_mix(context, sites):
    """After every step both frames show their own patient, user and values; and in between, no
    frame has shown the other's name even for a moment.
    """
    _, sides = both(context, sites)
    chance = random.Random(SEED)
    done = 0
    while done < INTERLEAVINGS:
        acting = chance.choice([(sides[0],), (sides[1],), sides, sides[::-1]])
        done += len(acting)
        for side in acting:  # the second acts while the first is still being answered
            act(side, chance)
        for side in acting:
            settle(side)
        for side in sides:
            assert side.seen() == side.wanted()


def lid(frame: Frame | Page) -> str:
    return parse_qs(urlsplit(frame.url).query)["lid"][0]


def nobody(frame: Frame | Page, title: str = CLOSED.title) -> None:
    """The stop page, and nobody's name anywhere."""
    expect(frame.get_by_role("heading", level=1)).to_have_text(title)
    assert "Name of" not in frame.content()
    assert frame.get_by_role("link", name="Patient").count() == 0


def test_a_copied_address_without_its_cookie_shows_nobody(context, browser, sites):
    _, sides = both(context, sites)
    elsewhere = browser.new_context()
    page = elsewhere.new_page()
    for side in sides:
        page.goto(side.frame.url)
        nobody(page)
    elsewhere.close()


def test_an_address_copied_from_a_frame_shows_nobody_in_a_tab_of_the_same_browser(context, sites):
    """The cookie is kept for this app inside this site's pages, and for no other place."""
    _, sides = both(context, sites)
    tab = context.new_page()
    tab.goto(sides[0].frame.url)
    nobody(tab)


@pytest.mark.parametrize("handle", ["", "AAAAAAAAAAAA", "../../etc"])
def test_a_missing_or_unknown_handle_shows_nobody(context, sites, handle):
    tab = context.new_page()
    tab.goto(f"{sites.app}/launch?patient=p1")
    expect(tab.locator(".tr-name")).to_have_text("Name of p1")
    tab.goto(f"{sites.app}/patient?{urlencode({'embed': 'true', 'lid': handle})}")
    nobody(tab)


def test_the_handle_of_another_browsers_launch_shows_nobody(context, browser, sites):
    _, (own, _) = both(context, sites)
    colleague = browser.new_context()
    page = colleague.new_page()
    page.goto(f"{sites.app}/launch?patient=p9")
    expect(page.locator(".tr-name")).to_have_text("Name of p9")
    own.frame.goto(own.frame.url.replace(lid(own.frame), lid(page)))
    assert own.frame.locator(".tr-name").count() == 0
    assert "Name of p9" not in own.frame.content()
    page.goto(page.url.replace(lid(page), "AAAAAAAAAAAA"))
    nobody(page)
    colleague.close()


def test_without_its_cookie_a_frame_stops_at_the_next_reload_and_the_other_goes_on(context, sites):
    page, (one, other) = both(context, sites)
    context.clear_cookies(name=f"__Host-l-{lid(one.frame)}")
    one.reload()
    one.frame.get_by_role("heading", name=CLOSED.title).wait_for()
    nobody(one.frame)
    other.toggle()
    settle(other)
    page.close()


def test_ending_one_session_ends_that_frame_and_no_other(context, sites):
    _, (one, other) = both(context, sites)
    one.frame.get_by_role("button", name="End session").click()
    nobody(one.frame, "Session ended.")
    other.enter(12)
    settle(other)


def test_a_site_that_is_not_the_charts_cannot_frame_a_page(context, sites):
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    page.goto(sites.framing("p1", site=sites.stranger))
    page.wait_for_function("() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
    (frame,) = page.main_frame.child_frames
    assert "Name of" not in frame.content()
    assert any(re.search(r"frame-ancestors", words) for words in said)


def test_in_frames_no_rule_of_the_policy_is_broken(context, sites):
    broken: list[str] = []
    context.on("console", lambda m: broken.append(m.text) if "Content Security" in m.text else None)
    _, (one, _) = both(context, sites)
    for where in ("Data used", "About this model", "Patient"):
        one.go(where)
        settle(one)
    one.enter(12)
    settle(one)
    assert broken == []

"""A record taken from a page in real Chromium, in a frame of another site's page: the file comes in
one click, the page stays as it is, and the address alone opens nothing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pypdf
import pytest
from playwright.sync_api import Browser, Frame, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from decision.ui.texts import exporting as words
from tests.frames import portal
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")


@pytest.fixture(scope="module")
def framing(tmp_path_factory) -> Iterator[str]:
    """The address of a chart of another site that shows one patient of ours in a frame."""
    folder = tmp_path_factory.mktemp("record")
    with (
        portal() as chart,
        served(folder / "audit.sqlite", script="tests/framed_app.py", PORTAL=chart) as app,
    ):
        yield f"{chart}/?{urlencode({'url': f'{app.address}/launch?patient=p1'})}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def ours(page) -> Frame:
    """The frame with the page, once it offers a record."""
    page.frame_locator("iframe").get_by_role("link", name=words.PDF).wait_for()
    (frame,) = [f for f in page.frames if f.parent_frame is not None]
    return frame


@pytest.mark.parametrize("width", [1024, 420])
def test_one_click_gives_the_file_and_leaves_the_page_as_it_is(browser, framing, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, accept_downloads=True)
    page.goto(framing)
    frame = ours(page)
    before = frame.locator("h1").first.inner_text()
    for label, suffix in ((words.PDF, ".pdf"), (words.JSON, ".json")):
        link = frame.get_by_role("link", name=label)
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        with page.expect_download() as waiting:
            link.click()
        file = waiting.value
        assert file.suggested_filename.startswith("decision-record-")
        assert file.suggested_filename.endswith(suffix)
        content = Path(file.path()).read_bytes()
        if suffix == ".json":
            assert json.loads(content)["patient"]["name"] == "Name of p1"
        else:
            assert len(pypdf.PdfReader(io.BytesIO(content)).pages) >= 1
    assert frame.locator("h1").first.inner_text() == before
    assert frame.get_by_role("link", name=words.PDF).count() == 1
    page.close()


def test_a_link_is_reached_and_followed_by_keyboard(browser, framing):
    page = browser.new_page(accept_downloads=True)
    page.goto(framing)
    frame = ours(page)
    frame.get_by_role("link", name=words.PDF).focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename.endswith(".pdf")
    page.close()


def test_the_address_without_the_launchs_cookie_shows_why_and_nothing_of_anybody(browser, framing):
    page = browser.new_page()
    page.goto(framing)
    address = ours(page).get_by_role("link", name=words.PDF).evaluate("link => link.href")
    stranger = browser.new_context()
    other = stranger.new_page()
    answer = other.goto(address)
    assert answer is not None
    assert answer.status == 404
    assert words.NO_RECORD[0] in other.inner_text("main")
    assert "p1" not in other.content()
    stranger.close()
    page.close()


def test_the_same_browser_outside_the_frame_has_no_cookie_for_it(browser, framing):
    """The cookie is the launch's own in the chart's frame, and no tab beside it has it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(framing)
    address = ours(page).get_by_role("link", name=words.PDF).evaluate("link => link.href")
    tab = context.new_page()
    answer = tab.goto(address)
    assert answer is not None
    assert answer.status == 404
    context.close()

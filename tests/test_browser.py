"""The real app in real Chromium, from the worklist to the audit file. Nothing leaves loopback."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, ROOT, served
from benchmarks.screens import STATES, take
from tests.needed import missing

if CHROMIUM is None:
    missing("Chromium is not installed")


@pytest.fixture(scope="module")
def trail(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("browser") / "audit.sqlite"


@pytest.fixture(scope="module")
def address(trail) -> Iterator[str]:
    with served(trail) as app:
        yield app.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def visit(browser: Browser, address: str, **options: object) -> Iterator[Page]:
    """A page that fails the test on a console error or on a request that leaves this machine."""
    context = browser.new_context(**{"viewport": {"width": 1024, "height": 700}} | options)
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    local = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:")
    page.on("request", lambda r: None if local.match(r.url) else strangers.append(r.url))
    page.on("websocket", lambda w: None if local.match(w.url) else strangers.append(w.url))
    page.goto(address)
    expect(page.get_by_role("heading", level=1, name="Worklist")).to_be_visible()
    yield page
    assert errors == []
    assert strangers == []
    context.close()


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.locator("h1.tr-name", has_text=name)).to_be_visible()


def numbers(page: Page) -> list[str]:
    """Both headline numbers, as read by somebody who sees the page."""
    return page.locator(".tr-card .tr-number").all_inner_texts()


def test_from_the_worklist_to_the_audit_entry(browser, address, trail):
    with visit(browser, address) as page:
        choose(page, "Julia Example-Joints")
        expect(page.get_by_role("heading", name="No estimate.")).to_be_visible()
        for question, count in (("Tender joints (of 28)", "9"), ("Swollen joints (of 28)", "7")):
            page.get_by_label(question).fill(count)
        page.get_by_role("button", name="Save and update the answer").click()
        expect(page.locator(".tr-icons")).to_have_count(2)
        first = numbers(page)
        assert len(first) == 2
        assert all(re.fullmatch(r"\d{1,2} of 100", number) for number in first)
        for arm in page.locator(".tr-card").all():
            expect(arm).to_contain_text(re.compile(r"Likely range \d+ to \d+ of 100 \(90 %\)"))

        page.get_by_role("button", name="Undo").nth(1).click()
        expect(page.get_by_role("heading", name="No estimate.")).to_be_visible()
        page.get_by_label("Swollen joints (of 28)").fill("24")
        page.get_by_role("button", name="Save and update the answer").click()
        expect(page.locator(".tr-icons")).to_have_count(2)
        assert numbers(page) != first

        page.get_by_text("JAK inhibitor", exact=True).click()
        page.get_by_role("button", name="Record decision").click()
        expect(page.get_by_text("Recorded: JAK inhibitor")).to_be_visible()
        page.get_by_text("Audit trail of this patient").click()
        row = page.get_by_role("row", name=re.compile("Decided"))
        expect(row).to_contain_text("chosen: JAK inhibitor")
        expect(page.get_by_role("row", name=re.compile("Entered values"))).to_have_count(3)
        shown = row.get_by_role("cell").last.inner_text()

    with closing(sqlite3.connect(f"file:{trail}?mode=ro", uri=True)) as database:
        (found,) = database.execute(
            "select patient_id, action, outcome from audit_entry where id like ?", (f"{shown}%",)
        ).fetchall()
    assert found[1] == "decided"
    assert '"chosen": "jak-inhibitor"' in found[2]
    assert "patients like this one reach" in found[2]


@pytest.mark.parametrize("name", ["Nora Example-Naive", "Viktor Example-Diverticulitis"])
def test_both_numbers_and_the_difference_are_above_the_fold(browser, address, name):
    with visit(browser, address) as page:
        choose(page, name)
        for place in (".tr-strip", ".tr-banner", ".tr-card >> nth=0", ".tr-card >> nth=1"):
            box = page.locator(place).bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 700
        verdict = page.locator(".tr-verdict").bounding_box()
        assert verdict["y"] + verdict["height"] <= 700


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (420, "dark"), (1024, "light")])
def test_r15_nothing_scrolls_sideways(browser, address, width, scheme):
    size = {"width": width, "height": 900}
    with visit(browser, address, viewport=size, color_scheme=scheme) as page:
        wide = "() => document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth"
        assert not page.evaluate(wide)
        choose(page, "Viktor Example-Diverticulitis")
        for panel in page.locator("summary").all():
            panel.click()
        assert not page.evaluate(wide)
        for name in ("Data used", "About this model"):
            page.get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
            assert not page.evaluate(wide)


def test_two_tabs_with_two_patients_never_mix(browser, address):
    with visit(browser, address) as one, visit(browser, address) as other:
        choose(one, "Julia Example-Joints")
        choose(other, "Nora Example-Naive")
        one.get_by_label("Tender joints (of 28)").fill("9")
        one.get_by_role("button", name="Save and update the answer").click()
        expect(one.get_by_text("Tender joints (of 28): 9 (entered by clinician")).to_be_visible()
        other.get_by_role("link", name="Data used").click()
        expect(other.get_by_role("heading", level=1, name="Data used")).to_be_visible()
        expect(other.locator(".tr-strip")).to_contain_text("Nora Example-Naive")
        entered = re.compile(r"(used, |\()entered by clinician|: 9 ")
        expect(other.get_by_text(entered)).to_have_count(0)


CLICK_BOTH = "(one, other) => { one.click(); setTimeout(() => other.click(), 100) }"


def test_a_second_click_never_opens_the_patient_before(browser, tmp_path):
    """A click ends the run that the click before it began, wherever that run is."""
    with (
        served(tmp_path / "audit.sqlite", script="tests/slow_app.py") as app,
        visit(browser, app.address) as page,
    ):
        choose(page, "Name of p1")
        page.get_by_role("link", name="Worklist").click()
        second = page.get_by_role("button", name="Name of p2")
        second.wait_for()
        second.evaluate(CLICK_BOTH, page.get_by_role("link", name="Patient").element_handle())
        expect(page.locator("h1.tr-name")).to_have_text("Name of p2")
        page.get_by_role("link", name="Worklist").click()
        expect(page.get_by_role("heading", level=1, name="Worklist")).to_be_visible()
        expect(second).to_be_visible()


def test_a_name_is_shown_as_it_is_written(browser, tmp_path):
    """`visit` fails on any request that a picture in a name would make."""
    name = "![x](https://elsewhere.example/x.png) :smile: -> **B** :material/warning: <i>c</i>"
    folder = tmp_path / "bundles"
    folder.mkdir()
    words = (ROOT / "examples" / "demo_patients" / "demo-01-naive.json").read_text()
    (folder / "marked.json").write_text(words.replace("Example-Naive", name))
    with (
        served(tmp_path / "audit.sqlite", BUNDLES=str(folder)) as app,
        visit(browser, app.address) as page,
    ):
        button = page.get_by_role("button", name="Nora")
        assert button.inner_text().replace("\u2060", "") == f"Nora {name}"
        expect(page.locator("button img, button a")).to_have_count(0)
        button.click()
        expect(page.locator("h1.tr-name")).to_have_text(f"Nora {name}")


def test_the_patient_never_reaches_the_address_bar_or_the_tab(browser, address):
    with visit(browser, address) as page:
        choose(page, "Nora Example-Naive")
        assert page.url == f"{address}/patient"
        assert page.title() == "Treatment response"


def test_bad_files_show_a_message_and_no_traceback(browser, tmp_path):
    folder = tmp_path / "bundles"
    folder.mkdir()
    good, other = sorted((ROOT / "examples" / "demo_patients").glob("*.json"))[:2]
    shutil.copy(good, folder)
    (folder / "truncated.json").write_text(other.read_text()[:2000])
    with (
        served(tmp_path / "audit.sqlite", BUNDLES=str(folder)) as app,
        visit(browser, app.address) as page,
    ):
        expect(page.get_by_text("Not listed: truncated.json")).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)
        choose(page, "Nora Example-Naive")
        assert len(numbers(page)) == 2
    assert "Example-Naive" not in (tmp_path / "audit.log").read_text()


def portal(page: Page, address: str) -> list[Frame]:
    """The demonstration chart on its own site, with a launch in each of its two frames."""
    page.goto(f"{address.replace('127.0.0.1', 'localhost')}/demo/portal")
    expect(page.locator("iframe")).to_have_count(2)
    frames = [found for e in page.query_selector_all("iframe") if (found := e.content_frame())]
    for frame in frames:
        expect(frame.locator(".tr-icons")).to_have_count(2, timeout=20_000)
    return frames


def test_the_portal_shows_two_patients_each_in_a_session_of_their_own(browser, address):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    broken: list[str] = []
    page.on("console", lambda m: broken.append(m.text) if m.type == "error" else None)
    nora, mona = portal(page, address)
    expect(nora.locator("h1.tr-name")).to_have_text("Nora Example-Naive")
    expect(mona.locator("h1.tr-name")).to_have_text("Mona Example-Mono")
    expect(nora.get_by_role("link", name="Worklist")).to_have_count(0)

    nora.get_by_text("Decide later", exact=True).click()
    nora.get_by_role("button", name="Record decision").click()
    nora.get_by_role("button", name="Write to the chart").click()
    expect(nora.get_by_text("Decision: Decide later. Written to the chart")).to_be_visible(
        timeout=20_000
    )
    expect(mona.get_by_text("Recorded: ")).to_have_count(0)

    mona.get_by_role("button", name="End session").click()
    expect(mona.locator(".tr-stop-page")).to_be_visible()
    assert "Mona" not in mona.content()
    nora.get_by_role("link", name="Data used").click()
    expect(nora.locator(".tr-strip")).to_contain_text("Nora Example-Naive")
    assert broken == []
    page.close()


def test_a_new_answer_is_read_from_the_top(browser, address):
    """By the one script of ours that the policy lets run."""
    with visit(browser, address) as page:
        choose(page, "Julia Example-Joints")
        page.get_by_label("Tender joints (of 28)").fill("9")
        page.get_by_role("button", name="Save and update the answer").scroll_into_view_if_needed()
        top = "document.querySelector('[data-testid=stMain]').scrollTop"
        assert page.evaluate(top) > 0
        page.get_by_role("button", name="Save and update the answer").click()
        expect(page.get_by_text("Tender joints (of 28): 9 (entered by clinician")).to_be_visible()
        page.wait_for_function(f"() => {top} === 0")


def test_pictures_of_every_state_can_be_taken(browser, address, tmp_path):
    """Narrow and dark only: `python -m benchmarks.screens` takes the rest for a release."""
    saved = take(browser, address, tmp_path, widths=(420,), schemes=("dark",))
    assert [path.name for path in saved] == [f"{state}-420-dark.png" for state in STATES]
    pictures = {path.read_bytes() for path in saved}
    assert len(pictures) == len(STATES)

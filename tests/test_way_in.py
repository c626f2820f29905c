"""Who may send a file: the browser of an open visit whose page asks for one, and nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served
from decision.ui.headers import NOBODY, Gate
from decision.ui.texts import adding as words
from decision.ui.way_in import WayIn
from tests.expression_samples import table
from tests.needed import missing
from tests.test_headers import inner

OWN, SESSION = "127.0.0.1:8501", "0a9e8a2e-4d3c-4f5e-9a51-1d2b3c4d5e6f"
PLACE = f"/_stcore/upload_file/{SESSION}/file-1"


class Visits:
    """Stands for the doors: which handle is open for which browser."""

    def __init__(self) -> None:
        self.open = {("handle", "chocolate")}

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        return (handle, cookies.get("visit", "")) in self.open


@pytest.fixture
def visits() -> Visits:
    return Visits()


@pytest.fixture
def way(visits) -> WayIn:
    made = WayIn(visits.still_open)
    made.open(SESSION, "handle")
    return made


COOKIE = {"visit": "chocolate"}


def test_the_browser_that_was_asked_for_a_file_may_send_and_take_back(way):
    assert way.lets("PUT", PLACE, COOKIE)
    assert way.lets("DELETE", PLACE, COOKIE)


@pytest.mark.parametrize(
    ("method", "path", "cookies"),
    [
        ("PUT", PLACE.replace("0a9e", "1a9e"), COOKIE),
        ("PUT", PLACE, {}),
        ("PUT", PLACE, {"visit": "vanilla"}),
        ("GET", PLACE, COOKIE),
        ("POST", PLACE, COOKIE),
        ("OPTIONS", PLACE, COOKIE),
        ("PUT", f"/base{PLACE}", COOKIE),
        ("PUT", f"{PLACE}/more", COOKIE),
        ("PUT", PLACE.replace("file-1", ".."), COOKIE),
        ("PUT", "/_stcore/upload_file/", COOKIE),
        ("DELETE", PLACE, {}),
    ],
)
def test_a_stranger_may_not(way, method, path, cookies):
    assert not way.lets(method, path, cookies)


def test_a_session_whose_page_asks_for_nothing_sends_nothing(visits):
    assert not WayIn(visits.still_open).lets("PUT", PLACE, COOKIE)


def test_when_the_visit_ends_the_way_is_shut_for_good(way, visits):
    visits.open.clear()
    assert not way.lets("PUT", PLACE, COOKIE)
    visits.open.add(("handle", "chocolate"))
    assert not way.lets("PUT", PLACE, COOKIE)


def test_no_session_fills_the_memory_with_files(way):
    let = [way.lets("PUT", PLACE, COOKIE) for _ in range(20)]
    assert let == [True] * 6 + [False] * 14
    assert way.lets("DELETE", PLACE, COOKIE)
    way.open(SESSION, "handle")
    assert way.lets("PUT", PLACE, COOKIE)


def test_only_so_many_sessions_are_remembered(way):
    for i in range(1_000):
        way.open(f"session-{i:04d}", "handle")
    assert not way.lets("PUT", PLACE, COOKIE)
    assert way.lets("PUT", PLACE.replace(SESSION, "session-0999"), COOKIE)


def status(way: WayIn, *headers: tuple[str, str], method: str = "PUT", path: str = PLACE) -> int:
    """What the gate answers to one request."""
    answers = []

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(n.encode(), v.encode()) for n, v in (("host", OWN), *headers)],
    }
    gate = Gate(inner, hosts=("127.0.0.1",), ancestors=lambda handle: NOBODY, lets=way.lets)
    asyncio.run(gate(scope, receive, send))
    return answers[0]["status"]


ORIGIN, WITH = ("origin", f"http://{OWN}"), ("cookie", "visit=chocolate")


def test_the_gate_lets_in_what_the_way_lets_in(way):
    assert status(way, ORIGIN, WITH) == 200
    assert status(way, ORIGIN, WITH, method="DELETE") == 200


def test_the_gate_shuts_out_every_other(way):
    assert status(way, ORIGIN) == 404
    assert status(way, WITH) == 404  # from no page at all
    assert status(way, ("origin", "https://elsewhere.example"), WITH) == 403
    assert status(way, ORIGIN, WITH, path=f"/base{PLACE}") == 404
    assert status(way, ORIGIN, WITH, path="/_stcore/metrics") == 404


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The served app in a browser, on the form of somebody with RNA."""
    if CHROMIUM is None:
        missing("Chromium is not installed")
    with served(tmp_path_factory.mktemp("way") / "audit.sqlite") as app, sync_playwright() as pw:
        chromium = pw.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        shown = chromium.new_page(viewport={"width": 1024, "height": 1200})
        shown.goto(app.address)
        shown.get_by_role("button", name="Tara Example-Transcript").click()
        expect(shown.locator("h1.tr-name")).to_contain_text("Tara")
        yield shown
        chromium.close()


def _choose(page: Page, question: str, answer: str) -> None:
    box = page.get_by_role("combobox", name=question)
    box.click()
    box.fill(answer)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")


def test_in_a_browser_a_file_is_sent_read_and_shown_and_a_copied_request_is_refused(page):
    page.get_by_role("link", name="Data used").click()
    page.get_by_text(words.TITLE, exact=True).click()
    file = {"name": "s.tsv", "mimeType": "text/plain", "buffer": table(row=1)}
    with page.expect_response(re.compile("/_stcore/upload_file/")) as sent:
        page.locator(".st-key-add-expression input[type=file]").first.set_input_files(file)
    assert sent.value.status == 204
    page.get_by_text(words.MINE).click()
    _choose(page, words.PLATFORM, "Simulated RNA-seq")
    _choose(page, words.SCALE, "TPM")
    _choose(page, words.SPECIMEN, "whole blood")
    page.get_by_label(words.TAKEN).first.click()
    page.keyboard.type("20261112")
    page.get_by_role("button", name=words.SEND).click()
    expect(page.get_by_role("row", name="Type I interferon score")).to_contain_text(
        "used, entered by clinician"
    )
    expect(page.locator(".tr-rna .tr-own")).to_have_count(12)
    stranger = page.context.browser.new_context()
    address = sent.value.url
    assert stranger.request.put(address, multipart={"f": file}).status == 404
    ours = {"origin": address.partition("/_stcore")[0]}  # what any program may say of itself
    assert stranger.request.put(address, multipart={"f": file}, headers=ours).status == 403
    stranger.close()

"""How long until a clinician reads the answer about the patient whose chart was opened.

The app runs in demo mode, where its own EHR plays the chart. Every view is a launch of its own, for
another patient than the view before, and a whole new page: nothing of it is there before its launch
but what the launch itself begins (it reads the chart, `ChartDoors.enter`).

`answer_p50_s` is the first patient view from the server, warm: server and browser have shown
patients before, as on any day but the first; the window is open and shows one patient after the
other by full navigations, with an empty page and a rest between them; time runs from the moment the
browser is sent to the app's page, which is when the launch has let it in, until the answer can be
read. All searches of the decision over loopback HTTP, the record, the assessment and its audit
entry on disk are within. `launch_p50_s` is the same views from the click in the chart, with the
login at the EHR before: discovery, authorization, code and token.

Stricter: `new_tab_p50_s` is from the click too, in a tab that is opened for it, so that Chromium
starts a process for the page and its own window parts beside it. `cold_p50_s` is that in a browser
that has nothing of the app yet, neither cache nor compiled scripts. `shell_p50_s` is a page without
any patient, in the open window, in turn with the others: what framework and browser take on this
machine now.
"""

from __future__ import annotations

import html
import os
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served

WARMING = 3
LONGEST_MS = 60_000
REST_MS = 700
"""Between two views: whatever the one before still had to do is not part of the next."""
_FRAME = re.compile(r'<iframe src="([^"]+)"')
_BANNER = ".tr-strip .tr-name"
_ANSWER = ".tr-card .tr-number"
_SENT = "() => performance.getEntriesByType('navigation')[0].fetchStart / 1000"
"""Seconds from the click to the request for the page itself, after all redirects of the launch."""


@dataclass(frozen=True, slots=True)
class View:
    """Seconds from the click: until the browser was sent to the page, until it says whose it is,
    and until the answer.
    """

    sent: float
    banner: float
    answer: float


@dataclass(frozen=True, slots=True)
class Views:
    """All that was taken, each kind in turn with the others."""

    warm: list[View] = field(default_factory=list)
    new_tab: list[View] = field(default_factory=list)
    cold: list[View] = field(default_factory=list)
    shell: list[float] = field(default_factory=list)


def launches(portal: str) -> list[str]:
    """Fresh launch addresses, as the chart's page has them in its frames; each works once."""
    with urllib.request.urlopen(portal, timeout=30) as answer:  # noqa: S310  our own loopback
        page = answer.read().decode()
    return [html.unescape(address) for address in _FRAME.findall(page)]


def one_view(page: Page, launch: str) -> View:
    """One launch in this tab."""
    began = time.perf_counter()
    page.goto(launch, wait_until="commit")
    page.locator(_BANNER).first.wait_for(timeout=LONGEST_MS)
    banner = time.perf_counter() - began
    page.locator(_ANSWER).first.wait_for(timeout=LONGEST_MS)
    answer = time.perf_counter() - began
    return View(page.evaluate(_SENT), banner, answer)


def one_shell(page: Page, address: str) -> float:
    """Seconds until a page without a patient shows its heading."""
    began = time.perf_counter()
    page.goto(f"{address}/about", wait_until="commit")
    page.get_by_role("heading", level=1).first.wait_for(timeout=LONGEST_MS)
    return time.perf_counter() - began


def _leave(page: Page) -> Page:
    """The chart is closed."""
    page.goto("about:blank")
    page.wait_for_timeout(REST_MS)
    return page


def _in_new_tab(context: BrowserContext, launch: str) -> View:
    page = context.new_page()
    try:
        return one_view(page, launch)
    finally:
        page.close()


def _cold(browser: Browser, launch: str) -> View:
    """In a browser context of its own, which has no cache."""
    context = browser.new_context()
    try:
        return _in_new_tab(context, launch)
    finally:
        context.close()


def views(repeats: int) -> Views:
    """Views of the demo's patients, alternately. FileNotFoundError without a Chromium."""
    if CHROMIUM is None:
        raise FileNotFoundError("Chromium is not installed")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "audit.sqlite") as app,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context()
        window = context.new_page()
        portal = f"http://localhost:{urlsplit(app.address).port}/demo/portal"
        taken = Views()
        for turn in range(WARMING + repeats):
            patient = turn % 2
            warm = one_view(_leave(window), launches(portal)[patient])
            shell = one_shell(_leave(window), app.address)
            _leave(window)
            new_tab = _in_new_tab(context, launches(portal)[patient])
            cold = _cold(browser, launches(portal)[patient])
            if turn >= WARMING:
                taken.warm.append(warm)
                taken.shell.append(shell)
                taken.new_tab.append(new_tab)
                taken.cold.append(cold)
        browser.close()
    return taken


def measure(repeats: int) -> dict[str, object]:
    """Medians, and the 95th percentile of the answer; why not, where there is no browser."""
    try:
        taken = views(repeats)
    except FileNotFoundError as error:
        return {"not_measured": str(error)}
    answer = [v.answer - v.sent for v in taken.warm]
    return {
        "repeats": repeats,
        "banner_p50_s": _median([v.banner - v.sent for v in taken.warm]),
        "answer_p50_s": _median(answer),
        "answer_p95_s": round(statistics.quantiles(answer, n=20)[-1], 3),
        "launch_p50_s": _median([v.answer for v in taken.warm]),
        "new_tab_p50_s": _median([v.answer for v in taken.new_tab]),
        "cold_p50_s": _median([v.answer for v in taken.cold]),
        "shell_p50_s": _median(taken.shell),
        "load": round(os.getloadavg()[0], 1),
    }


def _median(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds), 3)

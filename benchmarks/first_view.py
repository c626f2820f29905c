"""How long from a click in the chart to the patient's page, with everything in between.

The app runs in demo mode, where its own EHR plays the chart: a SMART launch with discovery, PKCE,
code and token, then all searches of the decision over loopback HTTP, the record, the assessment,
its audit entry on disk, and the page in Chromium. Warm means that the process and the browser have
shown other patients before; every view is a launch of its own. `shell_p50_s` is a page without any
patient, opened in turn with them: what the framework and the browser take on this machine now.
"""

from __future__ import annotations

import html
import re
import statistics
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, served

WARMING = 3
LONGEST_MS = 60_000
_FRAME = re.compile(r'<iframe src="([^"]+)"')
_BANNER = ".tr-strip .tr-name"
_ANSWER = ".tr-card .tr-number"


@dataclass(frozen=True, slots=True)
class View:
    """Seconds from opening the launch until whose page it is can be read, and until the answer."""

    banner: float
    answer: float


def launches(portal: str) -> list[str]:
    """Fresh launch addresses, as the chart's page has them in its frames; each works once."""
    with urllib.request.urlopen(portal, timeout=30) as answer:  # noqa: S310  our own loopback
        page = answer.read().decode()
    return [html.unescape(address) for address in _FRAME.findall(page)]


def one_view(context: BrowserContext, launch: str) -> View:
    """One launch in a tab of its own, closed again."""
    page = context.new_page()
    try:
        began = time.perf_counter()
        page.goto(launch, wait_until="commit")
        page.locator(_BANNER).first.wait_for(timeout=LONGEST_MS)
        banner = time.perf_counter() - began
        page.locator(_ANSWER).first.wait_for(timeout=LONGEST_MS)
        return View(banner, time.perf_counter() - began)
    finally:
        page.close()


def one_shell(context: BrowserContext, address: str) -> float:
    """Seconds until a page without a patient shows its heading."""
    page = context.new_page()
    try:
        began = time.perf_counter()
        page.goto(f"{address}/about", wait_until="commit")
        page.get_by_role("heading", level=1).first.wait_for(timeout=LONGEST_MS)
        return time.perf_counter() - began
    finally:
        page.close()


def views(repeats: int) -> tuple[list[View], list[float]]:
    """Warm views of the demo's first patient, and of a page without one, in turn.

    FileNotFoundError without a Chromium.
    """
    if CHROMIUM is None:
        raise FileNotFoundError("Chromium is not installed")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "audit.sqlite") as app,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context()
        port = urlsplit(app.address).port
        portal = f"http://localhost:{port}/demo/portal"
        taken, shells = [], []
        for _ in range(WARMING + repeats):
            taken.append(one_view(context, launches(portal)[0]))
            shells.append(one_shell(context, app.address))
        browser.close()
    return taken[WARMING:], shells[WARMING:]


def measure(repeats: int) -> dict[str, object]:
    """Median and 95th percentile of both moments; why not, where there is no browser."""
    try:
        taken, shells = views(repeats)
    except FileNotFoundError as error:
        return {"not_measured": str(error)}
    banner, answer = [v.banner for v in taken], [v.answer for v in taken]
    return {
        "repeats": repeats,
        "banner_p50_s": round(statistics.median(banner), 3),
        "answer_p50_s": round(statistics.median(answer), 3),
        "answer_p95_s": round(statistics.quantiles(answer, n=20)[-1], 3),
        "shell_p50_s": round(statistics.median(shells), 3),
    }

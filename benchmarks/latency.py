"""How long a clinician waits, and what a process takes: one run, one browser, one machine.

`python -m benchmarks.latency --json [--peer-python PATH]` prints one JSON object on its last line.

`what_if` is from Enter in a field of the page on comparing until its last line names the new value;
`floor` is the same in an app that only echoes a number, so that the rest is ours. `first_view` is
from the moment the browser is sent to the page until the answer can be read, warm
(`benchmarks.first_view` says how). `memory` is of the serving process: after everything above, what
each of twenty more sessions adds, and which training libraries it has loaded. `peer` is the what-if
of explainerdashboard on as many rows and inputs, where a Python that has it is named; it answers
while one types, so its clock starts before the value is entered.

A part that fails or has no time left says so in its place and the others are still measured; the
whole takes less than six minutes, ends what it started, and fails if anything was asked and not
measured. The ratios are to what was measured in the same run: the machine may be busy.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from benchmarks.cold_start import resident_megabytes
from benchmarks.first_view import launches, one_view
from benchmarks.running_app import CHROMIUM, FLAGS, StartError, free_port, served

WARMING = 3
SESSIONS = 20
WHO = "Nora Example-Naive"
ROWS, INPUTS = 4265, 18
"""Of the served comparison."""
TRAINING = ("torch", "sklearn", "shap", "scipy", "pandas", "lightgbm")
LONGEST_MS = 30_000
BUDGET = 330.0
"""Seconds; after them no repeat begins. The rest of six minutes is for what is under way."""
PEER_STARTS = 150.0
REST_MS = 250
_BEGAN = time.perf_counter()
_NAMES = """([place, words]) => {
  const all = document.querySelectorAll(place);
  return [...all].some((e) => e.innerText.includes(words));
}"""


class NotMeasuredError(RuntimeError):
    """Why a part has no figures."""


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {
        "p50_ms": round(1000 * statistics.median(seconds), 1),
        "p95_ms": round(1000 * cuts[-1], 1),
        "max_ms": round(1000 * max(seconds), 1),
        "repeats": len(seconds),
    }


def _entered(page: Page, field: str, value: str, place: str, words: str) -> float:
    """Seconds from Enter until the words are there, by the browser's own clock."""
    box = page.locator(field).first
    box.fill(value)
    page.evaluate("() => { window.t0 = performance.now() }")
    box.press("Enter")
    page.wait_for_function(_NAMES, arg=[place, words], polling="raf", timeout=LONGEST_MS)
    taken: float = page.evaluate("() => (performance.now() - window.t0) / 1000")
    page.wait_for_timeout(REST_MS)
    return taken


def _left() -> float:
    """Seconds of the budget."""
    return BUDGET - (time.perf_counter() - _BEGAN)


def _in_time() -> None:
    if _left() <= 0.0:
        raise NotMeasuredError(f"the {BUDGET:.0f} s of the whole run were over")


def _repeated(repeats: int, once: Callable[[str], float], values: Sequence[str]) -> list[float]:
    """The first ones, which warm what is warm in use, are left out."""
    every = []
    for value, _ in zip(cycle(values), range(WARMING + repeats), strict=False):
        _in_time()
        every.append(once(value))
    return every[WARMING:]


def floor(browser: Browser, repeats: int) -> dict[str, float]:
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "floor.sqlite", script="benchmarks/trivial_fragment.py") as app,
    ):
        page = browser.new_page()
        page.goto(app.address)
        page.get_by_label("Value").wait_for()

        def once(value: str) -> float:
            return _entered(page, "input", value, ".st-key-echoed", f"value {value} instead")

        found = _repeated(repeats, once, [str(n) for n in range(1, 200)])
        page.close()
    return _summary(found)


def _patient(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name=WHO).click()
    page.locator(".tr-card .tr-number").nth(1).wait_for(timeout=LONGEST_MS)


def what_if(page: Page, address: str, repeats: int) -> dict[str, float]:
    """Whole numbers within the limits of the first field, none of them twice in a row."""
    _patient(page, address)
    page.get_by_role("link", name="Compare and reasons").click()
    field = ".st-key-whatif-fields input"
    box = page.locator(field).first
    box.wait_for(timeout=LONGEST_MS)
    low, high = (int(float(box.get_attribute(name) or 0)) for name in ("min", "max"))
    now = int(float(box.input_value() or 0))
    values = [str(n) for n in range(low, high + 1) if n != now]

    def once(value: str) -> float:
        return _entered(page, field, value, ".st-key-whatif-done", f" {value} instead of")

    return _summary(_repeated(repeats, once, values))


def first_view(browser: Browser, address: str, repeats: int) -> dict[str, float]:
    page = browser.new_page()
    portal = f"http://localhost:{urlsplit(address).port}/demo/portal"
    taken = []
    for turn in range(WARMING + repeats):
        _in_time()
        page.goto("about:blank")
        page.wait_for_timeout(REST_MS)
        view = one_view(page, launches(portal)[turn % 2])
        taken.append(view.answer - view.sent)
    page.close()
    return _summary(taken[WARMING:])


def memory(browser: Browser, address: str, process: int) -> dict[str, object]:
    before = resident_megabytes(process)
    window = browser.new_context()  # one cache for all, each page has a session of its own
    for _ in range(SESSIONS):
        _in_time()
        page = window.new_page()
        _patient(page, address)
        page.get_by_role("link", name="Compare and reasons").click()
        page.locator(".st-key-whatif-fields input").first.wait_for(timeout=LONGEST_MS)
        page.close()  # the process keeps a session for two minutes after its page is closed
    after = resident_megabytes(process)
    window.close()
    return {
        "resident_mb": round(before, 1),
        "resident_after_sessions_mb": round(after, 1),
        "each_session_mb": round((after - before) / SESSIONS, 2),
        "sessions": SESSIONS,
        "training_libraries": loaded(process),
    }


def loaded(process: int) -> list[str]:
    """Which of the training libraries have a file mapped into the process."""
    maps = Path(f"/proc/{process}/maps")
    if not maps.is_file():
        return ["unknown: this system does not say"]
    found = maps.read_text()
    return [name for name in TRAINING if f"/site-packages/{name}/" in found]


@contextmanager
def _peer(python: Path) -> Iterator[str]:
    port = free_port()
    script = Path(__file__).parent / "peer_dashboard.py"
    process = subprocess.Popen(  # noqa: S603  our own command
        [str(python), str(script), str(port), str(ROWS), str(INPUTS)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        began = time.perf_counter()
        while not _answers(address):
            if process.poll() is not None:
                raise NotMeasuredError("the peer ended at its start: are its packages installed?")
            if time.perf_counter() - began > min(PEER_STARTS, _left()):
                raise NotMeasuredError("the peer did not start in time")
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310  our own loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


_PEER_FILLED = """() => {
  const fields = [...document.querySelectorAll("input[type='number'][id^='feature-input-']")];
  return fields.length > 0 && fields.every((e) => e.value !== '');
}"""
_PEER_TEXT = "() => document.querySelector('[id^=clas-prediction-div]')?.innerText ?? ''"


def peer(browser: Browser, python: Path, repeats: int) -> dict[str, object]:
    """From a value in a field until the prediction beside it has changed."""
    if not python.is_file():
        raise NotMeasuredError("the Python named for the peer does not exist")
    with _peer(python) as address:
        page = browser.new_page()
        page.goto(address)
        box = page.locator("input[type='number'][id^='feature-input-']").first
        box.wait_for(timeout=LONGEST_MS)
        page.wait_for_timeout(2000)
        page.locator("[id^='random-index-clas-button']").first.click()  # the fields are empty
        page.wait_for_function(_PEER_FILLED, timeout=LONGEST_MS)
        page.wait_for_timeout(2000)

        def once(value: str) -> float:
            before = page.evaluate(_PEER_TEXT)
            page.evaluate("() => { window.t0 = performance.now() }")
            box.fill(value)
            changed = f"(before) => ({_PEER_TEXT})() !== before"
            page.wait_for_function(changed, arg=before, polling="raf", timeout=LONGEST_MS)
            taken: float = page.evaluate("() => (performance.now() - window.t0) / 1000")
            page.wait_for_timeout(4 * REST_MS)
            return taken

        found = _repeated(repeats, once, ["2.5", "-2.5", "1.5", "-1.5"])
        page.close()
    return dict(_summary(found))


def _told(measured: Callable[[], Mapping[str, object]]) -> dict[str, object]:
    """The figures of one part, or why there are none."""
    try:
        return dict(measured())
    except (NotMeasuredError, StartError, PlaywrightError) as error:
        return {"not_measured": str(error).splitlines()[0]}


def _parts(
    browser: Browser, repeats: int, peer_python: Path | None
) -> dict[str, dict[str, object]]:
    """Everything but the floor, what is compared first: time may run out."""

    def tried() -> dict[str, float]:
        page = browser.new_page()
        try:
            return what_if(page, app.address, repeats)
        finally:
            page.close()

    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "audit.sqlite") as app:
        found = {"what_if": _told(tried)}
        if peer_python is not None:
            found["peer"] = _told(lambda: peer(browser, peer_python, repeats))
        found["first_view"] = _told(lambda: first_view(browser, app.address, repeats))
        found["memory"] = _told(lambda: memory(browser, app.address, app.process))
        return found


def measure(repeats: int, peer_python: Path | None) -> dict[str, object]:
    """Everything, in one run."""
    if CHROMIUM is None:
        return {"not_measured": "Chromium is not installed"}
    found: dict[str, dict[str, object]] = {}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found["floor"] = _told(lambda: floor(browser, repeats))
        try:
            found |= _parts(browser, repeats, peer_python)
        except StartError as error:
            found["what_if"] = {"not_measured": str(error).splitlines()[-1]}
        browser.close()
    return {
        "rows": ROWS,
        "inputs": INPUTS,
        **found,
        **ratios(found),
        "load": round(os.getloadavg()[0], 1),
        "took_s": round(time.perf_counter() - _BEGAN, 1),
    }


def ratios(found: Mapping[str, Mapping[str, object]]) -> dict[str, float]:
    """Of the medians: ours to the floor, and the peer's to ours; what was not measured has none."""
    p50 = {name: told.get("p50_ms") for name, told in found.items()}
    ours, least, theirs = (p50.get(name) for name in ("what_if", "floor", "peer"))
    told = {}
    if isinstance(ours, float) and isinstance(least, float):
        told["to_floor"] = round(ours / least, 2)
    if isinstance(ours, float) and isinstance(theirs, float):
        told["faster_than_peer"] = round(theirs / ours, 2)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--peer-python", type=Path)
    asked = parser.parse_args()
    # Ended from outside, what was started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it was done"))
    found = measure(asked.repeats, asked.peer_python)
    if asked.json:
        print(json.dumps(found))
    else:
        for name, told in found.items():
            print(f"{name}: {told}")
    parts = [told for told in found.values() if isinstance(told, dict)]
    if any("not_measured" in told for told in [found, *parts]):
        sys.exit(1)


if __name__ == "__main__":
    main()

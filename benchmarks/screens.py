"""Pictures of every page and state, for a person to look at before a release.

`python -m benchmarks.screens --out DIR` starts the app with a trail of its own and saves the
worklist, a card, an abstention, a STOP, the entry form, the audit trail, the About page, the data
used, a risk over time, one whose class is provisional, one with everything unfolded, somebody who
has a class and no risk, what is known of that model, a launch from the demonstration chart, a
decision written to it, and the page of an ended session: at two widths, light and dark, each as
tall as its content. `--docs` saves the pages alone, compressed: `--docs --out docs/screens`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.running_app import CHROMIUM, FLAGS, launch_addresses, served

Scheme = Literal["light", "dark"]

WIDTHS = (1024, 420)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
FIRST_HEIGHT = 900
AT_REST = (
    "() => document.querySelector('.stApp').dataset.testScriptState === 'notRunning'"
    " && !document.querySelector('[data-testid=stSkeleton]')"
)
CARD, ABSTENTION, STOP, OUTSIDE, MISSING = (
    "Nora Example-Naive",
    "Julia Example-Joints",
    "Viktor Example-Diverticulitis",
    "Otto Example-Outlier",
    "Amir Example-NoAcpa",
)
"""Demo patients who show each state; the first may be anybody with an answer."""
OVER_TIME = "Sven Example-Secondary"
"""Was measured several times."""
RISK, PROVISIONAL, NO_RISK = (
    "Jonas Example-StageTwo",
    "Lotte Example-Provisional",
    "Greta Example-Repeat",
)
"""The same of the decision about when something happens."""


def _heading(page: Page, name: str) -> None:
    page.get_by_role("heading", level=1, name=name).wait_for()


def _link(page: Page, name: str, heading: str) -> None:
    page.get_by_role("link", name=name).click()
    _heading(page, heading)


def _patient(page: Page, name: str) -> None:
    _link(page, "Worklist", "Worklist")
    page.get_by_role("button", name=name).click()
    page.locator("h1.tr-name", has_text=name).wait_for()


def _card(page: Page) -> None:
    _patient(page, CARD)
    page.locator(".tr-icons").nth(1).wait_for()


def _abstention(page: Page) -> None:
    _patient(page, ABSTENTION)
    page.get_by_role("heading", name="No estimate.").wait_for()


def _stop(page: Page) -> None:
    _patient(page, STOP)
    page.locator(".tr-stop").first.wait_for()


def _outside(page: Page) -> None:
    _patient(page, OUTSIDE)
    page.locator(".tr-outside, .tr-grey").first.wait_for(state="attached")


def _missing(page: Page) -> None:
    _patient(page, MISSING)
    page.locator(".tr-icons").nth(1).wait_for()


def _form(page: Page) -> None:
    """A refused value, so that the form is seen with its message."""
    _abstention(page)
    page.get_by_label("Tender joints (of 28)").fill("31")
    page.get_by_role("button", name="Save and update the answer").click()
    page.get_by_text("above the limits").wait_for()


def _audit(page: Page) -> None:
    _card(page)
    page.get_by_text("Decide later", exact=True).click()
    page.get_by_role("button", name="Record decision").click()
    page.get_by_text("Recorded: Decide later").wait_for()
    page.get_by_text("Audit trail of this patient").click()
    page.get_by_role("row", name="Decided").last.wait_for()


def _what_if(page: Page) -> None:
    """With a value tried."""
    _link(page, "Compare and reasons", "Compare and reasons")
    field = page.locator(".st-key-whatif-fields input").first
    field.wait_for()
    field.fill(field.get_attribute("max") or "1")
    field.press("Enter")
    page.locator(".tr-ribbon").first.wait_for()


def _drawn(page: Page) -> None:
    """With all that is drawn only when it is asked for."""
    _link(page, "Compare and reasons", "Compare and reasons")
    parts = page.locator("[class*=st-key-fold-][class*=-part]")
    parts.last.wait_for()
    for part in parts.all():
        if not part.locator("svg.marks").count():
            part.locator("summary").first.click()
        part.locator("svg.marks").first.wait_for()


def _trends(page: Page) -> None:
    _link(page, "Trends", "Trends")


def _over_time(page: Page) -> None:
    _patient(page, OVER_TIME)
    _trends(page)


def _joints(page: Page) -> None:
    """The figure with two joints marked."""
    _abstention(page)
    for name in ("wrist", "knee"):
        page.get_by_role("button", name=re.compile(f"{name}.*: not marked")).first.click()
        page.get_by_role("button", name=re.compile(f"{name}.*: swollen and tender")).wait_for()


def _risk(page: Page) -> None:
    _patient(page, RISK)
    page.locator(".tr-course").wait_for()


def _provisional(page: Page) -> None:
    _patient(page, PROVISIONAL)
    page.locator(".tr-unsettled").wait_for()
    page.locator(".tr-vague").wait_for()


def _unfolded(page: Page) -> None:
    _risk(page)
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")


def _no_risk(page: Page) -> None:
    _patient(page, NO_RISK)
    page.get_by_role("heading", name="No estimate.").wait_for()
    page.locator(".tr-unsettled").wait_for()


def _launched(page: Page) -> None:
    """As from the chart, but in a tab: a frame's picture would be cut at its edge."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    page.goto(launch_addresses(f"{origin}/demo/portal")[0])
    page.get_by_role("button", name="End session").wait_for()
    page.locator(".tr-icons").nth(1).wait_for()


def _written(page: Page) -> None:
    page.get_by_text("Decide later", exact=True).click()
    page.get_by_role("button", name="Record decision").click()
    page.get_by_role("button", name="Write to the chart").click()
    page.get_by_text("Written to the chart:").wait_for()


def _closed(page: Page) -> None:
    page.get_by_role("button", name="End session").click()
    page.locator(".tr-stop-page").wait_for()


STATES: dict[str, Callable[[Page], None]] = {
    "worklist": lambda page: _heading(page, "Worklist"),
    "card": _card,
    "compare": lambda page: _link(page, "Compare and reasons", "Compare and reasons"),
    "what-if": _what_if,
    "reasons": _drawn,
    "data-used": lambda page: _link(page, "Data used", "Data used"),
    "trends": _over_time,
    "audit": _audit,
    "abstention": _abstention,
    "form": _form,
    "joints": _joints,
    "stop": _stop,
    "outside": _outside,
    "missing": _missing,
    "about": lambda page: _link(page, "About this model", "About this model"),
    "risk": _risk,
    "risk-compare": lambda page: _link(page, "Compare and reasons", "Compare and reasons"),
    "risk-reasons": _drawn,
    "risk-trends": _trends,
    "risk-about": lambda page: _link(page, "About this model", "About this model"),
    "provisional": _provisional,
    "unfolded": _unfolded,
    "no-risk": _no_risk,
    "launched": _launched,
    "written": _written,
    "closed": _closed,
}
"""In this order: comparison and data used are those of the card, what is written is about the
launch.
"""


DOCUMENTED = (
    "worklist",
    "card",
    "joints",
    "stop",
    "what-if",
    "data-used",
    "trends",
    "about",
    "risk",
    "risk-compare",
)
"""Those of `docs/screens`: each page, and the states of the first one."""
COLOURS = 32


@contextmanager
def as_tall_as_its_content(page: Page, width: int) -> Iterator[None]:
    """A page scrolls inside the window, not with it: until the block ends, nothing is cut off."""
    page.wait_for_function(AT_REST)
    tall = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(FIRST_HEIGHT, int(tall))})
    yield
    page.set_viewport_size({"width": width, "height": FIRST_HEIGHT})


def _save(page: Page, path: Path, width: int) -> None:
    with as_tall_as_its_content(page, width):
        page.screenshot(path=path)


def take(
    browser: Browser,
    address: str,
    out: Path,
    *,
    widths: Sequence[int] = WIDTHS,
    schemes: Sequence[Scheme] = SCHEMES,
    kept: Sequence[str] = tuple(STATES),
) -> list[Path]:
    """One picture of every state that is `kept`, at every width in every scheme; their paths."""
    out.mkdir(parents=True, exist_ok=True)
    saved = []
    for width in widths:
        for scheme in schemes:
            page = browser.new_page(
                viewport={"width": width, "height": FIRST_HEIGHT}, color_scheme=scheme
            )
            page.goto(address)
            for name, show in STATES.items():
                if name not in kept:
                    continue
                show(page)
                saved.append(out / f"{name}-{width}-{scheme}.png")
                _save(page, saved[-1], width)
            page.close()
    return saved


def compress(path: Path) -> Path:
    """The same picture in few colours, which is all that words need; the first file is gone."""
    smaller = path.with_suffix(".webp")
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.convert("RGB").save(smaller, lossless=True, method=6)
    path.unlink()
    return smaller


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--docs", action="store_true", help="the pages alone, compressed")
    asked = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("Chromium is not installed: install the package chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "audit.sqlite") as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        kept = DOCUMENTED if asked.docs else tuple(STATES)
        for path in take(browser, app.address, asked.out, kept=kept):
            print(compress(path) if asked.docs else path)
        browser.close()


if __name__ == "__main__":
    main()

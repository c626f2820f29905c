"""A page of another site with the app in its frames, and what can be seen and done in each frame.

The app is at 127.0.0.1 and the page at localhost: to a browser these are two sites.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Frame, Page

RECORDER = """
window.seen = [];
const note = () => {
  for (const name of (document.body?.textContent ?? '').match(/Name of p\\d+/g) ?? [])
    if (!window.seen.includes(name)) window.seen.push(name);
};
new MutationObserver(note).observe(document, {subtree: true, childList: true, characterData: true});
"""
"""Runs in every document before anything else: no name may be shown even for a moment."""

SEEN = """() => {
  const one = (selector) => document.querySelector(selector)?.textContent ?? '';
  const row = [...document.querySelectorAll('.tr-table tr')]
    .find((r) => r.querySelector('th')?.textContent === 'Tender joints');
  const entered = [...document.querySelectorAll('.tr p')].map((p) => p.textContent)
    .find((t) => t.includes('(entered by clinician, this'));
  const reasons = [...document.querySelectorAll('label')].map((l) => l.textContent);
  return {
    name: one('.tr-strip .tr-name'),
    page: one('h1'),
    value: row ? row.querySelector('td').textContent : (entered ?? '').replace(/\\D+/g, ''),
    number: one('.tr-card .tr-number'),
    asked: reasons.some((r) => r.startsWith('Reason for')),
    names: window.seen.join(),
    who: one('.tr-signed-in'),
    run: document.querySelector('[data-testid=stApp]')?.dataset.testScriptState,
  };
}"""
"""What a reader sees of whose page this is."""

SHOWS = f"(wanted) => JSON.stringify(({SEEN})()) === wanted"


@contextmanager
def portal() -> Iterator[str]:
    """A site of its own; `/?url=…&url=…` shows each address in a frame. Yields its origin."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            urls = parse_qs(urlsplit(self.path).query).get("url", [])
            frames = "".join(
                f'<iframe name="f{n}" src="{url}" width="600" height="900"></iframe>'
                for n, url in enumerate(urls)
            )
            body = f"<!doctype html><title>chart</title>{frames}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(slots=True)
class Side:
    """One frame: whose it is, and what it must be showing now."""

    page: Page
    index: int
    patient: str
    at: str = "Patient"
    value: int | None = None
    picked: bool = False

    @property
    def frame(self) -> Frame:
        found = self.page.frame(name=f"f{self.index}")
        assert found is not None
        return found

    def wanted(self) -> dict[str, object]:
        """The snapshot that a right page gives: one name, nobody else's value."""
        name = f"Name of {self.patient}"
        here = self.at == "Patient"
        entered = "" if self.value is None or self.at == "About this model" else str(self.value)
        if self.at == "Data used" and self.value is None:
            entered = "–"
        number = ""
        if here:
            number = "No estimate." if self.value is None else f"{64 - self.value} of 100"
        return {
            "name": name,
            "page": name if here else self.at,
            "value": entered,
            "number": number,
            "asked": here and self.picked,
            "names": name,
            "who": f"user of {self.patient} ·",
            "run": "notRunning",
        }

    def seen(self) -> dict[str, object]:
        found: dict[str, object] = self.frame.evaluate(SEEN)
        return found

    # What a reader does. Each begins something and leaves the waiting to the caller.

    def go(self, where: str) -> None:
        self.frame.get_by_role("link", name=where).dispatch_event("click")
        if self.at != where:
            self.picked = False  # Streamlit drops what is not drawn
        self.at = where

    def enter(self, value: int) -> None:
        self.frame.get_by_label("Tender joints").fill(str(value))
        self.frame.get_by_role("button", name="Save and update the answer").dispatch_event("click")
        self.value, self.picked = value, False

    def undo(self) -> None:
        self.frame.get_by_role("button", name="Undo").dispatch_event("click")
        self.value, self.picked = None, False

    def toggle(self) -> None:
        """A click that only runs the page again and shows or hides a question: the class chosen has
        a STOP, so that it asks for a reason.
        """
        self.frame.get_by_role("radio", name="IL-6 inhibitor").dispatch_event("click")
        self.picked = not self.picked

    def reload(self) -> None:
        """A new session at the same address: what was entered was this session's only."""
        self.frame.evaluate("() => { window.seen = ['reloading']; location.reload() }")
        self.value, self.picked = None, False

"""Drives whole pages without a browser and reads what they show."""

from __future__ import annotations

import html
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from decision.ui.services import Services, install

SCRIPT = Path(__file__).parent.parent / "decision" / "ui" / "script" / "main.py"


def start(services: Services) -> AppTest:
    """The worklist of a new session."""
    install(services)
    return AppTest.from_file(str(SCRIPT), default_timeout=30).run()


def go(at: AppTest, url_path: str) -> AppTest:
    """Follow a link of the page bar ('' is the worklist)."""
    at._page_hash = calc_hash(url_path)
    at.run()
    at._page_hash = ""  # later runs stay on whatever page this one ends on
    return at


def come(at: AppTest, handle: str, path: str = "") -> AppTest:
    """To the address `path` with this handle."""
    at.query_params["lid"] = handle
    return go(at, path)


def arrive(services: Services, handle: str) -> AppTest:
    """A new session at the bare address with this handle, as a launch leads to."""
    return come(start(services), handle)


def open_patient(at: AppTest, patient_id: str) -> AppTest:
    """From any page: back to the worklist, then the button of one patient."""
    go(at, "")
    (button,) = [b for b in at.button if b.key and b.key.startswith(f"open-{patient_id}-")]
    return button.click().run()


def opened(services: Services, patient_id: str = "p1") -> AppTest:
    return open_patient(start(services), patient_id)


def bodies(at: AppTest) -> str:
    """The HTML of the page without its style sheet."""
    parts = [e.proto.body for e in at.get("html")]
    return "\n".join(p for p in parts if not p.startswith("<style>"))


def shown(at: AppTest) -> str:
    """Everything that can be read on the page, tags taken out."""
    words = html.unescape(re.sub(r"<[^>]+>", " ", bodies(at)))
    messages = [*at.markdown, *at.error, *at.success, *at.warning, *at.info]
    return re.sub(r"\s+", " ", " ".join([words, *(read(m.value) for m in messages)]))


def read(label: str) -> str:
    """A label as it is read once its Markdown is drawn."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", label).replace("\u2060", "")


def press(at: AppTest, label: str) -> AppTest:
    (button,) = [b for b in at.button if read(b.label) == label]
    return button.click().run()


def field(at: AppTest, label: str):
    """The one input widget of that label."""
    widgets = [*at.number_input, *at.selectbox, *at.radio, *at.text_input]
    (found,) = [w for w in widgets if w.label == label]
    return found

"""The Patient page in every state, with fakes of the ports; no browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import page_record, page_services, COMPLETE
from streamlit.testing.v1 import AppTest

from decision.ui.services import Services, install

SCRIPT = Path(__file__).parent.parent / "decision" / "ui" / "script" / "main.py"


def start(services: Services) -> AppTest:
    install(services)
    return AppTest.from_file(str(SCRIPT), default_timeout=20).run()


def test_x():
    at = start(page_services(page_record("p1", *COMPLETE), page_record("p2")))
    print([b.key for b in at.button])
    at.button("open-p1-0").click().run()
    for h in at.get("html"): print(h.proto.body[:3000])
    print(at.exception)

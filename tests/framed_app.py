"""Served by the tests of frames: the real pages and the real gate, opened by a launch of the test's
own. A launch sets one cookie as the real one does, and leads to the pages by its handle.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from decision.ui.exporting import record_route
from decision.ui.headers import NOBODY, Gate
from decision.ui.record.pdf import Press
from decision.ui.services import install
from decision.visit import Closed, Visit
from tests.fakes import CLOSED, launched, page_record, page_services, page_spec

ROOT = Path(__file__).parent.parent
PORTAL = os.environ.get("TREATMENT_RESPONSE_PORTAL", "")


class CookieDoors:
    """Opened by a handle together with the secret in the handle's own cookie, and by nothing else:
    the smallest thing that does what the pages are promised.
    """

    def __init__(self) -> None:
        self.visits: dict[str, tuple[bytes, Visit]] = {}

    def open(self, patient_id: str) -> tuple[str, str]:
        handle, secret = token_urlsafe(9), token_urlsafe(32)
        visit = launched(page_record(patient_id), handle, agent=f"user of {patient_id}")
        self.visits[handle] = (sha256(secret.encode()).digest(), visit)
        return handle, secret

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        kept, visit = self.visits.get(handle, (b"", None))
        given = sha256(cookies.get(f"__Host-l-{handle}", "").encode()).digest()
        return visit if visit is not None and compare_digest(kept, given) else CLOSED

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        return isinstance(self.visit(handle, cookies), Visit)

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        if isinstance(self.visit(handle, cookies), Visit):
            del self.visits[handle]


DOORS = CookieDoors()


async def launch(request: Request) -> Response:
    handle, secret = DOORS.open(request.query_params["patient"])
    response = RedirectResponse(f"/?embed=true&lid={handle}", 303)
    cookie = f"__Host-l-{handle}={secret}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"
    response.raw_headers.append((b"set-cookie", cookie.encode()))
    return response


SERVICES = page_services(doors=DOORS, spec=page_spec(stop=True))
install(SERVICES)
app = st.App(
    ROOT / "decision" / "ui" / "script" / "main.py",
    routes=[Route("/launch", launch), record_route(SERVICES, Press())],
    middleware=[
        Middleware(
            Gate,
            hosts=("127.0.0.1",),
            ancestors=lambda handle: PORTAL if handle in DOORS.visits else NOBODY,
        )
    ],
)

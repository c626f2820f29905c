"""Composition root: settings from the environment, adapters behind the ports, the served app.

`streamlit run app.py` finds `app` below: the pages, and beside them in the same process the doors
of the chart (`/launch`, `/callback`, `/standalone`, `/logout`), the CDS Hooks service
(`/cds-services`) and, in demo mode, a demonstration EHR (`/demo/portal`).
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

import decision.ui.navigation  # noqa: F401  its imports are paid at start-up, not by a visitor
from decision.clinical.errors import DecisionSupportError
from decision.ui.headers import Gate
from decision.ui.services import install
from parts import Outside
from settings import ROOT, Settings
from wiring import Wired


def clock() -> datetime:
    """The one clock of the process."""
    return datetime.now(UTC)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """What the start has made is left out of the collecting of garbage, which Streamlit does over
    everything after each run of a page. Connections are closed when the server ends.
    """
    gc.collect()
    gc.freeze()
    yield
    OUTSIDE.close()


logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
OUTSIDE = Outside.open(clock)
try:
    SETTINGS = Settings.read(os.environ, port=config.get_option("server.port"))
    WIRED = Wired(SETTINGS, OUTSIDE)
    ROUTES = WIRED.routes()
except DecisionSupportError as error:  # an operator reads this, so no traceback hides the remedy
    raise SystemExit(f"treatment response cannot start: {error.message} {error.remedy}") from None
install(WIRED.services)
# Streamlit guards its socket by a list of its own: a proxy's name is given once, for both.
config.set_option("server.allowedHosts", list(SETTINGS.hosts))
app = st.App(
    ROOT / "decision/ui/script/main.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=[
        Middleware(
            Gate,
            hosts=SETTINGS.hosts,
            ancestors=WIRED.ancestors,
            origin=SETTINGS.origin,
            open_to=("/cds-services",),
            lets=WIRED.way_in.lets,
        )
    ],
)

"""Who is here now: the doors are asked on every run, and what the session held must fit the answer.

The handle of a visit stands in the address, because a browser shares its cookies among all frames.
"""

from __future__ import annotations

import streamlit as st

from decision.ui import session
from decision.ui.guard import Stopped, attempt
from decision.ui.services import Services
from decision.ui.texts import pages
from decision.visit import Closed, Visit

HANDLE = "lid"
"""The parameter of the address that holds a visit's handle."""

WATCH_EVERY = 20.0
"""Seconds between two looks whether a launch is still open."""
_UNUSABLE = "-"
"""Stands for what is there and cannot be a handle: it opens nothing, not even what opens without
one.
"""


def _handle() -> str:
    given = st.query_params.get_all(HANDLE)
    if not given:
        return ""
    return given[0] if len(given) == 1 and given[0] else _UNUSABLE


def current(services: Services) -> Visit | Closed:
    """The visit of this run. Where there is none, or another one, all of the earlier is forgotten
    before anything is drawn.
    """
    found = attempt(lambda: services.doors.visit(_handle(), st.context.cookies))
    if isinstance(found, Stopped):
        found = Closed(title=found.title, detail=found.detail, remedy=found.remedy)
    if isinstance(found, Closed):
        ended = session.has_ended()
        session.forget()
        if ended:
            session.note_ended()
            title, detail = pages.ENDED
            return Closed(title=title, detail=detail, remedy="")
    else:
        session.bind(found.key)
    return found


def keep_to(services: Services, visit: Visit) -> None:
    """For a fragment, which runs without the page around it: goes on only in the same visit, else
    the whole page is drawn anew. Counts as use, as every click does.
    """
    now = current(services)
    if isinstance(now, Closed) or now.key != visit.key:
        st.rerun(scope="app")


def end(services: Services) -> None:
    """Log out. A click's callback: the run that follows finds no visit any more."""
    services.doors.end(_handle(), st.context.cookies)
    session.forget()
    session.note_ended()


def watch(services: Services, visit: Visit) -> None:
    """A launch that ended elsewhere, or was left idle, leaves the screen without a click. Asking
    does not keep it open, and redraws nothing while it is.
    """
    if not visit.handle:
        return

    @st.fragment(run_every=WATCH_EVERY)
    def look() -> None:
        if attempt(lambda: services.doors.still_open(_handle(), st.context.cookies)) is not True:
            st.rerun(scope="app")

    look()


def address(visit: Visit) -> dict[str, str]:
    """What every link within the visit must carry (Streamlit itself keeps `embed`)."""
    return {HANDLE: visit.handle} if visit.handle else {}

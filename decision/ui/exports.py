"""The records that open pages offer, each under a name that nobody can guess.

Nothing is made before it is asked for, and nothing made is kept: what is offered is the chart of a
session, held so loosely that it goes when the session does. Streamlit's own downloads would wait in
memory at an address without a lock (the gate keeps that address shut).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from threading import Lock
from weakref import ReferenceType, ref

from decision.clinical.assessment import Assessment
from decision.ui.session import Chart

MOST = 1000
"""Offers that are kept, the oldest going first: one for each open page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one page shows, for the visit that it is shown in."""

    name: str = field(repr=False)
    visit: str
    showing: str
    """The audit entry of what is shown."""
    chart: ReferenceType[Chart] = field(repr=False)


class Exports:
    """One offer for each session: that of the page it drew last."""

    def __init__(self) -> None:
        self._of_session: dict[str, Offer] = {}
        self._lock = Lock()

    def offer(self, session: str, visit: str, chart: Chart, shown: Assessment) -> Offer:
        """What this session's page shows now; an earlier page of it offers nothing any more."""
        with self._lock:
            known = self._of_session.pop(session, None)
            same = known is not None and known.chart() is chart
            if known is None or not same or (known.visit, known.showing) != (visit, shown.audit_id):
                known = Offer(
                    name=secrets.token_urlsafe(24),
                    visit=visit,
                    showing=shown.audit_id,
                    chart=ref(chart),
                )
            self._of_session[session] = known
            while len(self._of_session) > MOST:
                del self._of_session[next(iter(self._of_session))]
            return known

    def find(self, name: str, visit: str) -> Offer | None:
        """The offer of that name, for the visit it was made in and no other."""
        with self._lock:
            asked = name.encode()  # as text, only ASCII could be compared
            every = self._of_session.values()
            found = [o for o in every if secrets.compare_digest(o.name.encode(), asked)]
        return next((o for o in found if o.visit == visit), None)

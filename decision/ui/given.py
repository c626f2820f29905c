"""What a clinician thought of an answer, as written to the trail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One piece of feedback: about which showing, what, why, and the id of its audit entry."""

    about: str
    view: str
    reason: str
    note: str = field(default="", repr=False)
    audit_id: str
    at: datetime

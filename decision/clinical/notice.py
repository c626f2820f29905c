"""What the product says unasked while somebody works in the chart: at most one short notice."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A treatment that is being ordered just now. `by_name` where only words said which: enough to
    speak up, and said so. `drug` is how it is called, where one drug of it is ordered.
    """

    treatment: str
    by_name: bool = False
    drug: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing worth saying now. Plain text: whoever shows it escapes it.

    `summary` is at most 139 characters; `points` are one line each. `reasons` are the (code, label)
    with which a clinician may set it aside.
    """

    summary: str
    points: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    decision: str
    audit_id: str
    """The trail's entry of the assessment this rests on: written before anything is said."""

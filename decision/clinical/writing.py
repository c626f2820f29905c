"""What is written into the chart after a decision, and how the writing stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decision.clinical.assessment import AuditAction
from decision.clinical.codes import Code
from decision.clinical.measures import Category
from decision.clinical.record import Observation


class Delivery(StrEnum):
    """How a write to the chart stands. A closed list."""

    SENT = "written to the chart"
    WAITING = "waiting to be sent again"
    REFUSED = "refused by the chart's server"
    UNSURE = "sent, but not confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one write: nothing is lost, whatever `delivery` says. `resources` are the
    references the server gave, such as `RiskAssessment/12`.
    """

    delivery: Delivery
    detail: str
    remedy: str = ""
    resources: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """What is not there, or not known to be, in words: `document missing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The record of what was on the screen, as a file for the chart."""

    title: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTreatment:
    """The clinician's decision about one card, as the trail has it."""

    action: AuditAction
    chosen: str
    reason: str
    audit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredValue:
    """One value that was measured at the visit, and what a chart files it under besides our own
    code. `how` says in sentences what it was read from, such as which joints were counted.
    """

    observation: Observation
    category: Category
    codes: tuple[Code, ...] = ()
    how: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured and entered in one go, under one entry of the trail."""

    audit_id: str
    at: datetime
    values: tuple[MeasuredValue, ...]

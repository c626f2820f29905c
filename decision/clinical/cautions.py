"""What a decision warns of and whom it is for: rules as data, and what one record says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from decision.clinical.inputs import Entry, Verification


class Severity(StrEnum):
    """What a caution says of one treatment, hardest first; only STOP silences a preference."""

    STOP = "STOP"
    AVOID = "AVOID"
    CAUTION = "CAUTION"
    FAVOUR = "FAVOUR"
    INFORMATION = "INFORMATION"
    NONE = "-"


class Presence(StrEnum):
    """What the record says of a caution's trigger. `NOT_FOUND` is never shown as absent."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_FOUND = "not found in the record"


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionRule:
    """One caution as data: trigger, message and severity per treatment, with source and
    verification status.
    """

    id: str
    title: str
    trigger: str
    severity: Mapping[str, Severity]
    message: Mapping[str, str]
    source: str
    source_date: str
    verification: Verification
    outstanding: str
    priority: int = 0
    """Place among those to be settled before a prescription, from 1; 0 for none."""
    entries: tuple[Entry, ...] = ()
    """Questions whose answers settle the caution where the record leaves it open."""
    everywhere: bool = False
    """True where it holds outside the decision's population too, such as a label's own conditions:
    an order is warned of whoever it is for."""

    @property
    def unsourced(self) -> bool:
        """True while nobody has supplied a source: to be shown as `unsourced, verify`."""
        return "to be supplied" in self.source.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionFinding:
    """A caution applied to one record. `severity`, and the messages and priority of `rule`, may
    differ from the decision's own by the trigger found.
    """

    rule: CautionRule
    presence: Presence
    severity: Mapping[str, Severity]
    detail: str
    evidence: tuple[str, ...] = ()
    """References of the resources that triggered it."""
    entries: tuple[Entry, ...] = ()
    """What the page may ask; empty where the record or an answer has settled it."""
    arises: bool = True
    """False where the question is not asked of this patient, such as pregnancy at eighty; its
    `rule` then has no place among those to be settled."""


class Eligibility(StrEnum):
    """Outcome of one criterion."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One eligibility criterion applied to one record, in words a clinician can check."""

    id: str
    state: Eligibility
    detail: str
    remedy: str = ""
    entry: Entry | None = None
    """What the page may ask where the record does not say (state `UNKNOWN`)."""
    population: bool = False
    """True where whoever does not meet it is somebody the cautions, too, were not written for;
    other criteria only bound what the estimate may speak about.
    """

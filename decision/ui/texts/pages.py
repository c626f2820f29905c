"""Fixed sentences and the frame of every page: who, what, when, and that the model is simulated."""

from __future__ import annotations

from collections.abc import Iterable

from decision.clinical.assessment import (
    Abstention,
    AbstentionCause,
    AbstentionReason,
    Assessment,
    ModelIdentity,
)
from decision.clinical.progress import Progress
from decision.clinical.quantities import whole_years_between
from decision.clinical.record import Observation, PatientListing, PatientRecord
from decision.clinical.spec import DecisionSpec, Eligibility
from decision.ui.texts.inputs import entered_value
from decision.ui.texts.numbers import dated, digits, instant, local, moment, unit

SIMULATED = (
    "Simulated model.",
    "Trained on generated records, not on patients. For software testing only; "
    "not for any care decision.",
)
NO_PATIENT = "No patient is chosen. Choose one in the worklist."
WORKLIST = "Worklist"
NO_DECISION = "No decision named"
NOBODY = "Nobody on this list."
WORKLIST_INTRO = (
    "Synthetic records. Choose a patient to see the estimates, or why there is no estimate."
)
EMPTY_WORKLIST = "No patient could be listed."
WHICH = "Decision"
MISMATCH = (
    "Stopped: the record that was read belongs to a different patient.",
    "Nothing of it is shown.",
    "Close this page and open the patient again, from the chart or the worklist.",
)
READ_AGAIN = "Read the record again"
READING = "Reading the record …"
END_SESSION = "End session"
ENDED = ("Session ended.", "You can close this page.")
CANNOT_ASSESS = "Cannot assess."
NO_AUDIT = (
    "Cannot assess: the audit entry could not be written.",
    "No estimate is shown without a trail.",
)
UNEXPECTED = (
    "Cannot assess: something unexpected went wrong.",
    "No estimate is shown. What was entered or decided last may or may not be saved: open the "
    "patient again and look in the audit trail. If it happens again, report the time.",
)
NAMELESS = "Name not recorded"
NO_ESTIMATE = "No estimate."
ENTRY_TITLE = "Enter what the record lacks"
ENTRY_NOTE = (
    "Kept for this patient and this session only, marked as entered by clinician, "
    "and written to the audit trail."
)
ENTRY_NOTE_CHART = (
    "Used on this page. If you write to the chart they appear in the document only; enter them in "
    "the chart yourself to file them as results."
)
ENTRY_NOTE_FILED = (
    "Used on this page, for this session. What you measure here can be filed in the chart as "
    "results, once you have saved it and say so."
)
ENTERED_TITLE = "Entered by clinician"
ENTRY_EMPTY = "Nothing was entered. Fill in at least one value."
DECISION_TITLE = "Your decision"
TRAIL_TITLE = "Audit trail of this patient"
_SEX = {"female": "F", "male": "M"}


def reading(told: Progress) -> str:
    """How far reading has come, for those who wait for it."""
    if not told.done:
        return READING
    return f"Reading the record: {told.label} ({told.done} of {told.total})"


def signed_in(agent: str) -> str:
    """By reference where no name is known; the way out follows on the same line."""
    return f"{agent} ·"


def age(record: PatientRecord) -> str:
    born = record.identity.birth_date
    if born is None:
        return "age not recorded"
    low, high = whole_years_between(born, record.as_of)
    return f"{low}" if low == high else f"{low} to {high}"


def strip(record: PatientRecord, *, live: bool = False) -> tuple[str, tuple[str, ...]]:
    """(name, the rest): enough to see that this is the right patient, and how old the data are.

    A chart that is read `live` has no time of its own: the page says when it was read.
    """
    sex = _SEX.get(record.identity.sex, record.identity.sex or "sex not recorded")
    name, *identity = whose(record)
    when = f"Data as of {instant(record.as_of)}"
    if live:
        when = f"Read from the chart {local(record.as_of)}"
    return name, (f"{sex} {age(record)}", *identity, when)


def whose(record: PatientRecord) -> tuple[str, ...]:
    """Name, birth date and record number: what tells one patient from another."""
    who = record.identity
    born = f"born {moment(who.birth_date)}" if who.birth_date else ""
    number = f"no. {who.record_number}" if who.record_number else "no record number"
    return tuple(part for part in (who.name or NAMELESS, born, number) if part)


def listed(listing: PatientListing) -> str:
    who = listing.identity
    sex = _SEX.get(who.sex, who.sex)
    born = f" · born {moment(who.birth_date)}" if who.birth_date else ""
    return f"{sex}{born} · data as of {instant(listing.as_of)}"


def footer(spec: DecisionSpec, model: ModelIdentity | None) -> str:
    version = f"Model {model.version} ({model.checksum[:8]})" if model else "No model"
    return f"Supports, and does not replace, clinical judgement. {version}, rules {spec.version}. "


def abstained(spec: DecisionSpec, causes: Iterable[AbstentionCause]) -> tuple[str, ...]:
    """What the clinician read, word for word, for the audit trail (D13)."""
    told = tuple(causes)
    values = ("; ".join(row) for found in told for row in outside(spec, found))
    return (NO_ESTIMATE, *(" ".join(cause(found)) for found in told), *values)


def _apart(value: float, low: float, high: float, places: int) -> bool:
    """Whether a value that is outside its range still reads so when it is rounded."""
    here, low, high = (float(f"{n:.{places}g}") for n in (value, low, high))
    return here < low or here > high


OUTSIDE_HEAD = ("Value", "Here", "Usual")


def outside(spec: DecisionSpec, found: AbstentionCause) -> tuple[tuple[str, str, str], ...]:
    """(what, its value, the usual range) of each value that the model has not seen the like of."""
    rows = []
    for feature_id, value, low, high in found.outside:
        feature = spec.feature(feature_id)
        if feature.flag_labels is not None:
            here, usual = feature.flag_labels[value >= 0.5], feature.flag_labels[high >= 0.5]
        else:
            places = next((n for n in (2, 3, 4) if _apart(value, low, high, n)), 6)
            here = f"{digits(value, places)} {unit(feature.unit)}".rstrip()
            usual = f"{digits(low, places)} to {digits(high, places)}"
        rows.append((feature.label, here, usual))
    return tuple(rows)


def withdrawn(entries: Iterable[Observation], because: str) -> str:
    """What was entered and no longer counts, and why; nobody took it back."""
    listed_entries = "; ".join(f"{e.text}: {entered_value(e.value)}" for e in entries)
    return (
        f"Withdrawn, because {because}: {listed_entries}. Enter again what still holds. "
        "The audit trail has it."
    )


def eligible(assessment: Assessment) -> bool:
    """False for somebody the decision is not for, whom nothing more is asked.

    Where somebody stands can be said without an estimate, an answer may change it and there is
    something to decide: there only those outside the population are somebody else's.
    """
    if not isinstance(assessment, Abstention):
        return True
    if assessment.situation is not None:
        outside = (c.population and c.state is Eligibility.NOT_MET for c in assessment.criteria)
        return not any(outside)
    return not any(c.reason is AbstentionReason.NOT_ELIGIBLE for c in assessment.causes)


def answers_help(assessment: Assessment) -> bool:
    """Whether entering what is missing may bring the estimate that is not there."""
    return isinstance(assessment, Abstention) and not any(
        c.reason is AbstentionReason.NOT_ELIGIBLE for c in assessment.causes
    )


def cause(found: AbstentionCause) -> tuple[str, str, str]:
    """(reason, what exactly, what would change it)."""
    reason = found.reason.value
    return f"{reason[0].upper()}{reason[1:]}", dated(found.detail), found.remedy

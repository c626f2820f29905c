"""Cautions that rest on infections: past, present and screened for."""

from __future__ import annotations

import dataclasses

from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.record import ConditionState, Part, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence, Severity
from decision.evidence.answers import newest_answer
from decision.evidence.kinds import (
    ACTIVE_ONLY,
    assay,
    diagnosis,
    newest_assay,
    since,
    told,
    yes_or_no,
)
from decision.evidence.signs import (
    Sign,
    absent,
    every,
    not_found,
    present,
)
from decision.evidence.unread import unless_unread, unread

_NOT_YET = "Do not start until treated or excluded."
_TREAT_FIRST = {
    "tnfi": f"{_NOT_YET} Monoclonal antibodies reactivate more than etanercept.",
    "il6i": _NOT_YET,
}


def tuberculosis(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Active disease stops both drugs; latent or past disease is to be treated first."""
    treat_first = every(spec, Severity.CAUTION)
    active = diagnosis(record, spec, "active_tuberculosis", "Active", states=ACTIVE_ONLY)
    latent = diagnosis(
        record,
        spec,
        "latent_tuberculosis",
        "Latent",
        severity=treat_first,
        message=_TREAT_FIRST,
    )
    past = tuple(
        present(
            f"Recorded {since(c)}: check that treatment was completed",
            c.source.reference,
            severity=treat_first,
            message=_TREAT_FIRST,
        )
        for c in record.diagnosed(spec.codelists["active_tuberculosis"])
        if c.state is ConditionState.RESOLVED
    )
    return (active, latent, *past, *_screened(record, spec))


def _screened(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Once positive stays positive; a negative screen must be recent, and then settles it."""
    treat_first = every(spec, Severity.CAUTION)
    if answer := newest_answer(record, spec, "tb_screen", "answer_active_tb"):
        return (present(told(answer[1], "Screen: active"), answer[1].source.reference),)
    if answer := newest_answer(record, spec, "tb_screen", "answer_latent_tb", "answer_positive"):
        words, reference = told(answer[1], "Screen positive"), answer[1].source.reference
        return (present(words, reference, severity=treat_first, message=_TREAT_FIRST),)
    return (
        assay(
            record,
            spec,
            "tb_screen",
            "Screen",
            severity=treat_first,
            message=_TREAT_FIRST,
            within=lookback("screening"),
            settles=True,
        ),
    )


def hepatitis_b_antigen(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """HBsAg by its newest result; chronic hepatitis B says the same."""
    return (
        diagnosis(record, spec, "chronic_hepatitis_b", "Chronic hepatitis B", states=ACTIVE_ONLY),
        assay(record, spec, "hbsag", "HBsAg", within=lookback("screening"), settles=True),
    )


def past_hepatitis_b(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Anti-HBc positive; where HBsAg is positive too, the other caution is the one that counts."""
    core = assay(record, spec, "anti_hbc", "Anti-HBc", within=lookback("screening"), settles=True)
    if core.presence is not Presence.PRESENT:
        return (core,)
    surface = newest_assay(record, spec, "hbsag")
    if surface is None:
        lost = unread(record, Part.OBSERVATIONS, spec.codelists["hbsag"])
        silent = "HBsAg could not be read" if lost else "HBsAg not found"
        return (dataclasses.replace(core, words=f"{core.words}; {silent}"),)
    if surface[0]:
        words = f"{core.words}; HBsAg is positive as well, see there"
        return (dataclasses.replace(core, words=words, severity=every(spec, Severity.NONE)),)
    when = surface[1].effective.day_text
    return (dataclasses.replace(core, words=f"{core.words}; HBsAg negative on {when}"),)


def active_serious_infection(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """A serious infection still active, or stated; a recent denial settles it."""
    return (
        diagnosis(record, spec, "serious_infection", states=ACTIVE_ONLY),
        yes_or_no(
            record,
            spec,
            "active_infection_screen",
            within=lookback("infection_answer"),
            settles=True,
        ),
    )


def recent_serious_infection(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """A serious infection that is over but began within a year, or at an unknown date."""
    recorded = record.diagnosed(spec.codelists["serious_infection"])
    older = ""
    for condition in recorded:
        if condition.state is not ConditionState.RESOLVED:
            continue
        onset = condition.onset
        if onset is None or onset.latest >= record.as_of - lookback("recent_infection"):
            words = f"Recorded {since(condition)}"
            return (present(words, condition.source.reference),)
        older = f"; one {since(condition)} is longer ago than a year"
    for condition in recorded:
        if condition.state is ConditionState.REFUTED:
            denied = absent("Recorded as refuted", condition.source.reference)
            return (unless_unread(denied, record, spec, Part.CONDITIONS, "serious_infection"),)
    silent = not_found(f"Not found{older}")
    return (unless_unread(silent, record, spec, Part.CONDITIONS, "serious_infection"),)


def mycobacteria(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Non-tuberculous mycobacterial lung disease at any time."""
    return (diagnosis(record, spec, "ntm_lung_disease", "Lung disease"),)

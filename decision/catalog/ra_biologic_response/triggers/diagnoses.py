"""Cautions that rest on what the problem list says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.record import ConditionState, Part, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence, Severity
from decision.evidence.answers import newest_answer
from decision.evidence.courses import taking
from decision.evidence.kinds import (
    ACTIVE_ONLY,
    assay,
    diagnosis,
    history,
    since,
    told,
    yes_or_no,
)
from decision.evidence.signs import Sign, not_found, present
from decision.evidence.unread import unless_unread

_BELOW_CLASS = {"tnfi": "Caution; another class is preferred in NYHA class III or IV."}
_CLASS_OPEN = {
    "tnfi": "Find the NYHA class: in III or IV another class is preferred, and EU labels"
    " contraindicate adalimumab, certolizumab pegol, golimumab and infliximab."
}
_CLASS_UNSURE = {"tnfi": Severity.CAUTION}
_DENIED_WITHIN = lookback("local_answer")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Lesser:
    """An answer between yes and no, with what it says of the drugs."""

    answer: str
    words: str
    severity: Mapping[str, Severity]
    message: Mapping[str, str]


_RELATIVE = _Lesser(
    answer="answer_relative",
    words="Multiple sclerosis in a first-degree relative",
    severity={"tnfi": Severity.CAUTION, "il6i": Severity.NONE},
    message={
        "tnfi": "A first-degree relative with multiple sclerosis calls for caution.",
        "il6i": "No caution for a relative's disease.",
    },
)
_ULCER = _Lesser(
    answer="answer_upper_gi_ulcer",
    words="Upper gastrointestinal ulcer",
    severity={"il6i": Severity.CAUTION},
    message={
        "il6i": "Caution: the excess of perforations was in the lower bowel; ask about"
        " diverticulitis."
    },
)


def _answered(
    record: PatientRecord, spec: DecisionSpec, concept: str, words: str, lesser: _Lesser
) -> tuple[Sign, ...]:
    """What was answered about the patient's history; nothing where nobody was asked."""
    newest = newest_answer(
        record, spec, concept, lesser.answer, "answer_positive", "answer_negative"
    )
    if newest is not None and newest[0] == lesser.answer:
        said = told(newest[1], f"{lesser.words} only, stated")
        reference = newest[1].source.reference
        return (present(said, reference, severity=lesser.severity, message=lesser.message),)
    sign = history(record, spec, concept, words, within=_DENIED_WITHIN)
    return () if sign.presence is Presence.NOT_FOUND and not sign.unread else (sign,)


def heart_failure(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """AVOID for NYHA III or IV; a failing heart of lower or unknown class is a caution."""
    recorded = diagnosis(record, spec, "heart_failure")
    severe = diagnosis(record, spec, "nyha_3_4", "NYHA class III or IV", states=ACTIVE_ONLY)
    if severe.presence is Presence.PRESENT:
        return (severe,)
    stated = history(
        record, spec, "severe_heart_failure", "NYHA class III or IV", within=_DENIED_WITHIN
    )
    if stated.presence is Presence.PRESENT:
        return (stated,)
    answer = newest_answer(record, spec, "nyha_class", "nyha_3_4", "nyha_1_2")
    if answer is not None:
        meaning, observation = answer
        reference = observation.source.reference
        if meaning == "nyha_3_4":
            return (present(told(observation, "NYHA III or IV"), reference),)
        words = f"{told(observation, 'NYHA I or II')}: below the class the guideline names"
        return (present(words, reference, severity=_CLASS_UNSURE, message=_BELOW_CLASS),)
    if stated.presence is Presence.ABSENT and recorded.presence is not Presence.PRESENT:
        return (stated,)
    if recorded.presence is not Presence.PRESENT:
        classes = ("heart_failure", "nyha_3_4")
        silent = unless_unread(recorded, record, spec, Part.CONDITIONS, *classes)
        answers = ("severe_heart_failure", "nyha_class")
        return (unless_unread(silent, record, spec, Part.OBSERVATIONS, *answers),)
    denied = stated.presence is Presence.ABSENT
    words = f"{recorded.words}, {stated.words if denied else 'NYHA class not found'}"
    return (
        dataclasses.replace(
            recorded,
            words=words,
            severity=_CLASS_UNSURE,
            asks=not denied,
            message=_BELOW_CLASS if denied else _CLASS_OPEN,
        ),
    )


def demyelination(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """The patient's own disease stops a TNF inhibitor; a relative's calls for caution."""
    return (
        diagnosis(record, spec, "multiple_sclerosis", "Multiple sclerosis"),
        diagnosis(record, spec, "other_demyelination", "Optic neuritis or other demyelination"),
        *_answered(record, spec, "demyelination_history", "Demyelination", _RELATIVE),
        yes_or_no(
            record,
            spec,
            "ms_relative",
            _RELATIVE.words,
            severity=_RELATIVE.severity,
            message=_RELATIVE.message,
        ),
    )


def bowel_perforation_risk(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Diverticulitis or a lower perforation ever; an ulcer higher up alone is a caution. Drugs that
    add to the risk are named.
    """
    beside = [
        words
        for concept, words in (
            ("glucocorticoid", "a glucocorticoid (dose not in the record)"),
            ("nsaid", "an NSAID"),
        )
        if any(taking(e, record) for e in record.exposed(spec.codelists[concept]))
    ]
    signs = (
        diagnosis(record, spec, "diverticulitis", "Diverticulitis"),
        diagnosis(record, spec, "bowel_perforation", "Lower bowel perforation"),
        diagnosis(
            record,
            spec,
            "upper_gi_ulcer",
            _ULCER.words,
            severity=_ULCER.severity,
            message=_ULCER.message,
        ),
        *_answered(
            record, spec, "bowel_history", "Diverticulitis or lower bowel perforation", _ULCER
        ),
    )
    if not beside:
        return signs
    return tuple(
        dataclasses.replace(s, words=f"{s.words}, taking {' and '.join(beside)}")
        if s.presence is Presence.PRESENT
        else s
        for s in signs
    )


def liver_disease(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Active liver disease; a resolved one says nothing about now."""
    return (diagnosis(record, spec, "hepatic_disease", states=ACTIVE_ONLY),)


def lipids_and_vessels(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Hyperlipidaemia or cardiovascular disease, as diagnosed; no risk score is computed."""
    return (
        diagnosis(record, spec, "hyperlipidemia", "Hyperlipidaemia"),
        diagnosis(record, spec, "cardiovascular_disease", "Cardiovascular disease"),
    )


def uveitis(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Uveitis at any time: it recurs."""
    return (diagnosis(record, spec, "uveitis"),)


def bowel_inflammation(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Both diseases must be denied before the caution is absent."""
    return (
        diagnosis(record, spec, "crohns_disease", "Crohn's disease"),
        diagnosis(record, spec, "ulcerative_colitis", "Ulcerative colitis"),
    )


def psoriasis(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Psoriasis favours a TNF inhibitor, unless one has caused it before."""
    return (
        diagnosis(record, spec, "psoriasis"),
        yes_or_no(
            record,
            spec,
            "paradoxical_psoriasis",
            "Paradoxical, on a TNF inhibitor",
            severity={"tnfi": Severity.AVOID, "il6i": Severity.NONE},
            message={"tnfi": "Avoid after paradoxical psoriasis on a TNF inhibitor."},
        ),
    )


def lung_disease(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Interstitial lung disease; the record rarely says that the arthritis caused it."""
    return (diagnosis(record, spec, "interstitial_lung_disease"),)


def amyloid_or_castleman(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """The two diagnoses; systemic inflammation with anaemia has no stated limit to look for."""
    return (
        diagnosis(record, spec, "aa_amyloidosis", "AA amyloidosis"),
        diagnosis(record, spec, "castleman_disease", "Castleman disease"),
    )


def lupus_features(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Lupus by diagnosis, drug-induced lupus, or a positive antibody."""
    return (
        diagnosis(record, spec, "lupus", "Lupus"),
        diagnosis(record, spec, "drug_induced_lupus", "Drug-induced lupus"),
        assay(record, spec, "ana", "ANA"),
        assay(record, spec, "dsdna", "Anti-dsDNA"),
    )


def recent_cancer(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Active, or begun within five years, or of unknown date; an older one is said to be older."""
    return (
        _cancer(record, spec, "lymphoma", "Lymphoma"),
        _cancer(record, spec, "melanoma", "Melanoma"),
    )


def _cancer(record: PatientRecord, spec: DecisionSpec, concept: str, words: str) -> Sign:
    limit = lookback("cancer")
    older = ""
    for condition in record.diagnosed(spec.codelists[concept]):
        if condition.state is not ConditionState.RESOLVED:
            continue
        onset = condition.onset
        if onset is None or onset.latest >= record.as_of - limit:
            return present(f"{words} {since(condition)}", condition.source.reference)
        older = f"{words} {since(condition)} is older than five years; a recent one not found"
    other = diagnosis(record, spec, concept, words, states=ACTIVE_ONLY)
    if other.presence is Presence.NOT_FOUND and older:
        return unless_unread(not_found(older), record, spec, Part.CONDITIONS, concept)
    return other

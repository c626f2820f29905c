"""Predictors that come from the drugs: csDMARD now, TNF inhibitors ever, why the last stopped."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import timedelta

from decision.catalog.ra_biologic_response.codelists import (
    BIOLOGIC_OR_TARGETED,
    CONVENTIONAL,
    DRUG_NAMES,
    TNF_INHIBITORS,
)
from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.codes import Code, Codelist
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Quantity
from decision.clinical.record import (
    Gap,
    MedicationExposure,
    Observation,
    Origin,
    Part,
    PatientRecord,
)
from decision.clinical.spec import FeatureSpec
from decision.evidence.courses import evidence_of_courses, started, taking
from decision.evidence.drug_names import Course, uncoded
from decision.evidence.select import FINAL, Reading, evidence_of, latest, on_record
from decision.evidence.unread import overshadowed, unread

Codelists = Mapping[str, Codelist]

_NO_LIST = "No medication list in the record."
_NEVER = "no earlier TNF inhibitor, so none failed"
_CLASS_WORDS = {
    "tnfi": "a TNF inhibitor",
    "il6i": "an IL-6 inhibitor",
    "jak_inhibitor": "a JAK inhibitor",
    "bts_dmard": "a biologic or targeted drug",
    "csdmard": "a conventional DMARD",
}


def named_only(
    record: PatientRecord, codelists: Codelists, of: Iterable[str], counts: Course = started
) -> tuple[str, ...]:
    """Drugs of these concepts that the list names without a code of ours; an unnamed biologic may
    be any of them.
    """
    wanted = set(of)
    if wanted & set(BIOLOGIC_OR_TARGETED):
        wanted.add("bts_dmard")
    return tuple(sorted(uncoded(record, codelists, DRUG_NAMES, wanted, counts)))


def named_words(concepts: Iterable[str]) -> str:
    """What the list names and cannot be counted, without quoting the record's own text."""
    shown = (_CLASS_WORDS.get(c, c.replace("_", " ")) for c in concepts)
    return f"The medication list names {', '.join(shown)} without a code that can be read."


def unread_drugs(
    record: PatientRecord, codelists: Codelists, drugs: Iterable[str], *said: str
) -> tuple[Gap, ...]:
    """Gaps in which one of the drugs, or what was said of them (other concepts), may lie."""
    return (
        *unread(record, Part.MEDICATIONS, *(codelists[drug] for drug in drugs)),
        *unread(record, Part.OBSERVATIONS, *(codelists[concept] for concept in said)),
    )


def _entered(finding: Finding) -> bool:
    return isinstance(finding, Found) and finding.evidence.origin is Origin.CLINICIAN


def monotherapy(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """0 with an active csDMARD, 1 without; an answer on the page goes first, a status last."""

    def read(observation: Observation) -> Reading | str:
        if isinstance(observation.value, Code):
            if observation.value in codelists["answer_taking"]:
                return 0.0, "stated: taking methotrexate or another csDMARD"
            if observation.value in codelists["answer_not_taking"]:
                return 1.0, "stated: taking no csDMARD"
        return "it is not a known answer"

    stated = latest(record, feature, codelists, read)
    if _entered(stated):
        return stated
    gaps = unread_drugs(record, codelists, ("csdmard",), "methotrexate_status")
    active = tuple(e for e in record.exposed(codelists["csdmard"]) if taking(e, record))
    if active:
        how = "active csDMARD in the medication list"
        caveat = _newly_started(record, codelists)
        found = Found(value=0.0, evidence=evidence_of_courses(active, how, caveat=caveat))
        return overshadowed(found, gaps)
    if uncoded := named_only(record, codelists, ("csdmard", *CONVENTIONAL), taking):
        unusable = Missing(reason=MissingReason.UNUSABLE, detail=named_words(uncoded))
        return overshadowed(unusable, gaps)
    if isinstance(stated, Found):
        return overshadowed(stated, gaps)
    if not record.medications:
        return overshadowed(Missing(reason=MissingReason.NOT_FOUND, detail=_NO_LIST), gaps)
    how = f"no active csDMARD among {len(record.medications)} listed medications"
    caveat = "no csDMARD listed; confirm"
    none = Found(value=1.0, evidence=evidence_of_courses((), how, caveat=caveat))
    return overshadowed(none, gaps, as_absent=True)


def _newly_started(record: PatientRecord, codelists: Codelists) -> str:
    """A csDMARD needs time to work; a renewed prescription goes on with the earlier course."""
    limit = THRESHOLDS["csdmard_established"]
    established = record.as_of - timedelta(days=limit.value)
    new = []
    for drug in CONVENTIONAL:
        courses = [e for e in record.exposed(codelists[drug]) if started(e, record)]
        if not any(taking(e, record) for e in courses):
            continue
        starts = [e.start for e in courses]
        if any(s is None or s.earliest <= established for s in starts):
            return ""
        new.append(drug)
    return f"{' and '.join(new)} begun less than {limit.value / 30:g} months ago" if new else ""


def tnfi_taken(
    record: PatientRecord, codelists: Codelists
) -> dict[str, tuple[MedicationExposure, ...]]:
    """Exposures that began, by TNF inhibitor, for each one ever taken."""
    by_drug = {
        drug: tuple(e for e in record.exposed(codelists[drug]) if started(e, record))
        for drug in TNF_INHIBITORS
    }
    return {drug: exposures for drug, exposures in by_drug.items() if exposures}


def prior_tnfi_count(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Different TNF inhibitors ever begun; the larger of what is listed and what is stated."""

    def read(observation: Observation) -> Reading | str:
        if isinstance(observation.value, Quantity) and observation.value.unit == feature.unit:
            return observation.value.value, "stated number"
        return "it is not a number"

    stated = latest(record, feature, codelists, read)
    if _entered(stated):
        return stated
    taken = tnfi_taken(record, codelists)
    uncoded = set(named_only(record, codelists, ("tnfi", *TNF_INHIBITORS))) - set(taken)
    said = ("prior_tnfi_count", "last_tnfi_stop_reason")
    gaps = unread_drugs(record, codelists, ("tnfi",), *said)
    # Drugs given elsewhere are often missing from a list; nothing makes a list too long.
    if isinstance(stated, Found) and stated.value >= len(taken) + len(uncoded):
        return overshadowed(stated, gaps)
    if uncoded:
        unusable = Missing(reason=MissingReason.UNUSABLE, detail=named_words(sorted(uncoded)))
        return overshadowed(unusable, gaps)
    if taken:
        exposures = tuple(e for listed in taken.values() for e in listed)
        names = ", ".join(sorted(name.replace("_", " ") for name in taken))
        evidence = evidence_of_courses(exposures, f"listed: {names}")
        return overshadowed(Found(value=float(len(taken)), evidence=evidence), gaps)
    for observation in on_record(record, codelists["last_tnfi_stop_reason"]):
        if observation.status in FINAL and isinstance(observation.value, Code):
            how = "none listed, but a reason for stopping one is stated: at least one"
            at_least = Found(value=1.0, evidence=evidence_of(observation, how))
            return overshadowed(at_least, gaps)
    if not record.medications:
        return overshadowed(Missing(reason=MissingReason.NOT_FOUND, detail=_NO_LIST), gaps)
    how = f"none listed among {len(record.medications)} medications"
    words = "no earlier TNF inhibitor listed"
    none = Found(value=0.0, evidence=evidence_of_courses((), how, words=words))
    return overshadowed(none, gaps, as_absent=True)


_FAILED = {"stop_primary_failure": 1.0}
_NOT_FAILED = {"stop_secondary_failure": 0.0, "stop_adverse_event": 0.0, "stop_other": 0.0}


def stop_reason(code: Code, codelists: Codelists) -> tuple[float, str] | None:
    """1 for primary failure, 0 for any other coded reason, None for a code we do not know."""
    for concept, value in (_FAILED | _NOT_FAILED).items():
        if code in codelists[concept]:
            return value, concept.removeprefix("stop_").replace("_", " ")
    return None


def primary_failure(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Whether the last TNF inhibitor never worked. Free text is shown, never interpreted."""

    def read(observation: Observation) -> Reading | str:
        if isinstance(observation.value, Code):
            reason = stop_reason(observation.value, codelists)
            if reason is not None:
                return reason[0], f"stated: {reason[1]}"
        return "its reason is not one of the coded reasons"

    stated = latest(record, feature, codelists, read)
    if _entered(stated):
        return stated
    said = ("prior_tnfi_count", "last_tnfi_stop_reason")
    gaps = unread_drugs(record, codelists, ("tnfi",), *said)
    uncoded = named_only(record, codelists, ("tnfi", *TNF_INHIBITORS))
    if uncoded and not _denied(record, codelists):
        if isinstance(stated, Found):
            return overshadowed(stated, gaps)
        unusable = Missing(reason=MissingReason.UNUSABLE, detail=named_words(uncoded))
        return overshadowed(unusable, gaps)
    taken = tnfi_taken(record, codelists)
    if taken:
        return overshadowed(_reason_of_last(record, taken, stated, codelists), gaps)
    if isinstance(stated, Found):
        return overshadowed(stated, gaps)
    return _never_taken(record, codelists, gaps)


def _denied(record: PatientRecord, codelists: Codelists) -> bool:
    """True when the clinician's own count says that no TNF inhibitor was ever taken."""
    counts = on_record(record, codelists["prior_tnfi_count"])
    newest = counts[0] if counts and counts[0].source.origin is Origin.CLINICIAN else None
    return newest is not None and isinstance(newest.value, Quantity) and newest.value.value == 0


def _reason_of_last(
    record: PatientRecord,
    taken: Mapping[str, tuple[MedicationExposure, ...]],
    stated: Finding,
    codelists: Codelists,
) -> Finding:
    courses = [(drug, e) for drug, listed in taken.items() for e in listed]
    drug, last = max(courses, key=lambda c: c[1].start.earliest.timestamp() if c[1].start else 0.0)
    source = Evidence(
        sources=(last.source,),
        effective=last.end or last.start,
        origin=last.source.origin,
        how="reason for stopping the last TNF inhibitor",
    )
    if isinstance(last.stop_reason, Code):
        reason = stop_reason(last.stop_reason, codelists)
        if reason is not None:
            ended = (last.end.day_text,) if last.end else ()
            said = ", ".join((reason[1], drug.replace("_", " "), *ended))
            told = dataclasses.replace(source, how=said, words=said)
            return Found(value=reason[0], evidence=told)
    if isinstance(stated, Found):
        return stated
    if taking(last, record):
        detail = "The last TNF inhibitor is not recorded as stopped."
    elif isinstance(last.stop_reason, str):
        detail = "The reason is free text, which is not interpreted."
    elif last.stop_reason is not None:
        detail = "The coded reason does not say whether the drug ever worked."
    else:
        detail = "No reason for stopping the last TNF inhibitor."
    found = MissingReason.NOT_FOUND if last.stop_reason is None else MissingReason.UNUSABLE
    return Missing(reason=found, detail=detail, evidence=source)


def _never_taken(record: PatientRecord, codelists: Codelists, gaps: tuple[Gap, ...]) -> Finding:
    """0 where the record or the clinician says that no TNF inhibitor was ever taken."""
    for observation in on_record(record, codelists["prior_tnfi_count"]):
        if isinstance(observation.value, Quantity):
            if observation.value.value == 0:
                evidence = evidence_of(observation, _NEVER)
                told = Found(value=0.0, evidence=dataclasses.replace(evidence, words=_NEVER))
                return overshadowed(told, gaps)
            detail = "No reason for stopping the last TNF inhibitor."
            none = Missing(reason=MissingReason.NOT_FOUND, detail=detail)
            return overshadowed(none, gaps)
    if record.medications:
        listed = "no earlier TNF inhibitor listed, so none failed"
        never = Found(value=0.0, evidence=evidence_of_courses((), listed, words=listed))
        return overshadowed(never, gaps, as_absent=True)
    return overshadowed(Missing(reason=MissingReason.NOT_FOUND, detail=_NO_LIST), gaps)

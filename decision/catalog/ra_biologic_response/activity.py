"""Disease activity as the criteria and cautions see it, from the features' own findings."""

from __future__ import annotations

from dataclasses import dataclass

from decision.clinical.record import PatientRecord
from decision.clinical.scores import cdai, das28_crp, das28_esr
from decision.clinical.spec import DecisionSpec
from decision.evidence.predictors import usable

COMPONENTS = ("tender_joints", "swollen_joints", "patient_global", "physician_global")
DAS28_PARTS = (*COMPONENTS[:3], "esr", "crp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """CDAI where all four components are there; else their sum so far, which it cannot be below."""

    cdai: float | None
    at_least: float
    missing: tuple[str, ...]
    oldest: str
    newest: str


def activity(record: PatientRecord, spec: DecisionSpec) -> Activity:
    """CDAI of the record with the dates of its components."""
    found = {name: usable(record, spec, name) for name in COMPONENTS}
    values = {name: f.value if f else 0.0 for name, f in found.items()}
    whole = all(values[name].is_integer() for name in COMPONENTS[:2])
    missing = tuple(name for name in COMPONENTS if found[name] is None or not whole)
    moments = [f.evidence.effective for f in found.values() if f and f.evidence.effective]
    days = [m.day_text for m in sorted(moments, key=lambda m: m.earliest)]
    total = (
        cdai(
            tender_joints_28=values["tender_joints"],
            swollen_joints_28=values["swollen_joints"],
            patient_global_0_10=values["patient_global"],
            physician_global_0_10=values["physician_global"],
        )
        if whole
        else 0.0
    )
    return Activity(
        cdai=None if missing else total,
        at_least=total,
        missing=missing,
        oldest=days[0] if days else "",
        newest=days[-1] if days else "",
    )


def das28(record: PatientRecord, spec: DecisionSpec) -> tuple[float, str] | None:
    """DAS28 with ESR, else with CRP, and which; None where a component is missing."""
    parts = {name: usable(record, spec, name) for name in COMPONENTS[:3]}
    tender, swollen, patient = (parts[name] for name in COMPONENTS[:3])
    if tender is None or swollen is None or patient is None:
        return None
    if not (tender.value.is_integer() and swollen.value.is_integer()):
        return None
    # The record holds the global on 0-10; DAS28 takes millimetres.
    millimetres = patient.value * 10
    if esr := usable(record, spec, "esr"):
        score = das28_esr(
            tender_joints_28=tender.value,
            swollen_joints_28=swollen.value,
            esr_mm_h=esr.value,
            patient_global_0_100=millimetres,
        )
        return score, "DAS28-ESR"
    if crp := usable(record, spec, "crp"):
        score = das28_crp(
            tender_joints_28=tender.value,
            swollen_joints_28=swollen.value,
            crp_mg_l=crp.value,
            patient_global_0_100=millimetres,
        )
        return score, "DAS28-CRP"
    return None

"""FHIR records of people with islet antibodies, in a few words, read as any other record is."""

from __future__ import annotations

from typing import Any

from decision import catalog
from decision.catalog.t1d_progression.codelists import CODELISTS
from decision.clinical.codes import LOCAL, Code
from decision.clinical.features import FeatureVector
from decision.clinical.local import Local
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Observation, Origin, PatientRecord, Source
from decision.clinical.situation import Comparator, Situation
from decision.clinical.spec import CautionFinding, CriterionResult, DecisionSpec
from decision.rules import derive_features
from tests import fhir_builders as fhir

DECISION = "t1d_progression"
NOW = "2026-11-24T09:00:00+01:00"
TEST_DAY, FIRST, SECOND = "2026-11-02", "2026-02-10", "2026-08-20"
OGTT = {
    "fasting_glucose": 88,
    "glucose_30": 150,
    "glucose_60": 140,
    "glucose_90": 120,
    "glucose_120": 110,
    "c_peptide_0": 1.2,
    "c_peptide_30": 5,
    "c_peptide_60": 6,
    "c_peptide_90": 6,
    "c_peptide_120": 5,
}
"""Of person A of the evidence: with BMI 18 at 10 years DPTRS 6.3674, Index60 0.1910."""
KINDS = ("gad65", "ia2", "insulin", "znt8")


def spec(jurisdiction: str = "US", **settings: object) -> DecisionSpec:
    return catalog.load(
        DECISION,
        Local(jurisdiction=jurisdiction, settings={DECISION: settings} if settings else {}),
    )


SPEC = spec()


def code_of(concept: str) -> Code:
    exact = [e.code for e in CODELISTS[concept].entries if not e.prefix]
    return next((c for c in exact if c.system == LOCAL), exact[0])


def result(
    concept: str, value: object, unit: str = "", on: str = TEST_DAY, **more: Any
) -> fhir.Json:
    """A result of a concept: a number in a unit, or an answer (a concept) of a question."""
    code = code_of(concept)
    if isinstance(value, str):
        answer = code_of(value)
        held = {
            "valueCodeableConcept": {"coding": [{"system": answer.system, "code": answer.code}]}
        }
    else:
        held = {"valueQuantity": fhir.quantity(value, unit)}
    return fhir.observation(
        more.pop("id", f"{concept.replace('_', '-')}-{on}"),
        (code.system, code.code),
        effectiveDateTime=on,
        **held,
        **more,
    )


def sample(kind: str, positive: bool = True, on: str = SECOND) -> fhir.Json:
    answer = "answer_positive" if positive else "answer_negative"
    return result(f"{kind}_antibody", answer, on=on)


def confirmed(*kinds: str) -> tuple[fhir.Json, ...]:
    """Those antibodies in two samples each, the others negative in the second."""
    found = [sample(k, on=day) for k in kinds for day in (FIRST, SECOND)]
    return (*found, *(sample(k, False) for k in KINDS if k not in kinds))


def glucose_test(on: str = TEST_DAY, **changed: float | None) -> tuple[fhir.Json, ...]:
    """A whole 75 g test in mg/dL and ng/mL; None leaves a value out."""
    values = {**OGTT, **changed}
    return tuple(
        result(name, value, "ng/mL" if name.startswith("c_") else "mg/dL", on=on)
        for name, value in values.items()
        if value is not None
    )


def genetic(concept: str = "grs2", value: float = 13.0, **more: Any) -> fhir.Json:
    unit = "%" if concept == "grs2_centile" else "{score}"
    return result(concept, value, unit, **{"method": {"text": "reference 1.0"}, **more})


def european() -> fhir.Json:
    return result("genetic_ancestry", "ancestry_european")


def person(
    *resources: fhir.Json, born: str = "2016-11-24", sex: str = "male", now: str = NOW
) -> PatientRecord:
    """A boy of 10 on the day of reading with what is given and nothing else."""
    return fhir.record_of(fhir.patient(birthDate=born, gender=sex), *resources, timestamp=now)


def whole(
    *more: fhir.Json, kinds: tuple[str, ...] = ("gad65", "ia2"), **changed: Any
) -> PatientRecord:
    """Two confirmed antibodies, a whole glucose test, HbA1c, BMI, GRS2: stage 1."""
    about = {name: changed.pop(name) for name in ("born", "sex", "now") if name in changed}
    return person(
        *confirmed(*kinds),
        *glucose_test(**changed),
        result("hba1c", 5.2, "%"),
        result("bmi", 18, "kg/m2"),
        genetic(),
        european(),
        *more,
        **about,
    )


def entered(concept: str, value: object, record: PatientRecord, unit: str = "") -> Observation:
    """What the clinician enters on the page, filed as the page files it."""
    held = code_of(value) if isinstance(value, str) else Quantity(value=float(value), unit=unit)
    return Observation(
        codes=(code_of(concept),),
        value=held,
        effective=Moment.instant(record.as_of),
        status="final",
        source=Source(reference=f"entered/{concept}", origin=Origin.CLINICIAN),
    )


def features(record: PatientRecord, of: DecisionSpec = SPEC) -> FeatureVector:
    return derive_features(record, of)


def described(record: PatientRecord, of: DecisionSpec = SPEC) -> Situation:
    assert of.prognosis is not None
    return of.prognosis.describe(record, of, features(record, of))


def comparators(record: PatientRecord, of: DecisionSpec = SPEC) -> dict[str, Comparator]:
    return {c.id: c for c in described(record, of).comparators}


def criteria(record: PatientRecord, of: DecisionSpec = SPEC) -> dict[str, CriterionResult]:
    return {c.id: c for c in of.eligibility(record, of)}


def cautions(record: PatientRecord, of: DecisionSpec = SPEC) -> dict[str, CautionFinding]:
    return {c.rule.id: c for c in of.find_cautions(record, of)}

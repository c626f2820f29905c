"""A made-up lifetime record as one FHIR R4 Bundle: nobody's data, the same bytes for the same seed.

Shape and mix follow the synthetic sample bundles of `tests/data/samples`: six in ten entries are
Observations, and a third of the bytes are bills, which are checked for their owner and not read.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from uuid import UUID

from decision.clinical.codes import ICD10CM, LOINC, RXNORM, SNOMED

Json = dict[str, Any]

_UCUM = "http://unitsofmeasure.org"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_TAG = {"tag": [{"system": "https://example.org/tags", "code": "generated"}]}
_EAST = timezone(timedelta(hours=-5))
_BEGAN = datetime(1996, 3, 1, 8, 30, tzinfo=_EAST)

MIX: Mapping[str, int] = MappingProxyType(
    {
        "Observation": 1_890,
        "Claim": 205,
        "Encounter": 160,
        "ExplanationOfBenefit": 160,
        "DiagnosticReport": 160,
        "Condition": 120,
        "Procedure": 105,
        "MedicationRequest": 95,
        "Immunization": 70,
        "CarePlan": 20,
        "Goal": 14,
    }
)
"""Entries of each kind beside the Patient: about as many in 1,000 as in the samples."""

_LABORATORY = (
    ("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", 1, 60, 5),
    ("4537-7", "Erythrocyte sedimentation rate by Westergren method", "mm/h", 2, 80, 20),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 9, 16, 15.5),
    ("751-8", "Neutrophils [#/volume] in Blood by Automated count", "10*3/uL", 1.2, 9, 7.5),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 120, 450, 400),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume]", "U/L", 8, 90, 45),
    ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume]", "U/L", 8, 90, 40),
    ("2339-0", "Glucose", "mg/dL", 60, 180, 99),
    ("6299-2", "Urea Nitrogen", "mg/dL", 5, 25, 20),
    ("38483-4", "Creatinine", "mg/dL", 0.5, 1.6, 1.2),
    ("49765-1", "Calcium", "mg/dL", 8, 11, 10.5),
    ("2947-0", "Sodium", "mmol/L", 132, 148, 145),
    ("6298-4", "Potassium", "mmol/L", 3, 5.6, 5.1),
    ("2069-3", "Chloride", "mmol/L", 95, 112, 107),
    ("20565-8", "Carbon Dioxide", "mmol/L", 18, 32, 29),
    ("2093-3", "Total Cholesterol", "mg/dL", 120, 280, 200),
    ("2571-8", "Triglycerides", "mg/dL", 60, 300, 150),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 3, 13, 11),
)
_VITAL_SIGNS = (
    ("8302-2", "Body Height", "cm", 150, 190),
    ("29463-7", "Body Weight", "kg", 50, 120),
    ("39156-5", "Body Mass Index", "kg/m2", 18, 40),
    ("72514-3", "Pain severity - 0-10 verbal numeric rating", "{score}", 0, 10),
)
_PRESSURE = "55284-4"
_SMOKING = "72166-2"
_OF_A_VISIT = (*_LABORATORY, *_VITAL_SIGNS, _PRESSURE, _SMOKING)
"""All results of a visit share one time; ten of the 24 are of tests that the reader lists, where
of the samples' results it keeps three in ten."""
_PROBLEMS = (
    (SNOMED, "69896004", "Rheumatoid arthritis"),
    (SNOMED, "38341003", "Hypertensive disorder"),
    (SNOMED, "55822004", "Hyperlipidemia"),
    (SNOMED, "444814009", "Viral sinusitis (disorder)"),
    (SNOMED, "195662009", "Acute viral pharyngitis (disorder)"),
    (SNOMED, "10509002", "Acute bronchitis (disorder)"),
    (ICD10CM, "M06.9", "Rheumatoid arthritis, unspecified"),
)
_DRUGS = (
    ("6851", "methotrexate"),
    ("5521", "hydroxychloroquine"),
    ("8640", "prednisone"),
    ("310798", "Hydrochlorothiazide 25 MG Oral Tablet"),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    ("895994", "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"),
)


class _Writer:
    """Draws everything from one seeded generator, in one order."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._patient = self.name()
        self._visits = [self.name() for _ in range(160)]
        self._doctor = self.name()
        self._now = _BEGAN
        self._waiting: list[Any] = []

    def name(self) -> str:
        return str(UUID(int=self._draw.getrandbits(128), version=4))

    def when(self) -> datetime:
        return _BEGAN + timedelta(minutes=self._draw.randrange(30 * 365 * 24 * 60))

    def entry(self, kind: str, identity: str, **content: Any) -> Json:
        resource = {"resourceType": kind, "id": identity, **content, "meta": _TAG}
        return {
            "fullUrl": f"urn:uuid:{identity}",
            "resource": resource,
            "request": {"method": "POST", "url": kind},
        }

    def patient(self) -> Json:
        return self.entry(
            "Patient",
            self._patient,
            name=[{"use": "official", "family": "Bench0", "given": ["Mark0", "Test1"]}],
            telecom=[{"system": "phone", "value": "555-0100", "use": "home"}],
            gender="female",
            birthDate="1961-07-08",
            address=[{"line": ["1 Example Row"], "city": "Exampleton", "country": "US"}],
            identifier=[
                {
                    "type": _concept(f"{_HL7}/v2-0203", "MR", "Medical Record Number"),
                    "system": "http://hospital.example.org",
                    "value": "BENCH-0000001",
                }
            ],
        )

    def _mine(self) -> Json:
        visit = self._draw.choice(self._visits)
        return {
            "subject": {"reference": f"urn:uuid:{self._patient}"},
            "encounter": {"reference": f"urn:uuid:{visit}"},
        }

    def observation(self) -> Json:
        """The next result of the present visit; all share its time."""
        if not self._waiting:
            self._waiting = list(_OF_A_VISIT)
            self._now = self.when()
        test = self._waiting.pop()
        if test == _PRESSURE:
            return self._result("vital-signs", test, "Blood Pressure", **self._pressure())
        if test == _SMOKING:
            never = _concept(SNOMED, "266919005", "Never smoker")
            shown = "Tobacco smoking status NHIS"
            return self._result("survey", test, shown, valueCodeableConcept=never)
        code, shown, unit, low, high, *upper = test
        content: Json = {"valueQuantity": _quantity(self._draw.uniform(low, high), unit)}
        if upper:
            limits = {"low": _quantity(low, unit), "high": _quantity(upper[0], unit)}
            content["referenceRange"] = [limits]
            if self._draw.random() < 0.3:
                normal = _coded(f"{_HL7}/v3-ObservationInterpretation", "N", "Normal")
                content["interpretation"] = [normal]
        return self._result("laboratory" if upper else "vital-signs", code, shown, **content)

    def _pressure(self) -> Json:
        return {
            "component": [
                {
                    "code": _concept(LOINC, code, shown),
                    "valueQuantity": _quantity(self._draw.uniform(60, 140), "mm[Hg]"),
                }
                for code, shown in (("8462-4", "Diastolic"), ("8480-6", "Systolic"))
            ]
        }

    def _result(self, category: str, code: str, shown: str, **content: Any) -> Json:
        return self.entry(
            "Observation",
            self.name(),
            status="final",
            category=[_coded(f"{_HL7}/observation-category", category, category)],
            code=_concept(LOINC, code, shown),
            **self._mine(),
            effectiveDateTime=self._now.isoformat(),
            issued=self._now.isoformat(timespec="milliseconds"),
            **content,
        )

    def condition(self) -> Json:
        system, code, shown = self._draw.choice(_PROBLEMS)
        began = self.when()
        over = {"abatementDateTime": (began + timedelta(days=20)).isoformat()}
        current = self._draw.random() < 0.3
        return self.entry(
            "Condition",
            self.name(),
            clinicalStatus=_coded(
                f"{_HL7}/condition-clinical", "active" if current else "resolved", ""
            ),
            verificationStatus=_coded(f"{_HL7}/condition-ver-status", "confirmed", ""),
            code=_concept(system, code, shown),
            **self._mine(),
            onsetDateTime=began.isoformat(),
            recordedDate=began.isoformat(),
            **({} if current else over),
        )

    def medication(self) -> Json:
        code, shown = self._draw.choice(_DRUGS)
        state = self._draw.choice(["active", "stopped", "stopped", "completed"])
        return self.entry(
            "MedicationRequest",
            self.name(),
            status=state,
            intent="order",
            medicationCodeableConcept=_concept(RXNORM, code, shown),
            **self._mine(),
            authoredOn=self.when().isoformat(),
            requester={"reference": f"urn:uuid:{self._doctor}"},
            dosageInstruction=[
                {
                    "sequence": 1,
                    "timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}},
                    "asNeededBoolean": False,
                    "doseAndRate": [{"doseQuantity": {"value": 1.0}}],
                }
            ],
        )

    def encounter(self) -> Json:
        began = self.when()
        return self.entry(
            "Encounter",
            self._visits.pop() if self._visits[1:] else self.name(),
            status="finished",
            **{"class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB"}},
            type=[_concept(SNOMED, "185345009", "Encounter for symptom")],
            subject={"reference": f"urn:uuid:{self._patient}", "display": "Bench0"},
            participant=[{"individual": {"reference": f"urn:uuid:{self._doctor}"}}],
            period=_period(began, minutes=30),
            reasonCode=[_coded(SNOMED, "36971009", "Sinusitis (disorder)")],
            serviceProvider={"reference": f"urn:uuid:{self._doctor}", "display": "EXAMPLE CLINIC"},
        )

    def _bill(self, kind: str, lines: int, **content: Any) -> Json:
        began = self.when()
        return self.entry(
            kind,
            self.name(),
            status="active",
            type=_coded(f"{_HL7}/claim-type", "institutional", ""),
            use="claim",
            patient={"reference": f"urn:uuid:{self._patient}"},
            billablePeriod=_period(began, minutes=30),
            created=began.isoformat(),
            provider={"reference": f"urn:uuid:{self._doctor}"},
            insurance=[{"sequence": 1, "focal": True, "coverage": {"display": "Example Insurer"}}],
            item=[self._line(number) for number in range(1, lines + 1)],
            total={"value": round(self._draw.uniform(50, 900), 2), "currency": "USD"},
            **content,
        )

    def _line(self, number: int) -> Json:
        system, code, shown = self._draw.choice(_PROBLEMS)
        paid = {"value": round(self._draw.uniform(5, 300), 2), "currency": "USD"}
        return {
            "sequence": number,
            "category": _coded(f"{_HL7}/ex-benefitcategory", "1", "Medical care"),
            "productOrService": _concept(system, code, shown),
            "servicedPeriod": _period(self.when(), minutes=30),
            "locationCodeableConcept": _coded(f"{_HL7}/ex-serviceplace", "21", "Inpatient"),
            "net": paid,
            "adjudication": [
                {
                    "category": _coded("https://example.org/adjudication", name, f"Line {name}"),
                    "amount": paid,
                }
                for name in ("coinsurance", "payment", "submitted", "allowed")
            ],
        }

    def claim(self) -> Json:
        return self._bill("Claim", 1)

    def benefit(self) -> Json:
        return self._bill(
            "ExplanationOfBenefit",
            self._draw.choice([2, 3, 4]),
            contained=[
                {
                    "resourceType": "ServiceRequest",
                    "id": "referral",
                    "status": "completed",
                    "intent": "order",
                    "subject": {"reference": f"urn:uuid:{self._patient}"},
                    "requester": {"reference": f"urn:uuid:{self._doctor}"},
                }
            ],
            outcome="complete",
            payment={"amount": {"value": 118.4, "currency": "USD"}},
        )

    def report(self) -> Json:
        when = self.when()
        return self.entry(
            "DiagnosticReport",
            self.name(),
            status="final",
            category=[_coded(f"{_HL7}/v2-0074", "LAB", "Laboratory")],
            code=_concept(LOINC, "51990-0", "Basic Metabolic Panel"),
            **self._mine(),
            effectiveDateTime=when.isoformat(),
            issued=when.isoformat(timespec="milliseconds"),
            result=[
                {"reference": f"urn:uuid:{self.name()}", "display": shown}
                for _, shown, *_ in self._draw.sample(_LABORATORY, 6)
            ],
        )

    def procedure(self) -> Json:
        return self.entry(
            "Procedure",
            self.name(),
            status="completed",
            code=_concept(SNOMED, "428191000124101", "Documentation of current medications"),
            **self._mine(),
            performedPeriod=_period(self.when(), minutes=15),
        )

    def immunization(self) -> Json:
        visit = self._draw.choice(self._visits)
        return self.entry(
            "Immunization",
            self.name(),
            status="completed",
            vaccineCode=_concept("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal"),
            patient={"reference": f"urn:uuid:{self._patient}"},
            encounter={"reference": f"urn:uuid:{visit}"},
            occurrenceDateTime=self.when().isoformat(),
            primarySource=True,
        )

    def plan(self) -> Json:
        return self.entry(
            "CarePlan",
            self.name(),
            status="active",
            intent="order",
            category=[_concept(SNOMED, "698360004", "Diabetes self management plan")],
            **self._mine(),
            period={"start": self.when().isoformat()},
            activity=[
                {
                    "detail": {
                        "code": _concept(SNOMED, "160670007", "Diabetic diet"),
                        "status": "in-progress",
                    }
                }
            ]
            * 2,
        )

    def goal(self) -> Json:
        return self.entry(
            "Goal",
            self.name(),
            lifecycleStatus="accepted",
            description={"text": "Hemoglobin A1c total in Blood < 7.0"},
            subject={"reference": f"urn:uuid:{self._patient}"},
        )


def _coded(system: str, code: str, shown: str) -> Json:
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": shown} if shown else coding]}


def _concept(system: str, code: str, shown: str) -> Json:
    return {**_coded(system, code, shown), "text": shown}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _period(start: datetime, *, minutes: int) -> Json:
    return {
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=minutes)).isoformat(),
    }


def generated(seed: int = 20_261_122) -> bytes:
    """The bundle as a server would send it: one line, about 3,000 entries and 4 MB."""
    writer = _Writer(seed)
    makers: Mapping[str, Callable[[], Json]] = {
        "Observation": writer.observation,
        "Claim": writer.claim,
        "Encounter": writer.encounter,
        "ExplanationOfBenefit": writer.benefit,
        "DiagnosticReport": writer.report,
        "Condition": writer.condition,
        "Procedure": writer.procedure,
        "MedicationRequest": writer.medication,
        "Immunization": writer.immunization,
        "CarePlan": writer.plan,
        "Goal": writer.goal,
    }
    kinds = [kind for kind, number in MIX.items() for _ in range(number)]
    random.Random(seed).shuffle(kinds)
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": "2026-11-16T09:00:00+01:00",
        "entry": [writer.patient(), *(makers[kind]() for kind in kinds)],
    }
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()

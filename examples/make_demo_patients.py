"""Write the demo patients as FHIR R4 Bundles: `python examples/make_demo_patients.py`.

It shares no code with the reader on purpose. A mistake made twice in one module would cancel out
and the demo would prove nothing; here reader and writer can only agree through FHIR.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BASE = "https://fhir.example.org/r4"
LOCAL = "urn:treatment-response:local"
SIMULATED = {"system": LOCAL, "code": "simulated", "display": "SIMULATED - not a patient"}
HTEST = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}

Json = dict[str, Any]


class Writer:
    """Builds the bundle of one case from the tables of the whole file."""

    def __init__(self, tables: Json, case: Json) -> None:
        self._tables = tables
        self._case = case
        self._form = case.get("bundle", "collection")
        self._entries: list[Json] = []
        self._counts: dict[str, int] = {}

    def bundle(self) -> Json:
        """The whole Bundle: who, diagnoses, drugs, results."""
        case = self._case
        self._add(self._patient())
        for condition in case["conditions"]:
            self._add(self._condition(condition))
        for drug in case["drugs"]:
            self._add(self._medication(drug))
        for test, result in case["results"].items():
            result = result if isinstance(result, dict) else {"value": result}
            self._add(self._observation(test, result))
        for result in case.get("more", []):
            self._add(self._observation(result["test"], result))
        return {
            "resourceType": "Bundle",
            "id": f"{case['id']}-bundle",
            "meta": {
                "security": [HTEST],
                "tag": [
                    SIMULATED,
                    {"system": LOCAL, "code": "case-note", "display": case["shows"]},
                ],
            },
            "type": self._form,
            "timestamp": case["as_of"],
            "entry": self._entries,
        }

    def _add(self, resource: Json) -> None:
        kind = resource["resourceType"]
        if kind == "Patient":
            identity = self._case["id"]
        else:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            identity = f"{self._case['id']}-{kind.lower()}-{self._counts[kind]}"
        body = {"resourceType": kind, "id": identity, **resource}
        entry: Json = {"fullUrl": self._url(kind, identity), "resource": body}
        if self._form == "transaction":
            entry["request"] = {"method": "POST", "url": kind}
        if self._form == "searchset":
            entry["search"] = {"mode": "match"}
        self._entries.append(entry)

    def _url(self, kind: str, identity: str) -> str:
        if self._form == "transaction":
            return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{BASE}/{kind}/{identity}')}"
        return f"{BASE}/{kind}/{identity}"

    def _subject(self) -> Json:
        identity = self._case["id"]
        if self._form == "transaction":
            return {"reference": self._url("Patient", identity)}
        return {"reference": f"Patient/{identity}"}

    def _concept(self, triple: list[str]) -> Json:
        system, code, display = triple
        coding = {"system": self._tables["systems"][system], "code": code, "display": display}
        return {"coding": [coding], "text": display}

    def _patient(self) -> Json:
        given, family = self._case["name"]
        return {
            "resourceType": "Patient",
            "meta": {"security": [HTEST], "tag": [SIMULATED]},
            "identifier": [
                {
                    "type": _hl7("v2-0203", "MR"),
                    "system": f"{BASE}/record-numbers",
                    "value": f"SIM-{self._case['id'].removeprefix('demo-')}",
                }
            ],
            "name": [{"use": "official", "family": family, "given": [given]}],
            "gender": self._case["sex"],
            "birthDate": self._case["born"],
        }

    def _condition(self, condition: Json) -> Json:
        until = condition.get("until")
        resource: Json = {
            "resourceType": "Condition",
            "clinicalStatus": _hl7("condition-clinical", "resolved" if until else "active"),
            "verificationStatus": _hl7("condition-ver-status", "confirmed"),
            "code": self._concept(self._tables["conditions"][condition["name"]]),
            "subject": self._subject(),
            "onsetDateTime": condition["since"],
        }
        if until:
            resource["abatementDateTime"] = until
        return resource

    def _medication(self, drug: Json) -> Json:
        kind = drug.get("as", "MedicationRequest")
        stop = drug.get("stop")
        resource: Json = {
            "resourceType": kind,
            "status": "stopped" if stop else "active",
            "medicationCodeableConcept": self._concept(self._tables["drugs"][drug["name"]])
            if "name" in drug
            else {"text": drug["text"]},
            "subject": self._subject(),
        }
        period = {"start": drug["start"], "end": stop} if stop else {"start": drug["start"]}
        reason = self._concept(self._tables["reasons"][drug["why"]]) if "why" in drug else None
        if kind == "MedicationStatement":
            resource |= {"effectivePeriod": period, "dosage": [{"text": drug["dose"]}]}
            if reason:
                resource["statusReason"] = [reason]
            return resource
        resource |= {
            "intent": "order",
            "authoredOn": drug["start"],
            "dosageInstruction": [
                {"text": drug["dose"], "timing": {"repeat": {"boundsPeriod": period}}}
            ],
        }
        if reason:
            resource["statusReason"] = reason
        return resource

    def _observation(self, test: str, result: Json) -> Json:
        known = self._tables["tests"][test]
        resource: Json = {
            "resourceType": "Observation",
            "status": result.get("status", "final"),
            "code": self._concept(result.get("code", known["code"])),
            "subject": self._subject(),
            "effectiveDateTime": result.get("on", self._case["visit"]),
        }
        value = result["value"]
        if isinstance(value, str):
            resource["valueCodeableConcept"] = self._concept(self._tables["answers"][value])
            return resource
        unit = result.get("unit", known.get("unit"))
        resource["valueQuantity"] = _quantity(value, unit)
        # limits hold in the unit they were written for: a result in another unit brings its own
        limits = result if "unit" in result else known
        bounds = {side: limits[side] for side in ("low", "high") if side in limits}
        if bounds:
            resource["referenceRange"] = [{s: _quantity(b, unit) for s, b in bounds.items()}]
            resource["interpretation"] = [
                _hl7("v3-ObservationInterpretation", _interpretation(value, bounds))
            ]
        return resource


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _interpretation(value: float, bounds: dict[str, float]) -> str:
    if "high" in bounds and value > bounds["high"]:
        return "H"
    return "L" if "low" in bounds and value < bounds["low"] else "N"


def _hl7(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def written_bundles(source: Path) -> dict[str, str]:
    """File name -> JSON text of every case in the table."""
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    written = {}
    for case in tables["patient"]:
        bundle = Writer(tables, case).bundle()
        name = f"{case['id']}-{case['name'][1].removeprefix('Example-').lower()}.json"
        written[name] = json.dumps(bundle, indent=1, ensure_ascii=False) + "\n"
    return written


def main() -> None:
    """Write every bundle, and remove none."""
    parser = argparse.ArgumentParser(description="Write the simulated demo patients as FHIR R4.")
    parser.add_argument("--out", type=Path, default=HERE / "demo_patients")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, text in written_bundles(HERE / "demo_patients.toml").items():
        (out / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{out / name}\n")


if __name__ == "__main__":
    main()

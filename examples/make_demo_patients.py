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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TABLES = (HERE / "demo_patients.toml", HERE / "demo_patients_t1d.toml")
"""One table for each decision; what a table's tests, drugs and answers are called is its own."""
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
        self._encounter: Json | None = None

    def bundle(self) -> Json:
        """The whole Bundle: who, diagnoses, drugs, results, then visit by visit."""
        case = self._case
        self._add(self._patient())
        for condition in case["conditions"]:
            self._add(self._condition(condition))
        for drug in case["drugs"]:
            self._add(self._medication(drug))
        for test, result in case.get("results", {}).items():
            self._add(self._observation(test, result))
        for result in case.get("more", []):
            self._add(self._observation(result["test"], result))
        for visit in case.get("visits", []):
            self._add_visit(visit)
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

    def _add(self, resource: Json) -> str:
        kind = resource["resourceType"]
        if kind == "Patient":
            identity = str(self._case["id"])
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
        return identity

    def _add_visit(self, visit: Json) -> None:
        """An Encounter with the results of its day: what was measured, asked, and drawn."""
        identity = self._add(self._visit(visit["on"]))
        self._encounter = {"reference": self._reference("Encounter", identity)}
        results = visit.get("results", {})
        if "weight" in results and "height" in results:
            metres = results["height"] / 100
            results["bmi"] = round(results["weight"] / metres**2, 1)
        for test, result in results.items():
            given = result if isinstance(result, dict) else {"value": result}
            self._add(self._observation(test, {"on": visit["on"], **given}))
        if "ogtt" in visit:
            self._add_glucose_test(visit["ogtt"])
        self._encounter = None

    def _visit(self, day: str) -> Json:
        return {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "AMB",
                "display": "ambulatory",
            },
            "subject": self._subject(),
            "period": {"start": day, "end": day},
        }

    def _add_glucose_test(self, ogtt: Json) -> None:
        """An oral glucose tolerance test: a result for each tube, or one with components."""
        tubes = [
            (minute, {"test": f"{of}_{minute}", "value": value, "unit": unit})
            for of in ("glucose", "c_peptide")
            if of in ogtt
            for *values, unit in [ogtt[of]]
            for minute, value in zip(self._tables["minutes"], values, strict=True)
        ]
        if "panel" in ogtt:
            parts = [tube for _, tube in tubes]
            self._add(self._observation(ogtt["panel"], {"on": ogtt["began"], "parts": parts}))
            return
        began = datetime.fromisoformat(ogtt["began"])
        for minute, tube in tubes:
            drawn = (began + timedelta(minutes=minute)).isoformat()
            self._add(self._observation(tube["test"], {"on": drawn, **tube}))

    def _url(self, kind: str, identity: str) -> str:
        if self._form == "transaction":
            return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{BASE}/{kind}/{identity}')}"
        return f"{BASE}/{kind}/{identity}"

    def _reference(self, kind: str, identity: str) -> str:
        if self._form == "transaction":
            return self._url(kind, identity)
        return f"{kind}/{identity}"

    def _subject(self) -> Json:
        return {"reference": self._reference("Patient", self._case["id"])}

    def _concept(self, triple: list[str]) -> Json:
        system, code, display = triple
        coding = {"system": self._tables["systems"][system], "code": code, "display": display}
        return {"coding": [coding], "text": display}

    def _patient(self) -> Json:
        given, family = self._case["name"]
        return {
            "resourceType": "Patient",
            "meta": {
                "security": [HTEST],
                "tag": [
                    SIMULATED,
                    {"system": LOCAL, "code": "case-about", "display": self._tables["about"]},
                ],
            },
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

    def _observation(self, test: str, result: Any) -> Json:
        result = result if isinstance(result, dict) else {"value": result}
        resource: Json = {
            "resourceType": "Observation",
            "status": result.get("status", "final"),
            "code": self._code(test, result),
            "subject": self._subject(),
        }
        if self._encounter:
            resource["encounter"] = self._encounter
        resource["effectiveDateTime"] = result["on"] if "on" in result else self._case["visit"]
        resource |= self._answer(test, result)
        if method := result.get("method", self._tables["tests"][test].get("method")):
            resource["method"] = {"text": method}
        if "parts" in result:
            resource["component"] = [
                {"code": self._code(part["test"], part), **self._answer(part["test"], part)}
                for part in result["parts"]
            ]
        return resource

    def _code(self, test: str, result: Json) -> Json:
        return self._concept(result.get("code", self._tables["tests"][test]["code"]))

    def _answer(self, test: str, result: Json) -> Json:
        """The value with its limits and what the laboratory says of it; nothing of a mere head."""
        known = self._tables["tests"][test]
        value = result.get("value")
        if value is None:
            return {}
        if isinstance(value, str):
            return {"valueCodeableConcept": self._concept(self._tables["answers"][value])}
        unit = result.get("unit", known.get("unit"))
        answer: Json = {"valueQuantity": _quantity(value, unit)}
        if comparator := result.get("comparator"):  # as laboratories write what they cannot count
            answer["valueQuantity"]["comparator"] = comparator
        # limits hold in the unit they were written for: a result in another unit brings its own
        limits = result if "unit" in result else known
        bounds = {side: limits[side] for side in ("low", "high") if side in limits}
        if bounds:
            said = _interpretation(value, bounds, known.get("interpreted", {}))
            answer["referenceRange"] = [{s: _quantity(b, unit) for s, b in bounds.items()}]
            answer["interpretation"] = [_hl7("v3-ObservationInterpretation", said)]
        return answer


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def _interpretation(value: float, bounds: dict[str, float], words: dict[str, str]) -> str:
    """H, L or N, or the words of a test that answers otherwise."""
    if "high" in bounds and value > bounds["high"]:
        return words.get("H", "H")
    said = "L" if "low" in bounds and value < bounds["low"] else "N"
    return words.get(said, said)


def _hl7(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def written_bundles(*sources: Path) -> dict[str, str]:
    """File name -> JSON text of every case in the tables."""
    written = {}
    for source in sources:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
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
    for name, text in written_bundles(*TABLES).items():
        (out / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{out / name}\n")


if __name__ == "__main__":
    main()

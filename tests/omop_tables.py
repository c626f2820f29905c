"""OMOP CDM tables for tests, written from FHIR charts: as a site's own loading would make them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VOCABULARY = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "urn:treatment-response:local": "",
    "http://unitsofmeasure.org": "UCUM",
}
OWN = 2_000_000_000
OPERATORS = {"<": 4171756, ">": 4172704}
Row = dict[str, Any]


class Loader:
    """Charts to tables; each drug is loaded as a product whose ancestor is the ingredient."""

    def __init__(self, taken: str) -> None:
        self.taken = taken
        self.tables: defaultdict[str, list[Row]] = defaultdict(list)
        self.people: dict[str, int] = {}
        self.own: list[Row] = []
        self._concepts: dict[tuple[str, str], int] = {}
        for name, number in OPERATORS.items():
            self._concept_row(number, "Meas Value Operator", str(number), name)

    def load(self, resources: Iterable[Row]) -> None:
        listed = list(resources)
        (patient,) = (r for r in listed if r["resourceType"] == "Patient")
        person = self.people.setdefault(patient["id"], 100 + len(self.people))
        self._person(patient, person)
        for resource in listed:
            if resource["resourceType"] == "Observation":
                self._measurement(resource, person)
            elif resource["resourceType"] == "Condition":
                self._add(
                    "condition_occurrence",
                    person_id=person,
                    condition_concept_id=self.concept(resource["code"]["coding"][0]),
                    condition_start_date=resource["onsetDateTime"],
                    condition_end_date=resource["onsetDateTime"],
                )
            elif resource["resourceType"] == "MedicationRequest":
                self._exposure(resource, person)

    def _person(self, patient: Row, person: int) -> None:
        year, month, day = patient["birthDate"].split("-")
        self.tables["person"].append(
            {
                "person_id": person,
                "gender_concept_id": {"male": 8507, "female": 8532}[patient["gender"]],
                "year_of_birth": int(year),
                "month_of_birth": int(month),
                "day_of_birth": int(day),
                "care_site_id": patient["managingOrganization"]["reference"].rsplit("-", 1)[-1],
            }
        )

    def _measurement(self, resource: Row, person: int) -> None:
        quantity = resource.get("valueQuantity", {})
        answer = resource.get("valueCodeableConcept", {}).get("coding", [None])[0]
        limits = resource.get("referenceRange", [{}])[0]
        self._add(
            "measurement",
            person_id=person,
            measurement_concept_id=self.concept(resource["code"]["coding"][0]),
            measurement_date=resource["effectiveDateTime"],
            value_as_number=repr(quantity["value"]) if quantity else "",
            value_as_concept_id=self.concept(answer) if answer else 0,
            operator_concept_id=OPERATORS.get(quantity.get("comparator", ""), 0),
            unit_concept_id=self.concept({"system": quantity["system"], "code": quantity["code"]})
            if quantity
            else 0,
            range_low=limits.get("low", {}).get("value", ""),
            range_high=limits.get("high", {}).get("value", ""),
        )

    def _exposure(self, resource: Row, person: int) -> None:
        coding = resource["medicationCodeableConcept"]["coding"][0]
        ingredient = self.concept(coding)
        product = self.concept({**coding, "code": f"{coding['code']}99"})
        pair = {"ancestor_concept_id": ingredient, "descendant_concept_id": product}
        if pair not in self.tables["concept_ancestor"]:
            self.tables["concept_ancestor"].append(pair)
        period = resource["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"]
        self._add(
            "drug_exposure",
            person_id=person,
            drug_concept_id=product,
            drug_exposure_start_date=period["start"],
            drug_exposure_end_date=period.get("end", self.taken),
        )

    def _add(self, table: str, **row: Any) -> None:
        self.tables[table].append({f"{table}_id": len(self.tables[table]) + 1, **row})

    def concept(self, coding: Row) -> int:
        """The number of a concept; a site's own where no vocabulary has the code."""
        key = (coding["system"], coding["code"])
        if key not in self._concepts:
            vocabulary = VOCABULARY[coding["system"]]
            number = len(self._concepts) + (1 if vocabulary else OWN)
            self._concepts[key] = number
            shown = coding.get("display", coding["code"])
            self._concept_row(number, vocabulary or "Our clinic", coding["code"], shown)
            if not vocabulary:
                self.own.append({"concept_id": number, "system": "local", "code": coding["code"]})
        return self._concepts[key]

    def _concept_row(self, number: int, vocabulary: str, code: str, name: str) -> None:
        self.tables["concept"].append(
            {
                "concept_id": number,
                "concept_name": name,
                "vocabulary_id": vocabulary,
                "concept_code": code,
            }
        )

    def write(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        for name, rows in {**self.tables, "site_concepts": self.own}.items():
            write_csv(folder / f"{name}.csv", rows)
        return folder


def write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

"""What a clinician measures at a visit and a chart can be given as a result: kind and code of each.

By the concept under which decisions ask for it, so that no page and no writer names one.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from decision.clinical.codes import LOINC, Code


class Category(StrEnum):
    """The category of FHIR's code system `observation-category`, by its code."""

    EXAM = "exam"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing measured at a visit. `code` is what a chart files it under besides our own code."""

    category: Category
    code: Code | None
    citation: str


def _read(path: Path) -> dict[str, Measure]:
    with path.open(encoding="utf-8", newline="") as handle:
        return {
            row["concept"]: Measure(
                category=Category(row["category"]),
                code=Code(system=LOINC, code=row["loinc"], display=row["display"])
                if row["loinc"]
                else None,
                citation=row["citation"],
            )
            for row in csv.DictReader(handle)
        }


MEASURES: Mapping[str, Measure] = MappingProxyType(_read(Path(__file__).with_name("measures.csv")))

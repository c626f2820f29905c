"""What a clinician measures at a visit and a chart can be given as a result: kind and code of each.

By the concept under which decisions ask for it, so that no page and no writer names one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
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


_PANEL = "LOINC 75842-5 (panel; counts of 28 joints, globals 0-10 in steps of 0.5)"


def _coded(category: Category, number: str, display: str) -> Measure:
    return Measure(
        category=category,
        code=Code(system=LOINC, code=number, display=display),
        citation=_PANEL,
    )


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "tender_joints": _coded(Category.EXAM, "88981-6", "Tender joint #"),
        "swollen_joints": _coded(Category.EXAM, "88980-8", "Swollen joint #"),
        "patient_global": _coded(
            Category.SURVEY,
            "75894-6",
            "Patient global assessment of disease activity - 0-10 (0.5 increments) numeric rating",
        ),
        "physician_global": _coded(
            Category.EXAM,
            "75846-6",
            "Evaluator global assessment of disease activity - 0-10 (0.5 increments) numeric "
            "rating",
        ),
        # A total that somebody typed says nothing of aids and devices, which the LOINC score
        # (75874-8) counts: that code goes with a score that was computed here, and no other.
        "haq": Measure(category=Category.SURVEY, code=None, citation="docs/evidence.md#codes"),
    }
)

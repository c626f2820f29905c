"""Questionnaires that are scored here from the answers of each category.

HAQ-DI: eight categories of 0 to 3, each the highest answer of its questions; where an aid, a device
or another person's help is needed a category counts at least 2; the index is the mean of those that
were answered, at least six (Fries 1980 Arthritis Rheum 23:137; Bruce and Fries 2003 J Rheumatol
30:167; LOINC 75874-8). Its authors ask that the questions be used unmodified, so none of them is
repeated here: the patient's own sheet is scored, category by category.

Other forms of it are other scales: neither MDHAQ nor HAQ-II is turned into a HAQ-DI.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from decision.clinical.codes import LOINC, Code
from decision.clinical.scores.checks import ScoreError, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """How the answers of categories become one number."""

    id: str
    title: str
    categories: Mapping[str, str]
    """Code to name, in the order of the sheet."""
    answers: Mapping[int, str]
    """Points to what they mean, the same for every category."""
    with_help: int
    """What a category counts at least where help or an aid is needed for it."""
    fewest: int
    """How many categories must be answered for a score."""
    decimals: int
    code: Code
    """That of a score that was computed from all this, and of no other."""
    citation: str


HAQ_DI = Questionnaire(
    id="haq-di",
    title="HAQ-DI",
    categories=MappingProxyType(
        {
            "dressing": "Dressing and grooming",
            "arising": "Arising",
            "eating": "Eating",
            "walking": "Walking",
            "hygiene": "Hygiene",
            "reach": "Reach",
            "grip": "Grip",
            "activities": "Activities",
        }
    ),
    answers=MappingProxyType(
        {0: "no difficulty", 1: "some difficulty", 2: "much difficulty", 3: "unable"}
    ),
    with_help=2,
    fewest=6,
    decimals=3,
    code=Code(system=LOINC, code="75874-8", display="Total score [HAQ-DI]"),
    citation="Bruce and Fries 2003 J Rheumatol 30:167",
)
ASKED: Mapping[str, Questionnaire] = MappingProxyType({"haq": HAQ_DI})
"""By the concept under which decisions ask for the score."""


def score(
    sheet: Questionnaire, answers: Mapping[str, int], helped: Collection[str] = ()
) -> float | None:
    """The score, or None where too few categories are answered; a category that nobody answered is
    left out, with or without help. ScoreError for a category or an answer that the sheet has not.
    """
    for category in (*answers, *helped):
        if category not in sheet.categories:
            raise ScoreError(f"{sheet.title} has no category {category!r}")
    for category, given in answers.items():
        if given not in sheet.answers:
            highest = max(sheet.answers)
            raise ScoreError(f"{category} must be a whole number from 0 to {highest}: {given!r}")
    if len(answers) < sheet.fewest:
        return None
    points = [max(p, sheet.with_help if c in helped else 0) for c, p in answers.items()]
    return rounded(Decimal(sum(points)) / len(points), sheet.decimals)

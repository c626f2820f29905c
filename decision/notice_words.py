"""The words of a notice: within its limits, and every estimate with whom, by when and how sure."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.answers import HorizonRisk, Prediction, in_years, per_100
from decision.clinical.assessment import ComparisonCard, PrognosisCard, range_first
from decision.clinical.spec import CautionFinding

LONGEST_SUMMARY = 139
"""CDS Hooks 2.0 asks for fewer than 140 characters."""
LONGEST_POINT = 400
SIMULATED = "Simulated model: trained on generated records. For testing only, not for any care."


def estimate(card: ComparisonCard, prediction: Prediction) -> str:
    """One probability with its outcome, week, class, range and reference class (display rule D3);
    the range stands first where the point says less (D4).
    """
    spec = card.spec
    number, ranged = _sized(card, prediction)
    kind = "simulated patients" if card.model.simulated else "patients"
    return (
        f"{spec.treatment(prediction.treatment).label}: {number} {kind} like this one reach "
        f"{spec.outcome.label} by week {spec.outcome.horizon_weeks} ({ranged}); based on "
        f"{prediction.reference_n:,} {kind}."
    )


def last_risk(card: PrognosisCard) -> str:
    """The same of the risk at the last horizon."""
    answer, simulated = card.answer, "simulated " if card.model.simulated else ""
    number, ranged = _sized(card, answer.last)
    return (
        f"{number[:1].upper()}{number[1:]} {simulated}{card.situation.people} develop "
        f"{card.spec.outcome.label} within {in_years(answer.last.years)} "
        f"({ranged}); based on {answer.reference_n:,} {simulated}people."
    )


def _sized(card: ComparisonCard | PrognosisCard, one: Prediction | HorizonRisk) -> tuple[str, str]:
    """(number, range); (range, why) where a value is unusual or any range of the answer wide."""
    low, high = per_100(one.interval.low), per_100(one.interval.high)
    if range_first(card):
        return f"between {low} and {high} of 100", "the data support nothing narrower"
    ranged = f"likely range {low} to {high} of 100, {per_100(one.interval.level)} %"
    return f"{per_100(one.probability)} of 100", ranged


def title(finding: CautionFinding) -> str:
    """The title inside a sentence; an abbreviation keeps its capitals."""
    words = finding.rule.title
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def listed(lead: str, names: Sequence[str], end: str) -> str:
    """As many names as a summary holds, and how many more there are."""
    for kept in range(len(names), 0, -1):
        more = f" and {len(names) - kept} more" if kept < len(names) else ""
        words = f"{lead}{'; '.join(names[:kept])}{more}{end}"
        if len(words) <= LONGEST_SUMMARY:
            return words
    return f"{lead}{'; '.join(names)}{end}"


def cut(words: str, longest: int) -> str:
    """One line, no longer than that; what was cut off is seen to be."""
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"

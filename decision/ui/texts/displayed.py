"""What a page said of an assessment, word for word, for the trail (D13)."""

from __future__ import annotations

from decision.clinical.assessment import Abstention, Assessment, ComparisonCard
from decision.ui.texts import pages, risk, verdict


def displayed(found: Assessment) -> tuple[str, ...]:
    """The sentences that the clinician decided on; without an estimate, the class and why."""
    if isinstance(found, ComparisonCard):
        return verdict.shown(found)
    if not isinstance(found, Abstention):
        return risk.shown(found)
    place = found.situation.classification if found.situation else None
    first = (f"{place.label}. {place.detail}".strip(),) if place else ()
    return (*first, *pages.abstained(found.spec, found.causes))

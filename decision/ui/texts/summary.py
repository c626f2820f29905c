"""The patient in one line, from the decision's own inputs: what a clinician would say first."""

from __future__ import annotations

from itertools import groupby

from decision.clinical.assessment import Assessment
from decision.clinical.features import Found
from decision.clinical.spec import SummaryItem
from decision.ui.texts.numbers import moment, number
from decision.ui.texts.reasons import found_text


def _item(assessment: Assessment, item: SummaryItem) -> tuple[str, str]:
    """(what is said, its date); nothing is said of what is not known."""
    spec = assessment.spec
    members = next((p.features for p in spec.players if p.id == item.id), (item.id,))
    found = [f for m in members if isinstance(f := assessment.features[m], Found)]
    if len(found) < len(members):
        return "", ""
    feature = spec.feature(members[0])
    total = sum(f.value for f in found)
    if item.only_if_true and total < 1:
        return "", ""
    said = found_text(feature, found[0]) if len(members) == 1 else number(total)
    days = {moment(f.evidence.effective) for f in found if f.evidence.effective}
    dated = feature.lookback is not None and feature.flag_labels is None and len(days) == 1
    told = said if found[0].evidence.words else f"{item.label} {said}".strip()
    return told, days.pop() if dated else ""


def summary(assessment: Assessment) -> str:
    """What is known, neighbours of one date together; empty where nothing is known."""
    told = [found for item in assessment.spec.summary if (found := _item(assessment, item))[0]]
    parts = []
    for day, items in groupby(told, key=lambda found: found[1]):
        words = ", ".join(said for said, _ in items)
        parts.append(f"{words} ({day})" if day else words)
    line = "; ".join(parts)
    return f"{line[:1].upper()}{line[1:]}." if line else ""

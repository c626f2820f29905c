"""The patient in one line: drugs over time, then the decision's own inputs: what a clinician would
say first.
"""

from __future__ import annotations

from itertools import groupby

from decision.clinical.assessment import Assessment
from decision.clinical.features import Found
from decision.clinical.record import PatientRecord
from decision.clinical.spec import SummaryItem
from decision.evidence.history import Course, courses, told
from decision.ui.texts.numbers import moment, number
from decision.ui.texts.reasons import dated_parts, found_text

COURSES_AT_MOST = 3


def _item(assessment: Assessment, item: SummaryItem, already: frozenset[str]) -> tuple[str, str]:
    """(what is said, its date); nothing is said of what is not known, nor of what rests on courses
    of drugs that are told `already`.
    """
    spec = assessment.spec
    player = next((p for p in spec.players if p.id == item.id), None)
    members = player.features if player else (item.id,)
    found = [f for m in members if isinstance(f := assessment.features[m], Found)]
    if len(found) < len(members):
        return "", ""
    sources = {s.reference for f in found for s in f.evidence.sources}
    if sources and sources <= already:
        return "", ""
    feature = spec.feature(members[0])
    total = sum(f.value for f in found)
    if item.only_if_true and total < 1:
        return "", ""
    said = found_text(feature, found[0]) if len(members) == 1 else number(total)
    parts = dated_parts(player, assessment.features) if player else ""
    if parts:
        return f"{item.label} {said} ({parts})", ""
    days = {moment(f.evidence.effective) for f in found if f.evidence.effective}
    dated = feature.lookback is not None and feature.flag_labels is None and len(days) == 1
    words = said if found[0].evidence.words else f"{item.label} {said}".strip()
    return words, days.pop() if dated else ""


def history(found: tuple[Course, ...]) -> str:
    """`Methotrexate since Feb 2021. Adalimumab Mar–Oct 2026, stopped: primary failure.`"""
    shown = [told(course) for course in found[:COURSES_AT_MOST]]
    more = len(found) - len(shown)
    return " ".join([*shown, f"And {more} more." if more else ""]).strip()


def summary(assessment: Assessment, record: PatientRecord) -> str:
    """What is known, neighbours of one date together; empty where nothing is known."""
    drugs = courses(record, assessment.spec)
    already = frozenset(r for course in drugs[:COURSES_AT_MOST] for r in course.references)
    items = (_item(assessment, item, already) for item in assessment.spec.summary)
    parts = []
    for day, group in groupby((found for found in items if found[0]), key=lambda found: found[1]):
        words = ", ".join(said for said, _ in group)
        parts.append(f"{words} ({day})" if day else words)
    line = "; ".join(parts)
    line = f"{line[:1].upper()}{line[1:]}." if line else ""
    return f"{history(drugs)} {line}".strip()

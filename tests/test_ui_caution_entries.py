"""Cautions the record leaves open are asked for, and an answer settles them, marked as entered."""

from __future__ import annotations

import pytest

from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, Presence
from decision.rules import derive_features
from decision.ui import entries
from decision.ui.entries import CAUTIONS, Field
from tests.clinical_records import SPEC, eligible


def finding(record: PatientRecord, rule: str) -> CautionFinding:
    return next(f for f in SPEC.find_cautions(record, SPEC) if f.rule.id == rule)


def asked(record: PatientRecord) -> dict[str, Field]:
    found = entries.fields(
        SPEC,
        derive_features(record, SPEC),
        SPEC.eligibility(record, SPEC),
        SPEC.find_cautions(record, SPEC),
    )
    return {f.entry.concept: f for f in found if f.group == CAUTIONS}


@pytest.mark.parametrize(
    ("answer", "presence"), [("no", Presence.ABSENT), ("yes", Presence.PRESENT)]
)
def test_an_answer_settles_an_open_caution_and_is_not_asked_again(answer, presence):
    record = eligible()
    open_before = asked(record)
    rule = finding(record, "R1")
    assert rule.presence is Presence.NOT_FOUND
    (entry,) = rule.entries
    field = open_before[entry.concept]
    after = record.with_entries((entries.observation(field, answer, record),))
    assert finding(after, "R1").presence is presence
    assert entry.concept not in asked(after)
    assert set(asked(after)) == set(open_before) - {entry.concept}


def test_what_could_forbid_a_drug_is_asked_before_laboratory_values():
    record = eligible()
    groups = [
        f.group
        for f in entries.fields(
            SPEC,
            derive_features(record, SPEC),
            SPEC.eligibility(record, SPEC),
            SPEC.find_cautions(record, SPEC),
        )
    ]
    assert CAUTIONS in groups
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index)
    later = [g for g in groups if g in entries.GROUPS.values()]
    assert groups[-len(later) :] == later

"""The demo patients before type 1 diabetes and the sample patients, from the file to the card."""

from __future__ import annotations

from functools import cache

import pytest

from decision import catalog
from decision.assess import Context, NoModel, assess
from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    PrognosisCard,
)
from decision.clinical.local import Local
from decision.clinical.record import PatientRecord
from fhir.bundles import FolderSource
from models.decisions import ARTIFACTS
from served import predictor
from tests.builders import ListAuditLog
from tests.fhir_server import DEMO
from tests.samples import unpacked

SPEC = catalog.load("t1d_progression", Local(jurisdiction="US"))
MODEL = predictor(SPEC, ARTIFACTS / SPEC.id)
SOURCE = FolderSource(DEMO)
NOT_ELIGIBLE = AbstentionReason.NOT_ELIGIBLE

STAGES = {
    1: "Single antibody",
    2: "Stage 1",
    3: "Stage 1, provisional",
    4: "Stage 2",
    5: "Stage 2",
    11: "Stage 1",
    12: "Stage 1",
    13: "Stage 2",
    14: "Stage 1",
    15: "Stage 1, provisional",
}
"""Who gets a risk, and the stage above it."""

REFUSED = {
    6: ("Awaiting confirmation", AbstentionReason.REQUIRED_MISSING),
    7: ("Stage 3 range, unconfirmed", NOT_ELIGIBLE),
    8: ("Stage 3", NOT_ELIGIBLE),
    9: ("Not stageable", NOT_ELIGIBLE),
    10: ("Not stageable", NOT_ELIGIBLE),
}
"""Who gets none, with the stage that is shown all the same, and the first reason."""


def assessed(record: PatientRecord) -> Assessment:
    assert not isinstance(MODEL, NoModel)
    context = Context(agent="test", site=MODEL.identity.sites[0], now=record.as_of)
    return assess(record, SPEC, MODEL, ListAuditLog(), context)


@cache
def told(number: int) -> Assessment:
    return assessed(SOURCE.load(f"demo-t1-{number:02d}"))


def card(number: int) -> PrognosisCard:
    found = told(number)
    assert isinstance(found, PrognosisCard)
    return found


def risks(number: int) -> list[float]:
    return [risk.probability for risk in card(number).answer.risks]


def test_every_demo_patient_is_either_answered_or_refused():
    assert sorted([*STAGES, *REFUSED]) == list(range(1, 16))


@pytest.mark.parametrize("number", STAGES)
def test_who_has_a_stage_has_a_risk_that_grows_with_the_years(number):
    found = card(number)
    one, two, five = risks(number)

    assert found.situation.classification.label == STAGES[number]
    assert 0 < one < two < five < 1
    assert all(r.interval.low <= r.probability <= r.interval.high for r in found.answer.risks)


@pytest.mark.parametrize("number", REFUSED)
def test_who_has_none_is_told_the_stage_and_the_reason(number):
    found = told(number)
    label, reason = REFUSED[number]

    assert isinstance(found, Abstention)
    assert found.situation is not None
    assert found.situation.classification.label == label
    assert found.causes[0].reason is reason


def test_the_same_person_in_other_units_has_the_same_risk():
    # what two decimals of a laboratory leave: 0.005 of Index60 and of HbA1c
    assert risks(12) == pytest.approx(risks(2), abs=0.003)
    assert card(12).band == card(2).band


def test_one_antibody_weighs_less_than_stage_1_and_stage_1_less_than_stage_2():
    single, first, second = ([risks(n)[-1] for n in group] for group in ((1,), (2, 11), (4, 13)))
    assert max(single) < min(first)
    assert max(first) < min(second)


def test_stage_2_is_called_high_whatever_the_model_says_and_brings_the_therapy_prompt():
    for number in (4, 5, 13):
        assert card(number).band == "high"
        topics = {p.topic: p.text for p in card(number).situation.prompts}
        assert "Monitoring" in topics
        assert "Below the youngest age" in " ".join(topics.values()) or number != 13
    assert card(2).band != "high"


def test_what_is_missing_is_missing_to_the_model_and_not_guessed():
    assert {"index60", "grs2"} & set(card(3).features.values) == set()
    for number in (11, 14):  # a bare score, and a score of another ancestry
        assert "grs2" not in card(number).features.values
        assert "index60" in card(number).features.values
    assert "grs2" in card(2).features.values


def test_the_sample_patients_are_refused_and_one_of_them_by_his_type_2_diabetes(
    tmp_path,
):
    source = unpacked(tmp_path)
    for listing in source.patients():
        found = assessed(source.load(listing.patient_id))
        assert isinstance(found, Abstention)
        assert found.causes[0].reason is NOT_ELIGIBLE
        if "Kuhlman" in listing.identity.name:
            assert "Type 2 diabetes is diagnosed" in " ".join(c.detail for c in found.causes)

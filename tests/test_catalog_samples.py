"""The three synthetic patients of the sample bundles, from the file to what the decision says."""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.assessment import AbstentionReason
from decision.clinical.quantities import Moment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import Presence
from decision.rules import causes_before_model, derive_features
from tests.clinical_records import COMPONENTS, SPEC, observation
from tests.samples import unpacked


@pytest.fixture(scope="module")
def patients(tmp_path_factory) -> dict[str, PatientRecord]:
    source = unpacked(tmp_path_factory.mktemp("samples"))
    records = (source.load(listing.patient_id) for listing in source.patients())
    return {record.identity.name.split()[-1]: record for record in records}


def reasons(told: PatientRecord) -> list[AbstentionReason]:
    criteria = SPEC.eligibility(told, SPEC)
    return [c.reason for c in causes_before_model(SPEC, criteria, derive_features(told, SPEC))]


def entered(told: PatientRecord, *more: str) -> PatientRecord:
    """The record with joint counts and globals as the form files them, and the answers given."""
    given = [observation(of, number, by="clinician") for of, number in COMPONENTS.items()]
    given += [observation("biologic_decision", answer=answer, by="clinician") for answer in more]
    now = Moment.instant(told.as_of)
    return told.with_entries(tuple(dataclasses.replace(o, effective=now) for o in given))


def test_the_man_on_methotrexate_lacks_what_the_form_asks_and_then_has_no_reason_left(patients):
    told = patients["Marvin"]
    assert reasons(told)[0] is AbstentionReason.REQUIRED_MISSING
    assert reasons(entered(told)) == []
    assert derive_features(told, SPEC).value("monotherapy") == 0


def test_the_woman_without_any_dmard_needs_an_answer_besides(patients):
    told = patients["Dibbert"]
    assert reasons(told)[0] is AbstentionReason.REQUIRED_MISSING
    assert reasons(entered(told)) == [AbstentionReason.ELIGIBILITY_UNKNOWN]
    assert reasons(entered(told, "answer_starting_or_changing")) == []


def test_the_woman_who_died_is_for_review_only_and_her_heart_failure_has_no_class(patients):
    told = patients["Dibbert"]
    alive = next(c for c in SPEC.eligibility(told, SPEC) if c.id == "alive")
    assert "for review only" in alive.detail
    heart = next(f for f in SPEC.find_cautions(told, SPEC) if f.rule.id == "R1")
    assert heart.presence is Presence.PRESENT
    assert "NYHA class not found" in heart.detail


def test_the_man_with_diabetes_is_not_eligible_whatever_is_entered(patients):
    told = patients["Kuhlman"]
    assert reasons(told)[0] is AbstentionReason.NOT_ELIGIBLE
    assert reasons(entered(told, "answer_starting_or_changing")) == [AbstentionReason.NOT_ELIGIBLE]

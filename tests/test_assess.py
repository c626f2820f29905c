"""The use case: audit first, a card or an abstention second, cautions on every path."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.assess import Context, NoModel, assess, record_choice
from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    AuditAction,
    Comparison,
    ComparisonCard,
    SilenceReason,
)
from decision.clinical.errors import AuditError, ModelError
from decision.clinical.features import FeatureVector
from decision.clinical.record import Origin
from decision.clinical.spec import CriterionResult, Eligibility, Presence
from decision.rules import preference
from tests.builders import (
    CONTEXT,
    FakePredictor,
    ListAuditLog,
    make_answer,
    make_finding,
    make_observation,
    make_record,
    make_spec,
)

RECORD = make_record(make_observation(12.0))


def test_an_eligible_patient_with_every_required_value_gets_a_card():
    audit = ListAuditLog()
    card = assess(RECORD, make_spec(), FakePredictor(), audit, CONTEXT)
    assert isinstance(card, ComparisonCard)
    assert card.answer.prediction("a").probability == 0.36
    (event,) = audit.events
    assert card.audit_id == "audit-1"
    assert event.outcome["shown"] == "card"
    assert event.outcome["probabilities"] == {"a": 0.36, "b": 0.38}
    assert event.outcome["simulated"] is True


def test_no_audit_entry_no_card():
    with pytest.raises(AuditError):
        assess(RECORD, make_spec(), FakePredictor(), ListAuditLog(broken=True), CONTEXT)


def test_an_abstention_is_audited_like_a_card():
    audit = ListAuditLog()
    result = assess(make_record(), make_spec(), FakePredictor(), audit, CONTEXT)
    assert isinstance(result, Abstention)
    assert audit.events[0].outcome["reasons"] == ["required input missing"]


def test_a_missing_required_value_names_itself_and_its_range():
    result = assess(make_record(), make_spec(), FakePredictor(), ListAuditLog(), CONTEXT)
    assert isinstance(result, Abstention)
    (cause,) = result.causes
    assert cause.reason is AbstentionReason.REQUIRED_MISSING
    assert cause.features == ("crp",)
    assert "C-reactive protein" in cause.detail
    assert "0 to 500" in cause.remedy


def test_an_optional_missing_value_still_gives_a_card():
    spec = make_spec(required=False)
    assert isinstance(
        assess(make_record(), spec, FakePredictor(), ListAuditLog(), CONTEXT), ComparisonCard
    )


def test_a_value_beyond_the_supported_limits_suppresses_the_estimate_and_the_model_is_not_asked():
    predictor = FakePredictor()
    record = make_record(make_observation(640.0))
    result = assess(record, make_spec(), predictor, ListAuditLog(), CONTEXT)
    assert isinstance(result, Abstention)
    assert result.causes[0].reason is AbstentionReason.INPUT_UNUSABLE
    assert "640" in result.causes[0].detail
    assert predictor.asked == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (Eligibility.NOT_MET, AbstentionReason.NOT_ELIGIBLE),
        (Eligibility.UNKNOWN, AbstentionReason.ELIGIBILITY_UNKNOWN),
    ],
)
def test_a_criterion_that_is_not_surely_met_withholds_the_estimate(state, reason):
    criteria = (CriterionResult(id="adult", state=state, detail="16 years old.", remedy="-"),)
    result = assess(RECORD, make_spec(criteria=criteria), FakePredictor(), ListAuditLog(), CONTEXT)
    assert isinstance(result, Abstention)
    assert [c.reason for c in result.causes] == [reason]


def test_a_site_without_recalibration_gets_no_estimate():
    elsewhere = Context(agent="x", site="elsewhere", now=CONTEXT.now)
    result = assess(RECORD, make_spec(), FakePredictor(), ListAuditLog(), elsewhere)
    assert isinstance(result, Abstention)
    assert [c.reason for c in result.causes] == [AbstentionReason.SITE_NOT_RECALIBRATED]


def test_a_model_that_cannot_be_loaded_is_an_abstention_and_cautions_still_stand():
    spec = make_spec(cautions=(make_finding(),))
    broken = NoModel(detail="checksum does not match", remedy="install the model again")
    result = assess(RECORD, spec, broken, ListAuditLog(), CONTEXT)
    assert isinstance(result, Abstention)
    assert [c.reason for c in result.causes] == [AbstentionReason.MODEL_UNAVAILABLE]
    assert result.cautions[0].presence is Presence.PRESENT


def test_what_the_chart_asked_for_in_the_background_is_not_said_to_have_been_shown():
    audit = ListAuditLog()
    unasked = dataclasses.replace(CONTEXT, unasked=True)
    assess(RECORD, make_spec(), FakePredictor(make_answer()), audit, unasked)
    assess(RECORD, make_spec(), FakePredictor(make_answer()), audit, CONTEXT)
    background, page = (event.outcome for event in audit.events)
    assert (background["shown"], background["answer"]) == ("nothing", "card")
    assert page["shown"] == "card"
    assert {**background, "shown": "card"} == {**page, "answer": "card"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (make_answer(p_value=0.009), AbstentionReason.OUT_OF_DOMAIN),
        (make_answer(a=0.5, b=0.5, half=0.4), AbstentionReason.RANGE_TOO_WIDE),
    ],
)
def test_the_models_own_doubt_withholds_the_estimate(answer, reason):
    result = assess(RECORD, make_spec(), FakePredictor(answer), ListAuditLog(), CONTEXT)
    assert isinstance(result, Abstention)
    assert {c.reason for c in result.causes} == {reason}


@pytest.mark.parametrize(
    ("answer", "named", "silence"),
    [
        (make_answer(a=0.36, b=0.38), None, SilenceReason.RANGE_INCLUDES_ZERO),
        (make_answer(a=0.30, b=0.33, half_difference=0.01), None, SilenceReason.GAP_BELOW_MARGIN),
        (
            make_answer(a=0.2, b=0.5, half_difference=0.1, comparable=19),
            None,
            SilenceReason.THIN_OVERLAP,
        ),
        (make_answer(a=0.2, b=0.5, half_difference=0.1), "b", None),
        (make_answer(a=0.5, b=0.2, half_difference=0.1), "a", None),
    ],
)
def test_a_drug_is_named_only_beyond_every_limit(answer, named, silence):
    card = assess(RECORD, make_spec(), FakePredictor(answer), ListAuditLog(), CONTEXT)
    assert isinstance(card, ComparisonCard)
    assert card.preference.treatment == named
    assert (silence in card.preference.silence) if silence else card.preference.silence == ()


@pytest.mark.parametrize(("a", "b", "lower"), [(0.2, 0.5, "a"), (0.5, 0.2, "b")])
def test_of_an_outcome_to_be_avoided_the_class_with_the_lower_probability_is_named(a, b, lower):
    spec = make_spec()
    harm = dataclasses.replace(spec, outcome=dataclasses.replace(spec.outcome, desirable=False))
    answer = make_answer(a, b, half_difference=0.1)
    assert preference(harm, answer, ()).treatment == lower
    assert preference(spec, answer, ()).treatment == {"a": "b", "b": "a"}[lower]


@given(a=st.floats(0, 1), b=st.floats(0, 1), half=st.floats(0, 1))
def test_a_range_that_includes_zero_never_names_a_drug(a, b, half):
    """Naming on an interval that covers zero would claim more than the data show."""
    answer = make_answer(a=a, b=b, half=0.1, half_difference=half)
    card = assess(RECORD, make_spec(), FakePredictor(answer), ListAuditLog(), CONTEXT)
    assert isinstance(card, ComparisonCard)
    if answer.contrast.interval.covers_zero:
        assert card.preference.treatment is None


@given(presence=st.sampled_from(Presence))
def test_a_caution_never_changes_a_probability(presence):
    """Cautions stand beside the model: with and without one, every number is the same."""
    answer = make_answer(a=0.2, b=0.5, half_difference=0.1)
    spec = make_spec(cautions=(make_finding(presence),))
    cautioned = assess(RECORD, spec, FakePredictor(answer), ListAuditLog(), CONTEXT)
    free = assess(RECORD, make_spec(), FakePredictor(answer), ListAuditLog(), CONTEXT)
    assert isinstance(cautioned, ComparisonCard)
    assert isinstance(free, ComparisonCard)
    assert cautioned.answer == free.answer
    stopped = SilenceReason.STOP_CAUTION in cautioned.preference.silence
    assert stopped is (presence is Presence.PRESENT)


def test_an_entered_value_changes_the_input_hash_and_is_named_in_the_trail():
    audit = ListAuditLog()
    before = assess(make_record(), make_spec(), FakePredictor(), audit, CONTEXT)
    entry = make_observation(30.0, origin=Origin.CLINICIAN)
    after = assess(
        make_record().with_entries((entry,)), make_spec(), FakePredictor(), audit, CONTEXT
    )
    assert isinstance(after, ComparisonCard)
    assert before.input_hash != after.input_hash
    assert audit.events[1].outcome["entered"] == ["crp"]


def test_what_speaks_against_a_drug_changes_the_input_hash():
    """A decision from before a caution was known must not pass for one about the same answer."""
    found = [
        (make_finding(presence), criterion)
        for presence in Presence
        for criterion in (
            CriterionResult(id="x", state=Eligibility.MET, detail="one"),
            CriterionResult(id="x", state=Eligibility.MET, detail="two"),
        )
    ]
    hashes = {
        assess(
            RECORD,
            make_spec(cautions=(finding,), criteria=(criterion,)),
            FakePredictor(),
            ListAuditLog(),
            CONTEXT,
        ).input_hash
        for finding, criterion in found
    }
    assert len(hashes) == len(found)


def test_a_fact_from_the_record_cannot_be_passed_off_as_an_entry():
    with pytest.raises(ValueError, match="entered by the clinician"):
        make_record().with_entries((make_observation(30.0),))


def test_the_clinicians_choice_points_at_what_was_shown():
    audit = ListAuditLog()
    card = assess(RECORD, make_spec(), FakePredictor(), audit, CONTEXT)
    record_choice(
        card, RECORD, AuditAction.OVERRODE, {"chosen": "a", "reason": "x"}, audit, CONTEXT
    )
    assert audit.events[1].outcome == {"chosen": "a", "reason": "x", "about": card.audit_id}
    assert audit.events[1].input_hash == card.input_hash


def test_the_audit_event_does_not_print_the_patient():
    audit = ListAuditLog()
    assess(RECORD, make_spec(), FakePredictor(), audit, CONTEXT)
    assert audit.events[0].identity == RECORD.identity
    assert "patient-1" not in repr(audit.events[0])
    assert "Test Person" not in repr(audit.events[0])
    assert "Test Person" not in repr(RECORD)
    assert "patient-1" not in repr(RECORD)


def test_somebody_the_decision_is_not_for_is_not_asked_for_values():
    criteria = (
        CriterionResult(id="disease", state=Eligibility.NOT_MET, detail="No such disease."),
        CriterionResult(id="plan", state=Eligibility.UNKNOWN, detail="No plan found."),
    )
    result = assess(
        make_record(), make_spec(criteria=criteria), FakePredictor(), ListAuditLog(), CONTEXT
    )
    assert isinstance(result, Abstention)
    assert [c.reason for c in result.causes] == [AbstentionReason.NOT_ELIGIBLE]


def test_a_missing_input_is_asked_for_before_an_open_criterion():
    criteria = (CriterionResult(id="plan", state=Eligibility.UNKNOWN, detail="No plan found."),)
    result = assess(
        make_record(), make_spec(criteria=criteria), FakePredictor(), ListAuditLog(), CONTEXT
    )
    assert isinstance(result, Abstention)
    assert [c.reason for c in result.causes] == [AbstentionReason.REQUIRED_MISSING]


class BreakingPredictor(FakePredictor):
    """Fails on the patient, as an explanation beyond its certificate does."""

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        raise ModelError("The explanation misses its certificate.", "Report the model version.")


def test_a_model_that_breaks_on_this_patient_is_an_abstention_with_its_reason_and_a_trail():
    audit = ListAuditLog()
    spec = make_spec(cautions=(make_finding(),))
    result = assess(RECORD, spec, BreakingPredictor(), audit, CONTEXT)
    assert isinstance(result, Abstention)
    (cause,) = result.causes
    assert cause.reason is AbstentionReason.MODEL_UNAVAILABLE
    assert "certificate" in cause.detail
    assert result.cautions
    assert audit.events[0].outcome["reasons"] == ["model unavailable"]


def test_the_trail_tells_two_sites_apart():
    audit = ListAuditLog()
    elsewhere = Context(agent="x", site="elsewhere", now=CONTEXT.now)
    here = assess(RECORD, make_spec(), FakePredictor(), audit, CONTEXT)
    there = assess(RECORD, make_spec(), FakePredictor(), audit, elsewhere)
    assert here.input_hash != there.input_hash
    assert [e.outcome["site"] for e in audit.events] == ["here", "elsewhere"]

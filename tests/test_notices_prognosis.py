"""What a prognosis says unasked: rarely, where somebody stands before what may become of them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision import notices
from decision.assess import NoModel, assess
from decision.clinical.assessment import Abstention, PrognosisCard
from decision.clinical.features import Missing, MissingReason
from decision.clinical.notice import Ordered
from decision.clinical.record import Gap, GapReason, Part
from decision.clinical.situation import Situation
from decision.clinical.spec import CriterionResult, Eligibility, Presence, Severity
from decision.notice_words import LONGEST_POINT, LONGEST_SUMMARY, SIMULATED
from decision.notices import MOST_POINTS
from tests.builders import CONTEXT, ListAuditLog
from tests.prognosis_cards import (
    AGE_RULE,
    COMPLETE,
    INCOMPLETE,
    INFECTION_RULE,
    PREGNANCY_RULE,
    SITUATION,
    USUAL,
    ProgressionPredictor,
    found,
    make_caution,
    make_prognosis,
    progression_record,
    progression_spec,
)

ORDERED = (Ordered(treatment="delaying", drug="delayzumab"),)
STAGE_2 = "Stage 2 since 2026-10-28: two glucose values in its range."
RISK = (
    "41 of 100 simulated children with the same antibodies and stage develop clinical diabetes "
    "within 5 years (likely range 31 to 51 of 100, 90 %); based on 1,240 simulated people."
)


def worth(*lines: str) -> Situation:
    return dataclasses.replace(SITUATION, worth_saying=lines)


def heard(*cautions, ordered=(), situation=SITUATION, observations=COMPLETE, gaps=(), **changes):
    """What is said of a child with this record under the small decision, so changed."""
    predictor = changes.pop("predictor", None) or ProgressionPredictor(changes.pop("answer", None))
    record = progression_record(*observations, gaps=gaps)
    spec = progression_spec(*cautions, situation=situation, **changes)
    found_ = assess(record, spec, predictor, ListAuditLog(), CONTEXT)
    return notices.notice(found_, record, ordered)


def population(state: Eligibility):
    criterion = CriterionResult(id="x", state=state, detail="as recorded", population=True)
    return lambda record, spec: (criterion,)


# When it speaks


def test_an_estimate_alone_says_nothing_however_high_it_is():
    assert heard() is None
    assert heard(answer=make_prognosis((0.5, 0.8, 0.97), stratum=2)) is None


def test_what_is_worth_saying_leads_with_its_first_line_and_carries_the_last_risk():
    said = heard(situation=worth(STAGE_2, "Monitoring every 3 months is due by test guidance."))
    assert said.summary == "Stage 2 since 28 Oct 2026: two glucose values in its range."
    assert said.points == (RISK, "Monitoring every 3 months is due by test guidance.", SIMULATED)


def test_a_line_too_long_for_a_summary_is_cut_there_and_whole_below():
    long = "Stage 2: " + "glucose in its range on many days, " * 6
    said = heard(situation=worth(long))
    assert said.summary.endswith("…")
    assert len(said.summary) <= LONGEST_SUMMARY
    assert said.points[0] == " ".join(long.split())


def test_without_an_estimate_it_is_said_all_the_same_and_no_number_stands_there():
    said = heard(situation=worth(STAGE_2), predictor=NoModel(detail="none", remedy="none"))
    assert said.summary.startswith("Stage 2")
    assert not any("of 100" in point for point in said.points)
    assert [code for code, _ in said.reasons] == ["family-preference"]


def test_reasons_about_the_estimate_are_offered_where_the_risk_is_shown():
    codes = [code for code, _ in heard(situation=worth(STAGE_2)).reasons]
    assert codes == ["family-preference", "implausible"]


def test_a_missing_required_input_is_asked_for_where_a_chart_is_opened():
    said = heard(observations=INCOMPLETE)
    assert said.summary == "No estimate yet; missing: Age."
    assert said.points[0].startswith("Age: not found in the record")
    assert heard(observations=INCOMPLETE, ordered=ORDERED) is None


def test_behind_what_is_worth_saying_a_missing_input_still_says_that_there_is_no_estimate():
    said = heard(situation=worth(STAGE_2), observations=INCOMPLETE)
    assert said.summary.startswith("Stage 2")
    assert said.points[0] == "No estimate yet; missing: Age."


def test_what_could_not_be_read_is_not_called_missing():
    gap = Gap(
        part=Part.OBSERVATIONS, reason=GapReason.FAILED, label="results", detail="d", remedy="r"
    )
    unread = Missing(reason=MissingReason.NOT_READ, detail="not read", gaps=(gap,))
    features = tuple(
        dataclasses.replace(f, derive=lambda *_: unread) if f.id == "age" else f
        for f in progression_spec().features
    )
    assert heard(observations=INCOMPLETE, features=features, gaps=(gap,)) is None


@pytest.mark.parametrize("state", [Eligibility.NOT_MET, Eligibility.UNKNOWN])
@pytest.mark.parametrize("observations", [COMPLETE, INCOMPLETE])
def test_only_of_somebody_it_is_surely_for_where_a_chart_is_opened(state, observations):
    situation, criteria = worth(STAGE_2), population(state)
    assert heard(situation=situation, observations=observations, eligibility=criteria) is None


def test_a_limit_of_the_estimate_alone_does_not_silence_where_somebody_stands():
    """Such as glucose in the range of the disease itself, of which nobody can say a risk."""
    limits = (
        CriterionResult(id="x", state=Eligibility.MET, detail="d", population=True),
        CriterionResult(id="y", state=Eligibility.NOT_MET, detail="d"),
    )
    said = heard(situation=worth(STAGE_2), eligibility=lambda record, spec: limits)
    assert said.summary.startswith("Stage 2")


def test_a_line_of_nothing_is_not_worth_saying():
    assert heard(situation=worth("", "  ")) is None


# An order


@pytest.mark.parametrize("severity", [Severity.STOP, Severity.AVOID, Severity.CAUTION])
def test_a_caution_against_what_is_being_ordered_is_said(severity):
    rule = make_caution("L1", "Youngest age of the label", severity)
    said = heard(found(rule, Presence.PRESENT), ordered=ORDERED)
    assert said.summary == f"{severity.value} for delayzumab: youngest age of the label."
    assert said.points[0].startswith(f"{severity.value} for delayzumab (delaying drug): Youngest")


def test_a_class_of_one_drug_is_not_named_twice():
    ordered = (Ordered(treatment="delaying", drug="Delaying drug"),)
    said = heard(found(AGE_RULE, Presence.PRESENT), ordered=ordered)
    assert said.points[0].startswith("STOP for Delaying drug: Youngest age of the label (")


def test_open_ticks_of_the_checklist_are_named_and_never_called_absent():
    said = heard(
        found(AGE_RULE, Presence.PRESENT),
        found(INFECTION_RULE, Presence.NOT_FOUND),
        found(PREGNANCY_RULE, Presence.ABSENT),
        ordered=ORDERED,
    )
    expected = "Not found in the record, which does not mean absent: Active serious infection."
    assert expected in said.points
    assert not any("Pregnancy" in point for point in said.points)


def test_open_ticks_alone_are_no_reason_to_interrupt_whoever_is_ordering():
    assert heard(*USUAL, ordered=ORDERED) is None


def test_whoever_is_ordering_hears_of_cautions_and_not_of_the_stage():
    assert heard(situation=worth(STAGE_2), ordered=ORDERED) is None
    said = heard(found(AGE_RULE, Presence.PRESENT), situation=worth(STAGE_2), ordered=ORDERED)
    assert said.summary.startswith("STOP")
    assert not any("Stage 2" in point or "of 100" in point for point in said.points)


def test_a_caution_is_not_said_to_somebody_who_only_opened_the_chart():
    assert heard(found(AGE_RULE, Presence.PRESENT)) is None


def test_a_population_that_is_not_known_does_not_silence_a_caution():
    criteria = population(Eligibility.UNKNOWN)
    assert heard(found(AGE_RULE, Presence.PRESENT), ordered=ORDERED, eligibility=criteria)
    criteria = population(Eligibility.NOT_MET)
    assert heard(found(AGE_RULE, Presence.PRESENT), ordered=ORDERED, eligibility=criteria) is None


def test_a_decision_without_treatments_has_no_drug_to_speak_of():
    rule = dataclasses.replace(AGE_RULE, severity={}, message={})
    nothing = dataclasses.replace(found(AGE_RULE, Presence.PRESENT), rule=rule, severity={})
    assert heard(nothing, treatments=()) is None
    said = heard(nothing, situation=worth(STAGE_2), treatments=())
    assert said.summary.startswith("Stage 2")


# The number


def test_where_a_range_is_wide_or_a_value_unusual_the_range_stands_first():
    wide = make_prognosis((0.2, 0.3, 0.5), half=0.3)
    unusual = make_prognosis()
    domain = dataclasses.replace(unusual.domain, outside_usual=(("age", 44.0, 1.0, 40.0),))
    unusual = dataclasses.replace(unusual, domain=domain)
    for answer, span in ((wide, "20 and 80"), (unusual, "31 and 51")):
        point = heard(situation=worth(STAGE_2), answer=answer).points[0]
        assert point.startswith(f"Between {span} of 100 simulated children")
        assert "the data support nothing narrower" in point


def test_one_year_is_one_year():
    answer = make_prognosis((0.08,), years=(1.0,))
    assert "within 1 year (" in heard(situation=worth(STAGE_2), answer=answer).points[0]


def test_a_model_of_people_is_not_called_simulated():
    said = heard(situation=worth(STAGE_2), predictor=ProgressionPredictor(simulated=False))
    assert not any("imulated" in point for point in said.points)


def test_the_same_chart_opened_twice_is_told_the_same_twice():
    """Nobody knows here who saw the first one."""
    first, second = (heard(situation=worth(STAGE_2)) for _ in range(2))
    assert first == second


LINES = st.lists(st.text(max_size=500), max_size=14)
PRESENCES = st.lists(st.sampled_from(list(Presence)), max_size=14)


@settings(max_examples=80)
@given(
    lines=LINES,
    presences=PRESENCES,
    ordered=st.sampled_from([(), ORDERED]),
    complete=st.booleans(),
    half=st.floats(0, 0.3),
)
def test_limits_hold_whatever_a_decision_holds_worth_saying(
    lines, presences, ordered, complete, half
):
    """Clients refuse longer summaries, and a line break would end a list in Markdown. Whatever was
    cut, a number is never without its range and that it is simulated.
    """
    cautions = [
        found(make_caution(f"R{n}", f"Reason {n} " + "x" * n * 10), presence)
        for n, presence in enumerate(presences)
    ]
    said = heard(
        *cautions,
        ordered=ordered,
        situation=worth(*lines),
        observations=COMPLETE if complete else INCOMPLETE,
        answer=make_prognosis(half=half),
    )
    if said is None:
        assert not any(line.strip() for line in lines) or ordered
        return
    assert 0 < len(said.summary) <= LONGEST_SUMMARY
    assert "\n" not in said.summary
    assert 0 < len(said.points) <= MOST_POINTS
    assert all(0 < len(point) <= LONGEST_POINT and "\n" not in point for point in said.points)
    assert SIMULATED in said.points
    shown = [point for point in said.points if "develop clinical diabetes" in point]
    assert len(shown) == int(complete and not ordered)
    assert all("likely range" in p or "Between" in p for p in shown)


def test_what_is_said_rests_on_the_entry_of_the_trail():
    for observations, kind in ((COMPLETE, PrognosisCard), (INCOMPLETE, Abstention)):
        record = progression_record(*observations)
        spec = progression_spec(situation=worth(STAGE_2))
        shown = assess(record, spec, ProgressionPredictor(), ListAuditLog(), CONTEXT)
        assert isinstance(shown, kind)
        said = notices.notice(shown, record)
        assert (said.audit_id, said.decision) == (shown.audit_id, spec.id)

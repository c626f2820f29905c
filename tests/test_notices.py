"""What is said unasked, and when nothing is: the rules of the notice, decision by decision."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision import catalog, notices
from decision.assess import NoModel, assess
from decision.clinical.assessment import Abstention, ComparisonCard
from decision.clinical.features import Missing, MissingReason
from decision.clinical.notice import Ordered
from decision.clinical.record import Gap, GapReason, Part
from decision.clinical.spec import CriterionResult, Eligibility, OverrideReason, Presence, Severity
from decision.notice_words import LONGEST_POINT, LONGEST_SUMMARY, SIMULATED
from decision.notices import MOST_POINTS
from tests.builders import CONTEXT, FakePredictor, ListAuditLog, make_answer
from tests.clinical_records import condition, eligible, medication, record
from tests.fakes import COMPLETE, finding, make_rule, page_record, page_spec

A, B = (Ordered(treatment="a"),), (Ordered(treatment="b"),)
GAP = Gap(
    part=Part.CONDITIONS,
    reason=GapReason.NOT_PERMITTED,
    label="diagnoses",
    detail="The access granted does not cover Condition.",
    remedy="Ask for it.",
)
SURE = make_answer(0.30, 0.60, half_difference=0.1)
"""A difference of 30 of 100 with a range that excludes none: `b` is named."""


def assessed(*findings, record=None, answer=None, criteria=None, simulated=True, **changes):
    """An assessment of a complete record under the small decision, with these cautions present."""
    spec = page_spec(find_cautions=lambda record, spec: findings, **changes)
    if criteria is not None:
        spec = dataclasses.replace(spec, eligibility=lambda record, spec: criteria)
    predictor = FakePredictor(answer)
    if not simulated:
        identity = dataclasses.replace(predictor.identity, simulated=False)
        predictor = _Named(answer, identity)
    chosen = page_record("p1", *COMPLETE) if record is None else record
    return assess(chosen, spec, predictor, ListAuditLog(), CONTEXT)


class _Named(FakePredictor):
    def __init__(self, answer, identity):
        super().__init__(answer)
        self._identity = identity

    @property
    def identity(self):
        return self._identity


def caution(name: str, title: str, a: Severity, b: Severity, presence=Presence.PRESENT):
    return finding(make_rule(name, title, a, b), presence)


def criterion(state: Eligibility, *, population: bool = False) -> CriterionResult:
    return CriterionResult(id="x", state=state, detail="as recorded", population=population)


def notice(assessment, ordered=(), gaps=()):
    """The notice about an assessment of a record with these gaps."""
    read = page_record("p1", *COMPLETE, gaps=gaps)
    return notices.notice(assessment, read, ordered)


INCOMPLETE = page_record("p1", COMPLETE[1])
"""A record without the joint count that the small decision requires."""


def test_nothing_is_said_when_a_chart_is_opened_and_no_class_is_named():
    assert notice(assessed()) is None


def test_nothing_is_said_of_an_order_without_caution_or_preference():
    assert notice(assessed(), A) is None


@pytest.mark.parametrize("severity", [Severity.STOP, Severity.AVOID, Severity.CAUTION])
def test_a_caution_against_the_ordered_class_is_said_with_its_severity_first(severity):
    said = notice(assessed(caution("H", "Heart failure", severity, Severity.NONE)), A)
    assert said.summary == f"{severity.value} for a TNF inhibitor: heart failure."
    assert said.points[0].startswith(f"{severity.value} for TNF inhibitor: Heart failure (")
    assert "Heart failure: say of A" in said.points[0]


@pytest.mark.parametrize("severity", [Severity.FAVOUR, Severity.INFORMATION, Severity.NONE])
def test_what_speaks_for_a_class_or_only_informs_does_not_speak_up(severity):
    assert notice(assessed(caution("H", "Heart failure", severity, Severity.NONE)), A) is None


def test_a_caution_against_the_other_class_is_not_said():
    assert notice(assessed(caution("H", "Heart failure", Severity.STOP, Severity.NONE)), B) is None


@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.NOT_FOUND])
def test_a_caution_that_is_not_present_is_not_said(presence):
    found = caution("H", "Heart failure", Severity.STOP, Severity.NONE, presence)
    assert notice(assessed(found), A) is None


def test_a_caution_is_not_said_to_somebody_who_only_opened_the_chart():
    assert notice(assessed(caution("H", "Heart failure", Severity.STOP, Severity.NONE))) is None


def test_the_hardest_caution_leads_and_the_others_follow():
    said = notice(
        assessed(
            caution("C", "Old age", Severity.CAUTION, Severity.NONE),
            caution("S", "Demyelination", Severity.STOP, Severity.NONE),
        ),
        A,
    )
    assert said.summary == "STOP for a TNF inhibitor: demyelination."
    assert [point.split()[0] for point in said.points[:2]] == ["STOP", "CAUTION"]


def test_with_both_classes_ordered_the_hardest_of_either_leads():
    found = caution("S", "Demyelination", Severity.CAUTION, Severity.STOP)
    said = notice(assessed(found), (*A, *B))
    assert said.summary.startswith("STOP for an IL-6 inhibitor")
    assert said.points[1].startswith("CAUTION for TNF inhibitor")


def test_a_rule_that_was_not_fully_verified_says_so():
    rule = dataclasses.replace(
        make_rule("H", "Heart failure", Severity.AVOID, Severity.NONE),
        verification=page_spec().thresholds["interval_level"].verification,
    )
    said = notice(assessed(finding(rule, Presence.PRESENT)), A)
    assert "not fully verified" in said.points[0]


def test_a_caution_is_said_although_there_is_no_estimate():
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    given_ = assessed(found, record=INCOMPLETE)
    assert isinstance(given_, Abstention)
    said = notice(given_, A)
    assert said.summary.startswith("AVOID")


def test_somebody_who_orders_has_decided_and_is_not_asked_for_joint_counts():
    assert notice(assessed(record=INCOMPLETE), A) is None


def test_a_preference_is_stated_when_the_chart_is_opened():
    given_ = assessed(answer=SURE)
    assert isinstance(given_, ComparisonCard)
    assert given_.preference.treatment == "b"
    said = notice(given_)
    assert said.summary == (
        "The estimates (simulated model) favour an IL-6 inhibitor:"
        " low disease activity (CDAI ≤ 10)."
    )


def test_a_preference_carries_both_estimates_with_outcome_week_range_and_reference_class():
    points = notice(assessed(answer=SURE)).points
    assert points[1].startswith("TNF inhibitor: 30 of 100 simulated patients like this one reach")
    assert "by week 24 (likely range 15 to 45 of 100, 90 %); based on 400" in points[1]
    assert points[2].startswith("IL-6 inhibitor: 60 of 100")


def test_unusual_values_put_the_range_before_the_point():
    domain = dataclasses.replace(SURE.domain, outside_usual=(("crp", 400.0, 1.0, 90.0),))
    said = notice(assessed(answer=dataclasses.replace(SURE, domain=domain)))
    assert "between 15 and 45 of 100" in said.points[1]
    assert "30 of 100" not in said.points[1]


def test_a_preference_for_the_other_class_is_said_to_whoever_orders_the_first():
    assert "favour an IL-6 inhibitor" in notice(assessed(answer=SURE), A).summary


def test_a_preference_for_the_class_being_ordered_is_nothing_new():
    assert notice(assessed(answer=SURE), B) is None


def test_missing_inputs_are_asked_for_when_everything_else_fits():
    said = notice(assessed(record=INCOMPLETE))
    assert said.summary == "No estimate yet; missing: Tender joints."


def test_missing_inputs_are_not_asked_for_while_it_is_open_whether_the_decision_arises():
    opened = assessed(record=INCOMPLETE, criteria=(criterion(Eligibility.UNKNOWN),))
    assert notice(opened) is None


def test_what_could_not_be_read_is_not_called_missing():
    given_ = assessed(record=INCOMPLETE)
    unread = Missing(reason=MissingReason.NOT_READ, detail="not permitted", gaps=(GAP,))
    findings = tuple((i, unread if i == "tender" else f) for i, f in given_.features.findings)
    given_ = dataclasses.replace(
        given_, features=dataclasses.replace(given_.features, findings=findings)
    )
    assert notice(given_) is None


@pytest.mark.parametrize("ordered", [(), A, B])
def test_nobody_outside_the_decisions_population_hears_anything(ordered):
    """Its cautions were not written for them: no arthritis, a child, somebody who has died."""
    found = caution("H", "Heart failure", Severity.STOP, Severity.STOP)
    criteria = (criterion(Eligibility.MET), criterion(Eligibility.NOT_MET, population=True))
    assert notice(assessed(found, criteria=criteria), ordered) is None


def test_a_labels_own_condition_is_told_of_an_order_outside_the_population_and_nothing_else():
    """Whoever has no arthritis may still be ordered a drug that its label keeps from them."""
    label = caution("L", "Youngest age of the label", Severity.AVOID, Severity.AVOID)
    label = dataclasses.replace(label, rule=dataclasses.replace(label.rule, everywhere=True))
    other = caution("H", "Heart failure", Severity.STOP, Severity.STOP)
    outside = (criterion(Eligibility.NOT_MET, population=True),)
    found = assessed(label, other, criteria=outside)
    said = notice(found, A)
    assert "youngest age of the label" in said.summary.lower()
    assert not any("Heart failure" in point for point in said.points)
    assert notice(found) is None


@pytest.mark.parametrize("state", list(Eligibility))
def test_a_limit_of_the_estimate_does_not_silence_a_caution(state):
    """Such as an earlier IL-6 inhibitor or low activity: a perforated bowel stays perforated."""
    found = caution("H", "Bowel perforation", Severity.NONE, Severity.AVOID)
    said = notice(assessed(found, criteria=(criterion(state),)), B)
    assert said.summary == "AVOID for an IL-6 inhibitor: bowel perforation."


def test_a_population_that_is_not_known_does_not_silence_a_caution():
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    unsure = (criterion(Eligibility.UNKNOWN, population=True),)
    assert notice(assessed(found, criteria=unsure), A) is not None


REAL = catalog.load("ra_biologic_response")


def heard(record, treatment, drug=""):
    """What the shipped decision says of an order about this record, without a model."""
    missing = NoModel(detail="none", remedy="none")
    found = assess(record, REAL, missing, ListAuditLog(), CONTEXT)
    return notices.notice(found, record, (Ordered(treatment=treatment, drug=drug),))


FAILED = (
    medication(
        "tocilizumab",
        "stopped",
        start="2026-01-07",
        end="2026-10-14",
        stop="stop_secondary_failure",
    ),
    medication(
        "adalimumab", "stopped", start="2024-03-02", end="2025-10-22", stop="stop_primary_failure"
    ),
    medication("etanercept", "stopped", start="2023-03-02", end="2023-12", stop="stop_other"),
)


def test_an_earlier_drug_of_the_ordered_class_that_failed_is_said_although_nobody_is_estimated():
    said = heard(eligible(medications=FAILED), "il6i")
    assert said.summary == "Tocilizumab was stopped on 14 Oct 2026: secondary failure."
    assert said.points[0] == said.summary
    assert not any("Adalimumab" in point for point in said.points)


def test_a_drug_of_the_other_class_or_stopped_for_another_reason_did_not_fail_in_this_one():
    said = heard(eligible(medications=FAILED), "tnfi")
    assert said.summary == "Adalimumab was stopped on 22 Oct 2025: primary failure."
    assert not any("Etanercept" in point or "Tocilizumab" in point for point in said.points)
    assert heard(eligible(medications=FAILED[2:]), "tnfi") is None


def test_a_failed_drug_is_recognised_by_its_name_where_its_code_is_on_no_list():
    humira = medication(
        named="Humira 40 mg pen",
        state="stopped",
        start="2026-01-07",
        end="2026-10-14",
        stop="stop_primary_failure",
    )
    said = heard(eligible(medications=(humira,)), "tnfi")
    assert said.summary == "Humira was stopped on 14 Oct 2026: primary failure."


def test_a_perforated_bowel_is_said_to_whoever_orders_an_il6_inhibitor_again():
    """No estimate after an IL-6 inhibitor; the caution stands all the same, and comes first."""
    record = eligible(
        conditions=(condition("bowel_perforation", onset="2025-02-03"),), medications=FAILED
    )
    said = heard(record, "il6i", "tocilizumab")
    assert said.summary == "AVOID for tocilizumab: bowel perforation risk."
    assert said.points[0].startswith("AVOID for tocilizumab (IL-6 inhibitor): Bowel perforation")
    assert "since 3 Feb 2025" in said.points[0]
    assert said.points[1].startswith("Tocilizumab was stopped")


@pytest.mark.parametrize(
    "nobody",
    [
        record(medications=FAILED, conditions=(condition("hyperlipidemia"),)),
        eligible(medications=FAILED, born="2015-01-01"),
        eligible(medications=FAILED, deceased="2026-01-01"),
    ],
    ids=["no arthritis", "a child", "died"],
)
def test_the_shipped_decision_says_nothing_about_whom_its_cautions_were_not_written(nobody):
    assert heard(nobody, "il6i") is None


@pytest.mark.parametrize("source", ["label", "Source to be supplied"])
def test_a_point_names_no_source_and_no_machine_date(source):
    rule = dataclasses.replace(
        make_rule("H", "Heart failure", Severity.AVOID, Severity.NONE), source=source
    )
    found = dataclasses.replace(
        finding(rule, Presence.PRESENT), detail="Heart failure (since 2026-10-15)."
    )
    point = notice(assessed(found), A).points[0]
    assert "since 15 Oct 2026)" in point
    assert "ource:" not in point
    assert ("unsourced, verify" in point) is (source != "label")


def test_a_simulated_model_is_said_and_a_real_one_is_not_called_so():
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    assert SIMULATED in notice(assessed(found), A).points
    real = notice(assessed(found, simulated=False), A)
    assert not any("imulated" in point for point in real.points)


def test_gaps_of_the_record_are_named():
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    said = notice(assessed(found), A, (GAP,))
    assert "From the chart: Diagnoses could not be read (not permitted)." in said.points


def test_a_class_recognised_by_its_name_alone_is_said_to_be():
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    by_name = (Ordered(treatment="a", by_name=True),)
    assert any("by name" in point for point in notice(assessed(found), by_name).points)


def test_open_cautions_that_block_a_prescription_are_named_and_never_called_absent():
    rule = dataclasses.replace(
        make_rule("T", "Tuberculosis screen", Severity.AVOID, Severity.AVOID), priority=1
    )
    said = notice(
        assessed(
            caution("H", "Heart failure", Severity.AVOID, Severity.NONE),
            finding(rule, Presence.NOT_FOUND),
        ),
        A,
    )
    expected = "Not found in the record, which does not mean absent: Tuberculosis screen."
    assert expected in said.points


def test_reasons_about_an_estimate_are_offered_only_where_one_is_spoken_of():
    reasons = (
        OverrideReason(code="formulary", label="Formulary"),
        OverrideReason(code="implausible", label="Not plausible", about_estimate=True),
    )
    found = caution("H", "Heart failure", Severity.AVOID, Severity.NONE)
    assert [c for c, _ in notice(assessed(found, override_reasons=reasons), A).reasons] == [
        "formulary"
    ]
    assert len(notice(assessed(answer=SURE, override_reasons=reasons)).reasons) == 2


def test_the_notice_rests_on_the_entry_of_the_trail():
    given_ = assessed(answer=SURE)
    assert notice(given_).audit_id == given_.audit_id
    assert notice(given_).decision == given_.spec.id


SEVERITIES = st.sampled_from(list(Severity))
CAUTIONS = st.lists(
    st.builds(
        lambda title, a, b, presence: (title, a, b, presence),
        st.text(min_size=1, max_size=300),
        SEVERITIES,
        SEVERITIES,
        st.sampled_from(list(Presence)),
    ),
    max_size=15,
)


@settings(max_examples=60)
@given(cautions=CAUTIONS, sure=st.booleans(), ordered=st.sampled_from([(), A, B, (*A, *B)]))
def test_limits_hold_whatever_a_decision_says(cautions, sure, ordered):
    """Clients cut or refuse what is longer, and a line break would end a list in Markdown."""
    findings = [caution(f"R{n}", *each) for n, each in enumerate(cautions)]
    said = notice(assessed(*findings, answer=SURE if sure else None), ordered, (GAP,) * 3)
    if said is None:
        return
    assert 0 < len(said.summary) <= LONGEST_SUMMARY
    assert "\n" not in said.summary
    assert 0 < len(said.points) <= MOST_POINTS
    assert all(0 < len(point) <= LONGEST_POINT and "\n" not in point for point in said.points)
    assert SIMULATED in said.points

"""What the clinician may answer to a caution, and what becomes of it."""

from __future__ import annotations

import pytest

from decision.clinical.codes import LOCAL
from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, Presence, Severity
from decision.ui.entries import Field, filed_under
from decision.ui.entries import observation as filed
from tests.clinical_records import SPEC, condition, medication, observation, record

ASKED = [rule.id for rule in SPEC.cautions if rule.entries]
YOUNG = "1990-05-04"


def find(rule: str, told: PatientRecord) -> CautionFinding:
    return next(f for f in SPEC.find_cautions(told, SPEC) if f.rule.id == rule)


def answered(rule: str, choice: str, told: PatientRecord | None = None) -> CautionFinding:
    """The finding after the page filed this answer to the rule's question."""
    told = told or record(born=YOUNG)
    (entry,) = next(r for r in SPEC.cautions if r.id == rule).entries
    assert choice in (entry.choices or {})
    field = Field(entry=entry, code=filed_under(SPEC, entry.concept), group="Cautions")
    return find(rule, told.with_entries((filed(field, choice, told),)))


def test_the_cautions_to_settle_first_are_those_with_a_place_and_a_question_or_a_test():
    placed = sorted((r for r in SPEC.cautions if r.priority), key=lambda r: r.priority)
    order = ["R9", "R10", "R11", "R12", "R4", "R5", "R6", "R1", "R2", "R3", "R15"]
    assert [r.id for r in placed] == order
    assert {r.id for r in placed if not r.entries} == {"R4", "R5", "R6"}


@pytest.mark.parametrize("rule", ASKED)
def test_an_open_caution_brings_its_question_and_every_choice_is_a_code_of_ours(rule):
    finding = find(rule, record(born=YOUNG))
    assert finding.presence is Presence.NOT_FOUND
    (entry,) = finding.entries
    codes = [e.code for codelist in SPEC.codelists.values() for e in codelist.entries]
    local = {code.code for code in codes if code.system == LOCAL}
    assert set(entry.choices or {}) <= local
    assert filed_under(SPEC, entry.concept).system == LOCAL


@pytest.mark.parametrize("rule", ASKED)
def test_the_reassuring_answer_makes_it_absent_and_says_who_said_so(rule):
    (entry,) = next(r for r in SPEC.cautions if r.id == rule).entries
    finding = answered(rule, next(iter(entry.choices or {})))
    assert finding.presence is Presence.ABSENT
    assert "entered by clinician on 2026-11-02" in finding.detail
    assert finding.entries == ()


@pytest.mark.parametrize(
    ("rule", "choice", "tnfi", "il6i"),
    [
        ("R1", "yes", Severity.AVOID, Severity.NONE),
        ("R2", "yes", Severity.STOP, Severity.CAUTION),
        ("R2", "relative", Severity.CAUTION, Severity.NONE),
        ("R3", "yes", Severity.NONE, Severity.AVOID),
        ("R3", "upper-gi-ulcer", Severity.NONE, Severity.CAUTION),
        ("R9", "positive", Severity.CAUTION, Severity.CAUTION),
        ("R9", "active", Severity.STOP, Severity.STOP),
        ("R10", "positive", Severity.CAUTION, Severity.CAUTION),
        ("R11", "positive", Severity.CAUTION, Severity.CAUTION),
        ("R12", "yes", Severity.STOP, Severity.STOP),
        ("R15", "planning", Severity.FAVOUR, Severity.AVOID),
    ],
)
def test_the_warning_answer_makes_it_present_with_its_severity(rule, choice, tnfi, il6i):
    finding = answered(rule, choice)
    assert finding.presence is Presence.PRESENT
    assert finding.severity == {"tnfi": tnfi, "il6i": il6i}
    assert "entered by clinician" in finding.detail


def test_a_denial_never_takes_back_a_diagnosis_of_the_record():
    for rule, disease in (("R2", "multiple_sclerosis"), ("R3", "diverticulitis")):
        told = record(conditions=[condition(disease)])
        assert answered(rule, "no", told).presence is Presence.PRESENT


def test_heart_failure_of_unknown_class_is_asked_about_until_it_is_denied():
    told = record(conditions=[condition("heart_failure")])
    assert find("R1", told).entries
    finding = answered("R1", "no", told)
    assert finding.presence is Presence.PRESENT
    assert finding.severity["tnfi"] is Severity.CAUTION
    assert finding.entries == ()


def test_a_denial_of_two_years_ago_does_not_reassure_and_a_yes_still_warns():
    for of in ("demyelination_history", "bowel_history", "severe_heart_failure"):
        rule = {"d": "R2", "b": "R3", "s": "R1"}[of[0]]
        old = observation(of, answer="answer_negative", on="2024-10-01")
        assert find(rule, record([old])).presence is Presence.NOT_FOUND
        old = observation(of, answer="answer_positive", on="2024-10-01")
        assert find(rule, record([old])).presence is Presence.PRESENT


@pytest.mark.parametrize(
    ("born", "arises"), [("1990-05-04", True), ("1976-05-04", True), ("1972-05-04", False)]
)
def test_pregnancy_is_asked_up_to_fifty_and_is_never_absent_for_age(born, arises):
    finding = find("R15", record(born=born))
    assert finding.presence is Presence.NOT_FOUND
    assert (finding.arises, bool(finding.entries), finding.rule.priority > 0) == (arises,) * 3
    assert ("Not asked at this age" in finding.detail) == (not arises)


def test_only_what_fired_is_said():
    relative = answered("R2", "relative").rule.message["tnfi"]
    assert "Do not start" not in relative
    assert "relative" not in answered("R2", "yes").rule.message["tnfi"]
    latent = answered("R9", "positive").rule.message["il6i"]
    assert latent == "Do not start until treated or excluded."
    assert answered("R9", "active").rule.message["il6i"] == "Do not start."
    suspected = record(conditions=[condition("multiple_sclerosis", "unconfirmed")])
    assert find("R2", suspected).rule.message["tnfi"] == "If confirmed: Do not start."


def test_an_ulcer_higher_up_is_a_caution_and_a_lower_perforation_is_to_be_avoided():
    for disease, severity in (
        ("upper_gi_ulcer", Severity.CAUTION),
        ("bowel_perforation", Severity.AVOID),
    ):
        told = record(conditions=[condition(disease, "resolved")])
        assert find("R3", told).severity["il6i"] is severity


def test_a_negative_screen_says_screen_negative_and_its_day():
    told = record([observation("tb_screen", answer="answer_negative")])
    assert find("R9", told).detail == "Screen negative on 2026-10-20."


@pytest.mark.parametrize(
    ("rule", "disease"),
    [
        ("R1", "heart_failure"),
        ("R7", "hepatic_disease"),
        ("R16", "uveitis"),
        ("R18", "psoriasis"),
        ("R19", "interstitial_lung_disease"),
    ],
)
def test_a_detail_does_not_repeat_its_title(rule, disease):
    finding = find(rule, record(conditions=[condition(disease, onset="2020-03")]))
    assert finding.detail.startswith("Recorded (since 2020-03)")


def test_enzymes_within_an_assumed_limit_are_not_called_normal():
    bare = [observation(of, 20, unit="U/L") for of in ("alt", "ast")]
    finding = find("R6", record(bare))
    assert finding.presence is Presence.NOT_FOUND
    assert "assumed" in finding.detail


@pytest.mark.parametrize("rule", ["R4", "R5", "R6"])
def test_limits_of_a_label_name_its_country_and_what_is_outstanding(rule):
    told = next(r for r in SPEC.cautions if r.id == rule)
    assert "US label" in told.message["il6i"]
    assert "repeat the" in told.message["il6i"]
    assert "On treatment" not in told.message["il6i"]
    assert "US product label" in told.source
    assert "EU SmPC" in told.outstanding


def test_cautions_without_a_source_say_so():
    unsourced = {r.id for r in SPEC.cautions if r.unsourced}
    assert unsourced == {"R16", "R17", "R18", "R20", "R21", "R25"}


def test_another_class_is_worded_as_an_option_of_the_guideline():
    stopped = medication("etanercept", "stopped", stop="stop_primary_failure")
    finding = find("R24", record(medications=[stopped]))
    assert finding.severity["il6i"] is Severity.FAVOUR
    assert finding.rule.message["il6i"] == (
        "Guideline: another class is an option (IL-6 inhibitor, abatacept, rituximab, "
        "JAK inhibitor)."
    )


def test_every_tnf_inhibitor_is_named_with_what_its_eu_label_says_in_heart_failure():
    rule = answered("R1", "yes").rule
    contraindicated, caution = rule.message["tnfi"].split("; etanercept: ")
    for drug in ("adalimumab", "certolizumab pegol", "golimumab", "infliximab"):
        assert drug in contraindicated
    assert "contraindicated in moderate to severe heart failure (NYHA III/IV)" in contraindicated
    assert caution == "use with caution."
    assert "to be verified by a clinician before clinical release" in rule.outstanding


@pytest.mark.parametrize(
    "told",
    [
        record([observation("ms_relative", answer="answer_positive")]),
        record([observation("demyelination_history", answer="answer_relative")]),
    ],
    ids=["in the record", "answered"],
)
def test_a_relatives_multiple_sclerosis_is_not_the_patients_and_never_stops(told):
    finding = find("R2", told)
    assert finding.severity == {"tnfi": Severity.CAUTION, "il6i": Severity.NONE}
    assert "first-degree relative" in finding.detail
    assert "relative only is a caution" in finding.rule.trigger
    assert "to be verified by a clinician" in finding.rule.outstanding


def test_a_relatives_disease_beside_the_patients_own_takes_no_stop_back():
    told = record(
        [observation("ms_relative", answer="answer_positive")],
        conditions=[condition("multiple_sclerosis")],
    )
    assert find("R2", told).severity["tnfi"] is Severity.STOP

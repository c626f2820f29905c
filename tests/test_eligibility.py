"""Who the model may speak about, and what is said where the record leaves it open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import AbstentionReason
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import CriterionResult, Eligibility
from decision.rules import causes_before_model, derive_features
from tests.clinical_records import (
    COMPONENTS,
    SPEC,
    activity,
    condition,
    eligible,
    medication,
    observation,
    record,
)

NOW = "2026-11-02T12:00:00+00:00"


def result(criterion: str, told: PatientRecord) -> CriterionResult:
    return next(r for r in SPEC.eligibility(told, SPEC) if r.id == criterion)


def state(criterion: str, told: PatientRecord) -> Eligibility:
    return result(criterion, told).state


def causes(told: PatientRecord) -> list[AbstentionReason]:
    found = derive_features(told, SPEC)
    return [c.reason for c in causes_before_model(SPEC, SPEC.eligibility(told, SPEC), found)]


def test_the_standard_patient_meets_every_criterion_and_has_no_reason_to_abstain():
    assert {r.state for r in SPEC.eligibility(eligible(), SPEC)} == {Eligibility.MET}
    assert causes(eligible()) == []


def test_a_missing_joint_count_is_the_first_reason_and_no_criterion_is_failed():
    told = record(
        [o for o in activity() if "swollen" not in o.source.reference and o.codes],
        [condition("rheumatoid_arthritis")],
        [medication("methotrexate")],
    )
    told = record(
        [o for o in told.observations if "tender" not in o.source.reference],
        told.conditions,
        told.medications,
    )
    assert causes(told)[0] is AbstentionReason.REQUIRED_MISSING
    assert AbstentionReason.NOT_ELIGIBLE not in causes(told)


def test_entering_the_missing_components_settles_every_criterion_at_once():
    bare = record((), [condition("rheumatoid_arthritis")], [medication("methotrexate")])
    entries = tuple(
        observation(of, number, by="clinician", on=NOW) for of, number in COMPONENTS.items()
    )
    assert causes(bare)[0] is AbstentionReason.REQUIRED_MISSING
    assert causes(bare.with_entries(entries)) == []


def test_active_disease_names_its_dates_and_what_is_missing():
    assert "CDAI 26.5 (2026-10-20)" in result("active_disease", eligible()).detail
    bare = record((), [condition("rheumatoid_arthritis")])
    assert "tender joint count" in result("active_disease", bare).detail


@given(shown=st.sets(st.sampled_from(sorted(COMPONENTS))))
def test_active_disease_is_never_denied_while_a_component_is_missing(shown):
    # a sum of parts none of which is negative can only grow
    told = record([observation(of, COMPONENTS[of]) for of in sorted(shown)])
    found = state("active_disease", told)
    assert found is not Eligibility.NOT_MET
    assert (found is Eligibility.MET) == (sum(COMPONENTS[of] for of in shown) > 10)


def answered(answer: str) -> Observation:
    return observation("biologic_decision", answer=answer)


@pytest.mark.parametrize(
    ("told", "expected", "words"),
    [
        (eligible([answered("answer_starting_or_changing")]), "met", "as stated"),
        (eligible([answered("answer_not_now")]), "not met", "No biologic"),
        (eligible((), (), [medication("adalimumab", "planned")]), "met", "ordered"),
        (eligible(), "met", "Inferred from active disease"),
        (record(activity()), "unknown", "does not say"),
    ],
)
def test_about_to_start_says_whether_it_was_stated_ordered_or_inferred(told, expected, words):
    found = result("about_to_start", told)
    assert found.state.value == expected
    assert words in found.detail


def test_an_open_question_brings_the_entry_that_settles_it():
    bare = record(activity(), [condition("rheumatoid_arthritis")])
    for name in ("about_to_start", "no_prior_il6i", "prior_lines"):
        found = result(name, bare)
        assert found.state is Eligibility.UNKNOWN
        assert found.entry is not None
        assert found.entry.concept in SPEC.codelists
    told = bare.with_entries(
        (
            observation("biologic_decision", answer="answer_starting_or_changing", by="clinician"),
            observation("prior_il6i", answer="answer_negative", by="clinician"),
            observation("prior_lines", 1, unit="{count}", by="clinician"),
        )
    )
    assert {r.state for r in SPEC.eligibility(told, SPEC)} == {Eligibility.MET}


def test_a_stated_number_of_lines_or_il6_inhibitor_is_believed():
    lines = eligible([observation("prior_lines", 4, unit="{count}")])
    assert state("prior_lines", lines) is Eligibility.NOT_MET
    taken = eligible([observation("prior_il6i", answer="answer_positive")])
    assert state("no_prior_il6i", taken) is Eligibility.NOT_MET


@pytest.mark.parametrize("drug", ["tocilizumab", "sarilumab"])
@pytest.mark.parametrize(("how", "expected"), [("active", "not met"), ("planned", "met")])
def test_an_il6_inhibitor_counts_once_begun_and_not_when_planned(drug, how, expected):
    told = eligible((), (), [medication(drug, how, start="2026-01-01")])
    assert state("no_prior_il6i", told).value == expected


@pytest.mark.parametrize("disease", ["lupus", "systemic_sclerosis", "inflammatory_myopathy"])
@pytest.mark.parametrize(
    ("how", "expected"),
    [("active", "not met"), ("unconfirmed", "unknown"), ("refuted", "met")],
)
def test_overlap_disease_excludes_when_confirmed_and_asks_when_not(disease, how, expected):
    assert state("no_overlap", eligible((), [condition(disease, how)])).value == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["active"], "met"),
        (["refuted"], "not met"),
        (["unconfirmed"], "unknown"),
        (["resolved"], "unknown"),
        (["active", "refuted"], "unknown"),
        (["unconfirmed", "refuted"], "not met"),
    ],
)
def test_arthritis_counts_when_confirmed_and_nowhere_refuted(states, expected):
    told = record(conditions=[condition("rheumatoid_arthritis", s) for s in states])
    assert state("rheumatoid_arthritis", told).value == expected


@pytest.mark.parametrize(
    ("drug", "how", "expected"),
    [
        ("tofacitinib", "active", "not met"),
        ("rituximab", "planned", "not met"),
        ("rituximab", "stopped", "met"),
    ],
)
def test_a_jak_inhibitor_or_rituximab_now_is_another_question(drug, how, expected):
    assert state("same_question", eligible((), (), [medication(drug, how)])).value == expected


@pytest.mark.parametrize(
    ("died", "expected"), [("", "met"), ("2026-11-02", "met"), ("2026-10-01", "not met")]
)
def test_death_before_the_record_s_time_excludes(died, expected):
    found = result("alive", eligible(deceased=died))
    assert found.state.value == expected
    assert ("review only" in found.detail) == (died == "2026-11-02")


@pytest.mark.parametrize(
    ("born", "expected"),
    [("2008-11-01", "met"), ("2008-12-24", "not met"), ("2008", "unknown"), ("", "unknown")],
)
def test_adults_only_and_no_guess_from_a_birth_year(born, expected):
    assert state("adult", record(born=born)).value == expected


def test_every_criterion_that_is_not_met_or_open_says_what_would_change_it():
    for told in (record(), record(born="2020-01-01", conditions=[condition("nsaid")])):
        for found in SPEC.eligibility(told, SPEC):
            assert found.detail.endswith(".")
            if found.state is not Eligibility.MET:
                assert found.remedy


@pytest.mark.parametrize("words", ["RoActemra 162 mg", "sarilumab", "biologic therapy"])
def test_an_uncoded_il6_inhibitor_is_asked_about_and_an_answer_settles_it(words):
    told = eligible((), (), [medication(state="stopped", named=words)])
    found = result("no_prior_il6i", told)
    assert found.state is Eligibility.UNKNOWN
    assert found.entry is not None
    assert "without a code" in found.detail
    recorded = observation("prior_il6i", answer="answer_negative")
    both = eligible([recorded], (), told.medications[1:])
    assert state("no_prior_il6i", both) is Eligibility.UNKNOWN
    no = observation("prior_il6i", answer="answer_negative", by="clinician", on=NOW)
    assert state("no_prior_il6i", told.with_entries((no,))) is Eligibility.MET


@pytest.mark.parametrize("words", ["Orencia", "Xeljanz 5 mg", "Kineret", "Enbrel", "Kevzara"])
def test_an_uncoded_biologic_leaves_the_number_of_lines_open_until_it_is_entered(words):
    told = eligible((), (), [medication(state="stopped", named=words)])
    found = result("prior_lines", told)
    assert found.state is Eligibility.UNKNOWN
    assert found.entry is not None
    one = observation("prior_lines", 1, unit="{count}", by="clinician", on=NOW)
    assert state("prior_lines", told.with_entries((one,))) is Eligibility.MET


def test_an_uncoded_vitamin_leaves_no_criterion_open():
    told = eligible((), (), [medication(named="vitamin D")])
    assert {r.state for r in SPEC.eligibility(told, SPEC)} == {Eligibility.MET}


def test_entering_the_number_of_tnf_inhibitors_settles_the_lines_they_leave_open():
    told = eligible((), (), [medication(state="stopped", named="Enbrel")])
    one = observation("prior_tnfi_count", 1, by="clinician", on=NOW)
    assert state("prior_lines", told.with_entries((one,))) is Eligibility.MET


def test_tnf_inhibitors_stated_and_other_drugs_listed_are_added_up():
    told = eligible([observation("prior_tnfi_count", 3)], (), [medication("abatacept", "stopped")])
    assert state("prior_lines", told) is Eligibility.NOT_MET


@pytest.mark.parametrize(("how", "expected"), [("planned", "unknown"), ("stopped", "met")])
def test_an_uncoded_jak_inhibitor_now_may_be_another_question(how, expected):
    told = eligible((), (), [medication(state=how, named="Olumiant 4 mg")])
    assert state("same_question", told).value == expected


def test_an_earlier_il6_inhibitor_is_named_with_its_dates_and_its_reason():
    taken = medication(
        "tocilizumab", "stopped", start="2024-01", end="2025-03", stop="stop_adverse_event"
    )
    found = result("no_prior_il6i", eligible((), (), [taken]))
    assert "tocilizumab, 2024-01 to 2025-03, adverse event" in found.detail

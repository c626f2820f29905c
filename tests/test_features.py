"""What each predictor finds in a record, and what it refuses to guess."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.codes import LOINC, SNOMED, Code
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.record import DataIssue, IssueKind, Observation, Origin, PatientRecord
from decision.rules import derive_features
from tests.clinical_records import (
    AS_OF,
    SPEC,
    code_of,
    condition,
    eligible,
    medication,
    observation,
    record,
)


def find(name: str, told: PatientRecord) -> Finding:
    feature = SPEC.feature(name)
    return feature.derive(told, feature, SPEC.codelists)


def value(name: str, told: PatientRecord) -> float:
    finding = find(name, told)
    assert isinstance(finding, Found), finding
    return finding.value


def missing(name: str, told: PatientRecord) -> Missing:
    finding = find(name, told)
    assert isinstance(finding, Missing), finding
    return finding


def test_the_latest_result_counts_and_brings_its_source_and_date():
    told = record([observation("crp", 50, on="2026-09-01"), observation("crp", 20)])
    found = find("crp", told)
    assert isinstance(found, Found)
    assert found.value == 20
    assert found.evidence.effective is not None
    assert found.evidence.effective.day_text == "2026-10-20"
    assert found.evidence.sources[0].reference == "Observation/crp-2026-10-20"


def test_a_result_after_the_record_s_own_time_is_not_used():
    told = record([observation("crp", 50, on="2026-12-24"), observation("crp", 20)])
    assert value("crp", told) == 20


def test_a_result_that_is_too_old_is_named_with_its_date_and_the_limit():
    finding = missing("crp", record([observation("crp", 50, on="2026-01-03")]))
    assert finding.reason is MissingReason.TOO_OLD
    assert "2026-01-03" in finding.detail
    assert "90 days" in finding.detail
    assert finding.evidence is not None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"unit": "mg/dL"}, "its unit is 'mg/dL', not 'mg/L'"),
        ({"status": "preliminary"}, "its status is 'preliminary', not final"),
    ],
)
def test_an_unusable_result_says_why(changes, why):
    finding = missing("crp", record([observation("crp", 5, **changes)]))
    assert finding.reason is MissingReason.UNUSABLE
    assert why in finding.detail


def test_an_unusable_newer_result_leaves_the_older_usable_one():
    told = record([observation("crp", 5, unit="mg/dL"), observation("crp", 20, on="2026-10-01")])
    assert value("crp", told) == 20


def test_an_older_value_never_stands_in_for_an_unusable_newer_one_without_a_word():
    told = record(
        [
            observation("crp", 12.0, on="2026-10-01"),
            observation("crp", 30.0, on="2026-10-25", status="preliminary"),
        ]
    )
    finding = find("crp", told)
    assert isinstance(finding, Found)
    assert finding.evidence.caveat == (
        "a newer result, of 2026-10-25, could not be used (its status is 'preliminary', not final)"
    )


def test_a_newer_result_the_reader_refused_is_named_beside_the_older_value():
    refused = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT,
        reference="Observation/9",
        detail="Unknown unit.",
        remedy="Correct it.",
        codes=(code_of("crp"),),
        effective=observation("crp", 1.0, on="2026-10-25").effective,
    )
    older = observation("crp", 12.0, on="2026-10-01")
    finding = find("crp", record([older], issues=[refused]))
    assert isinstance(finding, Found)
    assert "2026-10-25, could not be used (unknown unit)" in finding.evidence.caveat
    newer = observation("crp", 12.0, on="2026-10-30")
    finding = find("crp", record([newer], issues=[refused]))
    assert isinstance(finding, Found)
    assert finding.evidence.caveat == ""


def test_what_the_reader_could_not_use_is_repeated_instead_of_not_found():
    issue = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT,
        reference="Observation/1",
        detail="The unit arb/L is not known for this test.",
        remedy="Enter the value.",
        codes=(code_of("crp"),),
    )
    finding = missing("crp", record(issues=[issue]))
    assert finding.reason is MissingReason.UNUSABLE
    assert "arb/L" in finding.detail


def test_two_values_of_one_instant_conflict_and_two_instants_of_one_day_do_not():
    at = "2026-10-20T08:00:00+00:00"
    same = [observation("crp", 5, on=at, id="a"), observation("crp", 50, on=at, id="b")]
    assert missing("crp", record(same)).reason is MissingReason.CONFLICT
    later = observation("crp", 50, on="2026-10-20T16:00:00+00:00", id="b")
    assert value("crp", record([same[0], later])) == 50


def test_the_same_value_twice_is_no_conflict():
    same = [observation("crp", 5, id="a"), observation("crp", 5, id="b")]
    assert value("crp", record(same)) == 5


def conflict_of(*references: str) -> DataIssue:
    return DataIssue(
        kind=IssueKind.CONFLICT,
        reference=", ".join(references),
        detail="Results differ.",
        remedy="Check.",
        codes=(code_of("crp"),),
    )


def test_a_conflict_the_reader_noted_about_this_very_result_is_believed():
    told = observation("crp", 5, id="1")
    noted = conflict_of(told.source.reference, "Observation/other")
    assert missing("crp", record([told], issues=[noted])).reason is MissingReason.CONFLICT
    elsewhere = conflict_of(f"{told.source.reference}0", "Observation/other")
    assert value("crp", record([told], issues=[elsewhere])) == 5


NOW = "2026-11-02T12:00:00+00:00"


def test_what_the_clinician_enters_settles_a_conflict():
    same = [observation("crp", 5, id="a"), observation("crp", 50, id="b")]
    told = record(same).with_entries((observation("crp", 7, by="clinician", on=NOW),))
    found = find("crp", told)
    assert isinstance(found, Found)
    assert (found.value, found.evidence.origin) == (7, Origin.CLINICIAN)


def test_an_entry_wins_over_a_result_of_the_same_day_known_to_the_day_only():
    # a day without a zone reaches into tomorrow: it is not surely newer than the entry
    told = record([observation("crp", 5, on="2026-11-02")])
    assert value("crp", told.with_entries((observation("crp", 7, by="clinician", on=NOW),))) == 7


def test_an_entry_of_the_past_gives_way_to_a_result_that_is_surely_newer():
    entry = observation("crp", 7, by="clinician", on="2026-10-01T12:00:00+00:00")
    told = record([observation("crp", 5, on="2026-10-20")]).with_entries((entry,))
    assert value("crp", told) == 5


@pytest.mark.parametrize(
    ("reported", "comparator", "used"),
    [(4, "<", 4), (500, ">", 500), (0, "", 0.3), (0.1, "<", 0.3)],
)
def test_values_at_the_edge_of_an_assay_use_the_edge_and_say_so(reported, comparator, used):
    found = find("crp", record([observation("crp", reported, comparator=comparator)]))
    assert isinstance(found, Found)
    assert found.value == used
    assert "used" in found.evidence.how


@pytest.mark.parametrize(
    ("system", "text", "found"),
    [
        (LOINC, "", False),
        (LOINC, "28 joints", True),
        (LOINC, "280 joints", False),
        (SNOMED, "", True),
    ],
)
def test_a_joint_count_must_say_28_in_its_code_or_its_words(system, text, found):
    listed = (e.code for e in SPEC.codelists["tender_joints"].entries)
    code = next(c for c in listed if c.system == system)
    bare = Code(system=code.system, code=code.code)
    told = record([observation("tender_joints", 9, code=bare, text=text)])
    assert isinstance(find("tender_joints", told), Found) == found


def antibody(of: str, number: float = 0.0, **more: object) -> PatientRecord:
    unit = "[IU]/mL" if of == "rheumatoid_factor" else "U/mL"
    return record([observation(of, number, unit=unit, **more)])


@pytest.mark.parametrize(
    ("told", "positive"),
    [
        (antibody("acpa", 8, high=7), 1),
        (antibody("acpa", 7, high=7), 0),
        (antibody("acpa", 500, high=7, comparator=">"), 1),
        (antibody("acpa", 1, high=7, comparator="<"), 0),
        (antibody("acpa", 90, interpretation="interpretation_positive"), 1),
        (antibody("acpa", 2, interpretation="interpretation_negative"), 0),
        (record([observation("acpa", answer="answer_positive")]), 1),
        (record([observation("acpa", answer="answer_negative")]), 0),
        (record([observation("acpa", True)]), 1),
    ],
)
def test_acpa_is_judged_by_the_result_s_own_words_and_limits(told, positive):
    assert value("acpa", told) == positive


def test_how_an_antibody_was_judged_is_told_in_the_units_people_write():
    found = find("rheumatoid_factor", antibody("rheumatoid_factor", 64, high=14))
    assert isinstance(found, Found)
    assert found.evidence.how.startswith("64 IU/mL against its own upper limit 14")


@pytest.mark.parametrize(
    "told",
    [
        antibody("acpa", 250),
        antibody("acpa", 30, high=7, comparator="<"),
        antibody("acpa", 3, high=7, interpretation="interpretation_positive"),
        record([observation("acpa", "strongly positive")]),
        record([observation("acpa", answer="stop_other")]),
        antibody("rheumatoid_factor", 30, comparator="<"),
    ],
)
def test_an_antibody_that_cannot_be_judged_is_not_guessed(told):
    of = "acpa" if told.observed(SPEC.codelists["acpa"]) else "rheumatoid_factor"
    assert missing(of, told).reason is MissingReason.UNUSABLE


def test_the_assumed_limit_of_rheumatoid_factor_is_named_in_the_evidence():
    found = find("rheumatoid_factor", antibody("rheumatoid_factor", 21))
    assert isinstance(found, Found)
    assert found.value == 1
    assert "assumed" in found.evidence.how
    assert "unverified" in found.evidence.how


@pytest.mark.parametrize(
    ("number", "smokes"), [("449868002", 1), ("77176002", 1), ("8517006", 0), ("266919005", 0)]
)
def test_smoking_is_read_from_its_coded_answer(number, smokes):
    told = observation("smoking_status", "x")
    coded = Observation(
        codes=told.codes,
        value=Code(system=SNOMED, code=number),
        effective=told.effective,
        status="final",
        source=told.source,
    )
    assert value("current_smoker", record([coded])) == smokes


def test_an_answer_that_does_not_say_whether_somebody_smokes_now_is_not_used():
    told = record([observation("smoking_status", answer="stop_other")])
    assert missing("current_smoker", told).reason is MissingReason.UNUSABLE


@pytest.mark.parametrize(
    ("onset", "years"), [("2016-11-02", 10.0), ("2016", 10.3), ("2026-11-01", 0.0)]
)
def test_disease_duration_counts_from_the_recorded_onset(onset, years):
    told = record(conditions=[condition("rheumatoid_arthritis", onset=onset)])
    assert value("disease_duration", told) == years


def test_a_stated_duration_grows_with_the_time_since():
    told = record([observation("disease_duration", 5, on="2024-11-02")])
    assert value("disease_duration", told) == pytest.approx(7.0, abs=0.05)


def test_an_onset_after_the_record_or_of_a_refuted_diagnosis_is_not_used():
    later = record(conditions=[condition("rheumatoid_arthritis", onset="2027-05")])
    assert missing("disease_duration", later).reason is MissingReason.UNUSABLE
    refuted = record(conditions=[condition("rheumatoid_arthritis", "refuted", "2016")])
    assert missing("disease_duration", refuted).reason is MissingReason.NOT_FOUND


@pytest.mark.parametrize(
    ("sex", "reason"), [("", "NOT_FOUND"), ("unknown", "NOT_FOUND"), ("other", "UNUSABLE")]
)
def test_a_sex_the_model_does_not_know_is_missing_and_never_guessed(sex, reason):
    assert missing("male", record(sex=sex)).reason.name == reason
    assert value("male", record(sex="male")) == 1


def test_evidence_of_who_the_patient_is_holds_no_birth_date_and_no_id():
    found = find("age", record())
    assert isinstance(found, Found)
    assert "1972" not in repr(found.evidence)
    assert "patient-1" not in repr(found.evidence)


def test_no_birth_date_or_one_in_the_future_gives_no_age():
    assert missing("age", record(born="")).reason is MissingReason.NOT_FOUND
    assert missing("age", record(born="2030-01-01")).reason is MissingReason.UNUSABLE


@pytest.mark.parametrize(
    ("medications", "alone"),
    [
        ([medication("methotrexate")], 0),
        ([medication("leflunomide")], 0),
        ([medication("methotrexate", "stopped")], 1),
        ([medication("methotrexate", "planned")], 1),
        ([medication("nsaid")], 1),
    ],
)
def test_monotherapy_is_a_medication_list_without_an_active_csdmard(medications, alone):
    assert value("monotherapy", record(medications=medications)) == alone


def test_without_any_medication_list_monotherapy_is_not_found():
    assert missing("monotherapy", record()).reason is MissingReason.NOT_FOUND


def test_an_active_csdmard_outranks_a_recorded_status_but_not_an_entry():
    drug = [medication("methotrexate")]
    said = observation("methotrexate_status", answer="answer_not_taking")
    assert value("monotherapy", record([said], medications=drug)) == 0
    entry = observation("methotrexate_status", answer="answer_not_taking", by="clinician", on=NOW)
    assert value("monotherapy", record([entry], medications=drug)) == 1


def test_two_products_of_one_tnf_inhibitor_count_once():
    twice = [medication("adalimumab", "stopped", start=s) for s in ("2020-01-01", "2022-01-01")]
    assert value("prior_tnfi_count", record(medications=twice)) == 1


def test_the_larger_of_listed_and_stated_earlier_drugs_counts():
    listed = [medication("adalimumab", "stopped")]
    assert value("prior_tnfi_count", record([observation("prior_tnfi_count", 2)], (), listed)) == 2
    assert value("prior_tnfi_count", record([observation("prior_tnfi_count", 0)], (), listed)) == 1


def test_a_stated_reason_for_stopping_means_that_one_was_taken():
    told = eligible([observation("last_tnfi_stop_reason", answer="stop_primary_failure")])
    assert value("prior_tnfi_count", told) == 1
    assert value("primary_failure", told) == 1


def test_never_having_taken_one_is_no_primary_failure():
    assert value("primary_failure", record([observation("prior_tnfi_count", 0)])) == 0
    told = missing("primary_failure", record([observation("prior_tnfi_count", 2)]))
    assert told.reason is MissingReason.NOT_FOUND


def test_a_tnf_inhibitor_still_being_taken_has_no_reason_for_stopping():
    told = record(medications=[medication("adalimumab", start="2025-01-01")])
    assert "not recorded as stopped" in missing("primary_failure", told).detail


def test_a_coded_reason_that_does_not_say_whether_the_drug_worked_is_not_used():
    stopped = medication("adalimumab", "stopped", stop="answer_not_now")
    assert (
        missing("primary_failure", record(medications=[stopped])).reason is MissingReason.UNUSABLE
    )


UNRELATED = ["weight", "alt", "platelets", "ana", "surgery_or_live_vaccine", "ms_relative"]


@given(
    of=st.sampled_from(UNRELATED),
    number=st.floats(0, 1000),
    age_days=st.integers(0, 3000),
    status=st.sampled_from(["final", "preliminary"]),
)
def test_an_unrelated_result_never_changes_a_feature(of, number, age_days, status):
    # otherwise a code list would have leaked into another concept
    day = (AS_OF - timedelta(days=age_days)).date().isoformat()
    before = eligible()
    more = observation(of, number, unit="x", on=day, status=status)
    after = eligible([more])
    assert derive_features(after, SPEC).findings == derive_features(before, SPEC).findings


@given(numbers=st.lists(st.integers(1, 400), min_size=1, max_size=6), order=st.randoms())
def test_the_order_in_which_results_are_listed_never_matters(numbers, order):
    # bundles come in any order; what counts is when a result was true
    listed = [
        observation("crp", n, on=(AS_OF - timedelta(days=3 * i + 2)).isoformat())
        for i, n in enumerate(numbers)
    ]
    shuffled = listed.copy()
    order.shuffle(shuffled)
    assert value("crp", record(shuffled)) == numbers[0]


@given(days=st.integers(0, 400))
def test_a_value_is_found_within_its_look_back_and_too_old_beyond(days):
    # the edge belongs to the look-back: exactly 90 days still counts
    told = record([observation("crp", 9, on=(AS_OF - timedelta(days=days)).isoformat())])
    assert isinstance(find("crp", told), Found if days <= 90 else Missing)


NAMES = [
    ("adalimumab", "Humira 40mg/0.4ml pen"),
    ("etanercept", "BENEPALI 50 mg"),
    ("infliximab", "infliximab-dyyb infusion"),
    ("tnfi", "earlier anti-TNF, name unknown"),
    ("bts_dmard", "Biologic therapy at another hospital"),
]


@pytest.mark.parametrize("words", [words for _, words in NAMES])
@pytest.mark.parametrize("field", ["named", "display"])
def test_an_uncoded_tnf_inhibitor_is_never_read_as_none(field, words):
    listed = [medication("methotrexate"), medication(state="stopped", **{field: words})]
    for name in ("prior_tnfi_count", "primary_failure"):
        finding = missing(name, record(medications=listed))
        assert finding.reason is MissingReason.UNUSABLE
        assert "without a code" in finding.detail
        assert words not in finding.detail


@pytest.mark.parametrize("words", ["vitamin D", "Simvastatin 40 mg", "Enbrelium", "RoActemra"])
def test_an_uncoded_drug_of_no_such_name_blocks_nothing(words):
    told = record(medications=[medication("methotrexate"), medication(named=words)])
    assert value("prior_tnfi_count", told) == 0
    assert value("primary_failure", told) == 0


def test_an_uncoded_drug_that_is_only_planned_was_not_taken():
    told = record(medications=[medication(state="planned", named="Humira")])
    assert value("prior_tnfi_count", told) == 0


def test_an_uncoded_name_of_a_drug_that_is_also_coded_is_one_drug():
    twice = [medication("adalimumab", "stopped"), medication(state="stopped", named="Humira")]
    assert value("prior_tnfi_count", record(medications=twice)) == 1


def test_the_clinician_s_answers_settle_what_the_list_only_names():
    told = record(medications=[medication(state="stopped", named="Humira")])
    none = told.with_entries((observation("prior_tnfi_count", 0, by="clinician", on=NOW),))
    assert value("prior_tnfi_count", none) == 0
    assert value("primary_failure", none) == 0
    why = observation("last_tnfi_stop_reason", answer="stop_primary_failure", by="clinician")
    one = told.with_entries((observation("prior_tnfi_count", 1, by="clinician", on=NOW), why))
    assert value("prior_tnfi_count", one) == 1
    assert value("primary_failure", one) == 1


def test_a_recorded_count_stands_only_where_it_covers_what_the_list_names():
    named = [medication("etanercept", "stopped"), medication(state="stopped", named="Humira")]
    two = record([observation("prior_tnfi_count", 2)], medications=named)
    assert value("prior_tnfi_count", two) == 2
    assert missing("prior_tnfi_count", record([observation("prior_tnfi_count", 1)], (), named))


@pytest.mark.parametrize("words", ["MTX 15 mg weekly", "Metoject", "Arava 20mg", "Plaquenil"])
def test_an_uncoded_csdmard_is_never_read_as_monotherapy(words):
    told = record(medications=[medication("nsaid"), medication(named=words)])
    assert missing("monotherapy", told).reason is MissingReason.UNUSABLE
    stopped = record(medications=[medication("nsaid"), medication(state="stopped", named=words)])
    assert value("monotherapy", stopped) == 1
    both = record(medications=[medication("methotrexate"), medication(named=words)])
    assert value("monotherapy", both) == 0


def evidence(name: str, told: PatientRecord) -> Evidence:
    finding = find(name, told)
    assert isinstance(finding, Found), finding
    return finding.evidence


def test_none_listed_is_not_said_to_be_none_taken():
    told = record(medications=[medication("methotrexate")])
    assert evidence("prior_tnfi_count", told).how == "none listed among 1 medications"
    assert evidence("prior_tnfi_count", told).words == "no earlier TNF inhibitor listed"
    never = evidence("primary_failure", told).words
    assert never == "no earlier TNF inhibitor listed, so none failed"
    said = evidence("primary_failure", record([observation("prior_tnfi_count", 0)]))
    assert said.words == "no earlier TNF inhibitor, so none failed"


def test_monotherapy_inferred_from_a_list_asks_to_be_confirmed():
    inferred = evidence("monotherapy", record(medications=[medication("nsaid")]))
    assert inferred.caveat == "no csDMARD listed; confirm"
    stated = observation("methotrexate_status", answer="answer_not_taking")
    assert evidence("monotherapy", record([stated])).caveat == ""


@pytest.mark.parametrize(
    ("starts", "caveat"),
    [
        (["2026-09-20"], "methotrexate begun less than 3 months ago"),
        (["2026-01-20"], ""),
        (["2026-01-20", "2026-09-20"], ""),
        ([""], ""),
    ],
)
def test_a_csdmard_that_had_no_time_to_work_is_said_to_be_new(starts, caveat):
    told = record(medications=[medication("methotrexate", start=s) for s in starts])
    assert evidence("monotherapy", told).caveat == caveat


def test_the_reason_for_stopping_keeps_its_drug_and_its_day():
    stopped = medication(
        "etanercept", "stopped", start="2024-01", end="2026-09-30", stop="stop_secondary_failure"
    )
    told = evidence("primary_failure", record(medications=[stopped]))
    assert told.how == "secondary failure, etanercept, 2026-09-30"
    assert told.words == told.how

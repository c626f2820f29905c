"""What is said of somebody with islet antibodies without any model: stage, comparators, prompts."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decision.catalog.t1d_progression.tables import COMPARATORS, STAGING
from decision.clinical.dated import Standing
from decision.clinical.record import Gap, GapReason, Part
from decision.outcome import input_hash
from tests import fhir_builders as fhir
from tests.t1d_records import (
    FIRST,
    SPEC,
    cautions,
    comparators,
    confirmed,
    criteria,
    described,
    entered,
    european,
    features,
    genetic,
    glucose_test,
    person,
    result,
    sample,
    spec,
    whole,
)

FREE = spec(noncommercial=True)
STAGE_2 = {"glucose_120": 160}
UNAVAILABLE = {"dptrs60", "m60_m90_m120", "pls", "abrs", "crs", "jacobsen"}
LONGEST = 138


def stage_of(record):
    return described(record).classification


@pytest.mark.parametrize(
    ("record", "label", "identity", "settled"),
    [
        (whole(), "Stage 1", "stage_1", True),
        (whole(glucose_120=None), "Stage 1, provisional", "stage_1_provisional", False),
        (whole(**STAGE_2), "Stage 2", "stage_2", True),
        (whole(kinds=("gad65",)), "Single antibody", "single_antibody", True),
        (whole(glucose_120=210), "Stage 3 range, unconfirmed", "stage_3_range_unconfirmed", False),
        (person(sample("gad65")), "Awaiting confirmation", "awaiting_confirmation", False),
        (whole(kinds=("gad65",), **STAGE_2), "Not stageable", "not_stageable", False),
        (whole(kinds=()), "Outside scope", "outside_scope", False),
        (person(), "Not stageable", "not_stageable", False),
    ],
)
def test_the_stage_is_named_with_its_reason(record, label, identity, settled):
    found = stage_of(record)
    assert (found.label, found.id, found.settled) == (label, identity, settled)
    assert found.detail


def test_what_was_met_has_value_unit_and_date():
    found = stage_of(whole(**STAGE_2))
    assert "2-hour glucose 160 mg/dL, 2 Nov 2026: reaches 140 mg/dL (stage 2)" in found.criteria
    positive, *glucose = found.criteria
    assert positive == "GADA and IA-2A positive, confirmed in a second sample, 20 Aug 2026"
    assert len(glucose) == 1
    assert "Fasting glucose 88 mg/dL, 2 Nov 2026" in found.considered


def test_antibodies_of_different_days_have_a_line_each_and_their_first_day_is_kept():
    record = person(
        *(sample("gad65", on=on) for on in ("2025-03-04", "2026-05-06")),
        *(sample("ia2", on=on) for on in ("2025-03-04", "2026-11-02")),
    )
    found = stage_of(record)
    assert found.criteria == (
        "GADA positive, confirmed in a second sample, 6 May 2026",
        "IA-2A positive, confirmed in a second sample, 2 Nov 2026",
    )
    assert (
        "GADA positive, confirmed in a second sample, 6 May 2026; first positive 4 Mar 2025"
        in found.considered
    )


def test_a_value_is_told_in_the_unit_received():
    record = person(*confirmed("gad65", "ia2"), result("glucose_120", 8.6, "mmol/L"))
    assert "2-hour glucose 8.6 mmol/L on 2 Nov 2026" in stage_of(record).detail


def test_a_rise_of_hba1c_names_its_baseline():
    record = person(
        *confirmed("gad65", "ia2"),
        result("hba1c", 5.0, "%", on="2026-05-02"),
        result("hba1c", 5.6, "%"),
    )
    found = stage_of(record)
    assert found.label == "Stage 2"
    assert found.detail == "HbA1c rise from 5 % on 2 May 2026 to 5.6 % on 2 Nov 2026"


def test_whose_rules_these_are_is_said():
    rules = stage_of(whole()).rules
    for part in ("American Diabetes Association", "2020", "for US since 1 Jan 2020"):
        assert part in rules
    assert STAGING.version not in rules
    assert any(STAGING.version in line for line in stage_of(whole()).considered)
    assert described(whole(), spec("GB")).classification.rules == (
        "No staging thresholds have been entered for GB."
    )


def test_before_the_first_edition_none_was_in_force_and_that_is_said():
    early = person(
        *(sample("gad65", on=on) for on in ("2019-01-04", "2019-03-04")),
        now="2019-06-03T09:00:00+02:00",
    )
    found = stage_of(early)
    said = "o staging thresholds entered for US were in force on 3 Jun 2019"
    assert found.detail == f"N{said}"
    assert found.rules == f"N{said}."


def test_notes_tell_what_is_old_untested_and_refused():
    record = person(
        sample("gad65", on="2024-02-10"),
        sample("gad65", on="2024-08-20"),
        sample("ia2"),
        result("rejected_vitamin_d", 30, "ng/mL"),
        genetic("bare_grs"),
    )
    notes = " | ".join(stage_of(record).notes)
    assert "Not tested: IAA, ZnT8A" in notes
    assert "Not yet confirmed: IA-2A" in notes
    assert "GADA: of 20 Aug 2024, older than 183 days" in notes
    assert "1989-3 is Calcidiol" in notes
    assert "Genetic score not used" in notes


def test_hla_is_described_and_read_by_nothing():
    hla = result("hla_dq8", "answer_positive")
    notes = stage_of(whole(hla)).notes
    assert any(note.startswith("HLA DQ8") for note in notes)
    assert features(whole(hla)).values == features(whole()).values


def test_diagnosed_diabetes_is_stage_3_whatever_the_newest_values():
    diagnosed = fhir.condition(
        code=fhir.concept("http://hl7.org/fhir/sid/icd-10-cm", "E10.9"), onsetDateTime="2026-01"
    )
    found = described(whole(diagnosed))
    assert found.classification.label == "Stage 3"
    assert found.worth_saying == ()
    assert found.prompts == ()


def test_a_gap_unsettles_the_stage():
    gap = Gap(
        part=Part.OBSERVATIONS, reason=GapReason.FAILED, label="glucose", detail="", remedy=""
    )
    found = stage_of(dataclasses.replace(whole(), gaps=(gap,)))
    assert not found.settled
    assert any("could not be read" in note for note in found.notes)


def test_every_comparator_says_something_or_why_not_and_never_both():
    for record in (whole(), whole(**STAGE_2), person(), whole(glucose_120=210)):
        found = comparators(record, FREE)
        assert set(found) == {row.id for row in COMPARATORS.rows}
        for one in found.values():
            assert bool(one.said) != bool(one.refused), one.id
            assert one.source
            assert one.published or one.id in UNAVAILABLE


def test_person_a_of_the_evidence_has_the_printed_scores():
    found = comparators(whole())
    assert found["dptrs"].said.startswith("6.37")
    assert found["index60"].said.startswith("0.19")
    assert found["index60"].said.endswith("below 1.00 (candidate pre-diabetes end point)")
    # Figures of the same people are told once with their condition.
    assert (
        "fewer than 10 of 100 within 2 years, fewer than 20 of 100 within 3 years "
        "(Antibody-positive relatives: DPTRS < 6.50)"
    ) in found["dptrs"].said
    assert [(r.years, r.high) for r in found["dptrs"].risks] == [(2.0, 0.1), (3.0, 0.2)]


def test_a_score_past_its_published_limit_says_which():
    high = glucose_test(glucose_60=210, c_peptide_60=4.0, c_peptide_0=1.0, glucose_120=150)
    found = comparators(person(*confirmed("gad65", "ia2"), *high, result("bmi", 18, "kg/m2")))
    assert "at or above 2.00 (peri-diagnostic)" in found["index60"].said
    assert "below" not in found["index60"].said


def test_half_a_person_in_a_hundred_is_rounded_up_and_the_condition_is_named():
    said = comparators(whole(kinds=("gad65",)))["antibody_number"].said
    assert "15 of 100 within 10 years (Children followed from birth, 1 islet" in said
    assert "11 of 100 within 5 years (TEDDY children, genetically selected: 1 auto" in said


def test_only_the_combined_score_has_a_calculator_of_its_authors():
    found = comparators(whole(kinds=("gad65",)))
    assert "calculator" not in found["stage"].remedy
    assert (
        "calculator"
        in comparators(whole(result("first_degree_relative", "answer_positive")))[
            "combined_risk"
        ].remedy
    )


def test_published_risks_come_with_people_source_and_status():
    found = comparators(whole(**STAGE_2))
    assert [(r.years, r.risk) for r in found["stage"].risks] == [(2.0, 0.60), (5.0, 0.75)]
    assert found["stage"].said.startswith("60 of 100 within 2 years")
    assert found["antibody_number"].risks[0].risk == 0.36
    for one in found.values():
        for risk in one.risks:
            assert risk.population
            assert risk.source
            assert isinstance(risk.status, Standing)


def test_a_relative_hazard_is_never_shown_as_a_risk():
    found = comparators(whole(**STAGE_2), FREE)["trialnet_cox"]
    assert "times the hazard of the cohort's reference; no absolute risk published" in found.said
    assert found.risks == ()
    assert "Reference: GRS2 11, IA-2A negative, female" in found.note
    assert "European ancestry" in found.note


def test_beyond_its_cap_the_relative_hazard_is_extrapolated():
    ill = person(
        *confirmed("ia2"),
        *glucose_test(glucose_60=210, c_peptide_60=3, c_peptide_0=1.0),
        result("hba1c", 5.6, "%"),
        result("bmi", 18, "kg/m2"),
        genetic(),
        european(),
    )
    assert comparators(ill, FREE)["trialnet_cox"].said.startswith(
        "more than 20 times (extrapolated)"
    )


def test_without_the_licence_the_relative_hazard_is_refused():
    found = comparators(whole())["trialnet_cox"]
    assert "non-commercial" in found.refused
    assert found.published


def test_the_caveat_of_the_combined_risk_rows_is_shown():
    toddler = person(
        *confirmed("gad65", "ia2"),
        *glucose_test(),
        genetic(value=12.5),
        european(),
        result("first_degree_relative", "answer_positive"),
        born="2024-08-01",
    )
    found = comparators(toddler)["combined_risk"]
    assert [(r.years, r.risk) for r in found.risks] == [(1.0, 0.14), (3.0, 0.36), (5.0, 0.51)]
    assert "does not name the scale of its genetic score" in found.note


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((genetic("grs2x", 13.5), european()), ""),
        ((genetic("grs2x", 13.5),), "European ancestry"),
        ((genetic("grs2x", 13.5), result("genetic_ancestry", "ancestry_african")), "European"),
        ((genetic("grs2", 13.5), european()), "GRS2 cannot stand for GRS2x"),
        ((genetic("bare_grs", 13.5), european()), "bare genetic score"),
    ],
)
def test_a_centile_is_for_grs2x_of_european_ancestry_alone(more, why):
    record = person(*confirmed("gad65", "ia2"), *glucose_test(), *more)
    found = comparators(record)["grs2x_centile"]
    if why:
        assert why.casefold() in found.refused.casefold()
    else:
        assert found.said == "At or above the 90th and below the 95th centile"


def test_both_scores_on_record_serve_each_its_own_comparator():
    record = whole(genetic("grs2x", 13.5))
    found = comparators(record, FREE)
    assert found["grs2x_centile"].said
    assert "Model full" in found["trialnet_cox"].note


def test_the_cut_off_of_another_score_is_refused_on_grs2():
    found = comparators(whole())["merged41"]
    assert "does not apply to GRS2" in found.refused
    assert "multiple antibodies, not diabetes" in found.refused


def test_the_cut_off_is_quoted_for_its_own_score_and_is_no_risk_of_diabetes():
    record = person(*confirmed("gad65"), *glucose_test(), genetic("merged41", 15))
    found = comparators(record)["merged41"]
    assert found.said.startswith("11 of 100")
    assert "several islet antibodies" in found.note
    assert found.risks == ()
    several = person(*confirmed("gad65", "ia2"), *glucose_test(), genetic("merged41", 15))
    assert "has been reached" in comparators(several)["merged41"].refused


def test_a_constant_hazard_is_refused_in_stage_2_and_an_approximation_elsewhere():
    refused = comparators(whole(**STAGE_2))["constant_hazard"]
    assert "60 % was published" in refused.refused
    said = comparators(whole())["constant_hazard"]
    assert said.said.startswith("8.5 of 100 within 1 year (approximation)")
    assert "worked out from 36 of 100 within 5 years (TEDDY children" in said.said
    assert said.risks == ()


@pytest.mark.parametrize(
    "record",
    [
        whole(glucose_120=210),
        whole(result("suspected_type_2_diabetes", "answer_positive")),
        whole(result("anti_cd3_treated", "answer_positive")),
    ],
)
def test_outside_every_population_no_comparator_gives_a_number(record):
    found = comparators(record, FREE)
    assert not [one.id for one in found.values() if one.said]
    assert all(not one.risks for one in found.values())


def test_scores_that_are_not_published_are_named_and_never_approximated():
    found = comparators(whole(), FREE)
    assert {one.id for one in found.values() if not one.published} == UNAVAILABLE
    for name in UNAVAILABLE:
        assert found[name].refused.startswith("Unavailable")
        assert not found[name].said


def topics(record, of=SPEC):
    found: dict[str, list[str]] = {}
    for prompt in described(record, of).prompts:
        found.setdefault(prompt.topic, []).append(prompt.text)
    return found


def test_the_rules_of_the_place_say_what_is_due():
    assert topics(whole())["Monitoring"] == [
        "HbA1c every 3 to 6 months, with or without CGM or an OGTT.",
        "By age, 5 to 18 completed years: every 6 months.",
    ]
    assert topics(whole(**STAGE_2))["Monitoring"] == [
        "HbA1c every 3 months, with intermittent CGM."
    ]
    single = whole(kinds=("gad65",))
    assert "yearly for 3 years" in topics(single)["Monitoring"][0]
    for place in ("", "GB"):
        assert topics(whole(), spec(place)) == {}


def test_every_prompt_says_where_and_since_when_its_rule_holds():
    found = described(whole(**STAGE_2)).prompts
    assert found
    for prompt in found:
        assert prompt.jurisdiction == "US"
        assert isinstance(prompt.effective_from, date)
        assert prompt.source
        assert prompt.status is Standing.VERIFIED


def test_before_its_day_no_rule_speaks():
    early = whole(**STAGE_2, now="2026-11-21T09:00:00+01:00")
    assert topics(early) == {}


def test_a_row_is_switched_on_by_the_place():
    record = person(sample("gad65"))
    assert "Monitoring" not in topics(record)
    on = spec(switched_on=["confirm-antibodies"])
    assert topics(record, on)["Monitoring"] == ["Confirm the antibodies in a second sample."]


ASKED = "What the finding asks for"


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        (
            whole(fasting_glucose=112, glucose_120=210),
            ["Repeat without delay, on another day: 2-hour glucose."],
        ),
        (
            person(sample("gad65"), sample("ia2")),
            ["Confirm in a second sample, on another day: GADA and IA-2A."],
        ),
        (whole(glucose_120=None), ["Measure what is missing: 2-hour glucose."]),
        (
            person(*confirmed("gad65", "ia2")),
            ["Measure what is missing: fasting glucose and 2-hour glucose."],
        ),
        (whole(), []),
        (whole(**STAGE_2), []),
        (whole(kinds=("gad65",), **STAGE_2), []),
        (person(), []),
    ],
)
def test_an_unsettled_stage_says_what_it_asks_for_and_quotes_no_guideline(record, asked):
    found = [p for p in described(record).prompts if p.topic == ASKED]
    assert [p.text for p in found] == asked
    for prompt in found:
        assert prompt.status is Standing.DESIGN
        assert prompt.jurisdiction == ""
        assert "no guideline is quoted" in prompt.source
    assert described(record, spec("GB")).prompts == ()


def test_a_word_about_numbers_is_only_where_there_are_some():
    child = {"born": "2016-11-24"}
    staged = described(whole(**child)).advice
    waiting = described(person(sample("gad65"), **child)).advice
    assert any("of 100 children" in line for line in staged)
    assert not any("100" in line for line in waiting)
    assert set(waiting) < set(staged)


def therapy(record, of=SPEC):
    return next(p for p in described(record, of).prompts if p.topic != "Monitoring")


def test_the_therapy_prompt_is_of_stage_2_alone_with_label_age_and_source():
    assert len(topics(whole())) == 1
    found = therapy(whole(**STAGE_2))
    assert "check every exclusion first" in found.text
    details = " | ".join(found.details)
    assert "8 years" in details
    assert "Check the current label" in details
    assert "TN-10" in details
    assert "secondary" in details
    assert "Exclusions answered: 0 of 12; answer the others below." in details


@pytest.mark.parametrize(
    ("born", "young"), [("2018-11-24", False), ("2018-11-25", True), ("2018-11-23", False)]
)
def test_the_label_age_is_reached_on_the_birthday(born, young):
    found = therapy(whole(**STAGE_2, born=born))
    assert ("Below the youngest age" in found.text) is young


def test_the_place_may_set_another_age():
    one = spec(teplizumab_min_age_years=1)
    found = therapy(whole(**STAGE_2, born="2022-05-01"), one)
    assert "check every exclusion first" in found.text
    assert "setting of this place: 1 years" in found.details[0]


def exclusions(record):
    return [f.rule for f in cautions(record).values() if f.entries]


def test_eligible_is_said_only_after_every_tick():
    record = whole(**STAGE_2)
    asked = exclusions(record)
    answers = tuple(entered(r.entries[0].concept, "answer_negative", record) for r in asked)
    assert "Eligible" in therapy(record.with_entries(answers)).text
    for left_out in range(len(answers)):
        some = (*answers[:left_out], *answers[left_out + 1 :])
        assert "Eligible" not in therapy(record.with_entries(some)).text
    one = entered(asked[0].entries[0].concept, "answer_positive", record)
    applies = therapy(record.with_entries((one, *answers[1:])))
    assert applies.text == "An exclusion of the label applies."
    assert "Exclusions answered: 12 of 12." in applies.details
    assert "Applies: lymphocytes below 1,000/uL." in applies.details


@pytest.mark.parametrize(
    ("born", "people", "spoken"),
    [
        ("2008-11-25", "children", True),
        ("2008-11-24", "adults", False),
        ("1985-03-02", "adults", False),
    ],
)
def test_a_child_is_spoken_of_and_with_as_a_child(born, people, spoken):
    found = described(whole(born=born))
    assert found.people == f"{people} newly found at the same stage with results like these"
    assert bool(found.advice) is spoken
    if spoken:
        assert any("parents" in line for line in found.advice)
        assert "this project's own" in found.advice[-1]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (whole(), []),
        (whole(kinds=("gad65",)), []),
        (whole(kinds=()), []),
        (person(), []),
        (whole(**STAGE_2), ["Stage 2 of type 1 diabetes: 2-hour glucose 160 mg/dL"]),
        (
            whole(fasting_glucose=112, glucose_120=210),
            ["Stage 3 range, unconfirmed: 2-hour glucose 210 mg/dL"],
        ),
        (
            whole(result("symptoms_of_hyperglycaemia", "answer_positive"), glucose_120=210),
            ["Criteria of diabetes (stage 3) are met: 2-hour glucose 210 mg/dL"],
        ),
        (person(sample("gad65")), ["GADA positive in one sample only"]),
        (whole(glucose_120=None), ["Stage 1 is provisional: 2-hour glucose missing"]),
        (person(*confirmed("gad65", "ia2")), ["2 islet antibodies, and no glucose test"]),
    ],
)
def test_a_notice_is_for_what_wants_doing(record, said):
    found = described(record).worth_saying
    assert len(found) == len(said)
    for words, start in zip(found, said, strict=True):
        assert words.startswith(start)
        assert len(words) <= LONGEST


def test_the_most_important_is_said_first():
    record = person(
        sample("gad65", on=FIRST),
        sample("gad65"),
        sample("ia2", on=FIRST),
        sample("ia2"),
        sample("znt8"),
        *glucose_test(glucose_120=210),
    )
    found = described(record).worth_saying
    assert found[0].startswith("Stage 3 range")
    assert found[1].startswith("ZnT8A positive in one sample only")


def test_what_is_long_known_is_not_said_again():
    old = person(*confirmed("gad65", "ia2"), *glucose_test("2026-07-01", glucose_120=160))
    assert described(old).classification.label == "Stage 2"
    assert described(old).worth_saying == ()


def test_the_same_record_gives_the_same_words_and_the_same_digest():
    record = whole()
    digests = {
        input_hash(
            record,
            SPEC,
            features(record),
            described(record),
            "site a",
            criteria=SPEC.eligibility(record, SPEC),
            cautions=SPEC.find_cautions(record, SPEC),
        )
        for _ in range(2)
    }
    assert len(digests) == 1


PIECES = (
    *(
        sample(kind, positive, on=day)
        for kind, positive, day in (
            ("gad65", True, FIRST),
            ("gad65", True, "2026-08-20"),
            ("ia2", True, FIRST),
            ("ia2", True, "2026-08-20"),
            ("znt8", False, "2026-08-20"),
        )
    ),
    *glucose_test(glucose_120=160),
    result("hba1c", 38, "mmol/mol"),
    result("hba1c", 6.7, "%", on="2026-10-02"),
    result("glucose", 230, "mg/dL"),
    result("bmi", 18, "kg/m2"),
    genetic(),
    genetic("bare_grs"),
    genetic("grs2x"),
    genetic("merged41"),
    european(),
    result("symptoms_of_hyperglycaemia", "answer_positive"),
    result("first_degree_relative", "answer_positive"),
    result("rejected_pregnancy_screen", 140, "mg/dL"),
    result("exclusion_lymphocytes", "answer_positive"),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sets(st.integers(0, len(PIECES) - 1)),
    st.sampled_from(["2016-11-24", "2024-02-29", "1960", "1990-05"]),
    st.sampled_from(["male", "female", "unknown", "other"]),
    st.sampled_from([SPEC, FREE, spec("GB"), spec("")]),
)
def test_no_combination_of_what_is_missing_breaks_the_description(chosen, born, sex, of):
    """Whatever a record lacks, there is a stage or a reason, and every part says its source."""
    record = person(*(PIECES[i] for i in sorted(chosen)), born=born, sex=sex)
    found = described(record, of)
    assert found.classification.label
    assert found.classification.detail
    assert all(bool(one.said) != bool(one.refused) for one in found.comparators)
    assert all(len(words) <= LONGEST for words in found.worth_saying)
    assert criteria(record, of)
    assert set(cautions(record, of)) == {rule.id for rule in of.cautions}
    staged = features(record, of).value("stratum")
    assert (staged is None) == (criteria(record, of)["stageable"].state.value != "met")

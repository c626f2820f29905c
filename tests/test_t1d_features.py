"""What the progression decision finds in a FHIR record: values with evidence, refusals in words."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.catalog.t1d_progression.derive.own import own
from decision.catalog.t1d_progression.derive.persons import age_years
from decision.catalog.t1d_progression.units import canonical
from decision.clinical.codes import LOINC, Code
from decision.clinical.features import Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Gap, GapReason, Origin, Part
from decision.rules import causes_before_model
from models.simulate.t1d import COLUMNS, DESIGN, HORIZONS, STRATA
from tests.t1d_records import (
    OGTT,
    SECOND,
    SPEC,
    TEST_DAY,
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
    whole,
)

MMOL = 18.0
NMOL = 3.02029


def missing(record, feature) -> Missing:
    found = features(record)[feature]
    assert isinstance(found, Missing), found
    return found


def test_the_columns_strata_and_horizons_are_those_of_the_model():
    assert tuple(column.id for column in SPEC.columns) == COLUMNS
    assert tuple(stratum.id for stratum in SPEC.strata) == STRATA
    assert SPEC.prognosis.horizons_years == HORIZONS


def test_what_the_model_cannot_do_without_is_required_and_nothing_else_that_it_reads():
    read = {name: column.id for column in SPEC.columns for name in column.inputs}
    required = {read[f.id] for f in SPEC.features if f.required and f.id in read}
    assert required == set(DESIGN.required)


def test_a_whole_record_gives_every_input_of_the_model():
    found = features(whole()).values
    assert {name: round(found[name], 4) for name in ("age", "male", "bmi", "ia2a", "hba1c")} == {
        "age": 10.0,
        "male": 1.0,
        "bmi": 18.0,
        "ia2a": 1.0,
        "hba1c": 5.2,
    }
    assert found["index60"] == pytest.approx(0.1910, abs=5e-5)
    assert found["grs2"] == 13.0
    assert (found["antibody_number"], found["stratum"]) == (2.0, 1.0)


def test_every_finding_says_where_it_comes_from():
    for name, finding in features(whole()).findings:
        if isinstance(finding, Found):
            assert finding.evidence.sources, name
            assert finding.evidence.how, name
        else:
            assert finding.detail.endswith("."), name


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2018-11-24", date(2026, 11, 23), 7.9973),
        ("2018-11-24", date(2026, 11, 24), 8.0),
        ("2018-11-25", date(2026, 11, 24), 7.9973),
        ("2020-02-29", date(2026, 2, 28), 5.9973),
        ("2020-02-29", date(2026, 3, 1), 6.0),
        ("2020-02-29", date(2024, 2, 29), 4.0),
    ],
)
def test_every_birthday_is_a_whole_number_of_years(born, on, years):
    birth = Moment.instant(datetime.fromisoformat(f"{born}T12:00:00+00:00"))
    assert age_years(birth, on) == pytest.approx(years, abs=1e-4)


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 20))
def test_age_grows_by_one_from_birthday_to_birthday(born, years):
    """A fraction of the running year never reaches the next whole one before the day."""
    birth = Moment.instant(datetime(born.year, born.month, born.day, 12, tzinfo=UTC))
    # 1 March is the birthday of the leap day in other years.
    leap = born.month == 2 and born.day == 29
    try:
        day = born.replace(year=born.year + years)
    except ValueError:
        day = date(born.year + years, 3, 1)
    assert age_years(birth, day) == years
    before = date.fromordinal(day.toordinal() - 1)
    assert leap or before < born or age_years(birth, before) < years


@pytest.mark.parametrize(
    ("born", "how"), [("2016", "birth year only"), ("2016-05", "birth month only")]
)
def test_a_birth_date_that_is_not_exact_is_said(born, how):
    found = features(whole(born=born))["age"]
    assert isinstance(found, Found)
    assert how in found.evidence.how


def in_other_units(record_in: str):
    """The whole record in conventional or SI units."""
    si = record_in == "SI"
    results = []
    for name, value in OGTT.items():
        if name.startswith("c_"):
            results.append(result(name, value / NMOL if si else value, "nmol/L" if si else "ng/mL"))
        else:
            results.append(result(name, value / MMOL if si else value, "mmol/L" if si else "mg/dL"))
    hba1c = result("hba1c", 10.929 * (5.2 - 2.15) if si else 5.2, "mmol/mol" if si else "%")
    return person(*confirmed("gad65", "ia2"), *results, hba1c, result("bmi", 18, "kg/m2"))


def test_units_change_no_feature():
    conventional, si = (features(in_other_units(u)).values for u in ("conventional", "SI"))
    assert set(conventional) == set(si)
    for name, value in conventional.items():
        assert si[name] == pytest.approx(value, abs=1e-9), name


@given(
    st.floats(40, 300),
    st.floats(0.3, 15),
    st.floats(0.3, 15),
    st.sampled_from(["mg/dL", "mmol/L"]),
    st.sampled_from([("ng/mL", 1.0), ("ug/L", 1.0), ("nmol/L", NMOL), ("pmol/L", NMOL / 1000)]),
)
def test_index60_is_the_same_in_any_unit(glucose, fasting, after, glucose_unit, peptide):
    """A unit is how a number is written, not how ill somebody is."""
    divisor = MMOL if glucose_unit == "mmol/L" else 1.0
    unit, factor = peptide
    record = person(
        result("glucose_60", glucose / divisor, glucose_unit),
        result("c_peptide_0", fasting / factor, unit),
        result("c_peptide_60", after / factor, unit),
    )
    same = person(
        result("glucose_60", glucose, "mg/dL"),
        result("c_peptide_0", fasting, "ng/mL"),
        result("c_peptide_60", after, "ng/mL"),
    )
    assert features(record).value("index60") == pytest.approx(
        features(same).value("index60"), abs=1e-9
    )


@pytest.mark.parametrize(
    ("value", "unit", "why"),
    [(58, "%", "outside 3 to 20"), (7.5, "mmol/mol", "outside 3 to 20"), (0.075, "1", "unit")],
)
def test_hba1c_in_the_wrong_unit_is_refused_by_the_reader_with_the_reason(value, unit, why):
    found = missing(person(*confirmed("gad65"), result("hba1c", value, unit)), "hba1c")
    assert found.reason is MissingReason.UNUSABLE
    assert why in found.detail


def test_the_newest_test_that_is_complete_counts_and_tests_are_never_mixed():
    partial = glucose_test("2026-11-20", c_peptide_60=None, glucose_60=250)
    record = person(*confirmed("gad65"), *glucose_test(), *partial)
    found = features(record)["index60"]
    assert isinstance(found, Found)
    assert found.value == pytest.approx(0.1910, abs=5e-5)
    assert found.evidence.how == f"glucose test of {TEST_DAY}"


def test_two_different_values_of_one_time_count_as_none():
    other = result("glucose_60", 190, "mg/dL", id="again")
    found = missing(person(*glucose_test(), other), "index60")
    assert "two different values" in found.detail


def test_an_old_test_is_too_old():
    found = missing(person(*glucose_test("2025-10-01")), "index60")
    assert found.reason is MissingReason.TOO_OLD


@pytest.mark.parametrize(("ifcc", "percent"), [(30, 4.9), (38, 5.6), (39, 5.7), (48, 6.5)])
def test_hba1c_from_another_unit_is_told_as_a_laboratory_writes_it(ifcc, percent):
    record = person(*confirmed("gad65"), result("hba1c", ifcc, "mmol/mol"))
    assert features(record).value("hba1c") == percent
    same = person(*confirmed("gad65"), result("hba1c", 5.55, "%"))
    assert features(same).value("hba1c") == 5.55


@given(st.floats(20, 150))
def test_hba1c_has_one_conversion_wherever_it_is_read(ifcc):
    # The reader of FHIR and the equations each have a table: they must not come apart.
    read = person(result("hba1c", ifcc, "mmol/mol")).observed(SPEC.codelists["hba1c"])[0]
    ours = canonical("hba1c", Quantity(value=ifcc, unit="mmol/mol"))
    assert read.value.value == pytest.approx(ours, abs=1e-9)


def test_what_the_clinician_enters_completes_the_newest_test():
    record = person(*confirmed("gad65"), *glucose_test(c_peptide_60=None))
    assert "C-peptide at 60 minutes" in missing(record, "index60").detail
    completed = record.with_entries((entered("c_peptide_60", 6.0, record, "ng/mL"),))
    found = features(completed)["index60"]
    assert isinstance(found, Found)
    assert found.value == pytest.approx(0.1910, abs=5e-5)
    assert "entered" in found.evidence.how


def test_a_test_entered_as_a_whole_is_a_test_of_its_own():
    record = person(*confirmed("gad65"), *glucose_test(glucose_60=200))
    entries = [("glucose_60", 140, "mg/dL"), ("c_peptide_60", 6, "ng/mL"), ("c_peptide_0", 1.2, "")]
    made = tuple(entered(c, v, record, unit or "ng/mL") for c, v, unit in entries)
    found = features(record.with_entries(made))["index60"]
    assert isinstance(found, Found)
    assert found.value == pytest.approx(0.1910, abs=5e-5)
    assert found.evidence.origin is Origin.CLINICIAN


@pytest.mark.parametrize(("text", "counts"), [("75 g glucose", True), ("glucose load", False)])
def test_a_code_without_its_dose_needs_75_g_in_words(text, counts):
    odd = result("ogtt_glucose_120min_dose_unstated", 160, "mg/dL", method={"text": text})
    found = features(person(*confirmed("gad65", "ia2"), odd))["glucose_120"]
    assert isinstance(found, Found) is counts
    if not counts:
        assert "75 g" in found.detail


@pytest.mark.parametrize("text", ["175 g", "75 grains", "7.5 g"])
def test_75_g_is_not_read_into_another_dose(text):
    odd = result("ogtt_glucose_120min_dose_unstated", 160, "mg/dL", method={"text": text})
    assert isinstance(features(person(odd))["glucose_120"], Missing)


@pytest.mark.parametrize(
    ("concept", "feature", "why"),
    [
        ("rejected_pregnancy_screen", "glucose_60", "1504-0"),
        ("rejected_pregnancy_screen", "index60", "1504-0"),
        ("rejected_vitamin_d", "c_peptide_60", "1989-3"),
        ("rejected_vitamin_d", "c_peptide_0", "1989-3"),
        ("rejected_vitamin_d", "index60", "1989-3"),
    ],
)
def test_a_code_that_looks_right_is_refused_by_name(concept, feature, why):
    unit = "mg/dL" if "screen" in concept else "ng/mL"
    found = missing(person(*confirmed("gad65"), result(concept, 140, unit)), feature)
    assert found.reason is MissingReason.UNUSABLE
    assert why in found.detail


def test_a_refused_code_takes_no_real_value_away():
    found = features(whole(result("rejected_pregnancy_screen", 140, "mg/dL")))
    assert found.value("glucose_60") == 140.0


@pytest.mark.parametrize(
    ("score", "why"),
    [
        ("bare_grs", "without its type is refused"),
        ("grs1", "GRS1"),
        ("grs2x", "GRS2x cannot stand for GRS2"),
        ("merged41", "merged 41-variant"),
        ("grs_normalised", "normalised"),
        ("grs2_centile", "centile"),
    ],
)
def test_a_score_that_is_not_grs2_is_refused(score, why):
    value = 0.5 if score == "grs_normalised" else 13
    found = missing(whole_without_score(genetic(score, value), european()), "grs2")
    assert found.reason is MissingReason.UNUSABLE
    assert why.split()[0].casefold() in found.detail.casefold()
    assert "scales differ" in found.detail


def whole_without_score(*more):
    return person(*confirmed("gad65", "ia2"), *glucose_test(), *more)


def test_grs2_beside_another_score_is_read_and_nothing_else():
    record = whole_without_score(genetic("grs1", 9), genetic("grs2", 12.5), european())
    assert features(record).value("grs2") == 12.5


def test_grs2_without_a_version_is_refused():
    found = missing(whole_without_score(genetic(method=None), european()), "grs2")
    assert "version" in found.detail


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "no ancestry is stated"),
        ("ancestry_african", "ancestry African"),
        ("ancestry_other", "ancestry other"),
    ],
)
def test_grs2_is_read_only_where_its_ancestry_is_stated_to_be_european(said, why):
    stated = [] if said is None else [result("genetic_ancestry", said)]
    found = missing(whole_without_score(genetic(), *stated), "grs2")
    assert why in found.detail
    assert "derived in people of European ancestry" in found.detail


def test_ancestry_in_free_text_states_nothing():
    text = result("genetic_ancestry", "ancestry_european")
    text["valueCodeableConcept"] = {"text": "European"}
    assert isinstance(features(whole_without_score(genetic(), text))["grs2"], Missing)


def test_a_single_positive_sample_is_neither_positive_nor_negative():
    found = missing(person(sample("ia2")), "ia2a")
    assert found.reason is MissingReason.UNUSABLE
    assert "not confirmed" in found.detail
    assert found.remedy


def test_a_statement_of_the_clinician_stands_for_all_samples():
    record = person(sample("ia2"))
    stated = record.with_entries((entered("ia2_status", "antibody_confirmed", record),))
    assert features(stated).value("ia2a") == 1.0
    assert features(stated).value("antibody_number") == 1.0
    denied = record.with_entries((entered("ia2_status", "antibody_negative", record),))
    assert features(denied).value("ia2a") == 0.0


def test_a_sample_after_the_statement_counts_for_itself():
    said = result("ia2_status", "antibody_confirmed", on="2025-05-01")
    assert features(person(said)).value("ia2a") == 1.0
    assert features(person(said, sample("ia2", False))).value("ia2a") == 0.0


def test_numbers_of_an_assay_are_judged_by_its_own_limit():
    limits = [{"high": {"value": 5, "unit": "U/mL"}}]
    samples = [
        result("gad65_antibody", 40, "U/mL", on=day, referenceRange=limits)
        for day in ("2026-02-10", SECOND)
    ]
    assert features(person(*samples)).value("gada") == 1.0
    bare = person(result("gad65_antibody", 40, "U/mL"))
    assert "neither a reference range nor" in missing(bare, "gada").detail


def test_not_tested_is_said_with_the_number():
    found = features(person(sample("gad65", on="2026-02-10"), sample("gad65")))["antibody_number"]
    assert isinstance(found, Found)
    assert found.value == 1.0
    assert "not tested: IA-2A, IAA, ZnT8A" in found.evidence.caveat


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (whole(kinds=("gad65",)), 0.0),
        (whole(), 1.0),
        (whole(glucose_120=150), 2.0),
        (person(*confirmed("gad65", "ia2"), result("hba1c", 5.2, "%")), 1.0),
    ],
)
def test_the_stratum_is_that_of_the_stage(record, value):
    assert features(record).value("stratum") == value


@pytest.mark.parametrize(
    ("record", "why", "remedy"),
    [
        (person(sample("gad65")), "Awaiting confirmation", "second sample"),
        (whole(kinds=("gad65",), glucose_120=150), "another cause", ""),
        (person(*confirmed("gad65", "ia2")), "no usable fasting glucose", "Enter fasting"),
        (whole(kinds=()), "no islet autoantibody was found", "Nothing here"),
        (whole(glucose_120=210), "unconfirmed", "Repeat"),
    ],
)
def test_without_a_stratum_the_reason_and_the_remedy_are_said(record, why, remedy):
    found = missing(record, "stratum")
    assert why in found.detail
    assert remedy in found.remedy


def test_what_would_help_is_the_remedy_of_the_abstention():
    record = person(sample("gad65"))
    causes = causes_before_model(SPEC, tuple(criteria(record).values()), features(record))
    assert any("second sample" in cause.remedy for cause in causes)


def gap(*codes) -> Gap:
    return Gap(
        part=Part.OBSERVATIONS,
        reason=GapReason.NOT_PERMITTED,
        label="laboratory results",
        detail="",
        remedy="Ask for access.",
        codes=codes,
    )


def with_gap(record):
    return dataclasses.replace(record, gaps=(gap(),))


def test_what_could_not_be_read_leaves_number_and_stage_open():
    found = features(with_gap(whole()))
    for name in ("antibody_number", "stratum"):
        assert isinstance(found[name], Missing)
        assert found[name].reason is MissingReason.NOT_READ
    silent = features(with_gap(person()))
    for feature in SPEC.features:
        if feature.concepts:
            assert silent[feature.id].reason is MissingReason.NOT_READ, feature.id


def test_the_form_asks_for_everything_an_answer_needs():
    asked = {f.id for f in SPEC.features if f.entry is not None}
    assert {"gada", "ia2a", "iaa", "znt8a", "hba1c", "glucose_60", "c_peptide_0"} <= asked
    for feature in SPEC.features:
        if feature.entry is not None:
            assert feature.entry.concept in feature.concepts, feature.id


def test_results_of_other_kinds_change_nothing():
    record = whole()
    foreign = tuple(
        dataclasses.replace(o, codes=(Code(system=LOINC, code="8480-6"),))
        for o in record.observations
    )
    crowded = dataclasses.replace(record, observations=foreign + record.observations)
    assert features(crowded) == features(record)
    assert described(crowded) == described(record)
    assert own(crowded) == record
    assert own(record) is record


@pytest.mark.parametrize(
    ("other", "confirms"),
    [
        ("2026-08-20T09:00:00+01:00", False),
        ("2026-08", False),
        ("2026", False),
        ("2026-08-21", True),
        ("2026-07", True),
    ],
)
def test_a_second_sample_is_one_that_surely_was_taken_on_another_day(other, confirms):
    again = result("gad65_antibody", "answer_positive", on=other, id="again")
    record = person(result("gad65_antibody", "answer_positive", on="2026-08-20"), again)
    assert features(record).value("antibody_number") == float(confirms)


def test_a_value_of_stage_3_range_is_not_found_again_on_its_own_day():
    again = result("glucose_120", 212, "mg/dL", on=f"{TEST_DAY}T08:30:00+01:00", id="again")
    record = whole(again, glucose_120=210)
    assert "unconfirmed" in criteria(record)["stageable"].detail
    later = result("glucose_120", 212, "mg/dL", on="2026-11-20")
    assert criteria(whole(later, glucose_120=210))["stageable"].detail.startswith("Stage 3:")

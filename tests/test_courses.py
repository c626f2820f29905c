"""How a chart becomes a course: what was begun when, what was known then, how it went."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.charts import reader
from cohorts.courses import courses_of
from cohorts.hindsight import as_it_stood, passed
from decision import catalog
from models.table.schema import endpoint_of

SPEC = catalog.load("ra_biologic_response")
ENDPOINT = endpoint_of(SPEC)
READ = reader(SPEC)
TAKEN = "2026-06-30T00:00:00+00:00"
START = "2025-01-13"
WEEK_24 = "2025-06-30"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC, LOCAL = "http://loinc.org", "urn:treatment-response:local"
DRUGS = {
    "adalimumab": "327361",
    "etanercept": "214555",
    "tocilizumab": "612865",
    "methotrexate": "6851",
}
TESTS = {
    "tender_joints": (LOCAL, "tender-joints-28", "{count}"),
    "swollen_joints": (LOCAL, "swollen-joints-28", "{count}"),
    "patient_global": (LOINC, "75894-6", "{score}"),
    "physician_global": (LOINC, "75846-6", "{score}"),
    "crp": (LOINC, "1988-5", "mg/L"),
}
WELL = {"tender_joints": 1, "swollen_joints": 1, "patient_global": 2, "physician_global": 2}
ILL = {"tender_joints": 9, "swollen_joints": 7, "patient_global": 6, "physician_global": 6}
SUBJECT = {"reference": "Patient/a"}


def patient(**more):
    return {
        "resourceType": "Patient",
        "id": "a",
        "gender": "female",
        "birthDate": "1970-02-03",
    } | more


def arthritis(**more):
    return {
        "resourceType": "Condition",
        "id": "ra",
        "subject": SUBJECT,
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "verificationStatus": coded(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "code": coded("http://snomed.info/sct", "69896004"),
        "onsetDateTime": "2015-03-02",
    } | more


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def order(name, start, end="", *, number=1, status="", why=""):
    period = {"start": start} | ({"end": end} if end else {})
    resource = {
        "resourceType": "MedicationRequest",
        "id": f"{name}-{number}",
        "subject": SUBJECT,
        "status": status or ("stopped" if end else "active"),
        "intent": "order",
        "authoredOn": start,
        "medicationCodeableConcept": coded(RXNORM, DRUGS[name]),
        "dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}}],
    }
    if why:
        resource["statusReason"] = coded(LOCAL, why)
    return resource


def visit(day, values, tag=""):
    found = []
    for name, value in values.items():
        system, code, unit = TESTS[name]
        found.append(
            {
                "resourceType": "Observation",
                "id": f"{name}-{day}{tag}".replace(":", "-").replace("+", "-").replace("_", "-"),
                "subject": SUBJECT,
                "status": "final",
                "code": coded(system, code),
                "effectiveDateTime": day,
                "valueQuantity": {
                    "value": value,
                    "unit": unit,
                    "system": "http://unitsofmeasure.org",
                    "code": unit,
                },
            }
        )
    return found


def chart(*more, drug="adalimumab"):
    base = [patient(), arthritis(), order("methotrexate", "2016-01-04"), *visit("2025-01-10", ILL)]
    if drug:
        base.append(order(drug, START))
    return tuple([*base, *more])


def found(resources):
    left: Counter[str] = Counter()
    return list(courses_of(tuple(resources), TAKEN, READ, ENDPOINT, left)), left


def test_a_drug_that_was_begun_is_a_course_with_what_was_known_that_day():
    (course,), left = found(chart(*visit(WEEK_24, WELL)))
    assert (course.treatment, course.start) == ("tnfi", date(2025, 1, 13))
    assert course.features.value("tender_joints") == 9
    assert course.features.value("prior_tnfi_count") == 0  # the drug itself is not an earlier one
    assert course.features.value("monotherapy") == 0
    assert course.features.value("age") == 54
    assert (course.visit, course.components) == (date(2025, 6, 30), WELL)
    assert course.stopped is None
    assert left == {}


def test_nothing_after_the_index_day_is_known():
    later = [*visit("2025-01-14", {"crp": 80}), *visit("2025-01-14T07:00:00+13:00", ILL, "b")]
    (course,), _ = found(chart(*later, *visit(WEEK_24, WELL)))
    assert course.features.value("crp") is None
    assert course.features.value("tender_joints") == 9


def test_what_was_measured_on_the_index_day_in_any_zone_is_known():
    for written in ("2025-01-13", "2025-01-13T21:30:00-06:00", "2025-01-13T08:00:00+09:00"):
        (course,), _ = found(chart(*visit(written, {"crp": 31})))
        assert course.features.value("crp") == 31


def test_why_the_drug_was_stopped_later_is_not_known_at_its_start():
    ended = order("adalimumab", START, "2025-04-01", why="primary-failure")
    (course,), _ = found(chart(ended, drug=""))
    assert course.features.value("primary_failure") == 0  # none was taken before
    assert course.stopped == date(2025, 4, 1)


def test_a_drug_that_was_given_up_later_was_being_taken():
    early = [r for r in chart() if r["id"] != "methotrexate-1"]
    (course,), _ = found([*early, order("methotrexate", "2016-01-04", "2025-03-01")])
    assert course.features.value("monotherapy") == 0


def test_a_drug_that_was_given_up_before_was_not():
    early = [r for r in chart() if r["id"] != "methotrexate-1"]
    (course,), _ = found([*early, order("methotrexate", "2016-01-04", "2024-03-01")])
    assert course.features.value("monotherapy") == 1


def test_a_drug_stopped_on_no_stated_day_leaves_open_what_was_taken():
    early = [r for r in chart() if r["id"] != "methotrexate-1"]
    undated = order("methotrexate", "2016-01-04", status="stopped")
    (course,), _ = found([*early, undated])
    assert course.features.value("monotherapy") is None


def test_a_second_drug_of_the_class_is_a_course_of_its_own_and_ends_the_first():
    switched = [
        order("etanercept", "2025-09-01"),
        *visit("2025-08-29", ILL),
        *visit("2026-02-16", WELL),
    ]
    (first, second), _ = found(chart(*switched))
    assert first.stopped == date(2025, 9, 1)
    assert second.start == date(2025, 9, 1)
    assert second.features.value("prior_tnfi_count") == 1
    assert second.visit == date(2026, 2, 16)


def test_orders_of_one_drug_with_a_late_refill_are_one_course_and_a_restart_is_none():
    orders = [
        order("adalimumab", START, "2025-04-01", number=1),
        order("adalimumab", "2025-05-20", "2025-09-01", number=2),
        order("adalimumab", "2026-03-01", number=3),
    ]
    (course,), _ = found(chart(*orders, drug=""))
    assert (course.start, course.stopped) == (date(2025, 1, 13), date(2025, 9, 1))


def test_two_classes_begun_on_one_day_make_no_course():
    courses, left = found(chart(order("tocilizumab", START)))
    assert courses == []
    assert left == {"two treatments begun on one day": 2}


@pytest.mark.parametrize("start", ["2025-01", "2025"])
def test_a_start_known_to_the_month_only_makes_no_course(start):
    courses, left = found(chart(order("adalimumab", start), drug=""))
    assert courses == []
    assert left == {"start not known to the day": 1}


def test_a_course_that_the_page_would_have_refused_is_left_out_with_its_reason():
    well = [r for r in chart() if r["resourceType"] != "Observation"]
    assert found([*well, *visit("2025-01-10", WELL)]) == (
        [],
        {"not for this decision: active_disease": 1},
    )
    assert found(well)[1] == {"nothing of the outcome was measured at the start": 1}
    high = [*chart(), *visit("2025-01-10", {"crp": 700}, "high")]
    assert found(high)[1] == {"outside what answers are given for: crp": 1}


def test_a_planned_drug_is_no_course():
    draft = order("adalimumab", START, status="draft")
    assert found(chart(draft, drug="")) == ([], {})


def test_the_visit_nearest_to_the_target_week_with_all_components_counts():
    part = {k: v for k, v in ILL.items() if k != "physician_global"}
    days = {"2025-06-02": ILL, "2025-06-27": part, "2025-07-04": WELL, "2025-07-25": ILL}
    (course,), _ = found(chart(*(r for day, values in days.items() for r in visit(day, values))))
    assert (course.visit, course.components) == (date(2025, 7, 4), WELL)


@pytest.mark.parametrize("day", ["2025-05-30", "2025-08-01"])
def test_a_visit_outside_the_window_is_none(day):
    (course,), _ = found(chart(*visit(day, WELL)))
    assert (course.visit, course.components) == (None, {})


@pytest.mark.parametrize("day", ["2025-06-02", "2025-07-28"])
def test_the_window_holds_its_first_and_last_day(day):
    (course,), _ = found(chart(*visit(day, WELL)))
    assert course.visit == date.fromisoformat(day)


def test_components_of_two_days_make_no_visit():
    halves = [
        *visit("2025-06-27", {k: WELL[k] for k in ("tender_joints", "swollen_joints")}),
        *visit("2025-06-30", {k: WELL[k] for k in ("patient_global", "physician_global")}),
    ]
    (course,), _ = found(chart(*halves))
    assert course.visit is None


def test_death_ends_the_course_and_is_not_known_at_its_start():
    died = [r for r in chart() if r["resourceType"] != "Patient"]
    (course,), left = found([patient(deceasedDateTime="2025-03-03"), *died])
    assert course.stopped == date(2025, 3, 3)
    assert left == {}


def test_a_diagnosis_recorded_later_was_not_known_and_one_resolved_later_was_active():
    def standing(**more):
        return as_it_stood([arthritis(**more)], START)

    assert standing(recordedDate="2025-02-01") == ()
    assert len(standing(recordedDate="2024-02-01")) == 1
    without = {k: v for k, v in arthritis().items() if k != "onsetDateTime"}
    assert as_it_stood([without], START) == ()
    (then,) = standing(
        abatementDateTime="2025-06-01",
        clinicalStatus=coded(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved"
        ),
    )
    assert then["clinicalStatus"]["coding"][0]["code"] == "active"
    assert "abatementDateTime" not in then
    (then,) = standing(abatementDateTime="2024-06-01")
    assert "abatementDateTime" in then


def test_nothing_that_was_given_is_changed():
    """The same resources serve every course of a chart."""
    ended = order("methotrexate", "2016-01-04", "2025-03-01", number=2)
    before = repr(ended)
    as_it_stood([ended], START)
    assert repr(ended) == before


@given(
    st.dates(date(1990, 1, 1), date(2030, 12, 31)), st.dates(date(1990, 1, 1), date(2030, 12, 31))
)
def test_a_day_has_passed_when_it_is_not_later_and_less_exact_dates_pass_later(written, day):
    """A month passes with its last day, never before any of its days; a year likewise."""
    exact = passed(written.isoformat(), day.isoformat())
    assert exact == (written <= day)
    if passed(written.isoformat()[:7], day.isoformat()):
        assert exact
    if passed(written.isoformat()[:4], day.isoformat()):
        assert passed(written.isoformat()[:7], day.isoformat())


def test_what_has_no_date_has_not_passed():
    assert not passed("", START)
    assert as_it_stood([{"resourceType": "Observation", "id": "x"}], START) == ()

"""What becomes of an Observation: used, marked, or left out with a reason."""

from __future__ import annotations

import pytest

from decision.clinical.codes import LOCAL, Code
from decision.clinical.quantities import Precision, Quantity
from decision.clinical.record import IssueKind
from tests.fhir_builders import LOINC, SNOMED, concept, kinds, observation, quantity, record_of


def test_a_plain_result_becomes_an_observation_with_its_source():
    record = record_of(observation(meta={"versionId": "3"}))
    result = record.observations[0]

    assert result.source.reference == "Observation/o1"
    assert result.source.version == "3"
    assert result.status == "final"
    assert result.effective.day_text == "2026-11-02"
    assert record.issues == ()


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_withdrawn_result_is_left_out_and_named(status):
    record = record_of(observation(status=status))

    assert record.observations == ()
    assert kinds(record) == [IssueKind.ENTERED_IN_ERROR]


@pytest.mark.parametrize("status", ["registered", "unknown", "bogus", "", None, 7])
def test_a_status_that_is_no_result_gives_no_value(status):
    record = record_of(observation(status=status))

    assert record.observations == ()
    assert kinds(record) == [IssueKind.NO_VALUE if status == "registered" else IssueKind.MALFORMED]


def test_a_preliminary_result_is_used_and_marked():
    record = record_of(observation(status="preliminary"))

    assert record.observations[0].status == "preliminary"
    assert kinds(record) == [IssueKind.PRELIMINARY]


def test_a_final_result_replaces_the_preliminary_one_of_its_day():
    record = record_of(
        observation("o1", status="preliminary"),
        observation("o2", valueQuantity=quantity(18, "mg/L")),
    )

    assert [o.value for o in record.observations] == [Quantity(value=18.0, unit="mg/L")]
    assert IssueKind.CONFLICT not in kinds(record)


def test_a_reason_for_absence_is_an_absence_whatever_else_is_there():
    absent = concept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "error")

    for more in ({}, {"valueQuantity": quantity(12, "mg/L")}):
        record = record_of(observation(dataAbsentReason=absent, **more))
        assert record.observations == ()
        assert kinds(record) == [IssueKind.NO_VALUE]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"valueString": "12 mg/L"}, IssueKind.NO_VALUE),
        ({"valueQuantity": {"unit": "mg/L"}}, IssueKind.NO_VALUE),
        ({"valueQuantity": quantity("12", "mg/L")}, IssueKind.NO_VALUE),
        ({"valueQuantity": quantity(True, "mg/L")}, IssueKind.NO_VALUE),
        ({"valueQuantity": quantity(10**400, "mg/L")}, IssueKind.NO_VALUE),
        ({"valueQuantity": quantity(12, "mg/L", comparator="~")}, IssueKind.MALFORMED),
        ({"valueQuantity": [quantity(12, "mg/L")]}, IssueKind.NO_VALUE),
        ({"valueQuantity": quantity(1, "mg/L"), "valueInteger": 1}, IssueKind.MALFORMED),
        ({"valueRatio": {}}, IssueKind.NO_VALUE),
        ({"valueCodeableConcept": concept(SNOMED, "260385009")}, IssueKind.NO_VALUE),
    ],
)
def test_a_value_that_cannot_be_read_is_not_guessed(value, kind):
    record = record_of(observation(**value))

    assert record.observations == ()
    assert kinds(record) == [kind]


def test_the_parts_of_a_panel_are_read_each_under_its_own_code():
    panel = observation(
        code=(LOINC, "75635-3"),
        component=[
            {"code": concept(LOCAL, "tender-joints-28"), "valueInteger": 8},
            {"code": concept(LOCAL, "swollen-joints-28"), "valueQuantity": quantity(6, "{count}")},
            {"code": concept(LOCAL, "haq-di"), "dataAbsentReason": concept("x", "unknown")},
        ],
    )
    record = record_of(panel)

    assert {o.codes[0].code: o.value.value for o in record.observations} == {
        "tender-joints-28": 8.0,
        "swollen-joints-28": 6.0,
    }
    assert {o.source.reference for o in record.observations} == {"Observation/o1"}
    assert kinds(record) == [IssueKind.NO_VALUE]


def test_coded_written_and_yes_no_answers_are_kept_as_such():
    record = record_of(
        observation("o1", (LOINC, "72166-2"), valueCodeableConcept=concept(SNOMED, "266919005")),
        observation("o2", (LOINC, "53027-9"), valueString="positive"),
        observation("o3", (LOCAL, "ms-in-first-degree-relative"), valueBoolean=False),
    )

    assert [o.value for o in record.observations] == [
        Code(system=SNOMED, code="266919005"),
        "positive",
        False,
    ]


def test_our_own_answer_goes_before_other_codings_of_the_same_answer():
    answer = concept(SNOMED, "266919005")
    answer["coding"].append({"system": LOCAL, "code": "not-current-smoker"})
    record = record_of(observation(code=(LOINC, "72166-2"), valueCodeableConcept=answer))

    assert record.observations[0].value == Code(system=LOCAL, code="not-current-smoker")


def test_a_number_of_a_test_nobody_uses_is_passed_over_in_silence():
    record = record_of(observation(code=(LOINC, "8302-2"), valueQuantity=quantity(177, "furlong")))

    assert (record.observations, record.issues) == ((), ())


def test_a_mistyped_code_is_named_with_its_remedy():
    record = record_of(observation(code=(LOINC, "32218-9")))

    assert record.observations == ()
    assert kinds(record) == [IssueKind.INVALID_CODE]
    assert "32218-9" in record.issues[0].detail


def test_two_tests_in_one_result_are_no_result():
    both = concept(LOINC, "1988-5")
    both["coding"].append({"system": LOINC, "code": "4537-7"})
    record = record_of(observation() | {"code": both})

    assert record.observations == ()
    assert kinds(record) == [IssueKind.MALFORMED]


def test_a_code_system_is_known_under_its_oid_too():
    record = record_of(observation(code=("urn:oid:2.16.840.1.113883.6.1", "1988-5")))

    assert record.observations[0].codes == (Code(system=LOINC, code="1988-5"),)


def test_zero_width_characters_and_lone_surrogates_do_not_reach_the_page():
    odd = observation()
    odd["code"] = {
        "coding": [{"system": LOINC, "code": "1988-5", "display": "C\u200b-reactive\ud800"}],
        "text": " CRP\u200b ",
    }
    result = record_of(odd).observations[0]

    assert result.text == "CRP"
    assert result.codes[0].display == "C-reactive"


def test_the_method_is_part_of_the_text_because_some_codes_need_it():
    joints = observation(
        code=(LOINC, "88983-2"),
        valueInteger=7,
        method={"text": "28-joint count"},
    )

    assert "28-joint count" in record_of(joints).observations[0].text


@pytest.mark.parametrize(
    ("times", "day", "expected"),
    [
        ({"effectivePeriod": {"start": "2026-11-01", "end": "2026-11-03"}}, "2026-11-01", []),
        ({"effectivePeriod": {"start": "2026-11-01"}}, "2026-11-01", []),
        ({"effectiveInstant": "2026-11-02T08:00:00Z"}, "2026-11-02", []),
        ({"issued": "2026-11-02T08:00:00Z"}, "2026-11-02", [IssueKind.INCOMPLETE]),
        (
            {"effectiveDateTime": "2026-11-31", "issued": "2026-12-01T08:00:00Z"},
            "2026-12-01",
            [IssueKind.UNUSABLE_DATE, IssueKind.INCOMPLETE],
        ),
        ({"effectiveDateTime": "2026-11-02T08:00:00"}, "2026-11-02", [IssueKind.UNZONED_TIME]),
    ],
)
def test_the_time_of_a_result(times, day, expected):
    record = record_of(observation(**({"effectiveDateTime": None} | times)))

    assert record.observations[0].effective.day_text == day
    assert kinds(record) == expected


@pytest.mark.parametrize(
    "times",
    [
        {},
        {"effectiveDateTime": "last week"},
        {"effectivePeriod": {"end": "2026-11-03"}},
        {"effectivePeriod": {"start": "2026-11-03", "end": "2026-11-01"}},
    ],
)
def test_a_result_without_a_usable_time_is_not_used(times):
    record = record_of(observation(**({"effectiveDateTime": None} | times)))

    assert record.observations == ()
    assert IssueKind.UNUSABLE_DATE in kinds(record)


def test_a_partial_date_stays_partial():
    result = record_of(observation(effectiveDateTime="2026")).observations[0]

    assert result.effective.precision is Precision.YEAR
    assert result.effective.day_text == "2026"


def test_a_refused_value_keeps_its_time_so_that_an_older_one_is_not_used_without_a_word():
    record = record_of(observation(valueQuantity=quantity(7, "arb/L")))

    assert [i.effective.day_text for i in record.issues if i.effective] == ["2026-11-02"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_count_under_its_own_code_and_a_wider_one_is_one_count(turned):
    """As our own results carry them; the wider code alone does not say which joints."""
    codes = [
        {"system": "http://loinc.org", "code": "88981-6"},
        {"system": "urn:treatment-response:local", "code": "tender-joints-28"},
    ]
    said = {"coding": codes[::-1] if turned else codes}

    def read(value):
        counted = {**observation(valueQuantity=quantity(value, "{count}")), "code": said}
        return record_of(counted)

    assert read(4).issues == ()
    assert [o.value.value for o in read(4).observations] == [4]
    assert read(40).observations == ()

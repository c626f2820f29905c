"""The Patient itself: who the banner says it is, whether alive, and whether the one to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.catalog.ra_biologic_response.eligibility import alive
from decision.clinical.quantities import Precision
from decision.clinical.record import IssueKind
from fhir.errors import BundleError
from fhir.fields import clean
from tests.builders import make_spec
from tests.fhir_builders import concept, kinds, observation, patient, record_of

MR = concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR")
ENDED, RUNNING = {"end": "2026-11-01"}, {"end": "2026-12-31"}  # the record is of 2026-11-16


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"use": "old", "family": "Before"}, {"use": "usual", "family": "Now"}], "Now"),
        ([{"use": "old", "family": "Before"}], "(no name recorded)"),
        (
            [
                {"use": "official", "family": "Before", "period": ENDED},
                {"use": "usual", "family": "Now"},
            ],
            "Now",
        ),
        ([{"use": "official", "family": "Now", "period": RUNNING}], "Now"),
        ([{"use": "usual", "family": "Short"}, {"use": "official", "family": "Full"}], "Full"),
        ([{"given": ["Ada"], "family": "Now", "suffix": ["Jr."]}], "Ada Now Jr."),
    ],
)
def test_the_banner_shows_the_name_that_holds_now_with_its_suffix(names, shown):
    assert record_of(patient(name=names)).identity.name == shown


@pytest.mark.parametrize(
    ("numbers", "shown", "issues"),
    [
        ([{"value": "1", "use": "old"}, {"value": "2"}], "2", []),
        ([{"value": "1", "period": ENDED}, {"value": "2", "period": RUNNING}], "2", []),
        ([{"value": "2", "system": "a"}, {"value": "2", "system": "b"}], "2", []),
        ([{"value": "1"}, {"value": "2"}], "", [IssueKind.CONFLICT]),
        ([{"value": "1", "use": "old"}], "", []),
    ],
)
def test_the_banner_shows_the_one_current_record_number_or_none(numbers, shown, issues):
    record = record_of(patient(identifier=[{"type": MR, **number} for number in numbers]))

    assert record.identity.record_number == shown
    assert kinds(record) == issues


def test_a_death_without_a_date_reads_as_one():
    record = record_of(patient(deceasedBoolean=True))

    assert record.deceased.precision is Precision.UNKNOWN
    assert record.deceased.day_text == "an unrecorded date"
    assert "death on an unrecorded date: for review" in alive(record, make_spec()).detail


@pytest.mark.parametrize("stated", ["true", 1, None, {}])
def test_a_death_neither_stated_nor_denied_is_doubted(stated):
    record = record_of(patient(deceasedBoolean=stated))

    assert record.deceased is None
    assert kinds(record) == [IssueKind.MALFORMED]


@pytest.mark.parametrize(
    ("more", "says", "remedy"),
    [
        (
            {"link": [{"other": {"reference": "Patient/p2"}, "type": "replaced-by"}]},
            "another record has replaced",
            "surviving record",
        ),
        ({"modifierExtension": [{"url": "https://x"}]}, "changes its meaning", "at its source"),
    ],
)
def test_a_patient_who_is_not_the_one_to_read_stops_the_file(more, says, remedy):
    with pytest.raises(BundleError, match=says) as refused:
        record_of(patient(**more), observation())

    assert remedy in refused.value.remedy
    assert "Patient/p" not in refused.value.message


@pytest.mark.parametrize(
    "more",
    [
        {"active": False},
        {"active": "false"},
        {"link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}]},
        {"link": [{"other": {"reference": "Patient/p0"}, "type": "refer"}]},
    ],
)
def test_a_chart_that_may_not_be_whole_is_read_with_a_doubt(more):
    record = record_of(patient(**more), observation())

    assert len(record.observations) == 1
    assert kinds(record) == [IssueKind.INCOMPLETE]


def test_no_message_repeats_the_id_of_the_patient():
    # hospitals have been seen to use the record number as the id of the Patient
    person = patient(birthDate="soon", deceasedBoolean=True, active=False)
    record = record_of(person, person)
    assert {i.reference for i in record.issues} == {"the Patient"}


@given(st.text(max_size=20))
def test_no_invisible_character_reaches_a_page(words):
    # marks that reverse or hide text can make one name look like another; lone surrogates crash
    shown = clean(words)
    shown.encode()
    assert not [c for c in shown if c in "\u061c\u202e\u2066\u2069\u00ad\ufeff\u0007\u180e"]


@pytest.mark.parametrize("mark", ["\u061c", "\u2066", "\u00ad", "\u180e", "\x85", "\U000e0041"])
def test_invisible_marks_are_dropped_by_their_kind_not_by_a_list(mark):
    record = record_of(patient(name=[{"family": f"Zeb{mark}ulon"}]))

    assert record.identity.name == "Zebulon"

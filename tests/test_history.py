"""A drug history as a clinician tells it: from the record's courses, shortest form that holds."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.summary import NO_HISTORY
from decision.evidence.history import courses, failed, stopped, told
from tests.clinical_records import AS_OF, SPEC, medication, record


def history(*drugs, spec=SPEC):
    return [told(c) for c in courses(record(medications=drugs), spec)]


def test_what_is_taken_comes_before_what_was_stopped_and_the_newest_first():
    assert history(
        medication("etanercept", "stopped", start="2020-01-02", end="2022-05-06"),
        medication("methotrexate", start="2021-02-03"),
        medication(
            "adalimumab",
            "stopped",
            start="2026-03-02",
            end="2026-10-22",
            stop="stop_primary_failure",
        ),
        medication("sulfasalazine", start="2025-02-03"),
    ) == [
        "Sulfasalazine since Feb 2025.",
        "Methotrexate since Feb 2021.",
        "Adalimumab Mar–Oct 2026, stopped: primary failure.",
        "Etanercept Jan 2020–May 2022, stopped.",
    ]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-03-02", "2026-03-22", "Adalimumab Mar 2026, stopped."),
        ("2026-03", "2026-10", "Adalimumab Mar–Oct 2026, stopped."),
        ("2025", "2026", "Adalimumab 2025–2026, stopped."),
        ("2026", "2026-10", "Adalimumab 2026–Oct 2026, stopped."),
        ("", "2026-10", "Adalimumab Oct 2026, stopped."),
        ("2026-03", "", "Adalimumab from Mar 2026, stopped."),
        ("", "", "Adalimumab, stopped."),
    ],
)
def test_a_period_is_as_exact_as_the_record_and_no_more(start, end, said):
    assert history(medication("adalimumab", "stopped", start=start, end=end)) == [said]


def test_renewed_prescriptions_are_one_course_and_a_pause_makes_two():
    first = medication("methotrexate", "stopped", start="2021-02-03", end="2022-02-03")
    renewed = medication("methotrexate", start="2022-02-20")
    later = medication("methotrexate", start="2024-02-20")
    assert history(first, renewed) == ["Methotrexate since Feb 2021."]
    assert history(first, later) == [
        "Methotrexate since Feb 2024.",
        "Methotrexate Feb 2021–Feb 2022, stopped.",
    ]


def test_a_drug_that_was_stopped_for_a_reason_and_begun_again_is_told_twice():
    first = medication(
        "methotrexate", "stopped", start="2021-02-03", end="2022-02-03", stop="stop_adverse_event"
    )
    again = medication("methotrexate", start="2022-02-20")
    assert len(history(first, again)) == 2


def test_what_is_only_planned_or_no_drug_of_the_decision_is_no_history():
    assert history(medication("adalimumab", "planned"), medication("nsaid")) == []
    nothing = dataclasses.replace(SPEC, history=NO_HISTORY)
    assert history(medication("methotrexate"), spec=nothing) == []


def test_free_text_is_no_reason():
    course = medication("adalimumab", "stopped", start="2026-03", stop_text="no longer worked")
    assert history(course) == ["Adalimumab from Mar 2026, stopped."]
    assert failed(record(medications=[course]), SPEC, "tnfi") == ()


@pytest.mark.parametrize(
    ("end", "when"),
    [
        ("2026-10-14", " on 14 Oct 2026"),
        ("2026-10", " in Oct 2026"),
        ("2026", " in 2026"),
        ("", ""),
    ],
)
def test_when_a_drug_failed_is_as_exact_as_the_record(end, when):
    course = medication(
        "tocilizumab", "stopped", start="2025-01-07", end=end, stop="stop_secondary_failure"
    )
    (found,) = failed(record(medications=[course]), SPEC, "il6i")
    assert stopped(found) == f"Tocilizumab was stopped{when}: secondary failure."


DRUGS = st.builds(
    medication,
    st.sampled_from(SPEC.history.drugs),
    st.sampled_from(["active", "stopped", "planned"]),
    start=st.sampled_from(["", "2019", "2021-02", "2024-05-06", "2030-01-01"]),
    end=st.sampled_from(["", "2022", "2025-12-31"]),
    stop=st.sampled_from(["", *(reason.id for reason in SPEC.history.stop_reasons)]),
)


@given(st.lists(DRUGS, max_size=8))
def test_each_begun_exposure_is_told_exactly_once_and_in_order(drugs):
    """A drug told twice reads as two drugs, and one left out as never taken."""
    taken = record(medications=drugs)
    found = courses(taken, SPEC)
    references = [r for c in found for r in c.references]
    begun = [
        m for m in drugs if m.state != "planned" and (m.start is None or m.start.earliest <= AS_OF)
    ]
    assert sorted(references) == sorted(m.source.reference for m in begun)
    assert [c.taken for c in found] == sorted((c.taken for c in found), reverse=True)
    for treatment in SPEC.treatments:
        assert all(c.reason.against and not c.taken for c in failed(taken, SPEC, treatment.id))

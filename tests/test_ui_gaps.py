"""What could not be read: named, with what it means, and never taken for what is not there."""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.gaps import UncheckedCaution, UnreadCriterion
from decision.clinical.quantities import Moment
from decision.clinical.record import ExpressionFile, Gap, GapReason, Part, Source
from decision.clinical.spec import Eligibility, Presence
from decision.evidence.unread import overshadowed, unread
from decision.ui.texts import gaps as words
from tests.builders import AS_OF, newest
from tests.fakes import (
    COMPLETE,
    FEATURES,
    OPEN_RULE,
    FakeSource,
    LaunchDoors,
    codelist,
    finding,
    launched,
    observe,
    page_record,
    page_services,
    page_spec,
)
from tests.screens import arrive, bodies, go, opened, press, shown

CRP_CODES = tuple(e.code for e in codelist("crp").entries)


def gap(reason=GapReason.NOT_PERMITTED, label="C-reactive protein", codes=CRP_CODES):
    return Gap(
        part=Part.OBSERVATIONS,
        reason=reason,
        label=label,
        detail="The server answered 403",
        remedy="Ask for the scope patient/Observation.rs.",
        codes=codes,
    )


def aware(record, feature, codelists):
    """As the decisions derive: what lies in a gap is not known to be absent."""
    lists = codelists[feature.concepts[0]]
    found = newest(record, feature, codelists)
    return overshadowed(found, unread(record, Part.OBSERVATIONS, lists))


def cautions_of(record, spec):
    open_ = finding(OPEN_RULE, Presence.NOT_FOUND)
    if not record.gaps:
        return (open_,)
    values = {f.name: getattr(open_, f.name) for f in dataclasses.fields(open_)}
    return (UncheckedCaution(**values, gaps=record.gaps),)


def spec(**changes):
    features = tuple(dataclasses.replace(f, derive=aware) for f in FEATURES)
    return page_spec(features=features, find_cautions=cautions_of, **changes)


def page(*gaps, observations=COMPLETE[:1], path="patient", **changes):
    record = page_record("p1", *observations, gaps=gaps, **changes)
    return go(opened(page_services(record, spec=spec())), path)


def test_a_record_read_whole_has_no_box():
    at = page()
    assert words.TITLE not in shown(at)
    assert "Read the record again" not in [b.label for b in at.button]


def test_the_box_names_what_why_what_it_means_and_what_to_do_above_the_answer():
    body, said = bodies(page(gap())), shown(page(gap()))
    assert "Test results and scores (laboratory) could not be read: not permitted." in said
    assert "The estimate does without: CRP." in said
    assert "1 caution not checked." in said
    assert "Ask for the scope patient/Observation.rs." in said
    assert "403" not in said
    assert "403" in shown(page(gap(), path="data"))
    assert body.index("tr-strip") < body.index("tr-gaps") < body.index(">Cautions<")


@pytest.mark.parametrize("reason", list(GapReason))
def test_each_reason_has_its_own_words_in_the_row_of_the_input(reason):
    at = page(gap(reason), path="data")
    row = bodies(at).split('<th scope="row">CRP<')[1].split("</tr>")[0]
    assert f">{words.REASONS[reason]}<" in row
    assert "not found in the record" not in row
    assert len(set(words.REASONS.values())) == len(GapReason)


def test_a_value_in_use_is_marked_where_a_newer_one_may_exist():
    said = shown(page(gap(), observations=COMPLETE))
    assert "In use, though newer results may exist: CRP." in said
    assert "CRP: newer or other entries may exist that could not be read." in said


def test_a_gap_that_nothing_rests_on_says_that_it_changes_nothing():
    other = gap(codes=tuple(dataclasses.replace(c, code="other") for c in CRP_CODES))
    record = page_record("p1", *COMPLETE, gaps=(other,))
    calm = dataclasses.replace(spec(), find_cautions=lambda record, spec: ())
    assert words.NO_CONSEQUENCE in shown(opened(page_services(record, spec=calm)))


def test_searches_that_ended_alike_are_told_together():
    searched = (gap(label="CRP tests"), gap(label="joint counts"))
    said = shown(page(*searched, path="data"))
    assert "CRP tests; joint counts could not be read (not permitted)." in said.split("What is")[1]
    said = shown(page(*searched))
    assert said.count("could not be read: not permitted") == 1
    assert "CRP tests" not in said
    assert "joint counts" not in said


EVERYTHING = dataclasses.replace(gap(GapReason.FAILED, codes=()), remedy="Read it again.")


def test_a_part_that_was_lost_is_one_paragraph_in_clinical_words_with_a_button():
    """However many searches it took: a clinician thinks in joint counts, not in requests."""
    pieces = (dataclasses.replace(EVERYTHING, label=f"search {n}", detail=f"50{n}") for n in "123")
    at = page(*pieces, observations=())
    said = shown(at)
    assert (
        "Test results and scores (clinical findings, laboratory) could not be read: the chart's "
        "server failed. No estimate. 1 caution not checked." in said
    )
    for not_said in ("search 1", "50", "Read it again.", "C-reactive protein"):
        assert not_said not in said.split("Cautions")[0].split("Part of the record")[1]
    assert "Tender joints: could not be read." in said
    assert [b.label for b in at.button].count("Read the record again") == 1


def test_drugs_that_could_not_be_read_are_one_paragraph():
    def unread_drugs(record, spec):
        return (
            UnreadCriterion(
                id="x", state=Eligibility.UNKNOWN, detail="Not ruled out.", gaps=record.gaps
            ),
        )

    searched = tuple(
        dataclasses.replace(
            EVERYTHING, part=Part.MEDICATIONS, label=label, reason=GapReason.NOT_PERMITTED
        )
        for label in ("prescriptions", "drugs given")
    )
    record = page_record("p1", *COMPLETE, gaps=searched)
    calm = spec(eligibility=unread_drugs)
    said = shown(
        opened(
            page_services(
                record, spec=dataclasses.replace(calm, find_cautions=lambda record, spec: ())
            )
        )
    )
    assert (
        "Medication lists could not be read: not permitted. Earlier drugs are unknown. "
        "No estimate. Read it again. Cautions" in said
    )
    assert said.count("Medication lists could not be read (not permitted). Not ruled out.") == 1
    assert "prescriptions" not in said


def test_a_criterion_in_a_gap_says_that_there_is_no_estimate_because_of_it():
    def unread_criterion(record, spec):
        return (
            UnreadCriterion(
                id="x", state=Eligibility.UNKNOWN, detail="Not ruled out.", gaps=record.gaps
            ),
        )

    record = page_record("p1", *COMPLETE, gaps=(gap(),))
    at = opened(page_services(record, spec=spec(eligibility=unread_criterion)))
    said = shown(at)
    assert words.NO_ESTIMATE in said
    assert "Part of the record could not be read Test results and scores could not be read" in said
    assert "patients like this one" not in said


def test_long_lists_are_cut_on_the_patient_page_and_whole_on_data_used():
    names = [f"thing {n}" for n in range(9)]
    assert words._listed("X: ", names, every=False) == (
        "X: thing 0; thing 1; thing 2; thing 3; and 5 more, on Data used."
    )
    assert words._listed("X: ", names, every=True).count(";") == 8
    assert words._listed("X: ", names[:5], every=False).count(";") == 4
    assert words._listed("X: ", [], every=False) == ""


def test_not_checked_is_another_state_than_not_found():
    said = shown(page(gap()))
    assert "Not checked, because part of the record could not be read: Tuberculosis." in said
    assert "Not found in the record, which does not mean absent" not in said
    assert "0 not found in the record, 1 not checked" in said
    said = shown(page())
    assert "Not found in the record, which does not mean absent: Tuberculosis." in said
    assert "ot checked" not in said


def test_data_used_keeps_four_kinds_of_absence_apart():
    failed = gap(GapReason.FAILED, "Diagnoses", codes=())
    at = page(gap(), dataclasses.replace(failed, part=Part.CONDITIONS), path="data")
    body = bodies(at)
    parts = [
        body.split(f"<h3>{title}</h3>")[1].split("<h")[0]
        for title in ("Not in the record", "Not permitted", "Could not be read", "Not asked for")
    ]
    assert "Methotrexate" in parts[0]
    assert "CRP" not in parts[0]
    assert "C-reactive protein could not be read (not permitted)." in parts[1]
    assert "Diagnoses could not be read." in parts[2]
    assert "Only what this decision reads is asked for" in parts[3]


def test_data_used_says_none_where_everything_could_be_read():
    assert bodies(page(path="data")).count('<p class="">None.</p>') == 2


def test_reading_again_fills_the_gap():
    source = FakeSource(page_record("p1", *COMPLETE[:1], gaps=(gap(),)))
    visit = launched(page_record("p1"), source=source)
    at = arrive(page_services(doors=LaunchDoors(visit), spec=spec()), visit.handle)
    assert words.TITLE in shown(at)
    source.records["p1"] = page_record("p1", *COMPLETE)
    said = shown(press(at, "Read the record again"))
    assert words.TITLE not in said
    assert source.loads == 2


FILE = ExpressionFile(
    source=Source(reference="DocumentReference/9"),
    effective=Moment.instant(AS_OF),
    content=b"x" * 2_500_000,
    content_type="text/tab-separated-values",
    sha256="0" * 64,
    tissue="synovium",
)


def test_an_expression_file_is_listed_with_what_it_declares_and_that_it_is_not_used():
    said = shown(page(path="data", expression=(FILE,)))
    for told in ("DocumentReference/9", "2 Nov 2026", "synovium", "not declared", "2.5 MB"):
        assert told in said
    assert "not used by this model" in said
    assert "Gene expression files" not in shown(page(path="data"))


@pytest.mark.parametrize(("size", "said"), [(1, "1 byte"), (999, "999 bytes"), (1500, "1.5 kB")])
def test_sizes_are_read_as_they_are_spoken(size, said):
    (row,) = words.expression_rows((dataclasses.replace(FILE, content=b"x" * size),))
    assert row[6] == said


def test_what_a_visit_cannot_do_is_told_on_the_pages_of_the_patient():
    visit = launched(page_record("p1", *COMPLETE), notices=("Drugs were not permitted <b>.",))
    at = arrive(page_services(doors=LaunchDoors(visit)), visit.handle)
    for path in ("patient", "data"):
        body = bodies(go(at, path))
        assert "Drugs were not permitted &lt;b&gt;." in body
        assert "tr-notices" in body


def test_what_a_server_says_of_itself_is_escaped():
    hostile = dataclasses.replace(gap(), detail="<img src=x onerror=alert(1)>", label="<b>")
    for path in ("patient", "data"):
        assert "<img" not in bodies(page(hostile, path=path))
        assert "<b>" not in bodies(page(hostile, path=path))


def test_an_old_result_beside_a_gap_is_not_read_rather_than_too_old():
    """Found or not, the newer one may lie in the gap; a caveat alone would be too little."""
    at = page(gap(), observations=(observe("tender", 12),))
    assert "1 not read" in shown(at)

"""The record of a decision as a file: everything that was on the screen, and nothing that acts."""

from __future__ import annotations

import dataclasses
import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL, Code
from decision.clinical.record import (
    DataIssue,
    Gap,
    GapReason,
    IssueKind,
    Origin,
    Part,
    Source,
)
from decision.clinical.writing import ChosenTreatment, Document
from decision.ui.record_document import CONTENT_TYPE, record_document
from decision.ui.texts import evidence, gaps, inputs, pages, reasons, verdict
from decision.ui.texts.numbers import instant
from tests.builders import AS_OF
from tests.fakes import NamingPredictor, observe, page_spec
from tests.writing import Case, case

AGENT = "ward: Practitioner/7"
XHTML = "{http://www.w3.org/1999/xhtml}"
ALLOWED = set(
    "html head meta title style body main section h1 h2 h3 p strong ul li table thead tbody tr"
    " th td".split()
)
OVERRIDE = ChosenTreatment(
    action=AuditAction.OVERRODE, chosen="b", reason="patient-preference", audit_id="entry-2"
)


def made(found: Case, decided: ChosenTreatment = OVERRIDE, agent: str = AGENT) -> Document:
    return record_document(found.card, found.record, decided, agent, at=AS_OF)


def tree(document: Document) -> ElementTree.Element:
    return ElementTree.fromstring(document.content)  # noqa: S314  our own file


def words(document: Document) -> str:
    body = tree(document).find(f"{XHTML}body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def test_it_is_one_well_formed_file_with_a_language_and_one_heading():
    document = made(case())
    page = tree(document)
    assert page.get("lang") == "en"
    assert document.content_type == CONTENT_TYPE
    assert document.content.startswith(b"<!DOCTYPE html>")
    assert len(page.findall(f".//{XHTML}h1")) == 1
    heading = page.find(f".//{XHTML}title")
    assert heading is not None
    assert heading.text == document.title


def test_headings_go_down_one_level_at_a_time():
    tags = [e.tag.removeprefix(XHTML) for e in tree(made(case())).iter()]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_every_table_names_its_rows():
    tables = tree(made(case())).findall(f".//{XHTML}table")
    assert len(tables) >= 3
    for table in tables:
        for row in table.findall(f"{XHTML}tbody/{XHTML}tr"):
            assert row[0].get("scope") == "row"


def test_it_acts_on_nothing_and_fetches_nothing():
    page = tree(made(case()))
    assert {e.tag.removeprefix(XHTML) for e in page.iter()} <= ALLOWED
    attributes = {name for e in page.iter() for name in e.keys()}
    assert attributes <= {"lang", "charset", "class", "scope", "data-label"}
    assert "url(" not in made(case()).content.decode()
    assert "@import" not in made(case()).content.decode()


def test_it_says_who_and_as_of_when():
    found = case()
    name, rest = pages.strip(found.record)
    told = words(made(found))
    assert name in told
    for part in rest:
        assert part in told


def test_it_holds_both_estimates_as_they_stood_on_the_page():
    found = case()
    told = words(made(found))
    for line in verdict.shown(found.card):
        assert " ".join(line.split()) in told
    assert verdict.silence_sentence(found.card) in told


def test_it_names_the_class_that_was_named():
    found = case(predictor=NamingPredictor())
    assert "The estimates favour an IL-6 inhibitor." in words(made(found))


def test_it_holds_the_reasons_with_the_warning_that_belongs_to_them():
    found = case()
    told = words(made(found))
    assert reasons.NOTE in told
    assert reasons.rest(found.card) in told
    assert reasons.baseline(found.card) in told
    for group in (*reasons.prognostic(found.card), *reasons.differential(found.card)):
        for line in group.lines:
            assert line in told
    for line in reasons.by_modality(found.card):
        assert line in told


def test_it_holds_every_caution_found_or_not():
    found = case(spec=page_spec(stop=True))
    told = words(made(found))
    for caution in found.card.cautions:
        assert caution.rule.title in told
    assert "STOP. Low neutrophils: 1.4" in told
    assert "Not found in the record, which does not mean absent: Tuberculosis." in told
    assert "Decided although" in told


def test_what_was_missing_doubtful_or_unread_is_in_it():
    issue = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT, reference="Observation/9", detail="No unit.", remedy="Add it."
    )
    gap = Gap(
        part=Part.MEDICATIONS,
        reason=GapReason.NOT_PERMITTED,
        label="Medication",
        detail="The chart did not permit it",
        remedy="Ask for it",
    )
    found = case(issues=(issue,), gaps=(gap,))
    told = words(made(found))
    assert inputs.missing(found.card) in told
    assert "Unknown unit (Observation/9): No unit. Add it." in told
    assert gaps.TITLE in told
    assert "Medication could not be read (not permitted)." in told
    for row in evidence.rows(found.card):
        for cell in row:
            assert " ".join(cell.split()) in told


def test_what_the_clinician_entered_is_marked_as_theirs():
    found = case()
    entry = dataclasses.replace(
        observe("mtx", 1),
        source=Source(reference="entered/mtx-local", origin=Origin.CLINICIAN),
        text="Methotrexate dose",
    )
    record = found.record.with_entries((entry,))
    document = record_document(found.card, record, OVERRIDE, AGENT)
    assert "Entered by clinician Methotrexate dose: 1" in words(document)


def test_what_was_entered_for_another_decision_is_not_said_to_carry_this_one():
    """Entries are shared by all that a chart shows; a document is of one decision."""
    found = case()
    other = Code(system=LOCAL, code="asked-by-another")
    entry = dataclasses.replace(
        observe("mtx", 1),
        codes=(other,),
        source=Source(reference="entered/asked-by-another", origin=Origin.CLINICIAN),
        text="Question of another decision",
    )
    record = found.record.with_entries((entry,))
    told = words(record_document(found.card, record, OVERRIDE, AGENT))
    assert "Question of another decision" not in told


def test_it_holds_the_decision_its_reason_who_and_when():
    told = words(made(case()))
    assert "Decision IL-6 inhibitor Reason Patient preference Recorded as overrode" in told
    assert "patient-preference" not in told
    assert AGENT in told
    assert instant(AS_OF) in told


def test_a_decision_without_reason_has_no_empty_line_for_it():
    plain = ChosenTreatment(
        action=AuditAction.DECIDED, chosen="continue", reason="", audit_id="entry-2"
    )
    told = words(made(case(), plain))
    assert "Decision Continue the present drug Recorded as decided" in told
    assert "Reason" not in told.split("Cautions")[0]


def test_an_unknown_reason_is_its_code_once():
    gone = dataclasses.replace(OVERRIDE, reason="contraindication")
    assert words(made(case(), gone)).count("contraindication") == 1


def test_a_decision_against_a_stop_says_so_beside_the_drug():
    told = words(made(case(spec=page_spec(stop=True))))
    assert "Decision IL-6 inhibitor, against STOP (low neutrophils) Reason" in told


def test_the_first_page_is_what_a_colleague_reads_and_the_rest_is_the_appendix():
    gap = Gap(
        part=Part.MEDICATIONS,
        reason=GapReason.NOT_PERMITTED,
        label="Medication",
        detail="The chart did not permit it",
        remedy="Ask for it",
    )
    found = case(spec=page_spec(stop=True), gaps=(gap,))
    entry = dataclasses.replace(
        observe("mtx", 1),
        source=Source(reference="entered/mtx-local", origin=Origin.CLINICIAN),
        text="Methotrexate dose",
    )
    record = found.record.with_entries((entry,))
    document = record_document(found.card, record, OVERRIDE, AGENT, at=AS_OF)
    first, _, appendix = words(document).partition(" Appendix ")
    places = [
        first.index(mark)
        for mark in (
            "SIMULATED MODEL.",
            "Decision IL-6 inhibitor, against STOP (low neutrophils)",
            "Reason Patient preference",
            "Cautions present Low neutrophils: 1.4",
            "52 of 100 simulated patients",
            "Likely range 37 to 67 of 100 (90 %)",
            "48 of 100 simulated patients",
            "Methotrexate dose: 1",
            inputs.missing(found.card),
            gaps.TITLE,
            "Research use",
        )
    ]
    assert places == sorted(places)
    for mark in ("SIMULATED MODEL.", "Name of p1", reasons.NOTE, found.card.model.checksum):
        assert mark in appendix
    assert reasons.NOTE not in first
    style = document.content.decode().partition("</style>")[0]
    assert ".appendix{break-before:page}" in style


def test_it_can_be_traced_to_model_rules_inputs_and_trail():
    found = case()
    model, told = found.card.model, words(made(found))
    for part in (model.id, model.version, model.checksum, found.card.input_hash):
        assert part in told
    assert found.card.audit_id in told
    assert "entry-2" in told
    assert found.card.spec.intended_use in told


@pytest.mark.parametrize("simulated", [True, False])
def test_it_is_called_simulated_exactly_while_the_model_is(simulated):
    found = case()
    model = dataclasses.replace(found.card.model, simulated=simulated, description="described")
    found.card = dataclasses.replace(found.card, model=model)
    told = words(made(found))
    assert ("SIMULATED MODEL." in told) is simulated
    assert ("simulated" in told.lower()) is simulated
    assert "Research use" in told


def test_the_same_decision_makes_the_same_bytes():
    assert made(case()).content == made(case()).content


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_record_says_stays_text(name, agent):
    """Names are other people's strings: a tag or a control in one must not change the file."""
    found = case()
    who = dataclasses.replace(found.record.identity, name=f"<script>{name}</script>")
    found.record = dataclasses.replace(found.record, identity=who)
    page = tree(made(found, agent=agent))
    assert page.find(f".//{XHTML}script") is None
    assert "<script>" in "".join(page.itertext())

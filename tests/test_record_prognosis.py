"""The record of a prognosis as a file: the page's own sentences, the answer on the first page."""

from __future__ import annotations

import dataclasses
import itertools
import re
from xml.etree import ElementTree

import pytest

from decision.clinical.assessment import AuditAction, PrognosisCard, range_first
from decision.clinical.writing import ChosenTreatment
from decision.ui.record_document import record_document
from decision.ui.texts import compared, inputs, risk, risk_reasons, situation, trajectory
from decision.ui.texts.displayed import displayed
from tests.builders import AS_OF
from tests.prognosis_pages import (
    CHILD,
    PROVISIONAL,
    SITUATION,
    make_prognosis,
    prognosis_card,
)
from tests.test_record_document import ALLOWED, XHTML

MONITOR = ChosenTreatment(
    action=AuditAction.DECIDED, chosen="monitor", reason="", audit_id="entry-2"
)


def words(card: PrognosisCard, decided: ChosenTreatment = MONITOR) -> str:
    body = tree(card, decided).find(f"{XHTML}body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def tree(card: PrognosisCard, decided: ChosenTreatment = MONITOR) -> ElementTree.Element:
    document = record_document(card, CHILD, decided, "ward: Practitioner/7", at=AS_OF)
    return ElementTree.fromstring(document.content)  # noqa: S314  our own file


def first_page(card: PrognosisCard, decided: ChosenTreatment = MONITOR) -> str:
    return words(card, decided).split(" Appendix ")[0]


def plain(said: str) -> str:
    return " ".join(said.split())


def test_it_is_well_formed_acts_on_nothing_and_its_headings_go_down_one_by_one():
    page = tree(prognosis_card())
    assert {e.tag.removeprefix(XHTML) for e in page.iter()} <= ALLOWED
    levels = [int(t[1]) for e in page.iter() if re.fullmatch(r"h\d", t := e.tag[len(XHTML) :])]
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_the_first_page_has_decision_class_risks_cautions_and_what_is_missing():
    said = first_page(prognosis_card(present=("X2",)))
    order = ("Monitor as due", "Stage 2", "44 of 100", "Active infection", "Index60 not found")
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_every_sentence_that_was_displayed_stands_on_the_first_page():
    card = prognosis_card()
    said = first_page(card)
    for line in displayed(card)[1:]:
        assert plain(line) in said


def test_the_appendix_has_what_was_folded_away():
    card = prognosis_card()
    said = words(card).split(" Appendix ")[1]
    for line in (
        *(risk.calibration(card, found) for found in card.answer.risks),
        risk.reference_class(card),
        trajectory.alternative(card),
        *(compared.verdict_sentence(card, c) for c in compared.applied(card.situation)),
        compared.unavailable(card.situation),
        risk_reasons.baseline(card),
        risk_reasons.rest(card),
        situation.rule(card.situation.prompts[0]),
        situation.sentence(card.situation.classification.considered[0]),
    ):
        assert plain(line) in said


def test_what_each_missing_thing_would_narrow_is_said_once():
    card = prognosis_card()
    for line in inputs.narrowing(card):
        assert words(card).count(line) == 1


def test_a_class_that_is_not_settled_says_so():
    card = prognosis_card(situation=dataclasses.replace(SITUATION, classification=PROVISIONAL))
    assert "Stage 1, provisional (Not settled)" in first_page(card)


@pytest.mark.parametrize("half", [0.08, 0.3])
def test_an_uncertain_risk_has_its_range_first_here_too(half):
    card = prognosis_card(make_prognosis(half=half))
    assert ("Between" in first_page(card)) is range_first(card)


def test_a_choice_against_a_stop_is_named_with_it():
    against = ChosenTreatment(
        action=AuditAction.DECIDED, chosen="drug", reason="checked", audit_id="entry-3"
    )
    said = first_page(prognosis_card(present=("X1",)), against)
    assert "Teplizumab, against STOP (lymphocytes below the limit)" in said
    assert "Exclusion checked" in said


def test_the_simulated_banner_stands_on_both_parts():
    assert words(prognosis_card()).count("SIMULATED MODEL.") == 2

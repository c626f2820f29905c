"""One line says who sits there, from the decision's own list; nothing unknown is made up."""

from __future__ import annotations

import dataclasses

from decision.clinical.spec import SummaryItem
from decision.ui.texts.summary import summary
from tests.fakes import page_spec
from tests.test_ui_estimate import card_of

ITEMS = (
    SummaryItem(id="tender", label="TJC"),
    SummaryItem(id="crp", label="CRP"),
    SummaryItem(id="mtx", label="methotrexate"),
)


def test_what_is_known_is_said_once_with_the_date_it_shares():
    card = dataclasses.replace(card_of(), spec=page_spec(summary=ITEMS))
    assert summary(card) == "TJC 12, CRP 42 mg/L (2 Nov 2026)."


def test_a_decision_without_a_summary_says_nothing():
    assert summary(card_of()) == ""

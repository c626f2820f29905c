"""Both estimates on one scale, why they are what they are, how they were checked, what would change
them, and what the model would say if something were otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.assess import NoModel
from decision.clinical.answers import in_years
from decision.clinical.assessment import Abstention, Assessment, Card, ComparisonCard
from decision.clinical.errors import ModelError
from decision.clinical.outlook import NO_OUTLOOK, Outlook
from decision.ui.components import comparing, estimates, foretold, frame, what_if
from decision.ui.components.folded import folded
from decision.ui.components.markup import paragraph, text
from decision.ui.components.reasons import reasons
from decision.ui.components.risk_reasons import reasons as risk_reasons
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts import compare as words
from decision.ui.texts import what_if as tried
from decision.visit import Visit
from decision.what_if import offers


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    found = opened(services, visit, head)
    if found is None:
        return
    with found.place:
        _draw(services, visit, found.chart, found.assessment)


def _draw(services: Services, visit: Visit, chart: Chart, assessment: Assessment) -> None:
    st.html(
        '<div class="tr tr-doc">'
        + frame.notices(visit.notices)
        + f"<h1>{text(words.TITLE)}</h1></div>"
    )
    if isinstance(assessment, Abstention):
        why = paragraph(words.WHY_NOTHING) + estimates.abstention(assessment)
        st.html(f'<div class="tr"><h2>{text(words.NOTHING_TO_COMPARE)}</h2>{why}</div>')
    else:
        _card(services, visit, chart, assessment)
    st.html(f'<div class="tr">{frame.footer(assessment.spec, assessment.model)}</div>')


def _card(services: Services, visit: Visit, chart: Chart, card: Card) -> None:
    outlook = _outlook(services, visit, card)
    if isinstance(card, ComparisonCard):
        comparing.both(card)
        st.html(f'<div class="tr">{reasons(card, more=False)}</div>')
    else:
        foretold.horizons(card)
        st.html(f'<div class="tr">{risk_reasons(card, more=False)}</div>')
    comparing.section(tried.TITLE, tried.INTRO)
    what_if.panel(services, visit, chart, card, offers(card, outlook.usual))
    comparing.changes(card, outlook.expected)
    folded(services, visit, chart, card, _on_request(card, outlook))


def _on_request(card: Card, outlook: Outlook) -> dict[str, Callable[[], None]]:
    """The charts behind the words, by their titles (D5, D7)."""
    if isinstance(card, ComparisonCard):
        return {
            words.EACH: lambda: comparing.made_of(card),
            words.KINDS: lambda: comparing.kinds(card),
            words.CHECKED: lambda: comparing.checked(card, outlook),
        }
    return {
        words.RISK_STEPS.format(years=in_years(card.answer.last.years)): (
            lambda: foretold.made_of(card)
        ),
        words.KINDS: lambda: foretold.kinds(card),
        words.CHECKED: lambda: foretold.checked(card, outlook),
    }


def _outlook(services: Services, visit: Visit, card: Card) -> Outlook:
    """Asked for on this page alone. A model that breaks on it leaves the answer as it is."""
    predictor = services.decision(card.spec.id).predictor
    if isinstance(predictor, NoModel):
        return NO_OUTLOOK
    level = card.spec.thresholds["interval_level"].value
    try:
        return predictor.outlook(card.features, site=visit.site, level=level)
    except ModelError:
        return NO_OUTLOOK

"""The record of what is shown, one click away. Links: what they lead to is made when asked for."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Assessment
from decision.ui import exporting, session
from decision.ui.components.markup import paragraph, text
from decision.ui.services import Services
from decision.ui.session import Chart
from decision.ui.texts import exporting as words
from decision.visit import Visit


def export_links(services: Services, visit: Visit, chart: Chart, shown: Assessment) -> None:
    """As PDF and as data, of this answer and no later one."""
    offer = services.exports.offer(session.identity(), visit.key, chart, shown)
    links = "".join(
        f'<a class="tr-button" href="{text(address)}" target="_self">{text(label)}</a>'
        for form, label in (("pdf", words.PDF), ("json", words.JSON))
        if (address := exporting.address(offer.name, offer.showing, form, visit.handle))
    )
    st.html(
        f'<section class="tr tr-record" aria-label="{text(words.TITLE)}"><p>{links}</p>'
        f"{paragraph(words.NOTE, 'tr-small')}</section>"
    )

"""A questionnaire's sheet, category by category, with its live score; drawn only while open."""

from __future__ import annotations

import streamlit as st

from decision.clinical.scores.questionnaires import ASKED, Questionnaire
from decision.ui import visiting
from decision.ui.components.markup import paragraph, plain_label
from decision.ui.examination import Sheet
from decision.ui.guard import Stopped, attempt
from decision.ui.services import Services
from decision.ui.session import Chart, halt, widget_key
from decision.ui.texts import examination as texts
from decision.visit import Visit


def questionnaire(services: Services, visit: Visit, chart: Chart, concept: str) -> None:
    """A fold of its own fragment: an answer redraws nothing else of the page."""

    @st.fragment
    def sheet() -> None:
        visiting.keep_to(services, visit)
        broken = attempt(lambda: _fold(chart, concept, ASKED[concept]))
        if isinstance(broken, Stopped):
            halt(*broken)
            st.rerun(scope="app")

    sheet()


def _fold(chart: Chart, concept: str, sheet: Questionnaire) -> None:
    fold = st.expander(
        texts.sheet_title(sheet), key=widget_key(f"sheet-{concept}"), on_change="rerun"
    )
    with fold:
        if fold.open:
            chart.draft = chart.draft.answered(concept, _asked(chart, concept, sheet))
            _said(chart, concept, sheet)


def _asked(chart: Chart, concept: str, sheet: Questionnaire) -> Sheet:
    """The answers as they stand on the sheet now."""
    before = chart.draft.sheets.get(concept, Sheet())
    note = paragraph(texts.sheet_note(sheet), "tr-small")
    key = paragraph(texts.sheet_answers(sheet), "tr-small")
    st.html(f'<div class="tr">{note}{key}</div>')
    answers: dict[str, int] = {}
    with st.container(key=f"sheet-rows-{concept}"):
        for category, name in sheet.categories.items():
            points = st.segmented_control(
                plain_label(name),
                list(sheet.answers),
                default=before.answers.get(category),
                key=widget_key(f"{concept}-{category}"),
            )
            if points is not None:
                answers[category] = points
    helped = st.pills(
        texts.HELP_NEEDED,
        list(sheet.categories),
        selection_mode="multi",
        default=sorted(before.helped),
        format_func=lambda category: sheet.categories.get(category, category),
        key=widget_key(f"{concept}-helped"),
    )
    return Sheet(answers=answers, helped=frozenset(helped))


def _said(chart: Chart, concept: str, sheet: Questionnaire) -> None:
    answered = len(chart.draft.sheets[concept].answers)
    said = texts.sheet_score(sheet, chart.draft.total(concept), answered)
    st.html(f'<div class="tr" role="status">{paragraph(said, "tr-strong")}</div>')

"""The form for what the record lacks, from the decision's own questions, and its undo list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import streamlit as st

from decision.clinical.assessment import Assessment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import EntryKind
from decision.ui import assessing, entries
from decision.ui.components import frame, homunculus
from decision.ui.components.filing import filing
from decision.ui.components.markup import items, paragraph, plain_label
from decision.ui.components.questionnaire import questionnaire
from decision.ui.entries import Field
from decision.ui.examination import collected, sheet_of, sign_of, with_figure
from decision.ui.services import Services
from decision.ui.session import Chart, Saved, widget_key
from decision.ui.texts import examination, inputs, pages
from decision.visit import Visit


def entered(services: Services, visit: Visit, chart: Chart, shown: Assessment) -> None:
    """What was entered here as it was saved, each value with its undo and each examination too."""
    numbers = {id(entry): number for number, entry in enumerate(chart.entries)}
    for saved in chart.saved:
        _told(visit, chart, saved)
        for entry in saved.entries:
            number = numbers.get(id(entry), 0)
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"entered-{number}"
            ):
                st.html(f'<div class="tr">{paragraph(inputs.entered(entry))}</div>')
                undone = st.button(
                    "Undo",
                    key=widget_key(f"undo-{number}-{entry.codes[0].code}"),
                    help=plain_label(f"Take back: {entry.text}"),
                )
            if undone:
                assessing.withdraw(services, visit, chart, entry)
                st.rerun()
        if len(saved.entries) > 1 and st.button(
            examination.UNDO_ALL if saved.joints is not None else examination.UNDO_TOGETHER,
            key=widget_key(f"undo-all-{saved.audit_id}"),
        ):
            assessing.withdraw(services, visit, chart, *saved.entries)
            st.rerun()
        filing(visit, chart, shown, saved)
    if lagging := entries.of_another_day(shown.spec, shown.features):
        said = paragraph(examination.part_of_day(lagging), "tr-strong")
        st.html(f'<div class="tr">{said}</div>')


def _told(visit: Visit, chart: Chart, saved: Saved) -> None:
    """When and by whom it was entered, and which joints were counted."""
    at = saved.at.astimezone(chart.record.as_of.tzinfo)
    told = paragraph(examination.entered_at(at, visit.agent, len(saved.entries)), "tr-small")
    if saved.joints is not None:
        told += items(examination.sites(saved.joints), "tr-lines tr-small")
    st.html(f'<div class="tr">{told}</div>')


def title(assessment: Assessment) -> str:
    """What the form is for: an examination where the decision asks for one, else the gaps."""
    return examination.TITLE if entries.examined(assessment.spec) else pages.ENTRY_TITLE


def form(services: Services, visit: Visit, chart: Chart, assessment: Assessment) -> None:
    """The figure where joints are asked for, then all open questions at once; nothing is saved
    unless every answer is within its limits.
    """
    asked = entries.fields(
        assessment.spec, assessment.features, assessment.criteria, assessment.cautions
    )
    if not asked:
        return
    who = frame.whose(chart.record)
    note = pages.ENTRY_NOTE
    if visit.recorder is not None:
        takes = visit.recorder.takes_results()
        note = pages.ENTRY_NOTE_FILED if takes else pages.ENTRY_NOTE_CHART
    st.html(f'<div class="tr">{paragraph(note)}{who}</div>')
    if not with_figure(asked):
        _questions(services, visit, chart, asked, beside=2)
        return
    with st.container(key="assessment"):
        figure, questions = st.columns(2)
        with figure:
            st.html(
                f'<div class="tr"><h3>{examination.JOINTS_TITLE}</h3>'
                f"{paragraph(examination.FIGURE)}{paragraph(examination.KEY)}</div>"
            )
            homunculus.figure(services, visit, chart)
            for field in asked:
                if sheet_of(field) is not None:
                    questionnaire(services, visit, chart, field.entry.concept)
        with questions:
            _questions(services, visit, chart, asked, beside=1)


def _questions(
    services: Services, visit: Visit, chart: Chart, asked: tuple[Field, ...], *, beside: int
) -> None:
    """Every question with its field, `beside` of them in a row."""
    with st.form(widget_key("entries"), border=False):
        answers: list[tuple[Field, float | str | None]] = []
        for group, found in groupby(asked, key=lambda f: f.group):
            st.html(f'<div class="tr"><h3>{group}</h3></div>')
            two = group == examination.TODAY or beside == 2
            # Row by row, because narrow screens stack columns and would change the order.
            for row in batched(found, 2 if two else 1):
                cells = st.columns(2 if two else 1, vertical_alignment="bottom")
                for field, column in zip(row, cells, strict=False):
                    with column:
                        answers.append((field, _ask(field, _hint(field, figure=beside == 1))))
        if st.form_submit_button("Save and update the answer", type="primary"):
            _save(services, visit, chart, answers)


def batched(fields: Iterable[Field], size: int) -> Iterator[tuple[Field, ...]]:
    """Fields in rows of this size (`itertools.batched` needs Python 3.12)."""
    left = iter(fields)
    while row := tuple(islice(left, size)):
        yield row


def _hint(field: Field, *, figure: bool) -> str:
    """A count that the figure gives is not asked for twice."""
    counted = figure and sign_of(field) is not None and not field.known
    return examination.COUNTED_THERE if counted else field.hint


def _ask(field: Field, hint: str) -> float | str | None:
    key, question = widget_key(f"enter-{field.code.code}"), field.entry.question
    if field.entry.kind is EntryKind.CHOICE:
        labels = dict(field.entry.choices or {})
        return st.selectbox(
            question,
            list(labels),
            index=None,
            format_func=lambda code: labels.get(code, code),
            placeholder=hint,
            key=key,
        )
    if field.entry.kind is EntryKind.WHOLE_NUMBER:
        return st.number_input(question, value=None, step=1, placeholder=hint, key=key)
    return st.number_input(
        question,
        value=None,
        step=float(field.entry.step),
        format="%g",
        placeholder=hint,
        key=key,
    )


def _save(
    services: Services,
    visit: Visit,
    chart: Chart,
    typed: list[tuple[Field, float | str | None]],
) -> None:
    """What was typed, counted and scored; all of it or nothing."""
    found = collected(typed, chart.draft, figure=with_figure(f for f, _ in typed))
    problems = [p for field, answer in found.answers if (p := entries.problem(field, answer))]
    problems += found.problems
    if problems or not found.answers:
        for problem in problems or [pages.ENTRY_EMPTY]:
            st.warning(plain_label(problem))
        return
    record: PatientRecord = chart.record
    assessing.enter(
        services,
        visit,
        chart,
        tuple(entries.observation(f, a, record) for f, a in found.answers),
        joints=found.joints,
        sheets=found.sheets,
    )
    st.rerun()

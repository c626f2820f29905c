"""The form for what the record lacks, from the decision's own questions, and its undo list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

import streamlit as st

from decision.clinical.assessment import Assessment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import EntryKind
from decision.ui import assessing, entries
from decision.ui.components import frame
from decision.ui.components.markup import paragraph, plain_label
from decision.ui.entries import Field
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import inputs, pages
from decision.visit import Visit


def entered(services: Services, visit: Visit, chart: Chart) -> None:
    """What was entered here, each with its undo."""
    for number, entry in enumerate(chart.entries):
        said, undo = st.columns([5, 1], vertical_alignment="center")
        said.html(f'<div class="tr">{paragraph(inputs.entered(entry))}</div>')
        if undo.button(
            "Undo",
            key=widget_key(f"undo-{number}-{entry.codes[0].code}"),
            help=plain_label(f"Take back: {entry.text}"),
        ):
            assessing.withdraw(services, visit, chart, entry)
            st.rerun()


def form(services: Services, visit: Visit, chart: Chart, assessment: Assessment) -> None:
    """All open questions at once; nothing is saved unless every answer is within its limits."""
    asked = entries.fields(
        assessment.spec, assessment.features, assessment.criteria, assessment.cautions
    )
    if not asked:
        return
    with st.form(widget_key("entries"), border=False):
        who = frame.whose(chart.record)
        note = pages.ENTRY_NOTE if visit.recorder is None else pages.ENTRY_NOTE_CHART
        st.html(f'<div class="tr">{paragraph(note)}{who}</div>')
        answers: list[tuple[Field, float | str | None]] = []
        for group, found in groupby(asked, key=lambda f: f.group):
            st.html(f'<div class="tr"><h3>{group}</h3></div>')
            # Row by row, because narrow screens stack columns and would change the order.
            for row in batched(found, 2):
                for field, column in zip(row, st.columns(2), strict=False):
                    with column:
                        answers.append((field, _ask(field)))
        if st.form_submit_button("Save and update the answer", type="primary"):
            _save(services, visit, chart, [(f, a) for f, a in answers if a is not None])


def batched(fields: Iterable[Field], size: int) -> Iterator[tuple[Field, ...]]:
    """Fields in rows of this size (`itertools.batched` needs Python 3.12)."""
    left = iter(fields)
    while row := tuple(islice(left, size)):
        yield row


def _ask(field: Field) -> float | str | None:
    key, question = widget_key(f"enter-{field.code.code}"), field.entry.question
    if field.entry.kind is EntryKind.CHOICE:
        labels = dict(field.entry.choices or {})
        return st.selectbox(
            question,
            list(labels),
            index=None,
            format_func=lambda code: labels.get(code, code),
            placeholder=field.hint,
            key=key,
        )
    if field.entry.kind is EntryKind.WHOLE_NUMBER:
        return st.number_input(question, value=None, step=1, placeholder=field.hint, key=key)
    return st.number_input(
        question,
        value=None,
        step=float(field.entry.step),
        format="%g",
        placeholder=field.hint,
        key=key,
    )


def _save(
    services: Services, visit: Visit, chart: Chart, answers: list[tuple[Field, float | str]]
) -> None:
    problems = [p for field, answer in answers if (p := entries.problem(field, answer))]
    if problems or not answers:
        for problem in problems or [pages.ENTRY_EMPTY]:
            st.warning(problem)
        return
    record: PatientRecord = chart.record
    assessing.enter(
        services, visit, chart, tuple(entries.observation(f, a, record) for f, a in answers)
    )
    st.rerun()

"""What could not be read: a box above everything that rests on it, and whole on Data used."""

from __future__ import annotations

from decision.clinical.assessment import Assessment
from decision.clinical.record import GapReason, PatientRecord
from decision.ui.components.markup import items, paragraph, table, text
from decision.ui.texts import gaps as words
from decision.ui.texts.gaps import Unread


def _item(found: Unread) -> str:
    """What, why, what that means, what can be done: in this order, because it is read so."""
    told = " ".join(part for part in (found.detail, found.remedy) if part)
    return (
        f"<li><strong>{text(found.said)}</strong> {text(' '.join(found.consequences))}"
        f"{paragraph(told, 'tr-small')}</li>"
    )


def box(assessment: Assessment, record: PatientRecord) -> str:
    """Each part of the record once; nothing at all for a record that was read whole."""
    lines = "".join(
        f"<li><strong>{text(what)}</strong> {text(f'{meaning} {remedy}'.strip())}</li>"
        for what, meaning, remedy in words.in_short(assessment, record)
    )
    if not lines:
        return ""
    return (
        f'<section class="tr-gaps" role="note" aria-label="{words.TITLE}">'
        f'<h2>{words.TITLE}</h2><ul class="tr-lines">{lines}</ul></section>'
    )


def kept_apart(assessment: Assessment, record: PatientRecord) -> str:
    """Four ways in which something can be absent, never under one word."""
    found = words.unread(assessment, record)

    def of(*reasons: GapReason) -> str:
        lines = "".join(_item(f) for f in found if f.reason in reasons)
        return f"<ul>{lines}</ul>" if lines else paragraph(words.NOTHING)

    absent = items(words.not_in_record(assessment)) or paragraph(words.NOTHING)
    return (
        "<h2>What is not there, and why</h2>"
        f"<h3>Not in the record</h3>{absent}"
        f"<h3>Not permitted</h3>{of(GapReason.NOT_PERMITTED)}"
        f"<h3>Could not be read</h3>{of(GapReason.FAILED, GapReason.CUT_OFF)}"
        f"<h3>Not asked for</h3>{paragraph(words.NOT_ASKED)}"
    )


def expression(record: PatientRecord) -> str:
    """The gene-expression files of the record, where it has some."""
    if not record.expression:
        return ""
    return "<h2>Gene expression files</h2>" + table(
        words.EXPRESSION_HEAD, words.expression_rows(record.expression), "tr-table"
    )

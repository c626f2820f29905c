"""The data row: what is missing and what it costs, what is old, doubtful, unusual or entered."""

from __future__ import annotations

from decision.clinical.assessment import Assessment, DecisionCard
from decision.clinical.record import PatientRecord
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import inputs

SHOWN_AT_ONCE = 2


def issues(record: PatientRecord, tag: str = "h2") -> str:
    """What was not used, or used with a doubt: which resource, what, and what can be done."""
    lines = "".join(
        f"<li><strong>{text(i.kind.value.capitalize())}</strong> ({text(i.reference)}): "
        f"{text(i.detail)} {text(i.remedy)}</li>"
        for i in record.issues
    )
    return f"<{tag}>Doubts about the record</{tag}><ul>{lines}</ul>" if lines else ""


def row(assessment: Assessment, record: PatientRecord) -> str:
    """Above the estimates (R9): the dearest gaps at once, everything on request."""
    unusual: tuple[str, ...] = ()
    if isinstance(assessment, DecisionCard):
        gaps = inputs.missing(assessment)
        unusual = inputs.unusual(assessment)
        absent = inputs.modalities(assessment.answer.absent_modalities)
    else:
        gaps = inputs.missing_plain(assessment.spec, assessment.features)
        absent = ""
    rest = (
        (f"<h3>Missing</h3>{items(gaps)}" if gaps else paragraph(inputs.NOTHING_MISSING))
        + paragraph(absent)
        + issues(record, "h3")
    )
    top = gaps[:SHOWN_AT_ONCE] if isinstance(assessment, DecisionCard) else ()
    return (
        '<section class="tr-row" aria-label="Data"><h2>Data</h2><div>'
        + paragraph(inputs.deceased(record), "tr-strong")
        + items(unusual, "tr-lines tr-strong")
        + items(top, "tr-lines")
        + details(inputs.summary(assessment.spec, assessment.features, record), rest)
        + "</div></section>"
    )

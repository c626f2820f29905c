"""The data row: what is missing and what it costs, what is old, doubtful, unusual or entered."""

from __future__ import annotations

from decision.clinical.assessment import Assessment, ComparisonCard
from decision.clinical.record import PatientRecord
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import inputs
from decision.ui.texts.numbers import dated
from decision.ui.texts.pages import eligible


def issues(record: PatientRecord, tag: str = "h2") -> str:
    """What was not used, or used with a doubt: which resource, what, and what can be done."""
    lines = "".join(
        f"<li><strong>{text(i.kind.value.capitalize())}</strong> ({text(i.reference)}): "
        f"{text(dated(i.detail))} {text(i.remedy)}</li>"
        for i in record.issues
    )
    return f"<{tag}>Doubts about the record</{tag}><ul>{lines}</ul>" if lines else ""


def row(assessment: Assessment, record: PatientRecord) -> str:
    """Above the estimates (D9): what is missing and its cost at once, everything on request."""
    unusual: tuple[str, ...] = ()
    cost = absent = ""
    if isinstance(assessment, ComparisonCard):
        unusual = inputs.unusual(assessment)
        absent = inputs.modalities(assessment.answer.absent_modalities)
        cost = inputs.missing(assessment) if assessment.features.missing else ""
    asked = eligible(assessment)
    gaps = inputs.missing_plain(assessment.spec, assessment.features) if asked else ()
    rest = (
        paragraph(cost, "tr-narrow")
        + (
            f"<h3>Missing</h3>{items(gaps)}"
            if gaps
            else paragraph(inputs.NOTHING_MISSING if asked else "")
        )
        + (paragraph(inputs.COSTS_NOTE) if cost else "")
        + paragraph(absent)
        + issues(record, "h3")
    )
    return (
        '<section class="tr-row" aria-label="Data"><h2>Data</h2><div>'
        + paragraph(inputs.deceased(record), "tr-strong")
        + items(unusual, "tr-lines tr-strong")
        + items(inputs.caveats(assessment.spec, assessment.features), "tr-lines tr-strong")
        + paragraph(cost, "tr-wide")
        + details(inputs.summary(assessment.spec, assessment.features, record), rest)
        + "</div></section>"
    )

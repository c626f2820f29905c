"""The data row: what is missing and what it costs, what is old, doubtful, unusual or entered."""

from __future__ import annotations

from decision.clinical.assessment import Abstention, Assessment, ComparisonCard, PrognosisCard
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


def foretells(assessment: Assessment) -> bool:
    """True for a prognosis, with an estimate or without one."""
    return isinstance(assessment, PrognosisCard) or (
        isinstance(assessment, Abstention) and assessment.situation is not None
    )


def row(assessment: Assessment, record: PatientRecord) -> str:
    """What is missing and what that costs at once, everything on request (D9). Above the estimates;
    of a prognosis below them, whose own lines above them are then not said again.
    """
    unusual: tuple[str, ...] = ()
    cost = absent = narrowing = ""
    died = "" if foretells(assessment) else inputs.deceased(record)
    if not isinstance(assessment, Abstention):
        absent = inputs.modalities(assessment.answer.absent_modalities)
    if isinstance(assessment, ComparisonCard):
        unusual = inputs.unusual(assessment)
        cost = inputs.missing(assessment) if assessment.features.missing else ""
    elif isinstance(assessment, PrognosisCard):
        narrowing = items(inputs.narrowing(assessment), "tr-lines")
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
        + paragraph(died, "tr-strong")
        + items(unusual, "tr-lines tr-strong")
        + items(inputs.caveats(assessment.spec, assessment.features), "tr-lines tr-strong")
        + paragraph(cost, "tr-wide")
        + narrowing
        + details(inputs.summary(assessment.spec, assessment.features, record), rest)
        + "</div></section>"
    )

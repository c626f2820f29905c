"""Sentences about where each input came from, for the Data used page."""

from __future__ import annotations

from decision.clinical.assessment import Abstention, Assessment
from decision.clinical.features import Evidence, Found, Missing
from decision.ui.texts.inputs import why_missing
from decision.ui.texts.numbers import age_of, dated, moment
from decision.ui.texts.reasons import found_text

HEAD = ("Input", "Value", "Date", "Age", "Source", "State", "How chosen")
NONE = "–"


def _place(evidence: Evidence | None) -> tuple[str, str]:
    """(date, source); a value with a period or none says so."""
    if evidence is None:
        return "", ""
    date = moment(evidence.effective) if evidence.effective else ""
    return date, ", ".join(dict.fromkeys(s.reference for s in evidence.sources))


def rows(assessment: Assessment) -> tuple[tuple[str, ...], ...]:
    """One row per input of the decision, found or not."""
    unusual: set[str] = set()
    if not isinstance(assessment, Abstention):
        unusual = {found[0] for found in assessment.answer.domain.outside_usual}
    table = []
    for feature_id, finding in assessment.features.findings:
        feature = assessment.spec.feature(feature_id)
        date, source = _place(finding.evidence)
        when = finding.evidence.effective if finding.evidence else None
        age = age_of(when, assessment.as_of)
        if isinstance(finding, Found):
            state = "outside the usual range" if feature_id in unusual else USED
            if finding.value not in feature.supported:
                state = "outside the supported limits"
            if finding.evidence.origin.value != "record":
                state += f", {finding.evidence.origin.value}"
            said = "; ".join(t for t in (finding.evidence.how, finding.evidence.caveat) if t)
            value, how = found_text(feature, finding), dated(said)
        else:
            value, state, how = _missing(finding)
        table.append((feature.label, value, date, age, source, state, how))
    return tuple(table)


USED = "used"
SHORT_HEAD = ("Input", "Value", "Date")


def in_short(row: tuple[str, ...]) -> tuple[str, str, str]:
    """Of a row what a printed page has room for: a state only where it is not the usual one."""
    cell = dict(zip(HEAD, row, strict=True))
    said, state = cell["Value"], cell["State"]
    if said == NONE:
        said = state
    elif state != USED:
        said = f"{said} ({state})"
    return cell["Input"], said, cell["Date"]


def _missing(finding: Missing) -> tuple[str, str, str]:
    return NONE, why_missing(finding), dated(finding.detail)

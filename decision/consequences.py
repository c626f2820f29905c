"""What each part of the record that could not be read means for the answer, in a clinician's words.

Read off the assessment itself, so that what is said and what was done cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    DecisionCard,
)
from decision.clinical.features import Found, Missing
from decision.clinical.gaps import UncheckedCaution, UnreadCriterion, happened
from decision.clinical.record import Gap, PatientRecord
from decision.clinical.spec import Severity

NAMED_AT_MOST = 4


def consequences(assessment: Assessment, record: PatientRecord) -> tuple[tuple[Gap, str], ...]:
    """One line per gap of the record, in their order, such as `Diagnoses could not be read: no
    estimate` or `C-reactive protein could not be read: the estimate was made without it`.
    """
    return tuple((gap, f"{happened(gap)}: {_meaning(assessment, gap)}") for gap in record.gaps)


def _meaning(assessment: Assessment, gap: Gap) -> str:
    clauses = (
        _withheld(assessment, gap) or _without(assessment, gap),
        _overshadowed(assessment, gap),
        _unchecked(assessment, gap),
    )
    return "; ".join(clause for clause in clauses if clause) or "nothing used here rests on it"


def _missing(assessment: Assessment, gap: Gap) -> tuple[str, ...]:
    found = assessment.features.findings
    return tuple(i for i, f in found if isinstance(f, Missing) and gap in f.gaps)


def _withheld(assessment: Assessment, gap: Gap) -> str:
    """That there is no estimate because of this gap; empty where it is not the reason."""
    if not isinstance(assessment, Abstention):
        return ""
    reasons = {cause.reason for cause in assessment.causes}
    criteria = (c for c in assessment.criteria if isinstance(c, UnreadCriterion))
    if AbstentionReason.RECORD_INCOMPLETE in reasons and any(gap in c.gaps for c in criteria):
        return "no estimate"
    needed = {
        feature
        for cause in assessment.causes
        if cause.reason is AbstentionReason.REQUIRED_MISSING
        for feature in cause.features
    }
    lost = [i for i in _missing(assessment, gap) if i in needed]
    return f"no estimate without {_listed(assessment, gap, lost)}" if lost else ""


def _without(assessment: Assessment, gap: Gap) -> str:
    """What the estimate does not know, or would not."""
    lost = _missing(assessment, gap)
    if not lost:
        return ""
    named = _listed(assessment, gap, lost)
    if isinstance(assessment, DecisionCard):
        return f"the estimate was made without {named}"
    return "not known" if named == _IT else f"{named} not known"


_IT = "it"


def _listed(assessment: Assessment, gap: Gap, features: Sequence[str]) -> str:
    """`it` where the gap is of that one thing, else the names."""
    specs = [assessment.spec.feature(i) for i in features]
    if len(specs) == 1 and gap.label in (specs[0].label, specs[0].short):
        return _IT
    return _short_list([s.short for s in specs])


def _overshadowed(assessment: Assessment, gap: Gap) -> str:
    if not isinstance(assessment, DecisionCard):
        return ""
    found = assessment.features.findings
    used = [i for i, f in found if isinstance(f, Found) and gap in f.gaps]
    if not used:
        return ""
    names = _short_list([assessment.spec.feature(i).short for i in used])
    return f"newer or other entries may exist than used for {names}"


_MILD = frozenset({Severity.INFORMATION, Severity.NONE})


def _unchecked(assessment: Assessment, gap: Gap) -> str:
    """Cautions that may be there; what only informs is left to the list of all cautions."""
    titles = [
        finding.rule.title
        for finding in sorted(assessment.cautions, key=lambda f: f.rule.priority or 99)
        if isinstance(finding, UncheckedCaution)
        and gap in finding.gaps
        and not _MILD.issuperset(finding.rule.severity.values())
    ]
    if not titles:
        return ""
    counted = "1 caution" if len(titles) == 1 else f"{len(titles)} cautions"
    return f"{counted} not fully checked ({_short_list(titles)})"


def _short_list(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    more = len(shown) - NAMED_AT_MOST
    rest = f" and {more} more" if more > 0 else ""
    return f"{', '.join(shown[:NAMED_AT_MOST])}{rest}"

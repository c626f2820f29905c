"""Sentences about what could not be read, and what that means for the answer on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Abstention, AbstentionReason, Assessment
from decision.clinical.features import Missing, MissingReason
from decision.clinical.gaps import UncheckedCaution, UnreadCriterion, sentence
from decision.clinical.record import ExpressionFile, Gap, GapReason, PatientRecord
from decision.ui.texts.cautions import blocks
from decision.ui.texts.numbers import moment, plural

TITLE = "Part of the record could not be read"
MEANS = "What this means"
NO_CONSEQUENCE = "No input, caution or condition of this decision rests on it."
NO_ANSWER = "There is no estimate because of it."
NOT_ASKED = (
    "Only what this decision reads is asked for; the rest of the chart was not looked at, and "
    "nothing on these pages speaks of it."
)
NOTHING = "None."
NAMED_AT_MOST = 4
REASONS = {
    GapReason.NOT_PERMITTED: "not permitted",
    GapReason.FAILED: "could not be read",
    GapReason.CUT_OFF: "only partly read",
}
"""Each is its own heading: what to do differs, and none of them means that nothing is there."""

EXPRESSION_HEAD = ("File", "Specimen of", "Type", "Platform", "Tissue", "Scale", "Size", "Use")
NOT_USED = "not used by this model"
UNDECLARED = "not declared"


@dataclass(frozen=True, slots=True)
class Unread:
    """Searches that ended alike, and the things that are open because of them."""

    reason: GapReason
    labels: tuple[str, ...]
    detail: str
    remedy: str
    consequences: tuple[str, ...]

    @property
    def said(self) -> str:
        """`CRP; ESR: not permitted.`"""
        labels = "; ".join(self.labels)
        return f"{labels[:1].upper()}{labels[1:]}: {REASONS[self.reason]}."


def unread(assessment: Assessment, record: PatientRecord, *, every: bool = False) -> list[Unread]:
    """The gaps of a record, alike ones together; with `every`, no list of names is cut short."""
    groups: dict[tuple[GapReason, str, str], list[Gap]] = {}
    for gap in record.gaps:
        groups.setdefault((gap.reason, gap.detail, gap.remedy), []).append(gap)
    return [
        Unread(
            reason=reason,
            labels=tuple(dict.fromkeys(g.label for g in gaps)),
            detail=sentence(detail),
            remedy=sentence(remedy),
            consequences=_consequences(assessment, gaps, every=every),
        )
        for (reason, detail, remedy), gaps in groups.items()
    ]


def _consequences(assessment: Assessment, gaps: Sequence[Gap], *, every: bool) -> tuple[str, ...]:
    """What the assessment leaves open because of these gaps; said even when it is nothing."""
    within = set(gaps)
    spec = assessment.spec
    missing: list[str] = []
    doubtful: list[str] = []
    for feature_id, finding in assessment.features.findings:
        if within.intersection(finding.gaps):
            place = missing if isinstance(finding, Missing) else doubtful
            place.append(spec.feature(feature_id).short)
    cautions = [
        f.rule
        for f in assessment.cautions
        if isinstance(f, UncheckedCaution) and within.intersection(f.gaps)
    ]
    cautions.sort(key=lambda rule: blocks(rule) or len(assessment.cautions) + 100)
    titles = [rule.title for rule in cautions]
    criteria = any(
        isinstance(c, UnreadCriterion) and within.intersection(c.gaps) for c in assessment.criteria
    )
    said = (
        NO_ANSWER if criteria and _stops(assessment) else "",
        _listed("Counted as missing: ", missing, every=every),
        _listed("In use, though newer results may exist: ", doubtful, every=every),
        _cautions(titles, every=every),
    )
    return tuple(words for words in said if words) or (NO_CONSEQUENCE,)


def _cautions(titles: Sequence[str], *, every: bool) -> str:
    """Many are counted: their own row names those that matter most right below."""
    if every or len(titles) <= NAMED_AT_MOST:
        return _listed("Cautions not checked: ", titles, every=every)
    return f"{len(titles)} cautions not checked."


def _stops(assessment: Assessment) -> bool:
    return isinstance(assessment, Abstention) and any(
        c.reason is AbstentionReason.RECORD_INCOMPLETE for c in assessment.causes
    )


def _listed(lead: str, names: Sequence[str], *, every: bool) -> str:
    told = list(dict.fromkeys(names))
    if not told:
        return ""
    shown = told if every or len(told) <= NAMED_AT_MOST + 1 else told[:NAMED_AT_MOST]
    rest = f"; and {len(told) - len(shown)} more, on Data used" if len(shown) < len(told) else ""
    return f"{lead}{'; '.join(shown)}{rest}."


def not_in_record(assessment: Assessment) -> tuple[str, ...]:
    """Inputs that were looked for where everything could be read, and were not there."""
    return tuple(
        assessment.spec.feature(feature_id).label
        for feature_id, finding in assessment.features.missing.items()
        if finding.reason is MissingReason.NOT_FOUND and not finding.gaps
    )


def why_unread(gaps: Sequence[Gap]) -> str:
    """Why an input could not be had, in the words of its row."""
    return ", ".join(dict.fromkeys(REASONS[g.reason] for g in gaps)) or "could not be read"


def expression_rows(files: Sequence[ExpressionFile]) -> tuple[tuple[str, ...], ...]:
    """What a gene-expression file says of itself. Nothing here reads a gene."""
    return tuple(
        (
            file.source.reference,
            moment(file.effective),
            file.content_type or UNDECLARED,
            file.platform or UNDECLARED,
            file.tissue or UNDECLARED,
            file.scale or UNDECLARED,
            _size(len(file.content)),
            NOT_USED,
        )
        for file in files
    )


def _size(octets: int) -> str:
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}"
    return plural(octets, "byte")

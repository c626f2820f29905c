"""Sentences about what could not be read, and what that means for the answer on the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Abstention, AbstentionReason, Assessment
from decision.clinical.features import Missing, MissingReason
from decision.clinical.gaps import PARTS, UncheckedCaution, UnreadCriterion, sentence
from decision.clinical.record import ExpressionFile, Gap, GapReason, Part, PatientRecord
from decision.clinical.spec import Modality
from decision.ui.texts.cautions import blocks
from decision.ui.texts.numbers import moment, plural

TITLE = "Part of the record could not be read"
NO_CONSEQUENCE = "No input, caution or condition of this decision rests on it."
NO_ANSWER = "There is no estimate because of it."
NOT_ASKED = (
    "Only what this decision reads is asked for; the rest of the chart was not looked at, and "
    "nothing on these pages speaks of it."
)
NOTHING = "None."
NAMED_AT_MOST = 4
REASONS = {
    GapReason.NOT_PERMITTED: "could not be read (not permitted)",
    GapReason.FAILED: "could not be read",
    GapReason.CUT_OFF: "could be read only in part",
}
"""Each is its own heading: what to do differs, and none of them means that nothing is there."""
WHY = {
    GapReason.NOT_PERMITTED: "could not be read: not permitted",
    GapReason.FAILED: "could not be read: the chart's server failed",
    GapReason.CUT_OFF: "could be read only in part",
}
KINDS = {
    Modality.CLINICAL: "clinical findings",
    Modality.SEROLOGICAL: "laboratory",
    Modality.TRANSCRIPTOMIC: "RNA panel",
}
SCREENS = "screens for cautions"
NO_DRUGS = "Earlier drugs are unknown."
NO_ESTIMATE = "No estimate."

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
        """`CRP; ESR could not be read (not permitted).`"""
        labels = "; ".join(self.labels)
        return f"{labels[:1].upper()}{labels[1:]} {REASONS[self.reason]}."


def in_short(assessment: Assessment, record: PatientRecord) -> tuple[tuple[str, str, str], ...]:
    """(what and why, what that means, what can be done) of each part of the record, once however
    many searches it took. What the server said stands on Data used.
    """
    parts: dict[tuple[Part, GapReason], list[Gap]] = {}
    for gap in record.gaps:
        parts.setdefault((gap.part, gap.reason), []).append(gap)
    told = []
    for (part, reason), gaps in parts.items():
        kinds = _kinds(assessment, gaps) if part is Part.OBSERVATIONS else ()
        named = f"{PARTS[part]} ({', '.join(kinds)})" if kinds else PARTS[part]
        # reading again is a button beside it; a right has to be asked for elsewhere
        remedies = (sentence(g.remedy) for g in gaps if reason is GapReason.NOT_PERMITTED)
        told.append(
            (
                f"{named} {WHY[reason]}.",
                " ".join(_meaning(assessment, part, gaps)),
                " ".join(dict.fromkeys(remedies)),
            )
        )
    return tuple(told)


def _kinds(assessment: Assessment, gaps: Sequence[Gap]) -> tuple[str, ...]:
    """The kinds of results that were asked for in these searches, in a clinician's words."""
    spec = assessment.spec

    def asked(*concepts: str) -> bool:
        lists = [spec.codelists[c] for c in concepts if c in spec.codelists]
        return any(not g.codes or any(c.matches(g.codes) for c in lists) for g in gaps)

    kinds = [
        words
        for modality, words in KINDS.items()
        if any(f.modality is modality and f.concepts and asked(*f.concepts) for f in spec.features)
    ]
    screens = any(asked(e.concept) for rule in spec.cautions for e in rule.entries)
    return (*kinds, SCREENS) if screens else tuple(kinds)


def _meaning(assessment: Assessment, part: Part, gaps: Sequence[Gap]) -> Iterator[str]:
    within = set(gaps)
    spec, features = assessment.spec, assessment.features
    lost = [i for i, f in features.missing.items() if within.intersection(f.gaps)]
    doubtful = [
        spec.feature(i).short
        for i, f in features.findings
        if i not in lost and within.intersection(f.gaps)
    ]
    open_ = [
        c
        for c in assessment.criteria
        if isinstance(c, UnreadCriterion) and within.intersection(c.gaps)
    ]
    unchecked = sum(
        isinstance(f, UncheckedCaution) and bool(within.intersection(f.gaps))
        for f in assessment.cautions
    )
    drugs = part is Part.MEDICATIONS and bool(lost or open_)
    needed = (bool(open_) and _stops(assessment)) or any(spec.feature(i).required for i in lost)
    if drugs:
        yield NO_DRUGS
    if needed and isinstance(assessment, Abstention):
        yield NO_ESTIMATE
    elif lost and not drugs:
        shorts = [spec.feature(i).short for i in lost]
        yield _listed("The estimate does without: ", shorts, every=False)
    if doubtful:
        yield _listed("In use, though newer results may exist: ", doubtful, every=False)
    if unchecked:
        yield f"{plural(unchecked, 'caution')} not checked."
    if not (lost or open_ or doubtful or unchecked):
        yield NO_CONSEQUENCE


def unread(assessment: Assessment, record: PatientRecord) -> list[Unread]:
    """The gaps of a record, alike ones together, each with all that is open because of it."""
    groups: dict[tuple[GapReason, str, str], list[Gap]] = {}
    for gap in record.gaps:
        groups.setdefault((gap.reason, gap.detail, gap.remedy), []).append(gap)
    return [
        Unread(
            reason=reason,
            labels=tuple(dict.fromkeys(g.label for g in gaps)),
            detail=sentence(detail),
            remedy=sentence(remedy),
            consequences=_consequences(assessment, gaps),
        )
        for (reason, detail, remedy), gaps in groups.items()
    ]


def _consequences(assessment: Assessment, gaps: Sequence[Gap]) -> tuple[str, ...]:
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
        _listed("Counted as missing: ", missing, every=True),
        _listed("In use, though newer results may exist: ", doubtful, every=True),
        _listed("Cautions not checked: ", titles, every=True),
    )
    return tuple(words for words in said if words) or (NO_CONSEQUENCE,)


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
    return " and ".join(dict.fromkeys(REASONS[g.reason] for g in gaps)) or "could not be read"


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
            _size(file.size or len(file.content)),
            file.use or NOT_USED,
        )
        for file in files
    )


def _size(octets: int) -> str:
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}"
    return plural(octets, "byte")

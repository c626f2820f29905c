"""What is worth saying unasked, from an assessment: the rules of the notice in the workflow.

Most alerts are overridden unread (Poly 2020), so silence is the rule. Five things break it: a
caution against what is being ordered, an earlier drug of its class that failed, a preference that
is not what is being ordered, and, when a chart is opened, what a prognosis holds worth saying of
where somebody stands, or a required input that could be recorded. A risk alone is never a reason.

Nothing here remembers what was said before: a chart that is opened twice is told twice. To fall
silent after the first time would keep it from whoever is not the one who happened to be first.

The limits of the estimate are not those of the cautions: somebody who has had the drug before may
get no estimate, and must still be kept from a drug that speaks against their infection. Of
somebody outside the decision's population nothing is said but cautions that hold everywhere, such
as a label's own conditions, against what is being ordered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from decision.clinical.assessment import (
    Abstention,
    AbstentionReason,
    Assessment,
    ComparisonCard,
    PrognosisCard,
)
from decision.clinical.choices import fitting
from decision.clinical.dates import dated
from decision.clinical.features import Missing, MissingReason
from decision.clinical.gaps import parts_happened
from decision.clinical.notice import Notice, Ordered
from decision.clinical.record import PatientRecord
from decision.clinical.spec import (
    CautionFinding,
    DecisionSpec,
    Eligibility,
    Presence,
    Severity,
    Verification,
)
from decision.evidence.history import failed, stopped
from decision.notice_words import (
    LONGEST_POINT,
    LONGEST_SUMMARY,
    SIMULATED,
    cut,
    estimate,
    last_risk,
    listed,
    title,
)
from decision.rules import applies

MOST_POINTS = 10
_MOST_COURSES = 3
_AGAINST = (Severity.STOP, Severity.AVOID, Severity.CAUTION)


@dataclass(frozen=True, slots=True)
class _Part:
    """One reason to speak: what the summary says where it comes first, and its points."""

    summary: str
    points: tuple[str, ...]
    about_estimate: bool = False
    after: str = ""
    """What leads its points where it does not come first."""


def notice(
    assessment: Assessment, record: PatientRecord, ordered: Sequence[Ordered] = ()
) -> Notice | None:
    """The one notice about an assessment of this record, or None where it has nothing new to say.

    `ordered` is what is being ordered; without it, somebody has only opened the chart. What could
    not be read is never called missing; what was by choice not read is said.
    """
    outside = any(c.population and c.state is Eligibility.NOT_MET for c in assessment.criteria)
    classes = tuple(order.treatment for order in ordered)
    warned = _cautions(assessment, ordered, outside=outside)
    parts = [*warned]
    if not outside:
        parts += [
            *_failed(assessment, record, classes),
            *_preference(assessment, classes),
            *([] if ordered else (*_standing(assessment), *_missing(assessment))),
        ]
    if not parts:
        return None
    spec = assessment.spec
    limits = _limits(assessment, ordered, record)
    found = [
        *parts[0].points,
        *chain.from_iterable((part.after, *part.points) for part in parts[1:]),
        *_open_cautions(assessment, classes),
    ]
    said = [*list(filter(None, found))[: MOST_POINTS - len(limits)], *limits]
    about_estimate = any(part.about_estimate for part in parts)
    return Notice(
        summary=cut(parts[0].summary, LONGEST_SUMMARY),
        points=tuple(cut(point, LONGEST_POINT) for point in said),
        reasons=tuple(
            (reason.code, reason.label)
            for reason in fitting(
                spec.override_reasons, estimated=about_estimate, against=bool(warned)
            )
        ),
        decision=spec.id,
        audit_id=assessment.audit_id,
    )


def _cautions(assessment: Assessment, ordered: Sequence[Ordered], *, outside: bool) -> list[_Part]:
    """What speaks against what is being ordered, the hardest first; `outside` the decision's
    population, only what holds everywhere.
    """
    spec = assessment.spec
    found = [
        (severity, order, finding)
        for severity in _AGAINST
        for order in ordered
        for finding in assessment.cautions
        if applies(finding, order.treatment, severity) and (finding.rule.everywhere or not outside)
    ]
    if not found:
        return []
    worst, first, _ = found[0]
    drug = first.drug or spec.treatment(first.treatment).label_with_article
    titles = [title(f) for s, o, f in found if (s, o) == (worst, first)]
    told = [_caution(spec, *each) for each in found[: MOST_POINTS - 4]]
    if len(found) > len(told):
        told.append(f"{len(found) - len(told)} more cautions stand on the page.")
    return [_Part(listed(f"{worst.value} for {drug}: ", titles, "."), tuple(told))]


def _caution(
    spec: DecisionSpec, severity: Severity, order: Ordered, finding: CautionFinding
) -> str:
    """Which drug, what was found, what to do about it, and how well the rule itself stands; its
    source stands on the page.
    """
    rule, label = finding.rule, spec.treatment(order.treatment).label
    drug = order.drug or label
    if drug.casefold() != label.casefold():
        drug = f"{drug} ({label})"
    checked = "" if rule.verification is Verification.VERIFIED else " (rule not fully verified)"
    checked = " (rule unsourced, verify)" if rule.unsourced else checked
    return (
        f"{severity.value} for {drug}: {rule.title} ({dated(finding.detail).rstrip('.')}). "
        f"{rule.message[order.treatment].rstrip('.')}{checked}."
    )


def _failed(assessment: Assessment, record: PatientRecord, classes: Iterable[str]) -> list[_Part]:
    """Earlier drugs of the ordered classes that did not do what they should, the newest first."""
    told = tuple(stopped(course) for t in classes for course in failed(record, assessment.spec, t))
    return [_Part(told[0], told[:_MOST_COURSES])] if told else []


def _preference(assessment: Assessment, classes: Collection[str]) -> list[_Part]:
    """A preference that was stated, unless just that class is being ordered."""
    if not isinstance(assessment, ComparisonCard) or assessment.preference.treatment is None:
        return []
    named, spec = assessment.preference.treatment, assessment.spec
    if classes and set(classes) == {named}:
        return []
    model = " (simulated model)" if assessment.model.simulated else ""
    drug = spec.treatment(named).label_with_article
    summary = f"The estimates{model} favour {drug}: {spec.outcome.label}."
    figures = (estimate(assessment, p) for p in assessment.answer.predictions)
    return [_Part(summary, (f"The estimates favour {drug}.", *figures), about_estimate=True)]


def _standing(assessment: Assessment) -> list[_Part]:
    """What a prognosis holds worth saying, with its risk where there is one. Only of somebody it is
    surely for; to whoever is ordering it says nothing new that is no caution.
    """
    situation = None if isinstance(assessment, ComparisonCard) else assessment.situation
    unsure = any(c.population and c.state is not Eligibility.MET for c in assessment.criteria)
    lines = [dated(words) for words in situation.worth_saying if words.strip()] if situation else []
    if not lines or unsure:
        return []
    first, *others = lines
    whole = [first] if cut(first, LONGEST_SUMMARY) != first else []
    if isinstance(assessment, PrognosisCard):
        points = (*whole, last_risk(assessment), *others)
        return [_Part(first, points, about_estimate=True)]
    return [_Part(first, (*whole, *others))]


def _missing(assessment: Assessment) -> list[_Part]:
    """Required inputs that are not in the record and could be, for whoever opens a chart of which
    the record itself says that the decision arises. Somebody who is ordering has decided, and is
    not asked for joint counts.
    """
    if not isinstance(assessment, Abstention):
        return []
    if any(c.state is not Eligibility.MET for c in assessment.criteria):
        return []
    causes = [c for c in assessment.causes if c.reason is AbstentionReason.REQUIRED_MISSING]
    worth = [c for c in causes if not any(_unread(assessment, name) for name in c.features)]
    if not worth:
        return []
    labels = [assessment.spec.feature(name).label for c in worth for name in c.features]
    points = (
        *(dated(cause.detail) for cause in worth),
        "Record it in the chart, or open the page and enter it for this visit.",
    )
    lead = listed("No estimate yet; missing: ", labels, ".")
    return [_Part(lead, points, after=lead)]


def _unread(assessment: Assessment, feature: str) -> bool:
    finding = assessment.features[feature]
    return isinstance(finding, Missing) and finding.reason is MissingReason.NOT_READ


def _open_cautions(assessment: Assessment, classes: Iterable[str]) -> list[str]:
    """What should be settled before this class is prescribed and the record does not say."""
    wanted = set(classes)
    gaps = sorted(
        (f.rule.priority, f.rule.title)
        for f in assessment.cautions
        if f.presence is Presence.NOT_FOUND
        and f.rule.priority
        and any(f.rule.severity[treatment] in _AGAINST for treatment in wanted)
    )
    titles = "; ".join(title for _, title in gaps)
    return [f"Not found in the record, which does not mean absent: {titles}."] if gaps else []


def _limits(assessment: Assessment, ordered: Iterable[Ordered], record: PatientRecord) -> list[str]:
    """What the notice rests on less firmly than it may sound."""
    told = []
    if any(order.by_name for order in ordered):
        told.append("The order carries no code of the list; its class was recognised by name.")
    if record.gaps:
        told.append(f"From the chart: {parts_happened(record.gaps)}.")
    if record.unasked:
        told.append(f"Not read from this chart: {'; '.join(record.unasked)}.")
    if assessment.model is not None and assessment.model.simulated:
        told.append(SIMULATED)
    return told
